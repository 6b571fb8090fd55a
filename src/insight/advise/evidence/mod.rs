//! What a recording shows of what rules could save, gathered in one pass in bounded memory.
//!
//! Knows nothing of rules; what is read from it is in the files of the kinds of advice.

mod chains;
mod definitions;
mod fields;
mod fingerprint;
mod repeats;
mod tool;

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

pub(super) use chains::Chains;
pub(super) use definitions::{Definition, Definitions};
pub(super) use fields::{Field, Opaque};
pub(super) use repeats::Repeats;
pub(super) use tool::{LONG_TOKENS, ToolEvidence};

use crate::tokens::{Counter, Effort, Profile};
use crate::trace::{Event, ExchangeId, Fact, Micros, Outcome, Payload};
use crate::wire::{Contents, Direction, Message, contents, same_id};
use fingerprint::{fingerprint, without};
use repeats::Round;
use tool::Answer;

/// Tools of which evidence is kept.
const TOOLS_MAX: usize = 512;
/// Requests that wait for their answers at once.
const WAITING_MAX: usize = 65_536;

/// The methods whose results the protocol lets be kept (2026-07-28, caching), without what is asked once a session.
const METHODS: [&str; 5] =
    ["tools/list", "prompts/list", "resources/list", "resources/templates/list", "resources/read"];

/// What a recording shows.
#[derive(Debug)]
pub(super) struct Evidence {
    /// The server's label.
    pub(super) label: String,
    /// The family of models that tokens are counted for.
    pub(super) profile: Profile,
    /// The newest tool list.
    pub(super) definitions: Definitions,
    /// What was seen of each tool that was called.
    pub(super) tools: BTreeMap<Box<str>, ToolEvidence>,
    /// Tools of the list that were called, with an answer or without.
    called: HashSet<Box<str>>,
    /// Requests that the protocol lets be kept, by method.
    pub(super) methods: BTreeMap<&'static str, Repeats>,
    /// Calls that follow from results.
    pub(super) chains: Chains,
    /// Calls in all.
    pub(super) calls: u64,
    /// How long the server took for the first request of all, from its start on where that is known.
    pub(super) opening_us: Option<u64>,
    started: Option<Micros>,
    /// Calls so far that may have written something.
    writes: u64,
    waiting: HashMap<(Option<ExchangeId>, Box<str>), Waiting>,
    counter: Counter,
}

/// A request that has no answer yet.
#[derive(Debug)]
struct Waiting {
    at: Micros,
    asked: Asked,
    request: u128,
    writes: u64,
}

#[derive(Debug)]
enum Asked {
    Tool(Box<str>),
    Method { method: &'static str, is_first_page: bool },
    Other,
}

impl Evidence {
    pub(super) fn new(label: &str, profile: Profile) -> Self {
        Self {
            label: label.to_owned(),
            profile,
            definitions: Definitions::default(),
            tools: BTreeMap::new(),
            called: HashSet::new(),
            methods: BTreeMap::new(),
            chains: Chains::default(),
            calls: 0,
            opening_us: None,
            started: None,
            writes: 0,
            waiting: HashMap::new(),
            counter: Counter::new(Effort::Worker),
        }
    }

    pub(super) fn apply(&mut self, event: &Event<'_>) {
        match &event.fact {
            Fact::Started { .. } => {
                self.started.get_or_insert(event.at);
            }
            Fact::Message { to: Direction::ToServer, payload, exchange, .. } => {
                each(payload, |message| self.request(event.at, *exchange, message));
            }
            Fact::Message { to: Direction::ToClient, payload, exchange, .. } => {
                each(payload, |message| self.answer(event.at, *exchange, message));
            }
            // A rule of the recorded session answered: the best that is known of what the server says.
            Fact::Ruled(ruling) if ruling.outcome == Outcome::Answered => {
                let is_real = ruling.marks.is_empty() || ruling.marks.iter().any(|mark| !mark.observed);
                if let Some(payload) = ruling.payload.as_ref().filter(|_| is_real) {
                    each(payload, |message| self.answer(event.at, ruling.exchange, message));
                }
            }
            Fact::HttpEnd { exchange, .. } => self.waiting.retain(|(of, _), _| *of != Some(*exchange)),
            _ => {}
        }
    }

    /// Whether a tool was called at all, if only in vain.
    pub(super) fn is_called(&self, tool: &str) -> bool {
        self.called.contains(tool)
    }

    /// What was seen of each tool, in order of their names.
    pub(super) fn tools(&self) -> impl Iterator<Item = (&str, &ToolEvidence)> {
        self.tools.iter().map(|(name, tool)| (&**name, tool))
    }

    fn request(&mut self, at: Micros, exchange: Option<ExchangeId>, message: &Message<'_>) {
        let Message::Request { id, method, params } = message else { return };
        let params: Value = params.and_then(|params| serde_json::from_str(params).ok()).unwrap_or_default();
        let writes = self.writes;
        let (asked, request) = if method == "tools/call" {
            let Some(tool) = params.get("name").and_then(Value::as_str) else { return };
            let nothing = Value::Object(serde_json::Map::new());
            let arguments = params.get("arguments").unwrap_or(&nothing);
            self.calls += 1;
            if !self.called.contains(tool) && self.definitions.get(tool).is_some() {
                // As many as there are definitions at most.
                self.called.insert(tool.into());
            }
            self.writes += u64::from(!self.definitions.only_reads(tool));
            self.chains.asked(tool, arguments);
            (Asked::Tool(tool.into()), fingerprint(arguments))
        } else {
            let known = METHODS.into_iter().find(|known| known == method);
            let is_first_page = params.get("cursor").is_none();
            let asked = known.map_or(Asked::Other, |method| Asked::Method { method, is_first_page });
            (asked, without(&params, &["_meta"]))
        };
        if self.waiting.len() < WAITING_MAX {
            self.waiting.insert((exchange, same_id(id).into()), Waiting { at, asked, request, writes });
        }
    }

    fn answer(&mut self, at: Micros, exchange: Option<ExchangeId>, message: &Message<'_>) {
        let (id, result) = match message {
            Message::Result { id, result } => (*id, Some(*result)),
            Message::Error { id: Some(id), .. } => (*id, None),
            _ => return,
        };
        let Some(waiting) = self.waiting.remove(&(exchange, same_id(id).into())) else { return };
        let Waiting { at: asked, asked: what, request, writes } = waiting;
        if self.opening_us.is_none() {
            self.opening_us = Some((at - self.started.unwrap_or(asked)).0);
        }
        match what {
            Asked::Tool(tool) => self.tool_answer(&tool, request, asked, at, result, writes),
            Asked::Method { method, is_first_page } => {
                let Some(result) = result else { return };
                if method == "tools/list" {
                    self.definitions.note(result, is_first_page);
                }
                let Ok(said) = serde_json::from_str::<Value>(result) else { return };
                let answer = without(&said, NOT_SAID);
                let round = Round { request, answer, asked, answered: at, writes: 0 };
                self.methods.entry(method).or_default().note(round);
            }
            Asked::Other => {}
        }
    }

    fn tool_answer(
        &mut self,
        tool: &str,
        request: u128,
        asked: Micros,
        answered: Micros,
        result: Option<&str>,
        writes: u64,
    ) {
        if self.tools.len() >= TOOLS_MAX && !self.tools.contains_key(tool) {
            return;
        }
        let seen = self.tools.entry(tool.into()).or_default();
        seen.latency(asked, (answered - asked).0);
        let said = result.and_then(|result| Some((result, serde_json::from_str::<Value>(result).ok()?)));
        let Some((json, said)) = said.filter(|(_, said)| is_whole(said)) else {
            seen.failed += 1;
            return;
        };
        let answer = without(&said, NOT_SAID);
        seen.repeats.note(Round { request, answer, asked, answered, writes });
        let answer = Answer { json, said: &said, print: answer };
        seen.note(&answer, &mut self.counter, &self.profile);
        tool::named(&said, |value| self.chains.answered(tool, value));
    }
}

/// What is about an answer and not in it: who gave it, and how long it may be kept.
const NOT_SAID: &[&str] = &["_meta", "ttlMs"];

/// Whether a call succeeded and this is all of what it said: no error, no question back, no task.
fn is_whole(said: &Value) -> bool {
    let is_complete = said.get("resultType").and_then(Value::as_str).is_none_or(|kind| kind == "complete");
    is_complete
        && said.get("isError") != Some(&Value::Bool(true))
        && (said.get("content").is_some() || said.get("structuredContent").is_some())
}

fn each(payload: &Payload<'_>, mut see: impl FnMut(&Message<'_>)) {
    match contents(&payload.text) {
        Contents::One(message) => see(&message),
        Contents::Batch(messages) => messages.iter().for_each(see),
        Contents::Noise => {}
    }
}
