//! A look at a frame that costs next to nothing: what it is about, without reading it whole.
//!
//! Members are read from the front up to the first array or object, and from the back up to the last one, so that a
//! long result is never walked through. What it says of broken JSON may be wrong: who acts on it reads the frame first.

use std::borrow::Cow;

use crate::wire::string_value;

/// What a frame seems to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peek<'a> {
    /// An answer, to the request with this id.
    Answer(&'a str),
    /// A request or a notification. `params` begins where its parameters do, and ends with the frame.
    Call { method: &'a str, params: Option<&'a str> },
    /// Nothing that a quick look could tell.
    Unclear,
    /// No JSON-RPC message.
    Noise,
}

/// Looks at a frame.
pub(super) fn peek(frame: &[u8]) -> Peek<'_> {
    let start = blank(frame, 0);
    match frame.get(start) {
        Some(b'{') => {}
        Some(b'[') => return Peek::Unclear,
        _ => return Peek::Noise,
    }
    let mut seen = Seen::default();
    let mut at = start + 1;
    loop {
        at = blank(frame, at);
        let Some((key, next)) = plain(frame, at) else { return Peek::Unclear };
        at = blank(frame, next);
        if frame.get(at) != Some(&b':') {
            return Peek::Unclear;
        }
        at = blank(frame, at + 1);
        if matches!(frame.get(at), Some(b'{' | b'[')) {
            return seen.before(key, frame, at);
        }
        let Some((value, next)) = scalar(frame, at) else { return Peek::Unclear };
        seen.note(key, value);
        at = blank(frame, next);
        match frame.get(at) {
            Some(b',') => at += 1,
            Some(b'}') => return seen.all(),
            _ => return Peek::Unclear,
        }
    }
}

/// What the members so far have said.
#[derive(Default)]
struct Seen<'a> {
    id: Option<&'a [u8]>,
    method: Option<&'a [u8]>,
    is_answer: bool,
}

impl<'a> Seen<'a> {
    fn note(&mut self, key: &[u8], value: &'a [u8]) {
        match key {
            b"id" => self.id = Some(value),
            b"method" => self.method = Some(value),
            b"result" | b"error" => self.is_answer = true,
            _ => {}
        }
    }

    /// The member `key` begins an array or object at `at`.
    fn before(mut self, key: &[u8], frame: &'a [u8], at: usize) -> Peek<'a> {
        match key {
            b"params" => match self.method.and_then(name) {
                Some(method) => Peek::Call { method, params: std::str::from_utf8(&frame[at..]).ok() },
                None => Peek::Unclear,
            },
            b"result" | b"error" if self.method.is_none() => {
                if self.id.is_none() {
                    self.id = last_id(frame);
                }
                self.is_answer = true;
                self.all()
            }
            _ => Peek::Unclear,
        }
    }

    fn all(self) -> Peek<'a> {
        if let Some(method) = self.method {
            return name(method).map_or(Peek::Unclear, |method| Peek::Call { method, params: None });
        }
        match self.id.filter(|_| self.is_answer).map(std::str::from_utf8) {
            Some(Ok(id)) => Peek::Answer(id),
            _ => Peek::Unclear,
        }
    }
}

/// The tool that `params` name; `Err` if that is not plain to see.
pub(super) fn tool_of(params: &str) -> Result<Option<&str>, ()> {
    let text = params.as_bytes();
    if text.first() != Some(&b'{') {
        return Ok(None);
    }
    let mut at = blank(text, 1);
    if text.get(at) == Some(&b'}') {
        return Ok(None);
    }
    loop {
        let (key, next) = plain(text, at).ok_or(())?;
        at = blank(text, next);
        if text.get(at) != Some(&b':') {
            return Err(());
        }
        at = blank(text, at + 1);
        let end = skip(text, at).ok_or(())?;
        if key == b"name" {
            return name(&text[at..end]).map(Some).ok_or(());
        }
        at = blank(text, end);
        match text.get(at) {
            Some(b',') => at = blank(text, at + 1),
            Some(b'}') => return Ok(None),
            _ => return Err(()),
        }
    }
}

/// The text that a string token without escapes stands for.
fn name(token: &[u8]) -> Option<&str> {
    let inner = token.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if memchr::memchr(b'\\', inner).is_some() {
        return None;
    }
    std::str::from_utf8(inner).ok()
}

/// The `id` among the plain values at the end of an object.
fn last_id(frame: &[u8]) -> Option<&[u8]> {
    let mut end = blank_before(frame, frame.len());
    end = blank_before(frame, end.checked_sub(1).filter(|last| frame[*last] == b'}')?);
    loop {
        let (value, start) = scalar_before(frame, end)?;
        let colon = blank_before(frame, start);
        let key_end = blank_before(frame, colon.checked_sub(1).filter(|colon| frame[*colon] == b':')?);
        let (key, start) = scalar_before(frame, key_end)?;
        match key {
            b"\"id\"" => return Some(value),
            b"\"method\"" => return None,
            _ => {}
        }
        let comma = blank_before(frame, start);
        end = blank_before(frame, comma.checked_sub(1).filter(|comma| frame[*comma] == b',')?);
    }
}

/// The plain value that ends before `end`, and where it begins.
fn scalar_before(text: &[u8], end: usize) -> Option<(&[u8], usize)> {
    let last = end.checked_sub(1)?;
    if text[last] == b'"' {
        let start = memchr::memrchr(b'"', &text[..last])?;
        let is_plain = memchr::memchr(b'\\', &text[start..last]).is_none();
        let is_start = start.checked_sub(1).is_none_or(|before| text[before] != b'\\');
        return (is_plain && is_start).then_some((&text[start..end], start));
    }
    let start = text[..end].iter().rposition(|byte| !is_bare(*byte)).map_or(0, |before| before + 1);
    (start < end).then_some((&text[start..end], start))
}

/// A string without escapes at `at`, without its quotes, and where it is over.
pub(super) fn plain(text: &[u8], at: usize) -> Option<(&[u8], usize)> {
    if text.get(at) != Some(&b'"') {
        return None;
    }
    let len = text[at + 1..].iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    let end = at + 1 + len;
    (text[end] == b'"').then_some((&text[at + 1..end], end + 1))
}

/// The plain value at `at`, and where it is over.
fn scalar(text: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let end = if text.get(at) == Some(&b'"') {
        string_end(text, at)?
    } else {
        at + text[at..].iter().position(|byte| !is_bare(*byte))?
    };
    (end > at).then_some((&text[at..end], end))
}

/// Where the value at `at` is over.
pub(super) fn skip(text: &[u8], at: usize) -> Option<usize> {
    if !matches!(text.get(at)?, b'{' | b'[') {
        return scalar(text, at).map(|(_, end)| end);
    }
    let mut depth = 0_usize;
    let mut at = at;
    loop {
        match text.get(at)? {
            b'"' => {
                at = string_end(text, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

pub(super) fn string_end(text: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')
}

pub(super) fn blank(text: &[u8], at: usize) -> usize {
    let mut at = at;
    while matches!(text.get(at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
        at += 1;
    }
    at
}

fn blank_before(text: &[u8], end: usize) -> usize {
    let mut end = end;
    while end > 0 && matches!(text[end - 1], b' ' | b'\t' | b'\r' | b'\n') {
        end -= 1;
    }
    end
}

/// The members of an object of valid JSON, each with its name, unescaped, and its value as it was written. Nothing if it
/// is no object.
pub(super) fn members(raw: &str) -> impl Iterator<Item = (Cow<'_, str>, &str)> {
    let text = raw.as_bytes();
    let mut at = if text.first() == Some(&b'{') { Some(1) } else { None };
    std::iter::from_fn(move || {
        let key_at = blank(text, at.take()?);
        let key_end = if text.get(key_at) == Some(&b'"') { string_end(text, key_at)? } else { return None };
        let value_at = blank(text, blank(text, key_end) + 1);
        let value_end = skip(text, value_at)?;
        let next = blank(text, value_end);
        at = (text.get(next) == Some(&b',')).then_some(next + 1);
        Some((string_value(raw.get(key_at..key_end)?)?, raw.get(value_at..value_end)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call<'a>(method: &'a str, params: Option<&'a str>) -> Peek<'a> {
        Peek::Call { method, params }
    }

    #[test]
    fn an_answer_is_told_by_what_stands_around_its_result() {
        for text in [
            r#"{"jsonrpc":"2.0","id":17,"result":{"a":[1,"}"]}}"#,
            r#"{"result":{"id":3,"x":"\"id\":4}"},"jsonrpc":"2.0","id":17}"#,
            "{\"error\" : {\"code\":1} , \"id\" : 17 }\r\n",
            r#"{"id":17,"result":null}"#,
        ] {
            assert_eq!(peek(text.as_bytes()), Peek::Answer("17"), "{text}");
        }
        assert_eq!(peek(br#"{"result":{},"id":"a b","x":"\\"}"#), Peek::Unclear);
        assert_eq!(peek(br#"{"result":{},"id":"a b"}"#), Peek::Answer("\"a b\""));
        assert_eq!(peek(br#"{"result":{},"i\"id":7}"#), Peek::Unclear);
        assert_eq!(peek(br#"{"result":{},"id":7,"method":"x"}"#), Peek::Unclear);
    }

    #[test]
    fn a_call_is_told_by_its_method() {
        assert_eq!(peek(br#"{"id":1,"method":"ping"}"#), call("ping", None));
        assert_eq!(
            peek(br#"{"method":"tools/call","params":{"name":"a"},"id":1}"#),
            call("tools/call", Some(r#"{"name":"a"},"id":1}"#))
        );
        for text in [r#"{"params":{},"method":"x"}"#, r#"{"m\u0065thod":"x"}"#, "[{}]", "{", "{\"a\"", "{}"] {
            assert_eq!(peek(text.as_bytes()), Peek::Unclear, "{text}");
        }
        assert_eq!(peek(b"hello"), Peek::Noise);
    }

    #[test]
    fn the_tool_is_found_wherever_it_stands() {
        let rest =
            r#"{"_meta":{"name":"no","x":["}\""]} , "arguments":{"name":"no"},"name" : "yes"},"id":2}"#;
        assert_eq!(tool_of(rest), Ok(Some("yes")));
        assert_eq!(tool_of("{}"), Ok(None));
        assert_eq!(tool_of(r#"{"uri":"x"}"#), Ok(None));
        assert_eq!(tool_of(r#"{"name":"\u0041"}"#), Err(()));
        assert_eq!(tool_of(r#"{"name":1"#), Err(()));
    }

    #[test]
    fn members_come_as_they_were_written() {
        let all: Vec<_> = members("{ \"a\" : 1.0 , \"\\u0062\":{\"c\":\"},\"},\"d\":\"x\\\"\" }").collect();
        let name = std::borrow::Cow::Borrowed;
        assert_eq!(all, [(name("a"), "1.0"), (name("b"), "{\"c\":\"},\"}"), (name("d"), "\"x\\\"\"")]);
        assert_eq!(members("[1]").count() + members("{}").count() + members("").count(), 0);
    }
}
