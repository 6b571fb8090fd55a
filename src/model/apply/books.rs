//! The books of the rules: what each did, and its part of what was saved.
//!
//! Knows nothing of what a ruling means for its operation (see `rulings`).

use super::TEXT_MAX;
use super::rulings::Found;
use crate::model::operation::Operation;
use crate::model::read::cut;
use crate::model::ruled::Credit;
use crate::model::{
    CacheUse, Changed, Effects, LogKind, OperationId, Ruled, RuledMark, RuledTokens, Saved, Session, Symbol,
};
use crate::trace::{Mark, Micros, Outcome as Fate, Place, Ruling};

/// How many bytes of a reason are kept.
const WHY_MAX: usize = 256;

/// What is divided among rules. What is taken back is divided just as it was when it was given.
#[derive(Clone, Copy)]
pub(super) enum Share {
    Given(Saved),
    TakenBack(Saved),
}

impl Share {
    fn signed(self, part: Saved) -> Saved {
        match self {
            Self::Given(_) => part,
            Self::TakenBack(_) => Saved::default() - part,
        }
    }

    fn saved(self) -> Saved {
        let (Self::Given(saved) | Self::TakenBack(saved)) = self;
        saved
    }
}

/// A mark at a request is a cache's answer to a lookup; one request may get several.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lookup {
    First,
    Again,
}

impl Session {
    /// Enters what each transformer did into the books of its rule, and keeps it with the operation.
    pub(super) fn enter_marks(
        &mut self,
        (at, place): (Micros, Place),
        ruling: &Ruling<'_>,
        found: Option<Found>,
        is_ours: bool,
    ) {
        let mut seen: Vec<(Symbol, bool, bool)> = Vec::new();
        for mark in &ruling.marks {
            let rule = self.symbols.intern(cut(&mark.rule, TEXT_MAX));
            let by = self.symbols.intern(cut(&mark.by, TEXT_MAX));
            let asks = found.is_none_or(|found| found.is_request);
            let asked_before = found.is_some_and(|found| {
                let marks = self.operations[found.operation].marks();
                marks.iter().any(|mark| (mark.rule, mark.by, mark.to) == (rule, by, ruling.to))
            });
            let cached = asks.then_some(if asked_before { Lookup::Again } else { Lookup::First });
            self.enter_own(at, rule, by, mark, cached);
            let before = |wants_hit: bool, session: &Self| {
                let same = |one: Symbol, is_observed: bool, hit: bool| {
                    one == rule && is_observed == mark.observed && (hit || !wants_hit)
                };
                seen.iter().any(|(rule, is_observed, hit)| same(*rule, *is_observed, *hit))
                    || found.is_some_and(|found| {
                        let marks = session.operations[found.operation].marks();
                        marks.iter().any(|mark| same(mark.rule, mark.is_observed, mark.hit))
                    })
            };
            let is_match = !is_ours && !before(false, self);
            let is_hit = !is_ours && mark.hit && !before(true, self);
            seen.push((rule, mark.observed, mark.hit));
            if is_match || is_hit {
                let row = found.map(|found| self.operations[found.operation].row);
                self.rules.of(rule).enter(row, mark.observed, |effects| {
                    effects.matches += u64::from(is_match);
                    effects.hits += u64::from(is_hit);
                });
            }
        }
        let Some(found) = found else { return };
        for mark in &ruling.marks {
            let mark = self.kept((at, place), ruling, mark);
            self.operations[found.operation].ruled_mut().push(mark);
        }
        self.count_fate(ruling, found);
    }

    fn kept(&self, (at, place): (Micros, Place), ruling: &Ruling<'_>, mark: &Mark<'_>) -> RuledMark {
        let symbol = |text: &str| self.symbols.get(cut(text, TEXT_MAX)).unwrap_or(Symbol::OTHER);
        let text = |text: &Option<std::borrow::Cow<'_, str>>| {
            text.as_deref().map(|text| Box::from(cut(text, WHY_MAX)))
        };
        RuledMark {
            at,
            place,
            to: ruling.to,
            outcome: ruling.outcome,
            rule: symbol(&mark.rule),
            by: symbol(&mark.by),
            hit: mark.hit,
            is_observed: mark.observed,
            cost_ns: mark.cost_ns,
            took_us: mark.took_us,
            age_us: mark.age_us,
            why: text(&mark.why),
            failed: text(&mark.failed),
        }
    }

    /// What a mark says of its transformer alone: cost, failure, reason, how the cache stands.
    fn enter_own(&mut self, at: Micros, rule: Symbol, by: Symbol, mark: &Mark<'_>, lookup: Option<Lookup>) {
        let is_cache = self.symbols.name(by) == "cache";
        let stats = self.rules.of(rule);
        stats.cost_ns.record(u64::from(mark.cost_ns));
        if let Some(why) = &mark.why {
            stats.say(by, cut(why, WHY_MAX));
        }
        if let Some(failed) = &mark.failed {
            stats.failures += 1;
            stats.last_failure = Some((by, Box::from(cut(failed, TEXT_MAX))));
            let text = format!("{}: {failed}", mark.rule);
            let place = Place { offset_bytes: 0, len_bytes: 0 };
            self.log.push(at, place, LogKind::RuleFailed, text.as_bytes());
        }
        if is_cache {
            self.rules.of(rule).cache.get_or_insert_default().take(mark, lookup);
        }
    }

    /// Counts what became of a message for every rule that had an effect on it, or would have had one.
    fn count_fate(&mut self, ruling: &Ruling<'_>, found: Found) {
        let row = Some(self.operations[found.operation].row);
        for is_observed in [false, true] {
            for credit in self.effective(ruling, is_observed) {
                self.rules.of(credit.rule).enter(row, is_observed, |effects| match ruling.outcome {
                    Fate::Changed => effects.changed += 1,
                    Fate::Held => effects.held += 1,
                    Fate::Answered => effects.answered += 1,
                    Fate::Dropped => effects.dropped += 1,
                    Fate::Passed | Fate::Released | Fate::Sent => {}
                });
            }
        }
    }

    /// The rules that had an effect on a message (or would have had one), each once, and the bytes it took away
    /// or added.
    pub(super) fn effective(&self, ruling: &Ruling<'_>, is_observed: bool) -> Vec<Credit> {
        let mut credits = Vec::new();
        for mark in ruling.marks.iter().filter(|mark| mark.hit && mark.observed == is_observed) {
            let rule = self.symbols.get(cut(&mark.rule, TEXT_MAX)).unwrap_or(Symbol::OTHER);
            let narrow = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
            let weight = mark.bytes.map_or(0, |[before, after]| narrow(before) - narrow(after));
            Credit { rule, weight }.add_to(&mut credits);
        }
        credits
    }

    /// Divides what was saved among rules, and counts it in the row and the sum unless it only would have been.
    pub(super) fn credit(
        &mut self,
        credits: &[Credit],
        row: u32,
        is_observed: bool,
        share: Share,
        also: impl Fn(&mut Effects),
    ) {
        let weights: Vec<i64> = credits.iter().map(|credit| credit.weight).collect();
        for (credit, part) in credits.iter().zip(share.saved().parts(&weights)) {
            let own = share.signed(part);
            self.rules.of(credit.rule).enter(Some(row), is_observed, |effects| {
                effects.saved += own;
                also(effects);
            });
        }
        if !is_observed && !credits.is_empty() {
            let saved = share.signed(share.saved());
            self.rows[row as usize].saved += saved;
            self.rules.results_saved += saved;
        }
    }

    /// Takes what the changed answers of an operation cost before and after, in place of an earlier count; `None` takes
    /// it back. Tool lists are kept and not credited: they count as definitions.
    pub fn set_ruled_tokens(&mut self, id: OperationId, tokens: Option<RuledTokens>) {
        let Some(operation) = self.operations.get_mut(id) else { return };
        let (row, method) = (operation.row, operation.method);
        let Some(ruled) = operation.ruled_mut_if_any() else { return };
        let before = std::mem::replace(&mut ruled.tokens, tokens);
        let credits = ruled.credits.clone();
        if self.symbols.name(method) == "tools/list" {
            return;
        }
        for (is_observed, credits) in [false, true].into_iter().zip(&credits) {
            let pair = |tokens: RuledTokens| {
                if is_observed {
                    (tokens.would_before, tokens.would_after)
                } else {
                    (tokens.before, tokens.after)
                }
            };
            if let Some((was, now)) = before.map(pair) {
                let back = Share::TakenBack(Saved::tokens(was, now));
                self.credit(credits, row, is_observed, back, |effects| {
                    effects.before -= was;
                    effects.after -= now;
                });
            }
            if let Some((was, now)) = tokens.map(pair) {
                let given = Share::Given(Saved::tokens(was, now));
                self.credit(credits, row, is_observed, given, |effects| {
                    effects.before += was;
                    effects.after += now;
                });
            }
        }
    }
}

impl CacheUse {
    /// Takes a mark of a cache. What it says of an answer that passes is no lookup, nor is a request that it was not
    /// asked for, which it gives a reason for and no state.
    fn take(&mut self, mark: &Mark<'_>, lookup: Option<Lookup>) {
        let was_asked = mark.hit || mark.store.is_some() || mark.why.is_none();
        self.lookups += u64::from(was_asked && lookup == Some(Lookup::First));
        if mark.hit && lookup.is_some() {
            self.hits += 1;
            self.aged += u64::from(mark.age_us.is_some());
            let age_us = mark.age_us.unwrap_or(0);
            self.age_us_sum += age_us;
            self.age_us_max = self.age_us_max.max(age_us);
        }
        self.store = mark.store.or(self.store);
    }
}

impl Ruled {
    pub(super) fn keep(&mut self, changed: Changed, by: &[Credit], is_observed: bool) {
        let list = if is_observed { &mut self.would } else { &mut self.changed };
        if list.len() < Self::CHANGED_MAX {
            list.push(changed);
        }
        for credit in by {
            credit.add_to(&mut self.credits[usize::from(is_observed)]);
        }
    }

    fn push(&mut self, mark: RuledMark) {
        if self.marks.len() < Self::MARKS_MAX {
            self.marks.push(mark);
        } else {
            self.marks_not_kept += 1;
        }
    }
}

impl Operation {
    fn marks(&self) -> &[RuledMark] {
        self.ruled().map_or(&[], |ruled| &ruled.marks)
    }

    /// The rules among which what is saved on this operation is divided.
    pub(super) fn credits(&self, is_observed: bool) -> &[Credit] {
        self.ruled().map_or(&[], |ruled| &ruled.credits[usize::from(is_observed)])
    }
}
