//! Events in, calls out, each as soon as nothing more can be said of it.
//!
//! Knows nothing of files, nor of what the messages hold besides names and ids.

use std::collections::VecDeque;
use std::sync::Arc;

use super::http::Exchanges;
use super::open::{Key, Open};
use super::{Call, Fate, Followed, RuleUse, Side};
use crate::trace::{Event, ExchangeId, Fact, HttpEnd, Micros, Nanos, Outcome, Payload, Place, Ruling};
use crate::wire::{Contents, Direction, Message, Peer, contents, member, same_id, string_value};

/// Calls that are over and wait for what a rule may have made of their answers: rulings follow their messages closely.
const SETTLED_MAX: usize = 256;
/// How the ids of mcptop's own requests begin, as they are written.
const OWN_ID: &str = "\"mcptop-";
/// How much of a name is kept.
const NAME_BYTES_MAX: usize = 1_024;

/// Who is told of what has come to an end.
pub type See<'s> = &'s mut dyn FnMut(Followed);

/// Follows a session.
#[derive(Debug, Default)]
pub struct Follower {
    count: u64,
    open: Open,
    /// The last calls that came to an end, with the keys they had.
    settled: VecDeque<(Key, Call)>,
    exchanges: Exchanges,
    /// The revision that a session over stdio agreed on.
    revision: Option<Arc<str>>,
    now: Micros,
}

/// A message that passes.
#[derive(Clone, Copy)]
struct Passing {
    from: Peer,
    exchange: Option<ExchangeId>,
    side: Side,
}

impl Follower {
    /// Takes the next event, which stands at `place`.
    pub fn apply(&mut self, event: &Event<'_>, place: Place, see: See<'_>) {
        self.now = self.now.max(event.at);
        match &event.fact {
            Fact::Message { to, own, payload, exchange, .. } => {
                let side = Side {
                    at: event.at,
                    own: *own,
                    place,
                    index: None,
                    bytes: payload.len() as u64,
                    by_rule: false,
                };
                self.on_frame(Passing { from: to.sender(), exchange: *exchange, side }, payload, see);
            }
            Fact::HttpRequest { .. } | Fact::HttpResponse { .. } => {
                self.exchanges.head(event.at, &event.fact);
            }
            Fact::HttpEnd { exchange, how } => self.on_end(*exchange, *how, see),
            Fact::Ruled(ruling) => self.on_ruling(ruling, event.at, place, see),
            Fact::Dropped { .. } => self.open.all().for_each(|call| call.fate = Fate::Unknown),
            Fact::Ended { .. } => self.leave_open(see),
            _ => {}
        }
    }

    /// No more events come.
    pub fn finish(mut self, see: See<'_>) {
        self.leave_open(see);
        for (_, call) in std::mem::take(&mut self.settled) {
            see(Followed::Call(Box::new(call)));
        }
    }

    /// The time of the last event.
    #[must_use]
    pub fn now(&self) -> Micros {
        self.now
    }

    /// How many requests there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The revision that a session over stdio agreed on, as far as that is known.
    #[must_use]
    pub fn revision(&self) -> Option<&str> {
        self.revision.as_deref()
    }

    fn on_frame(&mut self, passing: Passing, payload: &Payload<'_>, see: See<'_>) {
        if let (Some(exchange), Peer::Client) = (passing.exchange, passing.from)
            && let Some(running) = self.exchanges.get(exchange)
        {
            running.sent.get_or_insert(passing.side);
        }
        match contents(&payload.text) {
            Contents::One(message) => self.on_message(&message, passing, see),
            Contents::Batch(messages) => {
                for (index, message) in messages.iter().enumerate() {
                    let side = Side { index: u16::try_from(index).ok(), ..passing.side };
                    self.on_message(message, Passing { side, ..passing }, see);
                }
            }
            Contents::Noise => {}
        }
    }

    fn on_message(&mut self, message: &Message<'_>, passing: Passing, see: See<'_>) {
        match message {
            Message::Request { id, method, params } => self.on_request(id, method, *params, passing, see),
            Message::Notification { method, params: Some(params) } if method == "notifications/cancelled" => {
                if let Some(id) = member(params, "requestId") {
                    let key = self.key_known(passing.from, id, passing.exchange);
                    self.settle(&key, None, Fate::Cancelled, see);
                }
            }
            Message::Notification { .. } => {}
            Message::Result { id, .. } | Message::Error { id: Some(id), .. } => {
                let key = self.key_known(other(passing.from), id, passing.exchange);
                self.on_answer(&key, message, passing.side, see);
            }
            Message::Error { id: None, .. } => {
                let Some(key) = self.only_asked(passing) else { return };
                self.on_answer(&key, message, passing.side, see);
            }
        }
    }

    fn on_request(&mut self, id: &str, method: &str, params: Option<&str>, passing: Passing, see: See<'_>) {
        if id.starts_with(OWN_ID) {
            return;
        }
        self.count += 1;
        let scope = self.exchanges.scopes(passing.exchange)[0].clone();
        let key = Key { from: passing.from, scope, id: same_id(id).into() };
        let name = if method.starts_with("resources/") { "uri" } else { "name" };
        let target = params.and_then(|params| string_value(member(params, name)?));
        let running = passing.exchange.and_then(|exchange| self.exchanges.get(exchange));
        let modern = params.and_then(|params| member(params, "_meta")).and_then(|meta| {
            Some(Arc::from(&*string_value(member(meta, "io.modelcontextprotocol/protocolVersion")?)?))
        });
        let named = running.as_ref().and_then(|running| running.revision.clone());
        let call = Call {
            number: self.count,
            from: passing.from,
            id: id.into(),
            method: method.into(),
            target: target.map(|target| Box::from(&target[..target.floor_char_boundary(NAME_BYTES_MAX)])),
            request: passing.side,
            answer: None,
            fate: Fate::Unanswered,
            ended: self.now,
            revision: named
                .or(modern)
                .or_else(|| self.revision.clone().filter(|_| passing.exchange.is_none())),
            http: running.as_ref().map(|running| running.facts.clone()),
            rule: None,
        };
        if let (Some(running), Peer::Client) = (running, passing.from) {
            running.ask(key.clone());
        }
        if let Some(mut too_old) = self.open.push(key, call) {
            (too_old.fate, too_old.ended) = (Fate::Unknown, self.now);
            see(Followed::Call(Box::new(too_old)));
        }
    }

    fn on_answer(&mut self, key: &Key, message: &Message<'_>, side: Side, see: See<'_>) {
        let fate = match message {
            Message::Result { result, .. } => {
                if self.open.newest(key).is_some_and(|call| &*call.method == "initialize") {
                    self.on_agreed(key, result);
                }
                of_result(result)
            }
            Message::Error { error, .. } => of_error(error),
            Message::Request { .. } | Message::Notification { .. } => return,
        };
        self.settle(key, Some(side), fate, see);
    }

    /// Both sides have agreed on a revision.
    fn on_agreed(&mut self, key: &Key, result: &str) {
        let Some(revision) = member(result, "protocolVersion").and_then(string_value) else { return };
        let revision: Arc<str> = Arc::from(&*revision);
        if let Some(call) = self.open.newest(key) {
            call.revision = Some(revision.clone());
        }
        self.revision = Some(revision);
    }

    /// A call is over; it is told when nothing more is to be expected of rules.
    fn settle(&mut self, key: &Key, answer: Option<Side>, fate: Fate, see: See<'_>) {
        let Some(mut call) = self.open.take(key) else { return };
        call.ended = answer.map_or(self.now, |answer| answer.forwarded());
        (call.answer, call.fate) = (answer, fate);
        let exchange = call.http.as_ref().map(|http| http.exchange);
        if let Some(running) = exchange.and_then(|exchange| self.exchanges.get(exchange)) {
            call.http = Some(running.facts.clone());
        }
        self.settled.push_back((key.clone(), call));
        if self.settled.len() > SETTLED_MAX
            && let Some((_, call)) = self.settled.pop_front()
        {
            see(Followed::Call(Box::new(call)));
        }
    }

    fn on_ruling(&mut self, ruling: &Ruling<'_>, at: Micros, place: Place, see: See<'_>) {
        let Some(id) = ruling.id.as_deref().filter(|id| !id.starts_with(OWN_ID)) else { return };
        let Some(mark) = ruling.marks.iter().find(|mark| mark.hit && !mark.observed) else { return };
        let answered = ruling.outcome == Outcome::Answered;
        let rule = RuleUse { rule: Box::from(&*mark.rule), by: Box::from(&*mark.by), answered };
        let sender = ruling.to.sender();
        let payload = ruling.payload.as_ref();
        let bytes = payload.map_or(0, |payload| payload.len() as u64);
        let side = Side { at, own: Nanos(0), place, index: None, bytes, by_rule: true };
        let as_request = self.key_known(sender, id, ruling.exchange);
        match (ruling.outcome, payload) {
            (Outcome::Answered, Some(payload)) => {
                let Some(call) = self.open.newest(&as_request) else { return };
                call.rule = Some(rule);
                if let Contents::One(message) = contents(&payload.text) {
                    self.on_answer(&as_request, &message, side, see);
                }
            }
            (Outcome::Changed, payload) => {
                let asker = other(sender);
                let answer = self.settled.iter_mut().rev().find(|(key, call)| {
                    key.from == asker
                        && *key.id == *same_id(id)
                        && call.answer.is_some()
                        && call.rule.as_ref().is_none_or(|rule| !rule.answered)
                });
                match (answer, payload) {
                    (Some((_, call)), Some(payload)) if is_towards(ruling.to, asker) => {
                        call.rule = Some(rule);
                        deliver(call, payload, side);
                    }
                    _ => {
                        if let Some(call) = self.open.newest(&as_request) {
                            call.rule = Some(rule);
                        }
                    }
                }
            }
            (Outcome::Held | Outcome::Released | Outcome::Passed | Outcome::Dropped | Outcome::Sent, _)
            | (Outcome::Answered, None) => {}
        }
    }

    fn on_end(&mut self, exchange: ExchangeId, how: HttpEnd, see: See<'_>) {
        let Some(running) = self.exchanges.end(exchange) else { return };
        if let Some(fate) = running.fate(how) {
            for key in running.asked() {
                if self
                    .open
                    .newest(key)
                    .is_some_and(|call| call.http.as_ref().is_some_and(|http| http.exchange == exchange))
                {
                    if let Some(call) = self.open.newest(key) {
                        call.http = Some(running.facts.clone());
                    }
                    self.settle(key, None, fate, see);
                }
            }
        }
        if !running.has_calls {
            see(Followed::Exchange(Box::new(running.told(self.now))));
        }
    }

    /// What has not been answered by now will not be.
    fn leave_open(&mut self, see: See<'_>) {
        while let Some(mut call) = self.open.oldest() {
            call.ended = self.now;
            see(Followed::Call(Box::new(call)));
        }
    }

    /// The key under which something is open that a message names by its id: in its session, else in its exchange.
    fn key_known(&self, from: Peer, id: &str, exchange: Option<ExchangeId>) -> Key {
        let [first, second] = self.exchanges.scopes(exchange);
        let key = Key { from, scope: first, id: same_id(id).into() };
        if key.scope == second || self.open.contains(&key) {
            return key;
        }
        let other = Key { scope: second, ..key.clone() };
        if self.open.contains(&other) { other } else { key }
    }

    /// The only open request of the exchange in which the server says that it could not read one.
    fn only_asked(&mut self, passing: Passing) -> Option<Key> {
        let exchange = passing.exchange.filter(|_| passing.from == Peer::Server)?;
        let asked = self.exchanges.get(exchange)?.asked().to_vec();
        let mut open = asked.into_iter().filter(|key| self.open.contains(key));
        let only = open.next()?;
        open.next().is_none().then_some(only)
    }
}

/// The call was given another answer than the one that came.
fn deliver(call: &mut Call, payload: &Payload<'_>, side: Side) {
    if let Contents::One(message) = contents(&payload.text) {
        call.fate = match message {
            Message::Result { result, .. } => of_result(result),
            Message::Error { error, .. } => of_error(error),
            Message::Request { .. } | Message::Notification { .. } => call.fate,
        };
    }
    // When it came, and what forwarding it took, is told by the message; the ruling says what it was.
    let (at, own) = call.answer.map_or((side.at, side.own), |answer| (answer.at, answer.own));
    call.answer = Some(Side { at, own, ..side });
}

fn is_towards(to: Direction, peer: Peer) -> bool {
    to.sender() != peer
}

fn of_result(result: &str) -> Fate {
    if member(result, "isError") == Some("true") { Fate::ToolError } else { Fate::Ok }
}

fn of_error(error: &str) -> Fate {
    Fate::Error { code: member(error, "code").and_then(|code| code.parse().ok()).unwrap_or(0) }
}

fn other(peer: Peer) -> Peer {
    match peer {
        Peer::Client => Peer::Server,
        Peer::Server => Peer::Client,
    }
}
