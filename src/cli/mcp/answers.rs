//! What agents are answered: a few hundred tokens each, in lines that models read well.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::shelf::{Opened, Shelf};

use crate::cli::hide::{self, Hide};
use crate::cli::passes;
use crate::cli::report::gather::{Answers, Told};
use crate::cli::report::words;
use crate::insight::figures::Figures;
use crate::model::{Half, Operation, OperationId};
use crate::ui::advice::saved_words;
use crate::ui::feed::text_of;
use crate::ui::widgets::clip;
use crate::ui::widgets::number::{bytes, counted, duration, grouped, moment, percent, tokens_grouped};

/// Lines of a list, unless it is said how many.
const LIMIT: usize = 10;
const LIMIT_MAX: usize = 50;
/// Bytes of a request or an answer that are shown.
const BODY_BYTES_MAX: usize = 2_000;
/// Places that are told of each tool.
const PLACES_MAX: usize = 3;

/// The arguments of a call.
#[derive(Debug, Default)]
pub(super) struct Asked {
    session: Option<String>,
    server: Option<String>,
    tool: Option<String>,
    limit: Option<usize>,
    call: Option<u64>,
}

impl Asked {
    /// # Errors
    /// If one is not what its schema says, is missing, or is none of the tool's.
    pub(super) fn read(
        takes: &[&str],
        needs: &[&str],
        arguments: Map<String, Value>,
    ) -> Result<Self, String> {
        let mut asked = Self::default();
        if let Some(name) = needs.iter().find(|name| !arguments.contains_key(**name)) {
            return Err(format!("\"{name}\" is missing"));
        }
        for (name, value) in arguments {
            if !takes.contains(&&*name) {
                return Err(format!("there is no argument \"{name}\"; this tool takes {}", takes.join(", ")));
            }
            if value.is_null() {
                continue;
            }
            let text = value.as_str().map(str::to_owned);
            let number = value.as_u64();
            let is_read = match &*name {
                "session" => text.map(|text| asked.session = Some(text)).is_some(),
                "server" => text.map(|text| asked.server = Some(text)).is_some(),
                "tool" => text.map(|text| asked.tool = Some(text)).is_some(),
                "limit" => {
                    let limit = number.map(|number| usize::try_from(number).unwrap_or(LIMIT_MAX));
                    limit.map(|limit| asked.limit = Some(limit.clamp(1, LIMIT_MAX))).is_some()
                }
                _ => number.map(|number| asked.call = Some(number)).is_some(),
            };
            if !is_read {
                return Err(format!("\"{name}\" is {value}, which it cannot be"));
            }
        }
        Ok(asked)
    }

    fn limit(&self) -> usize {
        self.limit.unwrap_or(LIMIT)
    }
}

/// Recorded sessions.
#[expect(clippy::unnecessary_wraps, reason = "one of several, of which others fail")]
pub(super) fn sessions(shelf: &mut Shelf, asked: &Asked) -> Result<String, String> {
    let mut all = shelf.list();
    all.retain(|listed| asked.server.as_ref().is_none_or(|server| listed.header.label == *server));
    let mut out = String::new();
    for listed in all.iter().take(asked.limit()) {
        let header = &listed.header;
        let state = if listed.live.is_some() { ", live" } else { "" };
        let started = header.started.strftime("%Y-%m-%d %H:%M");
        let size = bytes(listed.size_bytes);
        let _ =
            writeln!(out, "{} {} {started} UTC {size}{state}", header.session, clip::visible(&header.label));
    }
    more(&mut out, all.len(), asked.limit());
    if out.is_empty() {
        out.push_str("nothing has been recorded yet");
    }
    Ok(out)
}

/// A session in figures.
pub(super) fn summary(shelf: &mut Shelf, asked: &Asked) -> Result<String, String> {
    let opened = shelf.open(asked.session.as_deref())?;
    let told = told(shelf, &opened);
    let mut out = head(&told, &opened);
    for fact in words::facts(&told) {
        let more = if fact.more.is_empty() { String::new() } else { format!(" ({})", fact.more) };
        let _ = writeln!(out, "{}: {}{more}", fact.name, fact.value);
    }
    let tools = words::tools(&told);
    let called: Vec<_> = tools.iter().filter(|tool| tool.sums.calls > 0).collect();
    let _ = writeln!(out, "\ntool: calls, errors, p50, p95, tokens per call, tokens");
    for tool in called.iter().take(asked.limit()) {
        let [calls, errors, p50, p95, _, per_call, tokens, ..] = words::cells(tool);
        let name = clip::visible(tool.name());
        let _ = writeln!(out, "{name}: {calls}, {errors}, {p50}, {p95}, {per_call}, {tokens}");
    }
    more(&mut out, called.len(), asked.limit());
    let idle = tools.len() - called.len();
    if idle > 0 {
        let _ = writeln!(out, "{} never called", counted(idle as u64, "tool"));
    }
    Ok(out)
}

/// What tokens are spent on.
pub(super) fn bill(shelf: &mut Shelf, asked: &Asked) -> Result<String, String> {
    let opened = shelf.open(asked.session.as_deref())?;
    let mut told = told(shelf, &opened);
    told.look_at_answers(Answers::of(&opened.session), &opened.bodies);
    let mut out = head(&told, &opened);
    let context = told.figures.context(false);
    let _ = writeln!(
        out,
        "definitions {} tokens, results {} tokens; {} of a window of {}",
        tokens_grouped(context.definitions),
        tokens_grouped(context.results),
        percent(context.total().tokens, told.window),
        grouped(told.window),
    );
    let tools = words::tools(&told);
    let _ = writeln!(
        out,
        "\ntool: tokens of its definition; tokens of its results, and the places that cost most"
    );
    for tool in tools.iter().take(asked.limit()) {
        let [.., tokens, schema, _] = words::cells(tool);
        let places = told.places.get(tool.name()).map(|places| {
            let heavy = words::heavy(places, PLACES_MAX).into_iter();
            let told = heavy.map(|place| {
                format!("{} {}", percent(place.tokens, places.tokens), clip::visible(&place.path))
            });
            told.collect::<Vec<_>>().join(", ")
        });
        let _ = writeln!(
            out,
            "{}: {schema}; {tokens} {}",
            clip::visible(tool.name()),
            places.unwrap_or_default()
        );
    }
    more(&mut out, tools.len(), asked.limit());
    Ok(out)
}

/// The slowest calls.
pub(super) fn slow(shelf: &mut Shelf, asked: &Asked) -> Result<String, String> {
    let opened = shelf.open(asked.session.as_deref())?;
    let session = &opened.session;
    let told = told(shelf, &opened);
    let mut out = head(&told, &opened);
    let is_meant = |operation: &&Operation| match &asked.tool {
        Some(tool) => session.name(operation.target) == tool,
        None => session.rows().get(operation.row as usize).is_some_and(|row| session.is_shown_to_model(row)),
    };
    let last = session.last_event();
    let mut calls: Vec<(u64, usize)> = session
        .operations()
        .iter()
        .enumerate()
        .filter(|(_, operation)| is_meant(operation))
        .map(|(at, operation)| (operation.latency_us(operation.ended().unwrap_or(last)), at))
        .collect();
    calls.sort_by_key(|(latency, at)| (std::cmp::Reverse(*latency), *at));
    let _ = writeln!(out, "call: tool, took, tokens, ending, at");
    for (latency, at) in calls.iter().take(asked.limit()) {
        let operation = &session.operations()[*at];
        let tokens = operation.tokens.map_or_else(|| "–".to_owned(), |tokens| grouped(tokens.model.into()));
        let _ = writeln!(
            out,
            "{at}: {}, {}, {tokens}, {}, {}",
            named(&opened, operation),
            duration(*latency),
            words::ending(operation.state),
            moment(operation.started().0),
        );
    }
    more(&mut out, calls.len(), asked.limit());
    Ok(out)
}

/// Rules that would have saved something.
pub(super) fn advice(shelf: &mut Shelf, asked: &Asked) -> Result<String, String> {
    let opened = shelf.open(asked.session.as_deref())?;
    let mut reader = passes::open(&opened.path)?;
    let proposals = passes::advise(&mut reader, &shelf.profile)
        .map_err(|error| format!("cannot read the recording: {error}"))?;
    let mut out = head(&told(shelf, &opened), &opened);
    for proposal in proposals.iter().take(asked.limit()) {
        let saved = proposal.rule.as_ref().map(|_| format!(" (saves {})", saved_words(&proposal.saving)));
        let _ = writeln!(
            out,
            "\n{}{}\n{}\nRisk: {}",
            proposal.title,
            saved.unwrap_or_default(),
            proposal.evidence,
            proposal.risk
        );
        if let Some(rule) = proposal.rule_text() {
            let _ = writeln!(out, "{}", rule.trim());
        }
    }
    more(&mut out, proposals.len(), asked.limit());
    if proposals.is_empty() {
        out.push_str("no rule would have saved anything\n");
    } else {
        out.push_str("\nRules stand in mcptop's rules file, or are tried with `mcptop simulate`; only the user puts them there.\n");
    }
    Ok(out)
}

/// One call.
pub(super) fn call(shelf: &mut Shelf, asked: &Asked) -> Result<String, String> {
    let opened = shelf.open(asked.session.as_deref())?;
    let session = &opened.session;
    let number = asked.call.unwrap_or_default();
    let id = u32::try_from(number).ok().map(OperationId);
    let Some(operation) = id.and_then(|id| session.operation(id)) else {
        let count = session.operations().len();
        return Err(format!("there is no call {number}; this session has 0 to {}", count.saturating_sub(1)));
    };
    let ended = operation.ended().unwrap_or(session.last_event());
    let mut out = head(&told(shelf, &opened), &opened);
    let _ = writeln!(
        out,
        "call {number}: {} {}, {}, at {}",
        session.name(operation.method),
        named(&opened, operation),
        words::ending(operation.state),
        moment(operation.started().0),
    );
    let _ = writeln!(
        out,
        "the client waited {}, of which the server took {}",
        duration(operation.elapsed_us(ended)),
        duration(operation.responder_us()),
    );
    if let Some(tokens) = operation.tokens {
        let _ = writeln!(
            out,
            "{} tokens of request, {} of answer on the wire, {} to the model",
            grouped(tokens.request.into()),
            grouped(tokens.wire.into()),
            grouped(tokens.model.into()),
        );
    }
    // What a model is told may go anywhere.
    let (mut reader, _) = hide::reader(&opened.path, &Hide::default().wishes())?;
    let (without, bodies) = passes::session_of(&mut reader, &opened.path, None)?;
    let Some(operation) = without.operation(OperationId(u32::try_from(number).unwrap_or(u32::MAX))) else {
        return Ok(out);
    };
    let body = |out: &mut String, name: &str, half: Option<&Half>| {
        let Some(text) = half.and_then(|half| text_of(&bodies, half)) else { return };
        let end = text.floor_char_boundary(BODY_BYTES_MAX);
        let _ = writeln!(out, "\n{name}: {}", &text[..end]);
        if end < text.len() {
            let _ = writeln!(out, "… {} more", bytes((text.len() - end) as u64));
        }
    };
    body(&mut out, "request", Some(&operation.first().request));
    body(&mut out, "answer", operation.answer());
    Ok(out)
}

fn told<'o>(shelf: &Shelf, opened: &'o Opened) -> Told<'o> {
    let figures = Figures::of(&opened.session);
    Told::new(opened.path.clone(), shelf.profile.clone(), WINDOW, figures)
}

/// Tokens of the window that shares are told of.
const WINDOW: u64 = 200_000;

fn head(told: &Told<'_>, opened: &Opened) -> String {
    let header = &opened.session.header;
    let live = if opened.is_live { ", still running" } else { "" };
    format!("{} ({}): {}{live}\n", clip::visible(&header.label), header.session, words::session(told))
}

fn named(opened: &Opened, operation: &Operation) -> String {
    let (method, target) = (opened.session.name(operation.method), opened.session.name(operation.target));
    clip::visible(if target.is_empty() { method } else { target }).into_owned()
}

fn more(out: &mut String, all: usize, limit: usize) {
    if all > limit {
        let _ = writeln!(out, "… {} more; `limit` shows up to {LIMIT_MAX}", grouped((all - limit) as u64));
    }
}
