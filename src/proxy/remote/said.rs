//! What a line of the client asks for, as far as sending it over HTTP depends on it.
//!
//! A shallow view: ids stay as they were written, parameters are not read. Knows nothing of connections.

use std::borrow::Cow;

use crate::wire::{Contents, Message, contents, member, string_value};

/// Where a request of a revision without sessions names its revision (specification of 2026-07-28, "Per-request
/// metadata").
const REVISION_MEMBER: &str = "io.modelcontextprotocol/protocolVersion";

/// A request whose answer is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// Its id, as written.
    pub(super) id: String,
    /// Its method.
    pub(super) method: String,
}

/// What a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `initialize`: nothing behind it is sent before it is answered.
    Initialize,
    /// `notifications/initialized`: nothing behind it is sent before it has arrived.
    Initialized,
    /// Any other request, or a batch that holds at least one.
    Request,
    /// `notifications/cancelled`, of the request with this id.
    Cancel(String),
    /// Other notifications, or a batch of notifications and answers.
    Notification,
    /// An answer to a request of the server.
    Answer,
    /// Nothing that JSON-RPC knows: the server shall say what it thinks of it.
    Noise,
}

/// A line of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// What it is.
    pub(super) kind: Kind,
    /// The requests in it: one, or several in a batch of revision 2025-03-26.
    pub(super) asked: Vec<Question>,
    /// The revision without sessions that it names.
    pub(super) revision: Option<String>,
}

impl Said {
    /// Reads a line, without its ending.
    pub(super) fn read(line: &[u8]) -> Self {
        match contents(line) {
            Contents::One(message) => Self {
                kind: kind_of(&message),
                asked: question(&message).into_iter().collect(),
                revision: revision_of(&message),
            },
            Contents::Batch(messages) => {
                let asked: Vec<_> = messages.iter().filter_map(question).collect();
                let kind = if asked.is_empty() { Kind::Notification } else { Kind::Request };
                Self { kind, asked, revision: None }
            }
            Contents::Noise => Self { kind: Kind::Noise, asked: Vec::new(), revision: None },
        }
    }

    /// Whether it opens a subscription: a request that stays open for as long as both sides like.
    pub(super) fn is_listen(&self) -> bool {
        self.asked.iter().any(|question| question.method == "subscriptions/listen")
    }
}

fn kind_of(message: &Message<'_>) -> Kind {
    match message {
        Message::Request { method, .. } if method == "initialize" => Kind::Initialize,
        Message::Request { .. } => Kind::Request,
        Message::Notification { method, .. } if method == "notifications/initialized" => Kind::Initialized,
        Message::Notification { method, params } if method == "notifications/cancelled" => {
            let id = params.and_then(|params| member(params, "requestId"));
            id.map_or(Kind::Notification, |id| Kind::Cancel(id.to_owned()))
        }
        Message::Notification { .. } => Kind::Notification,
        Message::Result { .. } | Message::Error { .. } => Kind::Answer,
    }
}

fn question(message: &Message<'_>) -> Option<Question> {
    match message {
        Message::Request { id, method, .. } => {
            Some(Question { id: (*id).to_owned(), method: method.clone().into_owned() })
        }
        Message::Notification { .. } | Message::Result { .. } | Message::Error { .. } => None,
    }
}

fn revision_of(message: &Message<'_>) -> Option<String> {
    let (Message::Request { params, .. } | Message::Notification { params, .. }) = message else {
        return None;
    };
    let named = member(member((*params)?, "_meta")?, REVISION_MEMBER)?;
    string_value(named).map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(line: &str) -> Kind {
        Said::read(line.as_bytes()).kind
    }

    #[test]
    fn a_line_is_known_by_its_method() {
        assert_eq!(kind(r#"{"id":0,"method":"initialize"}"#), Kind::Initialize);
        assert_eq!(kind(r#"{"method":"notifications/initialized"}"#), Kind::Initialized);
        assert_eq!(kind(r#"{"id":"a","method":"tools/call"}"#), Kind::Request);
        assert_eq!(
            kind(r#"{"method":"notifications/cancelled","params":{"requestId":1.0}}"#),
            Kind::Cancel("1.0".to_owned())
        );
        assert_eq!(kind(r#"{"method":"notifications/progress"}"#), Kind::Notification);
        assert_eq!(kind(r#"{"id":1,"result":{}}"#), Kind::Answer);
        assert_eq!(kind("hello"), Kind::Noise);
    }

    #[test]
    fn a_batch_asks_for_all_its_requests() {
        let said = Said::read(br#"[{"id":1,"method":"a"},{"method":"n"},{"id":"1","method":"b"}]"#);
        let ids: Vec<_> = said.asked.iter().map(|question| &*question.id).collect();
        assert_eq!((said.kind, ids), (Kind::Request, vec!["1", "\"1\""]));
        assert_eq!(kind(r#"[{"method":"n"},{"id":1,"result":{}}]"#), Kind::Notification);
    }

    #[test]
    fn the_revision_is_that_of_the_request_itself() {
        let modern = r#"{"id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
        assert_eq!(Said::read(modern.as_bytes()).revision.as_deref(), Some("2026-07-28"));
        let legacy = r#"{"id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#;
        assert_eq!(Said::read(legacy.as_bytes()).revision, None);
    }
}
