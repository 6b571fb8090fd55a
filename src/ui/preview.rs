//! What rules would have saved in a recording: figures made by the feed, shown while rules are being written.
//!
//! Made by playing the recording again under the rules (`insight`) and asking the model of what comes out, so that what is
//! promised is counted as what is measured. Knows nothing of threads and files.

use crate::model::{Effects, Saved, Session};

/// What rules would have saved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// What all of them together would have saved, tool definitions included.
    pub saved: Saved,
    /// Tokens in the context window under these rules, as the model gets them and all JSON.
    pub model_after: u64,
    /// All JSON.
    pub wire_after: u64,
    /// Operations of the session.
    pub calls: u64,
    /// Those that rules would have answered in the place of the server.
    pub by_rules: u64,
    /// Answers out of a cache that would not have been what the server said then.
    pub stale: u64,
    /// How many answers out of a cache could be compared with what the server said.
    pub compared: u64,
    /// What each rule would have done, by its name.
    pub rules: Vec<RulePreview>,
}

/// What one rule would have done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulePreview {
    /// Its name.
    pub name: Box<str>,
    /// What it would have done; of a rule that only observes, the same.
    pub effects: Effects,
    /// What it would have saved, its part of the tool definitions included.
    pub saved: Saved,
}

impl Preview {
    /// The figures of a session that was played again under rules and whose tokens have been counted.
    #[must_use]
    pub fn of(session: &Session, stale: u64, compared: u64) -> Self {
        let totals = session.totals();
        let rules = session.rules().all().iter().map(|stats| RulePreview {
            name: session.name(stats.rule).into(),
            effects: if stats.active.matches > 0 { stats.active } else { stats.observed },
            saved: if stats.active.matches > 0 { session.saved_by(stats.rule) } else { stats.observed.saved },
        });
        Self {
            saved: session.saved(),
            model_after: session.context(false).total().tokens,
            wire_after: session.context(true).total().tokens,
            calls: totals.calls,
            by_rules: totals.by_rules,
            stale,
            compared,
            rules: rules.collect(),
        }
    }

    /// What one rule would have done.
    #[must_use]
    pub fn rule(&self, name: &str) -> Option<&RulePreview> {
        self.rules.iter().find(|rule| &*rule.name == name)
    }

    /// Tokens saved in the unit shown, and what the context window would hold without the rules.
    #[must_use]
    pub fn tokens(&self, wire: bool) -> (i64, u64) {
        let (saved, after) =
            if wire { (self.saved.wire, self.wire_after) } else { (self.saved.model, self.model_after) };
        (saved, after.saturating_add_signed(saved))
    }
}
