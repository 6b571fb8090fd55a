//! The state of the viewer: what is open, what is chosen, what lies over it.
//!
//! Plain values; `update` changes them, `view` draws them, and neither knows a terminal, a clock or a file.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use ratatui::layout::Rect;

use super::advice::{Advices, Board};
use super::deck::{Motion, Playback};
use super::editor::Editor;
use super::fetched::{Attributions, Bodies, ToolCosts};
use super::fitting::Chooser;
use super::keys::Bindings;
use super::matches::{Matched, Matches};
use super::memory::Memory;
use super::open::OpenSession;
use super::palette::Palette;
use super::panels::help::Asked;
use super::panels::{Copyable, Cx, Deed, Listed, OpenId, Opened, PanelId, Targets};
use super::pointed::{Dialog, Trials};
use super::prompt::Prompt;
use super::resend::Resend;
use super::ruling::Rulings;
use super::said::Said;
pub use super::shelf::Panels;
use super::side_by_side::SideBySide;
use super::theme::{Depth, Glyphs, Theme, ThemeError, Themes};
use super::widgets::number::Price;
use crate::model::Filter;
use crate::model::OperationId;
use crate::tokens::Profile;

/// A moment, as the state is told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Time since the viewer started; never goes back.
    pub up: Duration,
    /// The wall clock, to which the sessions' starts are compared.
    pub wall: Timestamp,
}

/// The viewer.
pub struct App {
    /// What panels are told of.
    pub state: State,
    /// The panels.
    pub panels: Panels,
    /// What lies over the panel.
    pub overlay: Option<Overlay>,
    /// What the user is told in the footer.
    pub said: Option<Said>,
    /// Whether the key pressed last did nothing.
    pub(super) was_idle: bool,
    /// Which part of the viewer has failed, and why; the first one, if several have.
    pub broken: Option<String>,
    /// A copy that waits for its message to be read.
    pub copying: Option<Copyable>,
    /// Where things were drawn last, for the mouse.
    pub places: Places,
    /// Whether something has happened since the last drawing.
    pub is_stale: bool,
    /// When and where the mouse was pressed last.
    pub clicked: Option<(Duration, u16, u16)>,
    /// Recordings that were opened only to be compared.
    pub(super) borrowed: Vec<PathBuf>,
}

/// What panels are told of, and what the shell itself keeps.
pub struct State {
    /// The opened sessions.
    pub opens: Vec<OpenSession>,
    /// Every session found.
    pub listed: Vec<Listed>,
    /// Whether the machine has been searched for sessions.
    pub has_searched: bool,
    /// What the filter lets through.
    pub filter: Filter,
    /// The filter as it was typed.
    pub filter_text: String,
    /// The texts of messages.
    pub bodies: Bodies,
    /// The tokens of texts by JSON value.
    pub attributions: Attributions,
    /// What the parts of tool definitions cost.
    pub tool_costs: ToolCosts,
    /// What this viewer has changed of the rules.
    pub rulings: Rulings,
    /// Which key does what.
    pub keys: Bindings,
    /// What help is asked for.
    pub asked: Asked,
    /// What the rule being made does to recorded messages.
    pub trials: Trials,
    /// What the newest inquiry for advice came to.
    pub advices: Advices,
    /// Calls that were drawn without their tokens.
    pub uncounted: RefCell<Vec<(OpenId, OperationId)>>,
    /// Whether the last drawing left something for the next one.
    pub is_unfinished: Cell<bool>,
    /// How many calls the filter lets through.
    matches: Matches,
    /// All themes.
    pub themes: Themes,
    /// The theme in use.
    pub theme: Theme,
    /// How many colours the terminal shows.
    pub depth: Depth,
    /// What colours judge by.
    pub targets: Targets,
    /// Size of the context window in tokens.
    pub window_tokens: u64,
    /// What tokens cost in money, if somebody has said it.
    pub price: Option<Price>,
    /// Whether tokens are shown as they went over the wire.
    pub wire: bool,
    /// The family of models tokens are counted for.
    pub profile: Profile,
    /// Who has chosen it.
    pub profile_by: Chooser,
    /// The families a key goes through: the built-in ones, and the user's own.
    pub profiles: Vec<Profile>,
    /// Since when the screen is held.
    pub paused: Option<Timestamp>,
    /// What is remembered until the next start.
    pub memory: Memory,
    /// Counts the drawings.
    pub tick: u64,
    /// Whether a proxy ends when the viewer is left.
    pub ends_proxy: bool,
    /// The folder this viewer was started in, if it is known.
    pub here: Option<PathBuf>,
    /// The recordings of sessions in which this viewer has sent calls again; the newest ones.
    pub errands: Vec<PathBuf>,
}

/// What lies over the panel and gets the keys.
pub enum Overlay {
    /// The filter is being typed; with the filter to return to.
    Filter {
        /// The line.
        prompt: Prompt,
        /// What was in force before.
        before: String,
    },
    /// What help is to have is being typed.
    Search {
        /// The line.
        prompt: Prompt,
    },
    /// A remark is being typed.
    Note {
        /// The line.
        prompt: Prompt,
        /// The session it is for.
        session: OpenId,
    },
    /// The time to which the time cursor goes is being typed.
    Time {
        /// The line.
        prompt: Prompt,
        /// The session that is played.
        session: OpenId,
    },
    /// The rules of a session are being written.
    Editor(Box<Editor>),
    /// Advice on a session.
    Advice(Box<Board>),
    /// A rule is about to be made of what is pointed at.
    Point(Box<Dialog>),
    /// Two calls or two sessions.
    SideBySide(Box<SideBySide>),
    /// Something that takes longer to read than a word in the footer stays; any key closes it.
    Told {
        /// What it is about.
        title: &'static str,
        /// What is told.
        text: String,
    },
    /// A call is being sent again.
    Resend(Box<Resend>),
    /// The command palette.
    Palette(Palette),
    /// What to copy.
    CopyMenu {
        /// The choices.
        choices: Vec<Copyable>,
        /// The one selected.
        selected: usize,
    },
    /// A question to be answered with yes or no.
    Confirm {
        /// The question.
        question: String,
        /// What is done on yes.
        deed: Deed,
    },
}

/// Where things were drawn last.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// All of it.
    pub screen: Rect,
    /// The tabs.
    pub tabs: Vec<(Rect, PanelId)>,
    /// The panel.
    pub panel: Rect,
    /// The rows of an open menu.
    pub menu: Vec<Rect>,
}

/// How the viewer looks at its start.
#[derive(Clone, Debug)]
pub struct Looks {
    /// All themes.
    pub themes: Themes,
    /// The one to use.
    pub theme: String,
    /// How many colours the terminal shows.
    pub depth: Depth,
    /// The characters to draw with.
    pub glyphs: Glyphs,
}

/// The context windows a key goes through: those of today's common models, in tokens.
pub const WINDOWS_TOKENS: [u64; 5] = [200_000, 1_000_000, 400_000, 128_000, 32_000];

impl App {
    /// A viewer with nothing opened yet; tokens are counted for `profile`, or else for the one used last.
    ///
    /// # Errors
    /// If there is no theme of that name.
    pub fn new(
        looks: Looks,
        memory: Memory,
        targets: Targets,
        profile: Option<Profile>,
    ) -> Result<Self, ThemeError> {
        let theme = looks.themes.theme(&looks.theme, looks.depth, looks.glyphs)?;
        let filter_text = memory.filter.clone();
        let filter = Filter::parse(&filter_text).unwrap_or_default();
        let remembered = || memory.profile.as_deref().and_then(|name| Profile::named(name).ok());
        let mut profiles = Profile::builtin().to_vec();
        // One of the user's own stands beside the others, so that the key finds it again.
        profiles.extend(profile.clone().filter(|own| profiles.iter().all(|known| known.id != own.id)));
        let profile = profile.or_else(remembered);
        let profile_by = if profile.is_some() { Chooser::User } else { Chooser::Nobody };
        let profile = profile.unwrap_or_default();
        let mut panels = Panels::new();
        panels.recall(&memory);
        let state = State {
            opens: Vec::new(),
            listed: Vec::new(),
            has_searched: false,
            filter,
            filter_text,
            bodies: Bodies::default(),
            attributions: Attributions::default(),
            tool_costs: ToolCosts::default(),
            rulings: Rulings::default(),
            keys: Bindings::default(),
            asked: Asked::default(),
            trials: Trials::default(),
            advices: Advices::default(),
            uncounted: RefCell::default(),
            is_unfinished: Cell::default(),
            matches: Matches::default(),
            themes: looks.themes,
            theme,
            depth: looks.depth,
            targets,
            window_tokens: memory.window_tokens.unwrap_or(WINDOWS_TOKENS[0]),
            price: None,
            wire: memory.wire,
            profile,
            profile_by,
            profiles,
            paused: None,
            memory,
            tick: 0,
            ends_proxy: false,
            here: None,
            errands: Vec::new(),
        };
        Ok(Self {
            state,
            panels,
            overlay: None,
            said: None,
            was_idle: false,
            broken: None,
            copying: None,
            places: Places::default(),
            is_stale: true,
            clicked: None,
            borrowed: Vec::new(),
        })
    }

    /// How soon the screen changes although nothing happens: a running call's timer, a word that goes away, what
    /// the last drawing could not finish.
    #[must_use]
    pub fn next_change(&self, at: Moment) -> Option<Duration> {
        let word = self.said.as_ref().map(|said| said.until.saturating_sub(at.up));
        let is_sending = matches!(&self.overlay, Some(Overlay::Resend(resend)) if resend.is_running());
        let is_running = self.state.paused.is_none() && self.state.is_anything_running();
        let timer = (is_sending || is_running).then_some(TIMER_EVERY);
        // The time cursor is seen to move.
        let cursor = self.state.played().is_some_and(|(_, playback)| playback.motion == Motion::Plays);
        let timer = cursor.then_some(CURSOR_EVERY).or(timer);
        let rest = self.state.is_unfinished.get().then_some(Duration::ZERO);
        [word, timer, rest].into_iter().flatten().min()
    }

    /// What should be remembered until the next start.
    #[must_use]
    pub fn memory(&self) -> Memory {
        let mut memory = self.state.memory.clone();
        memory.filter.clone_from(&self.state.filter_text);
        memory.wire = self.state.wire;
        let is_chosen = self.state.profile_by == Chooser::User;
        memory.profile = is_chosen.then(|| self.state.profile.id.to_owned());
        memory.window_tokens = Some(self.state.window_tokens);
        self.panels.remember(&mut memory);
        memory
    }
}

/// How often a time cursor that goes on is drawn.
const CURSOR_EVERY: Duration = Duration::from_millis(100);
/// How often a running call's timer is drawn.
const TIMER_EVERY: Duration = Duration::from_millis(500);

impl State {
    /// Calls a function with what panels are told. The sessions are held meanwhile.
    pub fn with_cx<R>(&self, at: Moment, focused: bool, call: impl FnOnce(&Cx<'_>) -> R) -> R {
        let held: Vec<_> = self.opens.iter().map(|open| open.shared.see()).collect();
        let wall = self.paused.unwrap_or(at.wall);
        let sessions: Vec<Opened<'_>> = self
            .opens
            .iter()
            .zip(&held)
            .map(|(open, session)| Opened {
                id: open.id,
                session,
                path: &open.path,
                is_live: open.shared.is_live(),
                now: open.now(session, wall),
                playback: open.playback(),
                loaded: open.shared.loaded(),
                size_bytes: open.shared.len_bytes(),
                counted_calls: open.shared.counted_calls(),
                damage: open.shared.damage(),
            })
            .collect();
        call(&Cx {
            sessions: &sessions,
            listed: &self.listed,
            has_searched: self.has_searched,
            filter: &self.filter,
            filter_text: &self.filter_text,
            bodies: &self.bodies,
            attributions: &self.attributions,
            tool_costs: &self.tool_costs,
            rulings: &self.rulings,
            keys: &self.keys,
            asked: &self.asked,
            trials: &self.trials,
            advices: &self.advices,
            uncounted: &self.uncounted,
            is_unfinished: &self.is_unfinished,
            theme: &self.theme,
            targets: self.targets,
            window_tokens: self.window_tokens,
            price: self.price.as_ref(),
            profile: &self.profile,
            wire: self.wire,
            focused,
            wall,
            is_paused: self.paused.is_some(),
            tick: self.tick,
        })
    }

    /// Draws in a theme from now on; whether it is remembered is another matter.
    pub(super) fn wear(&mut self, name: &str) {
        if name == self.theme.name() {
            return;
        }
        // Every theme that is listed has been resolved once, so that there is none without a drawing.
        if let Ok(theme) = self.themes.theme(name, self.depth, self.theme.glyphs) {
            self.theme = theme;
        }
    }

    /// How many clients are connected with live sessions.
    #[must_use]
    pub fn clients_here(&self, at: Moment) -> usize {
        let here = |opened: &Opened<'_>| {
            let clients = opened.session.http().clients().real();
            clients.filter(|client| client.is_here(opened.now)).count()
        };
        self.with_cx(at, true, |cx| cx.sessions.iter().filter(|opened| opened.is_live).map(here).sum())
    }

    /// Takes the sizes that live recordings have grown to into the list.
    pub fn take_sizes(&mut self) {
        for open in self.opens.iter().filter(|open| open.shared.is_live()) {
            if let Some(listed) =
                self.listed.iter_mut().find(|listed| listed.path.as_ref() == Some(&open.path))
            {
                listed.size_bytes = listed.size_bytes.max(open.shared.len_bytes());
            }
        }
    }

    /// The session that is played, if one is, and where its time cursor is.
    #[must_use]
    pub fn played(&self) -> Option<(&OpenSession, Playback)> {
        self.opens.iter().find_map(|open| Some((open, open.playback()?)))
    }

    /// An opened session.
    #[must_use]
    pub fn open(&self, id: OpenId) -> Option<&OpenSession> {
        self.opens.iter().find(|open| open.id == id)
    }

    /// How many calls of all opened sessions the filter lets through.
    pub(super) fn count_matches(&mut self, at: Moment) -> Matched {
        let mut matches = std::mem::take(&mut self.matches);
        let counted = self.with_cx(at, true, |cx| matches.count(cx));
        self.matches = matches;
        counted
    }

    /// The panel to show when there is a session: the one that was open last, if it shows sessions' contents.
    #[must_use]
    pub fn first_panel(&self) -> PanelId {
        let remembered = self.memory.panel.as_deref();
        let shows_calls = |id: &PanelId| !matches!(id, PanelId::Sessions | PanelId::Help);
        let all = PanelId::ALL.into_iter().filter(shows_calls);
        all.into_iter().find(|id| Some(id.title()) == remembered).unwrap_or(PanelId::Top)
    }

    fn is_anything_running(&self) -> bool {
        self.opens.iter().filter(|open| open.shared.is_live()).any(|open| {
            let session = open.shared.see();
            session.rows().iter().any(|row| row.in_flight > 0)
        })
    }
}
