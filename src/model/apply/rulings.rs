//! What a ruling means: an operation answered by a rule, an answer changed, a request held; and the rule's books.
//!
//! Knows nothing of how rules decide. A ruling comes after the message that it is about.

use super::answers::Answer;
use super::pairing::{Past, Slot};
use super::{Key, Passing, TEXT_MAX, other};
use crate::model::operation::Operation;
use crate::model::read::{cut, elements, members};
use crate::model::{
    AnsweredBy, CacheUse, Changed, Effects, Half, LogKind, OperationId, Outcome, Ruled, RuledMark,
    RuledTokens, Saved, Session, State, Symbol,
};
use crate::trace::{Mark, Micros, Nanos, Outcome as Fate, Place, Ruling};
use crate::wire::{Contents, Message, Peer, contents};

/// How the ids of mcptop's own requests begin, as they are written.
const OWN_ID: &str = "\"mcptop-";
/// How many bytes of a reason are kept.
const WHY_MAX: usize = 256;

/// Whether an id is one of mcptop's own requests: what travels under it is nobody's operation.
pub(super) fn is_own(id: &str) -> bool {
    id.starts_with(OWN_ID)
}

/// What is divided among rules. What is taken back is divided just as it was when it was given.
#[derive(Clone, Copy)]
enum Share {
    Given(Saved),
    TakenBack(Saved),
}

impl Share {
    fn whole(self) -> Saved {
        self.part(0, 1)
    }

    fn part(self, index: usize, count: usize) -> Saved {
        match self {
            Self::Given(saved) => saved.part(index, count),
            Self::TakenBack(saved) => Saved::default() - saved.part(index, count),
        }
    }
}

/// The operation a ruling is about.
#[derive(Clone, Copy)]
struct Found {
    operation: OperationId,
    slot: Slot,
    /// Whether the ruling is about its request, and not about its answer.
    is_request: bool,
}

impl Session {
    /// Takes what rules did with a message.
    pub(super) fn on_ruling(&mut self, at: Micros, place: Place, ruling: &Ruling<'_>) {
        let bytes = ruling.payload.as_ref().map_or(0, crate::trace::Payload::len);
        let half = Half {
            at,
            place,
            own: Nanos(0),
            bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
            index: 0,
            exchange_number: ruling.exchange.map_or(0, |exchange| exchange.0),
            in_parts: false,
            by_rule: true,
        };
        let passing = Passing { from: ruling.to.sender(), exchange: ruling.exchange, half };
        let id = ruling.id.as_deref().filter(|id| !is_own(id));
        let found = id.and_then(|id| self.find_ruled(id, ruling.outcome, passing));
        let is_ours = ruling.outcome == Fate::Sent || (id.is_none() && ruling.id.is_some());
        self.enter_marks(at, ruling, found, is_ours);
        let Some(found) = found else { return };
        let has_effect = ruling.marks.iter().any(|mark| mark.hit && !mark.observed);
        if !has_effect && ruling.marks.iter().any(|mark| mark.observed) {
            return self.on_observed(ruling, found, passing);
        }
        match ruling.outcome {
            Fate::Changed => self.on_changed(ruling, found, passing),
            Fate::Held => self.on_held(ruling, found, at),
            Fate::Released => self.on_released(found.operation, at),
            Fate::Answered => self.on_answered(ruling, passing),
            Fate::Passed | Fate::Dropped | Fate::Sent => {}
        }
    }

    /// The operation whose request or answer has this id: of a message towards the client likelier an answer.
    fn find_ruled(&self, id: &str, fate: Fate, passing: Passing) -> Option<Found> {
        let asks =
            passing.from == Peer::Client || matches!(fate, Fate::Held | Fate::Released | Fate::Answered);
        let as_request = || self.open_or_past(passing.from, id, passing, true);
        let as_answer = || self.open_or_past(other(passing.from), id, passing, false);
        if asks { as_request().or_else(as_answer) } else { as_answer().or_else(as_request) }
    }

    fn open_or_past(&self, asker: Peer, id: &str, passing: Passing, is_request: bool) -> Option<Found> {
        let pairing = &self.following.pairing;
        let key: Key = self.key_known(asker, id, passing, |key| pairing.knows(key));
        let open = pairing.newest(&key).map(|open| (open.operation, open.slot));
        let past = pairing.past(&key).map(|past| match past {
            Past::Answered { operation, slot } | Past::Cancelled { operation, slot } => (operation, slot),
        });
        let (operation, slot) = if is_request { open.or(past) } else { past.or(open) }?;
        Some(Found { operation, slot, is_request })
    }

    /// Enters what each transformer did into the books of its rule, and keeps it with the operation.
    fn enter_marks(&mut self, at: Micros, ruling: &Ruling<'_>, found: Option<Found>, is_ours: bool) {
        let mut seen: Vec<(Symbol, bool, bool)> = Vec::new();
        for mark in &ruling.marks {
            let rule = self.symbols.intern(cut(&mark.rule, TEXT_MAX));
            let by = self.symbols.intern(cut(&mark.by, TEXT_MAX));
            self.enter_own(at, rule, by, mark, found.is_none_or(|found| found.is_request));
            let before = |wants_hit: bool, session: &Self| {
                let same = |one: Symbol, is_observed: bool, hit: bool| {
                    one == rule && is_observed == mark.observed && (hit || !wants_hit)
                };
                seen.iter().any(|(rule, is_observed, hit)| same(*rule, *is_observed, *hit))
                    || found.is_some_and(|found| {
                        let marks = session.operations[found.operation.index()].marks();
                        marks.iter().any(|mark| same(mark.rule, mark.is_observed, mark.hit))
                    })
            };
            let is_match = !is_ours && !before(false, self);
            let is_hit = !is_ours && mark.hit && !before(true, self);
            seen.push((rule, mark.observed, mark.hit));
            if is_match || is_hit {
                let row = found.map(|found| self.operations[found.operation.index()].row);
                self.rules.of(rule).enter(row, mark.observed, |effects| {
                    effects.matches += u64::from(is_match);
                    effects.hits += u64::from(is_hit);
                });
            }
        }
        let Some(found) = found else { return };
        for mark in &ruling.marks {
            let mark = self.kept(at, ruling, mark);
            self.operations[found.operation.index()].ruled_mut().push(mark);
        }
        self.count_fate(ruling, found);
    }

    fn kept(&self, at: Micros, ruling: &Ruling<'_>, mark: &Mark<'_>) -> RuledMark {
        let symbol = |text: &str| self.symbols.get(cut(text, TEXT_MAX)).unwrap_or(Symbol::OTHER);
        let text = |text: &Option<std::borrow::Cow<'_, str>>| {
            text.as_deref().map(|text| Box::from(cut(text, WHY_MAX)))
        };
        RuledMark {
            at,
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
    fn enter_own(&mut self, at: Micros, rule: Symbol, by: Symbol, mark: &Mark<'_>, is_request: bool) {
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
            self.rules.of(rule).cache.get_or_insert_default().take(mark, is_request);
        }
    }

    /// Counts what became of a message for every rule that had an effect on it, or would have had one.
    fn count_fate(&mut self, ruling: &Ruling<'_>, found: Found) {
        let row = Some(self.operations[found.operation.index()].row);
        for is_observed in [false, true] {
            for rule in self.effective(ruling, is_observed) {
                self.rules.of(rule).enter(row, is_observed, |effects| match ruling.outcome {
                    Fate::Changed => effects.changed += 1,
                    Fate::Held => effects.held += 1,
                    Fate::Answered => effects.answered += 1,
                    Fate::Dropped => effects.dropped += 1,
                    Fate::Passed | Fate::Released | Fate::Sent => {}
                });
            }
        }
    }

    /// The rules that had an effect on a message (or would have had one), each once.
    fn effective(&self, ruling: &Ruling<'_>, is_observed: bool) -> Vec<Symbol> {
        let mut rules = Vec::new();
        for mark in ruling.marks.iter().filter(|mark| mark.hit && mark.observed == is_observed) {
            let rule = self.symbols.get(cut(&mark.rule, TEXT_MAX)).unwrap_or(Symbol::OTHER);
            if !rules.contains(&rule) {
                rules.push(rule);
            }
        }
        rules
    }

    fn on_changed(&mut self, ruling: &Ruling<'_>, found: Found, passing: Passing) {
        if found.is_request {
            self.operations[found.operation.index()].ruled_mut().sent = Some(passing.half);
            return;
        }
        let Some(original) = self.response(found) else { return };
        self.note_change(ruling, found, Changed { original, delivered: passing.half }, false);
        let Some(payload) = &ruling.payload else { return };
        match contents(&payload.text) {
            Contents::One(Message::Result { result, .. }) => {
                self.reread(found.operation, Answer::Result(result), original, passing);
            }
            Contents::One(Message::Error { error, .. }) => {
                self.reread(found.operation, Answer::Error(error), original, passing);
            }
            Contents::One(_) | Contents::Batch(_) | Contents::Noise => {}
        }
    }

    /// The client got another answer than the server gave: how it came out, and what tools there are, is what the
    /// client was told.
    fn reread(&mut self, id: OperationId, answer: Answer<'_>, original: Half, passing: Passing) {
        let operation = &self.operations[id.index()];
        let is_list = self.symbols.name(operation.method) == "tools/list";
        if let (State::Done(before), None) = (operation.state, operation.task()) {
            let outcome = match answer {
                Answer::Error(_) => Outcome::ProtocolError { code: answer.code().unwrap_or(0) },
                Answer::Result(result) if members(result, ["isError"]) == [Some("true")] => {
                    Outcome::ToolError
                }
                Answer::Result(_) => Outcome::Ok,
            };
            if outcome != before {
                self.finish(id, outcome, passing.half.at);
            }
        }
        if let (true, Answer::Result(result)) = (is_list, answer)
            && let [Some(tools)] = members(result, ["tools"])
            && let Some(tools) = elements(tools)
        {
            let rules = self.operations[id.index()].credits(false).to_vec();
            self.definitions.change_page(&tools, original, passing.half, &rules);
        }
    }

    /// Keeps the pair of what arrived and what left, and divides the bytes saved.
    fn note_change(&mut self, ruling: &Ruling<'_>, found: Found, changed: Changed, is_observed: bool) {
        self.set_ruled_tokens(found.operation, None);
        let rules = self.effective(ruling, is_observed);
        let operation = &mut self.operations[found.operation.index()];
        let row = operation.row;
        operation.ruled_mut().keep(changed, &rules, is_observed);
        let (before, after) = (changed.original.bytes, changed.delivered.bytes);
        self.credit(&rules, row, is_observed, Share::Given(Saved::bytes(before, after)), |effects| {
            effects.bytes_before += u64::from(before);
            effects.bytes_after += u64::from(after);
        });
        self.rules.ruled.push(found.operation);
    }

    /// Divides what was saved evenly among rules, and counts it in the row and the sum unless it only would have been.
    fn credit(
        &mut self,
        rules: &[Symbol],
        row: u32,
        is_observed: bool,
        share: Share,
        also: impl Fn(&mut Effects),
    ) {
        let saved = share.whole();
        for (index, rule) in rules.iter().enumerate() {
            let own = share.part(index, rules.len());
            self.rules.of(*rule).enter(Some(row), is_observed, |effects| {
                effects.saved += own;
                also(effects);
            });
        }
        if !is_observed && !rules.is_empty() {
            self.rows[row as usize].saved += saved;
            self.rules.results_saved += saved;
        }
    }

    /// The response in its exchange, as the server wrote it.
    fn response(&self, found: Found) -> Option<Half> {
        let operation = &self.operations[found.operation.index()];
        let exchange = match found.slot {
            Slot::First => Some(&operation.first),
            Slot::Later(position) => operation.extra.as_ref()?.later.get(usize::from(position)),
            Slot::NotKept => None,
        };
        exchange?.response.filter(|half| !half.by_rule)
    }

    fn on_held(&mut self, ruling: &Ruling<'_>, found: Found, at: Micros) {
        let rule = self.effective(ruling, false).first().copied();
        let ruled = self.operations[found.operation.index()].ruled_mut();
        ruled.held_since.get_or_insert(at);
        ruled.held_by = rule;
    }

    /// A request goes on: what it waited is the rule's.
    fn on_released(&mut self, id: OperationId, at: Micros) {
        let operation = &mut self.operations[id.index()];
        let row = operation.row;
        let ruled = operation.ruled_mut();
        let Some(since) = ruled.held_since.take() else { return };
        let held_us = (at - since).0;
        ruled.held_us += held_us;
        let rule = ruled.held_by;
        self.rows[row as usize].held_us_sum += held_us;
        if let Some(rule) = rule {
            self.rules.of(rule).enter(Some(row), false, |effects| effects.held_us += held_us);
        }
    }

    /// A rule answered in the place of the server.
    fn on_answered(&mut self, ruling: &Ruling<'_>, passing: Passing) {
        let Some(payload) = &ruling.payload else { return };
        let Contents::One(message) = contents(&payload.text) else { return };
        let (id, answer) = match &message {
            Message::Result { id, result } => (Some(*id), Answer::Result(result)),
            Message::Error { id, error } => (*id, Answer::Error(error)),
            Message::Request { .. } | Message::Notification { .. } => return,
        };
        let asked = passing.from;
        let answers = Passing { from: other(asked), ..passing };
        let id = ruling.id.as_deref().or(id).unwrap_or("null");
        let key = self.key_known(asked, id, answers, |key| self.following.pairing.knows(key));
        let Some(open) = self.following.pairing.take(&key) else { return };
        let decided = ruling.marks.iter().find(|mark| mark.hit && !mark.observed);
        let timed = ruling.marks.iter().find(|mark| mark.hit && !mark.observed && mark.took_us.is_some());
        let operation = &mut self.operations[open.operation.index()];
        let row = operation.row;
        let waited_us = operation.waited_us(passing.half.at);
        let ruled = operation.ruled_mut();
        ruled.held_since = None;
        let mark = timed.or(decided);
        let symbol = |text: &str| self.symbols.get(cut(text, TEXT_MAX)).unwrap_or(Symbol::OTHER);
        ruled.answered = Some(AnsweredBy {
            rule: mark.map_or(Symbol::NONE, |mark| symbol(&mark.rule)),
            by: mark.map_or(Symbol::NONE, |mark| symbol(&mark.by)),
            is_cache: mark.is_some_and(|mark| mark.by == "cache"),
        });
        if let Some(mark) = timed {
            let rule = symbol(&mark.rule);
            let saved = Saved::time(mark.took_us.unwrap_or(0), waited_us);
            self.credit(&[rule], row, false, Share::Given(saved), |_| {});
        }
        self.following.pairing.remember(key, Past::Answered { operation: open.operation, slot: open.slot });
        self.on_paired(open, answer, answers);
    }

    /// Rules that only observe would have done something: counted, and nothing came of it.
    fn on_observed(&mut self, ruling: &Ruling<'_>, found: Found, passing: Passing) {
        match ruling.outcome {
            Fate::Changed if !found.is_request => {
                let Some(original) = self.response(found) else { return };
                self.note_change(ruling, found, Changed { original, delivered: passing.half }, true);
            }
            Fate::Answered => {
                // It would not have waited at all.
                let Some(mark) = ruling.marks.iter().find(|mark| mark.hit && mark.took_us.is_some()) else {
                    return;
                };
                let rule = self.symbols.get(cut(&mark.rule, TEXT_MAX)).unwrap_or(Symbol::OTHER);
                let row = self.operations[found.operation.index()].row;
                let saved = Saved::time(mark.took_us.unwrap_or(0), 0);
                self.credit(&[rule], row, true, Share::Given(saved), |_| {});
            }
            Fate::Passed | Fate::Changed | Fate::Held | Fate::Released | Fate::Dropped | Fate::Sent => {}
        }
    }

    /// Takes what the changed answers of an operation cost before and after, in place of an earlier count; `None` takes
    /// it back. Tool lists are kept and not credited: they count as definitions.
    pub fn set_ruled_tokens(&mut self, id: OperationId, tokens: Option<RuledTokens>) {
        let Some(operation) = self.operations.get_mut(id.index()) else { return };
        let (row, method) = (operation.row, operation.method);
        let Some(ruled) = operation.ruled_mut_if_any() else { return };
        let before = std::mem::replace(&mut ruled.tokens, tokens);
        let credits: [Vec<Symbol>; 2] = ruled.credits.clone();
        if self.symbols.name(method) == "tools/list" {
            return;
        }
        for (is_observed, rules) in [false, true].into_iter().zip(credits) {
            let pair = |tokens: RuledTokens| {
                if is_observed {
                    (tokens.would_before, tokens.would_after)
                } else {
                    (tokens.before, tokens.after)
                }
            };
            if let Some((was, now)) = before.map(pair) {
                let back = Share::TakenBack(Saved::tokens(was, now));
                self.credit(&rules, row, is_observed, back, |effects| {
                    effects.before -= was;
                    effects.after -= now;
                });
            }
            if let Some((was, now)) = tokens.map(pair) {
                let given = Share::Given(Saved::tokens(was, now));
                self.credit(&rules, row, is_observed, given, |effects| {
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
    fn take(&mut self, mark: &Mark<'_>, is_request: bool) {
        if is_request && (mark.hit || mark.store.is_some() || mark.why.is_none()) {
            self.lookups += 1;
        }
        if is_request && mark.hit {
            self.hits += 1;
            let age_us = mark.age_us.unwrap_or(0);
            self.age_us_sum += age_us;
            self.age_us_max = self.age_us_max.max(age_us);
        }
        self.store = mark.store.or(self.store);
    }
}

impl Ruled {
    fn keep(&mut self, changed: Changed, by: &[Symbol], is_observed: bool) {
        let list = if is_observed { &mut self.would } else { &mut self.changed };
        if list.len() < Self::CHANGED_MAX {
            list.push(changed);
        }
        let credits = &mut self.credits[usize::from(is_observed)];
        for rule in by {
            if !credits.contains(rule) {
                credits.push(*rule);
            }
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
    fn credits(&self, is_observed: bool) -> &[Symbol] {
        self.ruled().map_or(&[], |ruled| &ruled.credits[usize::from(is_observed)])
    }
}
