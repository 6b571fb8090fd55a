//! What a failed answer says, in plain words; knows the two shapes a failure has and nothing else of an answer.

use crate::wire::{Contents, Message, contents, member, string_value};

/// Characters of the text that are looked for.
const TEXT_MAX: usize = 600;

/// The message of a JSON-RPC error, or the first text of a result; `None` if the answer holds neither.
pub(super) fn failure(answer: &[u8]) -> Option<String> {
    let Contents::One(message) = contents(answer) else { return None };
    let text = match message {
        Message::Error { error, .. } => {
            let code = member(error, "code").unwrap_or("?");
            let text = member(error, "message").and_then(string_value).unwrap_or_default();
            format!("{code}: {text}")
        }
        Message::Result { result, .. } => {
            let blocks: Vec<&serde_json::value::RawValue> =
                serde_json::from_str(member(result, "content")?).ok()?;
            let text = blocks.iter().find_map(|block| string_value(member(block.get(), "text")?))?;
            text.into_owned()
        }
        Message::Request { .. } | Message::Notification { .. } => return None,
    };
    let text: Vec<&str> = text.split_whitespace().collect();
    Some(text.join(" ").chars().take(TEXT_MAX).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_shapes_of_failure_are_put_into_words() {
        let error = br#"{"id":1,"error":{"code":-32602,"message":"Unknown tool:\n x"}}"#;
        assert_eq!(failure(error).unwrap(), "-32602: Unknown tool: x");
        let result =
            br#"{"id":1,"result":{"isError":true,"content":[{"type":"image"},{"type":"text","text":"no"}]}}"#;
        assert_eq!(failure(result).unwrap(), "no");
        assert_eq!(failure(br#"{"id":1,"result":{}}"#), None);
        assert_eq!(failure(b"noise"), None);
    }
}
