//! Conditions of the filter language that panels make from what is selected; knows the language's quoting only.

/// The calls of a tool.
#[must_use]
pub fn tool(name: &str) -> String {
    condition("tool", name)
}

/// The operations of a method.
#[must_use]
pub fn method(name: &str) -> String {
    condition("method", name)
}

/// What a server was asked.
#[must_use]
pub fn server(label: &str) -> String {
    condition("server", label)
}

/// Whether a filter may ask for tokens, so that a call must be looked at again once it is counted.
#[must_use]
pub fn asks_for_tokens(filter_text: &str) -> bool {
    filter_text.contains("tok")
}

fn condition(field: &str, value: &str) -> String {
    let is_plain = !value.is_empty() && value.chars().all(|c| c.is_alphanumeric() || "-_./:".contains(c));
    if is_plain { format!("{field}:{value}") } else { format!("{field}:\"{}\"", value.replace('"', "")) }
}
