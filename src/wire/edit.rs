//! Replaces single values of a JSON text and leaves every other byte as it was.
//!
//! Values are named by the slices that reading the text gave. Knows nothing of what they mean.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// Replacements that wait to be made in one text.
#[derive(Clone, Debug)]
pub struct Edit<'a> {
    text: &'a str,
    /// Where, and what comes there.
    changes: Vec<(std::ops::Range<usize>, String)>,
}

impl<'a> Edit<'a> {
    /// Of this text.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        Self { text, changes: Vec::new() }
    }

    /// Puts `new` in the place of `value`, a slice of the text. One that is none of it is passed over.
    pub fn replace(&mut self, value: &str, new: impl Into<String>) {
        let Some(start) = value.as_ptr().addr().checked_sub(self.text.as_ptr().addr()) else { return };
        let place = start..start + value.len();
        if self.text.get(place.clone()) == Some(value) {
            self.changes.push((place, new.into()));
        }
    }

    /// The text with its replacements.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.changes.sort_by_key(|(place, _)| place.start);
        let mut out = String::with_capacity(self.text.len() + 32);
        let mut at = 0;
        for (place, new) in self.changes {
            // Of two for the same value the first one counts.
            if place.start >= at {
                out.push_str(&self.text[at..place.start]);
                out.push_str(&new);
                at = place.end;
            }
        }
        out.push_str(&self.text[at..]);
        out
    }
}

/// The messages that a text holds: the items of an array, each as it was written, or the text itself.
#[must_use]
pub fn messages(text: &str) -> Vec<&str> {
    if text.trim_start().starts_with('[')
        && let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(text)
    {
        return items.into_iter().map(RawValue::get).collect();
    }
    vec![text.trim()]
}

/// The text on one line: line breaks between its values become blanks. In a JSON string there are none.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    if memchr::memchr2(b'\n', b'\r', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(['\n', '\r'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Contents, Message, contents, member};
    use proptest::prelude::*;

    #[test]
    fn only_the_named_values_change() {
        let text = r#" {"a": 1.0,"id" : "x","params":{"_meta":{"progressToken":7,"b":[1e2]}} } "#;
        let Contents::One(Message::Notification { .. } | Message::Request { .. }) =
            contents(text.replace("\"a\"", "\"method\":\"m\",\"a\"").as_bytes())
        else {
            panic!()
        };
        let token =
            member(member(member(text, "params").unwrap(), "_meta").unwrap(), "progressToken").unwrap();
        let mut edit = Edit::of(text);
        edit.replace(token, "41");
        edit.replace(member(text, "id").unwrap(), "\"long name\"");
        edit.replace("elsewhere", "never");
        assert_eq!(
            edit.finish(),
            r#" {"a": 1.0,"id" : "long name","params":{"_meta":{"progressToken":41,"b":[1e2]}} } "#
        );
    }

    #[test]
    fn a_batch_is_taken_apart_as_it_was_written() {
        assert_eq!(messages("[{\"a\": 1} ,\n{\"b\":[2]}]"), ["{\"a\": 1}", "{\"b\":[2]}"]);
        assert_eq!(messages(" {\"a\":\n1}\n"), ["{\"a\":\n1}"]);
        assert_eq!(one_line("{\"a\":\r\n1}"), "{\"a\":  1}");
    }

    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            "-?[1-9][0-9]{0,20}(\\.[0-9]{1,3})?".prop_map(|number| number),
            "\"([a-zé ]|\\\\n|\\\\u00e9){0,8}\"",
            Just("null".to_owned()),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3)
                    .prop_map(|items| format!("[{}]", items.join(" , "))),
                proptest::collection::vec(("[a-c]", inner), 0..3).prop_map(|fields| {
                    let fields: Vec<_> = fields.iter().map(|(k, v)| format!("\"{k}\" :{v}")).collect();
                    format!("{{ {} }}", fields.join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn an_id_that_is_replaced_and_put_back_leaves_the_text_as_it_was(
            params in json(),
            id in prop_oneof!["[1-9][0-9]{0,11}", "\"[a-z0-9é]{0,9}\"", Just("1.0".to_owned()), Just("-1e2".to_owned())],
            other in prop_oneof!["[1-9][0-9]{0,11}", "\"[a-z]{0,9}\""],
            is_first in any::<bool>(),
        ) {
            let text = if is_first {
                format!(r#"{{"id" : {id},"jsonrpc":"2.0", "method":"m","params":{params}}}"#)
            } else {
                format!(r#"{{"jsonrpc":"2.0", "method":"m","params":{params},"id":{id} }}"#)
            };
            let swap = |text: &str, new: &str| {
                let Contents::One(Message::Request { id, .. }) = contents(text.as_bytes()) else { panic!("{text}") };
                let mut edit = Edit::of(text);
                edit.replace(id, new);
                edit.finish()
            };
            let changed = swap(&text, &other);
            prop_assert_eq!(changed.len() + id.len(), text.len() + other.len());
            prop_assert_eq!(swap(&changed, &id), text);
        }
    }
}
