//! What a tool takes, as lines beside the text: each argument with its type, whether it has to be there, and what it is for.
//!
//! A summary for people who write; what counts is the schema. Knows nothing of the text.

use ratatui::text::{Line, Span};
use serde_json::Value;

use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::clip;
use crate::ui::widgets::wrap::wrapped;

/// Arguments that are listed.
const ARGUMENTS_MAX: usize = 100;
/// Lines of what one is for.
const ABOUT_LINES_MAX: usize = 4;
/// Values of an enumeration that are named.
const VALUES_MAX: usize = 6;

/// The lines for a schema, for so many cells; none if it names no arguments.
pub(super) fn lines(schema: &Value, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let Some(properties) = schema["properties"].as_object().filter(|all| !all.is_empty()) else {
        return Vec::new();
    };
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut names: Vec<&String> = properties.keys().collect();
    // What has to be there comes first.
    names.sort_by_key(|name| !required.contains(&name.as_str()));
    let mut lines = vec![Line::styled("It takes", theme.style(Role::Heading))];
    for name in names.iter().take(ARGUMENTS_MAX) {
        let property = &properties[*name];
        let mut spans = vec![
            Span::styled(clip::end(&clip::visible(name), width / 2).into_owned(), theme.style(Role::JsonKey)),
            Span::styled(format!("  {}", kind(property)), theme.style(Role::Text)),
        ];
        if required.contains(&name.as_str()) {
            spans.push(Span::styled("  required", theme.style(Role::Strong)));
        }
        lines.push(Line::from(spans));
        let about = property["description"].as_str().unwrap_or_default();
        let about = clip::visible(about.lines().next().unwrap_or_default()).into_owned();
        for line in wrapped(&about, width.saturating_sub(2)).take(ABOUT_LINES_MAX) {
            lines.push(Line::styled(format!("  {line}"), theme.style(Role::Dim)));
        }
    }
    lines
}

/// What a value has to be, in a few words.
fn kind(property: &Value) -> String {
    if let Some(values) = property["enum"].as_array() {
        let named: Vec<String> = values.iter().take(VALUES_MAX).map(Value::to_string).collect();
        let more = if values.len() > VALUES_MAX { ", …" } else { "" };
        return clip::visible(&format!("{}{more}", named.join(", "))).into_owned();
    }
    match &property["type"] {
        Value::String(kind) if kind == "array" => match property["items"]["type"].as_str() {
            Some(item) => format!("array of {item}"),
            None => "array".to_owned(),
        },
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => "any of several".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::{Depth, Glyphs, Themes};
    use serde_json::json;

    fn told(schema: &Value) -> Vec<String> {
        let theme = Themes::default().theme("dark", Depth::True, Glyphs::UNICODE).unwrap();
        lines(schema, &theme, 40).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_has_to_be_there_comes_first_and_every_argument_says_what_it_is() {
        let schema = json!({
            "required": ["path"],
            "properties": {
                "mode": { "enum": ["r", "w"] },
                "lines": { "type": "array", "items": { "type": "integer" } },
                "path": { "type": "string", "description": "Where it is.\nNot shown." },
                "size": { "type": ["integer", "null"] },
            },
        });
        let wanted = [
            "It takes",
            "path  string  required",
            "  Where it is.",
            "lines  array of integer",
            "mode  \"r\", \"w\"",
            "size  integer or null",
        ];
        assert_eq!(told(&schema), wanted);
        assert!(told(&json!({ "type": "object" })).is_empty());
        assert!(told(&json!(true)).is_empty());
    }
}
