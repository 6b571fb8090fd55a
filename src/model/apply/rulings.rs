//! What a ruling means: an operation answered by a rule, an answer changed, a request held; its tools hidden.
//!
//! Knows nothing of how rules decide, nor of their books (see `books`). A ruling comes after the message that it is about.

use super::answers::Answer;
use super::books::Share;
use super::pairing::{Past, Slot};
use super::{Key, Passing, TEXT_MAX, other};
use crate::model::read::{cut, elements, members};
use crate::model::ruled::Credit;
use crate::model::{AnsweredBy, Changed, Half, OperationId, Outcome, Saved, Session, State, Symbol};
use crate::trace::{Micros, Nanos, Outcome as Fate, Place, Ruling};
use crate::wire::{Contents, Message, Peer, contents};

/// How the ids of mcptop's own requests begin, as they are written.
const OWN_ID: &str = "\"mcptop-";

/// Whether an id is one of mcptop's own requests: what travels under it is nobody's operation.
pub(super) fn is_own(id: &str) -> bool {
    id.starts_with(OWN_ID)
}

/// The operation a ruling is about.
#[derive(Clone, Copy)]
pub(super) struct Found {
    pub(super) operation: OperationId,
    slot: Slot,
    /// Whether the ruling is about its request, and not about its answer.
    pub(super) is_request: bool,
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
        self.enter_marks((at, place), ruling, found, is_ours);
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

    fn on_changed(&mut self, ruling: &Ruling<'_>, found: Found, passing: Passing) {
        if found.is_request {
            self.operations[found.operation].ruled_mut().sent = Some(passing.half);
            return;
        }
        let Some(original) = self.response(found) else { return };
        self.note_change(ruling, found, (original, passing.half), false);
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
        let operation = &self.operations[id];
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
            let credits = self.operations[id].credits(false).to_vec();
            self.definitions.change_page(&tools, original, passing.half, &credits);
        }
    }

    /// Keeps the pair of what arrived and what left, and divides the bytes saved.
    fn note_change(
        &mut self,
        ruling: &Ruling<'_>,
        found: Found,
        (original, delivered): (Half, Half),
        is_observed: bool,
    ) {
        self.set_ruled_tokens(found.operation, None);
        let mut credits = self.effective(ruling, is_observed);
        let operation = &mut self.operations[found.operation];
        let row = operation.row;
        let was_failure =
            matches!(operation.state, State::Done(Outcome::ToolError | Outcome::ProtocolError { .. }));
        let is_refused = !was_failure && is_failure(ruling);
        if is_refused {
            credits.clear();
        }
        let changed = Changed { original, delivered, is_refused };
        operation.ruled_mut().keep(changed, &credits, is_observed);
        let (before, after) = (changed.original.bytes, changed.delivered.bytes);
        self.credit(&credits, row, is_observed, Share::Given(Saved::bytes(before, after)), |effects| {
            effects.bytes_before += u64::from(before);
            effects.bytes_after += u64::from(after);
        });
        self.rules.ruled.push(found.operation);
    }

    /// The response in its exchange, as the server wrote it.
    fn response(&self, found: Found) -> Option<Half> {
        let operation = &self.operations[found.operation];
        let exchange = match found.slot {
            Slot::First => Some(&operation.first),
            Slot::Later(position) => operation.extra.as_ref()?.later.get(usize::from(position)),
            Slot::NotKept => None,
        };
        exchange?.response.filter(|half| !half.by_rule)
    }

    fn on_held(&mut self, ruling: &Ruling<'_>, found: Found, at: Micros) {
        let rule = self.effective(ruling, false).first().map(|credit| credit.rule);
        let ruled = self.operations[found.operation].ruled_mut();
        ruled.held_since.get_or_insert(at);
        ruled.held_by = rule;
    }

    /// A request goes on: what it waited is the rule's.
    fn on_released(&mut self, id: OperationId, at: Micros) {
        let operation = &mut self.operations[id];
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
        let operation = &mut self.operations[open.operation];
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
            self.credit(&[Credit { rule, weight: 0 }], row, false, Share::Given(saved), |_| {});
        }
        self.following.pairing.remember(key, Past::Answered { operation: open.operation, slot: open.slot });
        self.on_paired(open, answer, answers);
    }

    /// Rules that only observe would have done something: counted, and nothing came of it.
    fn on_observed(&mut self, ruling: &Ruling<'_>, found: Found, passing: Passing) {
        match ruling.outcome {
            Fate::Changed if !found.is_request => {
                let Some(original) = self.response(found) else { return };
                self.note_change(ruling, found, (original, passing.half), true);
            }
            Fate::Answered => {
                // It would not have waited at all.
                let Some(mark) = ruling.marks.iter().find(|mark| mark.hit && mark.took_us.is_some()) else {
                    return;
                };
                let rule = self.symbols.get(cut(&mark.rule, TEXT_MAX)).unwrap_or(Symbol::OTHER);
                let row = self.operations[found.operation].row;
                let saved = Saved::time(mark.took_us.unwrap_or(0), 0);
                self.credit(&[Credit { rule, weight: 0 }], row, true, Share::Given(saved), |_| {});
            }
            Fate::Passed | Fate::Changed | Fate::Held | Fate::Released | Fate::Dropped | Fate::Sent => {}
        }
    }
}

/// Whether what a ruling put in a message's place is a failure.
fn is_failure(ruling: &Ruling<'_>) -> bool {
    let Some(payload) = &ruling.payload else { return false };
    match contents(&payload.text) {
        Contents::One(Message::Result { result, .. }) => members(result, ["isError"]) == [Some("true")],
        Contents::One(Message::Error { .. }) => true,
        Contents::One(_) | Contents::Batch(_) | Contents::Noise => false,
    }
}
