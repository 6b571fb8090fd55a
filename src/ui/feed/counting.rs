//! The thread that counts tokens: what is looked at first, then every answered call and every definition.
//!
//! It holds a model only to see what is to be counted and to enter what was; messages are read again from the
//! recording. Sleeps until a session has changed or it is asked.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use serde_json::value::RawValue;

mod desk;
mod tasks;

pub(super) use desk::{Desk, Job};

use tasks::{Counted, Definition, Task};

use super::{Files, Herald, News, file_of, spawn};
use crate::model::{
    Changed, DefinitionTokens, Half, OperationId, OperationTokens, RuledTokens, Session, Sizes, State,
};
use crate::record::Bodies;
use crate::tokens::{Count, Counter, Effort, Profile, attribute, message, tool_definition, wire};
use crate::ui::fetched::{Answer, Subject};
use crate::ui::open::Shared;
use crate::ui::panels::OpenId;

/// Calls entered into a model at a time.
const BATCH: usize = 32;
/// Calls looked at for them; many are counted already where a recording is read again.
const LOOKS_MAX: usize = 4_096;

pub(super) fn start(herald: &Herald, files: Files, profile: Profile) -> Arc<Desk> {
    let desk = Arc::new(Desk::default());
    let counting = Counting {
        desk: desk.clone(),
        herald: herald.clone(),
        files,
        scale: Scale::new(profile),
        books: HashMap::new(),
    };
    spawn("mcptop-count", herald, move || counting.run());
    desk
}

struct Counting {
    desk: Arc<Desk>,
    herald: Herald,
    files: Files,
    scale: Scale,
    books: HashMap<OpenId, Book>,
}

/// What calls and definitions are weighed with.
#[derive(Debug)]
struct Scale {
    counter: Counter,
    profile: Profile,
}

/// How far the counting of a session has come.
#[derive(Default)]
struct Book {
    /// Of which reading of the recording, and for which family of models.
    recounts: u32,
    /// The first call not looked at yet.
    next: u32,
    /// Calls that were not answered when they were looked at.
    open: VecDeque<OperationId>,
    /// How many rulings have been looked at.
    ruled: usize,
    /// The definitions' revision that has been counted.
    definitions: Option<u64>,
}

/// Calls that are looked at again because they had no answer.
const OPEN_MAX: usize = 65_536;

/// What the board has for the thread.
enum Work {
    Job(Job),
    /// Look at every session for something uncounted.
    Look(Vec<(OpenId, Arc<Shared>)>),
}

impl Counting {
    fn run(mut self) {
        let mut is_behind = false;
        loop {
            match self.next(is_behind) {
                Work::Job(job) => self.job(job),
                Work::Look(sessions) => {
                    self.books.retain(|id, _| sessions.iter().any(|(open, _)| open == id));
                    is_behind = false;
                    for (id, shared) in sessions {
                        is_behind |= self.some(id, &shared);
                    }
                }
            }
        }
    }

    /// Takes the next piece of work; sleeps while there is none. What was asked for last is done first, because it
    /// is what the user looks at.
    fn next(&mut self, is_behind: bool) -> Work {
        let desk = self.desk.clone();
        let mut board = desk.board();
        loop {
            if let Some(profile) = board.profile.take() {
                self.scale.profile = profile;
                self.books.clear();
                for (_, shared) in &board.sessions {
                    shared.set_counted(0);
                    shared.work().forget_tokens();
                }
                board.has_news = true;
            }
            if let Some(job) = board.jobs.pop_back() {
                return Work::Job(job);
            }
            if std::mem::take(&mut board.has_news) || is_behind {
                return Work::Look(board.sessions.clone());
            }
            board = desk.wait(board);
        }
    }

    fn session(&self, wanted: OpenId) -> Option<Arc<Shared>> {
        let board = self.desk.board();
        board.sessions.iter().find(|(id, _)| *id == wanted).map(|(_, shared)| shared.clone())
    }

    /// Counts some of a session; returns whether there is more to do.
    fn some(&mut self, id: OpenId, shared: &Shared) -> bool {
        let Some(file) = file_of(&self.files, id) else { return false };
        let book = self.books.entry(id).or_default();
        book.begin_anew_if_needed(shared);
        let recounts = book.recounts;
        let (tasks, definitions, is_behind) = book.open_tasks(shared);
        let counted_calls = book.done_calls();
        let mut costs = Vec::with_capacity(definitions.len());
        for definition in definitions {
            let cost = self.scale.definition(&definition.json);
            costs.push((definition, cost));
        }
        let counted: Vec<_> =
            tasks.iter().filter_map(|task| Some((task.call, self.scale.call(&file, task)?))).collect();
        if counted.is_empty() && costs.is_empty() {
            if shared.set_counted(counted_calls) {
                self.herald.changed();
            }
            return is_behind;
        }
        let mut session = shared.work();
        if session.recounts() != recounts {
            // Meanwhile the recording has been read again: this is not the session that was counted.
            return true;
        }
        for (definition, cost) in costs {
            definition.enter(&mut session, cost);
        }
        for (call, counted) in counted {
            counted.enter(&mut session, call);
        }
        shared.set_counted(counted_calls);
        drop(session);
        self.herald.changed();
        is_behind
    }

    fn job(&mut self, job: Job) {
        match job {
            Job::Call(id, call) => {
                let (Some(shared), Some(file)) = (self.session(id), file_of(&self.files, id)) else { return };
                let (task, recounts) = {
                    let session = shared.work();
                    let operation = session.operation(call);
                    (operation.and_then(|operation| Task::of(call, operation)), session.recounts())
                };
                if let Some(counted) = task.and_then(|task| self.scale.call(&file, &task)) {
                    let mut session = shared.work();
                    if session.recounts() == recounts {
                        counted.enter(&mut session, call);
                        drop(session);
                        self.herald.changed();
                    }
                }
            }
            Job::Attribute(key) => {
                let answer = self.attributed(key);
                self.herald.tell(News::Attributed(key, answer));
            }
            Job::Tool(key) => {
                let answer = match self.definition(key.0, key.1, key.2) {
                    Some(json) => Answer::Ready(Arc::new(tool_definition(
                        &mut self.scale.counter,
                        &self.scale.profile,
                        &json,
                    ))),
                    None => Answer::Failed("this definition has changed".into()),
                };
                self.herald.tell(News::ToolCost(key, answer));
            }
        }
    }

    fn attributed(&mut self, (id, subject): (OpenId, Subject)) -> Answer<crate::tokens::Attribution> {
        let text = match subject {
            Subject::Message(place) => {
                let text = file_of(&self.files, id).and_then(|file| file.load(place).ok());
                text.and_then(|text| String::from_utf8(text).ok())
            }
            Subject::Definition { position, revision } => {
                self.definition(id, position, revision).map(|json| json.to_string())
            }
        };
        let Some(text) = text else { return Answer::Failed("there is no such text any more".into()) };
        match attribute(&mut self.scale.counter, self.scale.profile.encoding, &text) {
            Ok(attribution) => Answer::Ready(Arc::new(attribution)),
            Err(error) => Answer::Failed(error.to_string().into()),
        }
    }

    fn definition(&self, id: OpenId, position: u32, revision: u64) -> Option<Arc<str>> {
        let shared = self.session(id)?;
        let session = shared.work();
        let definitions = session.definitions();
        let tool = definitions.tools().get(position as usize)?;
        (definitions.revision == revision).then(|| tool.json.clone())
    }
}

impl Scale {
    fn new(profile: Profile) -> Self {
        Self { counter: Counter::new(Effort::Worker), profile }
    }

    fn definition(&mut self, json: &str) -> DefinitionTokens {
        let cost = tool_definition(&mut self.counter, &self.profile, json);
        in_model(cost.wire, cost.model)
    }

    /// What a call costs; `None` if its messages cannot be read.
    fn call(&mut self, file: &Bodies, task: &Task) -> Option<Counted> {
        let (mut request, mut on_wire, mut model) = (Count::ZERO, Count::ZERO, Count::ZERO);
        for (asked, answered) in &task.exchanges {
            request += wire(&mut self.counter, &self.profile, &text_of(file, asked)?);
            if let Some(answered) = answered {
                let answer = message(&mut self.counter, &self.profile, &text_of(file, answered)?);
                on_wire += answer.wire;
                // Only the last answer is the result; those before asked for input or told how a task stood.
                model = answer.model;
            }
        }
        let tokens = OperationTokens {
            request: narrow(request),
            wire: narrow(on_wire),
            model: narrow(model),
            request_accuracy: request.accuracy,
            accuracy: on_wire.accuracy.max(model.accuracy),
        };
        let ruled = task.ruled.as_ref().and_then(|[changed, would]| {
            let (before, after) = self.changes(file, changed)?;
            let (would_before, would_after) = self.changes(file, would)?;
            Some(RuledTokens { before, after, would_before, would_after })
        });
        Some(Counted { tokens, ruled })
    }

    /// What answers cost before they were changed, and after.
    fn changes(&mut self, file: &Bodies, changes: &[Changed]) -> Option<(Sizes, Sizes)> {
        let (mut before, mut after) = (Sizes::default(), Sizes::default());
        for Changed { original, delivered, .. } in changes.iter().filter(|changed| !changed.is_refused) {
            before += self.sizes(file, original)?;
            after += self.sizes(file, delivered)?;
        }
        Some((before, after))
    }

    fn sizes(&mut self, file: &Bodies, half: &Half) -> Option<Sizes> {
        let cost = message(&mut self.counter, &self.profile, &text_of(file, half)?);
        Some(Sizes { wire: cost.wire.tokens, model: cost.model.tokens })
    }
}

/// Counts everything of a session at once, for commands that print and leave.
pub fn count_all(session: &mut Session, file: &Bodies, profile: Profile) {
    count_telling(session, file, profile, |_, _| ());
}

/// The same; `turn` hears how many calls of how many are counted.
pub fn count_telling(session: &mut Session, file: &Bodies, profile: Profile, mut turn: impl FnMut(u64, u64)) {
    let whole = session.operations().len() as u64;
    let mut counting = CountOne::new(file.clone(), profile);
    counting.definitions(session);
    for (index, _) in (0_u32..).zip(0..session.operations().len()) {
        counting.call(session, OperationId(index));
        turn(u64::from(index), whole);
    }
}

/// Counts call by call, for a session that lets go of its calls: each before it goes.
#[derive(Debug)]
pub struct CountOne {
    file: Bodies,
    scale: Scale,
}

impl CountOne {
    /// For a family of models; the messages of the session stand in `file`.
    #[must_use]
    pub fn new(file: Bodies, profile: Profile) -> Self {
        Self { file, scale: Scale::new(profile) }
    }

    /// Enters what a call costs. One that has no answer, or whose messages cannot be read, is left uncounted.
    pub fn call(&mut self, session: &mut Session, call: OperationId) {
        let task = session.operation(call).and_then(|operation| Task::of(call, operation));
        if let Some(counted) = task.and_then(|task| self.scale.call(&self.file, &task)) {
            counted.enter(session, call);
        }
    }

    /// Enters what the definitions cost as they are now.
    pub fn definitions(&mut self, session: &mut Session) {
        for definition in Definition::all(session) {
            let cost = self.scale.definition(&definition.json);
            definition.enter(session, cost);
        }
    }
}

impl Book {
    /// Forgets what it knows if the recording has been read again, or is to be counted for another family.
    fn begin_anew_if_needed(&mut self, shared: &Shared) {
        let recounts = shared.work().recounts();
        if self.recounts != recounts {
            *self = Self { recounts, ..Self::default() };
        }
    }

    /// How many calls, from the first one on, need not be looked at again.
    fn done_calls(&self) -> u32 {
        self.open.iter().map(|call| call.0).min().unwrap_or(self.next).min(self.next)
    }

    /// What is to be counted next, and whether there is more behind it.
    fn open_tasks(&mut self, shared: &Shared) -> (Vec<Task>, Vec<Definition>, bool) {
        let session = shared.work();
        let mut tasks = Vec::new();
        for _ in 0..self.open.len() {
            let Some(call) = self.open.pop_front() else { break };
            let Some(operation) = session.operation(call) else { continue };
            match operation.state {
                State::Pending => self.open.push_back(call),
                _ => tasks.extend(Task::of(call, operation)),
            }
        }
        // Calls that were counted before the ruling about their answer was read.
        let ruled = session.rules().ruled_since(self.ruled);
        for call in &ruled[..ruled.len().min(BATCH)] {
            self.ruled += 1;
            let operation = session.operation(*call).filter(|_| call.0 < self.next);
            tasks.extend(operation.and_then(|operation| Task::of(*call, operation)));
        }
        let operations = session.operations();
        let mut looks = LOOKS_MAX;
        while tasks.len() < BATCH
            && looks > 0
            && let Some(operation) = operations.get(self.next as usize)
        {
            looks -= 1;
            let call = OperationId(self.next);
            self.next += 1;
            match operation.state {
                State::Pending if self.open.len() < OPEN_MAX => self.open.push_back(call),
                _ if operation.tokens.is_some() && operation.is_counted_once() => {}
                _ => tasks.extend(Task::of(call, operation)),
            }
        }
        let mut definitions = Vec::new();
        let revision = session.definitions().revision;
        if self.definitions != Some(revision) {
            self.definitions = Some(revision);
            definitions = Definition::all(&session);
        }
        let is_behind =
            (self.next as usize) < operations.len() || !session.rules().ruled_since(self.ruled).is_empty();
        (tasks, definitions, is_behind)
    }
}

/// The text of one message; a member of a batch alone. `None` if it cannot be read.
#[must_use]
pub fn text_of(file: &Bodies, half: &Half) -> Option<String> {
    let frame = String::from_utf8(file.load(half.place).ok()?).ok()?;
    if !frame.trim_ascii_start().starts_with('[') {
        return Some(frame);
    }
    let members: Vec<&RawValue> = serde_json::from_str(&frame).ok()?;
    members.get(usize::from(half.index)).map(|member| member.get().to_owned())
}

fn in_model(wire: Count, model: Count) -> DefinitionTokens {
    let accuracy = wire.accuracy.max(model.accuracy);
    DefinitionTokens { wire: narrow(wire), model: narrow(model), accuracy }
}

/// A count as the model keeps it; four thousand million tokens are as good as more.
fn narrow(count: Count) -> u32 {
    u32::try_from(count.tokens).unwrap_or(u32::MAX)
}
