//! What live sessions come to together, and how that is said in a line.

use serde_json::{Value, json};

use crate::cli::price::Price;
use crate::model::{ContextTokens, Latency, Saved, Session, Totals};
use crate::tokens::{Count, Profile};
use crate::ui::open::OpenSession;
use crate::ui::summary::latency_of_tools;
use crate::ui::widgets::number::{counted, duration, grouped, percent, signed, tokens};

/// What tokens are held against.
pub(super) struct Scale {
    pub(super) window_tokens: u64,
    pub(super) price: Price,
    pub(super) profile: Profile,
}

/// Whether a session has been read to where it is now, and all its tokens counted.
pub(super) fn is_settled(open: &OpenSession) -> bool {
    // Read before the session is, so that a call that comes in between is not taken for counted.
    let (loaded, counted) = (open.shared.loaded(), open.shared.counted_calls());
    let session = open.shared.see();
    let first_open = session.pending().map(|call| call.0).min();
    let calls = first_open.map_or(session.operations().len(), |call| call as usize);
    let definitions = session.definitions();
    loaded >= 1.0 && counted as usize >= calls && definitions.tools().iter().all(|tool| tool.tokens.is_some())
}

/// One session, or all of them, in numbers.
#[derive(Clone, Debug, Default)]
struct Sum {
    calls: u64,
    errors: u64,
    in_flight: u64,
    latency_us: Latency,
    context: ContextTokens,
    saved: Saved,
}

impl Sum {
    fn of(session: &Session) -> Self {
        let totals: Totals = session.totals();
        Self {
            calls: totals.calls,
            errors: totals.errors(),
            in_flight: totals.in_flight,
            latency_us: latency_of_tools(session),
            context: session.context(false),
            saved: session.saved(),
        }
    }

    fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.errors += other.errors;
        self.in_flight += other.in_flight;
        self.latency_us.merge(&other.latency_us);
        self.context += other.context;
        self.saved += other.saved;
    }

    fn document(&self, scale: &Scale) -> Value {
        let total = self.context.total();
        json!({
            "calls": self.calls,
            "errors": self.errors,
            "in_flight": self.in_flight,
            "latency_us": {
                "p50": self.latency_us.p50(),
                "p95": self.latency_us.p95(),
                "p99": self.latency_us.p99(),
                "max": self.latency_us.max(),
            },
            "context": {
                "tokens": total.tokens,
                "accuracy": total.accuracy.label(),
                "definitions": self.context.definitions.tokens,
                "results": self.context.results.tokens,
                "share": total.tokens as f64 / scale.window_tokens as f64,
                "cost": scale.price.of(total.tokens),
            },
            "saved": { "tokens": self.saved.model, "time_us": self.saved.time_us },
        })
    }
}

/// All live sessions.
#[derive(Debug)]
pub(super) struct Sums {
    /// Label and id of each session that is recorded, with what it comes to.
    sessions: Vec<(String, String, Sum)>,
    not_recorded: usize,
}

impl Sums {
    pub(super) fn of(opens: &[OpenSession], not_recorded: usize) -> Self {
        let one = |open: &OpenSession| {
            let session = open.shared.see();
            (session.header.label.clone(), session.header.session.clone(), Sum::of(&session))
        };
        let mut sessions: Vec<_> = opens.iter().map(one).collect();
        sessions.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        Self { sessions, not_recorded }
    }

    fn whole(&self) -> Sum {
        let mut whole = Sum::default();
        self.sessions.iter().for_each(|(_, _, sum)| whole.add(sum));
        whole
    }

    /// One line without an end. What is always there does not come and go with its value, so that a bar stays calm.
    pub(super) fn line(&self, scale: &Scale) -> String {
        let live = self.sessions.len() + self.not_recorded;
        if live == 0 {
            return "no live session".to_owned();
        }
        let sum = self.whole();
        let mut pieces = vec![if self.not_recorded == 0 {
            format!("{live} live")
        } else {
            format!("{live} live ({} not recorded)", self.not_recorded)
        }];
        pieces.push(counted(sum.calls, "call"));
        pieces.push(format!("{} in flight", grouped(sum.in_flight)));
        if sum.errors > 0 {
            pieces.push(counted(sum.errors, "error"));
        }
        let p95 = sum.latency_us.p95();
        pieces.push(format!("p95 {}", p95.map_or_else(|| "–".to_owned(), duration)));
        let total = sum.context.total();
        let share = percent(total.tokens, scale.window_tokens);
        let cost = scale.price.told(total.tokens).map_or_else(String::new, |cost| format!(", {cost}"));
        pieces.push(format!("context {} tok ({share}{cost})", tokens(total)));
        if sum.saved.model != 0 {
            let saved = signed(sum.saved.model, |tokens_saved| tokens(Count::exact(tokens_saved)));
            pieces.push(format!("saved {saved} tok"));
        }
        pieces.join(" · ")
    }

    pub(super) fn document(&self, scale: &Scale) -> Value {
        let mut whole = self.whole().document(scale);
        whole["live"] = (self.sessions.len() + self.not_recorded).into();
        whole["not_recorded"] = self.not_recorded.into();
        whole["window_tokens"] = scale.window_tokens.into();
        whole["profile"] = scale.profile.id.into();
        let sessions = self.sessions.iter().map(|(label, id, sum)| {
            let mut one = sum.document(scale);
            one["label"] = label.as_str().into();
            one["session"] = id.as_str().into();
            one
        });
        whole["sessions"] = sessions.collect();
        whole
    }
}
