//! What ends: rules that are replaced by others, and conversations.

use super::item::{Item, ItemId, Origin, Stay, StepKind};
use super::plan::Plan;
use super::speak::LIST_CHANGED;
use super::{Gate, Lane};
use crate::rules::Ruleset;
use crate::trace::{Micros, Outcome};
use crate::wire::Direction;

impl Gate {
    /// Puts other rules in force. What waits for a rule that is gone, or not the same any more, goes on at once, in the
    /// order in which it came.
    pub(super) fn change_rules(&mut self, now: Micros, rules: &Ruleset) {
        let list_before = self.plan.list_signature();
        let before = std::mem::replace(
            &mut self.plan,
            Plan::new(&Ruleset::default(), &self.setting, now, None, &mut self.last_uid),
        );
        self.plan = Plan::new(rules, &self.setting, now, Some(before), &mut self.last_uid);
        self.count_slots();
        let held = self.items.held();
        for number in held {
            let Some(item) = self.items.get(number) else { continue };
            if self.still_waits(number, item.stay, item.steps.front().map(|step| (step.uid, step.kind))) {
                continue;
            }
            let Some(item) = self.items.take(number) else { continue };
            self.unqueue(number, &item);
            if let Stay::Follow(leader) = item.stay
                && let Some(leader) = self.items.get_mut(leader)
            {
                leader.followers.retain(|follower| *follower != number);
            }
            self.proceed(now, number, item, None);
        }
        self.seat_next(now);
        if self.plan.list_signature() != list_before {
            self.tell_of_changed_list();
        }
    }

    /// Counts anew how many slots of each rule are in use: rules that are new to an old name begin with those.
    fn count_slots(&mut self) {
        for active in &mut self.plan.actives {
            let of_it = |item: &Item| item.slots.iter().filter(|uid| **uid == active.uid).count();
            active.slots_used = self.items.iter().map(of_it).sum();
        }
    }

    /// Whether what a request waits for is still there; lines that were kept are taken up again.
    fn still_waits(&mut self, number: ItemId, stay: Stay, step: Option<(u64, StepKind)>) -> bool {
        let Some(active) = step.and_then(|(uid, _)| self.plan.get(uid)).filter(|active| !active.is_observed)
        else {
            return false;
        };
        match stay {
            Stay::Delay(_) => active.rule.delay.is_some(),
            Stay::Lookup(_) => active.rule.cache.as_ref().is_some_and(|cache| cache.store.is_some()),
            Stay::Follow(_) => active.rule.coalesce || active.rule.cache.is_some(),
            Stay::Rate(_) if active.rule.rate.is_some_and(|rate| rate.over == crate::rules::Wait::Wait) => {
                active.rate_queue.push_back(number);
                true
            }
            Stay::Slot(_)
                if active.rule.concurrency.is_some_and(|slots| slots.over() == crate::rules::Wait::Wait) =>
            {
                active.slot_queue.push_back(number);
                true
            }
            Stay::Rate(_) | Stay::Slot(_) | Stay::Flying | Stay::Late | Stay::Cancelled => false,
        }
    }

    /// Tells clients that have read the tool list that it is another one now, where their server can say so.
    fn tell_of_changed_list(&mut self) {
        let told: Vec<_> = self
            .sessions
            .iter_mut()
            .filter(|(_, session)| session.says_changes && session.is_told)
            .map(|(caller, _)| caller.clone())
            .collect();
        for caller in told {
            if let Some(lane) = self.sessions.lane_of(&caller) {
                let frame = LIST_CHANGED.as_bytes().to_vec();
                let place = (lane, Direction::ToClient, None);
                self.send(place, Outcome::Sent, (Direction::ToClient, frame), Vec::new());
            }
        }
    }

    /// A conversation is over. What its requests make void is forgotten now, as their answers will not be seen.
    pub(super) fn close_lane(&mut self, now: Micros, lane: Lane) {
        // All of them first, so that none of them takes another's place.
        let mut gone: Vec<(ItemId, Item)> = Vec::new();
        for number in self.items.of_lane(lane) {
            if let Some(mut item) = self.items.take(number) {
                self.vacate(&mut item);
                gone.push((number, item));
            }
        }
        for (number, item) in &gone {
            self.unqueue(*number, item);
            if item.stay.is_held() {
                let place = (item.lane, Direction::ToServer, Some(&*item.id));
                self.note(place, Outcome::Dropped, None, Vec::new());
            }
            if let Stay::Follow(leader) = item.stay {
                self.leave_alone(now, leader, *number);
            }
            if item.origin == Origin::Client && !item.stay.is_held() {
                self.empty_after(item);
            }
        }
        for (_, item) in gone {
            self.abandon(now, item);
        }
        self.sessions.close(lane);
    }
}
