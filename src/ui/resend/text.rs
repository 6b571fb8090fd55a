//! JSON in the colours of its parts, line by line.
//!
//! Looks at one line at a time, so it draws text that is no JSON yet just as well. Knows nothing of what is wrong with it.

use crate::ui::theme::Role;

/// The parts of a line of JSON: names, strings, numbers, words, marks, the rest.
#[must_use]
pub(super) fn pieces(line: &str) -> Vec<(&str, Role)> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let (len, role) = match c {
            '"' => {
                let len = string_len(rest);
                let is_name = rest[len..].trim_start().starts_with(':');
                (len, if is_name { Role::JsonKey } else { Role::JsonString })
            }
            '{' | '}' | '[' | ']' | ':' | ',' => (1, Role::JsonMark),
            '-' | '0'..='9' => {
                (run(rest, |c| c.is_ascii_alphanumeric() || "+-.".contains(c)), Role::JsonNumber)
            }
            c if c.is_ascii_alphabetic() => (run(rest, |c| c.is_ascii_alphanumeric()), Role::JsonWord),
            c => (c.len_utf8(), Role::Text),
        };
        pieces.push((&rest[..len], role));
        rest = &rest[len..];
    }
    pieces
}

fn run(text: &str, is_in: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is_in(c)).unwrap_or(text.len())
}

/// The length of the string a text begins with; one that is not closed ends with the line.
fn string_len(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_strings_numbers_and_words_are_told_apart() {
        let roles: Vec<(&str, Role)> = pieces(r#"  "a\"b" : -1.5e3, "c": ["d", null] "open"#)
            .into_iter()
            .filter(|(text, role)| *role != Role::JsonMark && !text.trim().is_empty())
            .collect();
        let wanted = [
            (r#""a\"b""#, Role::JsonKey),
            ("-1.5e3", Role::JsonNumber),
            (r#""c""#, Role::JsonKey),
            (r#""d""#, Role::JsonString),
            ("null", Role::JsonWord),
            (r#""open"#, Role::JsonString),
        ];
        assert_eq!(roles, wanted);
    }

    proptest! {
        #[test]
        fn nothing_of_a_line_is_lost(line in ".*") {
            let joined: String = pieces(&line).into_iter().map(|(text, _)| text).collect();
            prop_assert_eq!(joined, line);
        }
    }
}
