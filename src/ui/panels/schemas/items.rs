//! The lines of the Schemas panel: each tool definition with its costs, how often it was called, and whether it is left
//! out for trial.
//!
//! Derived anew for each drawing. Knows nothing of columns.

use std::collections::HashSet;

use super::costs::Costs;
use super::ruled::{Read, Ruled};
use crate::tokens::{Count, ToolParts};
use crate::ui::panels::{Cx, OpenId, Opened};
use crate::ui::widgets::clip;

/// A tool of an opened session.
pub(super) type ToolKey = (OpenId, Box<str>);

/// A line.
#[derive(Clone, Debug)]
pub(super) struct Item<'a> {
    pub(super) key: ToolKey,
    /// The places of its session among the opened ones and of its definition among its session's; a tool that rules hide
    /// from the client has none of the latter.
    pub(super) place: (usize, Option<usize>),
    pub(super) session: &'a str,
    pub(super) name: &'a str,
    /// All of its JSON; `None` until it has been counted.
    pub(super) wire: Option<Count>,
    /// What a model is shown of it.
    pub(super) model: Option<Count>,
    /// `wire` by part.
    pub(super) parts: Option<ToolParts>,
    pub(super) calls: u64,
    pub(super) is_left_out: bool,
    /// What rules do to it.
    pub(super) ruled: Option<Ruled>,
}

/// Every tool of every session, in the order in which they were listed.
pub(super) fn items<'a>(
    cx: &Cx<'a>,
    left_out: &HashSet<ToolKey>,
    costs: &Costs,
    rules: &Read,
) -> Vec<Item<'a>> {
    let mut all = Vec::new();
    for (session, opened) in cx.sessions.iter().enumerate() {
        let definitions = opened.session.definitions();
        let listed = definitions.tools().iter().enumerate().map(|(position, tool)| (Some(position), tool));
        let hidden = definitions.offered().iter().filter(|tool| definitions.tool(&tool.name).is_none());
        for (position, definition) in listed.chain(hidden.map(|tool| (None, tool))) {
            let key = (opened.id, definition.name.clone());
            let count = |number: u32, accuracy| Count { tokens: u64::from(number), accuracy };
            all.push(Item {
                place: (session, position),
                session: &opened.session.header.label,
                name: &definition.name,
                wire: definition.tokens.map(|tokens| count(tokens.wire, tokens.accuracy)),
                model: definition.tokens.map(|tokens| count(tokens.model, tokens.accuracy)),
                parts: position.and_then(|position| costs.known(opened, position, cx)),
                calls: calls(opened, &definition.name),
                is_left_out: left_out.contains(&key),
                ruled: if position.is_none() {
                    Some(Ruled::Hidden)
                } else {
                    rules.of(opened, &definition.name)
                },
                key,
            });
        }
    }
    all
}

fn calls(opened: &Opened<'_>, tool: &str) -> u64 {
    let session = opened.session;
    let Some((method, target)) = session.symbols().get("tools/call").zip(session.symbols().get(tool)) else {
        return 0;
    };
    let key = crate::model::RowKey { from: crate::wire::Peer::Client, method, target };
    session.row(key).map_or(0, |row| row.calls)
}

impl Item<'_> {
    /// Whether it is left out for trial, or hidden by a rule.
    pub(super) fn is_gone(&self) -> bool {
        self.is_left_out || self.ruled == Some(Ruled::Hidden)
    }

    /// Cells of its name with what rules do to it.
    pub(super) fn name_width(&self) -> usize {
        let word = self.ruled.map_or(0, |ruled| clip::width(ruled.word()) + 1);
        clip::width(self.name) + word
    }

    /// Its tokens in the unit shown.
    pub(super) fn shown(&self, wire: bool) -> Option<Count> {
        if wire { self.wire } else { self.model }
    }
}

/// What the definitions cost that servers offer, by what becomes of them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bill {
    /// Those that a model is shown.
    pub(super) kept: Post,
    /// Those of them that were never called.
    pub(super) uncalled: Post,
    /// Those left out for trial.
    pub(super) left_out: Post,
    /// Those that rules hide.
    pub(super) hidden: Post,
}

/// Some tools, and what they cost.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Post {
    /// How many.
    pub(super) tools: u64,
    /// In the unit shown.
    pub(super) tokens: Count,
}

impl Post {
    fn add(&mut self, tokens: Count) {
        self.tools += 1;
        self.tokens += tokens;
    }
}

/// Adds up what the definitions cost.
pub(super) fn bill(cx: &Cx<'_>, items: &[Item<'_>]) -> Bill {
    let mut bill = Bill::default();
    for item in items {
        let tokens = item.shown(cx.wire).unwrap_or(Count::ZERO);
        if item.ruled == Some(Ruled::Hidden) {
            bill.hidden.add(tokens);
        } else if item.is_left_out {
            bill.left_out.add(tokens);
        } else {
            bill.kept.add(tokens);
            if item.calls == 0 {
                bill.uncalled.add(tokens);
            }
        }
    }
    bill
}
