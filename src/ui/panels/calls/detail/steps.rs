//! What happened to a call, step by step: read, forwarded, progress, answered, delivered; retries and waits apart.
//!
//! Derived from the operation alone. Knows nothing of screens.

use crate::model::{Exchange, Half, Operation, Phase, State};
use crate::trace::{HttpEnd, Micros};
use crate::ui::panels::Opened;
use crate::ui::widgets::clip;
use crate::ui::widgets::number::{bytes, duration};

/// Which sort of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepKind {
    /// A message came from its sender.
    Read,
    /// A message had been passed on.
    Forwarded,
    /// The head of the HTTP response passed, or its body was over.
    Head,
    /// The responder reported progress.
    Progress,
    /// Somebody else had the word: a human, a model, the poll of a task.
    Waited,
    /// A rule did something with it.
    Ruled,
    /// The call's end, or that there is none yet.
    End,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    /// When, from the call's beginning.
    pub(super) after_us: u64,
    pub(super) kind: StepKind,
    /// What, in words.
    pub(super) what: String,
    /// How much of it: bytes, own time.
    pub(super) detail: String,
}

/// Progress reports shown; of more of them the first and the last ones.
const PROGRESS_SHOWN: usize = 6;

/// Everything that happened, in order of time.
pub(super) fn steps(opened: &Opened<'_>, operation: &Operation) -> Vec<Step> {
    let begun = operation.started();
    let mut all = Vec::new();
    let mut last_response: Option<&Half> = None;
    for (round, exchange) in operation.exchanges().enumerate() {
        if let Some(before) = last_response {
            let waited = (exchange.request.at - before.forwarded()).0;
            let (who, method) = retry_words(opened, operation, round);
            let after_us = (before.forwarded() - begun).0;
            let what = format!("{who} for {}", duration(waited));
            all.push(Step { after_us, kind: StepKind::Waited, what, detail: method });
        }
        add_exchange(&mut all, opened, operation, exchange, round);
        add_http(&mut all, opened, exchange, begun);
        last_response = exchange.response.as_ref();
    }
    add_progress(&mut all, operation, begun);
    add_marks(&mut all, opened, operation, begun);
    all.sort_by_key(|step| step.after_us);
    if let Some(what) = open_end(operation) {
        let after_us = operation.elapsed_us(opened.now);
        all.push(Step { after_us, kind: StepKind::End, what: what.to_owned(), detail: String::new() });
    }
    all
}

fn retry_words(opened: &Opened<'_>, operation: &Operation, round: usize) -> (&'static str, String) {
    let method = operation.later_methods().get(round - 1).map_or("", |method| opened.session.name(*method));
    let is_retry = method == opened.session.name(operation.method);
    (if is_retry { "human or model took the word" } else { "task went on" }, method.to_owned())
}

fn add_exchange(
    all: &mut Vec<Step>,
    opened: &Opened<'_>,
    operation: &Operation,
    exchange: &Exchange,
    round: usize,
) {
    let begun = operation.started();
    // A request that a rule held went on when it was let go; one that a rule answered at once never did.
    let held_us = operation.ruled().filter(|_| round == 0).map_or(0, crate::model::Ruled::held_us);
    let answered = operation.ruled().and_then(crate::model::Ruled::answered_by);
    let is_spared = answered.is_some_and(|answered| opened.session.name(answered.by) != "timeout");
    let again = if round == 0 { "" } else { " again" };
    let request = &exchange.request;
    let own = |half: &Half| format!("mcptop took {}", duration(u64::from(half.own.0) / 1_000));
    let step = |at: Micros, kind, what: String, detail| Step { after_us: (at - begun).0, kind, what, detail };
    all.push(step(request.at, StepKind::Read, format!("asked{again}"), bytes(u64::from(request.bytes))));
    if !is_spared {
        let at = Micros(request.forwarded().0 + held_us);
        all.push(step(at, StepKind::Forwarded, "passed on".to_owned(), own(request)));
    }
    if let Some(response) = &exchange.response {
        let took = exchange
            .responder_us()
            .map_or(String::new(), |us| format!(", after {}", duration(us.saturating_sub(held_us))));
        let detail = format!("{}{took}", bytes(u64::from(response.bytes)));
        if response.by_rule {
            // The step of the rule says so.
            return;
        }
        all.push(step(response.at, StepKind::Read, "answered".to_owned(), detail));
        all.push(step(response.forwarded(), StepKind::Forwarded, "delivered".to_owned(), own(response)));
    }
}

/// When the HTTP response to a request began, and when it was over if the answer was not all of it.
fn add_http(all: &mut Vec<Step>, opened: &Opened<'_>, exchange: &Exchange, begun: Micros) {
    let Some(http) = exchange.request.exchange().and_then(|id| opened.session.http().get(id)) else { return };
    let (Some(at), Some(status)) = (http.answered, http.status) else { return };
    let media = opened.session.name(http.media);
    let head = http.head_us().map_or(String::new(), |us| format!(", after {}", duration(us)));
    let detail = if media.is_empty() {
        format!("HTTP {status}{head}")
    } else {
        format!("HTTP {status} {media}{head}")
    };
    all.push(Step { after_us: (at - begun).0, kind: StepKind::Head, what: "first byte".to_owned(), detail });
    if let (true, Some((at, how))) = (http.is_stream, http.ended) {
        let flowed = http.body_us(at).map_or(String::new(), duration);
        let what = match how {
            HttpEnd::Complete => "stream ended",
            HttpEnd::ClientLeft => "stream left",
            HttpEnd::ServerLeft => "stream broke off",
            HttpEnd::Refused => "refused",
            HttpEnd::ProxyLeft => "mcptop left",
        };
        let detail = format!("flowed for {flowed}");
        all.push(Step { after_us: (at - begun).0, kind: StepKind::Head, what: what.to_owned(), detail });
    }
}

/// What rules did with it, those that would have done something included.
fn add_marks(all: &mut Vec<Step>, opened: &Opened<'_>, operation: &Operation, begun: Micros) {
    let marks = operation.ruled().map_or(&[][..], |ruled| ruled.marks());
    for mark in marks {
        let (rule, by) = (opened.session.name(mark.rule), opened.session.name(mark.by));
        let did = match (mark.failed.is_some(), mark.hit) {
            (true, _) => "failed",
            (false, true) => mark.outcome.as_str(),
            (false, false) => "matched",
        };
        let would = if mark.is_observed { "would have " } else { "" };
        // Rules are often called after what they do.
        let is_said = rule.split(|c: char| !c.is_alphanumeric()).any(|word| word == by);
        let mut words = vec![if is_said { rule.to_owned() } else { format!("{by} of {rule}") }];
        words.extend(mark.age_us.map(|age_us| format!("{} old", duration(age_us))));
        words.extend(mark.took_us.map(|took_us| format!("the server took {}", duration(took_us))));
        let said = mark.failed.as_deref().or(mark.why.as_deref());
        words.extend(said.map(|why| clip::visible(why).into_owned()));
        let step = Step {
            after_us: (mark.at - begun).0,
            kind: StepKind::Ruled,
            what: format!("{would}{did}"),
            detail: words.join(", "),
        };
        all.push(step);
    }
}

fn add_progress(all: &mut Vec<Step>, operation: &Operation, begun: Micros) {
    let Some(progress) = operation.progress() else { return };
    let total = progress.total.map_or(String::new(), |total| format!(" of {total}"));
    let shown = progress.points.len();
    for (index, point) in progress.points.iter().enumerate() {
        if index >= PROGRESS_SHOWN / 2 && index + PROGRESS_SHOWN / 2 < shown {
            continue;
        }
        let is_last = index + 1 == shown;
        let detail = match &progress.message {
            Some(message) if is_last => clip::visible(message).into_owned(),
            _ => String::new(),
        };
        let after_us = (point.at - begun).0;
        let what = format!("progress {}{total}", point.progress);
        all.push(Step { after_us, kind: StepKind::Progress, what, detail });
    }
}

/// Why there is no answer.
fn open_end(operation: &Operation) -> Option<&'static str> {
    match operation.state {
        State::Done(_) | State::Cancelled { late_answer: true } => None,
        State::Pending => Some(match operation.phase() {
            Phase::Answer => "no answer yet",
            Phase::Input => "waits for the client's input",
            Phase::Task => "the task still runs",
            Phase::Listening => "listening",
        }),
        State::Cancelled { late_answer: false } => Some("cancelled, never answered"),
        State::Abandoned => Some("never answered: the session ended"),
        State::Unknown => Some("the answer may have passed unobserved"),
    }
}

/// Where the time went.
#[expect(clippy::struct_field_names, reason = "units stand last in names")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spent {
    /// In the server, or whoever was asked.
    pub(super) responder_us: u64,
    /// Of that, until its HTTP response began; `None` over stdio, and before it has.
    pub(super) first_byte_us: Option<u64>,
    /// With a human or model that was asked back.
    pub(super) human_us: u64,
    /// Held back or answered by rules.
    pub(super) held_us: u64,
    /// In mcptop.
    pub(super) own_us: u64,
    /// From beginning to end.
    pub(super) all_us: u64,
}

/// Where the time of a call went.
pub(super) fn spent(opened: &Opened<'_>, operation: &Operation) -> Spent {
    let all_us = operation.elapsed_us(opened.now);
    let own_us = operation.exchanges().map(Exchange::own_ns).sum::<u64>() / 1_000;
    let human_us = operation.human_wait_us() + operation.client_wait_us();
    let held_us = operation.waited_us(opened.now) - operation.latency_us(opened.now);
    let is_by_rule = operation.ruled().is_some_and(|ruled| ruled.answered_by().is_some());
    let held_us = if is_by_rule { all_us.saturating_sub(human_us) } else { held_us };
    let own_us = if is_by_rule { 0 } else { own_us };
    let responder_us = match operation.state {
        State::Pending => all_us.saturating_sub(own_us + human_us + held_us),
        State::Done(_) | State::Cancelled { .. } | State::Abandoned | State::Unknown => {
            operation.responder_us()
        }
    };
    let first_byte_us = first_byte_us(opened, operation).map(|us| us.min(responder_us));
    Spent { responder_us, first_byte_us, human_us, held_us, own_us, all_us }
}

/// How long the HTTP responses to a call's requests took to begin, in all.
fn first_byte_us(opened: &Opened<'_>, operation: &Operation) -> Option<u64> {
    let http = opened.session.http();
    let heads = operation.exchanges().map(|exchange| http.get(exchange.request.exchange()?)?.head_us());
    heads.collect::<Option<Vec<u64>>>().map(|heads| heads.into_iter().sum())
}
