//! The rules of a file as they are at work for one server: which ones, for what, and what each has kept.
//!
//! Which rules a tool or a method concerns is worked out once and remembered. Knows nothing of messages.

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::Setting;
use super::item::ItemId;
use crate::rules::answer::{Reshape, hides, reshapers};
use crate::rules::transform::cache::Shelf;
use crate::rules::transform::dice::Dice;
use crate::rules::transform::rate::Bucket;
use crate::rules::{Mode, Rule, Ruleset, Twin};
use crate::trace::{Mark, Micros};

/// Names whose rules are remembered; servers have some dozens of tools, a client that makes names up has its own cost.
const MEMO_MAX: usize = 1_024;

/// Longer names are not remembered.
const MEMO_NAME_BYTES_MAX: usize = 256;

/// The names of the tools that mcptop itself adds to lists begin so.
pub(super) const OWN_TOOLS: &str = "mcptop_";

/// A rule at work.
pub(super) struct Active {
    /// What it is called inside; the same as long as its name is in the file.
    pub(super) uid: u64,
    pub(super) rule: Rule,
    pub(super) is_observed: bool,
    pub(super) shelf: Option<Shelf>,
    /// What its cache kept before, if it had one, is not what it keeps now.
    pub(super) is_fresh: bool,
    pub(super) bucket: Option<Bucket>,
    /// Who waits for a token, in order.
    pub(super) rate_queue: VecDeque<ItemId>,
    pub(super) slots_used: usize,
    /// Who waits for a slot, in order.
    pub(super) slot_queue: VecDeque<ItemId>,
    pub(super) delays: Dice,
    pub(super) faults: Dice,
    pub(super) reshapers: Vec<(&'static str, Box<dyn Reshape>)>,
    /// Transformers that failed.
    off: Vec<&'static str>,
}

impl Active {
    fn new(rule: &Rule, uid: u64, shelf: u64, setting: &Setting, now: Micros) -> Self {
        let seed = setting.seed ^ xxh3_64(rule.name.as_bytes());
        Self {
            uid,
            rule: rule.clone(),
            is_observed: rule.mode == Mode::Observe,
            shelf: rule.cache.as_ref().map(|cache| Shelf::new(cache, shelf)),
            is_fresh: true,
            bucket: rule.rate.as_ref().map(|rate| Bucket::new(rate, now)),
            rate_queue: VecDeque::new(),
            slots_used: 0,
            slot_queue: VecDeque::new(),
            delays: Dice::new(seed.rotate_left(17)),
            faults: Dice::new(seed ^ rule.fault.as_ref().map_or(0, |fault| fault.seed)),
            reshapers: reshapers(rule),
            off: Vec::new(),
        }
    }

    /// Takes over what the same rule had before, as far as that has not changed.
    fn inherit(&mut self, before: Self) {
        if self.rule.select != before.rule.select {
            return;
        }
        if self.rule.cache == before.rule.cache {
            self.shelf = before.shelf;
            self.is_fresh = false;
        }
        if self.rule.rate == before.rule.rate {
            self.bucket = before.bucket;
        }
        if self.rule.delay == before.rule.delay {
            self.delays = before.delays;
        }
        if self.rule.fault == before.rule.fault {
            self.faults = before.faults;
        }
        if self.rule == before.rule {
            self.off = before.off;
        }
    }

    pub(super) fn mark(&self, by: &'static str) -> Mark<'static> {
        Mark {
            rule: self.rule.name.clone().into(),
            by: by.into(),
            observed: self.is_observed,
            ..Mark::default()
        }
    }

    /// Whether a transformer of it has not failed.
    pub(super) fn is_sound(&self, by: &str) -> bool {
        !self.off.contains(&by)
    }

    /// Lets a transformer act, with its time taken. If it panics it is off from then on, and had no effect.
    pub(super) fn run<T>(
        &mut self,
        by: &'static str,
        stopwatch: fn() -> u64,
        act: impl FnOnce(&mut Self, &mut Mark<'static>) -> T,
    ) -> (Option<T>, Mark<'static>) {
        let mut mark = self.mark(by);
        let start = stopwatch();
        let result = catch_unwind(AssertUnwindSafe(|| act(self, &mut mark)));
        mark.cost_ns = u32::try_from(stopwatch().saturating_sub(start)).unwrap_or(u32::MAX);
        match result {
            Ok(result) => (Some(result), mark),
            Err(panic) => {
                self.off.push(by);
                let failed = Some(said(&*panic).into());
                (None, Mark { failed, cost_ns: mark.cost_ns, ..self.mark(by) })
            }
        }
    }
}

/// What a panic says.
pub(super) fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it failed".to_owned())
}

/// Which rules a name concerns.
#[derive(Debug, Default)]
pub(super) struct Matched {
    /// Their places in the plan.
    pub(super) rules: Box<[usize]>,
    /// The rule that hides this tool.
    pub(super) hidden_by: Option<usize>,
}

/// The rules at work.
#[expect(clippy::struct_excessive_bools, reason = "what of all the gate can do is in use")]
pub(super) struct Plan {
    pub(super) actives: Vec<Active>,
    tools: HashMap<Box<str>, Arc<Matched>>,
    methods: HashMap<Box<str>, Arc<Matched>>,
    /// Counts the rules that have been in force.
    pub(super) generation: u64,
    /// Some rule keeps answers: calls may empty what is kept.
    pub(super) has_cache: bool,
    /// Some rule that acts hides tools or guards calls: nobody may get by it by writing a call in an odd way.
    pub(super) is_guarding: bool,
    /// Some rule makes calls ahead.
    pub(super) has_warm: bool,
    /// Some rule changes tool lists, or asks what they say of a tool.
    pub(super) needs_list: bool,
    /// The changing of lists has failed, and is off.
    pub(super) is_relist_off: bool,
}

impl Plan {
    /// The rules of a file that concern the server. `before`: what was at work, to keep what has not changed; uids of new
    /// rules, and numbers of shelves, are counted on from `next_uid`.
    pub(super) fn new(
        rules: &Ruleset,
        setting: &Setting,
        now: Micros,
        before: Option<Self>,
        next_uid: &mut u64,
    ) -> Self {
        let generation = before.as_ref().map_or(0, |before| before.generation + 1);
        let mut old: HashMap<String, Active> = before
            .map(|before| before.actives)
            .into_iter()
            .flatten()
            .map(|active| (active.rule.name.clone(), active))
            .collect();
        let at_work = rules
            .rules
            .iter()
            .filter(|rule| rule.mode != Mode::Off && rule.select.is_server(&setting.server));
        let actives: Vec<Active> = at_work
            .map(|rule| {
                let before = old.remove(&rule.name);
                let uid = before.as_ref().map_or_else(
                    || {
                        *next_uid += 1;
                        *next_uid
                    },
                    |before| before.uid,
                );
                *next_uid += 1;
                let mut active = Active::new(rule, uid, *next_uid, setting, now);
                if let Some(before) = before {
                    active.inherit(before);
                }
                active
            })
            .collect();
        let is_any = |test: fn(&Rule) -> bool| actives.iter().any(|active| test(&active.rule));
        Self {
            has_cache: is_any(|rule| rule.cache.is_some()),
            is_guarding: actives.iter().any(|active| {
                let hides = active.rule.tools.as_ref().is_some_and(|tools| tools.hide.is_some());
                !active.is_observed && (hides || guard_of(&active.rule).is_some())
            }),
            has_warm: is_any(|rule| rule.cache.as_ref().is_some_and(|cache| !cache.warm.is_empty())),
            needs_list: is_any(|rule| {
                rule.cache.is_some() || rule.coalesce.is_on() || rule.tools.is_some() || changes_results(rule)
            }),
            actives,
            tools: HashMap::new(),
            methods: HashMap::new(),
            generation,
            is_relist_off: false,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.actives.is_empty()
    }

    pub(super) fn get(&mut self, uid: u64) -> Option<&mut Active> {
        self.actives.iter_mut().find(|active| active.uid == uid)
    }

    /// Which rules a request concerns. Only the first time for a name are globs tried.
    pub(super) fn matched(&mut self, method: &str, tool: Option<&str>) -> Arc<Matched> {
        let (memo, name) = match tool.filter(|_| method == "tools/call") {
            Some(tool) => (&mut self.tools, tool),
            None => (&mut self.methods, method),
        };
        if let Some(known) = memo.get(name) {
            return known.clone();
        }
        let rules = self.actives.iter().enumerate();
        let tool = tool.filter(|_| method == "tools/call");
        let matched = Arc::new(Matched {
            rules: rules
                .clone()
                .filter(|(_, active)| active.rule.select.is_request(method, tool))
                .map(|(place, _)| place)
                .collect(),
            // One that acts comes before one that observes.
            hidden_by: tool.and_then(|tool| {
                let mut hiding = rules.filter(|(_, active)| hides(&active.rule, tool));
                hiding
                    .clone()
                    .find(|(_, active)| !active.is_observed)
                    .or_else(|| hiding.next())
                    .map(|(place, _)| place)
            }),
        });
        if name.len() <= MEMO_NAME_BYTES_MAX {
            if memo.len() >= MEMO_MAX {
                memo.clear();
            }
            memo.insert(name.into(), matched.clone());
        }
        matched
    }

    /// What a client's list of the tools depends on. Rules that only observe do not change it.
    pub(super) fn list_signature(&self) -> Vec<Rule> {
        let acting = self.actives.iter().filter(|active| !active.is_observed);
        acting
            .map(|active| Rule {
                name: String::new(),
                select: active.rule.select.clone(),
                tools: active.rule.tools.clone(),
                trim: active.rule.trim.clone(),
                empty: active.rule.empty,
                twin: active.rule.twin,
                limit: active.rule.limit,
                ..Rule::default()
            })
            .filter(|rule| rule.tools.is_some() || changes_results(rule))
            .collect()
    }
}

/// What of a rule must not be got round, if anything: guards answer with an error rather than let a call by.
pub(super) fn guard_of(rule: &Rule) -> Option<&'static str> {
    let guards = [
        ("rate", rule.rate.is_some()),
        ("concurrency", rule.concurrency.is_some()),
        ("timeout", rule.timeout.is_some()),
    ];
    guards.into_iter().find(|(_, is_in)| *is_in).map(|(key, _)| key)
}

/// Whether a rule makes something else of results.
pub(super) fn changes_results(rule: &Rule) -> bool {
    rule.trim.is_some()
        || rule.empty.is_some()
        || rule.shape.is_some()
        || rule.limit.is_some()
        || matches!(rule.twin, Twin::DropText | Twin::DropStructured)
}

#[cfg(test)]
impl Plan {
    /// How many names are remembered.
    pub(super) fn remembered(&self) -> usize {
        self.tools.len().max(self.methods.len())
    }
}
