//! What is known of the client that is answered: its era, what it can do, what it wants to hear.
//!
//! Knows nothing of recordings.

use crate::wire::{member, string_value};

/// How a client speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Era {
    /// With a handshake, or nothing was said yet.
    #[default]
    Legacy,
    /// Every request speaks for itself (2026-07-28 and later).
    Modern,
}

/// How bad a log message is, as its place in the list.
const SEVERITIES: [&str; 8] =
    ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

/// Where `severity` stands among the levels of a log message; `None` if it is none.
pub(super) fn severity(raw: &str) -> Option<usize> {
    let name = string_value(raw)?;
    SEVERITIES.iter().position(|severity| *severity == name)
}

/// The client.
#[derive(Clone, Debug, Default)]
pub(super) struct Caller {
    pub(super) era: Era,
    /// `capabilities` as they were declared last.
    capabilities: Box<str>,
    /// The least severe log message it wants to have.
    pub(super) logs_from: Option<usize>,
}

/// What a request says of itself besides what it asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct Meta<'a> {
    pub(super) token: Option<&'a str>,
    /// The revision it names.
    pub(super) revision: Option<&'a str>,
    capabilities: Option<&'a str>,
    logs_from: Option<&'a str>,
}

impl<'a> Meta<'a> {
    pub(super) fn of(params: Option<&'a str>) -> Self {
        let Some(meta) = params.and_then(|params| member(params, "_meta")) else { return Self::default() };
        Self {
            token: member(meta, "progressToken"),
            revision: member(meta, "io.modelcontextprotocol/protocolVersion"),
            capabilities: member(meta, "io.modelcontextprotocol/clientCapabilities"),
            logs_from: member(meta, "io.modelcontextprotocol/logLevel"),
        }
    }
}

impl Caller {
    /// It opens a session.
    pub(super) fn opens(&mut self, params: Option<&str>) {
        self.era = Era::Legacy;
        let capabilities = params.and_then(|params| member(params, "capabilities"));
        self.capabilities = capabilities.unwrap_or_default().into();
    }

    /// It sends a request.
    pub(super) fn asks(&mut self, meta: &Meta<'_>) {
        if meta.revision.is_none() {
            return;
        }
        self.era = Era::Modern;
        self.capabilities = meta.capabilities.unwrap_or_default().into();
        // Without a level there are no log messages.
        self.logs_from = Some(meta.logs_from.and_then(severity).unwrap_or(SEVERITIES.len()));
    }

    /// Whether it can answer this request.
    pub(super) fn answers(&self, method: &str) -> bool {
        let capability = match method {
            "ping" => return self.era == Era::Legacy,
            "roots/list" => "roots",
            "sampling/createMessage" => "sampling",
            "elicitation/create" => "elicitation",
            _ if method.starts_with("tasks/") => "tasks",
            _ => return false,
        };
        member(&self.capabilities, capability).is_some()
    }

    /// Whether it wants this log message, by its parameters.
    pub(super) fn wants_log(&self, params: Option<&str>) -> bool {
        let level = params.and_then(|params| member(params, "level")).and_then(severity);
        level.is_none_or(|level| self.logs_from.is_none_or(|from| level >= from))
    }
}
