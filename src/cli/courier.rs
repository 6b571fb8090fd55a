//! Sends a call again for the viewer: to a server behind `mcptop wrap`, as a rerun does.
//!
//! Knows nothing of what is said.

use std::ffi::OsString;

use super::rerun::drive::{Audience, Target, run};
use super::rerun::tail::Tail;
use crate::insight::rerun::{After, Compared};
use crate::trace::Back;
use crate::ui::resend::{Carried, Courier, Trip};

/// Starts servers behind a proxy of our own, which records the session and ends what it has started.
#[derive(Clone, Copy, Debug)]
pub(super) struct ByWrapping;

impl Courier for ByWrapping {
    fn carry(&self, trip: Trip<'_>) -> Result<Carried, String> {
        let out = trip.recording.to_owned();
        let target = match trip.back {
            Back::Command { argv } => {
                let command: Vec<OsString> = argv.iter().map(OsString::from).collect();
                Target::new(None, &command, trip.label, out)
            }
            Back::Url { url, .. } => Target::new(Some(url), &[], trip.label, out),
        };
        let said = Tail::default();
        let target = target.quietly(said.clone()).started_in(trip.folder.map(ToOwned::to_owned));
        let mut listener = Listener { trip: &trip.is_given_up, requests: Vec::new(), complaints: Vec::new() };
        run(trip.conversation, target, &mut listener).map_err(|error| format!("Cannot start it: {error}"))?;
        let Listener { requests, mut complaints, .. } = listener;
        complaints.extend(Some(said.text()).filter(|said| !said.is_empty()));
        Ok(Carried { requests, said: complaints.join("\n") })
    }
}

/// Keeps what becomes of the requests; after an opening that failed nothing is sent any more.
struct Listener<'a> {
    trip: &'a dyn Fn() -> bool,
    requests: Vec<(Box<str>, After)>,
    complaints: Vec<String>,
}

impl Audience for Listener<'_> {
    fn compared(&mut self, compared: Compared) {
        self.requests.push((compared.method, compared.after));
    }

    fn progress(&mut self, _done: usize, _all: usize) {}

    fn complain(&mut self, what: &str) {
        self.complaints.push(what.to_owned());
    }

    fn gives_up(&self) -> bool {
        (self.trip)() || self.requests.iter().any(|(_, after)| !is_result(after))
    }
}

/// Whether what follows can follow.
fn is_result(after: &After) -> bool {
    use crate::wire::{Contents, Message, contents};
    match after {
        After::Answer(answer) => matches!(contents(answer.as_bytes()), Contents::One(Message::Result { .. })),
        After::Silence | After::Lost | After::Skipped | After::Cancelled => false,
    }
}
