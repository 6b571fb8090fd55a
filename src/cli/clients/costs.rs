//! What the schemas of servers cost, as far as recordings and audits tell.
//!
//! Starts no server and asks none: a list is shown at once. Knows nothing of files of clients.

use jiff::Timestamp;

use crate::cli::audit::kept::{self, Kept};
use crate::cli::audit::recorded;
use crate::clients::edit::{Launch, Server};
use crate::insight::audit::Bill;
use crate::record::{Folders, Listed, list};
use crate::tokens::{Count, Counter, Effort, Profile};
use crate::trace::{Back, url_without_secrets, without_secrets};

/// Recordings of one server that are looked into: not every session lists the tools.
const LOOKED_INTO_MAX: usize = 5;

/// The recordings of this user, newest first, the audits, newest last, and what counts tokens.
pub(super) struct Costs {
    recorded: Vec<Listed>,
    audited: Vec<Kept>,
    counter: Counter,
    profile: Profile,
}

/// What the schemas of one server cost.
#[derive(Clone, Debug)]
pub(super) struct Cost {
    /// Tokens of the definitions of its tools and of its instructions, in every request to a model.
    pub(super) tokens: Count,
    /// How many tools there are.
    pub(super) tools: usize,
    /// How it is known.
    pub(super) from: From,
}

/// How it is known what a server costs.
#[derive(Clone, Debug)]
pub(super) enum From {
    /// By an audit at this time.
    Audit(Timestamp),
    /// By the recording of this session.
    Session(String),
}

impl Costs {
    /// By what has been recorded up to now, for one family of models.
    pub(super) fn of_user(profile: Profile) -> Self {
        let recorded = Folders::of_user().map(|folders| list(&folders)).unwrap_or_default();
        let mut audited = kept::all();
        audited.retain(|kept| kept.profile == profile.id);
        Self { recorded, audited, counter: Counter::new(Effort::Worker), profile }
    }

    /// What is known of a server: of the same command or address, else of one with its name.
    pub(super) fn of(&mut self, server: &Server) -> Option<Cost> {
        let back = back(&server.launch);
        let is_same = |_: &str, other: &Back| back.as_ref().is_some_and(|back| is_same(back, other));
        self.audit(is_same).or_else(|| self.session(is_same)).or_else(|| {
            let is_named = |label: &str, _: &Back| label == server.name;
            self.audit(is_named).or_else(|| self.session(is_named))
        })
    }

    fn audit(&self, is_it: impl Fn(&str, &Back) -> bool) -> Option<Cost> {
        let kept = self.audited.iter().rfind(|kept| is_it(&kept.label, &kept.back))?;
        Some(Cost { tokens: kept.count(), tools: kept.tools, from: From::Audit(kept.at) })
    }

    fn session(&mut self, is_it: impl Fn(&str, &Back) -> bool) -> Option<Cost> {
        let sessions = self.recorded.iter().filter(|listed| is_it(&listed.header.label, &listed.header.back));
        let (session, offer) = sessions.take(LOOKED_INTO_MAX).find_map(|listed| {
            Some((listed.header.session.clone(), recorded::at_beginning(listed.path.as_ref()?)?))
        })?;
        let bill = Bill::of(&mut self.counter, &self.profile, &offer);
        Some(Cost { tokens: bill.total().model, tools: bill.tools.len(), from: From::Session(session) })
    }
}

/// What a recording would say of where the server is.
fn back(launch: &Launch) -> Option<Back> {
    match launch {
        Launch::Command(words) | Launch::Wrapped(words) => {
            Some(Back::Command { argv: without_secrets(words) })
        }
        Launch::Address(url) | Launch::Fronted(url) => {
            Some(Back::Url { url: url_without_secrets(url), others: Vec::new() })
        }
        Launch::ByHand(_) | Launch::Nothing => None,
    }
}

fn is_same(one: &Back, other: &Back) -> bool {
    match (one, other) {
        (Back::Command { argv: one }, Back::Command { argv: other }) => one == other,
        (Back::Url { url: one, .. }, Back::Url { url: other, .. }) => {
            one.trim_end_matches('/') == other.trim_end_matches('/')
        }
        (Back::Command { .. } | Back::Url { .. }, _) => false,
    }
}
