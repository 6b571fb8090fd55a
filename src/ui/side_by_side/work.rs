//! What takes longer than a drawing may: an order, whoever carries it out, and the lines that come of it.
//!
//! An order has everything it needs; carrying it out holds nothing that others wait for. Knows nothing of threads.

use std::sync::Arc;

use super::{messages, totals};
use crate::insight::figures::Look;
use crate::model::Session;
use crate::ui::theme::Role;

/// A line, whatever the width of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A text that goes on below where it is too long.
    Text(Role, String),
    /// A tool's name, the side, and its calls, errors, p50, p95, p99, tokens of a result.
    Figures(Role, String, &'static str, [String; 6]),
}

/// Which of all orders it is: an answer that comes late is for nobody.
#[derive(Clone, Debug)]
pub struct Ticket(Arc<str>);

impl Ticket {
    pub(super) fn new() -> Self {
        // Not the text tells them apart, but where it is.
        Self(Arc::from("comparison"))
    }
}

impl PartialEq for Ticket {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Two things to be compared.
#[derive(Debug)]
pub struct Order {
    pub(super) ticket: Ticket,
    pub(super) what: What,
}

/// One of two sessions.
#[derive(Debug)]
pub(super) struct Side {
    /// Without its calls.
    pub(super) session: Session,
    /// What was seen of these.
    pub(super) look: Look,
    pub(super) standing: Standing,
}

/// How it stands with a session, as far as the session itself does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) is_live: bool,
    pub(super) is_played: bool,
    /// What of the recording could not be read.
    pub(super) damage: Option<String>,
}

/// What is compared.
#[derive(Debug)]
pub(super) enum What {
    /// A part of two messages, each with its text and its position in it where it is a batch.
    Messages(messages::Part, [(Arc<Vec<u8>>, u16); 2]),
    /// Two sessions; and how the family of models is called.
    Sessions(Box<[Side; 2]>, &'static str),
}

impl Order {
    /// Carries it out: some tenths of a second for sessions of hundreds of tools, and for messages of many megabytes.
    #[must_use]
    pub fn compare(self) -> (Ticket, Vec<Found>) {
        let found = match self.what {
            What::Messages(part, messages) => messages::compare(part, &messages),
            What::Sessions(sessions, family) => totals::compare(*sessions, family),
        };
        (self.ticket, found)
    }
}
