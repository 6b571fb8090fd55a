//! The only place that touches a terminal, and the loop that draws when something changed.
//!
//! Draws at most thirty times a second and sleeps when nothing happens. Whatever happens, the terminal is given back
//! as it was.

mod effects;
mod looks;
mod terminal;

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use crossterm::event;
use jiff::Timestamp;
use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};
use thiserror::Error;

use looks::looks;
pub use looks::speaks_unicode;
use terminal::{Screen, listen};

use super::app::{App, Moment};
use super::feed::{Feed, Message, News, Source};
use super::header::PLAYBACK;
use super::keys::Bindings;
use super::memory::Memory;
use super::panels::Targets;
use super::resend::Courier;
use super::theme::{Background, Depth, ThemeError};
use super::update::Input;
use super::view::view;
use super::widgets::number::Price;
use crate::record::Folders;
use crate::tokens::Profile;

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
    /// Which key does what.
    pub keys: Bindings,
    /// The family of models tokens are counted for; `None` for the one used last.
    pub profile: Option<Profile>,
    /// Size of the context window in tokens; `None` for the one used last.
    pub window_tokens: Option<u64>,
    /// What tokens cost in money, if somebody has said it.
    pub price: Option<Price>,
    /// Who speaks to servers when a call is sent again; `None` if nobody does.
    pub courier: Option<Arc<dyn Courier>>,
    /// What the user is told first.
    pub notice: Option<String>,
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
        recording: Played,
        /// How many times faster.
        speed: f64,
    },
}

/// What is played.
pub enum Played {
    /// A recording's file.
    File(PathBuf),
    /// A recording that comes with the program.
    Text(&'static [u8]),
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
/// If the terminal cannot be used, or the theme does not exist.
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
    app.state.price = start.price;
    app.state.keys = start.keys;
    app.state.here = std::env::current_dir().ok();
    let (mut heard, mut plays) = (None, None);
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
            plays = Some(speed);
            Some(match recording {
                Played::File(path) => Source::File(path),
                Played::Text(text) => Source::Stream(PLAYBACK.to_owned(), Box::new(text)),
            })
        }
    };
    let (feed, messages, speaker) = Feed::start(start.folders.clone(), app.state.profile.clone());
    let mut viewer = Viewer {
        app,
        feed,
        screen: Screen::open()?,
        born: Instant::now(),
        folders: start.folders,
        courier: start.courier,
        opens_everything: source.is_none(),
    };
    let notice = theme_errors.first().map(ToString::to_string).or(start.notice);
    if let Some(notice) = notice {
        viewer.app.say(notice, viewer.now());
    }
    if let Some(source) = source {
        viewer.app.panels.show(viewer.app.state.first_panel());
        match plays {
            Some(speed) => viewer.feed.play(source, speed),
            None => viewer.feed.open(source),
        }
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
    // The key Ctrl-C is a key like others here; the signal comes from elsewhere. The terminal is given back in both cases.
    crate::signals::when_told_to_end(move || {
        let _ = speaker.send(Message::Leave);
    });
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
    courier: Option<Arc<dyn Courier>>,
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
                let at = self.now();
                for effect in self.app.fit_profile(at) {
                    self.perform(effect, at);
                }
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
            News::Returned(errand, report) => Some(Input::Returned(errand, report)),
            News::Previewed(session, text, answer) => {
                self.app.state.rulings.put_preview(session, &text, answer);
                None
            }
            News::Advised(inquiry, answer) => {
                self.app.state.advices.put(&inquiry, answer);
                None
            }
            News::Tried(trial, answer) => {
                self.app.state.trials.put(&trial, answer);
                None
            }
            News::Compared(ticket, found) => {
                self.app.put_compared(&ticket, found);
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
        self.feed.advise(self.app.state.advices.take_wanted(), &self.app.state.profile);
        self.feed.compare(self.app.take_orders());
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
