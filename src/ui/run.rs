//! The only file that touches a terminal: raw mode, the screen, keys, and the loop that draws when something changed.
//!
//! Draws at most thirty times a second and sleeps when nothing happens. Whatever happens, the terminal is given back
//! as it was.

use std::io::{self, Read, Stdout, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{
    self, DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};
use thiserror::Error;

use super::app::{App, Looks, Moment};
use super::copy::{OSC52_BYTES_MAX, clipboard_commands};
use super::feed::{Feed, Message, News, Pace, Source};
use super::memory::{Memory, user_themes};
use super::panels::{Deed, OpenId, Targets};
use super::theme::{Background, Depth, Glyphs, ThemeError, Themes};
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
    if let Some(profile) = &start.profile {
        memory.profile = Some(profile.id.to_owned());
    }
    if !matches!(start.open, What::Everything) {
        // What was looked for in other sessions would hide this one.
        memory.filter.clear();
    }
    let (looks, theme_errors, by_hand) = looks(&start, &memory);
    let (depth, may_ask) = (looks.depth, !by_hand);
    let app = App::new(looks, memory, start.targets)?;
    let source = match start.open {
        What::Everything => None,
        What::File(path) => Some(Source::File(path)),
        What::Stream(name, stream) => Some(Source::Stream(name, stream)),
        What::Playback { recording, speed } => {
            let pace = Pace::new(&recording, Timestamp::now(), speed)?;
            Some(Source::Stream("playback".to_owned(), Box::new(pace)))
        }
    };
    let searched = if source.is_none() { start.folders.clone() } else { None };
    let (feed, messages, speaker) = Feed::start(searched, app.state.profile.clone());
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
    leave_on_signals(speaker);
    let outcome = viewer.turn_until_left(&messages);
    if let Some(file) = memory_file {
        // Losing the memory is no reason to complain on the way out.
        let _ = viewer.app.memory().save(&file);
    }
    outcome.map_err(UiError::from)
}

/// What the environment says about the terminal, and the user about the theme; whether the user chose it.
fn looks(start: &Start, memory: &Memory) -> (Looks, Vec<ThemeError>, bool) {
    let variable = |name: &str| std::env::var(name).ok();
    let depth = Depth::of_environment(variable);
    let files = start.folders.as_ref().map(|folders| user_themes(&folders.config().join("themes")));
    let (themes, errors) = Themes::with_user_files(files.unwrap_or_default());
    let chosen = start.theme.clone().or_else(|| {
        // A theme remembered from a terminal with colours is not forced on one without.
        let remembered = memory.theme.clone().filter(|_| depth > Depth::None);
        remembered.filter(|name| themes.names().any(|known| known == name))
    });
    let background = match memory.background.as_deref() {
        Some("light") => Some(Background::Light),
        Some(_) | None => None,
    };
    let by_hand = chosen.is_some();
    let theme = chosen.unwrap_or_else(|| themes.fitting(depth, background).to_owned());
    let glyphs = if start.ascii || !speaks_unicode(variable) { Glyphs::ASCII } else { Glyphs::UNICODE };
    (Looks { themes, theme, depth, glyphs }, errors, by_hand)
}

/// Whether the locale, by the first of its variables that is set, is one of UTF-8. Windows consoles are.
fn speaks_unicode(variable: impl Fn(&str) -> Option<String>) -> bool {
    let locale =
        ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(variable).find(|value| !value.is_empty());
    cfg!(any(windows, target_os = "macos"))
        || locale.is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        })
}

/// Hands the terminal's events over, until nobody takes them.
fn listen(speaker: &SyncSender<Message>) {
    let speaker = speaker.clone();
    std::thread::spawn(move || {
        while let Ok(event) = event::read() {
            if speaker.send(Message::Terminal(event)).is_err() {
                return;
            }
        }
        // The terminal is gone.
        let _ = speaker.send(Message::Leave);
    });
}

/// Leaves in order when the program is told to end, so that the terminal is given back.
fn leave_on_signals(speaker: SyncSender<Message>) {
    #[cfg(unix)]
    std::thread::spawn(move || {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            let (Ok(mut terminate), Ok(mut hang_up)) =
                (signal(SignalKind::terminate()), signal(SignalKind::hangup()))
            else {
                return;
            };
            tokio::select! {
                _ = terminate.recv() => {}
                _ = hang_up.recv() => {}
            }
        });
        let _ = speaker.send(Message::Leave);
    });
    // Elsewhere closing the window ends the program with its console.
    #[cfg(not(unix))]
    drop(speaker);
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
                None
            }
            News::Say(text) => Some(Input::Say(text)),
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
            Effect::Quit => return true,
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
            Effect::Recount => {
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
        self.feed.close(id);
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
                self.app.state.listed.retain(|listed| listed.path != *path);
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

/// The terminal, as long as it is ours.
struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Screen {
    fn open() -> io::Result<Self> {
        restore_on_panic();
        enable_raw_mode()?;
        let mut out = io::stdout();
        let entered = execute!(
            out,
            EnterAlternateScreen,
            EnableMouseCapture,
            EnableBracketedPaste,
            crossterm::cursor::Hide
        );
        // From here on the terminal is given back even if the rest fails.
        let screen = Terminal::new(CrosstermBackend::new(out)).map(|terminal| Self { terminal });
        if screen.is_err() || entered.is_err() {
            restore();
        }
        entered?;
        screen
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Puts a text on the clipboard: the terminal's by its escape sequence, the local one by a program, if there is
/// one. Returns whether either could be tried.
fn copy(text: &str) -> bool {
    let mut is_tried = false;
    if text.len() <= OSC52_BYTES_MAX {
        is_tried = execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text)).is_ok();
    }
    for command in clipboard_commands(|name| std::env::var(name).ok()) {
        let spawned = Command::new(command.program)
            .args(command.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        if let Ok(mut child) = spawned {
            let (stdin, text) = (child.stdin.take(), text.to_owned());
            // It may take its time, and is waited for so that it does not stay behind as a zombie.
            std::thread::spawn(move || {
                if let Some(mut stdin) = stdin {
                    let _ = stdin.write_all(text.as_bytes());
                }
                let _ = child.wait();
            });
            return true;
        }
    }
    is_tried
}

/// Gives the terminal back. Errors have nowhere to go.
fn restore() {
    let _ = execute!(
        io::stdout(),
        DisableBracketedPaste,
        DisableMouseCapture,
        LeaveAlternateScreen,
        crossterm::cursor::Show
    );
    let _ = disable_raw_mode();
}

/// If the drawing thread panics, the terminal is given back before the message is printed. Panics of other threads
/// are not printed: the tokenizer's are caught and shown as a count that failed.
fn restore_on_panic() {
    let drawing = std::thread::current().id();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().id() == drawing {
            restore();
            before(panic);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_is_drawn_unless_the_locale_is_one_of_utf_8() {
        let says = |pairs: &'static [(&str, &str)]| {
            speaks_unicode(move |name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
        };
        if cfg!(target_os = "linux") {
            assert!(says(&[("LANG", "de_DE.UTF-8")]));
            assert!(says(&[("LC_ALL", ""), ("LANG", "C.utf8")]));
            assert!(!says(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]));
            assert!(!says(&[]));
        }
    }
}
