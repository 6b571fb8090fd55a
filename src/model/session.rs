//! One recording's state and the questions one can ask of it.
//!
//! Knows nothing of how events change it (see `apply`).

use super::apply::Following;
use super::operations::Operations;
use super::{
    Client, DefinitionTokens, Definitions, Handshake, HttpExchanges, Latency, Log, Operation, OperationId,
    Pool, Row, RowKey, Rules, Symbol, Symbols,
};
use crate::trace::{Exit, Header, Micros};
use crate::wire::{Direction, Peer};

/// How often one side sent one notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotificationCount {
    /// Who sent it.
    pub from: Peer,
    /// Its method.
    pub method: Symbol,
    /// How often.
    pub count: u64,
    /// Bytes on the wire.
    pub bytes: u64,
    /// When the last one passed.
    pub last: Micros,
}

/// What the server's processes used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Samples {
    /// When the last sample was taken.
    pub at: Micros,
    /// Resident memory then, in bytes.
    pub rss_bytes: u64,
    /// The most resident memory seen.
    pub rss_bytes_max: u64,
    /// Processor time since the start, in microseconds.
    pub cpu_us: u64,
    /// Processor time between the last two samples, in thousandths of one processor.
    pub cpu_permille: Option<u32>,
}

/// How the session, or the recording of it, ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// When.
    pub at: Micros,
    /// How the server's process ended; `None` if the recording just breaks off or was stopped.
    pub exit: Option<Exit>,
    /// Why, for people.
    pub why: Box<str>,
}

/// The whole session in numbers; the sum over its rows and what stands beside them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// Operations asked for, by either side.
    pub calls: u64,
    /// `tools/call` among them.
    pub tool_calls: u64,
    /// Answered with a result that is no error.
    pub ok: u64,
    /// Answered with a result that says the tool failed.
    pub tool_errors: u64,
    /// Answered with a JSON-RPC error.
    pub protocol_errors: u64,
    /// Waiting for an answer now.
    pub in_flight: u64,
    /// Answered out of a cache; among `by_rules`.
    pub cache_hits: u64,
    /// Answered by a rule and not by the server; they are among `ok` and the errors too.
    pub by_rules: u64,
    /// Open listen streams.
    pub listening: u64,
    /// Taken back.
    pub cancelled: u64,
    /// Never answered.
    pub abandoned: u64,
    /// Perhaps answered in what was not observed.
    pub unknown: u64,
    /// Tokens of all results counted so far, all JSON.
    pub wire_tokens: u64,
    /// The same as the model sees them.
    pub model_tokens: u64,
    /// Tokens of all requests counted so far.
    pub request_tokens: u64,
    /// Tokens of the tool definitions.
    pub schema_tokens: DefinitionTokens,
    /// Bytes to the server.
    pub bytes_to_server: u64,
    /// Bytes to the client.
    pub bytes_to_client: u64,
    /// Frames in both directions.
    pub frames: u64,
    /// Frames that are no JSON-RPC message.
    pub noise: u64,
    /// Responses to no open request, those without an id included.
    pub orphans: u64,
    /// Further responses to requests already answered.
    pub duplicates: u64,
    /// Requests under an id that was in flight already.
    pub same_ids: u64,
    /// Messages whose observation was dropped.
    pub dropped_messages: u64,
    /// Bytes whose observation was dropped.
    pub dropped_bytes: u64,
    /// mcptop's own time per message, median, in microseconds, both directions.
    pub own_us_p50: Option<f64>,
    /// Its 99th percentile.
    pub own_us_p99: Option<f64>,
    /// From the start to the last event.
    pub duration: Micros,
}

/// One recording's state: every event applied so far, bodies left out.
#[derive(Debug)]
pub struct Session {
    /// The recording's first line.
    pub header: Header,
    pub(super) symbols: Symbols,
    pub(super) http: HttpExchanges,
    pub(super) pool: Option<Box<Pool>>,
    pub(super) operations: Operations,
    pub(super) rows: Vec<Row>,
    pub(super) handshake: Handshake,
    pub(super) definitions: Definitions,
    pub(super) rules: Rules,
    pub(super) log: Log,
    pub(super) stderr: Log,
    pub(super) notifications: Vec<NotificationCount>,
    pub(super) own_ns: [Latency; 2],
    pub(super) own_all_ns: Latency,
    pub(super) own_round_trip_ns: Latency,
    pub(super) samples: Option<Samples>,
    pub(super) last_event: Micros,
    pub(super) started: Option<Micros>,
    pub(super) pid: Option<u32>,
    pub(super) first_answer: Option<Micros>,
    pub(super) closed: [Option<Micros>; 2],
    pub(super) stopped: Option<(Micros, Box<str>)>,
    pub(super) end: Option<End>,
    pub(super) bytes: [u64; 2],
    pub(super) frames: u64,
    pub(super) noise: u64,
    pub(super) orphans: u64,
    pub(super) duplicates: u64,
    pub(super) same_ids: u64,
    pub(super) dropped_messages: u64,
    pub(super) dropped_bytes: u64,
    pub(super) recounts: u32,
    pub(super) following: Following,
}

impl Session {
    /// The state before the first event.
    #[must_use]
    pub fn new(header: Header) -> Self {
        Self {
            header,
            symbols: Symbols::new(),
            http: HttpExchanges::default(),
            pool: None,
            operations: Operations::default(),
            rows: Vec::new(),
            handshake: Handshake::default(),
            definitions: Definitions::default(),
            rules: Rules::default(),
            log: Log::default(),
            stderr: Log::default(),
            notifications: Vec::new(),
            own_ns: <[Latency; 2]>::default(),
            own_all_ns: Latency::default(),
            own_round_trip_ns: Latency::default(),
            samples: None,
            last_event: Micros(0),
            started: None,
            pid: None,
            first_answer: None,
            closed: [None; 2],
            stopped: None,
            end: None,
            bytes: [0; 2],
            frames: 0,
            noise: 0,
            orphans: 0,
            duplicates: 0,
            same_ids: 0,
            dropped_messages: 0,
            dropped_bytes: 0,
            recounts: 0,
            following: Following::default(),
        }
    }

    /// All operations of both sides in the order in which they were asked: the position of each is its id. Of a session that
    /// [lets go](Self::let_go) of operations only those asked since it last did.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        self.operations.young()
    }

    /// One operation; `None` for an id of another session, and for one that has been let go of.
    #[must_use]
    pub fn operation(&self, id: OperationId) -> Option<&Operation> {
        self.operations.get(id)
    }

    /// The statistics: one row per tool and one per other method, in the order in which they were first met.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The row of a key.
    #[must_use]
    pub fn row(&self, key: RowKey) -> Option<&Row> {
        self.rows.get(*self.following.rows.get(&key)? as usize)
    }

    /// The text of a symbol of this session.
    #[must_use]
    pub fn name(&self, symbol: Symbol) -> &str {
        self.symbols.name(symbol)
    }

    /// All names met.
    #[must_use]
    pub fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// What the two sides told each other about themselves.
    #[must_use]
    pub fn handshake(&self) -> &Handshake {
        &self.handshake
    }

    /// What the server offers.
    #[must_use]
    pub fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    /// The HTTP exchanges; none over stdio.
    #[must_use]
    pub fn http(&self) -> &HttpExchanges {
        &self.http
    }

    /// The pool of sessions or processes behind the proxy, if there is one.
    #[must_use]
    pub fn pool(&self) -> Option<&Pool> {
        self.pool.as_deref()
    }

    /// The client that took part in an operation, where there are several (over HTTP).
    #[must_use]
    pub fn client_of(&self, operation: &Operation) -> Option<&Client> {
        self.http.clients().get(operation.client()?)
    }

    /// Noise, notes, drops, orphans and the like.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The server's standard error.
    #[must_use]
    pub fn stderr(&self) -> &Log {
        &self.stderr
    }

    /// Notifications per sender and method.
    #[must_use]
    pub fn notifications(&self) -> &[NotificationCount] {
        &self.notifications
    }

    /// mcptop's own time per message of a direction, in nanoseconds.
    #[must_use]
    pub fn own_ns(&self, direction: Direction) -> &Latency {
        &self.own_ns[direction.index()]
    }

    /// mcptop's own time per answered exchange, both ways together, in nanoseconds.
    #[must_use]
    pub fn own_round_trip_ns(&self) -> &Latency {
        &self.own_round_trip_ns
    }

    /// What the server's processes used, if it was measured.
    #[must_use]
    pub fn samples(&self) -> Option<&Samples> {
        self.samples.as_ref()
    }

    /// The time of the last event.
    #[must_use]
    pub fn last_event(&self) -> Micros {
        self.last_event
    }

    /// From the server's process being started to its first answer having been forwarded, in microseconds.
    #[must_use]
    pub fn cold_start_us(&self) -> Option<u64> {
        Some((self.first_answer? - self.started?).0)
    }

    /// When the server's process was started, if it is a child of ours.
    #[must_use]
    pub fn started(&self) -> Option<Micros> {
        self.started
    }

    /// The server's process id, where it is known.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.pid
    }

    /// When a side closed its sending end.
    #[must_use]
    pub fn closed(&self, by: Peer) -> Option<Micros> {
        self.closed[by.sends().index()]
    }

    /// When and why the recording was stopped, if it was.
    #[must_use]
    pub fn stopped(&self) -> Option<(Micros, &str)> {
        self.stopped.as_ref().map(|(at, why)| (*at, &**why))
    }

    /// How the session ended, if it did.
    #[must_use]
    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// The operations that are pending now, oldest first.
    #[must_use]
    pub fn pending(&self) -> impl ExactSizeIterator<Item = OperationId> + DoubleEndedIterator {
        self.following.pending.iter().copied()
    }

    /// How often all tokens were forgotten to be counted again.
    #[must_use]
    pub fn recounts(&self) -> u32 {
        self.recounts
    }

    /// Takes what the definition at `position` of [`Definitions::tools`] costs, if `json` is still its text.
    pub fn set_definition_tokens(&mut self, position: usize, json: &str, tokens: DefinitionTokens) {
        if let Some(tool) = self.definitions.tools.get_mut(position).filter(|tool| &*tool.json == json) {
            tool.tokens = Some(tokens);
        }
    }

    /// The same for [`Definitions::offered`], where rules changed the list.
    pub fn set_offered_tokens(&mut self, position: usize, json: &str, tokens: DefinitionTokens) {
        if let Some(tool) = self.definitions.offered.get_mut(position).filter(|tool| &*tool.json == json) {
            tool.tokens = Some(tokens);
        }
    }

    /// The whole session in numbers.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let own_us = |quantile| self.own_all_ns.quantile(quantile).map(|ns| ns as f64 / 1_000.0);
        let mut totals = Totals {
            schema_tokens: self.definitions.tokens(),
            bytes_to_server: self.bytes[Direction::ToServer.index()],
            bytes_to_client: self.bytes[Direction::ToClient.index()],
            frames: self.frames,
            noise: self.noise,
            orphans: self.orphans,
            duplicates: self.duplicates,
            same_ids: self.same_ids,
            dropped_messages: self.dropped_messages,
            dropped_bytes: self.dropped_bytes,
            own_us_p50: own_us(0.50),
            own_us_p99: own_us(0.99),
            duration: self.last_event,
            ..Totals::default()
        };
        for row in &self.rows {
            totals.add(row);
            if self.name(row.key.method) == "tools/call" {
                totals.tool_calls += row.calls;
            }
        }
        totals
    }
}

impl Totals {
    /// Errors of either kind.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.tool_errors + self.protocol_errors
    }

    fn add(&mut self, row: &Row) {
        self.calls += row.calls;
        self.ok += row.ok;
        self.tool_errors += row.tool_errors;
        self.protocol_errors += row.protocol_errors;
        self.in_flight += row.in_flight;
        self.cache_hits += row.cache_hits;
        self.by_rules += row.by_rules;
        self.listening += row.listening;
        self.cancelled += row.cancelled;
        self.abandoned += row.abandoned;
        self.unknown += row.unknown;
        self.wire_tokens += row.wire_tokens.sum;
        self.model_tokens += row.model_tokens.sum;
        self.request_tokens += row.request_tokens.sum;
    }
}
