//! What is wrong with an offer: a table of rules, and what of an offer falls under them.
//!
//! A rule is one row: how bad, what is looked for, what it means, what to do. Knows nothing of how findings are shown.

mod costs;
mod descriptions;
mod names;
mod schemas;
mod subject;
mod table;

use std::cmp::Reverse;

use serde::Serialize;

use super::bill::Bill;
use super::offer::Offer;
use subject::{Server, Tool};

pub use table::RULES;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// There are clients or providers that refuse the tool, or the whole list with it.
    Error,
    /// Something gets lost, is misunderstood, or costs more than it should.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// What a rule looks at. The text it returns says what was found and where, for people.
enum Check {
    /// Each tool.
    Tool(fn(&Tool<'_>) -> Option<String>),
    /// The offer as a whole.
    Server(fn(&Server<'_>) -> Option<String>),
}

/// A row of the table.
pub struct Rule {
    /// Its name, which does not change.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    check: Check,
    /// What it means, as a sentence.
    pub sentence: &'static str,
    /// What its author can do.
    pub remedy: &'static str,
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rule").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Where a rule was broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Spot {
    /// The tool; `None` for the offer as a whole.
    pub tool: Option<String>,
    /// What was found; empty where the rule says it all.
    pub detail: String,
}

/// A rule that was broken, with every place.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which.
    pub rule: &'static Rule,
    /// Where, the dearest tool first. Never empty.
    pub spots: Vec<Spot>,
}

/// Everything that is wrong with an offer, worst first. `label` is what the server is called in a client's configuration.
#[must_use]
pub fn findings(offer: &Offer, bill: &Bill, label: &str) -> Vec<Finding> {
    let tools = Tool::all(offer, bill, label);
    let server = Server { offer, bill, tools: &tools };
    let mut by_cost: Vec<&Tool<'_>> = tools.iter().collect();
    by_cost.sort_by_key(|tool| Reverse(tool.tokens.model.tokens));
    let mut found: Vec<Finding> = RULES
        .iter()
        .filter_map(|rule| {
            let spots: Vec<Spot> = match rule.check {
                Check::Tool(check) => by_cost
                    .iter()
                    .filter_map(|tool| Some(Spot { detail: check(tool)?, tool: Some(tool.name.to_owned()) }))
                    .collect(),
                Check::Server(check) => {
                    check(&server).map(|detail| Spot { tool: None, detail }).into_iter().collect()
                }
            };
            (!spots.is_empty()).then_some(Finding { rule, spots })
        })
        .collect();
    found.sort_by_key(|finding| finding.rule.severity);
    found
}

#[cfg(test)]
mod tests;
