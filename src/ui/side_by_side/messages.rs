//! What differs between the same part of two messages.
//!
//! Knows nothing of how values are compared (`insight::difference`), nor of how long others can wait.

use std::sync::Arc;

use serde_json::{Value, json};

use super::work::Found;
use crate::insight::difference::{self, Terms, differences};
use crate::model::{Half, Operation};
use crate::ui::theme::Role;
use crate::ui::widgets::number::{bytes, counted};

/// Messages of more bytes are not compared: as values they take many times the memory.
const MESSAGE_BYTES_MAX: usize = 16 << 20;
/// Lines that are shown of the differences of one part.
const LINES_MAX: usize = 2_000;

/// What is compared of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// What was asked.
    Request,
    /// What was answered.
    Answer,
}

impl Part {
    pub(super) const ALL: [Self; 2] = [Self::Request, Self::Answer];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Request => "What was asked",
            Self::Answer => "What was answered",
        }
    }

    /// The message of a call, as it reached whom it was for.
    pub(super) fn half(self, call: &Operation) -> Option<&Half> {
        match self {
            Self::Request => Some(&call.first().request),
            Self::Answer => call.answer(),
        }
        .map(|half| call.delivered(half))
    }

    /// What of a message says something: not its number, nor the token under which progress is reported, which differ
    /// between any two calls.
    fn value(self, mut message: Value, index: u16) -> Value {
        if let Value::Array(members) = message {
            message = members.into_iter().nth(usize::from(index)).unwrap_or_default();
        }
        let mut member = |name: &str| message.get_mut(name).map(Value::take);
        let value = match self {
            Self::Request => {
                let mut params = member("params").unwrap_or_default();
                params.as_object_mut().and_then(|params| params.remove("_meta"));
                params
            }
            // A failure keeps its name, so that beside a result it is seen to be one.
            Self::Answer => match member("error") {
                Some(error) => json!({ "error": error }),
                None => member("result").unwrap_or_default(),
            },
        };
        unfolded(value)
    }
}

/// The value with JSON that is written within its strings read as JSON, so that a changed field is a changed field.
fn unfolded(value: Value) -> Value {
    match value {
        Value::String(text) => {
            let may_be_json = text.trim_start().starts_with(['{', '[']);
            let inner = may_be_json.then(|| serde_json::from_str(&text).ok()).flatten();
            inner.unwrap_or(Value::String(text))
        }
        Value::Array(items) => items.into_iter().map(unfolded).collect(),
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(name, value)| (name, unfolded(value))).collect())
        }
        other => other,
    }
}

/// All that is to be said of how the two messages differ.
pub(super) fn compare(part: Part, messages: &[(Arc<Vec<u8>>, u16); 2]) -> Vec<Found> {
    let say = |text: String| vec![Found::Text(Role::Dim, text)];
    let longest = messages.iter().map(|(text, _)| text.len()).max().unwrap_or(0);
    if longest > MESSAGE_BYTES_MAX {
        let [most, is] = [MESSAGE_BYTES_MAX, longest].map(|len| bytes(len as u64));
        let (most, is) = (most.trim(), is.trim());
        return say(format!("Messages of more than {most} are not compared here: one has {is}."));
    }
    let values = messages.each_ref().map(|(text, index)| {
        let message = serde_json::from_slice(text).ok()?;
        Some(part.value(message, *index))
    });
    let [Some(before), Some(after)] = values else {
        return say("One of the messages is not JSON.".to_owned());
    };
    let found = differences(&before, &after, &Terms::default());
    if found.is_empty() {
        return say("No difference.".to_owned());
    }
    let mut lines = say(counted(found.len() as u64, "difference"));
    let all = difference::lines(&found);
    let hidden = all.len().saturating_sub(LINES_MAX);
    lines.extend(all.into_iter().take(LINES_MAX).map(|line| Found::Text(role(line.role), line.text)));
    if hidden > 0 {
        lines.extend(say(format!("{} more", counted(hidden as u64, "line"))));
    }
    lines
}

fn role(role: difference::Role) -> Role {
    match role {
        difference::Role::Place => Role::Strong,
        difference::Role::Removed => Role::Removed,
        difference::Role::Added => Role::Added,
        difference::Role::Same => Role::Dim,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn compared(part: Part, before: &str, after: &str) -> Vec<String> {
        let messages = [before, after].map(|text| (Arc::new(text.as_bytes().to_vec()), 0));
        let text = |found| match found {
            Found::Text(_, text) => text,
            Found::Figures(..) => panic!("a message has no figures"),
        };
        compare(part, &messages).into_iter().map(text).collect()
    }

    #[test]
    fn numbers_of_messages_and_progress_tokens_are_no_difference() {
        let request = |id: u32| {
            format!(
                r#"{{"jsonrpc":"2.0","id":{id},"params":{{"name":"x","_meta":{{"progressToken":{id}}}}}}}"#
            )
        };
        assert_eq!(compared(Part::Request, &request(1), &request(2)), ["No difference."]);
        let answer = |id: u32| format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"n":1}}}}"#);
        assert_eq!(compared(Part::Answer, &answer(1), &answer(2)), ["No difference."]);
    }

    #[test]
    fn a_field_of_json_within_a_text_is_a_difference_of_its_own() {
        let answer = |n: u32| {
            let text = format!(r#"{{\"same\":[1,2],\"n\":{n}}}"#);
            format!(r#"{{"id":1,"result":{{"content":[{{"type":"text","text":"{text}"}}]}}}}"#)
        };
        let found = compared(Part::Answer, &answer(1), &answer(2));
        assert_eq!(found, ["1 difference", "$.content[0].text.n", "- 1", "+ 2"]);
    }

    #[test]
    fn a_failure_beside_a_result_is_shown() {
        let found = compared(Part::Answer, r#"{"id":1,"result":{"n":1}}"#, r#"{"id":1,"error":{"code":-1}}"#);
        let expected = ["2 differences", "$.n (removed)", "- 1", "$.error (added)", r#"+ {"code":-1}"#];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_too_large_or_no_json_is_not_compared() {
        let large = format!(r#"{{"id":1,"result":"{}"}}"#, "x".repeat(MESSAGE_BYTES_MAX));
        assert!(compared(Part::Answer, "{}", &large)[0].contains("not compared"));
        assert_eq!(compared(Part::Answer, "{}", "noise"), ["One of the messages is not JSON."]);
    }

    proptest! {
        #[test]
        fn a_call_does_not_differ_from_itself(text in "[ -~]{0,40}") {
            let answer = serde_json::json!({ "id": 1, "result": { "content": [{ "text": text }] } }).to_string();
            prop_assert_eq!(compared(Part::Answer, &answer, &answer), ["No difference."]);
        }
    }
}
