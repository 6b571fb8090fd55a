//! Carries one line of the client to the server, and what the server says to it back to the client.

use std::time::Instant;

use bytes::Bytes;

use super::journal::{Entry, Names};
use super::link::{LAST_EVENT, Link};
use super::live::Asked;
use super::reply::{ERROR_BYTES_MAX, Reply, cancelled, error_as_answer};
use super::said::{Kind, Said};
use super::stream::{BODY_BYTES_MAX, Cursor, End, whole};
use super::way::{Answer, Request};
use super::writer::Gone;
use super::{EVENT_STREAM, JSON};
use crate::trace::{ExchangeId, HttpEnd};

/// A line of the client, without its ending.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) text: Bytes,
    pub(super) said: Said,
    /// When its last byte was about to be read.
    pub(super) woke: Instant,
}

impl Request {
    pub(super) fn names(&self) -> Names<'_> {
        Names {
            session: self.now.session.as_deref(),
            revision: self.now.revision.as_deref(),
            resumes: self.fields.contains_key(LAST_EVENT),
        }
    }
}

impl Link {
    /// Carries a line, until everything it asked is answered or given up, or the client has taken it back.
    /// The recording knows of it already where it came in the exchange `told`.
    pub(super) async fn carry(&self, line: Line, mut asked: Asked, told: Option<ExchangeId>) {
        let request = self.post(&line.said, &line.text);
        let entry = if let Some(exchange) = told {
            self.journal.entry(exchange)
        } else {
            let entry = self.journal.begin("POST", request.names());
            entry.asked(line.woke, &line.text);
            entry
        };
        let taken_back = asked.taken_back();
        tokio::select! {
            // A client that is gone is seen by the writer as well.
            _ = self.exchange(&line, request.clone(), entry, asked) => {}
            // Dropping the exchange closes its connection, which is how the server learns of it.
            () = taken_back => {}
        }
        if let Some(exchange) = told {
            self.ruled.carried(&line.said, exchange);
        }
    }

    async fn exchange(
        &self,
        line: &Line,
        mut request: Request,
        mut entry: Entry<'_>,
        mut asked: Asked,
    ) -> Result<(), Gone> {
        let may_renew = request.now.session.is_some() && !line.said.kind.dies_with_its_session();
        let mut answer = match self.send(&request).await {
            Ok(answer) => answer,
            Err(reply) => {
                entry.ends(HttpEnd::Refused);
                return self.refuse(&reply, &entry, &mut asked).await;
            }
        };
        if may_renew && self.has_lost_session(&mut answer).await {
            let again = match self.renew(&request).await {
                Ok(()) => {
                    request = self.post(&line.said, &line.text);
                    self.send(&request).await
                }
                Err(reply) => Err(reply),
            };
            answer = match again {
                Ok(answer) => answer,
                Err(reply) => {
                    entry.response(answer.status.as_u16(), &answer.media, None);
                    entry.ends(HttpEnd::Complete);
                    return self.refuse(&reply, &entry, &mut asked).await;
                }
            };
        }
        let is_success = answer.status.is_success();
        if line.said.kind == Kind::Initialize && is_success {
            self.handshake.name(answer.session.as_deref());
        }
        entry.response(answer.status.as_u16(), &answer.media, answer.session.as_deref());
        if is_success && answer.media == EVENT_STREAM {
            self.follow(line, answer, entry, asked).await
        } else if is_success {
            self.take(answer, entry, asked).await
        } else {
            self.fail(line, answer, entry, asked).await
        }
    }

    /// A body at once: an answer, or nothing where nothing was asked.
    async fn take(&self, answer: Answer, mut entry: Entry<'_>, asked: Asked) -> Result<(), Gone> {
        let (status, media, woke) = (answer.status.as_u16(), answer.media.clone(), Instant::now());
        if asked.left().is_empty() || media != JSON {
            let body = answer.into_beginning(ERROR_BYTES_MAX).await;
            entry.body(woke, &body);
            entry.ends(HttpEnd::Complete);
            let reply = Reply::no_answer(&self.way.shown, status, &media, &body);
            return self.refuse(&reply, &entry, &mut { asked }).await;
        }
        match whole(answer.body, BODY_BYTES_MAX).await {
            Ok(body) => {
                let woke = Instant::now();
                let mut asked = Some(asked);
                self.hand_on(&body, &mut asked, &entry).await?;
                entry.body(woke, &body);
                entry.ends(HttpEnd::Complete);
                let reply = Reply::no_answer(&self.way.shown, status, &media, &body);
                match &mut asked {
                    Some(asked) => self.refuse(&reply, &entry, asked).await,
                    None => Ok(()),
                }
            }
            Err(why) => {
                entry.ends(HttpEnd::ServerLeft);
                self.refuse(&Reply::cut_off(&self.way.shown, &why), &entry, &mut { asked }).await
            }
        }
    }

    /// A status that is no success.
    async fn fail(
        &self,
        line: &Line,
        answer: Answer,
        mut entry: Entry<'_>,
        mut asked: Asked,
    ) -> Result<(), Gone> {
        let (status, location) = (answer.status.as_u16(), answer.location.clone());
        let body = answer.into_beginning(ERROR_BYTES_MAX).await;
        let woke = Instant::now();
        if let Some(error) = error_as_answer(&body, &line.said) {
            let mut ours = Some(asked);
            self.hand_on(&error, &mut ours, &entry).await?;
            let Some(back) = ours else { return Ok(()) };
            asked = back;
        }
        entry.body(woke, &body);
        entry.ends(HttpEnd::Complete);
        let reply = Reply::of_status(status, &self.way.shown, &line.said, &body, location.as_deref());
        for question in asked.give_up() {
            let line = reply.line(&question.id);
            self.to_client(line.clone(), &entry).await?;
            // A status that says it all is what the recording shows.
            if status < 400 {
                entry.answered(&line);
            }
        }
        Ok(())
    }

    /// An event stream, to its end, and on where it broke off if the server lets us.
    async fn follow(
        &self,
        line: &Line,
        answer: Answer,
        mut entry: Entry<'_>,
        asked: Asked,
    ) -> Result<(), Gone> {
        let (mut cursor, mut asked) = (Cursor::default(), Some(asked));
        let end = self.read_stream(answer.body, &entry, &mut asked, &mut cursor).await?;
        entry.ends(end.how());
        let Some(mut asked) = asked else { return Ok(()) };
        if asked.left().is_empty() || !asked.is_wanted() {
            return Ok(());
        }
        let is_modern = line.said.revision.is_some();
        if !is_modern && cursor.last.is_some() && end != End::TooLong {
            return self.resume(entry, asked, cursor, &end).await;
        }
        if is_modern && line.said.is_listen() && cursor.has_news {
            // The subscription had begun: its end is no answer but a message (specification of 2026-07-28).
            for question in asked.give_up() {
                let line = cancelled(&question.id, &end.why());
                self.to_client(line.clone(), &entry).await?;
                entry.answered(&line);
            }
            return Ok(());
        }
        self.refuse(&Reply::cut_off(&self.way.shown, &end.why()), &entry, &mut asked).await
    }

    /// Answers in the server's stead what is still asked.
    pub(super) async fn refuse(
        &self,
        reply: &Reply,
        entry: &Entry<'_>,
        asked: &mut Asked,
    ) -> Result<(), Gone> {
        for question in asked.give_up() {
            let line = reply.line(&question.id);
            self.to_client(line.clone(), entry).await?;
            entry.answered(&line);
        }
        Ok(())
    }
}

impl End {
    /// How the exchange ended.
    pub(super) fn how(&self) -> HttpEnd {
        match self {
            Self::Closed => HttpEnd::Complete,
            Self::Broken(_) | Self::TooLong => HttpEnd::ServerLeft,
        }
    }

    /// The same for people.
    pub(super) fn why(&self) -> String {
        match self {
            Self::Closed => "its event stream ended without the answer".to_owned(),
            Self::Broken(why) => why.clone(),
            Self::TooLong => format!("an event is longer than {} MiB", BODY_BYTES_MAX / (1024 * 1024)),
        }
    }
}
