//! What a request means: a new operation, a retry of one that was asked back, or a question about its task.
//!
//! Knows nothing of answers.

use std::collections::VecDeque;

use xxhash_rust::xxh3::xxh3_128;

use super::clients::Introduction;
use super::pairing::{Asked, Key, ListKind, Open, Opened, Slot};
use super::rulings::is_own;
use super::{Passing, TEXT_MAX};
use crate::model::handshake::{CAPABILITIES_MAX, Implementation};
use crate::model::operation::Extra;
use crate::model::read::{cut, json, members, text};
use crate::model::{
    Era, Exchange, Handshake, LogKind, Operation, OperationId, Phase, RawId, RowKey, Session, State, Symbol,
};
use crate::wire::{Peer, same_id, string_value};

/// How many operations that wait for a retry are remembered.
const AWAITING_MAX: usize = 1_024;

/// An operation answered with `input_required`, until the requester asks again.
#[derive(Clone, Copy, Debug)]
struct Awaited {
    operation: OperationId,
    /// A digest of `requestState`, which the retry must repeat; `None` if there was none.
    state: Option<u128>,
}

/// Operations that wait for a retry, oldest first.
#[derive(Debug, Default)]
pub(in crate::model) struct Awaiting(VecDeque<Awaited>);

impl Awaiting {
    /// Waits for the retry of an operation. If too many wait, the oldest is waited for no longer and returned.
    pub(super) fn push(
        &mut self,
        operation: OperationId,
        request_state: Option<&str>,
    ) -> Option<OperationId> {
        let oldest = if self.0.len() == AWAITING_MAX { self.0.pop_front() } else { None };
        self.0.push_back(Awaited { operation, state: digest(request_state) });
        oldest.map(|oldest| oldest.operation)
    }

    /// The operations that wait.
    pub(super) fn operations(&self) -> impl Iterator<Item = OperationId> {
        self.0.iter().map(|awaited| awaited.operation)
    }

    /// The oldest waiting operation that `fits`, with the very `requestState`.
    fn take(
        &mut self,
        request_state: Option<&str>,
        fits: impl Fn(OperationId) -> bool,
    ) -> Option<OperationId> {
        let state = digest(request_state);
        let position = self.0.iter().position(|one| one.state == state && fits(one.operation))?;
        self.0.remove(position).map(|one| one.operation)
    }
}

fn digest(request_state: Option<&str>) -> Option<u128> {
    let raw = request_state.filter(|raw| *raw != "null")?;
    // The value, not its spelling: a client that decodes and encodes it may escape other characters.
    Some(string_value(raw).map_or_else(|| xxh3_128(raw.as_bytes()), |value| xxh3_128(value.as_bytes())))
}

/// The members of `params` that matter.
struct Params<'a> {
    target: Option<&'a str>,
    meta: Option<&'a str>,
    task: Option<&'a str>,
    task_id: Option<&'a str>,
    cursor: Option<&'a str>,
    request_state: Option<&'a str>,
    input_responses: Option<&'a str>,
}

impl<'a> Params<'a> {
    fn read(method: &str, params: Option<&'a str>) -> Self {
        let target = if method.starts_with("resources/") { "uri" } else { "name" };
        let [target, meta, task, task_id, cursor, request_state, input_responses] = members(
            params.unwrap_or_default(),
            [target, "_meta", "task", "taskId", "cursor", "requestState", "inputResponses"],
        );
        Self { target, meta, task, task_id, cursor, request_state, input_responses }
    }

    fn asked(&self, method: &str) -> Asked {
        let list = |kind| Asked::List { kind, continues: self.cursor.is_some_and(|cursor| cursor != "null") };
        match method {
            "initialize" => Asked::Initialize,
            "server/discover" => Asked::Discover,
            "tools/list" => list(ListKind::Tools),
            "prompts/list" => list(ListKind::Prompts),
            "resources/list" => list(ListKind::Resources),
            "resources/templates/list" => list(ListKind::ResourceTemplates),
            "subscriptions/listen" => Asked::Listen,
            _ if self.task.is_some() => Asked::Task,
            _ => Asked::Plain,
        }
    }
}

impl Session {
    /// Takes a request.
    pub(super) fn on_request(&mut self, id: &str, method: &str, params: Option<&str>, passing: Passing) {
        if is_own(id) {
            return;
        }
        let read = Params::read(method, params);
        let meta = read.meta.map(|meta| self.read_meta(method, meta, passing)).unwrap_or_default();
        if method == "initialize" {
            self.read_initialize(params.unwrap_or_default(), passing);
        }
        let exchange = Exchange { id: RawId::new(id), request: passing.half, response: None };
        let symbol = self.symbols.intern(method);
        let (operation, slot, asked) = if let Some((task, asked)) = self.poll_of(method, &read, passing) {
            (task, self.add_exchange(task, exchange, symbol), asked)
        } else if let Some(retried) = self.retry_of(symbol, &read, passing) {
            self.take_up_again(retried, passing);
            (retried, self.add_exchange(retried, exchange, symbol), read.asked(method))
        } else {
            let asked = read.asked(method);
            let related = meta.related_task.as_deref();
            let operation = self.begin_operation(symbol, &read, asked, exchange, related, passing);
            (operation, Slot::First, asked)
        };
        let row = &mut self.rows[self.operations[operation].row as usize];
        row.request_bytes += u64::from(passing.half.bytes);
        let key = self.key_of(id, passing);
        self.follow(key, operation, slot, asked, meta, passing);
    }

    fn follow(
        &mut self,
        key: Key,
        operation: OperationId,
        slot: Slot,
        asked: Asked,
        meta: Meta,
        passing: Passing,
    ) {
        let id = key.id.clone();
        let progress = meta.progress_token.map(|token| Key { id: token, ..key.clone() });
        match self.following.pairing.open(key, Open { operation, slot, asked, progress: progress.clone() }) {
            Opened::Alone => {}
            Opened::SameId => {
                self.same_ids += 1;
                self.note(passing, LogKind::SameId { from: passing.from }, id.as_bytes());
            }
            Opened::TooMany => {
                self.doubt_one(operation);
                return;
            }
        }
        if let Some(progress) = progress {
            self.following.progress.insert(progress, operation);
        }
    }

    fn begin_operation(
        &mut self,
        method: Symbol,
        read: &Params<'_>,
        asked: Asked,
        exchange: Exchange,
        related_task: Option<&str>,
        passing: Passing,
    ) -> OperationId {
        let target = match read.target.and_then(string_value) {
            Some(name) => self.symbols.intern(cut(&name, TEXT_MAX)),
            None => Symbol::NONE,
        };
        let is_tool = self.symbols.name(method) == "tools/call";
        let key = RowKey { from: passing.from, method, target: if is_tool { target } else { Symbol::NONE } };
        let serves = match passing.from {
            Peer::Client => None,
            Peer::Server => self.served_call(method, related_task),
        };
        let extra = serves.map(|call| Box::new(Extra { serves: Some(call), ..Extra::default() }));
        self.following.listening |= asked == Asked::Listen;
        let row = self.row_of(key);
        let client = self.count_call(passing);
        self.begin(Operation {
            from: passing.from,
            method,
            target,
            row,
            state: State::Pending,
            tokens: None,
            phase: if asked == Asked::Listen { Phase::Listening } else { Phase::Answer },
            http_status: 0,
            client,
            cold: passing.from == Peer::Client && self.started.is_some() && self.first_answer.is_none(),
            ended_us: Operation::NOT_ENDED,
            first: exchange,
            extra,
        })
    }

    /// The client's call for which the server asks something back: the one it names, else the only one open.
    fn served_call(&self, method: Symbol, related_task: Option<&str>) -> Option<OperationId> {
        match (self.symbols.name(method), related_task) {
            ("ping", _) => None,
            (_, Some(task)) => self.following.tasks.get(Peer::Client, task),
            (_, None) => self.only_open_call(),
        }
    }

    /// Keeps a further exchange of an operation, if it has not too many.
    fn add_exchange(&mut self, id: OperationId, exchange: Exchange, method: Symbol) -> Slot {
        let extra = self.operations[id].extra_mut();
        if extra.later.len() + 1 >= Operation::EXCHANGES_MAX {
            return Slot::NotKept;
        }
        extra.later.push(exchange);
        extra.later_methods.push(method);
        Slot::Later(u16::try_from(extra.later.len() - 1).expect("EXCHANGES_MAX fits"))
    }

    /// The operation whose task a request asks about, and what it asks.
    fn poll_of(&mut self, method: &str, read: &Params<'_>, passing: Passing) -> Option<(OperationId, Asked)> {
        let asked = match method {
            "tasks/get" | "tasks/cancel" => Asked::TaskStatus,
            "tasks/result" => Asked::TaskResult,
            "tasks/update" => Asked::TaskUpdate,
            _ => return None,
        };
        let task = string_value(read.task_id?)?;
        let id = self.following.tasks.get(passing.from, &task)?;
        self.count_poll(id, asked, passing);
        Some((id, asked))
    }

    /// The operation that a request takes up again: same requester, method and name, the `requestState` it was given.
    fn retry_of(&mut self, method: Symbol, read: &Params<'_>, passing: Passing) -> Option<OperationId> {
        if read.input_responses.is_none() && read.request_state.is_none() {
            return None;
        }
        let target = self.symbols.get(&read.target.and_then(string_value).unwrap_or_default())?;
        let operations = &self.operations;
        self.following.awaiting.take(read.request_state, |id| {
            let one = &operations[id];
            (one.from, one.method, one.target) == (passing.from, method, target)
        })
    }

    fn take_up_again(&mut self, id: OperationId, passing: Passing) {
        let extra = self.operations[id].extra_mut();
        extra.rounds += 1;
        if let Some(asked) = extra.asked_at.take() {
            extra.human_wait_us += (passing.half.at - asked).0;
        }
        self.go_on(id, Phase::Answer);
    }

    fn read_initialize(&mut self, params: &str, passing: Passing) {
        let [version, client, capabilities] =
            members(params, ["protocolVersion", "clientInfo", "capabilities"]);
        self.handshake.era = Era::Legacy;
        self.handshake.requested = text(version, TEXT_MAX);
        self.handshake.client = client.and_then(Implementation::read);
        self.handshake.client_capabilities = json(capabilities, CAPABILITIES_MAX);
        let Handshake { requested, client, client_capabilities, .. } = &self.handshake;
        let told = Introduction {
            requested: requested.clone(),
            name: client.clone(),
            capabilities: client_capabilities.clone(),
        };
        self.on_opening(told, passing);
    }

    /// Reads `params._meta`: the progress token, and in modern sessions who the client is.
    fn read_meta(&mut self, method: &str, meta: &str, passing: Passing) -> Meta {
        let [token, version, client, capabilities, related] = members(
            meta,
            [
                "progressToken",
                "io.modelcontextprotocol/protocolVersion",
                "io.modelcontextprotocol/clientInfo",
                "io.modelcontextprotocol/clientCapabilities",
                "io.modelcontextprotocol/related-task",
            ],
        );
        if let (Some(version), Peer::Client) = (version, passing.from) {
            self.read_modern_client(method, version, client, capabilities);
            self.on_named(version, client, capabilities, passing);
        }
        let related_task = related.and_then(|related| {
            let [task] = members(related, ["taskId"]);
            text(task, TEXT_MAX)
        });
        Meta { progress_token: token.map(|token| RawId::new(&same_id(token))), related_task }
    }

    fn read_modern_client(
        &mut self,
        method: &str,
        version: &str,
        client: Option<&str>,
        capabilities: Option<&str>,
    ) {
        let handshake = &mut self.handshake;
        if handshake.era == Era::Unknown && method != "server/discover" {
            handshake.era = Era::Modern;
        }
        if handshake.era == Era::Legacy {
            return;
        }
        let known = handshake.requested.as_deref();
        if known.is_none_or(|known| string_value(version).is_none_or(|named| named != known)) {
            handshake.requested = text(Some(version), TEXT_MAX);
        }
        if handshake.client.is_none() {
            handshake.client = client.and_then(Implementation::read);
        }
        if handshake.client_capabilities.is_none() {
            handshake.client_capabilities = json(capabilities, CAPABILITIES_MAX);
        }
    }
}

/// What `_meta` says about a request.
#[derive(Default)]
struct Meta {
    progress_token: Option<RawId>,
    related_task: Option<Box<str>>,
}
