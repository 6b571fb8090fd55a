//! The lines of the Top panel: groups, tools, other methods and the total, each with the figures of its columns.
//!
//! Derived anew for each drawing from what the sessions know. Knows nothing of columns or sorting.

use std::collections::HashMap;

use crate::model::{DefinitionTokens, Latency, Row, Session, Symbol, Tally};
use crate::tokens::{Accuracy, Count};
use crate::trace::Micros;
use crate::ui::panels::{Cx, OpenId, Opened};
use crate::wire::Peer;

/// What a line is about; stays the same while its numbers and its place change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum ItemKey {
    /// All of a session.
    Group(OpenId),
    /// A tool.
    Tool(OpenId, Box<str>),
    /// A method other than `tools/call`, and who asks.
    Method(OpenId, Peer, Box<str>),
}

/// The figures of a line.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures {
    /// Operations asked for.
    pub(super) calls: u64,
    /// Failed ones.
    pub(super) errors: u64,
    /// Answered ones.
    pub(super) answered: u64,
    /// Waiting for an answer.
    pub(super) in_flight: u64,
    /// Result tokens.
    pub(super) tokens: Tally,
    /// How far the token numbers can be trusted.
    pub(super) accuracy: Accuracy,
    /// Tokens of the results that reach the model; `None` where none do.
    pub(super) shown: Option<Count>,
    /// Answered out of a cache.
    pub(super) cache_hits: u64,
    /// Tokens that rules saved, on results and on the definition.
    pub(super) saved: i64,
    /// Time that rules saved, in microseconds.
    pub(super) time_saved_us: i64,
    /// Tokens of the definition; `None` where there is none or it has not been counted.
    pub(super) schema: Option<Count>,
}

impl Figures {
    fn of_row(session: &Session, row: &Row, wire: bool) -> Self {
        Self {
            calls: row.calls,
            errors: row.errors(),
            answered: row.answered(),
            in_flight: row.in_flight,
            tokens: if wire { row.wire_tokens } else { row.model_tokens },
            accuracy: row.accuracy(),
            shown: session.is_shown_to_model(row).then(|| row.results(wire)),
            cache_hits: row.cache_hits,
            saved: if wire { row.saved.wire } else { row.saved.model },
            time_saved_us: row.saved.time_us,
            schema: None,
        }
    }

    fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.errors += other.errors;
        self.answered += other.answered;
        self.in_flight += other.in_flight;
        self.tokens.count += other.tokens.count;
        self.tokens.sum += other.tokens.sum;
        self.tokens.max = self.tokens.max.max(other.tokens.max);
        self.accuracy = self.accuracy.max(other.accuracy);
        self.shown = sum(self.shown, other.shown);
        self.cache_hits += other.cache_hits;
        self.saved += other.saved;
        self.time_saved_us += other.time_saved_us;
        self.schema = sum(self.schema, other.schema);
    }

    /// The share of answered operations that failed.
    #[must_use]
    pub(super) fn error_share(&self) -> Option<f64> {
        (self.answered > 0).then(|| self.errors as f64 / self.answered as f64)
    }

    /// What the line has put into the context window: its results and its definition; `None` if neither gets there.
    #[must_use]
    pub(super) fn context(&self) -> Option<Count> {
        sum(self.shown, self.schema)
    }
}

fn sum(ours: Option<Count>, theirs: Option<Count>) -> Option<Count> {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => Some(ours + theirs),
        (ours, theirs) => ours.or(theirs),
    }
}

/// A line.
#[derive(Clone, Debug)]
pub(super) struct Item<'a> {
    /// What it is about.
    pub(super) key: ItemKey,
    /// Its name.
    pub(super) name: &'a str,
    /// Whose rows it sums up; one for a tool or method, none for a tool that was never called.
    pub(super) rows: Vec<&'a Row>,
    /// The session's own time, to which its series reach.
    pub(super) now: Micros,
    /// Whether its time goes on.
    pub(super) is_growing: bool,
    /// How much of its session's calls has its tokens, from 0 to 1, while a recording is being counted.
    pub(super) counted: f64,
    /// Its figures.
    pub(super) figures: Figures,
}

impl Item<'_> {
    /// Its latencies; empty if nothing was timed.
    #[must_use]
    pub(super) fn latency(&self) -> Latency {
        let mut all = Latency::default();
        self.rows.iter().for_each(|row| all.merge(&row.latency_us));
        all
    }

    /// A value of its latencies; asks the one row directly where there is one.
    #[must_use]
    pub(super) fn quantile(&self, quantile: f64) -> Option<u64> {
        match self.rows[..] {
            [row] => row.latency_us.quantile(quantile),
            _ => self.latency().quantile(quantile),
        }
    }
}

/// What a session contributes.
#[derive(Clone, Debug)]
pub(super) struct Group<'a> {
    /// The sum of its tools.
    pub(super) head: Item<'a>,
    /// Its tools, those never called included.
    pub(super) tools: Vec<Item<'a>>,
    /// How many of them the server does not list: they were called all the same.
    pub(super) unlisted: usize,
    /// Its other methods.
    pub(super) methods: Vec<Item<'a>>,
}

/// Everything the panel can show, in the order of the sessions.
#[must_use]
pub(super) fn groups<'a>(cx: &Cx<'a>) -> Vec<Group<'a>> {
    cx.sessions.iter().map(|opened| group(opened, cx.wire)).collect()
}

fn group<'a>(opened: &'a Opened<'a>, wire: bool) -> Group<'a> {
    let session = opened.session;
    let called = session.symbols().get("tools/call");
    let is_tool = |row: &Row| {
        Some(row.key.method) == called && row.key.from == Peer::Client && !row.key.target.is_none()
    };
    let mut rows: HashMap<Symbol, &Row> =
        session.rows().iter().filter(|row| is_tool(row)).map(|row| (row.key.target, row)).collect();
    let mut tools = Vec::new();
    for definition in session.definitions().tools() {
        let row = session.symbols().get(&definition.name).and_then(|symbol| rows.remove(&symbol));
        let schema = definition.tokens.map(|tokens| schema_count(tokens, wire));
        tools.push(tool(opened, &definition.name, row, schema, wire));
    }
    let listed = tools.len();
    // Called, but never listed: in the order in which they were first called.
    for row in session.rows().iter().filter(|row| is_tool(row) && rows.contains_key(&row.key.target)) {
        tools.push(tool(opened, session.name(row.key.target), Some(row), None, wire));
    }
    let methods =
        session.rows().iter().filter(|row| !is_tool(row)).map(|row| method(opened, row, wire)).collect();
    let mut head = Item {
        key: ItemKey::Group(opened.id),
        name: &session.header.label,
        rows: tools.iter().flat_map(|tool: &Item<'a>| tool.rows.iter().copied()).collect(),
        now: opened.now,
        is_growing: is_growing(opened),
        counted: counted(opened),
        figures: Figures::default(),
    };
    for tool in &tools {
        head.figures.add(&tool.figures);
    }
    head.figures.shown = Some(session.context(wire).results);
    // Of a session all that its rules saved, on hidden definitions and on other methods too.
    let saved = session.saved();
    head.figures.saved = if wire { saved.wire } else { saved.model };
    head.figures.time_saved_us = saved.time_us;
    let unlisted = tools.len() - listed;
    Group { head, tools, unlisted, methods }
}

/// Whether a session's time goes on while it is looked at; a recording that is being read only gets longer.
fn is_growing(opened: &Opened<'_>) -> bool {
    opened.playback.is_some() || opened.is_live && opened.session.end().is_none()
}

/// How much of a session's calls has its tokens; those of a live one follow at once.
fn counted(opened: &Opened<'_>) -> f64 {
    let calls = opened.session.operations().len();
    if is_growing(opened) || opened.is_live || calls == 0 {
        return 1.0;
    }
    (f64::from(opened.counted_calls) / calls as f64).min(1.0)
}

fn tool<'a>(
    opened: &'a Opened<'a>,
    name: &'a str,
    row: Option<&'a Row>,
    schema: Option<Count>,
    wire: bool,
) -> Item<'a> {
    let of_row = |row| Figures::of_row(opened.session, row, wire);
    let mut figures = Figures { schema, ..row.map_or_else(Figures::default, of_row) };
    figures.saved += opened.session.definitions().saved_on(name, wire);
    let key = ItemKey::Tool(opened.id, name.into());
    Item {
        key,
        name,
        rows: row.into_iter().collect(),
        now: opened.now,
        is_growing: is_growing(opened),
        counted: counted(opened),
        figures,
    }
}

fn method<'a>(opened: &'a Opened<'a>, row: &'a Row, wire: bool) -> Item<'a> {
    let name = opened.session.name(row.key.method);
    let figures = Figures::of_row(opened.session, row, wire);
    let key = ItemKey::Method(opened.id, row.key.from, name.into());
    Item {
        key,
        name,
        rows: vec![row],
        now: opened.now,
        is_growing: is_growing(opened),
        counted: counted(opened),
        figures,
    }
}

/// A definition's tokens in the unit shown.
#[must_use]
pub(super) fn schema_count(tokens: DefinitionTokens, wire: bool) -> Count {
    let number = if wire { tokens.wire } else { tokens.model };
    Count { tokens: u64::from(number), accuracy: tokens.accuracy }
}

/// The sum over all groups' tools.
#[must_use]
pub(super) fn total(groups: &[Group<'_>]) -> Figures {
    let mut sum = Figures::default();
    for group in groups {
        sum.add(&group.head.figures);
    }
    sum
}
