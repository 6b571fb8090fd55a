//! The threads that feed the viewer: they find sessions, read recordings, fetch messages and count tokens.
//!
//! None of them draws, and none waits for the drawing one: what they find out comes as [`News`] through a bounded
//! queue, and "something changed" is said once until it is heard. Traffic is never touched: recordings are files.

mod advising;
mod counting;
mod fetching;
mod finding;
mod load;
mod passes;
mod played;
mod previewing;
mod reading;
mod resending;
mod trying;

pub use advising::advice;
pub use counting::{CountOne, count_all, count_telling, text_of};
pub use load::load;
pub use passes::{Far, advise, through};
pub use played::{Played, stopwatch};
pub use previewing::preview;

use std::collections::HashMap;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use crossterm::event::Event;

use super::advice::Inquiry;
use super::fetched::{Answer, Subject};
use super::open::OpenSession;
use super::panels::{Listed, OpenId};
use super::pointed::Trial;
use super::preview::Preview;
use super::resend::{Courier, Errand, Report};
use super::ruling::Proposal;
use super::side_by_side::{self, Found, Ticket};
use crate::control::{Order, Reply, ask};
use crate::model::OperationId;
use crate::record::{Bodies, Folders, Reader};
use crate::tokens::{Attribution, Profile, ToolTokens};
use crate::trace::Place;

/// What the drawing thread waits for.
#[derive(Debug)]
pub enum Message {
    /// The threads of the feed have found something out.
    News(News),
    /// The user did something.
    Terminal(Event),
    /// The program has been asked to leave.
    Leave,
}

/// What the threads have found out.
#[derive(Debug)]
pub enum News {
    /// Some session has changed; the screen should be drawn again.
    Changed,
    /// This machine has been searched.
    Found(Vec<Listed>),
    /// A live session is there to be opened.
    Appeared(PathBuf),
    /// A session is open.
    Opened(OpenSession),
    /// A session could not be opened, or something else the user should know.
    Say(String),
    /// One of the threads has failed, and why.
    Broken(String),
    /// A message that was asked for.
    Body((OpenId, Place), Answer<Vec<u8>>),
    /// Tokens by JSON value that were asked for.
    Attributed((OpenId, Subject), Answer<Attribution>),
    /// What rules that are being written would have saved, with their text.
    Previewed(OpenId, Arc<str>, Answer<Preview>),
    /// What a rule that is being made does to a recorded message.
    Tried(Arc<Trial>, Answer<crate::insight::Preview>),
    /// What an inquiry for advice came to.
    Advised(Arc<Inquiry>, Answer<Vec<crate::insight::Proposal>>),
    /// What came of comparing two things.
    Compared(Ticket, Vec<Found>),
    /// A call that was sent again has come back.
    Returned(Arc<Errand>, Box<Report>),
    /// What a proxy said to new rules: done, or why not.
    Ruled {
        /// Whose rules.
        session: OpenId,
        /// Which change of them.
        number: u64,
        /// What the user is told.
        answer: Result<String, String>,
    },
    /// What the parts of a definition cost.
    ToolCost((OpenId, u32, u64), Answer<ToolTokens>),
}

/// News that wait to be heard. A thread that has more waits.
const NEWS_MAX: usize = 256;
/// Sessions open at once.
pub const SESSIONS_MAX: usize = 32;

/// How threads tell what they have found out.
#[derive(Clone, Debug)]
pub(super) struct Herald {
    news: SyncSender<Message>,
    has_changed: Arc<AtomicBool>,
}

impl Herald {
    pub(super) fn tell(&self, news: News) {
        // An error says that nobody listens any more: the viewer is leaving.
        let _ = self.news.send(Message::News(news));
    }

    /// Says that something changed, unless that has been said and not yet been heard.
    pub(super) fn changed(&self) {
        if !self.has_changed.swap(true, Ordering::AcqRel) {
            self.tell(News::Changed);
        }
    }
}

/// Starts a thread with a name that debuggers and profilers show. Should it panic, the user is told: what it did is
/// not done any more, and a screen that just stands still would not say so.
pub(super) fn spawn(name: &'static str, herald: &Herald, work: impl FnOnce() + Send + 'static) {
    let herald = herald.clone();
    let work = move || {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
            let why = panic.downcast_ref::<String>().map(String::as_str);
            let why =
                why.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("for an unknown reason");
            herald.tell(News::Broken(format!("{name} failed: {why}")));
        }
    };
    let started = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    started.expect("a system that cannot start a thread cannot run a viewer");
}

/// The message files of the opened sessions, for the threads that read single messages again.
pub(super) type Files = Arc<Mutex<HashMap<OpenId, Bodies>>>;

pub(super) fn file_of(files: &Files, session: OpenId) -> Option<Bodies> {
    files.lock().unwrap_or_else(PoisonError::into_inner).get(&session).cloned()
}

/// The threads.
pub struct Feed {
    has_changed: Arc<AtomicBool>,
    herald: Herald,
    reading: SyncSender<reading::Order>,
    finding: Option<SyncSender<finding::Order>>,
    fetching: SyncSender<fetching::Order>,
    previewing: SyncSender<previewing::Order>,
    trying: SyncSender<trying::Order>,
    advising: SyncSender<advising::Order>,
    counting: Arc<counting::Desk>,
    files: Files,
    next_id: u32,
}

/// Where a session is read from.
pub enum Source {
    /// A file.
    File(PathBuf),
    /// A stream, with the name it gets on the screen.
    Stream(String, Box<dyn Read + Send>),
}

impl Feed {
    /// Starts the threads; `folders` are searched for sessions, if given. Returns where to listen, and how others
    /// can be heard there too.
    #[must_use]
    pub fn start(
        folders: Option<Folders>,
        profile: Profile,
    ) -> (Self, Receiver<Message>, SyncSender<Message>) {
        let (news, heard) = sync_channel(NEWS_MAX);
        let speaker = news.clone();
        let has_changed = Arc::new(AtomicBool::new(false));
        let herald = Herald { news, has_changed: has_changed.clone() };
        let files = Files::default();
        let counting = counting::start(&herald, files.clone(), profile);
        // Known before anything is opened, so that a live recording is followed from the first look.
        let living = folders.as_ref().map(finding::living).unwrap_or_default();
        let reading = reading::start(&herald, files.clone(), counting.clone(), living);
        let finding = folders.map(|folders| finding::start(&herald, folders, reading.clone()));
        let fetching = fetching::start(&herald, files.clone());
        let previewing = previewing::start(&herald, files.clone());
        let trying = trying::start(&herald, files.clone());
        let advising = advising::start(&herald, files.clone());
        let feed = Self {
            has_changed,
            herald,
            reading,
            finding,
            fetching,
            previewing,
            trying,
            advising,
            counting,
            files,
            next_id: 0,
        };
        (feed, heard, speaker)
    }

    /// Says that `News::Changed` has been heard and what follows will be news again. Call before drawing.
    pub fn heard(&self) {
        self.has_changed.store(false, Ordering::Release);
    }

    /// Opens a session; it comes as [`News::Opened`].
    pub fn open(&mut self, source: Source) {
        self.open_at(source, None);
    }

    /// The same, to be played from its beginning, so many times faster than it was.
    pub fn play(&mut self, source: Source, speed: f64) {
        self.open_at(source, Some(speed));
    }

    /// Follows a time cursor that has been moved.
    pub fn follow(&self) {
        let _ = self.reading.send(reading::Order::Look);
    }

    fn open_at(&mut self, source: Source, speed: Option<f64>) {
        let id = OpenId(self.next_id);
        self.next_id += 1;
        let (herald, reading) = (self.herald.clone(), self.reading.clone());
        // On a thread of its own, because the first line of a stream may take its time to come.
        spawn("mcptop-open", &self.herald, move || {
            let (path, is_stream, opened) = match source {
                Source::File(path) => {
                    let opened = Reader::open(&path);
                    (path, false, opened)
                }
                Source::Stream(name, stream) => (PathBuf::from(name), true, Reader::from_stream(stream)),
            };
            match opened {
                Ok(reader) => {
                    let order = reading::Order::Open { id, path, is_stream, reader: Box::new(reader), speed };
                    let _ = reading.send(order);
                }
                Err(error) => herald.tell(News::Say(error.to_string())),
            }
        });
    }

    /// Closes a session in this viewer.
    pub fn close(&self, session: OpenId) {
        let _ = self.reading.send(reading::Order::Close(session));
        self.counting.close(session);
        self.files.lock().unwrap_or_else(PoisonError::into_inner).remove(&session);
    }

    /// Stops, or goes on, reading recordings. They grow meanwhile; nothing is lost.
    pub fn hold(&self, is_held: bool) {
        let _ = self.reading.send(reading::Order::Hold(is_held));
    }

    /// Looks for sessions now.
    pub fn refresh(&self) {
        if let Some(finding) = &self.finding {
            let _ = finding.try_send(finding::Order::Search);
        }
    }

    /// Fetches messages; they come as [`News::Body`].
    pub fn fetch(&self, wanted: Vec<(OpenId, Place)>) {
        for key in wanted {
            if self.fetching.try_send(fetching::Order(key)).is_err() {
                let why = "too many messages are being read; look again in a moment";
                self.herald.tell(News::Body(key, Answer::Failed(why.into())));
            }
        }
    }

    /// Divides tokens among JSON values; they come as [`News::Attributed`].
    pub fn attribute(&self, wanted: Vec<(OpenId, Subject)>) {
        self.counting.ask(wanted.into_iter().map(counting::Job::Attribute));
    }

    /// Counts the parts of definitions; they come as [`News::ToolCost`].
    pub fn cost_tools(&self, wanted: Vec<(OpenId, u32, u64)>) {
        self.counting.ask(wanted.into_iter().map(counting::Job::Tool));
    }

    /// Counts these calls before all others.
    pub fn count_first(&self, wanted: Vec<(OpenId, OperationId)>) {
        self.counting.ask(wanted.into_iter().map(|(session, call)| counting::Job::Call(session, call)));
    }

    /// Counts everything again, for another family of models.
    pub fn recount(&self, profile: Profile) {
        self.counting.recount(profile);
    }

    /// Plays recordings again under rules; what that came to comes as [`News::Previewed`].
    pub fn preview(&self, wanted: Vec<(OpenId, Arc<str>)>, profile: &Profile) {
        for (session, text) in wanted {
            let order = previewing::Order { session, text, profile: profile.clone() };
            if let Err(TrySendError::Full(order)) = self.previewing.try_send(order) {
                let why = Answer::Failed("too many rules are being tried; look again in a moment".into());
                self.herald.tell(News::Previewed(order.session, order.text, why));
            }
        }
    }

    /// Tries a rule on recorded messages; what that came to comes as [`News::Tried`].
    pub fn try_rule(&self, wanted: Option<Arc<Trial>>, profile: &Profile) {
        let Some(trial) = wanted else { return };
        if let Err(TrySendError::Full(order)) = self.trying.try_send((trial, profile.clone())) {
            let why = Answer::Failed("too many rules are being tried; look again in a moment".into());
            self.herald.tell(News::Tried(order.0, why));
        }
    }

    /// Looks for advice in a recording; it comes as [`News::Advised`].
    pub fn advise(&self, wanted: Option<Arc<Inquiry>>, profile: &Profile) {
        let Some(inquiry) = wanted else { return };
        if let Err(TrySendError::Full(order)) = self.advising.try_send((inquiry, profile.clone())) {
            let why = Answer::Failed("too much advice is being looked for; ask again in a moment".into());
            self.herald.tell(News::Advised(order.0, why));
        }
    }

    /// Compares two things; what came of it comes as [`News::Compared`]. One thing that is on screen orders this at a time, so
    /// there is a thread or two for it and never many.
    pub fn compare(&self, orders: Vec<side_by_side::Order>) {
        for order in orders {
            let herald = self.herald.clone();
            spawn("mcptop-compare", &self.herald, move || {
                let (ticket, found) = order.compare();
                herald.tell(News::Compared(ticket, found));
            });
        }
    }

    /// Has a call sent again, on a thread of its own; what came of it comes as [`News::Returned`].
    pub fn send(
        &self,
        errand: Arc<Errand>,
        courier: Option<Arc<dyn Courier>>,
        recording: Result<PathBuf, String>,
        profile: Profile,
    ) {
        let (herald, files) = (self.herald.clone(), self.files.clone());
        spawn("mcptop-resend", &self.herald, move || {
            let file = file_of(&files, errand.session);
            let report = resending::run(&errand, file.as_ref(), courier.as_deref(), recording, &profile);
            herald.tell(News::Returned(errand, Box::new(report)));
        });
    }

    /// Sends rules to a live session's proxy; its answer comes as [`News::Ruled`].
    pub fn rule(&self, control: PathBuf, proposal: Proposal) {
        let herald = self.herald.clone();
        spawn("mcptop-order", &self.herald, move || {
            let Proposal { session, text, keep, number, done } = proposal;
            let order = Order::SetRules { text: text.to_string(), keep };
            let answer = match ask(&control, &order) {
                Ok(Reply::Refused { why }) => Err(why),
                Ok(_) => Ok(done),
                Err(error) => Err(error.to_string()),
            };
            herald.tell(News::Ruled { session, number, answer });
        });
    }

    /// Sends an order to a live session's proxy; what came of it comes as [`News::Say`].
    pub fn order(&self, control: PathBuf, order: Order, done: String) {
        let herald = self.herald.clone();
        spawn("mcptop-order", &self.herald, move || {
            herald.tell(News::Say(match ask(&control, &order) {
                Ok(Reply::Done | Reply::Status(_) | Reply::Rules { .. }) => done,
                Ok(Reply::Refused { why }) => why,
                Err(error) => error.to_string(),
            }));
        });
    }

    /// Where a live session's proxy takes orders.
    #[must_use]
    pub fn control_of(&self, folders: &Folders, session: &str) -> Option<PathBuf> {
        let entries = crate::record::live(folders);
        entries.into_iter().find(|entry| entry.header.session == session)?.control
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_fails_says_so() {
        let (news, heard) = sync_channel(4);
        let herald = Herald { news, has_changed: Arc::default() };
        spawn("mcptop-test", &herald, || panic!("no {}", "luck"));
        let told = heard.recv().unwrap();
        assert!(matches!(&told, Message::News(News::Broken(text)) if text == "mcptop-test failed: no luck"));
    }
}
