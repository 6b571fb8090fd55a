//! What ends: rules that are replaced by others, and conversations.

use std::collections::{HashMap, VecDeque};

use super::item::{Group, Item, ItemId, Origin, Stay, Step, StepKind};
use super::plan::Plan;
use super::speak::{self, BUSY, LIST_CHANGED};
use super::{Gate, Lane};
use crate::rules::{Rule, Ruleset, Wait};
use crate::trace::{Mark, Micros, Outcome};
use crate::wire::Direction;

/// Rules as they were before, by what they are called inside.
type Before = HashMap<u64, Rule>;

impl Gate {
    /// Puts other rules in force, also for what is under way:
    ///
    /// - What waits is matched anew. It goes on waiting for a rule that still says so; from one that is gone, is about
    ///   something else, or is not the same any more, it goes on at once, to whatever the rules now have ahead of it.
    /// - What the server has keeps those of its rules that are still about it, as they are now: their timeout counts from
    ///   when it left. Rules that are new are about what comes from now on.
    ///
    /// All in the order in which it came.
    pub(super) fn change_rules(&mut self, now: Micros, rules: &Ruleset) {
        let list_before = self.plan.list_signature();
        let old = std::mem::replace(
            &mut self.plan,
            Plan::new(&Ruleset::default(), &self.setting, now, None, &mut self.last_uid),
        );
        let had_cache = old.has_cache;
        let before: Before = old.actives.iter().map(|active| (active.uid, active.rule.clone())).collect();
        self.plan = Plan::new(rules, &self.setting, now, Some(old), &mut self.last_uid);
        self.may_miss_calls = self.plan.has_cache && (self.may_miss_calls || !had_cache);
        let mut waiting = Vec::new();
        for number in self.items.numbers() {
            let Some(mut item) = self.items.take(number) else { continue };
            if item.stay.is_held() {
                waiting.push((number, item.steps.front().copied()));
            }
            self.match_anew(&mut item, &before);
            self.items.put(number, item);
        }
        self.count_slots();
        self.begin_anew();
        for (number, step) in waiting {
            self.wait_anew(now, number, step, &before);
        }
        self.seat_next(now);
        if !self.plan.needs_list {
            // What lists clients read from now on is not seen.
            self.sessions.iter_mut().for_each(|(_, session)| session.catalog.is_told_to_read_on = false);
        }
        if self.plan.list_signature() != list_before {
            self.tell_of_changed_list();
        }
    }

    /// Empties the second level of rules whose first level begins anew, and has their calls ahead made with the next request:
    /// nobody has told either of them what was made void before.
    fn begin_anew(&mut self) {
        let mut is_fresh = |active: &mut super::plan::Active| {
            let is_fresh = std::mem::take(&mut active.is_fresh) && active.rule.cache.is_some();
            is_fresh.then_some(active.uid)
        };
        let fresh: Vec<u64> = self.plan.actives.iter_mut().filter_map(&mut is_fresh).collect();
        for uid in &fresh {
            self.forget_stored(*uid);
        }
        if !fresh.is_empty() {
            self.sessions.iter_mut().for_each(|(_, session)| session.is_warmed = false);
        }
    }

    /// Gives a request those rules that are about it now.
    fn match_anew(&mut self, item: &mut Item, before: &Before) {
        let matched = self.plan.matched(&item.ask.method, item.ask.tool.as_deref());
        let uids: Vec<u64> = matched.rules.iter().map(|place| self.plan.actives[*place].uid).collect();
        let is_still = |uid: u64| uids.contains(&uid);
        if item.origin == Origin::Client {
            let had = std::mem::take(&mut item.rules);
            if item.stay.is_held() {
                item.steps = steps_left(self.steps(&matched), &item.steps, &had);
                item.rules.clone_from(&uids);
            } else {
                item.rules = uids.iter().copied().filter(|uid| had.contains(uid)).collect();
            }
        }
        if item.stay == Stay::Flying && item.origin == Origin::Client {
            item.deadline = self.deadline(&item.rules, item.sent);
        }
        item.slots.retain(|uid| is_still(*uid));
        let is_same_cache = |uid: u64| {
            let now = self.plan.actives.iter().find(|active| active.uid == uid);
            now.is_some_and(|now| before.get(&uid).is_some_and(|before| before.cache == now.rule.cache))
        };
        // What was to be kept by another key, or for others, is not kept at all.
        let is_client = item.origin == Origin::Client;
        item.fills.retain(|fill| is_same_cache(fill.uid) && (!is_client || is_still(fill.uid)));
        let (stay, go): (Vec<Group>, Vec<Group>) =
            std::mem::take(&mut item.leads).into_iter().partition(|group| is_still(group.uid));
        item.leads = stay;
        for group in go {
            self.groups.remove(&group);
        }
    }

    /// Lets a request that waited at a step wait on, or go on.
    fn wait_anew(&mut self, now: Micros, number: ItemId, step: Option<Step>, before: &Before) {
        let Some(item) = self.items.get(number).filter(|item| item.stay.is_held()) else { return };
        let (stay, front) = (item.stay, item.steps.front().copied());
        let matched = self.plan.matched(&item.ask.method, item.ask.tool.as_deref());
        let refusal = self.hiding(&item.ask, &matched).filter(|(mark, _)| !mark.observed);
        let is_same = front.is_some() && front == step;
        if refusal.is_none() && is_same && self.still_waits(number, stay, front, before) {
            return;
        }
        let Some(mut item) = self.items.take(number) else { return };
        self.unqueue(number, &item);
        if let Stay::Follow(leader) = stay
            && let Some(leader) = self.items.get_mut(leader)
        {
            leader.followers.retain(|follower| *follower != number);
        }
        if let Some((mark, reply)) = refusal {
            item.marks.push(mark);
            self.answer_held(now, item, &reply);
            return;
        }
        // A time that has begun is not begun again.
        if is_same && matches!(stay, Stay::Delay(_)) {
            item.steps.pop_front();
        }
        self.proceed(now, number, item, None);
    }

    /// Counts anew how many slots of each rule are in use: rules that are new to an old name begin with those.
    fn count_slots(&mut self) {
        for active in &mut self.plan.actives {
            let of_it = |item: &Item| item.slots.iter().filter(|uid| **uid == active.uid).count();
            active.slots_used = self.items.iter().map(of_it).sum();
        }
    }

    /// Whether what a request waits for is still there; lines that were kept are taken up again.
    fn still_waits(&mut self, number: ItemId, stay: Stay, step: Option<Step>, before: &Before) -> bool {
        let Some(step) = step else { return false };
        let Some(active) = self.plan.get(step.uid).filter(|active| !active.is_observed) else { return false };
        let before = before.get(&step.uid);
        match stay {
            Stay::Delay(_) => before.is_some_and(|before| before.delay == active.rule.delay),
            Stay::Lookup(_) => before.is_some_and(|before| before.cache == active.rule.cache),
            Stay::Follow(_) => {
                step.kind == StepKind::Coalesce
                    || before.is_some_and(|before| before.cache == active.rule.cache)
            }
            Stay::Rate(_) if active.rule.rate.is_some_and(|rate| rate.over == Wait::Wait) => {
                active.rate_queue.push_back(number);
                true
            }
            Stay::Slot(_) if active.rule.concurrency.is_some_and(|slots| slots.over() == Wait::Wait) => {
                active.slot_queue.push_back(number);
                true
            }
            Stay::Rate(_) | Stay::Slot(_) | Stay::Flying | Stay::Late | Stay::Cancelled => false,
        }
    }

    /// Answers all that is still held back: its client has closed its side, and will not be there for long.
    pub(super) fn dismiss_held(&mut self, now: Micros) {
        // All of them first, so that none of them takes another's place.
        let held: Vec<(ItemId, Item)> = self
            .items
            .held()
            .into_iter()
            .filter_map(|number| Some((number, self.items.take(number)?)))
            .collect();
        for (number, item) in &held {
            self.unqueue(*number, item);
            if let Stay::Follow(leader) = item.stay
                && let Some(leader) = self.items.get_mut(leader)
            {
                leader.followers.retain(|follower| follower != number);
            }
        }
        for (_, mut item) in held {
            let active = item.steps.front().and_then(|step| self.plan.get(step.uid));
            let name = active.as_ref().map_or_else(String::new, |active| active.rule.name.clone());
            let by = item.steps.front().map_or("rule", |step| step.kind.key());
            let why = Some("refused: its client has closed its side and waits no longer".into());
            if let Some(active) = active {
                item.put_mark(Mark { hit: true, why, ..active.mark(by) });
            }
            let text = format!(
                "not called: the rule \"{name}\" of mcptop held it back, and the client closed its side meanwhile"
            );
            let reply = speak::refusal(&item.ask, BUSY, &text);
            item.followers.clear();
            self.answer_held(now, item, &reply);
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
        self.close_items(now, self.items.of_lane(lane));
        self.sessions.close(lane);
    }

    pub(super) fn close_items(&mut self, now: Micros, numbers: Vec<ItemId>) {
        // All of them first, so that none of them takes another's place.
        let mut gone: Vec<(ItemId, Item)> = Vec::new();
        for number in numbers {
            if let Some(mut item) = self.items.take(number) {
                self.vacate(&mut item);
                gone.push((number, item));
            }
        }
        for (number, item) in &gone {
            self.unqueue(*number, item);
            if item.stay.is_held() && item.origin == Origin::Client {
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
    }
}

/// What a request that waits at the first of its `remaining` steps still has to go through, of all steps that the rules
/// have for it now: those behind it, and of the same kind also those of rules that it had not met.
fn steps_left(all: VecDeque<Step>, remaining: &VecDeque<Step>, had: &[u64]) -> VecDeque<Step> {
    let Some(front) = remaining.front() else { return VecDeque::new() };
    let is_left = |step: &Step| {
        step.kind > front.kind
            || step.kind == front.kind && (remaining.contains(step) || !had.contains(&step.uid))
    };
    all.into_iter().filter(is_left).collect()
}
