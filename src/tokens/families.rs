//! The model families, one row each: dated facts, to be changed when a provider changes; no code.
//!
//! Factors are tokens for each `o200k_base` token, measured in November 2026 against counts published by the
//! providers' counting endpoints. That Claude Code forwards `structuredContent` instead of text is so
//! since 2.0.21 and was seen with 2.1.280 (anthropics/claude-code issues 9962, 79944; errors keep their text, 86032).

use super::encoding::Encoding;
use super::image::ImageFormula;
use super::profile::{AudioRule, ErrorPercent, Factors, Preamble, Profile, ResultForm, ToolRendering};

/// OpenAI, "Images and vision", calculating costs: GPT-4o, GPT-4.1 and GPT-4 Turbo.
const OPENAI_IMAGES: ImageFormula = ImageFormula::Tiles { base: 85, tile: 170 };

/// How the names of clients begin that work with one provider's models, as they give them in `initialize` (seen in November 2026:
/// `claude-ai` is Claude Desktop, `claude-code`, `codex-mcp-client`, `gemini-cli-mcp-client-…`), each with the newest family of it.
pub(super) static CLIENTS: [(&str, &str); 3] =
    [("claude", "claude-4.7+"), ("codex", "openai-o200k"), ("gemini", "gemini")];

pub(super) static FAMILIES: [Profile; 5] = [
    Profile {
        id: "openai-o200k",
        label: "openai-o200k",
        encoding: Encoding::O200kBase,
        factors: None,
        error: None,
        preamble: None,
        tools: ToolRendering::TypescriptNamespace,
        results: ResultForm::Content,
        images: OPENAI_IMAGES,
        audio: AudioRule::NotForwarded,
        as_of: "2026-11-05",
        source: "vocabulary published by OpenAI; tools as in openai/harmony",
    },
    Profile {
        id: "openai-cl100k",
        label: "openai-cl100k",
        encoding: Encoding::Cl100kBase,
        factors: None,
        error: None,
        preamble: None,
        tools: ToolRendering::TypescriptNamespace,
        results: ResultForm::Content,
        images: OPENAI_IMAGES,
        audio: AudioRule::NotForwarded,
        as_of: "2026-11-05",
        source: "vocabulary published by OpenAI; tools as in openai/harmony",
    },
    Profile {
        id: "claude-4.7+",
        label: "claude-4.7+",
        encoding: Encoding::O200kBase,
        factors: Some(Factors { results: 1.48, schemas: 1.66, prose: 1.56, code: 1.60, records: 1.36 }),
        error: Some(ErrorPercent { mean: 7.0, p95: Some(21.0) }),
        preamble: Some(Preamble { tokens_min: 290, tokens_typical: 480, tokens_max: 675 }),
        tools: ToolRendering::CompactJson,
        results: ResultForm::StructuredWhenPresent,
        images: ImageFormula::Area { edge_max: 2576, tokens_max: 4784 },
        audio: AudioRule::NotForwarded,
        as_of: "2026-11-05",
        source: "factors against published API counts; preamble from Anthropic's tool use pricing",
    },
    Profile {
        id: "claude-3-4.6",
        label: "claude-3…4.6",
        encoding: Encoding::O200kBase,
        factors: Some(Factors { results: 1.20, schemas: 1.16, prose: 1.18, code: 1.26, records: 1.09 }),
        error: Some(ErrorPercent { mean: 3.0, p95: None }),
        preamble: Some(Preamble { tokens_min: 159, tokens_typical: 346, tokens_max: 530 }),
        tools: ToolRendering::CompactJson,
        results: ResultForm::StructuredWhenPresent,
        images: ImageFormula::Area { edge_max: 1568, tokens_max: 1600 },
        audio: AudioRule::NotForwarded,
        as_of: "2026-11-05",
        source: "factors against published API counts; preamble from Anthropic's tool use pricing",
    },
    Profile {
        id: "gemini",
        label: "gemini",
        encoding: Encoding::O200kBase,
        // Measured are JSON (1.26) and schemas (1.05). Prose and code take the factor of schemas, which are
        // mostly descriptions; records that of JSON.
        factors: Some(Factors { results: 1.26, schemas: 1.05, prose: 1.05, code: 1.05, records: 1.26 }),
        error: None,
        preamble: None,
        tools: ToolRendering::CompactJson,
        results: ResultForm::Content,
        images: ImageFormula::Crops,
        // Google, "Understand and count tokens".
        audio: AudioRule::PerSecond(32.0),
        as_of: "2026-11-05",
        source: "factors against published API counts",
    },
];
