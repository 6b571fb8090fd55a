//! Rules about what is said to the model and to people: descriptions, annotations, instructions.

use serde_json::Value;

use super::schemas::some_of;
use super::subject::{Server, Tool};

/// Where Claude Code cuts descriptions and instructions since 2.1.84, in characters as JavaScript counts them.
const CUT_CHARS: usize = 2_048;
/// About 150 words: a description of more says what belongs to its parameters, or into instructions.
const WORDY_TOKENS: u64 = 200;

fn javascript_chars(text: &str) -> usize {
    text.encode_utf16().count()
}

pub(super) fn missing(tool: &Tool<'_>) -> Option<String> {
    tool.description().trim().is_empty().then(String::new)
}

pub(super) fn cut(tool: &Tool<'_>) -> Option<String> {
    let chars = javascript_chars(tool.description());
    (chars > CUT_CHARS).then(|| format!("{chars} characters"))
}

pub(super) fn wordy(tool: &Tool<'_>) -> Option<String> {
    let tokens = tool.tokens.parts.description.tokens;
    let is_cut = cut(tool).is_some();
    (tokens > WORDY_TOKENS && !is_cut).then(|| format!("{tokens} tokens"))
}

pub(super) fn duplicate(tool: &Tool<'_>) -> Option<String> {
    tool.twin.map(|twin| format!("as `{twin}`"))
}

pub(super) fn says_nothing(tool: &Tool<'_>) -> Option<String> {
    let letters = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let said = letters(tool.description());
    (!said.is_empty() && said == letters(tool.name)).then(|| format!("\"{}\"", tool.description().trim()))
}

pub(super) fn parameters(tool: &Tool<'_>) -> Option<String> {
    let (without, all) = (&tool.input.undescribed, tool.input.parameters);
    (!without.is_empty()).then(|| format!("{} of {all}", without.len().min(all)))
}

/// The hints of the specification (Tools, `ToolAnnotations`).
const HINTS: [&str; 4] = ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"];

pub(super) fn no_annotations(tool: &Tool<'_>) -> Option<String> {
    let annotations = &tool.definition["annotations"];
    (!HINTS.iter().any(|hint| annotations[*hint].is_boolean())).then(String::new)
}

pub(super) fn contradiction(tool: &Tool<'_>) -> Option<String> {
    let annotations = &tool.definition["annotations"];
    let both = annotations["readOnlyHint"] == true && annotations["destructiveHint"] == true;
    both.then(|| "readOnlyHint and destructiveHint".to_owned())
}

/// Characters that a person does not see and a model reads.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}'
        | '\u{FEFF}' | '\u{E0000}'..='\u{E007F}' | '\u{E0100}'..='\u{E01EF}' | '\u{180E}' | '\u{00AD}'
        | '\u{0000}'..='\u{0008}' | '\u{000B}'..='\u{001F}' | '\u{007F}'..='\u{009F}')
        && !matches!(c, '\r' | '\u{200D}')
}

pub(super) fn hidden(tool: &Tool<'_>) -> Option<String> {
    hidden_in(&tool.definition, "$")
}

pub(super) fn hidden_instructions(server: &Server<'_>) -> Option<String> {
    first_hidden(server.offer.instructions.as_deref()?).map(code_point)
}

fn first_hidden(text: &str) -> Option<char> {
    text.chars().find(|c| is_hidden(*c))
}

fn code_point(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}

fn hidden_in(value: &Value, path: &str) -> Option<String> {
    let found = |text: &str, path: &str| Some(format!("{} in {path}", code_point(first_hidden(text)?)));
    match value {
        Value::String(text) => found(text, path),
        Value::Array(elements) => {
            elements.iter().enumerate().find_map(|(at, value)| hidden_in(value, &format!("{path}[{at}]")))
        }
        Value::Object(members) => members.iter().find_map(|(name, value)| {
            let mut path = path.to_owned();
            crate::tokens::push_name(&mut path, name);
            found(name, &path).or_else(|| hidden_in(value, &path))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

pub(super) fn instructions_cut(server: &Server<'_>) -> Option<String> {
    let chars = javascript_chars(server.offer.instructions.as_deref()?);
    (chars > CUT_CHARS).then(|| format!("{chars} characters"))
}

pub(super) fn untyped(tool: &Tool<'_>) -> Option<String> {
    some_of(&tool.input.untyped)
}
