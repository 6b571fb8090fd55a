//! Recorded events become scenes: which of the server's messages belongs to which of the client's.
//!
//! Answers and progress say it themselves. What does not is taken for said to the request that was under way on the same
//! exchange, else to the one begun last, else to what the client sent last. Knows nothing of being played again.

use std::collections::HashMap;

use super::keys::{Keys, name_of};
use super::script::{Answer, Asked, Cue, CueKind, Scene, Script, Spot};
use crate::rules::Path;
use crate::trace::{Event, ExchangeId, Fact, Micros, Outcome, Place, Ruling};
use crate::wire::{Contents, Direction, Message, contents, member, messages, same_id};

/// Which conversation an id belongs to: an exchange, or standard streams.
type Lane = Option<ExchangeId>;

/// A script in the making.
#[derive(Debug, Default)]
pub struct Reading {
    script: Script,
    ignore: Vec<Path>,
    /// Whether what rules made of an answer counts, and not what the server said.
    is_delivered: bool,
    sessions: HashMap<Box<str>, u32>,
    exchanges: HashMap<ExchangeId, Exchange>,
    /// The last scene with this id.
    asks: HashMap<(Lane, Box<str>), u32>,
    /// The same by session: answers may come on another exchange than the request.
    session_asks: HashMap<(u32, Box<str>), u32>,
    progress: HashMap<(u32, Box<str>), u32>,
    /// Requests of the server: which cue of which scene.
    own_asks: HashMap<(u32, Box<str>), (u32, usize, Micros)>,
    conversations: HashMap<u32, Conversation>,
    /// Beside each scene.
    courses: Vec<Course>,
    /// The last thing that was said in a lane, for a ruling about it.
    last_cue: HashMap<Lane, (u32, usize)>,
}

#[derive(Debug, Default)]
struct Exchange {
    session: u32,
    scenes: Vec<u32>,
}

#[derive(Debug, Default)]
struct Conversation {
    /// Requests that have no answer yet, in order.
    open: Vec<u32>,
    /// What the client sent last.
    latest: Option<u32>,
}

/// How far a scene is: since when gaps are told, and how many of its own requests are answered.
#[derive(Debug)]
struct Course {
    since: Micros,
    replies: u32,
}

impl Reading {
    /// Of the recording of a server of this label. `ignore` are the paths of parameters that make no difference;
    /// `is_delivered` says that what rules made of the server's answers counts.
    #[must_use]
    pub fn new(label: &str, ignore: &[Path], is_delivered: bool) -> Self {
        let script = Script { label: label.to_owned(), ..Script::default() };
        Self { script, ignore: ignore.to_vec(), is_delivered, ..Self::default() }
    }

    /// Takes the next event.
    pub fn apply(&mut self, event: &Event<'_>, place: Place) {
        match &event.fact {
            Fact::HttpRequest { exchange, session, .. } => {
                let session = session.as_deref().map_or(0, |name| self.session(name));
                self.exchanges.insert(*exchange, Exchange { session, scenes: Vec::new() });
            }
            Fact::HttpResponse { exchange, session: Some(name), .. } => self.opened(*exchange, name),
            Fact::HttpEnd { exchange, .. } => {
                self.exchanges.remove(exchange);
                self.last_cue.remove(&Some(*exchange));
            }
            Fact::Message { to, payload, exchange, .. } => {
                let Ok(text) = std::str::from_utf8(&payload.text) else { return };
                for (item, text) in (0..).zip(messages(text)) {
                    let Contents::One(message) = contents(text.as_bytes()) else { continue };
                    let at = At { time: event.at, lane: *exchange, spot: Spot { place, item } };
                    match to {
                        Direction::ToServer => self.client_said(at, &message),
                        Direction::ToClient => self.server_said(at, &message),
                    }
                }
            }
            Fact::Ruled(ruling) => self.ruled(event.at, ruling, place),
            _ => {}
        }
    }

    /// Everything has been seen.
    #[must_use]
    pub fn finish(self) -> Script {
        self.script
    }

    fn session(&mut self, name: &str) -> u32 {
        let next = u32::try_from(self.sessions.len() + 1).unwrap_or(u32::MAX);
        *self.sessions.entry(name.into()).or_insert(next)
    }

    fn session_of(&self, lane: Lane) -> u32 {
        lane.and_then(|exchange| self.exchanges.get(&exchange)).map_or(0, |exchange| exchange.session)
    }

    /// What has been asked in this exchange opened a session.
    fn opened(&mut self, exchange: ExchangeId, name: &str) {
        let session = self.session(name);
        let Some(exchange) = self.exchanges.get_mut(&exchange).filter(|exchange| exchange.session == 0)
        else {
            return;
        };
        exchange.session = session;
        for number in exchange.scenes.clone() {
            let scene = &mut self.script.scenes[number as usize];
            let before = std::mem::replace(&mut scene.session, session);
            let id = scene.ask.as_ref().map(|ask| ask.id.clone()).unwrap_or_default();
            if let Some(conversation) = self.conversations.get_mut(&before) {
                conversation.open.retain(|open| *open != number);
            }
            self.session_asks.insert((session, same_id(&id).into()), number);
            let conversation = self.conversations.entry(session).or_default();
            conversation.open.push(number);
            conversation.latest = Some(number);
        }
    }

    fn client_said(&mut self, at: At, message: &Message<'_>) {
        let session = self.session_of(at.lane);
        match message {
            Message::Request { id, method, params } => self.asked(at, session, id, method, *params),
            Message::Notification { method, params } if method == "notifications/cancelled" => {
                let id = params.and_then(|params| member(params, "requestId")).unwrap_or_default();
                if let Some(scene) = self.scene(at.lane, id)
                    && let Some(ask) = &mut self.script.scenes[scene as usize].ask
                    && ask.answer.is_none()
                {
                    ask.cancelled_at = Some(at.time);
                    self.conversations.entry(session).or_default().open.retain(|open| *open != scene);
                }
            }
            Message::Notification { method, .. } if method == "notifications/progress" => {}
            Message::Notification { method, .. } => {
                self.begin(at, session, method, None);
            }
            Message::Result { id, .. } | Message::Error { id: Some(id), .. } => {
                let Some((number, cue, asked)) = self.own_asks.remove(&(session, same_id(id).into())) else {
                    return;
                };
                let cue = self.script.scenes[number as usize].cues.get_mut(cue);
                if let Some(CueKind::Ask { reply, took_us, .. }) = cue.map(|cue| &mut cue.kind) {
                    *reply = Some(at.spot);
                    *took_us = (at.time - asked).0;
                }
                let course = &mut self.courses[number as usize];
                course.since = at.time;
                course.replies += 1;
                self.conversations.entry(session).or_default().latest = Some(number);
            }
            Message::Error { id: None, .. } => {}
        }
    }

    fn asked(&mut self, at: At, session: u32, id: &str, method: &str, params: Option<&str>) {
        let meta = params.and_then(|params| member(params, "_meta"));
        let token = meta.and_then(|meta| member(meta, "progressToken"));
        let is_modern =
            meta.is_some_and(|meta| member(meta, "io.modelcontextprotocol/protocolVersion").is_some());
        let ask = Asked {
            id: id.into(),
            name: name_of(method, params),
            keys: Keys::of(method, params, &self.ignore),
            is_modern,
            answer: None,
            cancelled_at: None,
        };
        let number = self.begin(at, session, method, Some(ask));
        self.asks.insert((at.lane, same_id(id).into()), number);
        self.session_asks.insert((session, same_id(id).into()), number);
        if let Some(token) = token {
            self.progress.insert((session, same_id(token).into()), number);
        }
        if let Some(exchange) = at.lane.and_then(|exchange| self.exchanges.get_mut(&exchange)) {
            exchange.scenes.push(number);
        }
        self.conversations.entry(session).or_default().open.push(number);
    }

    fn begin(&mut self, at: At, session: u32, method: &str, ask: Option<Asked>) -> u32 {
        let number = u32::try_from(self.script.scenes.len()).unwrap_or(u32::MAX);
        let (at, spot) = (at.time, at.spot);
        self.script.scenes.push(Scene { at, session, method: method.into(), spot, ask, cues: Vec::new() });
        self.courses.push(Course { since: at, replies: 0 });
        self.conversations.entry(session).or_default().latest = Some(number);
        number
    }

    fn server_said(&mut self, at: At, message: &Message<'_>) {
        let session = self.session_of(at.lane);
        match message {
            Message::Result { id, .. } | Message::Error { id: Some(id), .. } => {
                if let Some(number) = self.scene(at.lane, id) {
                    self.answered(number, at, false);
                }
            }
            Message::Request { id, method, .. } => {
                let Some(number) = self.said_to(at.lane, session) else { return };
                let cue = self.cue(
                    number,
                    at,
                    CueKind::Ask { method: (&**method).into(), reply: None, took_us: 0 },
                );
                self.own_asks.insert((session, same_id(id).into()), (number, cue, at.time));
            }
            Message::Notification { method, params } if method == "notifications/progress" => {
                let token = params.and_then(|params| member(params, "progressToken")).unwrap_or_default();
                if let Some(number) = self.progress.get(&(session, same_id(token).into())).copied() {
                    self.cue(number, at, CueKind::Progress);
                }
            }
            Message::Notification { method, .. } => {
                if let Some(number) = self.said_to(at.lane, session) {
                    self.cue(number, at, CueKind::Notification { method: (&**method).into() });
                }
            }
            Message::Error { id: None, .. } => {}
        }
    }

    fn answered(&mut self, number: u32, at: At, is_by_rule: bool) {
        let scene = &mut self.script.scenes[number as usize];
        let session = scene.session;
        let Some(ask) = &mut scene.ask else { return };
        let answer = Answer { at: at.time, spot: at.spot, is_by_rule };
        match ask.answer {
            None => {
                ask.answer = Some(answer);
                self.cue(number, at, CueKind::Answer);
            }
            // A rule answered first; what the server says to it all the same counts unless what was delivered does.
            Some(Answer { is_by_rule: true, .. }) if !is_by_rule && !self.is_delivered => {
                ask.answer = Some(answer);
                if let Some(cue) = scene.cues.iter_mut().find(|cue| cue.kind == CueKind::Answer) {
                    cue.spot = at.spot;
                }
            }
            Some(_) => return,
        }
        self.conversations.entry(session).or_default().open.retain(|open| *open != number);
    }

    fn ruled(&mut self, at: Micros, ruling: &Ruling<'_>, place: Place) {
        if !ruling.marks.iter().any(|mark| mark.hit && !mark.observed) {
            // What rules that only observe would have made went nowhere.
            return;
        }
        let at = At { time: at, lane: ruling.exchange, spot: Spot { place, item: 0 } };
        let scene = ruling.id.as_deref().and_then(|id| self.scene(at.lane, id));
        match (ruling.to, ruling.outcome, ruling.payload.is_some()) {
            (Direction::ToServer, Outcome::Answered, true) => {
                if let Some(number) = scene {
                    self.answered(number, at, true);
                }
            }
            (Direction::ToClient, Outcome::Changed, true) if self.is_delivered => {
                let cue = match scene {
                    Some(number) => {
                        let scene = &mut self.script.scenes[number as usize];
                        if let Some(answer) = scene.ask.as_mut().and_then(|ask| ask.answer.as_mut()) {
                            answer.spot = at.spot;
                        }
                        scene.cues.iter_mut().find(|cue| cue.kind == CueKind::Answer)
                    }
                    None => self.last_cue(at.lane),
                };
                if let Some(cue) = cue {
                    cue.spot = at.spot;
                }
            }
            (Direction::ToClient, Outcome::Dropped, _) if self.is_delivered && scene.is_none() => {
                if let Some((number, cue)) = self.last_cue.remove(&at.lane) {
                    let cues = &mut self.script.scenes[number as usize].cues;
                    if cue + 1 == cues.len() && matches!(cues[cue].kind, CueKind::Notification { .. }) {
                        cues.pop();
                    }
                }
            }
            _ => {}
        }
    }

    fn last_cue(&mut self, lane: Lane) -> Option<&mut Cue> {
        let (number, cue) = *self.last_cue.get(&lane)?;
        self.script.scenes[number as usize].cues.get_mut(cue)
    }

    /// The scene with this id.
    fn scene(&self, lane: Lane, id: &str) -> Option<u32> {
        let here = self.asks.get(&(lane, same_id(id).into()));
        here.or_else(|| self.session_asks.get(&(self.session_of(lane), same_id(id).into()))).copied()
    }

    /// The scene in which a message was said that does not say it.
    fn said_to(&self, lane: Lane, session: u32) -> Option<u32> {
        let exchange = lane.and_then(|exchange| self.exchanges.get(&exchange));
        let here = exchange.and_then(|exchange| exchange.scenes.last().copied());
        let conversation = self.conversations.get(&session);
        here.or_else(|| conversation?.open.last().copied()).or_else(|| conversation?.latest)
    }

    fn cue(&mut self, number: u32, at: At, kind: CueKind) -> usize {
        let course = &self.courses[number as usize];
        let cue = Cue { gap_us: (at.time - course.since).0, waits: course.replies, kind, spot: at.spot };
        let cues = &mut self.script.scenes[number as usize].cues;
        cues.push(cue);
        self.last_cue.insert(at.lane, (number, cues.len() - 1));
        cues.len() - 1
    }
}

/// When and where a message was.
#[derive(Clone, Copy)]
struct At {
    time: Micros,
    lane: Lane,
    spot: Spot,
}
