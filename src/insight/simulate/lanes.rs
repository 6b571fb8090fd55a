//! HTTP exchanges whose answers come at another time, or from another place, than they did.
//!
//! Heads and ends have to stand around the answer wherever it went. Knows nothing of messages.

use std::collections::HashMap;

use crate::rules::Lane;
use crate::trace::Fact;

/// Exchanges that are open at once; more are not put in order.
const LANES_MAX: usize = 65_536;
/// Facts of one exchange that wait for its answer.
const LATE_MAX: usize = 1_024;

/// The exchanges that are open.
#[derive(Default)]
pub(super) struct Lanes(HashMap<Lane, Exchange>);

/// One exchange.
#[derive(Default)]
struct Exchange {
    /// A rule has answered, and its end has been told.
    is_over: bool,
    /// What was told of the answer before it came.
    late: Vec<Fact<'static>>,
}

/// What is to be done with a fact of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// Tell it now.
    Now,
    /// It is kept until the answer comes.
    Kept,
    /// It did not happen: a rule has answered.
    Never,
}

impl Lanes {
    pub(super) fn open(&mut self, lane: Lane) {
        if self.0.len() < LANES_MAX {
            self.0.insert(lane, Exchange::default());
        }
    }

    /// Decides about a fact of the server's answer; `is_put_off` says whether the answer comes later than it did.
    pub(super) fn course(&mut self, lane: Lane, is_put_off: bool, fact: &Fact<'_>) -> Course {
        let Some(exchange) = self.0.get_mut(&lane) else { return Course::Now };
        if exchange.is_over {
            return Course::Never;
        }
        if is_put_off && exchange.late.len() < LATE_MAX {
            exchange.late.extend(owned(fact));
            return Course::Kept;
        }
        Course::Now
    }

    /// A rule has answered.
    pub(super) fn answered(&mut self, lane: Lane) {
        if let Some(exchange) = self.0.get_mut(&lane) {
            exchange.is_over = true;
            exchange.late.clear();
        }
    }

    /// The heads that stand before an answer that comes now.
    pub(super) fn heads(&mut self, lane: Lane) -> Vec<Fact<'static>> {
        let Some(exchange) = self.0.get_mut(&lane) else { return Vec::new() };
        let is_head = |fact: &Fact<'_>| matches!(fact, Fact::HttpResponse { .. });
        let (heads, rest) = std::mem::take(&mut exchange.late).into_iter().partition(is_head);
        exchange.late = rest;
        heads
    }

    /// What stands behind the last answer.
    pub(super) fn rest(&mut self, lane: Lane) -> Vec<Fact<'static>> {
        self.0.get_mut(&lane).map(|exchange| std::mem::take(&mut exchange.late)).unwrap_or_default()
    }

    /// Whether all has been told of an exchange.
    pub(super) fn close(&mut self, lane: Lane) {
        self.0.remove(&lane);
    }
}

/// The facts of an answer, owning what they hold.
fn owned(fact: &Fact<'_>) -> Option<Fact<'static>> {
    Some(match fact {
        Fact::HttpResponse { exchange, status, media, session, encoding } => Fact::HttpResponse {
            exchange: *exchange,
            status: *status,
            media: media.to_string().into(),
            session: session.as_ref().map(|session| session.to_string().into()),
            encoding: encoding.to_string().into(),
        },
        Fact::HttpEvent { exchange, text } => {
            Fact::HttpEvent { exchange: *exchange, text: text.to_string().into() }
        }
        Fact::HttpEnd { exchange, how } => Fact::HttpEnd { exchange: *exchange, how: *how },
        _ => return None,
    })
}
