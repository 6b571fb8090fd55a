//! The word of each transformer on a request: it may go on, it waits, or it has its answer.

use super::Gate;
use super::asked::Progress;
use super::item::{Group, Item, ItemId, Stay, Step, StepKind};
use super::plan::Active;
use super::speak::{self, BUSY, FAULT, RATE, Reply};
use super::trust::why_not_shared;
use crate::rules::transform::cache::{Key, NoKey};
use crate::rules::{FaultKind, Wait};
use crate::trace::{Mark, Micros, Outcome};

impl Gate {
    /// Takes a request through its steps until one of them keeps it.
    pub(super) fn advance(&mut self, now: Micros, number: ItemId, item: &mut Item) -> Progress {
        while let Some(step) = item.steps.front().copied() {
            let kept = match step.kind {
                // Whose answer comes under its id cannot be told: it shares none.
                StepKind::Cache | StepKind::Coalesce if item.is_mixed => None,
                StepKind::Fault => self.strike(step, item),
                StepKind::Delay => self.delay(now, step, item),
                StepKind::Cache => self.look_up(now, number, step, item),
                StepKind::Coalesce => self.coalesce(number, step, item),
                StepKind::Rate => self.ration(now, number, step, item),
                StepKind::Slot => self.seat(number, step, item),
            };
            match kept {
                None => drop(item.steps.pop_front()),
                Some(progress) => return progress,
            }
        }
        Progress::Leaves
    }

    /// Lets the transformer of a step act, and keeps its mark. `None` if the rule is no more, or failed.
    fn run<T>(
        &mut self,
        step: Step,
        by: &'static str,
        item: &mut Item,
        act: impl FnOnce(&mut Active, &mut Mark<'static>) -> T,
    ) -> Option<T> {
        let stopwatch = self.setting.stopwatch;
        let (result, mark) = self.plan.get(step.uid)?.run(by, stopwatch, act);
        item.marks.push(mark);
        result
    }

    fn is_observed(&mut self, step: Step) -> bool {
        self.plan.get(step.uid).is_none_or(|active| active.is_observed)
    }

    fn strike(&mut self, step: Step, item: &mut Item) -> Option<Progress> {
        let ask = item.ask.clone();
        let struck = self.run(step, "fault", item, |active, mark| {
            let fault = active.rule.fault.as_ref()?;
            mark.hit = fault.strikes(&mut active.faults);
            if !mark.hit {
                return None;
            }
            let default = || format!("a fault made by the rule \"{}\" of mcptop", active.rule.name);
            let text = fault.message.clone().unwrap_or_else(default);
            mark.why = Some("struck".into());
            Some(match fault.kind {
                FaultKind::ToolError => Progress::Answered(speak::refusal(&ask, FAULT, &text)),
                FaultKind::Error => Progress::Answered(speak::error(i32::from(FAULT), &text)),
                FaultKind::Silence => Progress::Swallowed,
            })
        })??;
        if !self.is_observed(step) {
            return Some(struck);
        }
        observe(item, &struck);
        None
    }

    fn delay(&mut self, now: Micros, step: Step, item: &mut Item) -> Option<Progress> {
        let until = self.run(step, "delay", item, |active, mark| {
            let us = active.rule.delay.as_ref()?.pick_us(&mut active.delays);
            mark.hit = us > 0;
            mark.why = Some(format!("held back for {} ms", us / 1_000).into());
            (us > 0).then(|| Micros(now.0.saturating_add(us)))
        })??;
        let stays = Progress::Stays(Stay::Delay(until));
        if !self.is_observed(step) {
            return Some(stays);
        }
        observe(item, &stays);
        None
    }

    fn coalesce(&mut self, number: ItemId, step: Step, item: &mut Item) -> Option<Progress> {
        let coalesce = self.plan.get(step.uid)?.rule.coalesce;
        let known = self.sessions.known(&item.caller, item.ask.tool.as_deref());
        let key = match why_not_shared(coalesce, &item.ask, &known) {
            Some(why) => Err(why),
            None => item.ask.key(&self.setting.server, known.protocol, &[]).map_err(NoKey::why),
        };
        let why_not = key.as_ref().err().copied();
        let caller = Some((*item.caller).clone());
        let group = key.ok().map(|text| Group { uid: step.uid, key: Key { caller, text } });
        let leader = group.as_ref().and_then(|group| self.groups.get(group)).copied();
        self.run(step, "coalesce", item, |_, mark| {
            // It is one when the answer is there; one who only observes cannot wait for that.
            mark.hit = leader.is_some() && mark.observed;
            mark.why = match (why_not, leader) {
                (Some(why), _) => Some(why.into()),
                (None, Some(_)) => Some("waits for the answer to an equal call".into()),
                (None, None) => None,
            };
        })?;
        let is_observed = self.is_observed(step);
        self.join(number, item, group?, is_observed)
    }

    /// Waits for the answer to an equal request, or is the one that others wait for.
    pub(super) fn join(
        &mut self,
        number: ItemId,
        item: &mut Item,
        group: Group,
        is_observed: bool,
    ) -> Option<Progress> {
        let leader = self.groups.get(&group).copied().filter(|leader| *leader != number);
        match leader {
            Some(leader) if is_observed => {
                observe(item, &Progress::Stays(Stay::Follow(leader)));
                None
            }
            Some(leader) => {
                self.items.get_mut(leader)?.followers.push(number);
                Some(Progress::Stays(Stay::Follow(leader)))
            }
            None => {
                if self.groups.insert(group.clone(), number).is_none() {
                    item.leads.push(group);
                }
                None
            }
        }
    }

    fn ration(&mut self, now: Micros, number: ItemId, step: Step, item: &mut Item) -> Option<Progress> {
        let ask = item.ask.clone();
        let kept = self.run(step, "rate", item, |active, mark| {
            let (rate, bucket) = (active.rule.rate?, active.bucket.as_mut()?);
            if active.rate_queue.is_empty() && bucket.take(now) {
                return None;
            }
            mark.hit = true;
            let wait_us = (bucket.turn(active.rate_queue.len()) - now).0;
            if rate.over == Wait::Error {
                let seconds = wait_us.div_ceil(1_000_000).max(1);
                mark.why = Some(format!("refused, to be tried again in {seconds} s").into());
                let text = format!(
                    "rate limited by the rule \"{}\" of mcptop: retry in {seconds} s",
                    active.rule.name
                );
                return Some(Progress::Answered(speak::refusal(&ask, RATE, &text)));
            }
            mark.why = Some(format!("waits {} ms for its turn", wait_us.div_ceil(1_000)).into());
            if !active.is_observed {
                active.rate_queue.push_back(number);
            }
            Some(Progress::Stays(Stay::Rate(active.uid)))
        })??;
        if !self.is_observed(step) {
            return Some(kept);
        }
        observe(item, &kept);
        None
    }

    fn seat(&mut self, number: ItemId, step: Step, item: &mut Item) -> Option<Progress> {
        let ask = item.ask.clone();
        let kept = self.run(step, "concurrency", item, |active, mark| {
            let concurrency = active.rule.concurrency?;
            if active.slots_used < concurrency.max() && active.slot_queue.is_empty() {
                return None;
            }
            mark.hit = true;
            if concurrency.over() == Wait::Error {
                mark.why = Some("refused: too many calls at once".into());
                let text = format!(
                    "too many calls at once for the rule \"{}\" of mcptop ({} allowed): retry in 1 s",
                    active.rule.name,
                    concurrency.max()
                );
                return Some(Progress::Answered(speak::refusal(&ask, BUSY, &text)));
            }
            mark.why = Some(format!("waits behind {} others", active.slot_queue.len()).into());
            if !active.is_observed {
                active.slot_queue.push_back(number);
            }
            Some(Progress::Stays(Stay::Slot(active.uid)))
        })?;
        let is_observed = self.is_observed(step);
        match kept {
            Some(kept) if !is_observed => return Some(kept),
            Some(kept) => observe(item, &kept),
            None => {}
        }
        if let Some(active) = self.plan.get(step.uid).filter(|active| active.rule.concurrency.is_some()) {
            active.slots_used += 1;
            item.slots.push(step.uid);
        }
        None
    }
}

/// What would have become of it; the first thing counts.
pub(super) fn observe(item: &mut Item, progress: &Progress) {
    if item.observed.is_some() {
        return;
    }
    item.observed = Some(match progress {
        Progress::Answered(reply) => (Outcome::Answered, Some(observed_frame(item, reply))),
        Progress::Stays(_) => (Outcome::Held, None),
        Progress::Swallowed => (Outcome::Dropped, None),
        Progress::Leaves => return,
    });
}

fn observed_frame(item: &Item, reply: &Reply) -> Vec<u8> {
    speak::answer(&item.id, reply)
}
