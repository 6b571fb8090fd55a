//! A call on its way to a fresh copy of its server, who carries it, and what it brings back.
//!
//! Knows nothing of threads and screens.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::insight::rerun::{After, Rerunner};
use crate::insight::resend::{Answered, Comparison, Subject};
use crate::trace::Back;
use crate::ui::panels::OpenId;

/// A call that is to be sent again; shared with the thread that does it.
pub struct Errand {
    /// The session it was recorded in.
    pub session: OpenId,
    /// What the recording knows of it.
    pub subject: Subject,
    /// The request, edited.
    pub request: String,
    /// What was edited of it, as JSON: as it was, and as it is now.
    pub parts: [String; 2],
    /// The folder the server is started in; that of the viewer if there is none.
    pub folder: Option<PathBuf>,
    is_given_up: AtomicBool,
}

impl Errand {
    /// An errand that nobody has set out on.
    #[must_use]
    pub fn new(
        session: OpenId,
        subject: Subject,
        request: String,
        parts: [String; 2],
        folder: Option<PathBuf>,
    ) -> Self {
        Self { session, subject, request, parts, folder, is_given_up: AtomicBool::new(false) }
    }

    /// What the new session is called.
    #[must_use]
    pub fn label(&self) -> String {
        let label = &self.subject.label;
        if label.ends_with(LABEL_END) { label.to_string() } else { format!("{label}{LABEL_END}") }
    }

    /// Says that the call is to be taken back.
    pub fn give_up(&self) {
        self.is_given_up.store(true, Ordering::Relaxed);
    }

    /// Whether the call is to be taken back.
    #[must_use]
    pub fn is_given_up(&self) -> bool {
        self.is_given_up.load(Ordering::Relaxed)
    }
}

/// How the names of sessions end that were made to send a call again.
const LABEL_END: &str = "-resend";

impl fmt::Debug for Errand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Errand").field("request", &self.request).finish_non_exhaustive()
    }
}

/// An errand is equal to itself alone: the same call may be sent twice.
impl PartialEq for Errand {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Errand {}

/// Who speaks to servers.
pub trait Courier: Send + Sync {
    /// Starts a fresh copy of a server, or opens a session with it, has this said to it, and ends it; records the session.
    ///
    /// # Errors
    /// If there is nothing to speak to, in words for the user.
    fn carry(&self, trip: Trip<'_>) -> Result<Carried, String>;
}

/// What a courier is told.
pub struct Trip<'a> {
    /// The server.
    pub back: &'a Back,
    /// The folder it is started in; ours if there is none.
    pub folder: Option<&'a Path>,
    /// What the session is called.
    pub label: &'a str,
    /// Where it is recorded.
    pub recording: &'a Path,
    /// What is said; the call is the last request.
    pub conversation: Rerunner,
    /// Whether the call is to be taken back.
    pub is_given_up: &'a dyn Fn() -> bool,
}

/// What a courier brings back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// What became of each request, with its method, in order: of an opening, and of the call.
    pub requests: Vec<(Box<str>, After)>,
    /// The end of what the server said to people.
    pub said: String,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// With an answer.
    Answered,
    /// Without one, within the time that was given.
    Silent,
    /// The server ended, or broke off, before it answered.
    Lost,
    /// The server was not reached, would not open a session, or could not even be tried; why, for people.
    Failed(Box<str>),
    /// The call was taken back.
    GivenUp,
}

/// What came of an errand.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How it ended.
    pub end: End,
    /// How the call went when it was recorded.
    pub then: Answered,
    /// How it went now.
    pub now: Option<Answered>,
    /// What was changed in what is asked.
    pub asked: Comparison,
    /// What differs in what is answered.
    pub answered: Comparison,
    /// The answer, as it came.
    pub answer: Option<String>,
    /// The end of what the server said to people.
    pub said: String,
    /// The recording of the new session, if there is one.
    pub recording: Option<PathBuf>,
}
