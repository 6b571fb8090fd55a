//! Rules about names: of tools, and of their parameters.

use super::subject::{Server, Tool};

/// What the specification allows (2025-11-25, Tools, Tool names).
const NAME_CHARS_MAX: usize = 128;
/// What OpenAI and Gemini allow, whatever a client puts in front of the name.
const PROVIDER_CHARS_MAX: usize = 64;
/// What Cursor allows the names of server and tool together.
const CURSOR_CHARS_MAX: usize = 60;

pub(super) fn missing(tool: &Tool<'_>) -> Option<String> {
    tool.name.is_empty().then(String::new)
}

pub(super) fn duplicate(server: &Server<'_>) -> Option<String> {
    let mut names: Vec<&str> = server.tools.iter().map(|tool| tool.name).collect();
    names.sort_unstable();
    let mut twice: Vec<&str> = names
        .windows(2)
        .filter(|pair| pair[0] == pair[1] && !pair[0].is_empty())
        .map(|pair| pair[0])
        .collect();
    twice.dedup();
    (!twice.is_empty()).then(|| twice.join(", "))
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

pub(super) fn characters(tool: &Tool<'_>) -> Option<String> {
    let bad: String = tool.name.chars().filter(|c| !is_plain(*c) && *c != '.').collect();
    (!bad.is_empty()).then(|| format!("holds {bad:?}"))
}

pub(super) fn dot(tool: &Tool<'_>) -> Option<String> {
    tool.name.contains('.').then(String::new)
}

pub(super) fn start(tool: &Tool<'_>) -> Option<String> {
    let first = tool.name.chars().next()?;
    (first.is_ascii_digit() || first == '-' || first == '.').then(|| format!("begins with `{first}`"))
}

pub(super) fn too_long(tool: &Tool<'_>) -> Option<String> {
    let chars = tool.name.chars().count();
    (chars > NAME_CHARS_MAX).then(|| format!("{chars} characters"))
}

pub(super) fn long(tool: &Tool<'_>) -> Option<String> {
    let chars = tool.name.chars().count();
    (PROVIDER_CHARS_MAX < chars && chars <= NAME_CHARS_MAX).then(|| format!("{chars} characters"))
}

/// With what clients put in front of it: `server:tool` (Cursor) and `mcp__server__tool` (Claude Code).
pub(super) fn prefixed(tool: &Tool<'_>) -> Option<String> {
    let chars = tool.name.chars().count();
    if chars > PROVIDER_CHARS_MAX {
        return None;
    }
    let together = tool.server.chars().count() + chars;
    (together > CURSOR_CHARS_MAX).then(|| format!("{together} characters with `{}`", tool.server))
}

/// `^[a-zA-Z0-9_.-]{1,64}$`, which Anthropic holds every parameter to.
pub(super) fn parameters(tool: &Tool<'_>) -> Option<String> {
    let properties = tool.definition["inputSchema"]["properties"].as_object()?;
    let fits = |name: &str| {
        (1..=PROVIDER_CHARS_MAX).contains(&name.len()) && name.chars().all(|c| is_plain(c) || c == '.')
    };
    let bad: Vec<&str> = properties.keys().map(String::as_str).filter(|name| !fits(name)).collect();
    (!bad.is_empty()).then(|| format!("`{}`", bad.join("`, `")))
}
