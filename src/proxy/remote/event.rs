//! What an event of a stream holds besides its data: its id, how long to wait before asking again, its type.
//!
//! By the rules of the HTML standard ("server-sent events", section 9.2.6). Knows nothing of what the data says.

use std::time::Duration;

/// The fields of an event that are not its data.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fields<'a> {
    /// Where to go on after this event; an empty one takes back what was said before.
    pub(super) id: Option<&'a str>,
    /// How long to wait before asking again.
    pub(super) retry: Option<Duration>,
    /// Its type, `message` where none is named.
    pub(super) kind: Option<&'a str>,
}

impl<'a> Fields<'a> {
    /// Reads the lines of an event.
    pub(super) fn read(raw: &'a [u8]) -> Self {
        let mut fields = Self::default();
        for line in raw.split(|byte| *byte == b'\n') {
            // What is no text has no name that we know.
            let Ok(line) = std::str::from_utf8(line) else { continue };
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match name {
                // An id with a NUL is none, and one that cannot stand in a field could not be given back.
                "id" if !value.chars().any(char::is_control) => fields.id = Some(value),
                "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                    fields.retry = value.parse().ok().map(Duration::from_millis);
                }
                "event" => fields.kind = Some(value),
                _ => {}
            }
        }
        fields
    }

    /// Whether its data is a message: other types are for others.
    pub(super) fn is_message(&self) -> bool {
        matches!(self.kind, None | Some("" | "message"))
    }
}

/// A message as one line: the newlines that JSON may have between its tokens become blanks, which say the same. Within a
/// text JSON has none.
pub(super) fn one_line(json: &[u8]) -> Vec<u8> {
    const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
    let json = json.strip_prefix(BYTE_ORDER_MARK).unwrap_or(json).trim_ascii();
    let mut line = Vec::with_capacity(json.len() + 1);
    line.extend(json.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fields_are_those_of_the_standard() {
        let fields = Fields::read(b": c\nid: a b\nretry: 30\nevent: message\ndata: {}");
        assert_eq!((fields.id, fields.retry), (Some("a b"), Some(Duration::from_millis(30))));
        assert!(fields.is_message());
        assert_eq!(Fields::read(b"id\nretry: 1s\nretry:"), Fields { id: Some(""), ..Fields::default() });
        assert_eq!(Fields::read(b"id: a\0b\n\xff: x"), Fields::default());
        assert!(!Fields::read(b"event: endpoint\ndata: /x").is_message());
    }

    proptest! {
        #[test]
        fn one_line_is_one_line_and_says_the_same(
            value in prop_oneof![Just("\n"), Just("\r\n"), Just(" ")],
            text in "[^\\p{C}]{0,10}",
        ) {
            let json = serde_json::json!({ "id": 1, "result": { "text": text, "n": [1, 2.5] } });
            let written = serde_json::to_string_pretty(&json).unwrap().replace('\n', value);
            let line = one_line(written.as_bytes());
            prop_assert!(!line.contains(&b'\n') && !line.contains(&b'\r'));
            prop_assert_eq!(serde_json::from_slice::<serde_json::Value>(&line).unwrap(), json);
        }
    }
}
