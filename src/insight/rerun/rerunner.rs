//! A recorded client that speaks to a server again.
//!
//! Knows nothing of how a connection is made: it says when one is needed and when no longer.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;

use super::echoes::Echoes;
use super::listed::Listed;
use super::plan::Plan;
use super::replies::Replies;
use super::send;
use super::told::{After, Compared, Output, Wishes};
use crate::insight::replay::{Load, Script, Spot};
use crate::trace::Micros;
use crate::wire::{Contents, Message, contents, messages, same_id};

/// The id of our own requests for lists of tools.
const LIST_ID: &str = r#""mcptop-list""#;
/// Pages of such a list that are asked for.
const PAGES_MAX: u32 = 50;

/// A request under way.
struct Flying {
    scene: u32,
    sent: Micros,
}

/// One connection.
#[derive(Default)]
struct Connection {
    listed: Listed,
    pages: u32,
    is_open: bool,
    is_lost: bool,
    /// Replies to the server that wait for their time.
    replies: BTreeMap<(Micros, u64), String>,
}

/// The recording in the client's part.
pub struct Rerunner {
    script: Script,
    pub(super) wishes: Wishes,
    load: Load,
    pub(super) plan: Plan,
    /// The next step.
    pub(super) next: usize,
    /// Answers that have been waited for.
    pub(super) answered: usize,
    /// Requests of the server that have been waited for.
    pub(super) replied: usize,
    pub(super) reply_counts: HashMap<u32, usize>,
    pub(super) waiting_since: Option<Micros>,
    pub(super) step_due: Option<Micros>,
    /// The last step: when it was taken then, and now.
    pub(super) taken: Option<(Micros, Micros)>,
    now: Micros,
    /// Scenes that nothing waits for any more.
    pub(super) settled: Vec<Option<Micros>>,
    flying: HashMap<Box<str>, Flying>,
    connections: HashMap<u32, Connection>,
    echoes: Echoes,
    replies: Replies,
    out: VecDeque<Output>,
    last: u64,
}

impl fmt::Debug for Rerunner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rerunner").field("next", &self.next).finish_non_exhaustive()
    }
}

impl Rerunner {
    /// Drives this script; `load` reads its bodies.
    #[must_use]
    pub fn new(script: Script, wishes: Wishes, load: Load) -> Self {
        Self {
            plan: Plan::of(&script),
            replies: Replies::of(&script),
            settled: vec![None; script.scenes.len()],
            script,
            wishes,
            load,
            next: 0,
            answered: 0,
            replied: 0,
            reply_counts: HashMap::new(),
            waiting_since: None,
            step_due: None,
            taken: None,
            now: Micros(0),
            flying: HashMap::new(),
            connections: HashMap::new(),
            echoes: Echoes::default(),
            out: VecDeque::new(),
            last: 0,
        }
    }

    /// Does what is to be done by now.
    pub fn time(&mut self, now: Micros) {
        self.now = now;
        self.send_replies(now);
        let late: Vec<Box<str>> = self
            .flying
            .iter()
            .filter(|(_, flying)| flying.sent.0 + self.wishes.timeout_us <= now.0)
            .map(|(id, _)| id.clone())
            .collect();
        for id in late {
            self.take_back(&id, "it took too long", After::Silence);
        }
        self.go_on(now);
    }

    /// When something is next to be done without anything having come.
    #[must_use]
    pub fn due(&self) -> Option<Micros> {
        let flying = self.flying.values().map(|flying| Micros(flying.sent.0 + self.wishes.timeout_us));
        let replies = self.connections.values().filter_map(|connection| connection.replies.keys().next());
        flying.chain(replies.map(|(at, _)| *at)).chain(self.step_due).min()
    }

    /// What came of it.
    pub fn take(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// Whether everything has been sent, and everything that was answered then has been dealt with.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.next >= self.plan.steps.len() && self.out.is_empty() && self.awaited() == 0
    }

    /// How many steps have been taken, and how many there are.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        (self.next.saturating_sub(self.awaited()), self.plan.steps.len())
    }

    /// A connection sent a frame.
    pub fn frame(&mut self, now: Micros, connection: u32, frame: &[u8]) {
        self.now = now;
        let Ok(text) = std::str::from_utf8(frame) else { return };
        for text in messages(text) {
            match contents(text.as_bytes()) {
                Contents::One(Message::Result { id: LIST_ID, result }) => self.listed(connection, result),
                Contents::One(Message::Error { id: Some(LIST_ID), .. }) => {
                    self.connection(connection).listed.is_whole = true;
                }
                Contents::One(Message::Result { id, .. } | Message::Error { id: Some(id), .. }) => {
                    self.settle(id, After::Answer(text.to_owned()));
                }
                Contents::One(Message::Request { id, method, .. }) => {
                    self.asked(now, connection, id, &method);
                }
                Contents::One(Message::Notification { .. } | Message::Error { id: None, .. })
                | Contents::Batch(_)
                | Contents::Noise => {}
            }
        }
        self.go_on(now);
    }

    /// A connection has ended.
    pub fn lost(&mut self, now: Micros, connection: u32) {
        self.now = now;
        self.connection(connection).is_lost = true;
        let script = &self.script;
        let is_of = |flying: &Flying| script.scenes[flying.scene as usize].session == connection;
        let ids: Vec<Box<str>> =
            self.flying.iter().filter(|(_, flying)| is_of(flying)).map(|(id, _)| id.clone()).collect();
        for id in ids {
            self.settle(&id, After::Lost);
        }
        self.go_on(now);
    }

    pub(super) fn is_lost(&self, connection: u32) -> bool {
        self.connections.get(&connection).is_some_and(|connection| connection.is_lost)
    }

    /// Whether this scene's request is answered, skipped or taken back: the server asks nothing in it any more.
    pub(super) fn is_over_for(&self, scene: u32) -> bool {
        self.settled[scene as usize].is_some() && self.script.scenes[scene as usize].ask.is_some()
    }

    fn connection(&mut self, number: u32) -> &mut Connection {
        self.connections.entry(number).or_default()
    }

    fn text(&mut self, spot: Spot) -> Option<String> {
        let text = String::from_utf8((self.load)(spot.place)?).ok()?;
        if !text.trim_start().starts_with('[') {
            return Some(text);
        }
        messages(&text).get(spot.item as usize).map(|text| (*text).to_owned())
    }

    /// Requests under way whose answers are waited for.
    fn awaited(&self) -> usize {
        let has_answer = |flying: &&Flying| {
            let ask = self.script.scenes[flying.scene as usize].ask.as_ref();
            ask.is_some_and(|ask| ask.answer.is_some())
        };
        self.flying.values().filter(has_answer).count()
    }

    /// Sends the message of a scene. Returns whether it is dealt with: sent, skipped or lost.
    pub(super) fn send(&mut self, now: Micros, number: u32) -> bool {
        let scene = &self.script.scenes[number as usize];
        let (session, spot) = (scene.session, scene.spot);
        let tool = scene.ask.as_ref().filter(|_| &*scene.method == "tools/call").map(|ask| ask.name.clone());
        if self.is_lost(session) {
            self.dealt_with(number, After::Lost);
            return true;
        }
        let Some(text) = self.text(spot) else {
            self.dealt_with(number, After::Skipped);
            return true;
        };
        if !std::mem::replace(&mut self.connection(session).is_open, true) {
            self.out.push_back(Output::Open(session));
        }
        if let Some(tool) = tool
            && !self.wishes.allow_writes
        {
            if !self.connection(session).listed.is_whole {
                let due = Micros(self.ask_list(now, session, &text).0 + self.wishes.timeout_us);
                if now < due {
                    self.step_due = Some(due);
                    return false;
                }
                // One that does not list its tools marks none.
                self.connection(session).listed.is_whole = true;
            }
            if !tool.is_some_and(|tool| self.connection(session).listed.only_reads(&tool)) {
                self.dealt_with(number, After::Skipped);
                return true;
            }
        }
        if params_of(&text).is_some_and(|params| self.echoes.is_missing(params)) {
            // It follows from one that was skipped, or was not answered.
            self.dealt_with(number, After::Skipped);
            return true;
        }
        if self.script.scenes[number as usize].ask.is_none() {
            self.settled[number as usize] = Some(self.now);
            self.out.push_back(Output::Send(session, crate::wire::one_line(&text).into_owned()));
            return true;
        }
        self.last += 1;
        let id = self.last.to_string();
        match send::request(&text, &id, &self.echoes) {
            Some(frame) => {
                self.flying.insert(id.into(), Flying { scene: number, sent: now });
                self.out.push_back(Output::Send(session, frame));
            }
            None => self.dealt_with(number, After::Skipped),
        }
        true
    }

    /// Takes a request back.
    pub(super) fn cancel(&mut self, number: u32) {
        let id = self.flying.iter().find(|(_, flying)| flying.scene == number).map(|(id, _)| id.clone());
        if let Some(id) = id {
            self.take_back(&id, "as it was recorded", After::Cancelled);
        }
    }

    /// Takes everything back that is under way, and sends nothing more: neither what follows nor what has not been taken.
    pub fn give_up(&mut self) {
        self.next = self.plan.steps.len();
        let unsent: Vec<String> = self
            .out
            .iter()
            .filter_map(|output| match output {
                Output::Send(_, frame) => Some(frame.clone()),
                Output::Open(_) | Output::Close(_) | Output::Compared(_) => None,
            })
            .collect();
        self.out.retain(|output| !matches!(output, Output::Send(..)));
        let ids: Vec<Box<str>> = self.flying.keys().cloned().collect();
        for id in ids {
            let is_it = |frame: &String| matches!(contents(frame.as_bytes()), Contents::One(Message::Request { id: own, .. }) if own == &*id);
            if unsent.iter().any(is_it) {
                self.settle(&id, After::Cancelled);
            } else {
                self.take_back(&id, "the user gave up", After::Cancelled);
            }
        }
        self.close_idle();
    }

    /// Tells the server that an answer is not waited for any more.
    fn take_back(&mut self, id: &str, reason: &str, after: After) {
        let Some(flying) = self.flying.get(id) else { return };
        let scene = &self.script.scenes[flying.scene as usize];
        // "The initialize request MUST NOT be cancelled by clients" (2025-11-25, "Cancellation").
        if &*scene.method != "initialize" {
            let session = scene.session;
            let frame = format!(
                r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id},"reason":"{reason}"}}}}"#
            );
            self.out.push_back(Output::Send(session, frame));
        }
        self.settle(id, after);
    }

    /// Closes connections that nothing more is sent on or waited for.
    pub(super) fn close_idle(&mut self) {
        let script = &self.script;
        let busy = |session: u32| {
            self.flying.values().any(|flying| {
                let scene = &script.scenes[flying.scene as usize];
                scene.session == session && scene.ask.as_ref().is_some_and(|ask| ask.answer.is_some())
            })
        };
        let last = |session: &u32| self.plan.last.get(session).is_none_or(|last| *last < self.next);
        let open =
            self.connections.iter().filter(|(_, connection)| connection.is_open && !connection.is_lost);
        let idle: Vec<u32> =
            open.map(|(session, _)| *session).filter(|session| last(session) && !busy(*session)).collect();
        for session in idle {
            self.connection(session).is_lost = true;
            self.out.push_back(Output::Close(session));
        }
    }

    fn settle(&mut self, id: &str, after: After) {
        let Some(flying) = self.flying.remove(&*same_id(id)) else { return };
        self.dealt_with(flying.scene, after);
        if self.next > 0 {
            self.close_idle();
        }
    }

    fn dealt_with(&mut self, number: u32, after: After) {
        self.settled[number as usize] = Some(self.now);
        let scene = &self.script.scenes[number as usize];
        let Some(ask) = &scene.ask else { return };
        let (session, answer) = (scene.session, ask.answer);
        let compared = Compared {
            scene: number,
            at: scene.at,
            id: ask.id.clone(),
            method: scene.method.clone(),
            name: ask.name.clone(),
            before: None,
            after,
        };
        let before = answer.and_then(|answer| self.text(answer.spot));
        let after = match &compared.after {
            After::Answer(after) => result_of(after),
            After::Silence | After::Lost | After::Skipped | After::Cancelled => None,
        };
        match (before.as_deref().and_then(result_of), after) {
            (Some(before), Some(after)) => self.echoes.learn(before, after),
            (Some(before), None) => self.echoes.miss(before),
            (None, _) => {}
        }
        if let Some(after) = after
            && &*compared.method == "tools/list"
        {
            self.connection(session).listed.learn(after);
        }
        self.out.push_back(Output::Compared(Compared { before, ..compared }));
    }

    /// The server asks something.
    fn asked(&mut self, now: Micros, connection: u32, id: &str, method: &str) {
        let (spot, took_us) = self.replies.next(method).unzip();
        let recorded = spot.and_then(|spot| self.text(spot)).and_then(|text| send::reply(&text, id));
        let frame = recorded.unwrap_or_else(|| send::reply_of_our_own(method, id));
        let wait_us = if self.wishes.pace { took_us.unwrap_or_default() } else { 0 };
        self.last += 1;
        let key = (Micros(now.0 + wait_us), self.last);
        self.connection(connection).replies.insert(key, frame);
        self.send_replies(now);
    }

    fn send_replies(&mut self, now: Micros) {
        for (number, connection) in &mut self.connections {
            while let Some(first) = connection.replies.first_entry() {
                if first.key().0 > now {
                    break;
                }
                self.out.push_back(Output::Send(*number, first.remove()));
                *self.reply_counts.entry(*number).or_default() += 1;
            }
        }
    }

    /// Asks for the list, once. Returns when.
    fn ask_list(&mut self, now: Micros, connection: u32, like: &str) -> Micros {
        let listed = &mut self.connection(connection).listed;
        if let Some(asked) = listed.asked {
            return asked;
        }
        listed.asked = Some(now);
        self.out.push_back(Output::Send(connection, send::list(LIST_ID, like, None)));
        now
    }

    /// A page of the list that we asked for ourselves.
    fn listed(&mut self, number: u32, result: &str) {
        let connection = self.connection(number);
        let cursor = connection.listed.learn(result);
        connection.pages += 1;
        match cursor {
            Some(cursor) if connection.pages < PAGES_MAX => {
                let like = self.plan.steps.get(self.next).and_then(|step| match step.act {
                    super::plan::Act::Send(scene) => Some(self.script.scenes[scene as usize].spot),
                    super::plan::Act::Cancel(_) => None,
                });
                let like = like.and_then(|spot| self.text(spot)).unwrap_or_default();
                self.out.push_back(Output::Send(number, send::list(LIST_ID, &like, Some(&cursor))));
            }
            Some(_) | None => self.connection(number).listed.is_whole = true,
        }
    }
}

fn result_of(text: &str) -> Option<&str> {
    match contents(text.as_bytes()) {
        Contents::One(Message::Result { result, .. }) => Some(result),
        _ => None,
    }
}

fn params_of(text: &str) -> Option<&str> {
    match contents(text.as_bytes()) {
        Contents::One(Message::Request { params, .. }) => params,
        _ => None,
    }
}
