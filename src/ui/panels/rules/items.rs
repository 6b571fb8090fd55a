//! The lines of the Rules panel: every rule that is written, and those that did something and are written no more.
//!
//! Derived anew for each drawing. Knows nothing of columns.

use crate::model::{Effects, RuleStats, Saved};
use crate::rules::{KINDS, Mode, Rule, Ruleset, edit};
use crate::ui::fetched::Answer;
use crate::ui::panels::{Cx, OpenId, Opened};
use crate::ui::preview::RulePreview;
use crate::ui::ruling::Standing;

/// What a line is about; stays the same while its numbers and its place change.
pub(super) type RuleKey = (OpenId, Box<str>);

/// A line.
#[derive(Clone, Debug)]
pub(super) struct Item<'a> {
    pub(super) key: RuleKey,
    /// The rule's place in its file; those written no more come last.
    pub(super) position: usize,
    /// Its text as it stands in the file; empty if it is not written any more.
    pub(super) text: String,
    /// The label of its session's server.
    pub(super) server: &'a str,
    /// The rule as it is written; `None` if it is not any more.
    pub(super) rule: Option<Rule>,
    /// What it did.
    pub(super) stats: Option<&'a RuleStats>,
    /// What it saved, tool definitions included.
    saved: Saved,
    /// What it would have done, where the rules shown are only tried on the recording.
    pub(super) tried: Option<RulePreview>,
}

/// Every rule of every session.
pub(super) fn items<'a>(cx: &Cx<'a>) -> Vec<Item<'a>> {
    cx.sessions.iter().flat_map(|opened| of(opened, cx)).collect()
}

fn of<'a>(opened: &'a Opened<'a>, cx: &Cx<'a>) -> Vec<Item<'a>> {
    let session = opened.session;
    let text = cx.rulings.text(opened);
    let written = Ruleset::parse(&text).unwrap_or_default().rules;
    let preview = match cx.rulings.standing(opened) {
        Standing::Trial => match cx.rulings.preview(opened.id, &text) {
            Answer::Ready(preview) => Some(preview),
            Answer::Waiting | Answer::Failed(_) => None,
        },
        Standing::InForce | Standing::Sent => None,
    };
    let stats = |name: &str| session.rules().get(session.symbols().get(name)?);
    let item = |position: usize, name: &str, rule: Option<Rule>| Item {
        key: (opened.id, name.into()),
        position,
        text: rule.as_ref().map_or_else(String::new, |rule| written_text(&text, position, rule)),
        server: &session.header.label,
        rule,
        stats: stats(name),
        tried: preview.as_ref().and_then(|preview| preview.rule(name)).cloned(),
        saved: session.symbols().get(name).map_or_else(Saved::default, |rule| session.saved_by(rule)),
    };
    let gone = session.rules().all().iter().map(|stats| session.name(stats.rule));
    let gone: Vec<&str> = gone.filter(|name| written.iter().all(|rule| rule.name != *name)).collect();
    let count = written.len();
    let written = written.into_iter().enumerate().map(|(position, rule)| {
        let name = rule.name.clone();
        item(position, &name, Some(rule))
    });
    let mut all: Vec<Item<'a>> = written.collect();
    all.extend(gone.into_iter().map(|name| item(count, name, None)));
    all
}

/// The rule as it stands in its file; where it stands in another form there, as we would write it.
fn written_text(text: &str, position: usize, rule: &Rule) -> String {
    let is_table = |line: &&str| line.trim_start().starts_with('[');
    let mut begins = text.lines().enumerate().filter(|(_, line)| line.trim().starts_with("[[rule]]"));
    let Some((begin, _)) = begins.nth(position) else { return edit::text_of(rule).unwrap_or_default() };
    let is_of_another = |line: &&str| is_table(line) && !line.trim_start().starts_with("[rule.");
    let lines = text.lines().skip(begin + 1).take_while(|line| !is_of_another(line));
    let mut lines: Vec<&str> = lines.collect();
    // What stands before the next rule is about that one.
    while lines.last().is_some_and(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        lines.pop();
    }
    lines.join("\n")
}

impl Item<'_> {
    /// Whether it acts; `None` if it is written no more.
    pub(super) fn mode(&self) -> Option<Mode> {
        self.rule.as_ref().map(|rule| rule.mode)
    }

    /// Whether its figures are what it would have done.
    pub(super) fn would(&self) -> bool {
        if self.tried.is_some() {
            return true;
        }
        let has_acted = self.stats.is_some_and(|stats| stats.active.matches > 0);
        let has_observed = self.stats.is_some_and(|stats| stats.observed.matches > 0);
        has_observed && (self.mode() == Some(Mode::Observe) || !has_acted)
    }

    /// What it did, or would have done.
    pub(super) fn effects(&self) -> Effects {
        match (&self.tried, self.stats) {
            (Some(tried), _) => tried.effects,
            (None, Some(stats)) if self.would() => stats.observed,
            (None, Some(stats)) => stats.active,
            (None, None) => Effects::default(),
        }
    }

    /// What it saved, or would have saved.
    pub(super) fn saved(&self) -> Saved {
        match &self.tried {
            Some(tried) => tried.saved,
            None if self.would() => self.effects().saved,
            None => self.saved,
        }
    }

    /// What it does, in the words of the rules file.
    pub(super) fn kinds(&self) -> Vec<&'static str> {
        let Some(rule) = &self.rule else { return Vec::new() };
        KINDS.iter().filter(|kind| (kind.is_in)(rule)).map(|kind| kind.key).collect()
    }

    /// What it is about, in short.
    pub(super) fn about(&self) -> String {
        let Some(rule) = &self.rule else { return "not written any more".to_owned() };
        let select = &rule.select;
        let part = |name: &str, globs: &Option<crate::rules::Globs>| {
            globs.as_ref().map(|globs| format!("{name}{}", globs.written().join(" ")))
        };
        let parts =
            [part("", &select.tool), part("method ", &select.method), part("server ", &select.server)];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { "every tool".to_owned() } else { parts.join(", ") }
    }

    /// The share of cache lookups that were hits, where it has a cache.
    pub(super) fn hit_rate(&self) -> Option<f64> {
        self.stats?.cache?.hit_rate()
    }
}
