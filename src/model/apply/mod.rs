//! Events in, state changed: the step from facts to what they mean.
//!
//! Knows nothing of where events come from; `Session` answers the questions.

mod answers;
mod assembly;
mod books;
mod clients;
mod exchanges;
mod notices;
mod pairing;
mod requests;
mod rulings;
mod settle;
mod tasks;

use std::collections::{BTreeSet, HashMap};

use super::http::Stall;
use super::read;
use super::{End, Half, LogKind, OperationId, Phase, RowKey, Samples, Session};
use crate::trace::{Event, ExchangeId, Exit, Fact, Micros, Nanos, Payload, Place};
use crate::wire::{Contents, Direction, Message, Peer, contents};
use answers::Answer;
use assembly::Assembly;

pub(super) use pairing::Key;

/// How many bytes of a name, a message or a version are kept.
const TEXT_MAX: usize = 1_024;

/// What has to be remembered between events to understand later ones.
#[derive(Debug, Default)]
pub(super) struct Following {
    pairing: pairing::Pairing,
    awaiting: requests::Awaiting,
    tasks: tasks::Tasks,
    /// Progress tokens in use, by the peer that asked for progress.
    progress: HashMap<Key, OperationId>,
    /// Requests by the HTTP exchange in which they were asked.
    asked: exchanges::Asked,
    /// The client that a modern request named last, and in which words.
    named: clients::Named,
    /// Every pending operation.
    pub(super) pending: BTreeSet<OperationId>,
    /// Rows by their keys.
    pub(super) rows: HashMap<RowKey, u32>,
    assembly: HashMap<(Direction, Option<ExchangeId>), Assembly>,
    /// Whether a listen stream was ever opened: while none was, notifications need no second look.
    listening: bool,
}

impl Following {
    /// Which row is whose, and nothing of what is under way.
    pub(super) fn abridged(&self) -> Self {
        Self { rows: self.rows.clone(), ..Self::default() }
    }

    /// Every operation that an event may lead to, some of them several times.
    pub(super) fn operations(&self) -> impl Iterator<Item = OperationId> {
        let requests = self.pairing.operations().chain(self.awaiting.operations());
        let others = self.tasks.operations().chain(self.progress.values().copied());
        requests.chain(others).chain(self.pending.iter().copied())
    }
}

/// A message on its way: who sent it, and what its exchange will remember of it.
#[derive(Clone, Copy, Debug)]
struct Passing {
    from: Peer,
    exchange: Option<ExchangeId>,
    half: Half,
}

/// A frame, or its last piece.
struct Frame<'a> {
    at: Micros,
    to: Direction,
    own: Nanos,
    payload: &'a Payload<'a>,
    parts: u32,
    exchange: Option<ExchangeId>,
    place: Place,
}

impl Session {
    /// Takes the next event of the recording; `place` says where it stands in it.
    pub fn apply(&mut self, event: &Event<'_>, place: Place) {
        let at = event.at;
        self.last_event = self.last_event.max(at);
        match &event.fact {
            Fact::Message { to, own, payload, parts, exchange } => {
                let (to, own, parts, exchange) = (*to, *own, *parts, *exchange);
                self.on_frame(&Frame { at, to, own, payload, parts, exchange, place });
            }
            Fact::Part { to, payload, exchange } => {
                self.following.assembly.entry((*to, *exchange)).or_default().part(payload);
            }
            Fact::HttpRequest {
                exchange, connection, method, target, session, revision, resumes, ..
            } => {
                let head = exchanges::RequestHead {
                    exchange: *exchange,
                    connection: *connection,
                    method: read::cut(method, TEXT_MAX),
                    target: read::cut(target, TEXT_MAX),
                    session: session.as_deref(),
                    revision: revision.as_deref(),
                    resumes: *resumes,
                };
                self.on_http_request(at, &head);
            }
            Fact::HttpResponse { exchange, status, media, session, .. } => {
                self.on_http_response(at, *exchange, *status, media, session.as_deref());
            }
            Fact::HttpEvent { exchange, .. } => self.http.count_event(*exchange),
            Fact::HttpStall { gap_us, is_removed, .. } => {
                self.http.stall = Some(Stall { at, gap_us: *gap_us, is_removed: *is_removed });
            }
            Fact::HttpEnd { exchange, how } => {
                self.following.assembly.retain(|(_, of), _| *of != Some(*exchange));
                self.on_http_end(at, *exchange, *how);
            }
            Fact::PoolTaken { session, how, waited_us, pool } => {
                self.on_taken(at, session, *how, *waited_us, *pool);
            }
            Fact::PoolReturned { how, pool } => self.pool_at(at).returned(at, *how, *pool),
            Fact::Ruled(ruling) => self.on_ruling(at, place, ruling),
            Fact::Rules { text, source } => {
                let source = read::cut(source, TEXT_MAX);
                self.rules.texts.put(at, text, source);
                self.log.push(at, place, LogKind::Rules, source.as_bytes());
            }
            Fact::RulesRefused { source, why } => {
                let (source, why) = (read::cut(source, TEXT_MAX), read::cut(why, TEXT_MAX));
                self.rules.texts.refuse(at, source, why);
                self.log.push(at, place, LogKind::RulesRefused, why.as_bytes());
            }
            Fact::SessionEnded { session, why } => self.on_session_end(at, session, *why),
            Fact::Started { pid } => {
                self.started = Some(at);
                self.pid = *pid;
            }
            Fact::Stderr { payload } => self.stderr.push(at, place, LogKind::Stderr, &payload.text),
            Fact::Closed { by } => {
                self.closed[by.sends().index()].get_or_insert(at);
                self.log.push(at, place, LogKind::Closed { by: *by }, b"");
            }
            Fact::Dropped { to, messages, bytes } => {
                self.dropped_messages += messages;
                self.dropped_bytes += bytes;
                self.following.assembly.retain(|(towards, _), _| towards != to);
                self.log.push(
                    at,
                    place,
                    LogKind::Dropped { to: *to, messages: *messages, bytes: *bytes },
                    b"",
                );
                self.on_lost(*to);
            }
            Fact::Sample { rss_bytes, cpu_us } => {
                self.samples = Some(Samples::next(self.samples, at, *rss_bytes, *cpu_us));
            }
            Fact::Note { text } => self.log.push(at, place, LogKind::Note, text.as_bytes()),
            Fact::Stopped { why } => {
                self.stopped = Some((at, Box::from(read::cut(why, TEXT_MAX))));
                self.log.push(at, place, LogKind::Stopped, why.as_bytes());
                self.doubt(|_| true);
            }
            Fact::Ended { exit, why } => self.on_end(at, Some(*exit), why),
            Fact::Unknown { kind } => self.log.push(at, place, LogKind::UnknownEvent, kind.as_bytes()),
        }
    }

    /// The reader says: the recording has no further events and nobody writes to it. What is open stays unanswered.
    pub fn end_of_recording(&mut self) {
        if self.end.is_none() {
            let why =
                if self.stopped.is_some() { "the recording was stopped" } else { "the recording breaks off" };
            self.on_end(self.last_event, None, why);
        }
        // Even if a damaged recording goes on after its end.
        self.abandon_all(self.last_event);
    }

    fn on_end(&mut self, at: Micros, exit: Option<Exit>, why: &str) {
        self.end = Some(End { at, exit, why: Box::from(read::cut(why, TEXT_MAX)) });
        self.abandon_all(at);
    }

    fn on_frame(&mut self, frame: &Frame<'_>) {
        let Frame { at, to, own, payload, parts, exchange, place } = *frame;
        let assembly = if parts > 0 { self.following.assembly.remove(&(to, exchange)) } else { None };
        let whole = assembly.unwrap_or_default().finish(payload, parts);
        self.frames += 1;
        self.bytes[to.index()] += whole.bytes;
        self.own_ns[to.index()].record(u64::from(own.0));
        self.own_all_ns.record(u64::from(own.0));
        let bytes = u32::try_from(whole.bytes).unwrap_or(u32::MAX);
        let half = Half {
            at,
            place,
            own,
            bytes,
            index: 0,
            exchange_number: exchange.map_or(0, |exchange| exchange.0),
            in_parts: parts > 0,
            by_rule: false,
        };
        let passing = Passing { from: to.sender(), exchange, half };
        if let (Some(id), Direction::ToClient) = (exchange, to) {
            self.note_first_message(id, at);
        }
        let Some(text) = whole.text else {
            self.note(passing, LogKind::TooLong { from: passing.from }, &payload.text);
            return self.on_lost(to);
        };
        match contents(&text) {
            Contents::One(message) => self.on_message(&message, passing),
            Contents::Batch(messages) => self.on_batch(&messages, &text, passing),
            Contents::Noise => {
                self.noise += 1;
                self.note(passing, LogKind::Noise { from: passing.from }, &text);
            }
        }
    }

    fn on_batch(&mut self, messages: &[Message<'_>], text: &[u8], passing: Passing) {
        // The lengths of the members are those of their own texts; they share the frame's place and time.
        let texts = std::str::from_utf8(text).ok().and_then(read::elements).unwrap_or_default();
        for (index, message) in messages.iter().enumerate() {
            let bytes = texts.get(index).map_or(0, |text| text.len());
            let half = Half {
                index: u16::try_from(index).unwrap_or(u16::MAX),
                bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
                ..passing.half
            };
            self.on_message(message, Passing { half, ..passing });
        }
    }

    fn on_message(&mut self, message: &Message<'_>, passing: Passing) {
        match message {
            Message::Request { id, method, params } => self.on_request(id, method, *params, passing),
            Message::Notification { method, params } => self.on_notification(method, *params, passing),
            Message::Result { id, result } => self.on_answer(Some(id), Answer::Result(result), passing),
            Message::Error { id, error } => self.on_answer(*id, Answer::Error(error), passing),
        }
    }

    fn note(&mut self, passing: Passing, kind: LogKind, text: &[u8]) {
        self.log.push(passing.half.at, passing.half.place, kind, text);
    }

    /// Messages that travelled in this direction were not observed: what waits for one may have got it.
    fn on_lost(&mut self, to: Direction) {
        self.doubt(|operation| match operation.phase() {
            Phase::Answer | Phase::Task => operation.from.sends() != to,
            Phase::Input => operation.from.sends() == to,
            Phase::Listening => false,
        });
    }
}

/// The peer at the other end.
fn other(peer: Peer) -> Peer {
    peer.sends().opposite().sender()
}

impl Samples {
    fn next(before: Option<Self>, at: Micros, rss_bytes: u64, cpu_us: u64) -> Self {
        let cpu_permille = before.and_then(|before| {
            let used = cpu_us.saturating_sub(before.cpu_us).saturating_mul(1_000);
            used.checked_div((at - before.at).0).map(|permille| u32::try_from(permille).unwrap_or(u32::MAX))
        });
        let rss_bytes_max = before.map_or(0, |before| before.rss_bytes_max).max(rss_bytes);
        Self { at, rss_bytes, rss_bytes_max, cpu_us, cpu_permille }
    }
}
