//! A session that the server has forgotten, opened again with the client's own words.

use bytes::Bytes;
use http::StatusCode;

use super::EVENT_STREAM;
use super::event::one_line;
use super::journal::Entry;
use super::link::{Link, SESSION};
use super::live::Live;
use super::reply::{ERROR_BYTES_MAX, Reply};
use super::said::Said;
use super::stream::{Cursor, whole};
use super::way::{Answer, Request};
use crate::trace::HttpEnd;
use crate::wire::{Contents, Message, contents, member, string_value};

impl Link {
    /// Whether the server does not know the session any more: 404 by the specification, and 400 with an error that names the
    /// session by the template that many servers are made from.
    pub(super) async fn has_lost_session(&self, answer: &mut Answer) -> bool {
        match answer.status {
            StatusCode::NOT_FOUND => true,
            StatusCode::BAD_REQUEST => says_no_session(answer.read(ERROR_BYTES_MAX).await),
            _ => false,
        }
    }

    /// Opens a new session in place of the one that `request` named and the server has forgotten.
    pub(super) async fn renew(&self, request: &Request) -> Result<(), Reply> {
        let _only_one = self.handshake.renewing.lock().await;
        if self.handshake.now().generation != request.now.generation {
            return Ok(());
        }
        let Some((initialize, initialized)) = self.handshake.lines() else {
            return Err(Reply::cut_off(&self.way.shown, "it has forgotten the session"));
        };
        self.journal
            .note("the server has forgotten the session: a new one is opened with the client's own words");
        let said = Said::read(&initialize);
        let opening = self.post(&said, &initialize);
        let mut entry = self.journal.begin("POST", opening.names());
        let answer = self.send(&opening).await?;
        entry.response(answer.status.as_u16(), &answer.media, answer.session.as_deref());
        entry.ends(HttpEnd::Complete);
        let session = answer.session.clone();
        self.read_opening(&said, answer, &entry).await?;
        drop(entry);
        if let Some(line) = initialized {
            self.say_opened(&line, session.as_deref()).await?;
        }
        self.handshake.name(session.as_deref());
        self.handshake.renewed();
        Ok(())
    }

    /// Reads what the server says to `initialize`; only the answer itself is not for the client, which has one.
    async fn read_opening(&self, said: &Said, answer: Answer, entry: &Entry<'_>) -> Result<(), Reply> {
        if !answer.status.is_success() {
            let (status, location) = (answer.status.as_u16(), answer.location.clone());
            let body = answer.into_beginning(ERROR_BYTES_MAX).await;
            return Err(Reply::of_status(status, &self.way.shown, said, &body, location.as_deref()));
        }
        let mut asked = Some(Live::ours(said));
        let gone = |_| Reply::cut_off(&self.way.shown, "nobody reads");
        if answer.media == EVENT_STREAM {
            let quiet = self.read_stream(answer.body, entry, &mut asked, &mut Cursor::default()).await;
            quiet.map_err(gone)?;
        } else {
            let body = whole(answer.body, ERROR_BYTES_MAX).await;
            let body = body.map_err(|why| Reply::cut_off(&self.way.shown, &why))?;
            self.hand_on(&one_line(&body), &mut asked, entry).await.map_err(gone)?;
        }
        let is_open = asked.is_some_and(|asked| asked.is_agreed);
        if is_open {
            Ok(())
        } else {
            Err(Reply::cut_off(&self.way.shown, "it refuses to open a new session"))
        }
    }

    async fn say_opened(&self, line: &Bytes, session: Option<&str>) -> Result<(), Reply> {
        let mut request = self.post(&Said::read(line), line);
        request.fields.remove(SESSION);
        request.now.session = None;
        if let Some(session) = session {
            request.name_session(session);
        }
        let mut entry = self.journal.begin("POST", request.names());
        let answer = self.send(&request).await?;
        entry.response(answer.status.as_u16(), &answer.media, None);
        entry.ends(HttpEnd::Complete);
        Ok(())
    }
}

/// Whether an error speaks of the session that the request named.
fn says_no_session(body: &[u8]) -> bool {
    match contents(&one_line(body)) {
        Contents::One(Message::Error { error, .. }) => {
            let words = member(error, "message").and_then(string_value).unwrap_or_default();
            words.to_ascii_lowercase().contains("session")
        }
        Contents::One(_) | Contents::Batch(_) | Contents::Noise => false,
    }
}
