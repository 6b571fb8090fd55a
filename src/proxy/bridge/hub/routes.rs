//! Where what the server says goes: to whoever asked, or to whoever listens.

use std::sync::{Arc, Weak};
use std::time::Instant;

use bytes::Bytes;

use super::{Audience, Hub, State};
use crate::proxy::bridge::stream::Stream;
use crate::proxy::clock::nanos;
use crate::proxy::http::gear::{Piece, code, error_text};
use crate::proxy::session::Observer;
use crate::tap;
use crate::wire::{Contents, Direction, Edit, Message, contents, member, messages, same_id};

impl Hub {
    /// Takes a line of the process.
    pub(super) async fn take(&self, line: &Bytes, woke: Instant) {
        let whole = std::str::from_utf8(line).unwrap_or_default();
        for text in messages(whole) {
            let piece = Piece { bytes: line.slice_ref(text.as_bytes()), woke };
            let Some(stream) = self.route(text, piece) else { continue };
            match self.audience() {
                // The one client there is holds up nobody but itself.
                Audience::Session | Audience::Asker => stream.room().await,
                Audience::Nobody => {
                    if stream.is_crowded() {
                        // Whoever reads gets a turn.
                        tokio::task::yield_now().await;
                    }
                    if stream.is_left_behind() {
                        stream.cut();
                    }
                }
            }
        }
    }

    /// Says a message on the stream that it belongs to.
    fn route(&self, text: &str, piece: Piece) -> Option<Arc<Stream>> {
        match contents(text.as_bytes()) {
            Contents::One(Message::Result { id, result }) => self.answer(text, piece, id, Some(result)),
            Contents::One(Message::Error { id: Some(id), .. }) => self.answer(text, piece, id, None),
            Contents::One(Message::Error { id: None, .. }) => match self.only_asked() {
                Some(asked) => self.answer(text, piece, &asked, None),
                None => self.unasked(piece),
            },
            Contents::One(Message::Notification { method, params }) => {
                self.notify(text, piece, &method, params.unwrap_or_default())
            }
            Contents::One(Message::Request { id, method, .. }) => match self.audience() {
                Audience::Session => self.unasked(piece),
                Audience::Asker | Audience::Nobody => {
                    self.answer_for_nobody(id, &method);
                    None
                }
            },
            Contents::Batch(_) | Contents::Noise => {
                self.unheard(&piece);
                None
            }
        }
    }

    fn answer(&self, text: &str, piece: Piece, id: &str, result: Option<&str>) -> Option<Arc<Stream>> {
        let mut state = self.lock();
        let known =
            state.flights.contains_key(id).then(|| Box::from(id)).or_else(|| state.spelt_otherwise(id));
        let Some(flight) = known.and_then(|known| state.flights.remove(&known)) else {
            drop(state);
            // Whoever asked has left.
            self.unheard(&piece);
            return None;
        };
        state.forget(&flight);
        drop(state);
        let piece = match self.audience() {
            Audience::Session | Audience::Asker => piece,
            Audience::Nobody => {
                let mut edit = Edit::of(text);
                edit.replace(id, &*flight.id);
                if let Some(named) = result.and_then(|result| member(result, "_meta")).and_then(subscription)
                {
                    edit.replace(named, &*flight.id);
                }
                Piece { bytes: edit.finish().into(), ..piece }
            }
        };
        flight.stream.answer(piece);
        Some(flight.stream)
    }

    /// A notification of the server.
    fn notify(&self, text: &str, piece: Piece, method: &str, params: &str) -> Option<Arc<Stream>> {
        let state = self.lock();
        let mut edit = Edit::of(text);
        let about = if method == "notifications/progress" {
            let token = member(params, "progressToken");
            let flight = token.and_then(|token| state.flights.get(state.tokens.get(token)?));
            if let (Some(token), Some((_, original))) =
                (token, flight.and_then(|flight| flight.token.as_ref()))
            {
                edit.replace(token, &**original);
            }
            flight
        } else if let Some(named) = member(params, "_meta").and_then(subscription) {
            let flight = state.flights.get(named);
            edit.replace(named, flight.map_or(named, |flight| &flight.id));
            flight
        } else if state.audience != Audience::Session && method == "notifications/cancelled" {
            // How a subscription ends over stdio; over HTTP its stream just ends.
            let named = member(params, "requestId").map(Box::<str>::from);
            drop(state);
            return self.end_flight(&named?, &piece);
        } else {
            None
        };
        let stream = about.map(|flight| flight.stream.clone()).filter(|stream| !stream.answers_only);
        drop(state);
        let Some(stream) = stream else { return self.unasked(piece) };
        let piece = match self.audience() {
            Audience::Session | Audience::Asker => piece,
            Audience::Nobody => Piece { bytes: edit.finish().into(), ..piece },
        };
        stream.push(piece);
        Some(stream)
    }

    fn end_flight(&self, asked: &str, piece: &Piece) -> Option<Arc<Stream>> {
        let mut state = self.lock();
        let Some(flight) = state.flights.remove(asked) else {
            drop(state);
            self.unheard(piece);
            return None;
        };
        state.forget(&flight);
        flight.stream.close();
        None
    }

    /// Something for nobody in particular.
    fn unasked(&self, piece: Piece) -> Option<Arc<Stream>> {
        match self.audience() {
            Audience::Session => {
                let session = self.lock().members.iter().find_map(Weak::upgrade);
                return session?.hear(piece);
            }
            Audience::Asker => {
                let only = self.lock().flights.values().next().map(|flight| flight.stream.clone());
                if let Some(stream) = only.filter(|stream| !stream.answers_only) {
                    stream.push(piece);
                    return Some(stream);
                }
            }
            Audience::Nobody => {}
        }
        self.unheard(&piece);
        None
    }

    /// Nobody gets this: it is shown to the tap as something that travelled alone.
    fn unheard(&self, piece: &Piece) {
        let Observer { clock, tap: Some(tap), .. } = &self.observer else { return };
        let line = [&piece.bytes[..], b"\n"].concat();
        let stream = tap::Stream::Frames(Direction::ToClient);
        tap.see(stream, clock.at(piece.woke), nanos(piece.woke.elapsed()), &line);
    }

    /// A server that asks its client something, where there is no one client.
    fn answer_for_nobody(&self, id: &str, method: &str) {
        let answer = match method {
            "ping" => format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#),
            _ => error_text(code::NO_METHOD, "there are several clients, and none can be asked", Some(id)),
        };
        self.child.write_soon(answer.into());
    }

    fn only_asked(&self) -> Option<Box<str>> {
        let state = self.lock();
        let mut asked = state.flights.keys();
        let only = asked.next()?;
        asked.next().is_none().then(|| only.clone())
    }
}

impl State {
    /// Servers may write an id otherwise than they read it: `1` for `1.0`, `"A"` for `"\u0041"`.
    fn spelt_otherwise(&self, id: &str) -> Option<Box<str>> {
        let id = same_id(id);
        self.flights.keys().find(|known| same_id(known) == id).cloned()
    }
}

fn subscription(meta: &str) -> Option<&str> {
    member(meta, "io.modelcontextprotocol/subscriptionId")
}
