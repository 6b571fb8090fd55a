//! The shallow view of a frame: kind, id and method, with the rest as untouched slices of the text.
//!
//! Ids stay the JSON tokens they were written as, unknown members are passed over,
//! a repeated member counts as its last occurrence. Knows nothing of what a method means.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// What a frame holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Contents<'a> {
    /// One JSON-RPC message.
    One(Message<'a>),
    /// A JSON-RPC batch (revision 2025-03-26 only), in order.
    Batch(Vec<Message<'a>>),
    /// Anything else: blank lines, log output, broken JSON, JSON that is no JSON-RPC message.
    Noise,
}

/// One JSON-RPC message; slices are JSON text exactly as it was written.
#[derive(Clone, Debug, PartialEq)]
pub enum Message<'a> {
    /// A call that wants an answer.
    Request {
        /// The id as written.
        id: &'a str,
        /// The method, unescaped.
        method: Cow<'a, str>,
        /// The parameters, if any.
        params: Option<&'a str>,
    },
    /// A message without an id.
    Notification {
        /// The method, unescaped.
        method: Cow<'a, str>,
        /// The parameters, if any.
        params: Option<&'a str>,
    },
    /// A successful answer.
    Result {
        /// The id as written.
        id: &'a str,
        /// The result.
        result: &'a str,
    },
    /// A protocol error.
    Error {
        /// The id as written; `null` or absent where the sender could not read the request.
        id: Option<&'a str>,
        /// The error object.
        error: &'a str,
    },
}

/// Reads a frame's text (without its line ending).
#[must_use]
pub fn contents(text: &[u8]) -> Contents<'_> {
    let Ok(text) = std::str::from_utf8(text) else { return Contents::Noise };
    match text.trim_start().as_bytes().first() {
        Some(b'{') => message(text).map_or(Contents::Noise, Contents::One),
        Some(b'[') => batch(text).map_or(Contents::Noise, Contents::Batch),
        _ => Contents::Noise,
    }
}

fn batch(text: &str) -> Option<Vec<Message<'_>>> {
    let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    let messages: Vec<_> = items.into_iter().map(|item| message(item.get())).collect::<Option<_>>()?;
    (!messages.is_empty()).then_some(messages)
}

fn message(text: &str) -> Option<Message<'_>> {
    let members: Members<'_> = serde_json::from_str(text).ok()?;
    let id = members.id.map(RawValue::get);
    let params = members.params.map(RawValue::get);
    if let Some(method) = members.method {
        let method = string_value(method.get())?;
        return Some(match id {
            Some(id) => Message::Request { id, method, params },
            None => Message::Notification { method, params },
        });
    }
    if let Some(error) = members.error {
        return Some(Message::Error { id: id.filter(|id| *id != "null"), error: error.get() });
    }
    Some(Message::Result { id: id?, result: members.result?.get() })
}

/// The text a JSON string token stands for; `None` if `raw` is not a string. Borrows unless there are escapes.
#[must_use]
pub fn string_value(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str(raw).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

/// The JSON text of the member `name` of the object `raw`; `None` if `raw` is no object or has no such member.
#[must_use]
pub fn member<'a>(raw: &'a str, name: &str) -> Option<&'a str> {
    struct Find<'n>(&'n str);
    impl<'de> Visitor<'de> for Find<'_> {
        type Value = Option<&'de RawValue>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut found = None;
            while let Some(key) = map.next_key::<Key<'de>>()? {
                if key.0 == self.0 {
                    found = Some(map.next_value()?);
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(found)
        }
    }
    let mut source = serde_json::Deserializer::from_str(raw);
    source.deserialize_map(Find(name)).ok().flatten().map(RawValue::get)
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// The members of a JSON-RPC message. Written by hand because a derived one refuses repeated members and takes
/// `null` for absent.
#[derive(Default)]
struct Members<'a> {
    id: Option<&'a RawValue>,
    method: Option<&'a RawValue>,
    params: Option<&'a RawValue>,
    result: Option<&'a RawValue>,
    error: Option<&'a RawValue>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON-RPC message")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Members::default();
                while let Some(key) = map.next_key::<Key<'de>>()? {
                    let slot = match &*key.0 {
                        "id" => &mut members.id,
                        "method" => &mut members.method,
                        "params" => &mut members.params,
                        "result" => &mut members.result,
                        "error" => &mut members.error,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    *slot = Some(map.next_value()?);
                }
                Ok(members)
            }
        }
        source.deserialize_map(Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Message<'_> {
        match contents(text.as_bytes()) {
            Contents::One(message) => message,
            other => panic!("{text} is {other:?}"),
        }
    }

    #[test]
    fn ids_are_kept_as_they_were_written() {
        for id in ["1", "\"1\"", "1.0", "1e2", "123456789012345678901234567890", "\"\\u0041\""] {
            let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
            assert_eq!(one(&text), Message::Request { id, method: "ping".into(), params: None });
        }
    }

    #[test]
    fn each_kind_is_told_by_its_members_in_any_order() {
        assert_eq!(
            one(r#"{"method":"notifications/x","params":{"a":1}}"#),
            Message::Notification { method: "notifications/x".into(), params: Some(r#"{"a":1}"#) }
        );
        assert_eq!(
            one(r#" {"result":{"x":[1, 2]},"jsonrpc":"2.0","id":7} "#),
            Message::Result { id: "7", result: r#"{"x":[1, 2]}"# }
        );
        assert_eq!(
            one(r#"{"id":null,"error":{"code":-32700}}"#),
            Message::Error { id: None, error: r#"{"code":-32700}"# }
        );
        assert_eq!(one(r#"{"id":1,"result":null}"#), Message::Result { id: "1", result: "null" });
    }

    #[test]
    fn escapes_in_names_and_repeated_members_are_read_as_json_says() {
        assert_eq!(
            one(r#"{"id":1,"id":2,"m\u0065thod":"a\/b"}"#),
            Message::Request { id: "2", method: "a/b".into(), params: None }
        );
    }

    #[test]
    fn a_batch_is_its_messages_in_order() {
        let Contents::Batch(messages) = contents(br#"[{"id":1,"method":"a"},{"method":"b"}]"#) else {
            panic!()
        };
        assert_eq!(messages.len(), 2);
    }

    #[test]
    fn everything_else_is_noise() {
        for text in ["", "hello", "{", "[]", "[1]", "{}", "null", "7", r#"{"id":1}"#, "{\"a\":1} trailing"] {
            assert_eq!(contents(text.as_bytes()), Contents::Noise, "{text}");
        }
        assert_eq!(contents(b"{\"id\":1,\"method\":\"\xff\"}"), Contents::Noise);
    }

    #[test]
    fn deep_nesting_is_read_without_recursion() {
        let deep = format!(r#"{{"id":1,"result":{}{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
        assert!(matches!(one(&deep), Message::Result { id: "1", .. }));
    }

    #[test]
    fn a_member_is_found_by_name() {
        assert_eq!(member(r#"{"a":{"b":1},"b":[2]}"#, "b"), Some("[2]"));
        assert_eq!(member("[1]", "b"), None);
    }
}
