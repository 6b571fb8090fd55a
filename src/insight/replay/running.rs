//! Scenes being played: what is to be said next, and when.

use std::collections::{BTreeMap, HashMap};

use super::caller::Era;
use super::dress;
use super::replayer::Replayer;
use super::script::{Cue, CueKind};
use super::told::{Left, Output};
use crate::trace::Micros;
use crate::wire::{Contents, Message, contents};

/// Scenes that are played at once. Of more, those that began first are given up: nobody waits for that many answers.
const RUNNING_MAX: usize = 65_536;
/// Requests that a server may answer with a question (2026-07-28).
const MAY_ASK_BACK: [&str; 3] = ["tools/call", "prompts/get", "resources/read"];

/// What opens the stream of a subscription.
pub(super) const ACKNOWLEDGED: &str = "notifications/subscriptions/acknowledged";

/// One scene being played.
#[derive(Clone, Debug)]
pub(super) struct Running {
    pub(super) scene: u32,
    /// The id of the request that it answers.
    pub(super) id: Option<Box<str>>,
    /// The progress token of that request.
    pub(super) token: Option<Box<str>>,
    /// Whether it has been played before: what is not about the request is not said twice.
    pub(super) is_again: bool,
    /// Since when gaps are counted.
    pub(super) since: Micros,
    /// How many of its own requests have been answered, or left out.
    pub(super) replies: u32,
    pub(super) next: usize,
    pub(super) due: Option<Micros>,
    /// The result that is given in place of the recorded one: a session is opened in the client's revision.
    pub(super) instead: Option<Box<str>>,
    /// How many of its own requests the retry of the client's request answers.
    pub(super) asked_back: u32,
}

/// All scenes being played.
#[derive(Debug, Default)]
pub(super) struct Stage {
    pub(super) running: BTreeMap<u64, Running>,
    last: u64,
    /// Our requests to the client, and who waits for their answers.
    pub(super) asked: HashMap<Box<str>, u64>,
    /// Questions in answers, by the state that the retry has to bring back.
    pub(super) states: HashMap<Box<str>, u64>,
    last_ask: u64,
}

impl Stage {
    fn enter(&mut self, running: Running) -> u64 {
        if self.running.len() >= RUNNING_MAX {
            self.running.pop_first();
        }
        self.last += 1;
        self.running.insert(self.last, running);
        self.last
    }

    fn fresh(&mut self) -> String {
        self.last_ask += 1;
        format!("\"mcptop-{}\"", self.last_ask)
    }

    /// Forgets what waits for the answer to a request.
    pub(super) fn cancel(&mut self, id: &str) -> bool {
        let before = self.running.len();
        self.running.retain(|_, running| running.id.as_deref() != Some(id));
        let running = &self.running;
        self.asked.retain(|_, number| running.contains_key(number));
        self.states.retain(|_, number| running.contains_key(number));
        self.running.len() < before
    }
}

impl Replayer {
    /// Begins a scene.
    pub(super) fn play(&mut self, now: Micros, running: Running) {
        let number = self.stage.enter(running);
        self.go_on(now, number);
    }

    /// Says everything of a scene that is to be said by now.
    pub(super) fn go_on(&mut self, now: Micros, number: u64) {
        let Some(mut running) = self.stage.running.remove(&number) else { return };
        loop {
            let scene = &self.script.scenes[running.scene as usize];
            let Some(cue) = scene.cues.get(running.next).cloned() else { break };
            running.due = None;
            if cue.waits > running.replies || running.asked_back > 0 {
                break;
            }
            let due = Micros(running.since.0.saturating_add(self.wishes.scaled(cue.gap_us)));
            if due > now {
                running.due = Some(due);
                break;
            }
            running.next += 1;
            self.perform(now, number, &mut running, &cue);
        }
        let scene = &self.script.scenes[running.scene as usize];
        let is_over = running.next >= scene.cues.len();
        let has_answer = scene.ask.as_ref().is_none_or(|ask| ask.answer.is_some());
        if !is_over || (!has_answer && running.id.is_some()) {
            self.stage.running.insert(number, running);
        }
    }

    fn perform(&mut self, now: Micros, number: u64, running: &mut Running, cue: &Cue) {
        match &cue.kind {
            CueKind::Answer => self.answer(running, cue),
            CueKind::Progress => {
                if let Some(token) = &running.token
                    && let Some(frame) = self.text(cue.spot).and_then(|text| dress::progress(&text, token))
                {
                    self.say(frame);
                }
            }
            CueKind::Notification { method } => self.notify(running, cue, method),
            CueKind::Ask { method, .. } => self.ask(now, number, running, cue, method),
        }
    }

    fn answer(&mut self, running: &Running, cue: &Cue) {
        let Some(id) = running.id.clone() else { return };
        if let Some(result) = &running.instead {
            return self.say(dress::result(&id, result));
        }
        let scene = &self.script.scenes[running.scene as usize];
        let was_modern = scene.ask.as_ref().is_some_and(|ask| ask.is_modern);
        let (method, era) = (scene.method.clone(), self.caller.era);
        let text = self.text(cue.spot);
        let frame = text.and_then(|text| dress::answer(&text, &method, &id, era, was_modern));
        // A body that cannot be read any more is an error and not silence.
        self.say(frame.unwrap_or_else(|| dress::error(&id, -32603, "the recorded answer cannot be read")));
    }

    fn notify(&mut self, running: &Running, cue: &Cue, method: &str) {
        let is_log = method == "notifications/message";
        if (running.is_again && !is_log) || method == ACKNOWLEDGED {
            return;
        }
        let Some(text) = self.text(cue.spot) else { return };
        if is_log && !self.caller.wants_log(dress::params_of(&text)) {
            return;
        }
        let is_subscribed = method.ends_with("/list_changed") || method == "notifications/resources/updated";
        match self.caller.era {
            Era::Modern if is_subscribed => {
                for subscription in self.listens.clone() {
                    self.say(dress::subscribed(method, &text, &subscription));
                }
            }
            Era::Modern | Era::Legacy => self.say(crate::wire::one_line(&text).into_owned()),
        }
    }

    fn ask(&mut self, now: Micros, number: u64, running: &mut Running, cue: &Cue, method: &str) {
        if self.caller.answers(method) {
            let is_sent = match self.caller.era {
                Era::Legacy => self.ask_client(number, cue),
                Era::Modern => self.ask_back(number, running, cue),
            };
            if is_sent {
                return;
            }
        }
        running.replies += 1;
        running.since = now;
        self.tally.left_out += 1;
        self.out.push_back(Output::Left(Left { method: method.into() }));
    }

    /// Asks as servers did before 2026-07-28: with a request of our own.
    fn ask_client(&mut self, number: u64, cue: &Cue) -> bool {
        let id = self.stage.fresh();
        let Some(frame) = self.text(cue.spot).and_then(|text| dress::asks(&text, &id)) else { return false };
        self.stage.asked.insert(id.into(), number);
        self.say(frame);
        true
    }

    /// Asks as servers do since: the answer is a question, and the client sends its request again with the reply.
    fn ask_back(&mut self, number: u64, running: &mut Running, cue: &Cue) -> bool {
        let scene = &self.script.scenes[running.scene as usize];
        let Some(id) = running.id.take_if(|_| MAY_ASK_BACK.contains(&&*scene.method)) else { return false };
        let more = scene.cues[running.next..].iter();
        let more =
            more.take_while(|next| matches!(next.kind, CueKind::Ask { .. }) && next.waits == cue.waits);
        let spots: Vec<_> = std::iter::once(cue.spot).chain(more.map(|cue| cue.spot)).collect();
        let mut questions = Vec::new();
        for (at, spot) in (1..).zip(&spots) {
            let text = self.text(*spot).unwrap_or_default();
            if let Contents::One(Message::Request { method, params, .. }) = contents(text.as_bytes()) {
                let (method, params) = (dress::quoted(&method), params.unwrap_or("{}"));
                questions.push(format!(r#""ask-{at}":{{"method":{method},"params":{params}}}"#));
            }
        }
        running.next += spots.len() - 1;
        running.asked_back = u32::try_from(spots.len()).unwrap_or(u32::MAX);
        let state = self.stage.fresh();
        let result = format!(
            r#"{{"resultType":"input_required","inputRequests":{{{}}},"requestState":{state}}}"#,
            questions.join(",")
        );
        self.say(dress::result(&id, &result));
        self.stage.states.insert(state.into(), number);
        true
    }

    /// The client has answered a request of ours.
    pub(super) fn replied(&mut self, now: Micros, id: &str) -> bool {
        let Some(number) = self.stage.asked.remove(id) else { return false };
        if let Some(running) = self.stage.running.get_mut(&number) {
            running.replies += 1;
            running.since = now;
            self.go_on(now, number);
        }
        true
    }

    /// The client sends a request again, with replies to what was asked back.
    pub(super) fn retried(&mut self, now: Micros, state: &str, id: &str, token: Option<&str>) -> Option<u32> {
        let number = self.stage.states.remove(state)?;
        let running = self.stage.running.get_mut(&number)?;
        running.id = Some(id.into());
        running.token = token.map(Into::into);
        running.replies += std::mem::take(&mut running.asked_back);
        running.since = now;
        let scene = running.scene;
        self.go_on(now, number);
        Some(scene)
    }
}
