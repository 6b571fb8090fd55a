//! Where texts stand in a line of a recording, and how one is replaced without touching the rest of the line.
//!
//! Knows nothing of secrets.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::json::{string_end, value_end};

/// A member of the object that a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Its name, with its quotes.
    pub(super) name: Range<usize>,
    /// Its value as it is written.
    pub(super) value: Range<usize>,
}

/// The members of a line that is a JSON object.
pub(super) fn members(line: &[u8]) -> Vec<Member> {
    let mut members = Vec::new();
    let mut at = 1;
    while let Some(start) = line.get(at..).and_then(|rest| memchr::memchr(b'"', rest)).map(|next| at + next) {
        let end = string_end(line, start);
        let begins = |byte: &u8| *byte != b':' && !byte.is_ascii_whitespace();
        let Some(value) = line[end..].iter().position(begins).map(|next| end + next) else { break };
        at = value_end(line, value);
        members.push(Member { name: start..end, value: value..at });
    }
    members
}

/// A part of a line that is to be replaced, and what comes there.
pub(super) type Edit = (Range<usize>, Vec<u8>);

/// The line with its edits, which are in order and do not overlap.
pub(super) fn edited(line: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len());
    let mut at = 0;
    for (range, text) in edits {
        out.extend_from_slice(&line[at..range.start]);
        out.extend_from_slice(text);
        at = range.end;
    }
    out.extend_from_slice(&line[at..]);
    out
}

/// Puts other bytes in the place of the payload of a line, in the form that the recorder would choose.
pub(super) fn with_payload(line: &[u8], payload: &[u8]) -> Vec<u8> {
    let is_payload =
        |member: &&Member| matches!(&line[member.name.clone()], b"\"text\"" | b"\"base64\"" | b"\"body\"");
    let members = members(line);
    let Some(member) = members.iter().find(is_payload) else { return line.to_vec() };
    let written = match std::str::from_utf8(payload) {
        Ok(text) => {
            let text = serde_json::to_string(text).expect("a text can be written as JSON");
            format!("\"text\":{text}")
        }
        Err(_) => format!("\"base64\":\"{}\"", BASE64.encode(payload)),
    };
    edited(line, &[(member.name.start..member.value.end, written.into_bytes())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_members_of_a_line_are_found_where_they_stand() {
        let line = br#"{"t":1, "kind" : "message","body":{"a":[1,"}"]},"end":"\r\n"}"#;
        let told: Vec<(&[u8], &[u8])> =
            members(line).into_iter().map(|one| (&line[one.name], &line[one.value])).collect();
        let expected: [(&[u8], &[u8]); 4] = [
            (b"\"t\"", b"1"),
            (b"\"kind\"", b"\"message\""),
            (b"\"body\"", br#"{"a":[1,"}"]}"#),
            (b"\"end\"", br#""\r\n""#),
        ];
        assert_eq!(told, expected);
        assert_eq!(members(b"{}"), []);
    }

    #[test]
    fn another_payload_leaves_the_rest_of_the_line_as_it_was() {
        let line = br#"{"t":1,"text":"a\u0041","end":""}"#;
        assert_eq!(with_payload(line, b"x\""), br#"{"t":1,"text":"x\"","end":""}"#);
        assert_eq!(with_payload(line, b"\xff"), br#"{"t":1,"base64":"/w==","end":""}"#);
    }
}
