//! What a key, the mouse or news from the feed does to the state; what must be done outside comes back as effects.
//!
//! Knows no terminal and no clock: the moment is handed in.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyEvent, KeyEventKind, MouseButton, MouseEvent, MouseEventKind};
use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::app::{App, Moment, Overlay, WINDOWS_TOKENS};
use super::fitting::Chooser;
use super::keys::{Action, Press, Turn, binding};
use super::palette::{self, Command, Palette};
use super::panels::{Cx, Deed, Listed, Mouse, OpenId, PanelId, Reply};
use super::prompt::{Prompt, Verdict};
use super::resend::{Errand, Report};
use super::ruling::Proposal;
use super::view::view;
use super::widgets::number::grouped;
use crate::model::Filter;

/// Something the user did, or that was found out meanwhile.
#[derive(Clone, Debug)]
pub enum Input {
    /// A key.
    Key(KeyEvent),
    /// The mouse.
    Mouse(MouseEvent),
    /// Pasted text.
    Paste(String),
    /// This machine has been searched for sessions.
    Found(Vec<Listed>),
    /// A session can be opened that the user did not ask for: a live one.
    Appeared(PathBuf),
    /// A message that was asked for, or a count, has arrived.
    Fetched,
    /// A proxy has answered to new rules of a session.
    Ruled {
        /// Whose rules.
        session: OpenId,
        /// Which change of them.
        number: u64,
        /// What the user is told: that it is done, or why not.
        answer: Result<String, String>,
    },
    /// A call that was sent again has come back.
    Returned(Arc<Errand>, Box<Report>),
    /// Something outside has a word for the user.
    Say(String),
    /// A part of the viewer has failed.
    Broken(String),
}

/// What must be done outside the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Leave.
    Quit,
    /// Draw every cell again.
    Redraw,
    /// Stop as a job of the shell.
    Suspend,
    /// Put this on the clipboard.
    Copy(String),
    /// Open a recording.
    Open(PathBuf),
    /// Play a recording from its beginning.
    Play(PathBuf),
    /// Follow a time cursor that has been moved.
    Follow,
    /// Close a session in this viewer.
    Close(OpenId),
    /// Stop, or go on, reading recordings.
    Hold(bool),
    /// Look for sessions now.
    Refresh,
    /// Put a remark into a session.
    Mark(OpenId, String),
    /// Do what the user has confirmed.
    Deed(Deed),
    /// Count everything again, for another family of models.
    Recount,
    /// Put rules in force.
    Rule(Proposal),
    /// Send a call again.
    Send(Arc<Errand>),
}

/// Within this time a second click is a double click.
const DOUBLE_CLICK: Duration = Duration::from_millis(400);
/// Rows the wheel moves.
const WHEEL_ROWS: i16 = 3;

impl App {
    /// Takes an input. A key means what the screen would show, drawn or not: who types ahead loses nothing.
    pub fn update(&mut self, input: Input, at: Moment) -> Vec<Effect> {
        if self.is_stale && matches!(input, Input::Key(_)) {
            let screen = self.places.screen;
            view(self, at, screen, &mut Buffer::empty(screen));
        }
        let mut effects = self.take_input(input, at);
        effects.extend(self.give_back(&effects));
        self.is_stale = true;
        effects
    }

    fn take_input(&mut self, input: Input, at: Moment) -> Vec<Effect> {
        match input {
            Input::Key(key) if key.kind == KeyEventKind::Release => Vec::new(),
            Input::Key(key) => {
                self.before_key();
                let effects = self.key(key, at);
                self.after_key();
                effects
            }
            Input::Mouse(mouse) => self.mouse(mouse, at),
            Input::Paste(text) => self.paste(&text, at),
            Input::Found(listed) => {
                self.state.listed = listed;
                self.state.has_searched = true;
                Vec::new()
            }
            Input::Appeared(path) => self.appeared(path),
            Input::Fetched => match self.copying.take() {
                Some(waiting) => self.copy(waiting, at),
                None => Vec::new(),
            },
            Input::Broken(text) => {
                self.broken.get_or_insert(text);
                Vec::new()
            }
            Input::Ruled { session, number, answer } => {
                self.rules_answered(session, number, answer, at);
                Vec::new()
            }
            Input::Returned(errand, report) => {
                self.returned(&errand, *report, at);
                Vec::new()
            }
            Input::Say(text) => {
                self.say(text, at);
                Vec::new()
            }
        }
    }

    fn key(&mut self, key: KeyEvent, at: Moment) -> Vec<Effect> {
        let press = Press::of(&key);
        let pressed = self.state.keys.action(press, self.panels.open);
        // A spoilt screen is drawn again whatever is open on it.
        if self.overlay.is_some() && (pressed != Some(Action::Redraw) || press.is_text()) {
            return self.overlay_key(key, at);
        }
        self.was_idle = pressed.is_none();
        pressed.map_or_else(Vec::new, |action| self.act(action, at))
    }

    /// Leaves; asks first if that ends a proxy that somebody uses.
    fn quit(&mut self, at: Moment) -> Vec<Effect> {
        let clients = if self.state.ends_proxy { self.state.clients_here(at) } else { 0 };
        let who = match clients {
            0 => return vec![Effect::Quit],
            1 => "A client is connected.".to_owned(),
            _ => format!("{clients} clients are connected."),
        };
        let question = format!("{who} Leave and stop serving?");
        self.overlay = Some(Overlay::Confirm { question, deed: Deed::Quit });
        Vec::new()
    }

    /// Does what a key or the palette asks for.
    pub(super) fn act(&mut self, action: Action, at: Moment) -> Vec<Effect> {
        match action {
            Action::Quit => return self.quit(at),
            Action::Redraw => return vec![Effect::Redraw],
            Action::Suspend if self.state.ends_proxy => {
                self.say(
                    "The proxy is part of this program and would stand still, too: it cannot be suspended",
                    at,
                );
            }
            Action::Suspend => return vec![Effect::Suspend],
            Action::Show(PanelId::Help) if self.panels.open == PanelId::Help => {
                self.panels.show(self.panels.before);
            }
            Action::Show(panel) => self.panels.show(panel),
            Action::NextPanel => self.panels.step(1),
            Action::PreviousPanel => self.panels.step(-1),
            Action::Filter if self.panels.open == PanelId::Help => {
                let prompt = Prompt::new("/", &self.state.asked.words, Vec::new());
                self.overlay = Some(Overlay::Search { prompt });
            }
            Action::Filter => self.open_filter(),
            Action::Palette => self.open_palette(),
            Action::Pause if self.state.played().is_some() => return self.turn(Turn::Play, at),
            Action::Pause => return self.pause(at),
            Action::NextTheme => self.open_themes(),
            Action::NextProfile => {
                let all = &self.state.profiles;
                let now = all.iter().position(|profile| profile.id == self.state.profile.id).unwrap_or(0);
                self.state.profile = all[(now + 1) % all.len()].clone();
                self.state.profile_by = Chooser::User;
                self.say(format!("Tokens as {} counts them", self.state.profile.label), at);
                return vec![Effect::Recount];
            }
            Action::NextWindow => {
                let now = WINDOWS_TOKENS.iter().position(|window| *window == self.state.window_tokens);
                let next = now.map_or(0, |now| (now + 1) % WINDOWS_TOKENS.len());
                self.state.window_tokens = WINDOWS_TOKENS[next];
                let window = grouped(self.state.window_tokens);
                self.say(format!("Shares of a context window of {window} tokens"), at);
            }
            Action::WireOrModel => {
                self.state.wire = !self.state.wire;
                let what =
                    if self.state.wire { "as they went over the wire" } else { "as the model gets them" };
                self.say(format!("Tokens {what}"), at);
            }
            Action::Copy => return self.open_copy_menu(at),
            Action::Mark => self.open_note(at),
            Action::Advise => self.advise(at),
            Action::EditRules => self.edit_rules(at),
            Action::KeepRules => return self.keep_rules(at),
            Action::Undo => return self.undo_rules(at),
            Action::Playback(Turn::Play) if self.panels.open == PanelId::Sessions => {
                let reply = self.ask_panel(at, |panel, cx| panel.act(action, cx));
                return match reply {
                    Reply::Ignored => self.turn(Turn::Play, at),
                    reply => self.take(reply, at),
                };
            }
            Action::Playback(Turn::Here) => {
                let reply = self.ask_panel(at, |panel, cx| panel.act(action, cx));
                return self.take(reply, at);
            }
            Action::Playback(turn) => return self.turn(turn, at),
            Action::Back => return self.back(at),
            Action::Up
            | Action::Down
            | Action::Left
            | Action::Right
            | Action::PageUp
            | Action::PageDown
            | Action::First
            | Action::Last
            | Action::Open
            | Action::SortNext
            | Action::SortPrevious
            | Action::SortReverse
            | Action::Follow
            | Action::FoldAll
            | Action::Raw
            | Action::NextView
            | Action::NextError
            | Action::Resend
            | Action::Related
            | Action::Exclude
            | Action::Pick
            | Action::Compare
            | Action::NextMode
            | Action::Point(_)
            | Action::RemoveRule
            | Action::ZoomIn
            | Action::ZoomOut
            | Action::Fit
            | Action::Close
            | Action::Delete
            | Action::StopRecording
            | Action::Refresh => {
                let reply = self.ask_panel(at, |panel, cx| panel.act(action, cx));
                return self.take(reply, at);
            }
        }
        Vec::new()
    }

    fn back(&mut self, at: Moment) -> Vec<Effect> {
        let reply = self.ask_panel(at, |panel, cx| panel.act(Action::Back, cx));
        if reply != Reply::Ignored {
            return self.take(reply, at);
        }
        if self.panels.open == PanelId::Help {
            if self.state.asked.words.is_empty() {
                self.panels.show(self.panels.before);
            }
            self.state.asked.words.clear();
        } else if !self.state.filter_text.is_empty() {
            self.set_filter("");
        }
        Vec::new()
    }

    fn ask_panel(
        &mut self,
        at: Moment,
        ask: impl FnOnce(&mut dyn super::panels::Panel, &Cx<'_>) -> Reply,
    ) -> Reply {
        let Self { state, panels, .. } = self;
        state.with_cx(at, true, |cx| ask(panels.current(), cx))
    }

    /// Does what a panel asks for.
    fn take(&mut self, reply: Reply, at: Moment) -> Vec<Effect> {
        match reply {
            Reply::Ignored => self.was_idle = true,
            Reply::Done => {}
            Reply::Say(text) => self.say(text, at),
            Reply::Show(panel, focus) => {
                self.panels.show(panel);
                let Self { state, panels, .. } = self;
                state.with_cx(at, true, |cx| panels.current().focus(&focus, cx));
            }
            Reply::Filter(text, panel) => {
                self.set_filter(&text);
                self.panels.show(panel);
            }
            Reply::OpenRecording(path) => {
                self.panels.show(PanelId::Top);
                return vec![Effect::Open(path)];
            }
            Reply::Play(path) => return self.play(path),
            Reply::Seek(session, to) => return self.seek(session, to, at),
            Reply::CloseSession(id) => return vec![Effect::Close(id)],
            Reply::Confirm(question, deed) => self.overlay = Some(Overlay::Confirm { question, deed }),
            Reply::SideBySide(pair) => return self.set_side_by_side(pair),
            Reply::Point(pointing) => self.point(pointing),
            Reply::Resend(session, call) => self.resend(session, call, at),
            Reply::Rule(change) => return self.change_rules(change, at),
            Reply::Refresh => {
                self.say("Looking for sessions", at);
                return vec![Effect::Refresh];
            }
        }
        Vec::new()
    }

    /// A live session that nobody asked for: it is opened, and shown if the screen has nothing else to show.
    fn appeared(&mut self, path: PathBuf) -> Vec<Effect> {
        self.borrowed.retain(|borrowed| *borrowed != path);
        // One in which a call is sent again is opened when it is asked for: it would count in all totals.
        if self.state.opens.iter().any(|open| open.path == path) || self.state.errands.contains(&path) {
            return Vec::new();
        }
        if self.state.opens.is_empty() && self.panels.open == PanelId::Sessions {
            self.panels.show(self.state.first_panel());
        }
        vec![Effect::Open(path)]
    }

    fn pause(&mut self, at: Moment) -> Vec<Effect> {
        self.state.paused = match self.state.paused {
            Some(_) => None,
            None => Some(at.wall),
        };
        vec![Effect::Hold(self.state.paused.is_some())]
    }

    pub(super) fn set_filter(&mut self, text: &str) {
        if let Ok(filter) = Filter::parse(text) {
            self.state.filter = filter;
            text.trim().clone_into(&mut self.state.filter_text);
        }
    }

    fn set_theme(&mut self, name: &str, at: Moment) {
        self.state.wear(name);
        self.state.memory.theme = Some(name.to_owned());
        self.say(format!("Theme {name}"), at);
    }

    fn open_filter(&mut self) {
        let text = self.state.filter_text.clone();
        let prompt = Prompt::new("/", &text, self.state.memory.filters.clone());
        self.overlay = Some(Overlay::Filter { prompt, before: text });
        self.judge_filter();
    }

    fn open_palette(&mut self) {
        let themes: Vec<String> = self.state.themes.names().map(str::to_owned).collect();
        let recorded = self.state.listed.iter().filter_map(|listed| Some((listed, listed.path.clone()?)));
        let recordings: Vec<(String, PathBuf)> = recorded
            .map(|(Listed { header, .. }, path)| {
                (format!("{}, {}", header.label, header.started.strftime("%F %R")), path)
            })
            .collect();
        let entries = palette::entries(&self.state.keys, self.panels.open, &themes, &recordings);
        self.overlay = Some(Overlay::Palette(Palette::new(entries, self.state.theme.name())));
    }

    fn open_themes(&mut self) {
        let themes: Vec<String> = self.state.themes.names().map(str::to_owned).collect();
        self.overlay = Some(Overlay::Palette(Palette::of_themes(&themes, self.state.theme.name())));
    }

    pub(super) fn command(&mut self, command: Command, at: Moment) -> Vec<Effect> {
        match command {
            Command::Act(action) => return self.act(action, at),
            Command::Elsewhere(panel, action) => {
                self.panels.show(panel);
                let text = binding(action).map_or("", |row| row.text);
                self.say(format!("{}  {text}", self.state.keys.label(action, panel)), at);
            }
            Command::Theme(name) => self.set_theme(&name, at),
            Command::Filter(text) => self.set_filter(text),
            Command::Open(path) => return self.take(Reply::OpenRecording(path), at),
        }
        Vec::new()
    }

    fn open_note(&mut self, at: Moment) {
        let Self { state, panels, .. } = self;
        let session = state.with_cx(at, true, |cx| cx.ruled(panels.current().session(cx)));
        match session {
            Some(session) => {
                let is_live = self.state.open(session).is_some_and(|open| open.shared.is_live());
                let kept =
                    if is_live { "in the recording" } else { "until you leave: the session has ended" };
                let mut prompt = Prompt::new("remark:", "", Vec::new());
                prompt.verdict = Verdict::Good(format!("it stands at this moment {kept}"));
                self.overlay = Some(Overlay::Note { prompt, session });
            }
            None => self.say("No session is open to put a remark into", at),
        }
    }

    fn mouse(&mut self, mouse: MouseEvent, at: Moment) -> Vec<Effect> {
        let position = Position { x: mouse.column, y: mouse.row };
        let what = match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => {
                let again = self.clicked.is_some_and(|(when, x, y)| {
                    (x, y) == (mouse.column, mouse.row) && at.up.saturating_sub(when) <= DOUBLE_CLICK
                });
                self.clicked = (!again).then_some((at.up, mouse.column, mouse.row));
                if again { Mouse::DoubleClick(position) } else { Mouse::Click(position) }
            }
            MouseEventKind::ScrollUp => Mouse::Wheel(position, -WHEEL_ROWS),
            MouseEventKind::ScrollDown => Mouse::Wheel(position, WHEEL_ROWS),
            _ => return Vec::new(),
        };
        if self.overlay.is_some() {
            return self.overlay_mouse(what, at);
        }
        let tab = self.places.tabs.iter().find(|(place, _)| place.contains(position)).map(|(_, id)| *id);
        match (what, tab) {
            (Mouse::Click(_) | Mouse::DoubleClick(_), Some(panel)) => {
                self.panels.show(panel);
                Vec::new()
            }
            (_, None) if self.places.panel.contains(position) => {
                let reply = self.ask_panel(at, |panel, cx| panel.mouse(what, cx));
                self.take(reply, at)
            }
            (Mouse::Wheel(..), Some(_)) | (_, None) => Vec::new(),
        }
    }
}
