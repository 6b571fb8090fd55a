//! What a response means: the end of an operation, a question back, a task, or an answer to nothing.
//!
//! Knows nothing of requests beyond what pairing remembers of them.

use super::pairing::{Asked, ListKind, Open, Past, Slot};
use super::rulings::is_own;
use super::{Key, Passing, TEXT_MAX, other};
use crate::model::handshake::{CAPABILITIES_MAX, Implementation, Instructions};
use crate::model::read::{element_count, elements, json, members, text};
use crate::model::{Era, Exchange, LogKind, Operation, OperationId, Outcome, Phase, Session};
use crate::wire::Peer;

/// A response, its id aside.
#[derive(Clone, Copy)]
pub(super) enum Answer<'a> {
    /// A result.
    Result(&'a str),
    /// An error object.
    Error(&'a str),
}

impl Answer<'_> {
    /// The error's code, if it is one.
    pub(super) fn code(self) -> Option<i64> {
        match self {
            Self::Result(_) => None,
            Self::Error(error) => {
                let [code] = members(error, ["code"]);
                Some(code.and_then(|code| code.parse().ok()).unwrap_or(0))
            }
        }
    }
}

impl Session {
    /// Takes a response.
    pub(super) fn on_answer(&mut self, id: Option<&str>, answer: Answer<'_>, passing: Passing) {
        if passing.from == Peer::Server && self.first_answer.is_none() && !id.is_some_and(is_own) {
            self.first_answer = Some(passing.half.forwarded());
        }
        let is_unnamed = id.is_none_or(|id| id == "null");
        if let (true, Some(key)) = (is_unnamed, self.only_asked(passing)) {
            return self.on_answer_to(key, answer, passing);
        }
        if id.is_some_and(|id| is_own(id) && !self.is_asked(id, passing)) {
            return; // the answer to a request of mcptop's own
        }
        let Some(id) = id else {
            let (Answer::Result(text) | Answer::Error(text)) = answer;
            self.orphans += 1;
            return self.note(passing, LogKind::NoId { from: passing.from }, text.as_bytes());
        };
        let key = self.key_known(other(passing.from), id, passing, |key| self.following.pairing.knows(key));
        self.on_answer_to(key, answer, passing);
    }

    fn on_answer_to(&mut self, key: Key, answer: Answer<'_>, passing: Passing) {
        match self.following.pairing.take(&key) {
            Some(open) => {
                let Open { operation, slot, .. } = open;
                self.following.pairing.remember(key, Past::Answered { operation, slot });
                self.on_paired(open, answer, passing);
            }
            None => self.on_unpaired(key, passing),
        }
    }

    fn on_unpaired(&mut self, key: Key, passing: Passing) {
        match self.following.pairing.past(&key) {
            Some(Past::Cancelled { operation, slot }) => {
                self.fill(operation, slot, passing);
                self.note_late_answer(operation);
                self.following.pairing.remember(key, Past::Answered { operation, slot });
            }
            // A rule had answered before: nobody gets this one.
            Some(Past::Answered { operation, .. }) if self.take_late(operation, passing) => {}
            Some(Past::Answered { .. }) => {
                self.duplicates += 1;
                self.note(passing, LogKind::Duplicate { from: passing.from }, key.id.as_bytes());
            }
            None => {
                self.orphans += 1;
                self.note(passing, LogKind::Orphan { from: passing.from }, key.id.as_bytes());
            }
        }
    }

    /// Whether a request with this id is open, or was.
    fn is_asked(&self, id: &str, passing: Passing) -> bool {
        let pairing = &self.following.pairing;
        pairing.knows(&self.key_known(other(passing.from), id, passing, |key| pairing.knows(key)))
    }

    /// Keeps what the server said to a request that a rule had answered; false if none had.
    fn take_late(&mut self, id: OperationId, passing: Passing) -> bool {
        let operation = &mut self.operations[id];
        let Some(ruled) = operation.ruled_mut_if_any() else { return false };
        let is_late = ruled.answered.is_some() && ruled.late.is_none();
        if is_late {
            ruled.late = Some(passing.half);
        }
        is_late
    }

    pub(super) fn on_paired(&mut self, open: Open, answer: Answer<'_>, passing: Passing) {
        self.fill(open.operation, open.slot, passing);
        match open.asked {
            Asked::TaskStatus | Asked::TaskResult | Asked::TaskUpdate => {
                if let Some(progress) = &open.progress {
                    self.forget_progress(open.operation, progress);
                }
                self.on_poll_answer(open.operation, open.asked, answer, passing);
            }
            Asked::Plain
            | Asked::Task
            | Asked::Initialize
            | Asked::Discover
            | Asked::List { .. }
            | Asked::Listen => {
                self.on_call_answer(open, answer, passing);
            }
        }
    }

    /// Puts the response into its exchange.
    fn fill(&mut self, id: OperationId, slot: Slot, passing: Passing) {
        let operation = &mut self.operations[id];
        let row = &mut self.rows[operation.row as usize];
        row.response_bytes += u64::from(passing.half.bytes);
        let exchange: Option<&mut Exchange> = match slot {
            Slot::First => Some(&mut operation.first),
            Slot::Later(position) => operation.extra_mut().later.get_mut(usize::from(position)),
            Slot::NotKept => None,
        };
        if let Some(exchange) = exchange {
            exchange.response = Some(passing.half);
            if !passing.half.by_rule {
                let own_ns = exchange.own_ns();
                self.own_round_trip_ns.record(own_ns);
            }
        }
    }

    fn on_call_answer(&mut self, open: Open, answer: Answer<'_>, passing: Passing) {
        let id = open.operation;
        let at = passing.half.forwarded();
        let mut becomes_task = false;
        match answer {
            Answer::Error(_) => {
                if open.asked == Asked::Discover && self.handshake.era == Era::Unknown {
                    self.handshake.requested = None;
                }
                self.finish(id, Outcome::ProtocolError { code: answer.code().unwrap_or(0) }, at);
            }
            Answer::Result(result) => {
                let [is_error, kind, task, task_id, request_state, meta] =
                    members(result, ["isError", "resultType", "task", "taskId", "requestState", "_meta"]);
                self.read_server(meta, passing);
                match kind {
                    Some("\"input_required\"") => self.ask_back(id, request_state, passing),
                    Some("\"task\"") if task_id.is_some() => {
                        becomes_task = self.become_task(id, result, passing);
                    }
                    _ if open.asked == Asked::Task && task.is_some() => {
                        becomes_task = self.become_task(id, task.unwrap_or_default(), passing);
                    }
                    _ => {
                        self.read_result(open.asked, result, passing);
                        let failed = is_error == Some("true");
                        self.finish(id, if failed { Outcome::ToolError } else { Outcome::Ok }, at);
                    }
                }
            }
        }
        self.settle_progress(open, becomes_task);
    }

    /// The exchange is over, and with it the progress under its token, unless a task goes on.
    fn settle_progress(&mut self, open: Open, becomes_task: bool) {
        if let Some(key) = open.progress {
            if becomes_task {
                // A task's progress goes on under the token of the request that made it.
                self.operations[open.operation].extra_mut().progress_key = Some(key);
            } else {
                self.forget_progress(open.operation, &key);
            }
        }
    }

    fn ask_back(&mut self, id: OperationId, request_state: Option<&str>, passing: Passing) {
        self.operations[id].extra_mut().asked_at = Some(passing.half.forwarded());
        self.go_on(id, Phase::Input);
        if let Some(oldest) = self.following.awaiting.push(id, request_state) {
            self.lose_sight_of(oldest, Phase::Input);
        }
    }

    fn read_result(&mut self, asked: Asked, result: &str, passing: Passing) {
        match asked {
            Asked::Initialize => self.read_initialized(result, passing),
            Asked::Discover => self.read_discovered(result, passing),
            Asked::List { kind: ListKind::Tools, continues } => {
                let [tools, next] = members(result, ["tools", "nextCursor"]);
                if let Some(tools) = tools.and_then(elements) {
                    let more = next.is_some_and(|next| next != "null");
                    self.definitions.take_page(&tools, continues, more, passing.half);
                }
            }
            Asked::List { kind, continues } => self.count_list(kind, continues, result),
            Asked::Plain
            | Asked::Task
            | Asked::Listen
            | Asked::TaskStatus
            | Asked::TaskResult
            | Asked::TaskUpdate => {}
        }
    }

    fn count_list(&mut self, kind: ListKind, continues: bool, result: &str) {
        let [prompts, resources, templates] = members(result, ["prompts", "resources", "resourceTemplates"]);
        let definitions = &mut self.definitions;
        let (slot, items) = match kind {
            ListKind::Prompts => (&mut definitions.prompts, prompts),
            ListKind::Resources => (&mut definitions.resources, resources),
            ListKind::ResourceTemplates => (&mut definitions.resource_templates, templates),
            ListKind::Tools => return,
        };
        if let Some(count) = element_count(items) {
            let before = if continues { slot.unwrap_or(0) } else { 0 };
            *slot = Some(before.saturating_add(count));
        }
    }

    fn read_initialized(&mut self, result: &str, passing: Passing) {
        let [version, server, capabilities, instructions] =
            members(result, ["protocolVersion", "serverInfo", "capabilities", "instructions"]);
        self.handshake.negotiated = text(version, TEXT_MAX);
        self.handshake.server = server.and_then(Implementation::read);
        self.handshake.server_capabilities = json(capabilities, CAPABILITIES_MAX);
        self.handshake.instructions = Instructions::read(instructions, passing.half.place);
        self.on_negotiated(self.handshake.negotiated.clone(), passing);
    }

    fn read_discovered(&mut self, result: &str, passing: Passing) {
        let [versions, capabilities, instructions] =
            members(result, ["supportedVersions", "capabilities", "instructions"]);
        let handshake = &mut self.handshake;
        if handshake.era == Era::Unknown {
            handshake.era = Era::Modern;
            handshake.negotiated = handshake.requested.clone();
        }
        let versions = versions.and_then(elements).unwrap_or_default();
        handshake.supported =
            versions.iter().take(VERSIONS_MAX).filter_map(|version| text(Some(version), TEXT_MAX)).collect();
        handshake.server_capabilities = json(capabilities, CAPABILITIES_MAX);
        handshake.instructions = Instructions::read(instructions, passing.half.place);
    }

    /// Modern results name the server in their `_meta`, and being results they settle the revision.
    fn read_server(&mut self, meta: Option<&str>, passing: Passing) {
        let handshake = &mut self.handshake;
        if passing.from != Peer::Server || handshake.era == Era::Legacy {
            return;
        }
        if handshake.era == Era::Modern && handshake.negotiated != handshake.requested {
            handshake.negotiated.clone_from(&handshake.requested);
        }
        if handshake.server.is_none()
            && let Some(meta) = meta
        {
            let [server] = members(meta, ["io.modelcontextprotocol/serverInfo"]);
            handshake.server = server.and_then(Implementation::read);
        }
    }
}

/// How many revisions a server is believed to speak.
const VERSIONS_MAX: usize = 64;

impl Operation {
    /// The call for which a server's request (`elicitation/create`, `sampling/createMessage`, `roots/list`) was made: the
    /// one whose task it names, else the only one that was open then. `None` if that cannot be said.
    #[must_use]
    pub fn serves(&self) -> Option<OperationId> {
        self.extra.as_ref()?.serves
    }
}
