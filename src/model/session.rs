//! One recording's state and the questions one can ask of it.
//!
//! Knows nothing of how events change it (see `apply`).

use super::{
    DefinitionTokens, Definitions, Handshake, Latency, Log, Operation, OperationId, OperationTokens, Row,
    RowKey, Symbol, Symbols,
};
use crate::trace::{Event, Exit, Header, Micros, Place};
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
    /// Answered with a result that says the tool failed.
    pub tool_errors: u64,
    /// Answered with a JSON-RPC error.
    pub protocol_errors: u64,
    /// Waiting for an answer now.
    pub in_flight: u64,
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

impl Totals {
    /// Errors of either kind.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.tool_errors + self.protocol_errors
    }
}

/// One recording's state: every event applied so far, bodies left out.
#[derive(Debug)]
pub struct Session {
    /// The recording's first line.
    pub header: Header,
    pub(super) symbols: Symbols,
    pub(super) operations: Vec<Operation>,
    pub(super) rows: Vec<Row>,
    pub(super) handshake: Handshake,
    pub(super) definitions: Definitions,
    pub(super) log: Log,
    pub(super) stderr: Log,
    pub(super) notifications: Vec<NotificationCount>,
    pub(super) own_ns: [Latency; 2],
    pub(super) own_round_trip_ns: Latency,
    pub(super) samples: Option<Samples>,
    pub(super) last_event: Micros,
    pub(super) end: Option<End>,
}

impl Session {
    /// The state before the first event.
    #[must_use]
    pub fn new(header: Header) -> Self {
        Self {
            header,
            symbols: Symbols::new(),
            operations: Vec::new(),
            rows: Vec::new(),
            handshake: Handshake::default(),
            definitions: Definitions::default(),
            log: Log::default(),
            stderr: Log::default(),
            notifications: Vec::new(),
            own_ns: <[Latency; 2]>::default(),
            own_round_trip_ns: Latency::default(),
            samples: None,
            last_event: Micros(0),
            end: None,
        }
    }

    /// Takes the next event of the recording; `place` says where it stands in it.
    pub fn apply(&mut self, event: &Event<'_>, place: Place) {
        let _ = place;
        self.last_event = self.last_event.max(event.at);
    }

    /// The reader says: the recording has no further events and nobody writes to it. What is open stays unanswered.
    pub fn end_of_recording(&mut self) {}

    /// All operations of both sides in the order in which they were asked.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// One operation; `None` for an id of another session.
    #[must_use]
    pub fn operation(&self, id: OperationId) -> Option<&Operation> {
        self.operations.get(id.index())
    }

    /// The statistics: one row per tool and one per other method, in the order in which they were first met.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The row of a key.
    #[must_use]
    pub fn row(&self, key: RowKey) -> Option<&Row> {
        self.rows.iter().find(|row| row.key == key)
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
        None
    }

    /// The server's process id, where it is known.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        None
    }

    /// When a side closed its sending end.
    #[must_use]
    pub fn closed(&self, by: Peer) -> Option<Micros> {
        let _ = by;
        None
    }

    /// When and why the recording was stopped, if it was.
    #[must_use]
    pub fn stopped(&self) -> Option<(Micros, &str)> {
        None
    }

    /// How the session ended, if it did.
    #[must_use]
    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// The whole session in numbers.
    #[must_use]
    pub fn totals(&self) -> Totals {
        Totals::default()
    }

    /// Takes what an operation costs; a later count replaces an earlier one. Ids of other sessions are ignored.
    pub fn set_tokens(&mut self, id: OperationId, tokens: OperationTokens) {
        if let Some(operation) = self.operations.get_mut(id.index()) {
            operation.tokens = Some(tokens);
        }
    }

    /// Takes what the definition at `position` of [`Definitions::tools`] costs, if `json` is still its text.
    pub fn set_definition_tokens(&mut self, position: usize, json: &str, tokens: DefinitionTokens) {
        if let Some(tool) = self.definitions.tools.get_mut(position).filter(|tool| &*tool.json == json) {
            tool.tokens = Some(tokens);
        }
    }
}
