//! What we answer a client ourselves, where the server gives no answer that its protocol knows.
//!
//! Error codes stay clear of those that JSON-RPC and MCP reserve: a hundred times the HTTP status that says the same.
//! Knows nothing of connections; nothing here may hold a credential.

use serde_json::json;

use super::said::{Kind, Question, Said};
use crate::proxy::http::UNREACHABLE;
use crate::wire::{Contents, Message, contents, member, string_value};

/// What JSON-RPC calls a method that is not there. Clients that ask for a server's era understand it.
const METHOD_NOT_FOUND: i64 = -32_601;
/// The connection ended before the answer: the 502 of a proxy, told apart from a server that is not there.
const CUT_OFF: i64 = 50_201;
/// The user has not let us in: the 401 of the server, told apart from one that is passed on.
const NOT_LET_IN: i64 = 40_101;
/// We have too much to do.
const TOO_MANY: i64 = 42_900;
/// A message that is longer than we pass on.
const TOO_LONG: i64 = 41_300;

/// How much of an error is read: one that JSON-RPC knows may carry something.
pub(super) const ERROR_BYTES_MAX: usize = 1024 * 1024;
/// How much of a server's words is passed on.
const EXCERPT_CHARS: usize = 200;

/// An error of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    code: i64,
    message: String,
}

impl Reply {
    /// The server cannot be reached.
    pub(super) fn unreachable(url: &str, why: &str) -> Self {
        Self { code: UNREACHABLE, message: format!("mcptop cannot reach {url}: {why}") }
    }

    /// The server's answer ended too early.
    pub(super) fn cut_off(url: &str, why: &str) -> Self {
        let message = format!("the server closed the connection before it had answered: {url}: {why}");
        Self { code: CUT_OFF, message }
    }

    /// The server wants to know who the user is, and was not told.
    pub(super) fn not_let_in(url: &str, why: &str) -> Self {
        Self { code: NOT_LET_IN, message: format!("{url} asks for authorization: {why}") }
    }

    /// More requests wait for answers than we follow.
    pub(super) fn too_many(limit: usize) -> Self {
        Self { code: TOO_MANY, message: format!("mcptop waits for {limit} answers already") }
    }

    /// The client's message cannot be passed on.
    pub(super) fn too_long(limit_bytes: usize) -> Self {
        let limit = limit_bytes / (1024 * 1024);
        Self { code: TOO_LONG, message: format!("mcptop passes on messages of up to {limit} MiB") }
    }

    /// The server answered with a status or a body that JSON-RPC does not know.
    pub(super) fn of_status(
        status: u16,
        url: &str,
        said: &Said,
        body: &[u8],
        location: Option<&str>,
    ) -> Self {
        // A server of an older revision does not know the question that tells the eras apart.
        let is_probe = said.asked.iter().any(|question| question.method == "server/discover");
        let is_unknown = matches!(status, 400 | 404 | 405 | 406 | 415 | 422 | 501);
        let code = if is_probe && is_unknown { METHOD_NOT_FOUND } else { i64::from(status) * 100 };
        let excerpt = excerpt(body);
        let text = if excerpt.is_empty() { String::new() } else { format!(": {excerpt}") };
        let advice = advice(status, location);
        Self { code, message: format!("{url} answered with HTTP status {status}{text}{advice}") }
    }

    /// The answer was a success without an answer in it.
    pub(super) fn no_answer(url: &str, status: u16, media: &str, body: &[u8]) -> Self {
        let media = if media.is_empty() { "no media type" } else { media };
        let message = format!(
            "{url} answered with HTTP status {status} and {media}, which holds no answer: {}",
            excerpt(body)
        );
        Self { code: CUT_OFF, message: message.trim_end_matches([':', ' ']).to_owned() }
    }

    /// What it says.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// The line that answers this question.
    pub(super) fn line(&self, id: &str) -> Vec<u8> {
        let (code, message) = (self.code, json!(self.message));
        // The id as it was written: `1.0` is not `1`.
        format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":{message}}}}}"#).into_bytes()
    }
}

/// What the user can do about a status.
fn advice(status: u16, location: Option<&str>) -> String {
    match (status, location) {
        (300..=399, Some(location)) => {
            format!(" (it sends to {location}, which mcptop does not follow to another server: give that address)")
        }
        (401, _) => " (it asks for authorization: leave out --header and --header-env for Authorization to log in with \
                      a browser, or check the token they give)"
            .to_owned(),
        (403, _) => " (the credentials are known, and may not do this)".to_owned(),
        (404, _) => " (is the path of the address right?)".to_owned(),
        (405, _) => " (this address takes no MCP messages: is the path right?)".to_owned(),
        (429, _) => " (too many requests: try again later)".to_owned(),
        _ => String::new(),
    }
}

/// The beginning of a text on one line.
fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(EXCERPT_CHARS * 8)]);
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXCERPT_CHARS) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line,
    }
}

/// An error of the server as the answer to the only question it can mean: it may not have read the id.
pub(super) fn error_as_answer(body: &[u8], said: &Said) -> Option<Vec<u8>> {
    let line = super::event::one_line(body);
    match contents(&line) {
        Contents::One(Message::Error { id: Some(_), error }) if is_error(error) => Some(line),
        Contents::One(Message::Error { id: None, error }) if is_error(error) => match &said.asked[..] {
            [Question { id, .. }] => {
                Some(format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#).into_bytes())
            }
            _ => None,
        },
        Contents::One(_) | Contents::Batch(_) | Contents::Noise => None,
    }
}

/// Whether it is what JSON-RPC calls an error (section 5.1). OAuth has members of that name which are texts.
fn is_error(error: &str) -> bool {
    let has_code = member(error, "code").is_some_and(|code| code.parse::<i64>().is_ok());
    has_code && member(error, "message").and_then(string_value).is_some()
}

/// Tells a client that a subscription has ended without its final result (specification of 2026-07-28, "Subscriptions").
pub(super) fn cancelled(id: &str, why: &str) -> Vec<u8> {
    let why = json!(why);
    format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id},"reason":{why}}}}}"#
    )
    .into_bytes()
}

impl Kind {
    /// Whether a session that was lost makes this pointless: the question it answers is gone with it.
    pub(super) fn dies_with_its_session(&self) -> bool {
        match self {
            Self::Answer | Self::Cancel(_) | Self::Initialize | Self::Initialized => true,
            Self::Request | Self::Notification | Self::Noise => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> Said {
        Said::read(line.as_bytes())
    }

    #[test]
    fn an_answer_of_ours_names_the_id_as_it_was_written() {
        let line = Reply::unreachable("http://h/mcp", "\"no\"").line("1.0");
        let text = String::from_utf8(line).unwrap();
        assert!(
            text.contains(r#""id":1.0,"#) && text.contains(r#"\"no\""#) && text.contains("50200"),
            "{text}"
        );
    }

    #[test]
    fn a_probe_for_the_era_is_answered_as_by_a_server_that_does_not_know_it() {
        let probe = said(r#"{"id":1,"method":"server/discover"}"#);
        let call = said(r#"{"id":1,"method":"tools/call"}"#);
        for status in [400, 404, 405, 415] {
            assert_eq!(Reply::of_status(status, "u", &probe, b"", None).code, -32_601);
            assert_eq!(Reply::of_status(status, "u", &call, b"", None).code, i64::from(status) * 100);
        }
        assert_eq!(Reply::of_status(500, "u", &probe, b"", None).code, 50_000);
    }

    #[test]
    fn the_words_of_a_server_are_cut_to_a_line() {
        let reply = Reply::of_status(404, "http://h/x", &said(""), b"<html>\n  not\there</html>", None);
        assert!(reply.message.contains("404: <html> not here</html> (is the path"), "{}", reply.message);
        let long = "é".repeat(2000);
        let reply = Reply::of_status(500, "u", &said(""), long.as_bytes(), None);
        assert_eq!(reply.message.matches('é').count(), 200);
    }

    #[test]
    fn an_error_without_an_id_becomes_the_answer_to_the_one_question() {
        let one = said(r#"{"id":"7","method":"a"}"#);
        for body in [
            r#"{"jsonrpc":"2.0","error":{"code":-32000,"message":"m"},"id":null}"#,
            "{\"error\":\n{\"code\":-32000,\"message\":\"m\"}}",
        ] {
            let answer = String::from_utf8(error_as_answer(body.as_bytes(), &one).unwrap()).unwrap();
            assert!(answer.contains(r#""id":"7""#) && answer.contains("-32000"), "{answer}");
        }
        let own = br#"{"id":9,"error":{"code":1,"message":""}}"#;
        assert_eq!(error_as_answer(own, &one).unwrap(), own);
        for other in
            ["not found", r#"{"error":"insufficient_scope"}"#, r#"{"error":{"code":"x","message":""}}"#]
        {
            assert_eq!(error_as_answer(other.as_bytes(), &one), None, "{other}");
        }
    }
}
