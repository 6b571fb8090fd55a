//! Walks through a JSON text and shows its strings with what is known of their place: name, path, depth.
//!
//! The text must be JSON; it is not read into values, so that every byte keeps its place and depth costs no stack. Knows
//! nothing of messages.

use std::collections::HashSet;
use std::ops::Range;

use serde::de::IgnoredAny;

use super::decode::Decoded;
use super::kind::Kind;
use super::ledger::is_placeholder;
use super::names;
use super::scan::{Find, Scanner};

/// JSON in strings of JSON in strings of JSON: how far down is looked.
const NESTING_MAX: u32 = 8;

/// What makes a value a secret besides its form.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Names that say so by themselves count.
    pub(super) by_name: bool,
    /// Names the user gave, as [`names::plain`] writes them.
    pub(super) fields: HashSet<Vec<u8>>,
    /// Paths (JSON pointers) that the user's paths lead to in this text.
    pub(super) pointers: HashSet<String>,
}

/// Whether a text is a JSON object or array, which strings of JSON may hold.
pub(super) fn is_document(text: &[u8]) -> bool {
    matches!(text.trim_ascii_start().first(), Some(b'{' | b'['))
        && serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

/// The secrets of a JSON text, in order.
pub(super) fn finds(text: &[u8], scanner: &Scanner, marks: &Marks) -> Vec<Find> {
    let mut walk = Walk {
        text,
        scanner,
        marks,
        nesting: 0,
        levels: Vec::new(),
        pointer: String::new(),
        finds: Vec::new(),
    };
    walk.run();
    walk.finds
}

struct Walk<'a> {
    text: &'a [u8],
    scanner: &'a Scanner,
    marks: &'a Marks,
    nesting: u32,
    levels: Vec<Level>,
    /// Where we are, if anybody wants to know.
    pointer: String,
    finds: Vec<Find>,
}

/// An object or array that is open.
struct Level {
    /// The position in the array; `None` in an object.
    index: Option<usize>,
    /// In an object: the next string is a name.
    awaits_name: bool,
    /// What the last name said of its value. An array's items are of its own name.
    sort: Sort,
    /// In an object with `"name": …, "value": …`: what that name says.
    named: Sort,
    /// Length of the pointer to it.
    pointer_len: usize,
}

/// What a name says of its value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sort {
    #[default]
    Plain,
    /// It is the `name`, `key` or `header` of what stands in `value`.
    NamesOther,
    /// It is the `value` of what has been named.
    IsNamed,
    /// It is a secret, if it can be one.
    Named,
    /// It is a secret: the user says so.
    Field,
}

impl Walk<'_> {
    fn run(&mut self) {
        let mut at = 0;
        while let Some(byte) = self.text.get(at) {
            at = match byte {
                b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => self.value_or_name(at, *byte),
                b'}' | b']' => {
                    self.levels.pop();
                    at + 1
                }
                b',' => {
                    self.next_item();
                    at + 1
                }
                _ => at + 1,
            };
        }
    }

    fn next_item(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            match &mut level.index {
                Some(index) => *index += 1,
                None => level.awaits_name = true,
            }
        }
    }

    fn value_or_name(&mut self, at: usize, byte: u8) -> usize {
        if byte == b'"' && self.levels.last().is_some_and(|level| level.awaits_name) {
            let end = string_end(self.text, at);
            self.name(at + 1..end - 1);
            return end;
        }
        self.point();
        let is_pointed_at = !self.marks.pointers.is_empty() && self.marks.pointers.contains(&self.pointer);
        let is_field = self.sort() == Sort::Field;
        if is_pointed_at || is_field {
            let end = value_end(self.text, at);
            self.take_whole(at..end, if is_field { Kind::Field } else { Kind::Path });
            return end;
        }
        match byte {
            b'{' | b'[' => {
                self.open(byte == b'[');
                at + 1
            }
            b'"' => {
                let end = string_end(self.text, at);
                self.string(at + 1..end - 1);
                end
            }
            _ => scalar_end(self.text, at),
        }
    }

    fn open(&mut self, is_array: bool) {
        let sort = if is_array { self.sort() } else { Sort::Plain };
        self.levels.push(Level {
            index: is_array.then_some(0),
            awaits_name: !is_array,
            sort,
            named: Sort::Plain,
            pointer_len: self.pointer.len(),
        });
    }

    fn sort(&self) -> Sort {
        self.levels.last().map_or(Sort::Plain, |level| level.sort)
    }

    /// Brings the pointer to the value that begins here.
    fn point(&mut self) {
        use std::fmt::Write as _;
        if self.marks.pointers.is_empty() {
            return;
        }
        if let Some(Level { index: Some(index), pointer_len, .. }) = self.levels.last() {
            self.pointer.truncate(*pointer_len);
            write!(self.pointer, "/{index}").expect("writing to memory does not fail");
        }
    }

    fn name(&mut self, range: Range<usize>) {
        let source = &self.text[range.clone()];
        let decoded = Decoded::of(source);
        let marks = self.marks;
        let sort = if !marks.fields.is_empty() && marks.fields.contains(&names::plain(decoded.text())) {
            Sort::Field
        } else if !marks.by_name {
            Sort::Plain
        } else if names::is_secret(decoded.text()) {
            Sort::Named
        } else {
            match decoded.text() {
                b"name" | b"key" | b"header" => Sort::NamesOther,
                b"value" => Sort::IsNamed,
                _ => Sort::Plain,
            }
        };
        if !marks.pointers.is_empty() {
            let len = self.levels.last().map_or(0, |level| level.pointer_len);
            self.pointer.truncate(len);
            let name = String::from_utf8_lossy(decoded.text()).replace('~', "~0").replace('/', "~1");
            self.pointer.push('/');
            self.pointer.push_str(&name);
        }
        if let Some(level) = self.levels.last_mut() {
            level.awaits_name = false;
            level.sort = if sort == Sort::IsNamed { level.named } else { sort };
        }
        self.text_in(&range, &decoded);
    }

    fn string(&mut self, range: Range<usize>) {
        let text = self.text;
        let decoded = Decoded::of(&text[range.clone()]);
        match self.sort() {
            Sort::Named if may_be_secret(decoded.text()) => {
                let secret = decoded.text().to_vec();
                self.finds.push(Find { range, kind: Kind::Named, secret, quotes: None });
                return;
            }
            Sort::NamesOther => {
                let is_secret = names::is_secret(decoded.text());
                if let Some(level) = self.levels.last_mut() {
                    level.named = if is_secret { Sort::Named } else { Sort::Plain };
                }
            }
            Sort::Plain | Sort::Named | Sort::IsNamed | Sort::Field => {}
        }
        self.text_in(&range, &decoded);
    }

    /// What the text of a string holds: JSON of its own, or words.
    fn text_in(&mut self, range: &Range<usize>, decoded: &Decoded<'_>) {
        let is_nested = self.nesting < NESTING_MAX && is_document(decoded.text());
        let inner = if is_nested { self.inside(decoded.text()) } else { self.scanner.finds(decoded.text()) };
        self.finds.extend(inner.into_iter().map(|find| {
            let place = decoded.place(&find.range);
            let quotes = find.quotes.map(|quotes| quotes + 1);
            Find { range: range.start + place.start..range.start + place.end, quotes, ..find }
        }));
    }

    fn inside(&self, text: &[u8]) -> Vec<Find> {
        // The user's paths lead into the message, not into texts in it.
        let marks = Marks {
            by_name: self.marks.by_name,
            fields: self.marks.fields.clone(),
            pointers: HashSet::new(),
        };
        let mut walk = Walk {
            text,
            scanner: self.scanner,
            marks: &marks,
            nesting: self.nesting + 1,
            levels: Vec::new(),
            pointer: String::new(),
            finds: Vec::new(),
        };
        walk.run();
        walk.finds
    }

    /// Takes a value out whatever it is. A string keeps its quotes.
    fn take_whole(&mut self, range: Range<usize>, kind: Kind) {
        let source = &self.text[range.clone()];
        let find = if source.first() == Some(&b'"') {
            let inner = range.start + 1..range.end - 1;
            let secret = Decoded::of(&self.text[inner.clone()]).text().to_vec();
            Find { range: inner, kind, secret, quotes: None }
        } else {
            Find { range, kind, secret: source.to_vec(), quotes: Some(0) }
        };
        if !find.secret.is_empty() && !is_placeholder(&find.secret) {
            self.finds.push(find);
        }
    }
}

/// Whether a string behind a name of secrets is one. Sentences are descriptions of secrets, not secrets; a pass phrase may
/// have a few words.
fn may_be_secret(value: &[u8]) -> bool {
    let words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).count();
    names::is_plausible(value) && value.len() >= 4 && words <= 6 && !is_placeholder(value)
}

/// Behind the quote that ends the string whose first quote is at `at`.
pub(super) fn string_end(text: &[u8], at: usize) -> usize {
    let mut from = at + 1;
    while let Some(next) = memchr::memchr2(b'"', b'\\', &text[from..]) {
        if text[from + next] == b'"' {
            return from + next + 1;
        }
        from = (from + next + 2).min(text.len());
    }
    text.len()
}

fn scalar_end(text: &[u8], at: usize) -> usize {
    let end = text[at..].iter().position(|byte| b",]} \t\r\n".contains(byte));
    end.map_or(text.len(), |len| at + len)
}

/// Behind the value that begins at `at`.
pub(super) fn value_end(text: &[u8], at: usize) -> usize {
    let (mut from, mut depth) = (at, 0_usize);
    while let Some(byte) = text.get(from) {
        match byte {
            b'"' => from = string_end(text, from),
            b'{' | b'[' => {
                depth += 1;
                from += 1;
                continue;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                from += 1;
            }
            _ if depth == 0 => return scalar_end(text, from),
            _ => {
                from += 1;
                continue;
            }
        }
        if depth == 0 {
            return from;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::super::kind::Presets;
    use super::*;

    fn found(text: &str, marks: &Marks) -> Vec<(String, Kind)> {
        let scanner = Scanner::new(Presets::SECRETS.0, &[]).unwrap();
        let finds = finds(text.as_bytes(), &scanner, marks);
        finds.into_iter().map(|find| (text[find.range].to_owned(), find.kind)).collect()
    }

    fn by_name() -> Marks {
        Marks { by_name: true, ..Marks::default() }
    }

    #[test]
    fn values_behind_names_of_secrets_are_found_at_any_depth_and_in_lists() {
        let text = r#"{"a":[{"password":"p\u0061ss","n":1,"api_key":["k-one","k-two"]}],"token":{"type":"string"},"secret":true}"#;
        let secrets: Vec<String> = found(text, &by_name()).into_iter().map(|(text, _)| text).collect();
        assert_eq!(secrets, [r"p\u0061ss", "k-one", "k-two"]);
    }

    #[test]
    fn json_in_strings_of_json_is_looked_into() {
        let inner = r#"{"token":"s3cret","n":"\u00e9 ghp_0123456789abcdefghij"}"#;
        let text =
            serde_json::json!({ "text": serde_json::json!({ "text": inner }).to_string() }).to_string();
        let secrets: Vec<String> = found(&text, &by_name()).into_iter().map(|(text, _)| text).collect();
        assert_eq!(secrets, ["s3cret", "ghp_0123456789abcdefghij"]);
    }

    #[test]
    fn what_is_named_beside_is_found() {
        let text = r#"[{"name":"X-Api-Key","value":"s3cret"},{"name":"Accept","value":"any/thing"}]"#;
        assert_eq!(found(text, &by_name()), [("s3cret".to_owned(), Kind::Named)]);
    }

    #[test]
    fn fields_and_paths_of_the_users_own_are_taken_out_whatever_they_hold() {
        let marks = Marks {
            fields: [b"customer".to_vec()].into(),
            pointers: ["/a/1".to_owned(), "/x~1y".to_owned()].into(),
            ..Marks::default()
        };
        let text = r#"{"a":[1,{"b":[2]},3],"Customer":{"id":7},"customers":1,"x/y":"z"}"#;
        let found = found(text, &marks);
        let expected = [(r#"{"b":[2]}"#, Kind::Path), (r#"{"id":7}"#, Kind::Field), ("z", Kind::Path)];
        assert_eq!(found, expected.map(|(text, kind)| (text.to_owned(), kind)));
    }

    #[test]
    fn the_ends_of_values_are_found() {
        for value in ["[1,[2,\"]\"],{}]", "{\"a\":{\"b\":\"}\"}}", "12", "true", "\"a\\\"b\""] {
            let text = format!("{value},1");
            assert_eq!(value_end(text.as_bytes(), 0), value.len(), "{value}");
        }
    }
}
