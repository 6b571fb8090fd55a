//! The rules of one process: their text, who brought it, and every gate that has to hear of a change.
//!
//! Knows nothing of files: who reads or watches one hands its text over. Everything that changes here is recorded.
//!
//! ```text
//! let gate = rulebook.gate();                     // one for each server; shared by whatever carries its traffic
//! if gate.is_idle() { forward as it came }        // no lock
//! gate.with(|gate, now| { … gate.frame(now, lane, to, bytes) … while let Some(output) = gate.take() { … } });
//! loop { gate.turn().await; take and carry out }  // one task for each gate: timers, and rules that have changed
//! gate.tell(output, exchange)                     // once it has been carried out
//! ```

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;
use tokio::time::sleep_until;

use super::clock::Clock;
use super::store::Stores;
use crate::rules::{Act, Gate, Output, Pool, Problem, Ruleset, Setting};
use crate::tap::Tap;
use crate::trace::{ExchangeId, Fact, Micros, Outcome, Payload, Ruling};

/// The rules in force, and the gates that apply them. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Rulebook(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    setting: Setting,
    clock: Clock,
    tap: Option<Tap>,
    stores: Stores,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    text: Arc<str>,
    source: Arc<str>,
    rules: Arc<Ruleset>,
    /// Those that are gone are forgotten when the next one comes.
    gates: Vec<Weak<Regulated>>,
}

impl Rulebook {
    /// One without rules. What happens with it is told through `tap`, if there is one.
    #[must_use]
    pub fn new(setting: Setting, clock: Clock, tap: Option<Tap>) -> Self {
        Self(Arc::new(Shared { setting, clock, tap, stores: Stores::default(), state: Mutex::default() }))
    }

    /// Puts the rules of this text in force, in every gate and at once, and records that. `source` says for people where
    /// they come from: a file's path, or who asked. A text that says what is in force already changes nothing.
    ///
    /// # Errors
    /// If the text is no rules file: that is recorded, and the rules before stay in force.
    pub fn put(&self, text: &str, source: &str) -> Result<(), Problem> {
        let rules = match Ruleset::parse(text) {
            Ok(rules) => Arc::new(rules),
            Err(problem) => {
                self.refuse(source, &problem.to_string());
                return Err(problem);
            }
        };
        let mut state = self.lock();
        if *state.text == *text && *state.source == *source {
            return Ok(());
        }
        (state.text, state.source, state.rules) = (text.into(), source.into(), rules);
        for gate in state.gates.iter().filter_map(Weak::upgrade) {
            gate.change(|gate, now| gate.set(now, &state.rules));
        }
        self.tell(Fact::Rules { text: text.to_owned().into(), source: source.to_owned().into() });
        Ok(())
    }

    /// Records that rules were not taken, which can also be because there was no reading them.
    pub fn refuse(&self, source: &str, why: &str) {
        self.tell(Fact::RulesRefused { source: source.to_owned().into(), why: why.to_owned().into() });
    }

    /// Records a remark about the rules.
    pub fn note(&self, text: String) {
        self.tell(Fact::Note { text: text.into() });
    }

    /// The text that is in force; empty if there are no rules.
    #[must_use]
    pub fn text(&self) -> Arc<str> {
        self.lock().text.clone()
    }

    /// Where that text comes from; empty if there has been none.
    #[must_use]
    pub fn source(&self) -> Arc<str> {
        self.lock().source.clone()
    }

    /// The rules in force.
    #[must_use]
    pub fn rules(&self) -> Arc<Ruleset> {
        self.lock().rules.clone()
    }

    /// What they say about the pool.
    #[must_use]
    pub fn pool(&self) -> Option<Pool> {
        self.lock().rules.pool
    }

    /// The second levels of caches, which all gates share.
    #[must_use]
    pub fn stores(&self) -> Stores {
        self.0.stores.clone()
    }

    /// Empties the caches of the rule with this name, or all. `false` if there is no such rule.
    #[must_use]
    pub fn clear(&self, rule: Option<&str>) -> bool {
        let state = self.lock();
        if rule.is_some_and(|name| state.rules.rules.iter().all(|rule| rule.name != name)) {
            return false;
        }
        for gate in state.gates.iter().filter_map(Weak::upgrade) {
            gate.change(|gate, now| gate.clear(now, rule));
        }
        true
    }

    /// A gate with the rules in force. It hears of every change for as long as somebody holds it.
    #[must_use]
    pub fn gate(&self) -> Arc<Regulated> {
        let mut state = self.lock();
        let gate = Gate::new(self.0.setting.clone(), &state.rules).with_epoch(self.0.clock.epoch_us());
        let regulated = Arc::new(Regulated {
            clock: self.0.clock,
            tap: self.0.tap.clone(),
            is_idle: AtomicBool::new(gate.is_idle()),
            may_miss_calls: AtomicBool::new(gate.may_miss_calls()),
            held: Mutex::new(Held { gate, armed: None }),
            changed: Notify::new(),
        });
        state.gates.retain(|gate| gate.strong_count() > 0);
        state.gates.push(Arc::downgrade(&regulated));
        regulated
    }

    fn tell(&self, fact: Fact<'static>) {
        if let Some(tap) = &self.0.tap {
            tap.tell(self.0.clock.now(), fact);
        }
    }

    /// A panic while holding the lock leaves plain values behind.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A gate that several tasks share. They hold it briefly, never while they wait.
#[derive(Debug)]
pub struct Regulated {
    clock: Clock,
    tap: Option<Tap>,
    held: Mutex<Held>,
    /// What the gate said when it was last touched.
    is_idle: AtomicBool,
    may_miss_calls: AtomicBool,
    /// Told when whoever waits in `turn` has to look again.
    changed: Notify,
}

#[derive(Debug)]
struct Held {
    gate: Gate,
    /// What `turn` waits for.
    armed: Option<Micros>,
}

impl Regulated {
    /// Whether no rule can act and nothing waits. To be asked at the beginning of each frame; costs no lock.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.is_idle.load(Ordering::Acquire)
    }

    /// A conversation that the gate has not been shown is over, and may have been a call. Costs no lock but just after a
    /// rule has begun to keep answers.
    pub fn unseen_ended(&self) {
        if self.may_miss_calls.load(Ordering::Acquire) {
            self.change(|gate, _| gate.unseen_ended());
        }
    }

    /// Has the gate for a moment. Whoever brings it a frame or an answer takes its outputs before letting go, so that
    /// they are carried out in order.
    pub fn with<T>(&self, act: impl FnOnce(&mut Gate, Micros) -> T) -> T {
        let mut held = self.lock();
        let result = act(&mut held.gate, self.clock.now());
        self.is_idle.store(held.gate.is_idle(), Ordering::Release);
        self.may_miss_calls.store(held.gate.may_miss_calls(), Ordering::Release);
        let due = held.gate.due();
        let is_earlier = due.is_some_and(|due| held.armed.is_none_or(|armed| due < armed));
        if is_earlier {
            held.armed = due;
        }
        drop(held);
        if is_earlier {
            self.changed.notify_one();
        }
        result
    }

    /// Waits until something that waits is due, or the rules have changed. Then there may be outputs to take. For one task.
    pub async fn turn(&self) {
        let due = {
            let mut held = self.lock();
            held.armed = held.gate.due();
            held.armed
        };
        tokio::select! {
            () = self.changed.notified() => {}
            () = async {
                match due {
                    Some(due) => sleep_until(self.clock.when(due).into()).await,
                    None => std::future::pending().await,
                }
            } => {}
        }
        self.with(Gate::time);
    }

    /// Records what was done; nothing is told of what is none of the recorder's business. What went on as it had come is
    /// not written twice.
    pub fn tell(&self, output: Output, exchange: Option<ExchangeId>) {
        let Some(tap) = &self.tap else { return };
        let is_as_it_came = output.outcome == Outcome::Released;
        if let Some(mut ruling) = output.into_ruling(exchange) {
            if is_as_it_came {
                ruling.payload = None;
            }
            tap.tell(self.clock.now(), Fact::Ruled(Box::new(ruling)));
        }
    }

    /// Records a remark.
    pub fn note(&self, text: &'static str) {
        if let Some(tap) = &self.tap {
            tap.tell(self.clock.now(), Fact::Note { text: text.into() });
        }
    }

    /// Whether anybody records.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        self.tap.is_some()
    }

    /// A change that no driver made.
    fn change(&self, act: impl FnOnce(&mut Gate, Micros)) {
        self.with(act);
        self.changed.notify_one();
    }

    /// A panic of the gate itself, outside its transformers, would have left it in the middle of a frame; it is used on
    /// all the same, because traffic that stops is worse.
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the recorder is told of an output that is still to be carried out: its frame is copied, its names are taken out.
/// `None` for what is not recorded.
#[must_use]
pub fn ruling(output: &mut Output, exchange: Option<ExchangeId>) -> Option<Ruling<'static>> {
    let frame = match &output.act {
        Act::Note { frame } => frame.as_deref(),
        Act::Send { frame, .. } => Some(&frame[..]),
        Act::Spill { .. } | Act::Lookup { .. } | Act::Store { .. } | Act::Forget { .. } => return None,
    };
    let payload = frame.map(|frame| {
        let Payload { text, end } = Payload::of_frame(frame);
        Payload { text: text.into_owned().into(), end }
    });
    Some(Ruling {
        to: output.to,
        exchange,
        id: output.id.take().map(|id| String::from(id).into()),
        outcome: output.outcome,
        payload,
        marks: std::mem::take(&mut output.marks),
    })
}
