//! Reads what the server sends: an event stream, event by event, or a body at once, and hands the messages on.

use std::time::{Duration, Instant};

use super::client::reason;
use super::event::{Fields, one_line};
use super::journal::Entry;
use super::link::Link;
use super::live::Asked;
use super::writer::Gone;
use crate::wire::sse::SseSplitter;
use crate::wire::{Contents, Message, contents, member, string_value};

/// The longest body that is one message, and the longest event: four times what SDKs read.
pub(super) const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How an event stream ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// In order.
    Closed,
    /// In the middle, for this reason.
    Broken(String),
    /// An event is longer than any client reads.
    TooLong,
}

/// Where a stream can be taken up again.
#[derive(Clone, Debug, Default)]
pub(super) struct Cursor {
    /// Behind this event.
    pub(super) last: Option<String>,
    /// Not sooner than so.
    pub(super) retry: Option<Duration>,
    /// Whether anything came since it was last looked at.
    pub(super) has_news: bool,
}

/// An event, kept until it has been written.
struct Event {
    raw: Vec<u8>,
    data: Option<Vec<u8>>,
    is_complete: bool,
}

impl Link {
    /// Hands on the messages of an event stream until it ends. `asked` is what it may answer.
    pub(super) async fn read_stream(
        &self,
        mut body: reqwest::Response,
        entry: &Entry<'_>,
        asked: &mut Option<Asked>,
        cursor: &mut Cursor,
    ) -> Result<End, Gone> {
        let (mut splitter, mut events) = (SseSplitter::up_to(BODY_BYTES_MAX), Vec::new());
        loop {
            let chunk = match body.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => return Ok(End::Closed),
                Err(error) => return Ok(End::Broken(reason(&error))),
            };
            let woke = Instant::now();
            splitter.feed(&chunk, |event| {
                let data = event.data.map(std::borrow::Cow::into_owned);
                events.push(Event { raw: event.raw.to_vec(), data, is_complete: event.is_complete });
            });
            for event in events.drain(..) {
                if !event.is_complete {
                    return Ok(End::TooLong);
                }
                self.event(&event, woke, entry, asked, cursor).await?;
            }
            if asked.as_ref().is_some_and(|asked| asked.is_ours && asked.left().is_empty()) {
                return Ok(End::Closed);
            }
        }
    }

    async fn event(
        &self,
        event: &Event,
        woke: Instant,
        entry: &Entry<'_>,
        asked: &mut Option<Asked>,
        cursor: &mut Cursor,
    ) -> Result<(), Gone> {
        let fields = Fields::read(&event.raw);
        if let Some(id) = fields.id {
            cursor.last = Some(id.to_owned()).filter(|id| !id.is_empty());
        }
        cursor.retry = fields.retry.or(cursor.retry);
        cursor.has_news = true;
        // An event without data only says where to go on.
        let data = event.data.as_deref().filter(|data| !data.is_empty() && fields.is_message());
        if let Some(data) = data {
            self.hand_on(data, asked, entry).await?;
        }
        entry.event(woke, &event.raw);
        Ok(())
    }

    /// Hands a message on to the client, and learns from it.
    pub(super) async fn hand_on(
        &self,
        json: &[u8],
        asked: &mut Option<Asked>,
        entry: &Entry<'_>,
    ) -> Result<(), Gone> {
        let line = one_line(json);
        let mut answers_us = false;
        if let Some(asked) = asked {
            let messages = match contents(&line) {
                Contents::One(message) => vec![message],
                Contents::Batch(messages) => messages,
                Contents::Noise => Vec::new(),
            };
            for message in &messages {
                answers_us |= self.answers(message, asked) && asked.is_ours;
            }
        }
        if !answers_us {
            self.to_client(line, entry).await?;
        }
        if let Some(asked) = asked {
            asked.written();
        }
        Ok(())
    }

    /// Whether a message answers what was asked.
    fn answers(&self, message: &Message<'_>, asked: &mut Asked) -> bool {
        match message {
            Message::Result { id, result } => {
                let Some(question) = asked.answer(Some(id)) else { return false };
                match &*question.method {
                    "initialize" => {
                        if let Some(revision) = member(result, "protocolVersion").and_then(string_value) {
                            self.handshake.agree(&revision);
                            asked.is_agreed = true;
                        }
                    }
                    "tools/list" => self.mirror().learn(result),
                    _ => {}
                }
                true
            }
            Message::Error { id, .. } => asked.answer(*id).is_some(),
            Message::Request { .. } | Message::Notification { .. } => false,
        }
    }
}

/// The whole body. `Err` says why it cannot be had.
pub(super) async fn whole(mut body: reqwest::Response, max_bytes: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = body.chunk().await.map_err(|error| reason(&error))? {
        if bytes.len() + chunk.len() > max_bytes {
            return Err(format!("the answer is longer than {} MiB", max_bytes / (1024 * 1024)));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The beginning of a body, for people.
pub(super) async fn beginning(body: &mut reqwest::Response, max_bytes: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = body.chunk().await {
        let room = max_bytes - bytes.len();
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if bytes.len() == max_bytes {
            break;
        }
    }
    bytes
}
