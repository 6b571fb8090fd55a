//! What distinguishes one model family from another when a text is turned into tokens and a tool or a result into
//! text; it does not know the families themselves, which are rows of [`super::families`].

use thiserror::Error;

use super::count::{Accuracy, Count};
use super::encoding::Encoding;
use super::families::{CLIENTS, FAMILIES};
use super::image::ImageFormula;

/// What kind of text is counted: factors between vocabularies differ by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContentKind {
    /// JSON as results carry it.
    Results,
    /// Tool definitions.
    Schemas,
    /// Sentences.
    Prose,
    /// Source code.
    Code,
    /// Arrays of flat objects.
    Records,
}

impl ContentKind {
    /// A guess from the text's form; it decides between factors only, never about exact counts.
    ///
    /// JSON is told by its first and last character, records by an object first in an array; code by braces,
    /// semicolons and the like being more than one in twenty of the first 4 KB.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let trimmed = text.trim_ascii();
        let ends = (trimmed.as_bytes().first(), trimmed.as_bytes().last());
        if let (Some(b'['), Some(b']')) = ends {
            let records = trimmed[1..].trim_ascii_start().starts_with('{');
            return if records { Self::Records } else { Self::Results };
        }
        if let (Some(b'{'), Some(b'}')) = ends {
            return Self::Results;
        }
        let head = &trimmed.as_bytes()[..trimmed.len().min(4096)];
        let signs = head.iter().filter(|byte| b"{}()[];=<>".contains(byte)).count();
        if signs * 20 > head.len() && head.contains(&b'\n') { Self::Code } else { Self::Prose }
    }
}

/// Tokens of a family for each `o200k_base` token, by kind of content.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Factors {
    /// For [`ContentKind::Results`].
    pub results: f64,
    /// For [`ContentKind::Schemas`].
    pub schemas: f64,
    /// For [`ContentKind::Prose`].
    pub prose: f64,
    /// For [`ContentKind::Code`].
    pub code: f64,
    /// For [`ContentKind::Records`].
    pub records: f64,
}

impl Factors {
    /// One factor for everything.
    #[must_use]
    pub const fn uniform(factor: f64) -> Self {
        Self { results: factor, schemas: factor, prose: factor, code: factor, records: factor }
    }

    /// The factor for one kind.
    #[must_use]
    pub const fn of(&self, kind: ContentKind) -> f64 {
        match kind {
            ContentKind::Results => self.results,
            ContentKind::Schemas => self.schemas,
            ContentKind::Prose => self.prose,
            ContentKind::Code => self.code,
            ContentKind::Records => self.records,
        }
    }
}

/// How far calibrated counts were from the provider's own, in percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErrorPercent {
    /// On average.
    pub mean: f64,
    /// For 95 of 100 texts, where it was measured.
    pub p95: Option<f64>,
}

/// How tool definitions are written for the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ToolRendering {
    /// `{"name":…,"description":…,"inputSchema":…}` without blanks: what a client sends to the provider.
    CompactJson,
    /// A TypeScript namespace, as OpenAI's models are shown functions (`openai/harmony`).
    TypescriptNamespace,
}

/// Which part of a result a client hands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResultForm {
    /// The blocks of `content`.
    Content,
    /// `structuredContent` as compact JSON instead of the text blocks, when it is present and the result is no
    /// error; other blocks stay.
    StructuredWhenPresent,
}

/// What becomes of audio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AudioRule {
    /// Clients leave it out for these models.
    NotForwarded,
    /// Priced by duration.
    PerSecond(f64),
}

/// What a provider adds once as soon as any tool is present, in its own tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preamble {
    /// For the model that adds least.
    pub tokens_min: u32,
    /// What is added to a tool list here.
    pub tokens_typical: u32,
    /// For the model that adds most.
    pub tokens_max: u32,
}

/// A model family as a client and its provider see tools and results.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The name in configuration files and on the command line; ASCII.
    pub id: &'static str,
    /// The name on the screen.
    pub label: &'static str,
    /// The vocabulary counted in.
    pub encoding: Encoding,
    /// `None` if the encoding is the family's own, so that counts are exact.
    pub factors: Option<Factors>,
    /// How good the factors are; `None` for exact families and where it was not measured.
    pub error: Option<ErrorPercent>,
    /// What the provider adds to a tool list; `None` where nothing is known.
    pub preamble: Option<Preamble>,
    /// How tools are written.
    pub tools: ToolRendering,
    /// What of a result is handed on.
    pub results: ResultForm,
    /// How images are priced.
    pub images: ImageFormula,
    /// What becomes of audio.
    pub audio: AudioRule,
    /// When the row was last checked, ISO 8601.
    pub as_of: &'static str,
    /// Where its numbers are from.
    pub source: &'static str,
}

/// The given name is none of the profiles.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown profile `{name}`; known are {}", Profile::ids())]
pub struct UnknownProfile {
    /// The name as it was given.
    pub name: String,
}

impl Default for Profile {
    fn default() -> Self {
        FAMILIES[0].clone()
    }
}

impl Profile {
    /// All profiles but custom ones; the first is the default.
    #[must_use]
    pub fn builtin() -> &'static [Self] {
        &FAMILIES
    }

    /// The profile with this id or label.
    ///
    /// # Errors
    /// If there is none.
    pub fn named(name: &str) -> Result<Self, UnknownProfile> {
        let wanted = name.trim();
        FAMILIES
            .iter()
            .find(|profile| profile.id.eq_ignore_ascii_case(wanted) || profile.label == wanted)
            .cloned()
            .ok_or_else(|| UnknownProfile { name: name.to_owned() })
    }

    /// The newest family of the provider whose own client has this name in `clientInfo`; `None` for a client that works with
    /// models of many.
    #[must_use]
    pub fn of_client(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let row = CLIENTS.iter().find(|(start, _)| name.starts_with(start));
        row.and_then(|(_, id)| Self::named(id).ok())
    }

    /// A family that the user calibrated: `o200k_base` times the user's factors, tools as compact JSON, results as
    /// content. Change the other fields as needed.
    #[must_use]
    pub fn custom(factors: Factors, error: Option<ErrorPercent>) -> Self {
        Self {
            id: "custom",
            label: "custom",
            encoding: Encoding::O200kBase,
            factors: Some(factors),
            error,
            preamble: None,
            tools: ToolRendering::CompactJson,
            results: ResultForm::Content,
            images: ImageFormula::Area { edge_max: 1568, tokens_max: 1600 },
            audio: AudioRule::NotForwarded,
            as_of: "",
            source: "the user's own factors",
        }
    }

    /// A count of this profile's encoding in the family's own tokens.
    #[must_use]
    pub fn calibrate(&self, kind: ContentKind, count: Count) -> Count {
        let Some(factors) = &self.factors else { return count };
        let tokens = scaled(count.tokens, factors.of(kind));
        Count { tokens, accuracy: count.accuracy.max(Accuracy::Calibrated) }
    }

    /// The same for the parts of a whole, so that they still sum to the calibrated whole exactly.
    #[must_use]
    pub fn calibrate_parts<const N: usize>(&self, kind: ContentKind, parts: [Count; N]) -> [Count; N] {
        let mut sum = Count::ZERO;
        let mut before = 0;
        parts.map(|part| {
            sum += part;
            let until = self.calibrate(kind, sum).tokens;
            let share = until.saturating_sub(before);
            before = until;
            Count { tokens: share, accuracy: self.calibrate(kind, part).accuracy }
        })
    }

    fn ids() -> String {
        FAMILIES.iter().map(|profile| profile.id).collect::<Vec<_>>().join(", ")
    }
}

/// Rounded; a factor below 0 or not a number counts as 0.
fn scaled(tokens: u64, factor: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
    let scaled = (tokens as f64 * factor).round() as u64;
    scaled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_is_found_by_its_id_and_its_label() {
        for profile in Profile::builtin() {
            assert!(profile.id.is_ascii());
            assert_eq!(Profile::named(profile.id).as_ref(), Ok(profile));
            assert_eq!(Profile::named(profile.label).as_ref(), Ok(profile));
        }
        let error = Profile::named("gpt-9").unwrap_err();
        assert!(error.to_string().contains("claude-3-4.6"), "{error}");
    }

    #[test]
    fn a_family_with_its_own_encoding_is_exact_and_every_other_is_calibrated() {
        for profile in Profile::builtin() {
            let count = profile.calibrate(ContentKind::Prose, Count::exact(1000));
            match profile.factors {
                None => assert_eq!(count, Count::exact(1000)),
                Some(factors) => {
                    assert_eq!(count.accuracy, Accuracy::Calibrated);
                    assert!((count.tokens as f64 - 1000.0 * factors.prose).abs() <= 0.5);
                    assert_eq!(profile.encoding, Encoding::O200kBase, "factors are relative to o200k_base");
                }
            }
            assert_eq!(profile.calibrate(ContentKind::Prose, Count::FAILED).accuracy, Accuracy::Failed);
        }
    }

    #[test]
    fn calibrated_parts_sum_to_the_calibrated_whole() {
        let profile = Profile::named("claude-4.7+").unwrap();
        let parts = [3, 1, 1, 1, 0, 77].map(Count::exact);
        let whole = profile.calibrate(ContentKind::Schemas, parts.into_iter().sum());
        let sum: Count = profile.calibrate_parts(ContentKind::Schemas, parts).into_iter().sum();
        assert_eq!(sum, whole);
    }

    #[test]
    fn the_kind_of_content_is_told_from_its_form() {
        for (text, kind) in [
            (" {\"a\": 1}\n", ContentKind::Results),
            ("[1, 2]", ContentKind::Results),
            ("[ {\"a\": 1}, {\"a\": 2}]", ContentKind::Records),
            ("fn main() {\n    let x = f(1);\n}\n", ContentKind::Code),
            ("It was a dark and stormy night;\nthe rain fell in torrents.", ContentKind::Prose),
            ("", ContentKind::Prose),
            ("[", ContentKind::Prose),
        ] {
            assert_eq!(ContentKind::of(text), kind, "{text:?}");
        }
    }
}
