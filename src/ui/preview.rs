//! What rules would have saved in a recording: figures made by the feed, shown while rules are being written.
//!
//! Made by playing the recording again under the rules (`insight`) and asking the model of what comes out, so that what is
//! promised is counted as what is measured. Knows nothing of threads and files.

use crate::model::{Effects, RuleStats, Saved, Session, Sizes};

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
    /// What would have become of the answers that it is about.
    pub answers: Answers,
    /// What it said most frequently of its cache, hits and misses apart: why there are not more hits.
    pub cache_why: Option<Box<str>>,
    /// What it would have saved, its part of the tool definitions included.
    pub saved: Saved,
}

/// All answers that a rule is about, tool lists apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// How many there are.
    pub count: u64,
    /// Those on which it would have had an effect.
    pub hits: u64,
    /// What all of them cost without the rule.
    pub before: Sizes,
    /// What they would have cost with it.
    pub after: Sizes,
}

impl Answers {
    fn of(session: &Session, stats: &RuleStats) -> Self {
        let mut all = Self::default();
        for (row, effects, _) in stats.rows() {
            let row = session.rows().get(row as usize);
            let Some(row) = row.filter(|row| session.name(row.key.method) != "tools/list") else { continue };
            let (wire, model) = (row.wire_tokens.sum, row.model_tokens.sum);
            all.count += effects.matches;
            all.hits += effects.hits;
            all.after += Sizes { wire, model };
            all.before += Sizes {
                wire: wire.saturating_add_signed(effects.saved.wire),
                model: model.saturating_add_signed(effects.saved.model),
            };
        }
        all
    }
}

/// Why a cache had not more hits, as it said most frequently; that it had no answer yet and that it kept one is no reason.
fn cache_why(session: &Session, stats: &RuleStats) -> Option<Box<str>> {
    let is_reason = |text: &str| !matches!(text, "kept" | "not in the cache" | "the answer to an equal call");
    let whys = stats.whys().into_iter().filter(|why| session.name(why.by) == "cache");
    whys.map(|why| &why.text).find(|text| is_reason(text)).cloned()
}

impl Preview {
    /// The figures of a session that was played again under rules and whose tokens have been counted.
    #[must_use]
    pub fn of(session: &Session, stale: u64, compared: u64) -> Self {
        let totals = session.totals();
        let rules = session.rules().all().iter().map(|stats| RulePreview {
            name: session.name(stats.rule).into(),
            answers: Answers::of(session, stats),
            cache_why: cache_why(session, stats),
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
