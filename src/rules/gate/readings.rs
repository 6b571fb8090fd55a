//! What a request may mean to whoever reads it: of a member that stands twice one reader takes the first, another the
//! last, and some take `Name` for `name`.
//!
//! Walks texts that need not be JSON, as readers differ in what they forgive. Knows nothing of rules.

use std::borrow::Cow;

use super::peek::{blank, plain, skip, string_end};
use crate::wire::string_value;

/// All that a frame may say it asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Readings {
    methods: Vec<String>,
    tools: Vec<String>,
    /// The last id, as it was written.
    pub(super) id: Option<String>,
    /// Some member stands in it twice, or is only nearly called as the protocol has it.
    pub(super) is_ambiguous: bool,
}

/// Whether nobody can read a frame otherwise than we do. Costs a pass over it and no allocation.
pub(super) fn is_plain(frame: &[u8]) -> bool {
    const OUTER: [&[u8]; 3] = [b"method", b"params", b"id"];
    let start = blank(frame, 0);
    if frame.get(start) != Some(&b'{') {
        return true;
    }
    let mut seen = [false; 3];
    let end = each_plain(frame, start, &OUTER, &mut seen, |place, value| {
        place != 1 || value.first() != Some(&b'{') || {
            let mut seen = [false];
            each_plain(value, 0, &[b"name"], &mut seen, |_, _| true) == Some(value.len())
        }
    });
    end.is_some_and(|end| blank(frame, end) == frame.len()) && std::str::from_utf8(frame).is_ok()
}

/// Visits those members of the object at `at` that have one of the names. Says where it is over; `None` if one of them
/// stands twice, or if a name has escapes, is no ASCII, or is one of the names in other letters.
fn each_plain(
    text: &[u8],
    at: usize,
    names: &[&[u8]],
    seen: &mut [bool],
    mut visit: impl FnMut(usize, &[u8]) -> bool,
) -> Option<usize> {
    let mut at = blank(text, at + 1);
    if text.get(at) == Some(&b'}') {
        return Some(at + 1);
    }
    loop {
        let (key, next) = plain(text, at)?;
        at = blank(text, next);
        if text.get(at) != Some(&b':') || !key.is_ascii() {
            return None;
        }
        at = blank(text, at + 1);
        let end = skip(text, at)?;
        if let Some(place) = names.iter().position(|name| name.eq_ignore_ascii_case(key)) {
            let is_first = !std::mem::replace(&mut seen[place], true);
            if !is_first || names[place] != key || !visit(place, &text[at..end]) {
                return None;
            }
        }
        at = blank(text, end);
        match text.get(at)? {
            b',' => at = blank(text, at + 1),
            b'}' => return Some(at + 1),
            _ => return None,
        }
    }
}

impl Readings {
    /// Of a frame.
    pub(super) fn of(frame: &[u8]) -> Self {
        let text = String::from_utf8_lossy(frame);
        let mut readings = Self::default();
        readings.read(&text);
        readings
    }

    /// The same, of a frame that some readers take for several: to them a line ends where a carriage return stands.
    pub(super) fn of_lines(frame: &[u8]) -> Self {
        let mut readings = Self::of(frame);
        for line in frame.split(|byte| *byte == b'\r') {
            readings.read(&String::from_utf8_lossy(line));
        }
        readings
    }

    fn read(&mut self, text: &str) {
        let (mut params, mut ids) = (0, 0);
        each_loose(text, |key, value| match &*folded(key) {
            "method" => {
                self.is_ambiguous |= key != "method" || !self.methods.is_empty();
                self.methods.extend(string_value(value).map(Cow::into_owned));
            }
            "params" => {
                params += 1;
                self.is_ambiguous |= key != "params" || params > 1;
                each_loose(value, |key, value| {
                    if folded(key) == "name" {
                        self.is_ambiguous |= key != "name" || !self.tools.is_empty();
                        self.tools.extend(string_value(value).map(Cow::into_owned));
                    }
                });
            }
            "id" => {
                ids += 1;
                self.is_ambiguous |= key != "id" || ids > 1;
                self.id = Some(value.to_owned());
            }
            _ => {}
        });
    }

    /// Each method with each tool that it may be about.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.methods.iter().flat_map(move |method| {
            let none = self.tools.is_empty().then_some((method.as_str(), None));
            none.into_iter().chain(self.tools.iter().map(move |tool| (method.as_str(), Some(tool.as_str()))))
        })
    }
}

/// Visits the members of an object as far as it can be read, names unescaped.
fn each_loose(text: &str, mut visit: impl FnMut(&str, &str)) {
    let bytes = text.as_bytes();
    let mut at = blank(bytes, 0);
    if bytes.get(at) != Some(&b'{') {
        return;
    }
    loop {
        let key_at = blank(bytes, at + 1);
        let Some(key_end) = (bytes.get(key_at) == Some(&b'"')).then(|| string_end(bytes, key_at)).flatten()
        else {
            return;
        };
        let colon = blank(bytes, key_end);
        let value_at = blank(bytes, colon + 1);
        let Some(value_end) = skip(bytes, value_at) else { return };
        let (Some(key), Some(value)) = (text.get(key_at..key_end), text.get(value_at..value_end)) else {
            return;
        };
        visit(&string_value(key).unwrap_or(Cow::Borrowed(key)), value);
        at = blank(bytes, value_end);
        if bytes.get(at) != Some(&b',') {
            return;
        }
    }
}

/// A name as readers see it that do not tell capitals from small letters, by Unicode's simple folding.
fn folded(name: &str) -> String {
    let small = |letter: char| match letter {
        'ſ' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    };
    name.chars().map(small).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"name":"b","x":[{"id":1}]}}}"#;

    #[test]
    fn a_usual_frame_is_plain() {
        for text in [
            CALL,
            "{ }",
            "{\"id\" : 1 , \"method\" : \"ping\" }\r\n",
            "[1]",
            "hello",
            "",
            r#"{"params":{},"method":"x","_meta":{"Name":1}}"#,
            r#"{"method":"x","params":[1,{"name":1,"name":2}]}"#,
        ] {
            assert!(is_plain(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_readers_may_differ_about_is_not() {
        for text in [
            r#"{"method":"a","method":"b"}"#,
            r#"{"m\u0065thod":"a"}"#,
            r#"{"Method":"a"}"#,
            r#"{"params":{"name":"a","name":"b"}}"#,
            r#"{"params":{"n\u0061me":"a"}}"#,
            r#"{"params":{"NAME":"a"}}"#,
            r#"{"paramſ":{}}"#,
            r#"{"id":1,"id":2}"#,
            r#"{"id":1} {"id":2}"#,
            r#"{"id":1"#,
            r#"{"id":1,}"#,
        ] {
            assert!(!is_plain(text.as_bytes()), "{text}");
        }
        assert!(!is_plain(b"{\"a\":\"\xff\"}"));
    }

    #[test]
    fn every_reading_counts() {
        let of = |text: &str| Readings::of(text.as_bytes());
        assert!(!of(CALL).is_ambiguous);
        assert_eq!(of(CALL).all().collect::<Vec<_>>(), [("tools/call", Some("a"))]);
        let escaped = of(r#"{"id":"x","m\u0065thod":"tools/call","params":{"n\u0061me":"\u0061"}}"#);
        assert!(!escaped.is_ambiguous, "an escape is read by all alike");
        assert_eq!(escaped.all().collect::<Vec<_>>(), [("tools/call", Some("a"))]);
        assert_eq!(escaped.id.as_deref(), Some("\"x\""));
        let twice =
            of(r#"{"method":"ping","params":{"name":"a"},"METHOD":"tools/call","params":{"name":"b"}}"#);
        assert!(twice.is_ambiguous);
        assert_eq!(twice.all().count(), 4);
        assert!(of(r#"{"method":"tools/call","paramſ":{"Name":"a"}}"#).is_ambiguous);
        let lines = Readings::of_lines(b"{\"method\":\"a\"}\r{\"method\":\"b\"}");
        assert!(lines.is_ambiguous && lines.all().any(|(method, _)| method == "b"));
    }
}
