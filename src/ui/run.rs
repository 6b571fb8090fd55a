//! The only place that touches a terminal, and the loop that draws when something changed.
//!
//! Draws at most thirty times a second and sleeps when nothing happens. Whatever happens, the terminal is given back
//! as it was.

mod looks;
mod terminal;

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use crossterm::event;
use jiff::Timestamp;
use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};
use thiserror::Error;

use looks::looks;
use terminal::{Screen, copy, leave_on_signals, listen};

use super::app::{App, Moment};
use super::feed::{Feed, Message, News, Pace, Source};
use super::header::PLAYBACK;
use super::memory::Memory;
use super::panels::{Deed, OpenId, Targets};
use super::ruling::Proposal;
use super::theme::{Background, Depth, ThemeError};
use super::update::{Effect, Input};
use super::view::view;
use crate::control::Order;
use crate::record::Folders;
use crate::tokens::Profile;
use crate::trace::{Event, Fact, LineError, Place};

/// How the viewer is started.
pub struct Start {
    /// What it opens.
    pub open: What,
    /// Where sessions are found, and where themes and memory are kept; `None` for none of it.
    pub folders: Option<Folders>,
    /// A theme by name; `None` for the one that fits the terminal.
    pub theme: Option<String>,
    /// Draw with ASCII only, whatever the locale says.
    pub ascii: bool,
    /// What colours judge by.
    pub targets: Targets,
    /// The family of models tokens are counted for; `None` for the one used last.
    pub profile: Option<Profile>,
    /// Size of the context window in tokens; `None` for the one used last.
    pub window_tokens: Option<u64>,
}

/// What is opened.
pub enum What {
    /// Every live session, now and later; recordings can be chosen.
    Everything,
    /// A recording.
    File(PathBuf),
    /// The recording of a proxy in this process, which ends when the viewer is left.
    Served {
        /// The recording.
        recording: PathBuf,
        /// What the proxy has to say meanwhile.
        heard: Receiver<String>,
    },
    /// A recording from a stream, with the name it gets on the screen.
    Stream(String, Box<dyn Read + Send>),
    /// A recording at the pace at which it was made, or so many times faster.
    Playback {
        /// The recording.
        recording: Vec<u8>,
        /// How many times faster.
        speed: f64,
    },
}

/// Why the viewer could not run.
#[derive(Debug, Error)]
pub enum UiError {
    /// The terminal cannot be used.
    #[error("cannot use this terminal: {0}")]
    Terminal(#[from] io::Error),
    /// There is no such theme.
    #[error(transparent)]
    Theme(#[from] ThemeError),
    /// What should be played is no recording.
    #[error("cannot play this: {0}")]
    Playback(#[from] LineError),
}

/// The screen is drawn at most this often.
const FRAME: Duration = Duration::from_millis(33);
/// The terminal gets this long to say what its background is.
const BACKGROUND_TIMEOUT: Duration = Duration::from_millis(80);
/// Messages taken in before the screen is looked after again.
const MESSAGES_PER_TURN: usize = 256;

/// Shows the viewer until the user leaves it.
///
/// # Errors
/// If the terminal cannot be used, the theme does not exist, or the recording cannot be played.
pub fn run(start: Start) -> Result<(), UiError> {
    let memory_file = start.folders.as_ref().map(|folders| folders.config().join("viewer.toml"));
    let mut memory = memory_file.as_deref().map(Memory::load).unwrap_or_default();
    memory.window_tokens = start.window_tokens.or(memory.window_tokens);
    if !matches!(start.open, What::Everything) {
        // What was looked for in other sessions would hide this one.
        memory.filter.clear();
    }
    let (looks, theme_errors, by_hand) = looks(&start, &memory);
    let (depth, may_ask) = (looks.depth, !by_hand);
    let mut app = App::new(looks, memory, start.targets, start.profile)?;
    let mut heard = None;
    let source = match start.open {
        What::Everything => None,
        What::Served { recording, heard: from_proxy } => {
            app.state.ends_proxy = true;
            heard = Some(from_proxy);
            Some(Source::File(recording))
        }
        What::File(path) => Some(Source::File(path)),
        What::Stream(name, stream) => Some(Source::Stream(name, stream)),
        What::Playback { recording, speed } => {
            let pace = Pace::new(&recording, Timestamp::now(), speed)?;
            Some(Source::Stream(PLAYBACK.to_owned(), Box::new(pace)))
        }
    };
    let (feed, messages, speaker) = Feed::start(start.folders.clone(), app.state.profile.clone());
    let mut viewer = Viewer {
        app,
        feed,
        screen: Screen::open()?,
        born: Instant::now(),
        folders: start.folders,
        opens_everything: source.is_none(),
    };
    if let Some(error) = theme_errors.first() {
        viewer.app.say(error.to_string(), viewer.now());
    }
    if let Some(source) = source {
        viewer.app.panels.show(viewer.app.state.first_panel());
        viewer.feed.open(source);
    }
    viewer.draw()?;
    if may_ask && depth >= Depth::Indexed {
        viewer.fit_background();
        viewer.draw()?;
    }
    listen(&speaker);
    if let Some(heard) = heard {
        pass_on(heard, &speaker);
    }
    leave_on_signals(speaker);
    let outcome = viewer.turn_until_left(&messages);
    if let Some(file) = memory_file {
        // Losing the memory is no reason to complain on the way out.
        let _ = viewer.app.memory().save(&file);
    }
    outcome.map_err(UiError::from)
}

/// Shows what somebody in this process has to say.
fn pass_on(heard: Receiver<String>, speaker: &SyncSender<Message>) {
    let speaker = speaker.clone();
    std::thread::spawn(move || {
        for text in heard {
            if speaker.send(Message::News(News::Say(text))).is_err() {
                return;
            }
        }
    });
}

/// The viewer with everything around it.
struct Viewer {
    app: App,
    feed: Feed,
    screen: Screen,
    born: Instant,
    folders: Option<Folders>,
    opens_everything: bool,
}

impl Viewer {
    fn now(&self) -> Moment {
        Moment { up: self.born.elapsed(), wall: Timestamp::now() }
    }

    fn turn_until_left(&mut self, messages: &Receiver<Message>) -> io::Result<()> {
        let mut is_dirty = false;
        let mut drawn = Instant::now();
        loop {
            let wait = if is_dirty {
                Some(FRAME.saturating_sub(drawn.elapsed()))
            } else {
                self.app.next_change(self.now()).map(|change| change.max(FRAME))
            };
            let message = match wait {
                Some(wait) => match messages.recv_timeout(wait) {
                    Ok(message) => Some(message),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => return Ok(()),
                },
                None => match messages.recv() {
                    Ok(message) => Some(message),
                    Err(_) => return Ok(()),
                },
            };
            is_dirty = true;
            if let Some(message) = message {
                let more = std::iter::from_fn(|| messages.try_recv().ok()).take(MESSAGES_PER_TURN);
                for message in std::iter::once(message).chain(more.collect::<Vec<_>>()) {
                    if self.take(message) {
                        return Ok(());
                    }
                }
            }
            if drawn.elapsed() >= FRAME {
                self.draw()?;
                drawn = Instant::now();
                is_dirty = false;
            }
        }
    }

    /// Takes a message in; returns whether to leave.
    fn take(&mut self, message: Message) -> bool {
        let input = match message {
            Message::Leave => return true,
            Message::Terminal(event) => match event {
                event::Event::Key(key) => Input::Key(key),
                event::Event::Mouse(mouse) => Input::Mouse(mouse),
                event::Event::Paste(text) => Input::Paste(text),
                event::Event::Resize(..) | event::Event::FocusGained | event::Event::FocusLost => {
                    return false;
                }
            },
            Message::News(news) => match self.news(news) {
                Some(input) => input,
                None => return false,
            },
        };
        let at = self.now();
        let effects = self.app.update(input, at);
        effects.into_iter().any(|effect| self.perform(effect, at))
    }

    fn news(&mut self, news: News) -> Option<Input> {
        match news {
            News::Changed => None,
            News::Found(listed) => Some(Input::Found(listed)),
            News::Appeared(path) => self.opens_everything.then_some(Input::Appeared(path)),
            News::Opened(session) => {
                self.app.state.opens.push(session);
                self.app.is_stale = true;
                None
            }
            News::Ruled { session, number, answer } => Some(Input::Ruled { session, number, answer }),
            News::Previewed(session, text, answer) => {
                self.app.state.rulings.put_preview(session, &text, answer);
                None
            }
            News::Tried(trial, answer) => {
                self.app.state.trials.put(&trial, answer);
                None
            }
            News::Say(text) => Some(Input::Say(text)),
            News::Broken(text) => Some(Input::Broken(text)),
            News::Body(key, answer) => {
                self.app.state.bodies.put(key, answer);
                Some(Input::Fetched)
            }
            News::Attributed(key, answer) => {
                self.app.state.attributions.put(key, answer);
                None
            }
            News::ToolCost(key, answer) => {
                self.app.state.tool_costs.put(key, answer);
                None
            }
        }
    }

    /// Does what the state cannot do itself; returns whether to leave.
    fn perform(&mut self, effect: Effect, at: Moment) -> bool {
        match effect {
            Effect::Quit | Effect::Deed(Deed::Quit) => return true,
            Effect::Copy(text) => {
                if !copy(&text) {
                    self.app.say("This is too long for the clipboard of a terminal", at);
                }
            }
            Effect::Open(path) => {
                if self.app.state.opens.iter().all(|open| open.path != path) {
                    self.feed.open(Source::File(path));
                }
            }
            Effect::Close(id) => self.close(id),
            Effect::Hold(is_held) => self.feed.hold(is_held),
            Effect::Refresh => self.feed.refresh(),
            Effect::Mark(id, text) => self.mark(id, text, at),
            Effect::Deed(Deed::Delete(path)) => self.delete(&path, at),
            Effect::Deed(Deed::StopRecording(id)) => match self.control_of(id) {
                Some(control) => {
                    self.feed.order(control, Order::StopRecording, "It is not recorded any more".to_owned());
                }
                None => self.app.say("Its proxy takes no orders", at),
            },
            Effect::Rule(proposal) => self.rule(proposal, at),
            Effect::Recount => {
                self.app.state.rulings.preview_again();
                self.app.state.trials.forget();
                self.app.state.attributions.forget(|_| true);
                self.app.state.tool_costs.forget(|_| true);
                self.feed.recount(self.app.state.profile.clone());
            }
        }
        false
    }

    fn close(&mut self, id: OpenId) {
        self.app.state.opens.retain(|open| open.id != id);
        self.app.state.bodies.forget(|(session, _)| *session == id);
        self.app.state.attributions.forget(|(session, _)| *session == id);
        self.app.state.tool_costs.forget(|(session, ..)| *session == id);
        self.app.state.rulings.forget(id);
        self.feed.close(id);
    }

    /// Sends rules to the proxy of a live session.
    fn rule(&mut self, proposal: Proposal, at: Moment) {
        if let Some(control) = self.control_of(proposal.session) {
            return self.feed.rule(control, proposal);
        }
        self.app.state.rulings.answered(proposal.session, proposal.number, false);
        self.app.say("Its proxy takes no orders: the rules have not changed", at);
    }

    fn control_of(&self, id: OpenId) -> Option<PathBuf> {
        let open = self.app.state.open(id)?;
        let session = open.shared.see().header.session.clone();
        self.feed.control_of(self.folders.as_ref()?, &session)
    }

    /// Puts a remark into a live session's recording; into this viewer's picture alone if it has ended.
    fn mark(&mut self, id: OpenId, text: String, at: Moment) {
        let is_live = self.app.state.open(id).is_some_and(|open| open.shared.is_live());
        if let Some(control) = self.control_of(id).filter(|_| is_live) {
            return self.feed.order(control, Order::Mark { text }, "Marked".to_owned());
        }
        let Some(open) = self.app.state.open(id) else { return };
        let mut session = open.shared.see();
        let event = Event { at: session.last_event(), fact: Fact::Note { text: text.into() } };
        session.apply(&event, Place::default());
        drop(session);
        self.app.say("Marked until this viewer is left: the recording is closed", at);
    }

    fn delete(&mut self, path: &PathBuf, at: Moment) {
        match std::fs::remove_file(path) {
            Ok(()) => {
                let open = self.app.state.opens.iter().find(|open| open.path == *path).map(|open| open.id);
                if let Some(id) = open {
                    self.close(id);
                }
                self.app.state.listed.retain(|listed| listed.path.as_ref() != Some(path));
                self.app.say("Deleted", at);
                self.feed.refresh();
            }
            Err(error) => self.app.say(format!("Not deleted: {error}"), at),
        }
    }

    fn draw(&mut self) -> io::Result<()> {
        self.feed.heard();
        let (app, at) = (&mut self.app, Moment { up: self.born.elapsed(), wall: Timestamp::now() });
        self.screen.terminal.draw(|frame| {
            let area = frame.area();
            if let Some(cursor) = view(app, at, area, frame.buffer_mut()) {
                frame.set_cursor_position(cursor);
            }
        })?;
        self.feed.fetch(self.app.state.bodies.take_wanted());
        self.feed.attribute(self.app.state.attributions.take_wanted());
        self.feed.cost_tools(self.app.state.tool_costs.take_wanted());
        self.feed.preview(self.app.state.rulings.take_wanted(), &self.app.state.profile);
        self.feed.try_rule(self.app.state.trials.take_wanted(), &self.app.state.profile);
        self.feed.count_first(self.app.state.uncounted.take());
        Ok(())
    }

    /// Asks the terminal for its background and takes the theme made for it.
    fn fit_background(&mut self) {
        let mut options = QueryOptions::default();
        options.timeout = BACKGROUND_TIMEOUT;
        let (background, word) = match theme_mode(options) {
            Ok(ThemeMode::Light) => (Background::Light, "light"),
            Ok(ThemeMode::Dark) => (Background::Dark, "dark"),
            Err(_) => return,
        };
        let state = &mut self.app.state;
        state.memory.background = Some(word.to_owned());
        let name = state.themes.fitting(state.depth, Some(background)).to_owned();
        if let Ok(theme) = state.themes.theme(&name, state.depth, state.theme.glyphs) {
            state.theme = theme;
        }
    }
}
