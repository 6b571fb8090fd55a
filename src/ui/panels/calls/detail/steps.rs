//! What happened to a call, step by step: read, forwarded, progress, answered, delivered; retries and waits apart.
//!
//! Derived from the operation alone. Knows nothing of screens.

use crate::model::{Exchange, Half, Operation, Phase, ProgressEvent, RuledMark, State};
use crate::trace::{HttpEnd, Micros, Outcome};
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
    /// So many steps are left out here.
    LeftOut(u32),
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
    rank: Rank,
}

/// Which of the steps of one moment comes first: the one whose message stands earlier in the recording, and of one message
/// what happened to it first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    offset_bytes: u64,
    index: u16,
    stage: Stage,
}

/// What happens to a message, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// It came.
    #[default]
    Read,
    /// Rules had it.
    Ruled,
    /// It went on.
    Forwarded,
    /// What came of that.
    After,
}

impl Rank {
    fn of(half: &Half, stage: Stage) -> Self {
        Self { offset_bytes: half.place.offset_bytes, index: half.index, stage }
    }
}

impl Step {
    /// That so many steps are left out, at the place of another one.
    pub(super) fn left_out(count: u32, at: &Self) -> Self {
        Self {
            after_us: at.after_us,
            kind: StepKind::LeftOut(count),
            what: format!("{count} between"),
            detail: String::new(),
            rank: at.rank,
        }
    }

    /// How many steps it stands for.
    pub(super) fn stands_for(&self) -> u32 {
        if let StepKind::LeftOut(count) = self.kind { count } else { 1 }
    }
}

/// Everything that happened, in order of time.
pub(super) fn steps(opened: &Opened<'_>, operation: &Operation) -> Vec<Step> {
    let mut course = Course { opened, operation, begun: operation.started(), all: Vec::new() };
    let mut last_response: Option<&Half> = None;
    for (round, exchange) in operation.exchanges().enumerate() {
        if let Some(before) = last_response {
            course.add_wait(before, exchange, round);
        }
        course.add_exchange(exchange, round);
        course.add_http(exchange);
        last_response = exchange.response.as_ref();
    }
    course.add_progress();
    course.add_marks();
    let mut all = course.all;
    all.sort_by_key(|step| (step.after_us, step.rank));
    if let Some(what) = open_end(operation) {
        let after_us = operation.elapsed_us(opened.now);
        let (what, detail) = (what.to_owned(), String::new());
        all.push(Step { after_us, kind: StepKind::End, what, detail, rank: Rank::default() });
    }
    all
}

/// What is known of a call's steps so far.
struct Course<'a> {
    opened: &'a Opened<'a>,
    operation: &'a Operation,
    begun: Micros,
    all: Vec<Step>,
}

impl Course<'_> {
    fn push(&mut self, at: Micros, rank: Rank, kind: StepKind, what: impl Into<String>, detail: String) {
        self.all.push(Step { after_us: (at - self.begun).0, kind, what: what.into(), detail, rank });
    }

    /// Between the answer to one exchange and the request of the next one.
    fn add_wait(&mut self, before: &Half, exchange: &Exchange, round: usize) {
        let waited = duration((exchange.request.at - before.forwarded()).0);
        let method = self.operation.later_methods().get(round - 1);
        let method = method.map_or("", |method| self.opened.session.name(*method));
        let is_retry = method == self.opened.session.name(self.operation.method);
        let who = if is_retry { "human or model took the word" } else { "task went on" };
        let rank = Rank::of(before, Stage::After);
        let what = format!("{who} for {waited}");
        self.push(before.forwarded(), rank, StepKind::Waited, what, method.to_owned());
    }

    /// How long rules held back the request of an exchange: it went on when it was let go.
    fn held_us(&self, round: usize) -> u64 {
        self.operation.ruled().filter(|_| round == 0).map_or(0, crate::model::Ruled::held_us)
    }

    fn add_exchange(&mut self, exchange: &Exchange, round: usize) {
        let held_us = self.held_us(round);
        let answered = self.operation.ruled().and_then(crate::model::Ruled::answered_by);
        // A request that a rule answered at once never went on.
        let is_spared = answered.is_some_and(|answered| self.opened.session.name(answered.by) != "timeout");
        let again = if round == 0 { "" } else { " again" };
        let request = &exchange.request;
        let own = |half: &Half| format!("mcptop took {}", duration(u64::from(half.own.0) / 1_000));
        let size = bytes(u64::from(request.bytes));
        self.push(request.at, Rank::of(request, Stage::Read), StepKind::Read, format!("asked{again}"), size);
        if !is_spared {
            let at = Micros(request.forwarded().0 + held_us);
            let rank = Rank::of(request, Stage::Forwarded);
            self.push(at, rank, StepKind::Forwarded, "passed on", own(request));
        }
        // Of an answer by a rule the rule's step says so.
        let Some(response) = exchange.response.as_ref().filter(|response| !response.by_rule) else { return };
        let took = exchange
            .responder_us()
            .map_or(String::new(), |us| format!(", after {}", duration(us.saturating_sub(held_us))));
        let detail = format!("{}{took}", bytes(u64::from(response.bytes)));
        self.push(response.at, Rank::of(response, Stage::Read), StepKind::Read, "answered", detail);
        let rank = Rank::of(response, Stage::Forwarded);
        self.push(response.forwarded(), rank, StepKind::Forwarded, "delivered", own(response));
    }

    /// When the HTTP response to a request began, and when it was over if the answer was not all of it.
    fn add_http(&mut self, exchange: &Exchange) {
        let session = self.opened.session;
        let Some(http) = exchange.request.exchange().and_then(|id| session.http().get(id)) else { return };
        let (Some(at), Some(status)) = (http.answered, http.status) else { return };
        let media = session.name(http.media);
        let head = http.head_us().map_or(String::new(), |us| format!(", after {}", duration(us)));
        let space = if media.is_empty() { "" } else { " " };
        let detail = format!("HTTP {status}{space}{media}{head}");
        let rank = Rank::of(&exchange.request, Stage::After);
        self.push(at, rank, StepKind::Head, "first byte", detail);
        if let (true, Some((at, how))) = (http.is_stream, http.ended) {
            let flowed = http.body_us(at).map_or(String::new(), duration);
            let what = match how {
                HttpEnd::Complete => "stream ended",
                HttpEnd::ClientLeft => "stream left",
                HttpEnd::ServerLeft => "stream broke off",
                HttpEnd::Refused => "refused",
                HttpEnd::ProxyLeft => "mcptop left",
            };
            let last = exchange.response.as_ref().unwrap_or(&exchange.request);
            let rank = Rank::of(last, Stage::After);
            self.push(at, rank, StepKind::Head, what, format!("flowed for {flowed}"));
        }
    }

    /// The first and the last reports, each as it was, and how many there were between.
    fn add_progress(&mut self) {
        let Some(progress) = self.operation.progress() else { return };
        let (first, latest, between) = progress.told();
        for event in first {
            self.add_report(event);
        }
        if let (true, Some(before)) = (between > 0, self.all.last()) {
            let left_out = Step::left_out(between, before);
            self.all.push(left_out);
        }
        for event in latest {
            self.add_report(event);
        }
    }

    fn add_report(&mut self, event: &ProgressEvent) {
        let number = event.progress.map_or(String::new(), |progress| format!(" {progress}"));
        let total = event.total.map_or(String::new(), |total| format!(" of {total}"));
        let detail = event.message.as_deref().map_or(String::new(), |text| clip::visible(text).into_owned());
        let rank = Rank { offset_bytes: event.place.offset_bytes, index: event.index, stage: Stage::Read };
        self.push(event.at, rank, StepKind::Progress, format!("progress{number}{total}"), detail);
    }

    /// What rules did with it, those that would have done something included.
    fn add_marks(&mut self) {
        let session = self.opened.session;
        for mark in self.operation.ruled().map_or(&[][..], |ruled| ruled.marks()) {
            let (rule, by) = (session.name(mark.rule), session.name(mark.by));
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
            let (at, rank) = self.moment(mark);
            self.push(at, rank, StepKind::Ruled, format!("{would}{did}"), words.join(", "));
        }
    }

    /// When a rule acted. It is told after the message has been written; what it did to one that went on, it did before.
    fn moment(&self, mark: &RuledMark) -> (Micros, Rank) {
        let told = Rank { offset_bytes: mark.place.offset_bytes, index: 0, stage: Stage::Read };
        if !matches!(mark.outcome, Outcome::Passed | Outcome::Changed) {
            return (mark.at, told);
        }
        let is_request = mark.to == self.operation.from.sends();
        let messages = self.operation.exchanges().enumerate().filter_map(|(round, exchange)| {
            let half = if is_request { Some(&exchange.request) } else { exchange.response.as_ref() };
            let held_us = if is_request { self.held_us(round) } else { 0 };
            half.filter(|half| !half.by_rule).map(|half| (half, Micros(half.forwarded().0 + held_us)))
        });
        let about = messages.take_while(|(half, _)| half.place.offset_bytes < mark.place.offset_bytes).last();
        about.map_or((mark.at, told), |(half, went_on)| (mark.at.min(went_on), Rank::of(half, Stage::Ruled)))
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
