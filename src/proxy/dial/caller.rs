//! One conversation in which we are the client: questions with their answers, and what the server asks back.
//!
//! Knows the frame of JSON-RPC and nothing of MCP but what keeps a server from waiting for us.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use thiserror::Error;
use tokio::time::timeout;

use super::{Callee, DialError, Line};
use crate::proxy::session::Grace;
use crate::wire::{Contents, Message, contents, member, string_value};

/// How long the reason of a server that has closed its output is waited for.
const REASON_WAIT: Duration = Duration::from_secs(1);
/// Answers to requests that a client without a user gives.
const METHOD_NOT_FOUND: i64 = -32_601;

/// Why a question has no result.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AskError {
    /// The server says so.
    #[error("{}", refusal(.method, *.code, .message))]
    Refused {
        /// What was asked.
        method: String,
        /// JSON-RPC's code.
        code: i64,
        /// In the server's words.
        message: String,
    },
    /// There was no answer in time.
    #[error("no answer to {method} within {} s", .waited.as_secs_f64())]
    Silent {
        /// What was asked.
        method: String,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The conversation is over.
    #[error("{why} before it had answered {method}")]
    Gone {
        /// What was asked.
        method: String,
        /// How it ended.
        why: String,
    },
}

/// What stands in for a server that cannot be asked has codes above zero, and says it all.
fn refusal(method: &str, code: i64, message: &str) -> String {
    if code > 0 {
        message.to_owned()
    } else {
        format!("the server answered {method} with error {code}: {message}")
    }
}

/// What the server has said beside its answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Notifications that a list has changed.
    pub list_changes: u64,
    /// Lines that are no message.
    pub noise: u64,
}

/// A conversation with a server.
pub struct Caller {
    line: Line,
    asked: u64,
    heard: Heard,
    patience: Duration,
}

impl Caller {
    /// Opens the way to a server; nothing is said yet. Call inside a tokio runtime.
    ///
    /// # Errors
    /// If a command cannot be started, or there is no way to speak HTTP.
    pub fn dial(callee: Callee, grace: Grace) -> Result<Self, DialError> {
        let patience = grace.after_eof + grace.after_term * 2 + REASON_WAIT;
        Ok(Self { line: callee.open(grace)?, asked: 0, heard: Heard::default(), patience })
    }

    /// Asks, and waits for the answer: the JSON of `result`, as it travelled. `params` is JSON.
    ///
    /// # Errors
    /// If there is none.
    pub async fn ask(&mut self, method: &str, params: &str, patience: Duration) -> Result<String, AskError> {
        self.asked += 1;
        let id = self.asked;
        let question = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#);
        let answered = async {
            if self.line.to_server.send(question.into()).await.is_err() {
                return None;
            }
            self.answer_to(id).await
        };
        match timeout(patience, answered).await {
            Ok(Some(answer)) => answer.map_err(|(code, message)| AskError::Refused {
                method: method.to_owned(),
                code,
                message,
            }),
            Ok(None) => {
                let why = self.why_over().await;
                Err(AskError::Gone { method: method.to_owned(), why })
            }
            Err(_) => Err(AskError::Silent { method: method.to_owned(), waited: patience }),
        }
    }

    /// Tells the server something that has no answer.
    pub async fn tell(&mut self, method: &str) {
        // A server that is gone is seen with the next question.
        let note = format!(r#"{{"jsonrpc":"2.0","method":"{method}"}}"#);
        let _ = self.line.to_server.send(note.into()).await;
    }

    /// What the server has said so far beside its answers.
    #[must_use]
    pub fn heard(&self) -> Heard {
        self.heard
    }

    /// The end of what the server has said to people; empty for a URL.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.line.tail.text()
    }

    /// Closes our side and waits until nothing of the server is left.
    pub async fn end(self) {
        let Line { to_server, mut from_server, over, .. } = self.line;
        drop(to_server);
        let drain = async { while from_server.recv().await.is_some() {} };
        let over = async {
            if let Some(over) = over {
                let _ = over.await;
            }
        };
        let _ = timeout(self.patience, async { tokio::join!(drain, over) }).await;
    }

    async fn answer_to(&mut self, id: u64) -> Option<Result<String, (i64, String)>> {
        loop {
            let line = self.line.from_server.recv().await?;
            match contents(&line) {
                Contents::One(message) => {
                    if let Some(answer) = self.take(&message, id).await {
                        return Some(answer);
                    }
                }
                Contents::Batch(members) => {
                    let mut answer = None;
                    for message in members {
                        answer = self.take(&message, id).await.or(answer);
                    }
                    if answer.is_some() {
                        return answer;
                    }
                }
                Contents::Noise => self.heard.noise += u64::from(!line.trim_ascii().is_empty()),
            }
        }
    }

    /// Takes a message; `Some` if it is the answer to `wanted`.
    async fn take(&mut self, message: &Message<'_>, wanted: u64) -> Option<Result<String, (i64, String)>> {
        let is_wanted = |id: &str| id.parse() == Ok(wanted);
        match message {
            Message::Result { id, result } if is_wanted(id) => Some(Ok((*result).to_owned())),
            // One that could not read the question does not know its id.
            Message::Error { id, error } if id.is_none_or(|id| id == "null" || is_wanted(id)) => {
                let code = member(error, "code").and_then(|code| code.parse().ok()).unwrap_or_default();
                let text = member(error, "message").and_then(string_value).unwrap_or_default();
                Some(Err((code, text.into_owned())))
            }
            Message::Request { id, method, .. } => {
                let answer = reply(id, method);
                let _ = self.line.to_server.send(answer).await;
                None
            }
            Message::Notification { method, .. } => {
                self.heard.list_changes += u64::from(method.ends_with("/list_changed"));
                None
            }
            Message::Result { .. } | Message::Error { .. } => None,
        }
    }

    async fn why_over(&mut self) -> String {
        let closed = || "the server closed the connection".to_owned();
        let Some(over) = &mut self.line.over else { return closed() };
        match timeout(REASON_WAIT, over).await {
            Ok(ended) => {
                self.line.over = None;
                ended.unwrap_or_else(|_| closed())
            }
            Err(_) => closed(),
        }
    }
}

/// What we answer a server that asks us something: there is no user behind us, no model and no folder.
fn reply(id: &str, method: &str) -> Bytes {
    let result = match method {
        "ping" => Some(json!({})),
        "roots/list" => Some(json!({"roots": []})),
        "elicitation/create" => Some(json!({"action": "decline"})),
        _ => None,
    };
    let refusal = || {
        let error = json!({"code": METHOD_NOT_FOUND, "message": "nobody is here to answer that"});
        format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#)
    };
    let answer = |result| format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#);
    result.map_or_else(refusal, answer).into()
}
