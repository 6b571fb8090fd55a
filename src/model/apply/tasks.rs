//! Calls that became tasks: which operation a task belongs to, and when it is over.
//!
//! Knows the experimental tasks of 2025-11-25 (`params.task`, `tasks/result`) and the extension of 2026-07-28
//! (`resultType: "task"`, the outcome inside `tasks/get`).

use std::collections::{HashMap, VecDeque};

use super::answers::Answer;
use super::pairing::Asked;
use super::{Passing, TEXT_MAX, other};
use crate::model::operation::Task;
use crate::model::read::{cut, members};
use crate::model::{OperationId, Outcome, Phase, Session, State};
use crate::wire::{Peer, string_value};

/// How many tasks are followed, the newest.
const TASKS_MAX: usize = 16_384;

/// Tasks by the peer that asked for them.
#[derive(Debug, Default)]
pub(in crate::model) struct Tasks {
    known: [HashMap<Box<str>, OperationId>; 2],
    order: VecDeque<(Peer, Box<str>)>,
}

impl Tasks {
    /// The operation of a task.
    pub(super) fn get(&self, from: Peer, task: &str) -> Option<OperationId> {
        self.known[from.sends().index()].get(cut(task, TEXT_MAX)).copied()
    }

    /// The operations of all tasks that are followed.
    pub(super) fn operations(&self) -> impl Iterator<Item = OperationId> {
        self.known.iter().flat_map(HashMap::values).copied()
    }

    /// Follows a task. Returns the operation whose task is followed no longer: the one of that name, or if there are too many
    /// the oldest.
    fn insert(&mut self, from: Peer, task: Box<str>, operation: OperationId) -> Option<OperationId> {
        let known = self.known[from.sends().index()].insert(task.clone(), operation);
        if known.is_some() {
            return known.filter(|known| *known != operation);
        }
        self.order.push_back((from, task));
        if self.order.len() <= TASKS_MAX {
            return None;
        }
        let (from, oldest) = self.order.pop_front()?;
        self.known[from.sends().index()].remove(&oldest)
    }
}

/// The end that a task's status means, if it means one.
fn end_of(status: &str) -> Option<State> {
    match status {
        "completed" => Some(State::Done(Outcome::Ok)),
        "failed" => Some(State::Done(Outcome::ToolError)),
        "cancelled" => Some(State::Cancelled { late_answer: false }),
        _ => None,
    }
}

impl Session {
    /// An answer made an operation a task. False if it names none, or one that is over already.
    pub(super) fn become_task(&mut self, id: OperationId, task: &str, passing: Passing) -> bool {
        let [task_id] = members(task, ["taskId"]);
        let Some(name) = task_id.and_then(string_value) else {
            self.finish(id, Outcome::Ok, passing.half.forwarded());
            return false;
        };
        let name: Box<str> = Box::from(cut(&name, TEXT_MAX));
        let status = self.symbols.intern("working");
        let operation = &mut self.operations[id];
        operation.extra_mut().task = Some(Box::new(Task { id: name.clone(), status, polls: 0 }));
        let lost = self.following.tasks.insert(operation.from, name, id);
        if let Some(lost) = lost {
            self.lose_sight_of(lost, Phase::Task);
        }
        self.go_on(id, Phase::Task);
        self.task_stands(id, task, passing);
        self.operations[id].state == State::Pending
    }

    /// A request about a task passed.
    pub(super) fn count_poll(&mut self, id: OperationId, asked: Asked, passing: Passing) {
        let extra = self.operations[id].extra_mut();
        if let Some(task) = &mut extra.task {
            task.polls = task.polls.saturating_add(1);
        }
        if asked == Asked::TaskUpdate
            && let Some(since) = extra.asked_at.take()
        {
            extra.human_wait_us += (passing.half.at - since).0;
        }
    }

    /// The answer to a question about a task passed.
    pub(super) fn on_poll_answer(
        &mut self,
        id: OperationId,
        asked: Asked,
        answer: Answer<'_>,
        passing: Passing,
    ) {
        match (asked, answer) {
            (Asked::TaskStatus, Answer::Result(result)) => self.task_stands(id, result, passing),
            (Asked::TaskResult, Answer::Result(result)) => {
                let [is_error] = members(result, ["isError"]);
                let failed = is_error == Some("true");
                self.task_came_to(id, if failed { Outcome::ToolError } else { Outcome::Ok }, passing);
            }
            // A completed task's result may be gone; only a task that did not complete has an error as its result.
            (Asked::TaskResult, Answer::Error(_)) if !self.task_is(id, "completed") => {
                let code = answer.code().unwrap_or(0);
                self.task_came_to(id, Outcome::ProtocolError { code }, passing);
            }
            _ => {}
        }
    }

    /// A notification says how a task stands.
    pub(super) fn on_task_status(&mut self, params: &str, passing: Passing) {
        let [task_id] = members(params, ["taskId"]);
        let Some(task) = task_id.and_then(string_value) else { return };
        if let Some(id) = self.following.tasks.get(other(passing.from), &task) {
            self.task_stands(id, params, passing);
        }
    }

    /// Reads a task object: its status, and in modern sessions the outcome inside it.
    fn task_stands(&mut self, id: OperationId, task: &str, passing: Passing) {
        let [status, result, error] = members(task, ["status", "result", "error"]);
        let Some(status) = status.and_then(string_value) else { return };
        let symbol = self.symbols.intern(cut(&status, TEXT_MAX));
        let operation = &mut self.operations[id];
        let state = operation.state;
        let extra = operation.extra_mut();
        if let Some(task) = &mut extra.task {
            task.status = symbol;
        }
        if status == "input_required" {
            extra.asked_at.get_or_insert(passing.half.forwarded());
        }
        let over = matches!(state, State::Done(_) | State::Cancelled { .. });
        match end_of(&status) {
            Some(State::Done(outcome)) => {
                let outcome = match (result, error) {
                    (_, Some(error)) => {
                        Outcome::ProtocolError { code: Answer::Error(error).code().unwrap_or(0) }
                    }
                    (Some(result), None) if members(result, ["isError"]) == [Some("true")] => {
                        Outcome::ToolError
                    }
                    _ => outcome,
                };
                if result.is_some() || error.is_some() {
                    self.task_came_to(id, outcome, passing);
                } else if !over {
                    self.finish(id, outcome, passing.half.forwarded());
                }
            }
            Some(_) if !over => self.cancel(id, passing.half.forwarded()),
            None if matches!(state, State::Unknown | State::Abandoned) => self.go_on(id, Phase::Task),
            _ => {}
        }
    }

    /// The message that passes holds what the task came to.
    fn task_came_to(&mut self, id: OperationId, outcome: Outcome, passing: Passing) {
        let operation = &mut self.operations[id];
        operation.extra_mut().answer = Some(passing.half);
        if matches!(operation.state, State::Cancelled { .. }) {
            self.note_late_answer(id);
        } else {
            self.finish(id, outcome, passing.half.forwarded());
        }
    }

    fn task_is(&self, id: OperationId, status: &str) -> bool {
        self.operations[id].task().is_some_and(|task| self.symbols.name(task.status) == status)
    }
}
