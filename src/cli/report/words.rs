//! What every form of a report says alike: its facts, its rows and its calls, in words.

use std::cmp::Reverse;

use super::gather::Told;
use crate::insight::figures::{CallFigures, RowFigures};
use crate::insight::places::{PlaceTokens, Places};
use crate::model::{Outcome, State, Tally};
use crate::tokens::{Accuracy, Count};
use crate::ui::widgets::clip;
use crate::ui::widgets::number::{
    bytes, count, counted, duration, grouped, moment, percent, signed, tokens_grouped,
};

/// The headings of [`cells`], the tool's name left out.
pub(in crate::cli) const HEADINGS: [&str; 9] =
    ["calls", "errors", "p50", "p95", "p99", "tok/call", "tokens", "schema", "saved"];

/// The tools, those first that cost the model most.
pub(in crate::cli) fn tools<'t, 's>(told: &'t Told<'s>) -> Vec<&'t RowFigures<'s>> {
    let mut tools: Vec<_> = told.figures.tools.iter().collect();
    tools.sort_by_key(|tool| Reverse((tool.sums.model_tokens.sum, tool.sums.calls, schema(tool).tokens)));
    tools
}

/// The figures of a tool as text.
pub(in crate::cli) fn cells(tool: &RowFigures<'_>) -> [String; 9] {
    let latency = |quantile| {
        let value = tool.latency_us().and_then(|latency| latency.quantile(quantile));
        value.map_or_else(nothing, duration)
    };
    let sums = &tool.sums;
    let called = |text: String| if sums.calls > 0 { text } else { nothing() };
    let saved = tool.saved().model;
    [
        called(grouped(sums.calls)),
        if sums.errors() > 0 { grouped(sums.errors()) } else { nothing() },
        latency(0.50),
        latency(0.95),
        latency(0.99),
        per_call(sums.model_tokens, sums.accuracy),
        if sums.model_tokens.count > 0 {
            tokens_grouped(all(sums.model_tokens, sums.accuracy))
        } else {
            nothing()
        },
        tool.schema().map_or_else(nothing, |_| tokens_grouped(schema(tool))),
        if saved == 0 { nothing() } else { signed(saved, grouped) },
    ]
}

fn nothing() -> String {
    "–".to_owned()
}

fn per_call(tally: Tally, accuracy: Accuracy) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean of counts")]
    let mean = tally.mean().map(|mean| Count { tokens: mean.round() as u64, accuracy });
    mean.map_or_else(nothing, tokens_grouped)
}

/// All of a sum of tokens.
pub(in crate::cli) fn all(tally: Tally, accuracy: Accuracy) -> Count {
    Count { tokens: tally.sum, accuracy }
}

/// What a tool's definition costs the model; nothing if it was not listed.
pub(in crate::cli) fn schema(tool: &RowFigures<'_>) -> Count {
    let tokens = tool.schema();
    tokens.map_or(Count::ZERO, |tokens| Count { tokens: tokens.model.into(), accuracy: tokens.accuracy })
}

/// Who spoke with whom, and when, in a sentence.
pub(in crate::cli) fn session(told: &Told<'_>) -> String {
    let session = told.figures.session;
    let handshake = session.handshake();
    let named = |one: &Option<crate::model::Implementation>| {
        one.as_ref().map(|one| clip::visible(&format!("{} {}", one.name, one.version)).into_owned())
    };
    let who = match (named(&handshake.client), named(&handshake.server)) {
        (Some(client), Some(server)) => format!("{client} with {server}"),
        (None, Some(server)) => format!("a client with {server}"),
        (Some(client), None) => format!("{client} with a server"),
        (None, None) => "a client with a server".to_owned(),
    };
    let revision =
        handshake.negotiated.as_deref().map(|revision| format!(", revision {}", clip::visible(revision)));
    format!(
        "{who}{}; {} for {}",
        revision.unwrap_or_default(),
        session.header.started.strftime("%Y-%m-%d %H:%M:%S UTC"),
        duration(session.last_event().0),
    )
}

/// A figure of the whole session.
pub(in crate::cli) struct Fact {
    pub(in crate::cli) name: &'static str,
    pub(in crate::cli) value: String,
    /// What else is to be known of it.
    pub(in crate::cli) more: String,
    /// Whether it says that something is wrong.
    pub(in crate::cli) is_bad: bool,
}

/// The session in a few figures.
pub(in crate::cli) fn facts(told: &Told<'_>) -> Vec<Fact> {
    let figures = &told.figures;
    let totals = &figures.totals;
    let fact = |name, value: String, more: String| Fact { name, value, more, is_bad: false };
    let bad = |name, number: u64, more: &str| Fact {
        name,
        value: grouped(number),
        more: if number > 0 { more.to_owned() } else { String::new() },
        is_bad: number > 0,
    };
    let quantile = |quantile| figures.latency_us.quantile(quantile).map_or_else(nothing, duration);
    let context = figures.context(false);
    let definitions = context.definitions;
    let saved = figures.saved();
    let errors = figures.calls.errors();
    let mut facts = vec![
        fact(
            "tool calls",
            grouped(figures.calls.calls),
            format!("{} answered", grouped(figures.calls.answered)),
        ),
        Fact { more: percent(errors, figures.calls.answered), ..bad("failed", errors, "") },
        fact("median latency", quantile(0.5), format!("p95 {}, p99 {}", quantile(0.95), quantile(0.99))),
        fact(
            "in the context",
            tokens_grouped(context.total()),
            format!("{} of {}", percent(context.total().tokens, told.window), count(told.window)),
        ),
        fact(
            "results",
            tokens_grouped(context.results),
            format!("{} on the wire", bytes(totals.bytes_to_client)),
        ),
        fact(
            "definitions",
            tokens_grouped(definitions),
            format!("{} of the window", percent(definitions.tokens, told.window)),
        ),
    ];
    if let (Some(cost), Some(price)) = (told.price.told(context.total().tokens), told.price.per_million()) {
        facts.push(fact("costs", cost, format!("each time it is sent, at {price} a million")));
    }
    if saved.model != 0 || saved.time_us != 0 {
        let time = u64::try_from(saved.time_us).map(duration).unwrap_or_default();
        facts.push(fact("saved by rules", signed(saved.model, grouped), format!("tokens, and {time}")));
    }
    let violations = figures.violations();
    let others = [
        bad("unanswered", figures.unanswered(), "requests of the client"),
        bad("against the protocol", violations.all(), "messages"),
        bad("not observed", totals.dropped_messages, "messages, in no figure"),
    ];
    facts.extend(others.into_iter().filter(|fact| fact.is_bad));
    facts
}

/// What a call was about: its tool, prompt or resource, else its method.
pub(in crate::cli) fn about(call: &CallFigures<'_>) -> String {
    let name = if call.target.is_empty() { call.method } else { call.target };
    clip::visible(name).into_owned()
}

/// How a call ended.
pub(in crate::cli) fn ending(state: State) -> String {
    match state {
        State::Done(Outcome::Ok) => "ok".to_owned(),
        State::Done(Outcome::ToolError) => "tool error".to_owned(),
        State::Done(Outcome::ProtocolError { code }) => format!("protocol error {code}"),
        State::Done(Outcome::HttpError { status }) => format!("HTTP status {status}"),
        State::Cancelled { .. } => "cancelled".to_owned(),
        State::Pending | State::Abandoned => "unanswered".to_owned(),
        State::Unknown => "not observed".to_owned(),
    }
}

/// When a call was made, how long it took, what it cost and how it ended.
pub(in crate::cli) fn call(call: &CallFigures<'_>) -> [String; 4] {
    let tokens =
        call.operation.tokens.map(|tokens| Count { tokens: tokens.model.into(), accuracy: tokens.accuracy });
    [
        moment(call.operation.started().0),
        duration(call.latency_us),
        tokens.map_or_else(nothing, tokens_grouped),
        ending(call.operation.state),
    ]
}

/// What one rule did.
pub(in crate::cli) struct RuleLine {
    pub(in crate::cli) name: String,
    pub(in crate::cli) matches: String,
    pub(in crate::cli) hits: String,
    pub(in crate::cli) saved: String,
    pub(in crate::cli) time: String,
}

/// The rules that had to do with messages.
pub(in crate::cli) fn rules(told: &Told<'_>) -> Vec<RuleLine> {
    let session = told.figures.session;
    let line = |stats: &crate::model::RuleStats| {
        let saved = session.saved_by(stats.rule);
        RuleLine {
            name: clip::visible(session.name(stats.rule)).into_owned(),
            matches: grouped(stats.active.matches),
            hits: grouped(stats.active.hits),
            saved: signed(saved.model, grouped),
            time: u64::try_from(saved.time_us).map_or_else(|_| nothing(), duration),
        }
    };
    session.rules().all().iter().map(line).collect()
}

/// Places that cost less are not worth a line.
const PLACE_SHARE_MIN: f64 = 0.03;

/// The heaviest places that are worth a line, heaviest first.
pub(in crate::cli) fn heavy(places: &Places, most: usize) -> Vec<PlaceTokens> {
    let is_heavy = |place: &PlaceTokens| place.tokens as f64 >= PLACE_SHARE_MIN * places.tokens as f64;
    places.heaviest(most).0.into_iter().filter(is_heavy).collect()
}

/// How far to trust what is said of places.
pub(in crate::cli) fn sampled(told: &Told<'_>, tool: &str) -> Option<String> {
    let places = told.places.get(tool).filter(|places| places.answers > 0)?;
    let answered = told.figures.tool(tool)?.sums.answered;
    Some(format!("{} of {}", grouped(places.answers), counted(answered, "answer")))
}
