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
    /// What it would be if no rule only observed, where that is something else.
    pub(super) observed: Option<String>,
    pub(super) marks: Vec<Mark<'static>>,
    /// A limit has cut it.
    pub(super) is_cut: bool,
    /// Files to be written before it is sent.
    pub(super) spills: Vec<(PathBuf, String)>,
}

impl Dressed {
    /// Takes the word of one transformer.
    fn take(&mut self, mut mark: Mark<'static>, reshaped: Option<Reshaped>) {
        if let Some(reshaped) = reshaped {
            mark.hit = reshaped.result.is_some();
            mark.why = reshaped.why.map(Into::into);
            if mark.observed {
                self.observed = reshaped.result.or(self.observed.take());
            } else if reshaped.result.is_some() {
                self.is_cut |= mark.by == "limit";
                self.text = reshaped.result;
                self.observed = None;
                self.spills.extend(reshaped.spill);
            }
        }
        self.marks.push(mark);
    }
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
        };
        for uid in rules {
            let Some(active) = self.plan.get(*uid) else { continue };
            for place in 0..active.reshapers.len() {
                let by = active.reshapers[place].0;
                // What a tool says of its failure is for people and models to read; only its length is bounded.
                if !active.is_sound(by) || told.is_error && by != "limit" {
                    continue;
                }
                let shadow = dressed.observed.as_deref().filter(|_| active.is_observed);
                let text = shadow.or(dressed.text.as_deref()).unwrap_or(result);
                let room = &mut self.room;
                let (reshaped, mark) = active
                    .run(by, stopwatch, |active, _| active.reshapers[place].1.reshape(text, &subject, room));
                dressed.take(mark, reshaped);
            }
        }
        dressed
    }

    /// A list of tools: what it says is learnt, and what the client is to see of it made.
    fn dress_list(&mut self, ask: &Ask, caller: &Arc<Caller>, result: &str, dressed: &mut Dressed) {
        let session = self.sessions.get(caller);
        session.catalog.learn(result, !ask.has_cursor);
        session.list += 1;
        session.is_listed = true;
        session.is_told = true;
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
            let text = dressed.text.as_deref().unwrap_or(result);
            let start = (self.setting.stopwatch)();
            // What a rule that only observes would tell the client, the client is not told.
            let mut aside = is_observed.then(|| session.catalog.clone());
            let catalog = aside.as_mut().unwrap_or(&mut session.catalog);
            let changed = catch_unwind(AssertUnwindSafe(|| relist(&rules, text, catalog)));
            let cost = (self.setting.stopwatch)().saturating_sub(start);
            let cost_ns = |steps: usize| u32::try_from(cost / steps.max(1) as u64).unwrap_or(u32::MAX);
            match changed {
                Ok(steps) => {
                    let cost_ns = cost_ns(steps.len());
                    for (place, by, reshaped) in steps {
                        let mark = Mark { cost_ns, ..self.plan.actives[place].mark(by) };
                        dressed.take(mark, Some(reshaped));
                    }
                }
                Err(panic) => {
                    let mark = self.plan.actives[rules[0].0].mark("tools");
                    dressed
                        .take(Mark { cost_ns: cost_ns(1), failed: Some(said(&*panic).into()), ..mark }, None);
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
