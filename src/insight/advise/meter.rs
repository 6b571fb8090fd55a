//! Weighs what rules did in a simulated session: what arrived against what left.
//!
//! The same formulas as the statistics of a live session (`model::Rules`), without keeping the session. Knows nothing of
//! how rules decide.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::tokens::{Accuracy, Counter, Effort, Profile, message, tool_definition};
use crate::trace::{Event, ExchangeId, Fact, Micros, Outcome, Ruling};
use crate::wire::{Contents, Direction, Message, contents, member, same_id};

/// Requests that wait for their answers at once.
const WAITING_MAX: usize = 65_536;

/// What a rule saved. Less than nothing where it made things longer or slower.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Saving {
    /// Tokens as the model sees them: of results each time, of definitions once.
    pub model: i64,
    /// Tokens of all JSON.
    pub wire: i64,
    /// Of both, what is saved in tool definitions as they are at the end.
    pub definitions_model: i64,
    /// The same of all JSON.
    pub definitions_wire: i64,
    /// What clients did not have to wait, in microseconds.
    pub time_us: i64,
    /// Answers that were changed.
    pub changed: u64,
    /// Calls that were answered without the server; what was refused is none of them.
    pub answered: u64,
    /// Answers out of a cache that were not what the server said then.
    pub stale: u64,
    /// Answers out of a cache that could be compared with what the server said.
    pub compared: u64,
    /// Whether tokens were counted exactly.
    #[serde(skip)]
    pub accuracy: Accuracy,
}

impl Saving {
    /// How much it is worth: a model reads about a thousand tokens a second, so a token and a millisecond weigh the same.
    #[must_use]
    pub fn worth(&self) -> i64 {
        self.model.saturating_add(self.time_us / 1_000)
    }

    /// Whether anybody would notice.
    pub(super) fn is_worth_it(&self) -> bool {
        const TOKENS_MIN: i64 = 20;
        // What no model reads has to be more before it is worth a rule.
        const WIRE_TOKENS_MIN: i64 = 200;
        const TIME_US_MIN: i64 = 1_000;
        self.model >= 0
            && (self.model >= TOKENS_MIN || self.wire >= WIRE_TOKENS_MIN || self.time_us >= TIME_US_MIN)
    }

    fn tokens(&mut self, before: Sizes, after: Sizes) {
        self.model += before.model - after.model;
        self.wire += before.wire - after.wire;
        self.accuracy = self.accuracy.max(before.accuracy).max(after.accuracy);
    }
}

/// Tokens of one text.
#[derive(Clone, Copy, Debug, Default)]
struct Sizes {
    model: i64,
    wire: i64,
    accuracy: Accuracy,
}

type Key = (Option<ExchangeId>, Box<str>);

/// Weighs the events of one simulation, in which no two rules have to do with the same message.
#[derive(Debug)]
pub(super) struct Meter {
    counter: Counter,
    profile: Profile,
    savings: BTreeMap<String, Saving>,
    /// What each rule saves in the newest tool list.
    lists: BTreeMap<String, Saving>,
    /// When requests were made, and whether they asked for the tool list: for its first page, or another.
    asked: HashMap<Key, (Micros, Option<bool>)>,
    /// The newest message to the client, as it arrived.
    arrived: Vec<u8>,
    /// For the list that is there now: whether it is a first page.
    page: Option<bool>,
}

impl Meter {
    pub(super) fn new(profile: Profile) -> Self {
        Self {
            counter: Counter::new(Effort::Worker),
            profile,
            savings: BTreeMap::new(),
            lists: BTreeMap::new(),
            asked: HashMap::new(),
            arrived: Vec::new(),
            page: None,
        }
    }

    pub(super) fn apply(&mut self, event: &Event<'_>) {
        match &event.fact {
            Fact::Message { to: Direction::ToServer, payload, exchange, .. } => {
                self.request(event.at, *exchange, &payload.text);
            }
            Fact::Message { to: Direction::ToClient, payload, exchange, .. } => {
                self.arrived.clear();
                self.arrived.extend_from_slice(&payload.text);
                self.answer(*exchange);
            }
            Fact::Ruled(ruling) => self.ruled(event.at, ruling),
            Fact::HttpEnd { exchange, .. } => self.asked.retain(|(of, _), _| *of != Some(*exchange)),
            _ => {}
        }
    }

    /// What a rule saved.
    pub(super) fn saving(&self, rule: &str) -> Saving {
        let mut saving = self.savings.get(rule).copied().unwrap_or_default();
        if let Some(list) = self.lists.get(rule) {
            saving.definitions_model = list.model;
            saving.definitions_wire = list.wire;
            saving.model += list.model;
            saving.wire += list.wire;
            saving.accuracy = saving.accuracy.max(list.accuracy);
        }
        saving
    }

    fn request(&mut self, at: Micros, exchange: Option<ExchangeId>, text: &[u8]) {
        let Contents::One(Message::Request { id, method, params }) = contents(text) else { return };
        let is_list = method == "tools/list";
        let page = is_list.then(|| params.and_then(|params| member(params, "cursor")).is_none());
        if self.asked.len() < WAITING_MAX {
            self.asked.insert((exchange, same_id(id).into()), (at, page));
        }
    }

    fn answer(&mut self, exchange: Option<ExchangeId>) {
        let Contents::One(Message::Result { id, .. } | Message::Error { id: Some(id), .. }) =
            contents(&self.arrived)
        else {
            return;
        };
        let asked = self.asked.remove(&(exchange, same_id(id).into()));
        self.page = asked.and_then(|(_, page)| page);
        if self.page == Some(true) {
            // A new list makes the one before void.
            self.lists.clear();
        }
    }

    fn ruled(&mut self, at: Micros, ruling: &Ruling<'_>) {
        let Some(mark) = ruling.marks.iter().find(|mark| mark.hit && !mark.observed) else { return };
        let rule = mark.rule.to_string();
        match (ruling.outcome, &ruling.payload, ruling.to) {
            (Outcome::Changed, Some(left), Direction::ToClient) => {
                let (Ok(before), Ok(after)) =
                    (std::str::from_utf8(&self.arrived), std::str::from_utf8(&left.text))
                else {
                    return;
                };
                if self.page.is_some() {
                    let before = definitions(&mut self.counter, &self.profile, before);
                    let after = definitions(&mut self.counter, &self.profile, after);
                    self.lists.entry(rule.clone()).or_default().tokens(before, after);
                } else {
                    let before = sizes(&mut self.counter, &self.profile, before);
                    let after = sizes(&mut self.counter, &self.profile, after);
                    self.savings.entry(rule.clone()).or_default().tokens(before, after);
                }
                self.savings.entry(rule).or_default().changed += 1;
            }
            (Outcome::Answered, Some(left), _) => {
                // A refusal spares the server a call, and nobody anything.
                if !matches!(contents(&left.text), Contents::One(Message::Result { .. })) {
                    return;
                }
                let key = (ruling.exchange, same_id(ruling.id.as_deref().unwrap_or_default()).into());
                let Some((asked, _)) = self.asked.remove(&key) else { return };
                let saving = self.savings.entry(rule).or_default();
                saving.answered += 1;
                if let Some(took_us) = mark.took_us {
                    saving.time_us += signed(took_us) - signed((at - asked).0);
                }
            }
            _ => {}
        }
    }
}

fn sizes(counter: &mut Counter, profile: &Profile, text: &str) -> Sizes {
    let tokens = message(counter, profile, text);
    Sizes {
        model: signed(tokens.model.tokens),
        wire: signed(tokens.wire.tokens),
        accuracy: tokens.model.accuracy.max(tokens.wire.accuracy),
    }
}

/// The tokens of a tool list's definitions, each by itself as they stand in the context.
fn definitions(counter: &mut Counter, profile: &Profile, text: &str) -> Sizes {
    #[derive(Deserialize)]
    struct Answer<'a> {
        #[serde(borrow)]
        result: List<'a>,
    }
    #[derive(Deserialize)]
    struct List<'a> {
        #[serde(borrow, default)]
        tools: Vec<&'a RawValue>,
    }
    let mut sizes = Sizes::default();
    let Ok(answer) = serde_json::from_str::<Answer<'_>>(text) else { return sizes };
    for tool in answer.result.tools {
        let cost = tool_definition(counter, profile, tool.get());
        sizes.model += signed(cost.model.tokens);
        sizes.wire += signed(cost.wire.tokens);
        sizes.accuracy = sizes.accuracy.max(cost.model.accuracy).max(cost.wire.accuracy);
    }
    sizes
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
