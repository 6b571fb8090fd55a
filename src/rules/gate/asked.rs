//! A request arrives, waits where a rule says so, and leaves or is answered.

use std::collections::VecDeque;
use std::sync::Arc;

use super::ask::Ask;
use super::item::{Item, ItemId, Origin, Stay, Step, StepKind};
use super::peek::tool_of;
use super::plan::{Matched, OWN_TOOLS, changes_results};
use super::speak::{self, BUSY, Reply};
use super::{Caller, Gate, Lane, Verdict};
use crate::rules::Rule;
use crate::rules::answer::{OwnAnswer, own_call};
use crate::rules::transform::cache::Shelf;
use crate::rules::transform::timeout::deadline;
use crate::trace::{Mark, Micros, Outcome};
use crate::wire::Direction;

/// Why a request cannot be followed.
const CROWDED: &str = "too many requests are under way at once";
const SAME_ID: &str = "a request with the same id is under way";
const REUSED_ID: &str = "a request with the same id may still be answered";

/// What became of a request so far.
#[derive(Debug)]
pub(super) enum Progress {
    /// All transformers have let it go.
    Leaves,
    /// It waits.
    Stays(Stay),
    /// It has its answer.
    Answered(Reply),
    /// It goes nowhere.
    Swallowed,
}

impl Gate {
    /// Whether a request or notification to the server has to be read.
    pub(super) fn concerns(&mut self, lane: Lane, method: &str, params: Option<&str>) -> bool {
        let tool = match method {
            "notifications/cancelled" => return !self.items.is_empty(),
            "initialize" | "notifications/initialized" => return true,
            "tools/list" if self.plan.needs_list => return true,
            "tools/call" => match params.map_or(Ok(None), tool_of) {
                Ok(tool) => tool,
                Err(()) => return true,
            },
            _ => None,
        };
        let matched = self.plan.matched(method, tool);
        if !matched.rules.is_empty() || matched.hidden_by.is_some() {
            return true;
        }
        if tool.is_some_and(|tool| tool.starts_with(OWN_TOOLS)) {
            return true;
        }
        if !self.plan.has_cache {
            return false;
        }
        let caller = self.sessions.caller(lane);
        tool.is_some_and(|tool| self.empties(&caller, tool))
            || self.plan.has_warm && !self.sessions.get(&caller).is_warmed
    }

    pub(super) fn request(
        &mut self,
        now: Micros,
        lane: Lane,
        frame: &[u8],
        id: &str,
        method: &str,
        params: Option<&str>,
    ) -> Verdict {
        let ask = Ask::read(method, params);
        let caller = self.sessions.caller(lane);
        self.meet(lane, &caller, &ask);
        let matched = self.plan.matched(method, ask.tool.as_deref());
        let mut item = self.item(lane, id, caller.clone(), ask, &matched);
        // What hides tools is not about those that mcptop adds: they are how the others are used.
        let verdict = if self.answer_own(&mut item) || self.hide(&mut item, &matched) {
            Verdict::Taken
        } else if let Some(why) = self.no_room(&item, frame) {
            self.crowded_out(now, &item, &matched, why)
        } else {
            let number = self.items.number();
            self.proceed(now, number, item, Some(frame))
        };
        self.look_ahead(now, lane, &caller);
        verdict
    }

    /// Takes note of who asks, and how.
    fn meet(&mut self, lane: Lane, caller: &Arc<Caller>, ask: &Ask) {
        let session = self.sessions.get(caller);
        session.lane = lane;
        match &*ask.method {
            "initialize" | "server/discover" => session.is_from_start = true,
            "tools/list" => session.has_asked = true,
            _ => {}
        }
        session.is_open |= !matches!(&*ask.method, "initialize" | "server/discover" | "ping");
        if ask.is_modern() && session.meta.is_none() {
            session.meta = ask.own_meta().map(Into::into);
        }
    }

    fn item(&mut self, lane: Lane, id: &str, caller: Arc<Caller>, ask: Ask, matched: &Matched) -> Item {
        Item {
            lane,
            id: id.into(),
            caller,
            origin: Origin::Client,
            ask,
            frame: Vec::new(),
            stay: Stay::Flying,
            sent: Micros(0),
            deadline: None,
            rules: matched.rules.iter().map(|place| self.plan.actives[*place].uid).collect(),
            steps: self.steps(matched),
            fills: Vec::new(),
            slots: Vec::new(),
            leads: Vec::new(),
            followers: Vec::new(),
            is_adrift: false,
            forget_at: None,
            is_mixed: false,
            namesakes: 0,
            is_orphan: false,
            observed: None,
            marks: Vec::new(),
        }
    }

    /// What a request has to go through: kind by kind, and of one kind rule by rule.
    pub(super) fn steps(&self, matched: &Matched) -> VecDeque<Step> {
        type Row = (StepKind, fn(&Rule) -> bool);
        const ROWS: [Row; 6] = [
            (StepKind::Fault, |rule| rule.fault.is_some()),
            (StepKind::Delay, |rule| rule.delay.is_some()),
            (StepKind::Cache, |rule| rule.cache.is_some()),
            (StepKind::Coalesce, |rule| rule.coalesce.is_on()),
            (StepKind::Rate, |rule| rule.rate.is_some()),
            (StepKind::Slot, |rule| rule.concurrency.is_some()),
        ];
        let actives = || matched.rules.iter().map(|place| &self.plan.actives[*place]);
        let of_kind = |(kind, is_in): Row| {
            actives()
                .filter(move |active| is_in(&active.rule) && active.is_sound(kind.key()))
                .map(move |active| Step { uid: active.uid, kind })
        };
        ROWS.into_iter().flat_map(of_kind).collect()
    }

    /// Refuses a call of a tool that a rule hides, as servers refuse tools that they do not have.
    fn hide(&mut self, item: &mut Item, matched: &Matched) -> bool {
        let Some((mark, reply)) = self.hiding(&item.ask, matched) else { return false };
        let frame = speak::answer(&item.id, &reply);
        if mark.observed {
            item.observed = Some((Outcome::Answered, Some(frame)));
            item.marks.push(mark);
            return false;
        }
        let place = (item.lane, Direction::ToServer, Some(&*item.id));
        self.send(place, Outcome::Answered, (Direction::ToClient, frame), vec![mark]);
        true
    }

    /// What a call of a tool that a rule hides is told, and the mark of that rule.
    pub(super) fn hiding(&self, ask: &Ask, matched: &Matched) -> Option<(Mark<'static>, Reply)> {
        let (place, tool) = (matched.hidden_by?, ask.tool.as_deref()?);
        let mut mark = self.plan.actives[place].mark("tools");
        mark.hit = true;
        mark.why = Some("the tool is hidden".into());
        Some((mark, speak::error(-32602, &format!("Unknown tool: {tool}"))))
    }

    /// Answers a call of one of our own tools.
    fn answer_own(&mut self, item: &mut Item) -> bool {
        let Some(tool) = item.ask.tool.as_deref().filter(|tool| tool.starts_with(OWN_TOOLS)) else {
            return false;
        };
        let acting: Vec<&Rule> = self
            .plan
            .actives
            .iter()
            .filter(|active| !active.is_observed)
            .map(|active| &active.rule)
            .collect();
        let catalog = &self.sessions.get(&item.caller).catalog;
        let start = (self.setting.stopwatch)();
        let call = || own_call(tool, item.ask.param("arguments"), &mut self.room, catalog, &acting);
        let Ok(Some(OwnAnswer { result, rule, by })) =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(call))
        else {
            return false;
        };
        let mark = Mark {
            rule: rule.into(),
            by: by.into(),
            hit: true,
            cost_ns: u32::try_from((self.setting.stopwatch)().saturating_sub(start)).unwrap_or(u32::MAX),
            why: Some("answered by mcptop itself".into()),
            ..Mark::default()
        };
        let frame = speak::answer(&item.id, &speak::in_revision(&item.ask, result));
        let place = (item.lane, Direction::ToServer, Some(&*item.id));
        self.send(place, Outcome::Answered, (Direction::ToClient, frame), vec![mark]);
        true
    }

    fn no_room(&self, item: &Item, frame: &[u8]) -> Option<&'static str> {
        if !self.items.has_room(frame.len()) {
            return Some(CROWDED);
        }
        let before = self.items.find(item.lane, &item.id).and_then(|before| self.items.get(before))?;
        Some(if matches!(before.stay, Stay::Late | Stay::Cancelled) { REUSED_ID } else { SAME_ID })
    }

    /// A request that cannot be followed: one that a rule guards fails, as it would get by that rule otherwise; any other
    /// passes as if there were no rules.
    fn crowded_out(&mut self, now: Micros, item: &Item, matched: &Matched, why: &'static str) -> Verdict {
        let Some(mut mark) = self.guard(matched) else {
            self.pass_unruled(now, item, why);
            return Verdict::Pass;
        };
        mark.hit = true;
        mark.why = Some(format!("refused: {why}").into());
        let reply = if why == CROWDED {
            let text = format!("{why} for the rule \"{}\" of mcptop: retry in 1 s", mark.rule);
            speak::refusal(&item.ask, BUSY, &text)
        } else {
            let text =
                format!("Invalid Request: {why}, and the rule \"{}\" of mcptop tells calls by it", mark.rule);
            speak::error(-32600, &text)
        };
        let place = (item.lane, Direction::ToServer, Some(&*item.id));
        let frame = speak::answer(&item.id, &reply);
        self.send(place, Outcome::Answered, (Direction::ToClient, frame), vec![mark]);
        Verdict::Taken
    }

    fn pass_unruled(&mut self, now: Micros, item: &Item, why: &'static str) {
        self.mix(now, item);
        if let (true, Some(tool)) = (item.ask.is_call(), &item.ask.tool) {
            self.empty_for(&item.caller, tool);
        }
        let rules = self.plan.actives.iter().filter(|active| item.rules.contains(&active.uid));
        let marks: Vec<_> = rules
            .map(|active| {
                let by = crate::rules::KINDS.iter().find(|kind| (kind.is_in)(&active.rule));
                Mark { why: Some(why.into()), ..active.mark(by.map_or("rule", |kind| kind.key)) }
            })
            .collect();
        if !marks.is_empty() {
            self.note((item.lane, Direction::ToServer, Some(&item.id)), Outcome::Passed, None, marks);
        }
    }

    /// A request has the id of one that is followed. Which answer is whose cannot be told from now on: what was to be kept or
    /// shared of the first one's is not, and those who wait for it ask themselves.
    fn mix(&mut self, now: Micros, item: &Item) {
        let Some(number) = self.items.find(item.lane, &item.id) else { return };
        let Some(mut first) = self.items.take(number) else { return };
        first.is_mixed = true;
        first.namesakes += 1;
        first.fills.clear();
        first.deadline = None;
        for group in std::mem::take(&mut first.leads) {
            self.groups.remove(&group);
        }
        let followers = std::mem::take(&mut first.followers);
        self.items.put(number, first);
        for follower in followers {
            self.resume(now, follower);
        }
    }

    /// Takes a request through what is left of its steps. `arrival` is its frame if it comes right now.
    pub(super) fn proceed(
        &mut self,
        now: Micros,
        number: ItemId,
        mut item: Item,
        arrival: Option<&[u8]>,
    ) -> Verdict {
        let progress = self.advance(now, number, &mut item);
        let marks = std::mem::take(&mut item.marks);
        let (lane, id) = (item.lane, item.id.clone());
        let place = (lane, Direction::ToServer, Some(&*id));
        match progress {
            Progress::Leaves => {
                let held = std::mem::take(&mut item.frame);
                let marks = self.leave(now, &mut item, marks);
                let observed = item.observed.take();
                if arrival.is_none() {
                    let is_ours = item.origin != Origin::Client;
                    let outcome = if is_ours { Outcome::Sent } else { Outcome::Released };
                    self.send(place, outcome, (Direction::ToServer, held), marks);
                } else if let Some((outcome, frame)) = observed {
                    self.note(place, outcome, frame, marks);
                } else if !marks.is_empty() {
                    self.note(place, Outcome::Passed, None, marks);
                }
                if self.is_answer_wanted(&item) {
                    self.items.put(number, item);
                }
                if arrival.is_some() { Verdict::Pass } else { Verdict::Taken }
            }
            Progress::Stays(stay) => {
                item.stay = stay;
                if let Some(frame) = arrival {
                    item.frame = frame.to_vec();
                }
                // What comes of a question to others shows with their answer.
                let is_open = matches!(stay, Stay::Follow(_) | Stay::Lookup(_));
                let marks = if is_open { std::mem::replace(&mut item.marks, marks) } else { marks };
                if item.origin != Origin::Client {
                    // Of what is ours nobody has heard before it leaves.
                    item.marks.splice(0..0, marks);
                } else if arrival.is_some() || !marks.is_empty() {
                    self.note(place, Outcome::Held, None, marks);
                }
                self.items.put(number, item);
                Verdict::Taken
            }
            // Nobody waits for an answer to what is ours.
            Progress::Answered(reply) if item.origin != Origin::Client => {
                self.conclude(now, item, &reply);
                Verdict::Taken
            }
            Progress::Answered(reply) => {
                let frame = speak::answer(&id, &reply);
                self.send(place, Outcome::Answered, (Direction::ToClient, frame), marks);
                self.conclude(now, item, &reply);
                Verdict::Taken
            }
            Progress::Swallowed => {
                self.note(place, Outcome::Dropped, None, marks);
                Verdict::Taken
            }
        }
    }

    /// The request goes to the server: its time begins to run, and what it makes void is forgotten.
    fn leave(&mut self, now: Micros, item: &mut Item, mut marks: Vec<Mark<'static>>) -> Vec<Mark<'static>> {
        item.stay = Stay::Flying;
        item.sent = now;
        let timed = self.plan.actives.iter().filter(|active| item.rules.contains(&active.uid));
        marks.extend(
            timed.filter(|active| active.rule.timeout.is_some()).map(|active| active.mark("timeout")),
        );
        item.deadline = self.deadline(&item.rules, now);
        if item.ask.is_call()
            && let Some(tool) = item.ask.tool.clone()
        {
            self.empty_for(&item.caller, &tool);
        }
        for fill in &mut item.fills {
            let stock = self.plan.get(fill.uid).and_then(|active| active.shelf.as_ref());
            fill.epoch = stock.map(Shelf::epoch);
        }
        marks
    }

    /// When the answer to a request that left then comes too late by these rules, and by which of them.
    pub(super) fn deadline(&self, rules: &[u64], sent: Micros) -> Option<(Micros, u64)> {
        let acting =
            self.plan.actives.iter().filter(|active| rules.contains(&active.uid) && !active.is_observed);
        acting
            .filter_map(|active| Some((deadline(sent, active.rule.timeout?), active.uid)))
            .min_by_key(|(at, _)| *at)
    }

    /// Whether something is to be done when its answer comes.
    fn is_answer_wanted(&mut self, item: &Item) -> bool {
        let is_needed = item.is_mixed
            || !item.fills.is_empty()
            || !item.slots.is_empty()
            || !item.leads.is_empty()
            || item.deadline.is_some()
            || match &*item.ask.method {
                "initialize" => true,
                "tools/list" => self.plan.needs_list,
                _ => false,
            };
        let changes =
            |active: &super::plan::Active| changes_results(&active.rule) || active.rule.timeout.is_some();
        is_needed
            || item.rules.iter().any(|uid| self.plan.get(*uid).is_some_and(|active| changes(active)))
            || self.plan.has_cache
                && item.ask.tool.as_deref().is_some_and(|tool| self.empties(&item.caller, tool))
    }

    /// One that waited goes on: what held it has let it go.
    pub(super) fn resume(&mut self, now: Micros, number: ItemId) {
        if let Some(mut item) = self.items.take(number) {
            item.steps.pop_front();
            self.proceed(now, number, item, None);
        }
    }

    /// One that waited tries again what held it.
    pub(super) fn retry(&mut self, now: Micros, number: ItemId) {
        if let Some(mut item) = self.items.take(number) {
            // The mark that is still open is made anew.
            item.marks.pop();
            self.proceed(now, number, item, None);
        }
    }
}
