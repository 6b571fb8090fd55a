//! What rules make of a result, one after the other, each of the text that the one before left.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use super::ask::{Ask, Told};
use super::plan::{changes_results, said};
use super::{Caller, Gate};
use crate::rules::Rule;
use crate::rules::answer::{Reshaped, Subject, relist};
use crate::rules::transform::cache::Stamp;
use crate::trace::Mark;

/// What became of a result.
#[derive(Debug, Default)]
pub(super) struct Dressed {
    /// The new result; `None` if it stays as it was.
    pub(super) text: Option<String>,
    /// What those rules that only observe would have made of it as it arrived; `None` if nothing. So what each kind of rules
    /// saves is told by a pair of its own.
    pub(super) observed: Option<String>,
    pub(super) marks: Vec<Mark<'static>>,
    /// A limit has cut it.
    pub(super) is_cut: bool,
    /// Files to be written before it is sent.
    pub(super) spills: Vec<(PathBuf, String)>,
}

impl Dressed {
    /// Takes what one transformer made of a result, whose length before is measured here as the one after is.
    fn take(&mut self, mut mark: Mark<'static>, before_bytes: usize, reshaped: Option<Reshaped>) {
        if let Some(reshaped) = reshaped {
            mark.hit = reshaped.result.is_some();
            mark.bytes = reshaped.result.as_ref().map(|after| [before_bytes as u64, after.len() as u64]);
            mark.why = reshaped.why.map(Into::into);
            if mark.observed {
                self.observed = reshaped.result.or(self.observed.take());
            } else if reshaped.result.is_some() {
                self.is_cut |= mark.by == "limit";
                self.text = reshaped.result;
                self.spills.extend(reshaped.spill);
            }
        }
        self.marks.push(mark);
    }
}

/// Whether a list has no more pages.
fn is_last_page(result: &str) -> bool {
    crate::wire::member(result, "nextCursor").is_none_or(|next| next == "null")
}

impl Gate {
    /// Lets the rules have a result.
    pub(super) fn dress(&mut self, ask: &Ask, caller: &Arc<Caller>, rules: &[u64], result: &str) -> Dressed {
        let told = Told::read(result);
        let mut dressed = Dressed::default();
        if !told.is_complete {
            return dressed;
        }
        if &*ask.method == "tools/list" {
            self.dress_list(ask, caller, result, &mut dressed);
        }
        let stopwatch = self.setting.stopwatch;
        let catalog = &self.sessions.get(caller).catalog;
        let subject = Subject {
            method: &ask.method,
            tool: ask.tool.as_deref(),
            arguments: ask.param("arguments"),
            is_modern: ask.is_modern(),
            definition: ask.tool.as_deref().and_then(|tool| catalog.get(tool)),
            is_told_to_read_on: catalog.is_told_to_read_on,
            is_read_more_taken: catalog.has_read_more(),
        };
        for uid in rules {
            let Some(active) = self.plan.get(*uid) else { continue };
            for place in 0..active.reshapers.len() {
                let by = active.reshapers[place].0;
                // What a tool says of its failure is for people and models to read; only its length is bounded.
                if !active.is_sound(by) || told.is_error && by != "limit" {
                    continue;
                }
                let before = if active.is_observed { &dressed.observed } else { &dressed.text };
                let text = before.as_deref().unwrap_or(result);
                let before_bytes = text.len();
                let room = &mut self.room;
                let (reshaped, mark) = active
                    .run(by, stopwatch, |active, _| active.reshapers[place].1.reshape(text, &subject, room));
                dressed.take(mark, before_bytes, reshaped);
            }
        }
        dressed
    }

    /// A list of tools: what it says is learnt, and what the client is to see of it made.
    fn dress_list(&mut self, ask: &Ask, caller: &Arc<Caller>, result: &str, dressed: &mut Dressed) {
        self.sessions.learn(caller, result, !ask.has_cursor);
        let session = self.sessions.get(caller);
        session.list += 1;
        session.is_listed = true;
        session.is_told = true;
        if is_last_page(result) {
            session.catalog.is_told_to_read_on = false;
        }
        if self.plan.is_relist_off {
            return;
        }
        for is_observed in [false, true] {
            let at_work = self.plan.actives.iter().enumerate();
            let rules: Vec<(usize, &Rule)> = at_work
                .filter(|(_, active)| active.is_observed == is_observed)
                .map(|(place, active)| (place, &active.rule))
                .collect();
            if rules.is_empty() {
                continue;
            }
            let start = (self.setting.stopwatch)();
            // What a rule that only observes would tell the client, the client is not told.
            let mut aside = is_observed.then(|| session.catalog.clone());
            let catalog = aside.as_mut().unwrap_or(&mut session.catalog);
            let changed = catch_unwind(AssertUnwindSafe(|| relist(&rules, result, catalog)));
            let cost = (self.setting.stopwatch)().saturating_sub(start);
            let cost_ns = |steps: usize| u32::try_from(cost / steps.max(1) as u64).unwrap_or(u32::MAX);
            match changed {
                Ok(steps) => {
                    let cost_ns = cost_ns(steps.len());
                    let mut bytes = result.len();
                    for (place, by, reshaped) in steps {
                        let mark = Mark { cost_ns, ..self.plan.actives[place].mark(by) };
                        let after = reshaped.result.as_ref().map_or(bytes, String::len);
                        dressed.take(mark, std::mem::replace(&mut bytes, after), Some(reshaped));
                    }
                }
                Err(panic) => {
                    let mark = self.plan.actives[rules[0].0].mark("tools");
                    let failed = Some(said(&*panic).into());
                    dressed.take(Mark { cost_ns: cost_ns(1), failed, ..mark }, result.len(), None);
                    self.plan.is_relist_off = true;
                    return;
                }
            }
        }
    }

    /// Whether rules make something of such results.
    pub(super) fn is_dressed(&mut self, ask: &Ask, rules: &[u64]) -> bool {
        &*ask.method == "tools/list" && self.plan.needs_list
            || rules.iter().any(|uid| self.plan.get(*uid).is_some_and(|active| changes_results(&active.rule)))
    }

    /// Under what a result is dressed now.
    pub(super) fn stamp(&mut self, caller: &Arc<Caller>) -> Stamp {
        let rules = self.plan.generation;
        let session = self.sessions.get(caller);
        Stamp { rules, session: session.number, list: session.list }
    }
}
