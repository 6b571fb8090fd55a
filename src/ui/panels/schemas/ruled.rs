//! What the rules that are shown for a session do to its definitions, for the marks in the list.
//!
//! Only rules that act count. Knows nothing of what a rule saves.

use std::collections::HashMap;
use std::sync::Arc;

use crate::rules::{Mode, Rule, Ruleset};
use crate::ui::panels::{Cx, OpenId, Opened};

/// What rules do to a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ruled {
    /// It is not there.
    Hidden,
    /// Less of it is there.
    Shorter,
}

impl Ruled {
    /// The word for it in the list.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::Shorter => "shorter",
        }
    }
}

/// The rules of each session, read when their text changes.
#[derive(Debug, Default)]
pub(super) struct Read {
    known: HashMap<OpenId, (Arc<str>, Ruleset)>,
}

impl Read {
    /// Reads the rules that have changed, and forgets sessions that have been closed.
    pub(super) fn refresh(&mut self, cx: &Cx<'_>) {
        self.known.retain(|id, _| cx.sessions.iter().any(|opened| opened.id == *id));
        for opened in cx.sessions {
            let text = cx.rulings.text(opened);
            if self.known.get(&opened.id).is_none_or(|(known, _)| *known != text) {
                let rules = Ruleset::parse(&text).unwrap_or_default();
                self.known.insert(opened.id, (text, rules));
            }
        }
    }

    /// What happens to a tool's definition.
    pub(super) fn of(&self, opened: &Opened<'_>, tool: &str) -> Option<Ruled> {
        let (_, rules) = self.known.get(&opened.id)?;
        let label = &opened.session.header.label;
        let about = |rule: &&Rule| {
            rule.mode == Mode::On
                && rule.select.is_server(label)
                && rule.select.tool.as_ref().is_none_or(|globs| globs.matches(tool))
        };
        let tools = || rules.rules.iter().filter(about).filter_map(|rule| rule.tools.as_ref());
        let hides = |globs: &crate::rules::Globs| !globs.written().is_empty() && globs.matches(tool);
        if tools().any(|tools| tools.hide.as_ref().is_some_and(hides)) {
            return Some(Ruled::Hidden);
        }
        let is_shorter = tools().any(|tools| {
            tools.describe.is_some()
                || !tools.strip.is_empty()
                || tools.lazy
                || tools.texts.contains_key(tool)
        });
        is_shorter.then_some(Ruled::Shorter)
    }
}
