//! One conversation with a client in which a recording plays the server.
//!
//! Knows nothing of where frames come from, nor of what becomes of a request that the recording has no answer for.

use std::collections::{HashMap, VecDeque};
use std::fmt;

use super::caller::{Caller, Meta, severity};
use super::handshake::MODERN;
use super::keys::{Keys, name_of};
use super::matcher::{Found, Level, Matcher};
use super::misses::Waiting;
use super::running::{Running, Stage};
use super::script::{Script, Spot};
use super::tally::Tally;
use super::told::{Answered, Output};
use super::wishes::Wishes;
use crate::trace::{Micros, Place};
use crate::wire::{Contents, Message, contents, member, messages, string_value};

/// Reads a body of the recording again.
pub type Load = Box<dyn FnMut(Place) -> Option<Vec<u8>> + Send>;

/// The recording in the server's part.
pub struct Replayer {
    pub(super) script: Script,
    pub(super) wishes: Wishes,
    load: Load,
    pub(super) matcher: Matcher,
    pub(super) caller: Caller,
    pub(super) stage: Stage,
    /// Misses that somebody else decides about.
    pub(super) waiting: HashMap<Box<str>, Waiting>,
    /// The ids of open `subscriptions/listen`.
    pub(super) listens: Vec<Box<str>>,
    pub(super) out: VecDeque<Output>,
    pub(super) tally: Tally,
}

impl fmt::Debug for Replayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replayer").field("tally", &self.tally).finish_non_exhaustive()
    }
}

impl Replayer {
    /// Plays this script; `load` reads its bodies.
    #[must_use]
    pub fn new(script: Script, wishes: Wishes, load: Load) -> Self {
        let matcher = Matcher::new(&script, wishes.strictness, wishes.once);
        Self {
            script,
            wishes,
            load,
            matcher,
            caller: Caller::default(),
            stage: Stage::default(),
            waiting: HashMap::new(),
            listens: Vec::new(),
            out: VecDeque::new(),
            tally: Tally::default(),
        }
    }

    /// Takes a frame of the client. What is no JSON-RPC is passed over, as servers do.
    pub fn frame(&mut self, now: Micros, frame: &[u8]) {
        let Ok(text) = std::str::from_utf8(frame) else { return };
        for text in messages(text) {
            match contents(text.as_bytes()) {
                Contents::One(Message::Request { id, method, params }) => {
                    self.request(now, text, (id, &method, params));
                }
                Contents::One(Message::Notification { method, params }) => {
                    self.notification(now, text, &method, params);
                }
                Contents::One(Message::Result { id, .. } | Message::Error { id: Some(id), .. }) => {
                    if !self.replied(now, id) {
                        self.out.push_back(Output::Stray(text.to_owned()));
                    }
                }
                Contents::One(Message::Error { id: None, .. }) | Contents::Batch(_) | Contents::Noise => {}
            }
        }
    }

    /// Says what is to be said by now.
    pub fn time(&mut self, now: Micros) {
        let is_due = |running: &Running| running.due.is_some_and(|due| due <= now);
        let due: Vec<u64> = self
            .stage
            .running
            .iter()
            .filter(|(_, running)| is_due(running))
            .map(|(number, _)| *number)
            .collect();
        for number in due {
            self.go_on(now, number);
        }
    }

    /// When something is next to be said.
    #[must_use]
    pub fn due(&self) -> Option<Micros> {
        self.stage.running.values().filter_map(|running| running.due).min()
    }

    /// What came of it.
    pub fn take(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// How requests were answered so far.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    pub(super) fn say(&mut self, frame: String) {
        self.out.push_back(Output::Frame(frame));
    }

    /// A message of the recording.
    pub(super) fn text(&mut self, spot: Spot) -> Option<String> {
        let text = String::from_utf8((self.load)(spot.place)?).ok()?;
        if !text.trim_start().starts_with('[') {
            return Some(text);
        }
        messages(&text).get(spot.item as usize).map(|text| (*text).to_owned())
    }

    pub(super) fn report(&mut self, answered: Answered) {
        self.tally.count(&answered);
        self.out.push_back(Output::Answered(answered));
    }

    fn notification(&mut self, now: Micros, text: &str, method: &str, params: Option<&str>) {
        if method == "notifications/cancelled" {
            let id = params.and_then(|params| member(params, "requestId")).unwrap_or_default();
            self.listens.retain(|listen| &**listen != id);
            self.waiting.remove(id);
            if self.stage.cancel(id) {
                return;
            }
        } else if let Some(scene) = self.matcher.told(method) {
            self.play(now, running(now, scene, None, None, false));
        }
        self.out.push_back(Output::Stray(text.to_owned()));
    }

    fn request(&mut self, now: Micros, text: &str, (id, method, params): (&str, &str, Option<&str>)) {
        let meta = Meta::of(params);
        if let Some(revision) = meta.revision.and_then(string_value)
            && !MODERN.contains(&&*revision)
        {
            let supported = serde_json::json!({ "supported": MODERN, "requested": revision });
            let refusal = format!(
                r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32022,"message":"Unsupported protocol version","data":{supported}}}}}"#
            );
            return self.say(refusal);
        }
        self.caller.asks(&meta);
        let ask = Ask { id, method, params, token: meta.token, text };
        match method {
            "initialize" => self.initialize(now, &ask),
            "server/discover" => self.discover(now, &ask),
            "subscriptions/listen" => self.listen(now, &ask),
            "logging/setLevel" => {
                self.caller.logs_from = params
                    .and_then(|params| member(params, "level"))
                    .and_then(severity)
                    .or(self.caller.logs_from);
                self.recorded(now, &ask);
            }
            _ => {
                let state = params.and_then(|params| member(params, "requestState"));
                match state.and_then(|state| self.retried(now, state, id, meta.token)) {
                    Some(scene) => self.found(&ask, Found { scene, level: Level::Session, is_again: false }),
                    None => self.recorded(now, &ask),
                }
            }
        }
    }

    /// What was recorded, if anything was.
    fn recorded(&mut self, now: Micros, ask: &Ask<'_>) {
        let name = name_of(ask.method, ask.params);
        let keys = Keys::of(ask.method, ask.params, &self.wishes.ignore);
        match self.matcher.find(ask.method, name.as_deref(), keys) {
            Ok(found) => {
                self.found(ask, found);
                self.begin(now, (ask.id, ask.token), found.scene, found.is_again);
            }
            Err(missing) => self.missing(now, ask, name, missing),
        }
    }

    pub(super) fn begin(
        &mut self,
        now: Micros,
        (id, token): (&str, Option<&str>),
        scene: u32,
        is_again: bool,
    ) {
        self.play(now, running(now, scene, Some(id), token, is_again));
    }

    pub(super) fn found(&mut self, ask: &Ask<'_>, found: Found) {
        let scene = &self.script.scenes[found.scene as usize];
        let asked = scene.ask.as_ref();
        let answered = Answered {
            id: ask.id.into(),
            method: ask.method.into(),
            name: name_of(ask.method, ask.params),
            level: Some(found.level),
            recorded: asked.map(|asked| (scene.at, asked.id.clone())),
            is_again: found.is_again,
            is_unanswered: asked.is_some_and(|asked| asked.answer.is_none()),
        };
        self.report(answered);
    }
}

/// A request that came in.
pub(super) struct Ask<'a> {
    pub(super) id: &'a str,
    pub(super) method: &'a str,
    pub(super) params: Option<&'a str>,
    pub(super) token: Option<&'a str>,
    pub(super) text: &'a str,
}

/// A scene at its beginning.
pub(super) fn running(
    now: Micros,
    scene: u32,
    id: Option<&str>,
    token: Option<&str>,
    is_again: bool,
) -> Running {
    Running {
        scene,
        id: id.map(Into::into),
        token: token.map(Into::into),
        is_again,
        since: now,
        replies: 0,
        next: 0,
        due: None,
        instead: None,
        asked_back: 0,
    }
}
