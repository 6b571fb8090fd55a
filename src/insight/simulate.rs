//! What a session would have been with other rules: the recorded events in, those of the session with the rules out.
//!
//! The gate is the one of the proxy; the server is played by the recording: what it answered then, it answers again as long
//! after the request as it took then. So what comes out is a recording like any other, and what the rules saved in it is
//! told by the same model that tells it of a live session.
//!
//! Memory does not grow with the session: so many requests wait for their answers (`ASKED_MAX`) and so many answers for their
//! time, exchanges are followed while they are open, and the gate is bounded as it is in the proxy.
//!
//! What a recording cannot tell: answers to calls that nobody made (`warm`), whether requests carried credentials
//! (`scope = "shared"` is taken at its word), what another instance had put into a second level.

mod answers;
mod lanes;

use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};

use answers::{Asked, Due, Key};
use lanes::{Course, Lanes};

use crate::rules::{Act, Caller, Gate, Lane, Output, Ruleset, Setting, Verdict};
use crate::trace::{Event, ExchangeId, Fact, HttpEnd, Micros, Nanos, Outcome, Payload, Ruling};
use crate::wire::{Contents, Direction, Message, contents, member};

/// How many outdated answers are told one by one; all are counted.
const STALE_MAX: usize = 1_000;
/// Requests that wait for their answers at once; of more, those that wait longest are taken for unanswered. As many answers
/// wait for their time; more come when they came.
const ASKED_MAX: usize = 65_536;
/// Steps in which what waits at the end is let go: far more than requests can wait, and a bound for a rule that never does.
const LAST_STEPS_MAX: usize = 1_000_000;

/// An answer that a rule gave and that was not what the server said to this request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// When it was asked for.
    pub at: Micros,
    /// The request's id, as it was written.
    pub id: Box<str>,
    /// The method.
    pub method: Box<str>,
    /// The tool; empty if it was no tool's call.
    pub tool: Box<str>,
    /// The rule that answered.
    pub rule: Box<str>,
    /// How old the answer was, in microseconds.
    pub age_us: u64,
}

/// A session being played again under rules.
pub struct Simulation<'s> {
    gate: Gate,
    /// The same rules without those that spare the server calls: what an answer would have become that was not asked for.
    plain: Gate,
    rules: String,
    see: Box<dyn FnMut(&Event<'_>) + 's>,
    now: Micros,
    asked: HashMap<Key, Asked>,
    /// Progress tokens of requests that the server never saw.
    unseen: HashSet<(Lane, Box<str>)>,
    lanes: Lanes,
    /// Answers that the server gives later than then.
    coming: BinaryHeap<Due>,
    count: u64,
    begun: bool,
    found: Found,
}

/// What a simulation found besides the events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Answers out of a cache that were not what the server said then; the first thousand.
    pub stale: Vec<Stale>,
    /// How many they are in all.
    pub stale_count: u64,
    /// How many answers out of a cache could be compared with what the server said.
    pub compared: u64,
    /// The same two numbers by rule.
    pub rules: BTreeMap<Box<str>, Freshness>,
}

/// How the answers of a rule's cache compare with what the server said then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Freshness {
    /// Answers that could be compared.
    pub compared: u64,
    /// Those that were outdated.
    pub stale: u64,
    /// How old the oldest of those was, in microseconds.
    pub stale_age_us_max: u64,
}

impl<'s> Simulation<'s> {
    /// Of a session with a server of this label under `rules`, whose text is `text`. Every event of the session with the
    /// rules is shown to `see`, in order. `stopwatch` is a monotonic clock in nanoseconds for the rules' own cost.
    #[must_use]
    pub fn new(
        label: &str,
        rules: &Ruleset,
        text: &str,
        stopwatch: fn() -> u64,
        see: impl FnMut(&Event<'_>) + 's,
    ) -> Self {
        let setting = Setting {
            server: label.to_owned(),
            identity: 0,
            spill: std::path::PathBuf::from("spilled"),
            stopwatch,
            seed: 0,
        };
        Self {
            gate: Gate::new(setting.clone(), rules),
            plain: Gate::new(setting, &answers::without_sparing(rules)),
            rules: text.to_owned(),
            see: Box::new(see),
            now: Micros(0),
            asked: HashMap::new(),
            unseen: HashSet::new(),
            lanes: Lanes::default(),
            coming: BinaryHeap::new(),
            count: 0,
            begun: false,
            found: Found::default(),
        }
    }

    /// Takes the next event of the recording.
    pub fn apply(&mut self, event: &Event<'_>) {
        if !std::mem::replace(&mut self.begun, true) {
            let fact = Fact::Rules { text: self.rules.clone().into(), source: "simulated".into() };
            self.emit(event.at, fact);
        }
        self.until(event.at);
        self.now = self.now.max(event.at);
        match &event.fact {
            Fact::Message { to: Direction::ToServer, own, payload, exchange, .. } => {
                self.request(*own, payload, *exchange);
            }
            Fact::Message { to: Direction::ToClient, own, payload, exchange, .. } => {
                self.answer(*own, payload, *exchange);
            }
            Fact::Ruled(ruling) => self.ruled(ruling),
            Fact::Rules { .. } | Fact::RulesRefused { .. } => {}
            Fact::HttpRequest { exchange, session, .. } => {
                let session = session.as_deref().unwrap_or_default().into();
                let caller = Caller { session, credentials: None };
                let lane = lane(Some(*exchange));
                self.lanes.open(lane);
                self.gate.open(lane, caller.clone());
                self.plain.open(lane, caller);
                self.emit(self.now, event.fact.clone());
            }
            Fact::HttpResponse { exchange, .. }
            | Fact::HttpEvent { exchange, .. }
            | Fact::HttpEnd { exchange, .. } => self.http(lane(Some(*exchange)), &event.fact),
            Fact::Ended { .. } => {
                self.last();
                self.emit(self.now, event.fact.clone());
            }
            _ => self.emit(self.now, event.fact.clone()),
        }
    }

    /// Lets go what still waits, and says what was found.
    #[must_use]
    pub fn finish(mut self) -> Found {
        self.last();
        self.found
    }

    fn request(&mut self, own: Nanos, payload: &Payload<'_>, exchange: Option<ExchangeId>) {
        let lane = lane(exchange);
        let frame = bytes_of(payload);
        if let Contents::One(Message::Request { id, method, params }) = contents(&frame) {
            let tool = params.and_then(answers::name_in).unwrap_or_default();
            let progress = params
                .and_then(|params| member(params, "_meta"))
                .and_then(|meta| member(meta, "progressToken"))
                .map(Into::into);
            let asked = Asked::new(self.now, method.into(), tool, progress, frame.clone());
            if self.asked.len() >= ASKED_MAX {
                self.forget_the_oldest();
            }
            self.asked.insert((lane, id.into()), asked);
        }
        self.emit(self.now, message(Direction::ToServer, own, payload.clone(), exchange));
        if self.gate.frame(self.now, lane, Direction::ToServer, &frame) == Verdict::Pass {
            self.forwarded(lane, &frame);
        }
        self.drain();
    }

    fn answer(&mut self, own: Nanos, payload: &Payload<'_>, exchange: Option<ExchangeId>) {
        let lane = lane(exchange);
        let frame = bytes_of(payload);
        let due = Due::new(self.now, self.count, lane, frame, own);
        self.count += 1;
        match contents(&due.frame) {
            Contents::One(Message::Result { id, .. } | Message::Error { id: Some(id), .. }) => {
                let key = (lane, id.into());
                let Some(asked) = self.asked.get_mut(&key) else { return self.deliver(&due) };
                match asked.forwarded {
                    // The server takes as long as it took.
                    Some(forwarded) if forwarded > asked.at && self.coming.len() < ASKED_MAX => {
                        let at = Micros(forwarded.0 + (self.now - asked.at).0);
                        self.coming.push(due.put_off(at));
                    }
                    Some(_) => self.deliver(&due),
                    None if asked.answered.is_some() => self.compare(&key, &due),
                    None => asked.waiting = Some(due),
                }
            }
            Contents::One(Message::Notification { params: Some(params), .. }) => {
                let token = member(params, "progressToken");
                if !token.is_some_and(|token| self.unseen.contains(&(lane, token.into()))) {
                    self.deliver(&due);
                }
            }
            _ => self.deliver(&due),
        }
    }

    /// What the server says reaches the gate.
    fn deliver(&mut self, due: &Due) {
        let Due { lane, frame, own, .. } = due;
        for head in self.lanes.heads(*lane) {
            self.emit(self.now, head);
        }
        let payload = Payload::of_frame(frame);
        self.emit(self.now, message(Direction::ToClient, *own, payload, exchange(*lane)));
        if let Contents::One(Message::Result { id, .. } | Message::Error { id: Some(id), .. }) =
            contents(frame)
        {
            self.asked.remove(&(*lane, id.into()));
        }
        self.gate.frame(self.now, *lane, Direction::ToClient, frame);
        // So that it knows the tools.
        self.plain.frame(self.now, *lane, Direction::ToClient, frame);
        while self.plain.take().is_some() {}
        self.drain();
        if !self.waits_in(*lane) {
            for fact in self.lanes.rest(*lane) {
                self.http(*lane, &fact);
            }
        }
    }

    /// A rule of the recorded session answered in the server's place: the best that is known of what the server says.
    fn ruled(&mut self, ruling: &Ruling<'_>) {
        let is_observed = !ruling.marks.is_empty() && ruling.marks.iter().all(|mark| mark.observed);
        if let (Outcome::Answered, Some(payload), false) = (ruling.outcome, &ruling.payload, is_observed) {
            self.answer(Nanos(0), payload, ruling.exchange);
        }
    }

    /// What is told of the HTTP around an answer.
    fn http(&mut self, lane: Lane, fact: &Fact<'_>) {
        let is_put_off = self.is_put_off(lane);
        match self.lanes.course(lane, is_put_off, fact) {
            Course::Now => self.emit(self.now, fact.clone()),
            Course::Never => {}
            Course::Kept => return,
        }
        if matches!(fact, Fact::HttpEnd { .. }) {
            self.asked.retain(|(of, _), _| *of != lane);
            self.unseen.retain(|(of, _)| *of != lane);
            self.coming.retain(|due| due.lane != lane);
            self.lanes.close(lane);
            self.gate.close(self.now, lane);
            self.plain.close(self.now, lane);
            self.drain();
        }
    }

    /// Whether something in an exchange is answered later than it was.
    fn is_put_off(&self, lane: Lane) -> bool {
        self.coming.iter().any(|due| due.lane == lane)
            || self.asked.iter().any(|((of, _), asked)| *of == lane && asked.is_put_off())
    }

    fn waits_in(&self, lane: Lane) -> bool {
        lane != Lane::default() && self.is_put_off(lane)
    }

    /// Room for more: requests that are not answered in this time never are.
    fn forget_the_oldest(&mut self) {
        let mut since: Vec<Micros> = self.asked.values().map(|asked| asked.at).collect();
        since.sort_unstable();
        let middle = since[since.len() / 2];
        self.asked.retain(|_, asked| asked.at > middle);
    }

    /// Everything that happens before a moment.
    fn until(&mut self, moment: Micros) {
        while let Some(at) = self.next_step().filter(|at| *at <= moment) {
            self.step(at);
        }
    }

    /// Everything that still waits.
    fn last(&mut self) {
        for _ in 0..LAST_STEPS_MAX {
            let Some(at) = self.next_step() else { break };
            self.step(at);
        }
    }

    fn next_step(&self) -> Option<Micros> {
        let answer = self.coming.peek().map(|due| due.at);
        self.gate.due().into_iter().chain(answer).min()
    }

    fn step(&mut self, at: Micros) {
        self.now = self.now.max(at);
        if self.coming.peek().is_some_and(|due| due.at <= self.now)
            && let Some(due) = self.coming.pop()
        {
            return self.deliver(&due);
        }
        self.gate.time(self.now);
        self.drain();
    }

    /// A request has gone to the server.
    fn forwarded(&mut self, lane: Lane, frame: &[u8]) {
        let Contents::One(Message::Request { id, .. }) = contents(frame) else { return };
        let Some(asked) = self.asked.get_mut(&(lane, id.into())) else { return };
        asked.forwarded = Some(self.now);
        if let Some(due) = asked.waiting.take() {
            let at = Micros(self.now.0 + (due.at - asked.at).0);
            self.coming.push(due.put_off(at));
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.gate.take() {
            if let Act::Lookup { ticket, .. } = output.act {
                self.gate.found(self.now, ticket, None);
                continue;
            }
            self.carry_out(output);
        }
    }

    fn carry_out(&mut self, output: Output) {
        let lane = output.lane;
        let id = output.id.clone();
        let is_answer = output.outcome == Outcome::Answered && matches!(output.act, Act::Send { .. });
        if let Act::Send { to: Direction::ToServer, frame } = &output.act {
            let frame = frame.clone();
            self.forwarded(lane, &frame);
        }
        let answered = match (&output.act, &id) {
            (Act::Send { frame, .. }, Some(_)) if is_answer => Some(frame.clone()),
            _ => None,
        };
        let mark = output.marks.iter().find(|mark| mark.hit).cloned();
        if let Some(ruling) = output.into_ruling(exchange(lane)) {
            self.emit(self.now, Fact::Ruled(Box::new(ruling)));
        }
        let (Some(frame), Some(id)) = (answered, id) else { return };
        if let Some(exchange) = exchange(lane) {
            let media = "application/json".into();
            let response =
                Fact::HttpResponse { exchange, status: 200, media, session: None, encoding: "".into() };
            self.emit(self.now, response);
            self.emit(self.now, Fact::HttpEnd { exchange, how: HttpEnd::Complete });
            self.lanes.answered(lane);
        }
        let key = (lane, id);
        let Some(asked) = self.asked.get_mut(&key) else { return };
        asked.answered = Some(answers::Given { frame, mark });
        if asked.forwarded.is_none()
            && self.unseen.len() < ASKED_MAX
            && let Some(token) = asked.progress.clone()
        {
            self.unseen.insert((lane, token));
        }
        if let Some(due) = asked.waiting.take() {
            self.compare(&key, &due);
        }
    }

    /// What the server said then to a request that a rule has answered.
    fn compare(&mut self, key: &Key, due: &Due) {
        let Some(asked) = self.asked.remove(key) else { return };
        if let Some(token) = &asked.progress {
            self.unseen.remove(&(key.0, token.clone()));
        }
        let Some(given) = asked.answered else { return };
        let Some(mark) = given.mark.filter(|mark| mark.by == "cache") else { return };
        self.plain.frame(self.now, key.0, Direction::ToServer, &asked.frame);
        while self.plain.take().is_some() {}
        let mut said = due.frame.clone();
        self.plain.frame(self.now, key.0, Direction::ToClient, &due.frame);
        while let Some(output) = self.plain.take() {
            if let Act::Send { to: Direction::ToClient, frame } = output.act {
                said = frame;
            }
        }
        self.found.compared += 1;
        let freshness = self.found.rules.entry(Box::from(&*mark.rule)).or_default();
        freshness.compared += 1;
        if answers::is_same(&said, &given.frame) {
            return;
        }
        let age_us = mark.age_us.unwrap_or_default();
        freshness.stale += 1;
        freshness.stale_age_us_max = freshness.stale_age_us_max.max(age_us);
        self.found.stale_count += 1;
        if self.found.stale.len() < STALE_MAX {
            self.found.stale.push(Stale {
                at: asked.at,
                id: key.1.clone(),
                method: asked.method,
                tool: asked.tool,
                rule: mark.rule.into(),
                age_us,
            });
        }
    }

    fn emit(&mut self, at: Micros, fact: Fact<'_>) {
        (self.see)(&Event { at, fact });
    }
}

fn message(to: Direction, own: Nanos, payload: Payload<'_>, exchange: Option<ExchangeId>) -> Fact<'_> {
    Fact::Message { to, own, payload, parts: 0, exchange }
}

/// Over stdio there is one conversation; over HTTP each exchange is one.
fn lane(exchange: Option<ExchangeId>) -> Lane {
    Lane(exchange.map_or(0, |ExchangeId(number)| u64::from(number)))
}

fn exchange(Lane(number): Lane) -> Option<ExchangeId> {
    u32::try_from(number).ok().filter(|number| *number > 0).map(ExchangeId)
}

fn bytes_of(payload: &Payload<'_>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(payload.len());
    payload.write_to(&mut bytes);
    bytes
}
