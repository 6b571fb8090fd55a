//! What rules make of answers: trimmed, emptied, written in another form, cut to a limit; and of tool lists.
//!
//! Results are spliced, never written anew: every byte outside the values that a rule is about stays as the server wrote
//! it. What cannot be read passes. Knows nothing of ids, frames, lanes or time.
//!
//! ```text
//! Catalog::learn(list) .get(tool) -> Option<&Definition>     what the server said of its tools
//! relist(rules, list, catalog)                               the list that a client sees
//! reshapers(rule) -> [(key, Box<dyn Reshape>)]               .reshape(result, subject, room) -> Reshaped
//! hides(rule, tool)   own_call(tool, arguments, …)           calls that no server sees
//! ```

mod catalog;
mod cut;
mod list;
mod own;
mod parts;
mod preview;
mod room;
mod rows;
mod schema;
mod sentence;
mod toon;
mod tree;
mod twin;

use std::path::PathBuf;

pub(in crate::rules) use catalog::{Catalog, Definition};
pub(in crate::rules) use cut::{Budget, head};
pub(in crate::rules) use list::{hides, relist};
pub(in crate::rules) use own::{OwnAnswer, own_call};
pub(in crate::rules) use parts::{Parts, document, quoted};
pub use preview::{preview, preview_list};
pub(in crate::rules) use room::{Room, notice};
pub(in crate::rules) use rows::Rows;
pub(in crate::rules) use toon::toon;
pub(in crate::rules) use tree::{Id, Tree, compact};
pub(in crate::rules) use twin::{is_twin, note_twin};

use super::transform::{Emptier, Limiter, Shaper, Trimmer};
use super::{Mode, Rule, Twin};

/// What a result is about.
#[derive(Clone, Copy, Debug)]
pub(in crate::rules) struct Subject<'a> {
    /// The method that was asked for.
    pub(in crate::rules) method: &'a str,
    /// The tool that was called.
    pub(in crate::rules) tool: Option<&'a str>,
    /// What it was called with.
    #[expect(dead_code, reason = "part of what a result is about; no transformer asks for it yet")]
    pub(in crate::rules) arguments: Option<&'a str>,
    /// Whether the request was of a revision in which results say their type.
    #[expect(dead_code, reason = "results are spliced, so that what says their type stays")]
    pub(in crate::rules) is_modern: bool,
    /// What the session was told of the tool; `None` if it has not listed it.
    pub(in crate::rules) definition: Option<&'a Definition>,
    /// The client has listed the tool by which the rest of a result is asked for.
    pub(in crate::rules) is_told_to_read_on: bool,
    /// The server has a tool of the name by which the rest of a result is asked for: there is no asking for it.
    pub(in crate::rules) is_read_more_taken: bool,
}

/// What became of a result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::rules) struct Reshaped {
    /// The whole new result; `None` if it stays as it is.
    pub(in crate::rules) result: Option<String>,
    /// What was done, or why nothing was, for people.
    pub(in crate::rules) why: Option<String>,
    /// A file to be written before the result is sent.
    pub(in crate::rules) spill: Option<(PathBuf, String)>,
}

impl Reshaped {
    /// It passes, and why.
    pub(in crate::rules) fn passed(why: impl Into<String>) -> Self {
        Self { why: Some(why.into()), ..Self::default() }
    }
}

/// Something that rules do to results.
pub(in crate::rules) trait Reshape: Send {
    /// Makes another result of one, or leaves it.
    fn reshape(&mut self, result: &str, subject: &Subject<'_>, room: &mut Room) -> Reshaped;
}

/// What a rule does to results, in the order in which it acts, each with its key in the rules file.
pub(in crate::rules) fn reshapers(rule: &Rule) -> Vec<(&'static str, Box<dyn Reshape>)> {
    let leave = Leave { assumes_relaxed: rule.mode == Mode::Observe };
    let mut all: Vec<(&'static str, Box<dyn Reshape>)> = Vec::new();
    if let Some(trim) = &rule.trim {
        all.push(("trim", Box::new(Trimmer::new(trim.clone(), leave))));
    }
    if rule.empty.is_some() {
        all.push(("empty", Box::new(Emptier::new(leave))));
    }
    if matches!(rule.twin, Twin::DropText | Twin::DropStructured) {
        all.push(("twin", Box::new(twin::Dropper::new(rule.twin, leave))));
    }
    if let Some(shape) = rule.shape {
        all.push(("shape", Box::new(Shaper::new(shape, rule.twin))));
    }
    if let Some(limit) = rule.limit {
        all.push(("limit", Box::new(Limiter::new(limit, &rule.name, leave))));
    }
    all
}

/// Whether `structuredContent` may be changed: clients hold it against the output schema that they have read.
#[derive(Clone, Copy, Debug)]
pub(in crate::rules) struct Leave {
    /// A rule that only observes says what it would do had the client read the list it would then be given.
    assumes_relaxed: bool,
}

impl Leave {
    /// Whether the client is taken to have read the list that goes with the rule.
    pub(in crate::rules) fn assumes_told(self) -> bool {
        self.assumes_relaxed
    }

    /// Whether parts of it may go.
    ///
    /// # Errors
    /// Why they may not.
    pub(in crate::rules) fn to_trim(self, subject: &Subject<'_>) -> Result<(), &'static str> {
        self.given(subject, |definition| definition.is_relaxed)
    }

    /// Whether all of it may go.
    ///
    /// # Errors
    /// Why it may not.
    pub(in crate::rules) fn to_drop(self, subject: &Subject<'_>) -> Result<(), &'static str> {
        self.given(subject, |definition| definition.is_schema_gone)
    }

    fn given(self, subject: &Subject<'_>, by: fn(&Definition) -> bool) -> Result<(), &'static str> {
        match subject.definition {
            _ if self.assumes_relaxed => Ok(()),
            Some(definition) if !definition.has_output_schema || by(definition) => Ok(()),
            Some(_) => Err("the client has not read the relaxed output schema yet"),
            // A client that listed the tools before mcptop came in between may know a schema that we do not.
            None => Err("the client has not read the tool list through mcptop yet"),
        }
    }
}

#[cfg(test)]
mod tests;
