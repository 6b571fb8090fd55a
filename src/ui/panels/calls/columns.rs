//! The columns of the list of calls: heading, width, importance, order and text of each.
//!
//! Knows nothing of which calls are listed.

use ratatui::text::{Line, Span};

use crate::model::{Operation, Outcome, Phase, Sizes, State};
use crate::tokens::Count;
use crate::trace::{Back, Front};
use crate::ui::panels::{Cx, Opened, marks};
use crate::ui::theme::Role;
use crate::ui::widgets::clip;
use crate::ui::widgets::columns::{Align, Want};
use crate::ui::widgets::number::{BYTES_WIDTH, DURATION_WIDTH, bytes, duration, grouped, moment, tokens};
use crate::ui::widgets::sort::Sortable;
use crate::ui::widgets::table::{Column, Order};
use crate::wire::Peer;

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// When it was asked, since the session's start.
    Time,
    /// How it stands.
    Status,
    /// Whether a rule acted on it, or would have.
    Ruled,
    /// Whom it was asked.
    Server,
    /// Which client asked, or was asked.
    Client,
    /// The tool, or the method and what it is about.
    Name,
    /// What the requester waited.
    Duration,
    /// The HTTP status.
    Http,
    /// Bytes of the request.
    RequestBytes,
    /// Bytes of the answer.
    ResponseBytes,
    /// Tokens of the answer as the model gets them.
    ModelTokens,
    /// Tokens of the answer on the wire.
    WireTokens,
    /// The request's id.
    Id,
    /// Progress, retries, error codes.
    Notes,
}

/// The columns, left to right.
pub(super) const FIELDS: [Field; 14] = [
    Field::Time,
    Field::Status,
    Field::Ruled,
    Field::Server,
    Field::Client,
    Field::Name,
    Field::Duration,
    Field::Http,
    Field::RequestBytes,
    Field::ResponseBytes,
    Field::ModelTokens,
    Field::WireTokens,
    Field::Id,
    Field::Notes,
];

impl Sortable for Field {
    const ALL: &'static [Self] = &FIELDS;

    fn natural_order(self) -> Order {
        match self {
            Self::Time | Self::Server | Self::Client | Self::Name | Self::Id => Order::Ascending,
            Self::Status
            | Self::Ruled
            | Self::Duration
            | Self::Http
            | Self::RequestBytes
            | Self::ResponseBytes
            | Self::ModelTokens
            | Self::WireTokens
            | Self::Notes => Order::Descending,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Status => "status",
            Self::Ruled => "ruled",
            Self::Server => "server",
            Self::Client => "client",
            Self::Name => "name",
            Self::Duration => "duration",
            Self::Http => "http",
            Self::RequestBytes => "request-bytes",
            Self::ResponseBytes => "response-bytes",
            Self::ModelTokens => "model-tokens",
            Self::WireTokens => "wire-tokens",
            Self::Id => "id",
            Self::Notes => "notes",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Status | Self::Ruled => "",
            Self::Server => "server",
            Self::Client => "client",
            Self::Name => "call",
            Self::Duration => "waited ",
            Self::Http => "http",
            Self::RequestBytes => "request",
            Self::ResponseBytes => "answer",
            Self::ModelTokens => "tokens",
            Self::WireTokens => "wire",
            Self::Id => "id",
            Self::Notes => "notes",
        }
    }

    fn meaning(self) -> (&'static str, &'static str) {
        match self {
            Self::Time => ("time", "When it was asked, since the start"),
            Self::Status => ("", "How it stands: a mark"),
            Self::Ruled => ("", "A rule acted on it, or would have"),
            Self::Server => ("", "Whom it was asked"),
            Self::Client => ("", "Who asked"),
            Self::Name => ("", "The tool, or the method and its object"),
            Self::Duration => ("time", "From the request to its answer"),
            Self::Http => ("", "The status of the HTTP response"),
            Self::RequestBytes => ("bytes", "The request"),
            Self::ResponseBytes => ("bytes", "The answer"),
            Self::ModelTokens => ("tokens", "The answer as a model gets it"),
            Self::WireTokens => ("tokens", "All JSON of the answer"),
            Self::Id => ("", "The id of the request"),
            Self::Notes => ("", "Progress, retries, error codes"),
        }
    }
}

impl Field {
    /// Its heading, width and importance; `names` is what the names ask for.
    #[must_use]
    pub(super) fn column(self, sessions: &[Opened<'_>], names: Want) -> Column {
        // Known before anything has passed, so that no column comes later and moves the others.
        let is_served = |opened: &Opened<'_>| matches!(opened.session.header.front, Front::Http { .. });
        let is_remote = |opened: &Opened<'_>| matches!(opened.session.header.back, Back::Url { .. });
        let is_http = || sessions.iter().any(|opened| is_served(opened) || is_remote(opened));
        let has_clients = || sessions.iter().any(is_served);
        let absent = Want::fixed(u16::MAX, u8::MAX);
        let right = |want| Column { title: self.title(), want, align: Align::Right };
        let left = |want| Column { title: self.title(), want, align: Align::Left };
        match self {
            Self::Time => left(Want::fixed(9, 2)),
            Self::Status => left(Want::fixed(1, 0)),
            Self::Ruled if sessions.iter().any(|opened| !opened.session.rules().is_empty()) => {
                left(Want::fixed(1, 0))
            }
            Self::Server if sessions.len() < 2 => left(absent),
            Self::Http if is_http() => right(Want::fixed(4, 4)),
            Self::Client if has_clients() => left(Want::growing(10, 22, 1, 4)),
            Self::Http | Self::Client | Self::Ruled => left(absent),
            Self::Server => left(Want::growing(8, 16, 1, 3)),
            Self::Name => left(names),
            Self::Duration => right(Want::fixed(DURATION_WIDTH + 1, 0)),
            Self::RequestBytes => right(Want::fixed(BYTES_WIDTH, 6)),
            Self::ResponseBytes => right(Want::fixed(BYTES_WIDTH, 3)),
            Self::ModelTokens => right(Want::fixed(6, 1)),
            Self::WireTokens => right(Want::fixed(6, 5)),
            Self::Id => left(Want::growing(4, 12, 1, 7)),
            Self::Notes => left(Want::growing(12, 60, 3, 4)),
        }
    }

    /// What to sort by. `rank` is the place of the call's name among all names.
    pub(super) fn key(
        self,
        opened: &Opened<'_>,
        operation: &Operation,
        source: usize,
        rank: impl Fn() -> Option<u32>,
        _cx: &Cx<'_>,
    ) -> u64 {
        match self {
            Self::Time => {
                let started = opened.session.header.started.as_microsecond();
                u64::try_from(started).unwrap_or(0).saturating_add(operation.started().0)
            }
            Self::Status => match operation.state {
                State::Done(Outcome::Ok) => 0,
                State::Abandoned => 1,
                State::Unknown => 2,
                State::Cancelled { .. } => 3,
                State::Pending => 4,
                State::Done(Outcome::ToolError) => 5,
                State::Done(Outcome::ProtocolError { .. }) => 6,
                State::Done(Outcome::HttpError { .. }) => 7,
            },
            Self::Ruled => match operation.ruled() {
                None => 0,
                Some(ruled) => 1 + u64::from(ruled.has_effect()),
            },
            Self::Server => source as u64,
            Self::Client => operation.client().map_or(0, |client| 1 + client.index() as u64),
            Self::Name => rank().map_or(0, u64::from),
            Self::Duration => operation.waited_us(opened.now),
            Self::Http => operation.http_status().map_or(0, u64::from),
            Self::RequestBytes => u64::from(operation.first().request.bytes),
            Self::ResponseBytes => operation.answer().map_or(0, |half| 1 + u64::from(half.bytes)),
            Self::ModelTokens => operation.tokens.map_or(0, |tokens| 1 + u64::from(tokens.model)),
            Self::WireTokens => operation.tokens.map_or(0, |tokens| 1 + u64::from(tokens.wire)),
            Self::Id => operation.id().as_str().trim_matches('"').parse().unwrap_or(u64::MAX),
            Self::Notes => {
                u64::from(operation.retries()) << 32
                    | operation.progress().map_or(0, |progress| u64::from(progress.count))
            }
        }
    }

    /// The text of a call in so many cells.
    #[must_use]
    pub(super) fn cell(
        self,
        opened: &Opened<'_>,
        operation: &Operation,
        width: u16,
        cx: &Cx<'_>,
    ) -> Line<'static> {
        let text = |text: String, role: Role| Line::styled(text, cx.theme.style(role));
        let none = || text(cx.theme.glyphs.none.to_owned(), Role::Dim);
        let is_tool = is_tool(opened, operation);
        let plain = if is_tool { Role::Text } else { Role::Dim };
        let answer = operation.answer();
        let room = usize::from(width);
        match self {
            Self::Time => text(moment(operation.started().0), Role::Dim),
            Self::Status => {
                let mark = marks::state(operation, &cx.theme.glyphs);
                text(mark.glyph.to_owned(), mark.role)
            }
            Self::Ruled => match operation.ruled() {
                Some(ruled) if ruled.has_effect() => text(cx.theme.glyphs.ruled.to_owned(), Role::Accent),
                Some(_) => text(cx.theme.glyphs.dot.to_owned(), Role::Dim),
                None => Line::default(),
            },
            Self::Server => text(clip::middle(&opened.session.header.label, room).into_owned(), Role::Dim),
            Self::Client => opened.session.client_of(operation).map_or_else(none, |client| {
                let shown = client.shown_name();
                let shown = if shown.is_empty() { opened.session.name(client.session) } else { &shown };
                text(clip::middle(shown, room).into_owned(), Role::Dim)
            }),
            Self::Name => name(opened, operation, room, cx),
            Self::Duration => waited(opened, operation, plain, cx),
            Self::Http => operation.http_status().map_or_else(none, |status| {
                text(status.to_string(), if status >= 400 { Role::Bad } else { Role::Dim })
            }),
            Self::RequestBytes => text(bytes(u64::from(operation.first().request.bytes)), plain),
            Self::ResponseBytes => answer.map_or_else(none, |half| text(bytes(u64::from(half.bytes)), plain)),
            Self::ModelTokens => counted(operation, plain, cx, |tokens| tokens.model),
            Self::WireTokens => counted(operation, Role::Dim, cx, |tokens| tokens.wire),
            Self::Id => text(clip::middle(operation.id().as_str(), room).into_owned(), Role::Dim),
            Self::Notes => {
                let (words, role) = note(opened, operation, cx);
                text(clip::end(&words, room).into_owned(), role)
            }
        }
    }
}

/// Whether a call is one of a tool, rather than of the protocol.
#[must_use]
pub(super) fn is_tool(opened: &Opened<'_>, operation: &Operation) -> bool {
    operation.from == Peer::Client && opened.session.name(operation.method) == "tools/call"
}

/// The tool's name; for other methods the method and what it is about.
#[must_use]
pub(super) fn name(opened: &Opened<'_>, operation: &Operation, room: usize, cx: &Cx<'_>) -> Line<'static> {
    let method = opened.session.name(operation.method);
    let target = opened.session.name(operation.target);
    if is_tool(opened, operation) && !target.is_empty() {
        return Line::styled(clip::middle(target, room).into_owned(), cx.theme.style(Role::Text));
    }
    let dim = cx.theme.style(Role::Dim);
    let mut spans = Vec::new();
    if operation.from == Peer::Server {
        spans.push(Span::styled(format!("{} ", cx.theme.glyphs.to_client), dim));
    }
    spans.push(Span::styled(clip::middle(method, room).into_owned(), dim));
    let left = room.saturating_sub(spans.iter().map(Span::width).sum::<usize>() + 1);
    if !target.is_empty() && left > 4 {
        spans.push(Span::styled(format!(" {}", clip::middle(target, left)), dim));
    }
    Line::from(spans)
}

/// What the requester waited; a running timer while it waits.
fn waited(opened: &Opened<'_>, operation: &Operation, plain: Role, cx: &Cx<'_>) -> Line<'static> {
    // With what rules held it back: this is what the requester waited.
    let us = operation.waited_us(opened.now);
    let role = match operation.state {
        State::Pending if operation.phase() == Phase::Listening => Role::Dim,
        State::Pending => Role::Pending,
        State::Done(_) if plain == Role::Text => marks::against(us, cx.targets.p99_us),
        State::Done(_) | State::Cancelled { .. } => Role::Dim,
        State::Abandoned | State::Unknown => {
            return Line::styled(format!("{} ", cx.theme.glyphs.none), cx.theme.style(Role::Dim));
        }
    };
    let mark = marks::warning(role, &cx.theme.glyphs);
    Line::styled(format!("{}{mark}", duration(us)), cx.theme.style(role))
}

fn counted(
    operation: &Operation,
    role: Role,
    cx: &Cx<'_>,
    which: impl Fn(crate::model::OperationTokens) -> u32,
) -> Line<'static> {
    let shown = match (operation.tokens, operation.answer()) {
        (Some(counted), Some(_)) => {
            tokens(Count { tokens: u64::from(which(counted)), accuracy: counted.accuracy })
        }
        // Answered, but not counted yet.
        (None, Some(_)) => cx.theme.glyphs.ellipsis.to_owned(),
        (_, None) => {
            return Line::styled(cx.theme.glyphs.none.to_owned(), cx.theme.style(Role::Dim));
        }
    };
    Line::styled(shown, cx.theme.style(role))
}

/// What else there is to say of a call, the most pressing only.
fn note(opened: &Opened<'_>, operation: &Operation, cx: &Cx<'_>) -> (String, Role) {
    let mark = marks::state(operation, &cx.theme.glyphs);
    let waits = [(operation.human_wait_us(), "human"), (operation.client_wait_us(), "client")]
        .into_iter()
        .filter(|(us, _)| *us > 0)
        .map(|(us, who)| format!("{who} took {}", duration(us)));
    let mut said: Vec<String> = Vec::new();
    match operation.state {
        State::Done(Outcome::Ok) => {}
        State::Done(Outcome::ProtocolError { code }) => said.push(format!("{} {code}", mark.word)),
        State::Done(Outcome::HttpError { status }) => said.push(format!("{} {status}", mark.word)),
        State::Pending if operation.phase() == Phase::Answer => {}
        State::Done(Outcome::ToolError)
        | State::Pending
        | State::Cancelled { .. }
        | State::Abandoned
        | State::Unknown => said.push(mark.word.to_owned()),
    }
    if let (State::Pending, Some(progress)) = (operation.state, operation.progress()) {
        said.push(progress_text(progress));
    }
    if let Some(task) = operation.task() {
        said.push(format!("task {}, {} polls", opened.session.name(task.status), task.polls));
    }
    match operation.retries() {
        0 => {}
        1 => said.push("1 retry".to_owned()),
        retries => said.push(format!("{retries} retries")),
    }
    said.extend(waits);
    said.extend(rule_words(opened, operation, cx));
    if operation.is_cold() {
        said.push("cold start".to_owned());
    }
    let role =
        if matches!(mark.role, Role::Bad | Role::Pending | Role::Void) { mark.role } else { Role::Dim };
    (said.join(", "), role)
}

/// What rules did with a call, in words: `cached 3.1 s ago by forecasts`, `847 → 127 tokens by lean`.
fn rule_words(opened: &Opened<'_>, operation: &Operation, cx: &Cx<'_>) -> Option<String> {
    let ruled = operation.ruled()?;
    if let Some(answered) = ruled.answered_by() {
        let rule = opened.session.name(answered.rule);
        if !answered.is_cache {
            return Some(format!("answered by {rule} ({})", opened.session.name(answered.by)));
        }
        let age = ruled.marks().iter().find_map(|mark| mark.age_us);
        let age = age.map_or(String::new(), |age_us| format!(" {} ago", duration(age_us)));
        return Some(format!("cached{age} by {rule}"));
    }
    if !ruled.changed().is_empty() {
        let changed = ruled
            .tokens()
            .map_or_else(|| "changed".to_owned(), |tokens| change(tokens.before, tokens.after, cx));
        return Some(format!("{changed} by {}", acting(opened, operation).join(", ")));
    }
    (ruled.held_us() > 0)
        .then(|| format!("held {} by {}", duration(ruled.held_us()), acting(opened, operation).join(", ")))
}

/// The names of the rules that had an effect on a call.
pub(super) fn acting(opened: &Opened<'_>, operation: &Operation) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let marks = operation.ruled().map_or(&[][..], |ruled| ruled.marks());
    for mark in marks.iter().filter(|mark| mark.hit && !mark.is_observed) {
        let name = opened.session.name(mark.rule).to_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// `847 → 127 tokens`, in the unit shown.
pub(super) fn change(before: Sizes, after: Sizes, cx: &Cx<'_>) -> String {
    let (before, after) = if cx.wire { (before.wire, after.wire) } else { (before.model, after.model) };
    format!("{} {} {} tokens", grouped(before), cx.theme.glyphs.to_server, grouped(after))
}

/// How far a call has come, in words.
#[must_use]
pub(super) fn progress_text(progress: &crate::model::Progress) -> String {
    let so_far = match progress.total {
        Some(total) if total > 0.0 => {
            format!("{:.0} % ({}/{})", progress.last / total * 100.0, progress.last, total)
        }
        _ => format!("progress {}", progress.last),
    };
    match &progress.message {
        Some(message) => format!("{so_far} {}", clip::visible(message)),
        None => so_far,
    }
}
