//! An answer arrives: it is dressed, kept, shared; or dropped where its request has another one.

use std::sync::Arc;

use super::ask::Told;
use super::dress::Dressed;
use super::item::{Item, ItemId, Origin, Stay, StepKind};
use super::speak::{self, Reply, TIMEOUT};
use super::{Act, Caller, Gate, Lane, Verdict};
use crate::rules::transform::cache::About;
use crate::trace::{Mark, Micros, Outcome};
use crate::wire::{Direction, Edit, member, one_line};

/// What those who wait for somebody else's answer get.
#[derive(Clone, Debug)]
enum Shared {
    /// The server's result, and what its client was given of it.
    Result { whole: Arc<str>, given: Arc<str>, to: Arc<Caller>, took_us: u64 },
    /// The same answer; with `to`, only those who are the same one.
    Reply { reply: Reply, to: Option<Arc<Caller>>, took_us: Option<u64> },
    /// Nothing: each of them asks on its own.
    Nothing,
}

impl Gate {
    /// An answer of the server.
    pub(super) fn answer(
        &mut self,
        now: Micros,
        lane: Lane,
        frame: &[u8],
        id: &str,
        said: Result<&str, &str>,
    ) -> Verdict {
        let Some(number) = self.awaited(lane, id) else {
            // Of all answers only those to calls have content (and the parts of a resource have another name).
            if said.is_err() || said.is_ok_and(|result| member(result, "content").is_some()) {
                self.missed_call((lane, Direction::ToClient, Some(id)));
            }
            return Verdict::Pass;
        };
        if let Some(verdict) = self.mixed_answer(now, number) {
            return verdict;
        }
        let stay = self.items.get(number).map(|item| item.stay);
        if stay.is_none_or(Stay::is_held) {
            // The server answers what it has not been asked: the request gets its answer when it has been.
            self.note((lane, Direction::ToClient, Some(id)), Outcome::Dropped, None, Vec::new());
            return Verdict::Taken;
        }
        let Some(mut item) = self.items.take(number) else { return Verdict::Pass };
        item.lane = lane;
        let emptied = self.empty_after(&item);
        let place = (lane, Direction::ToClient, Some(id));
        match item.stay {
            Stay::Late => {
                self.note(place, Outcome::Dropped, None, emptied);
                return Verdict::Taken;
            }
            Stay::Cancelled => {
                if !emptied.is_empty() {
                    self.note(place, Outcome::Passed, None, emptied);
                }
                return Verdict::Pass;
            }
            _ => {}
        }
        self.vacate(&mut item);
        if item.origin != Origin::Client {
            let verdict = self.own_answer(now, &item, said);
            self.seat_next(now);
            return verdict;
        }
        let dressed = self.undergo(now, &item, said, emptied);
        let shared = share_of(&item, said, &dressed, now);
        let verdict = self.hand_out(&item, frame, said, dressed);
        if &*item.ask.method == "tools/list" {
            self.warm(now, &item.caller);
        }
        self.settle(now, item.followers, &shared);
        self.seat_next(now);
        verdict
    }

    /// A call is answered that was made before a rule kept anything, so it was not seen.
    fn missed_call(&mut self, place: (Lane, Direction, Option<&str>)) {
        if self.may_miss_calls {
            let emptied = self.forget("a call of a tool", |about| *about == About::Call);
            if !emptied.is_empty() {
                self.note(place, Outcome::Passed, None, emptied);
            }
        }
    }

    /// A conversation that nobody has shown the gate is over. It may have been a call that changed something.
    pub fn unseen_ended(&mut self) {
        self.missed_call((Lane::default(), Direction::ToClient, None));
    }

    /// Whether calls may be under way that were made before a rule kept anything. What may have been one of them is to be
    /// [told](Self::unseen_ended) when it ends.
    #[must_use]
    pub fn may_miss_calls(&self) -> bool {
        self.may_miss_calls
    }

    /// An answer to one of several requests with the same id passes as it is. What calls it may have been of make void is
    /// forgotten: all calls.
    fn mixed_answer(&mut self, now: Micros, number: ItemId) -> Option<Verdict> {
        let item = self.items.get(number).filter(|item| item.is_mixed)?;
        if item.stay.is_held() && item.namesakes == 0 {
            return None;
        }
        let place = (item.lane, Direction::ToClient, Some(&*item.id.clone()));
        if item.namesakes > 0 {
            self.items.get_mut(number)?.namesakes -= 1;
        } else if let Some(mut last) = self.items.take(number) {
            self.vacate(&mut last);
            self.seat_next(now);
        }
        let emptied = self.forget("a call of a tool", |about| *about == About::Call);
        if !emptied.is_empty() {
            self.note(place, Outcome::Passed, None, emptied);
        }
        Some(Verdict::Pass)
    }

    /// Learns from an answer, lets rules have it, and keeps it.
    fn undergo(
        &mut self,
        now: Micros,
        item: &Item,
        said: Result<&str, &str>,
        emptied: Vec<Mark<'static>>,
    ) -> Dressed {
        let mut dressed = match said {
            Ok(result) => {
                if &*item.ask.method == "initialize" {
                    self.learn_session(&item.caller, result);
                }
                let mut dressed = self.dress(&item.ask, &item.caller, &item.rules, result);
                let given = dressed.text.as_deref();
                dressed.marks.extend(self.keep(now, item, result, given, dressed.is_cut));
                dressed
            }
            Err(_) => Dressed { marks: self.keep_no_error(item), ..Dressed::default() },
        };
        for active in self.plan.actives.iter().filter(|active| item.rules.contains(&active.uid)) {
            let took_us = (now - item.sent).0;
            if active.is_observed && active.rule.timeout.is_some_and(|timeout| took_us > timeout.micros()) {
                let why = Some("the answer came too late".into());
                dressed.marks.push(Mark { hit: true, why, ..active.mark("timeout") });
            }
        }
        dressed.marks.extend(emptied);
        dressed
    }

    /// What a server says of itself when a session begins.
    fn learn_session(&mut self, caller: &Arc<Caller>, result: &str) {
        let inner = |raw, name| crate::wire::member(raw, name);
        let tools = inner(result, "capabilities").and_then(|all| inner(all, "tools"));
        let session = self.sessions.get(caller);
        session.says_changes = tools.and_then(|tools| inner(tools, "listChanged")) == Some("true");
        session.protocol = inner(result, "protocolVersion").unwrap_or_default().into();
    }

    fn keep_no_error(&mut self, item: &Item) -> Vec<Mark<'static>> {
        let rules = item.fills.iter().filter_map(|fill| {
            let active = self.plan.actives.iter().find(|active| active.uid == fill.uid)?;
            Some(Mark { why: Some("not kept: the answer is an error".into()), ..active.mark("cache") })
        });
        rules.collect()
    }

    /// Gives the client its answer.
    fn hand_out(&mut self, item: &Item, frame: &[u8], said: Result<&str, &str>, dressed: Dressed) -> Verdict {
        let place = (item.lane, Direction::ToClient, Some(&*item.id));
        if item.is_orphan {
            self.note(place, Outcome::Dropped, None, dressed.marks);
            return Verdict::Taken;
        }
        for (path, text) in dressed.spills {
            self.silently(item.lane, Direction::ToClient, Act::Spill { path, text });
        }
        let spliced = |new: &str| {
            let text = std::str::from_utf8(frame).expect("a frame that was read as JSON is text");
            let mut edit = Edit::of(text);
            edit.replace(said.unwrap_or_default(), one_line(new));
            edit.finish().into_bytes()
        };
        match (&dressed.text, &dressed.observed) {
            (Some(text), Some(observed)) => {
                // Two pairs: what left, and what would have left.
                let (seen, done) = dressed.marks.into_iter().partition(|mark| mark.observed);
                self.note(place, Outcome::Changed, Some(spliced(observed)), seen);
                self.send(place, Outcome::Changed, (Direction::ToClient, spliced(text)), done);
                return Verdict::Taken;
            }
            (Some(text), None) => {
                self.send(place, Outcome::Changed, (Direction::ToClient, spliced(text)), dressed.marks);
                return Verdict::Taken;
            }
            (None, Some(text)) => self.note(place, Outcome::Changed, Some(spliced(text)), dressed.marks),
            (None, None) if !dressed.marks.is_empty() => {
                self.note(place, Outcome::Passed, None, dressed.marks);
            }
            (None, None) => {}
        }
        Verdict::Pass
    }

    /// Frees what a request has in use.
    pub(super) fn vacate(&mut self, item: &mut Item) {
        for uid in std::mem::take(&mut item.slots) {
            if let Some(active) = self.plan.get(uid) {
                active.slots_used = active.slots_used.saturating_sub(1);
            }
        }
        for group in std::mem::take(&mut item.leads) {
            self.groups.remove(&group);
        }
    }

    /// Gives those who wait for this answer theirs.
    fn settle(&mut self, now: Micros, followers: Vec<ItemId>, shared: &Shared) {
        for number in followers {
            let Some(follower) = self.items.get(number) else { continue };
            let Stay::Follow(_) = follower.stay else { continue };
            match shared {
                Shared::Nothing => self.resume(now, number),
                Shared::Reply { to: Some(to), .. } if follower.caller != *to => self.retry(now, number),
                Shared::Reply { reply, took_us, .. } => self.give(now, number, reply, *took_us),
                Shared::Result { whole, given, to, took_us } => {
                    let reply = if follower.caller == *to {
                        Reply::Result(given.clone())
                    } else {
                        self.dress_for(number, whole)
                    };
                    self.give(now, number, &reply, Some(*took_us));
                }
            }
        }
    }

    /// A result as one who waited for it is to see it.
    fn dress_for(&mut self, number: ItemId, whole: &Arc<str>) -> Reply {
        let Some(follower) = self.items.get(number) else { return Reply::Result(whole.clone()) };
        let (ask, caller, rules, lane) =
            (follower.ask.clone(), follower.caller.clone(), follower.rules.clone(), follower.lane);
        let dressed = self.dress(&ask, &caller, &rules, whole);
        for (path, text) in dressed.spills {
            self.silently(lane, Direction::ToServer, Act::Spill { path, text });
        }
        if let Some(follower) = self.items.get_mut(number) {
            follower.marks.extend(dressed.marks);
        }
        Reply::Result(dressed.text.map_or_else(|| whole.clone(), Into::into))
    }

    /// Gives one who waited the answer to an equal request.
    fn give(&mut self, now: Micros, number: ItemId, reply: &Reply, took_us: Option<u64>) {
        let Some(mut item) = self.items.take(number) else { return };
        if let Some(step) = item.steps.front().copied()
            && let Some(active) = self.plan.get(step.uid)
        {
            let by = if step.kind == StepKind::Cache { "cache" } else { "coalesce" };
            let why = Some("the answer to an equal call".into());
            let mark = Mark { hit: true, took_us, why, ..active.mark(by) };
            item.put_mark(mark);
        }
        self.answer_held(now, item, reply);
    }

    /// Answers a request that waited.
    pub(super) fn answer_held(&mut self, now: Micros, mut item: Item, reply: &Reply) {
        let frame = speak::answer(&item.id, reply);
        let marks = std::mem::take(&mut item.marks);
        let place = (item.lane, Direction::ToServer, Some(&*item.id));
        if item.is_orphan {
            self.note(place, Outcome::Dropped, None, marks);
        } else {
            self.send(place, Outcome::Answered, (Direction::ToClient, frame), marks);
        }
        self.conclude(now, item, reply);
    }

    /// A request has its answer without the server: what it had in use is free, who waits for it has the same answer.
    pub(super) fn conclude(&mut self, now: Micros, mut item: Item, reply: &Reply) {
        self.vacate(&mut item);
        let shared = Shared::Reply { reply: reply.clone(), to: Some(item.caller.clone()), took_us: None };
        self.settle(now, item.followers, &shared);
        self.seat_next(now);
    }

    /// A request will have no answer: those who wait for it ask themselves, the first of them for the others.
    pub(super) fn abandon(&mut self, now: Micros, mut item: Item) {
        self.vacate(&mut item);
        for number in std::mem::take(&mut item.followers) {
            if self.items.get(number).is_some_and(|follower| matches!(follower.stay, Stay::Follow(_))) {
                self.retry(now, number);
            }
        }
        self.seat_next(now);
    }

    /// Gives slots that are free to those who wait for one.
    pub(super) fn seat_next(&mut self, now: Micros) {
        let free = |active: &&mut super::plan::Active| {
            let max = active.rule.concurrency.map_or(usize::MAX, crate::rules::Concurrency::max);
            !active.slot_queue.is_empty() && active.slots_used < max
        };
        while let Some(active) = self.plan.actives.iter_mut().find(free) {
            let Some(number) = active.slot_queue.pop_front() else { return };
            if let Some(item) = self.items.get_mut(number) {
                active.slots_used += 1;
                item.slots.push(active.uid);
                self.resume(now, number);
            }
        }
    }

    /// Lets go on what is due: what was held back, what waits for a token; and gives up what takes too long.
    pub(super) fn pass_time(&mut self, now: Micros) {
        while let Some(number) = self.items.next_due(now) {
            match self.items.get(number).map(|item| item.stay) {
                Some(Stay::Flying) if self.is_to_be_forgotten(now, number) => self.forget_adrift(now, number),
                Some(Stay::Flying) => self.give_up(now, number),
                _ => self.resume(now, number),
            }
        }
        let ready = |active: &mut super::plan::Active| {
            let bucket = active.bucket.as_mut()?;
            (!active.rate_queue.is_empty() && bucket.take(now)).then(|| active.rate_queue.pop_front())?
        };
        while let Some(number) = self.plan.actives.iter_mut().find_map(ready) {
            self.resume(now, number);
        }
    }

    /// The answer has not come in time.
    fn give_up(&mut self, now: Micros, number: ItemId) {
        let Some(mut item) = self.items.take(number) else { return };
        let rule = item.deadline.take().and_then(|(_, uid)| self.plan.get(uid));
        let (name, seconds, marks) = rule.map_or_else(Default::default, |active| {
            let mark = Mark { hit: true, why: Some("gave up waiting".into()), ..active.mark("timeout") };
            let seconds = active.rule.timeout.unwrap_or_default().0.as_secs_f64();
            (active.rule.name.clone(), seconds, vec![mark])
        });
        let text = format!("timed out: the rule \"{name}\" of mcptop waits {seconds} s for an answer");
        let reply = speak::refusal(&item.ask, TIMEOUT, &text);
        let place = (item.lane, Direction::ToServer, Some(&*item.id));
        if item.is_orphan {
            self.note(place, Outcome::Dropped, None, marks);
        } else {
            let frame = speak::answer(&item.id, &reply);
            self.send(place, Outcome::Answered, (Direction::ToClient, frame), marks);
        }
        self.take_back(&item, &format!("the rule \"{name}\" of mcptop gave up waiting"));
        self.empty_after(&item);
        self.vacate(&mut item);
        let shared = Shared::Reply { reply, to: None, took_us: None };
        let followers = std::mem::take(&mut item.followers);
        item.fills.clear();
        item.stay = Stay::Late;
        self.items.put(number, item);
        self.settle(now, followers, &shared);
        self.seat_next(now);
    }

    /// Tells the server that nobody waits for an answer any more. The beginning of a session cannot be taken back.
    pub(super) fn take_back(&mut self, item: &Item, reason: &str) {
        if &*item.ask.method != "initialize" {
            let frame = speak::cancelled(&item.ask, &item.id, reason);
            let place = (item.lane, Direction::ToServer, Some(&*item.id));
            self.send(place, Outcome::Sent, (Direction::ToServer, frame), Vec::new());
        }
    }

    /// A call has been made: what it makes void is forgotten once more, as others may have asked while it was under way.
    pub(super) fn empty_after(&mut self, item: &Item) -> Vec<Mark<'static>> {
        match (item.ask.tool.as_deref(), item.origin) {
            (Some(tool), Origin::Client) => self.empty_for(&item.caller, tool),
            (None, _) | (_, Origin::Warm | Origin::List) => Vec::new(),
        }
    }
}

/// What others get of an answer. A question back, or the handle of a task, is for the one who asked.
fn share_of(item: &Item, said: Result<&str, &str>, dressed: &Dressed, now: Micros) -> Shared {
    if item.followers.is_empty() {
        return Shared::Nothing;
    }
    let took_us = (now - item.sent).0;
    match said {
        Ok(result) if !Told::read(result).is_complete => Shared::Nothing,
        Ok(result) => {
            let whole: Arc<str> = result.into();
            let given = dressed.text.as_deref().map_or_else(|| whole.clone(), Into::into);
            Shared::Result { whole, given, to: item.caller.clone(), took_us }
        }
        Err(error) => Shared::Reply { reply: Reply::Error(error.into()), to: None, took_us: Some(took_us) },
    }
}
