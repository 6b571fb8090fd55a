//! What a panel is, what it is told, and what it can ask for.
//!
//! A panel draws itself from the context it is handed and answers actions; it keeps its own selection and scrolling,
//! and knows nothing of the terminal, of files or of the other panels.

pub mod calls;
pub mod empty;
#[cfg(test)]
pub(crate) mod fixture;
pub mod help;
pub mod marks;
pub mod rules;
pub mod schemas;
pub mod sessions;
#[cfg(test)]
mod steady;
pub mod timeline;
pub mod top;
pub mod welcome;

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::advice::Advices;
use super::deck::Playback;
use super::fetched::{Attributions, Bodies, ToolCosts};
use super::keys::{Action, Bindings};
use super::pointed::{Pointing, Trials};
use super::ruling::{RuleChange, Rulings};
use super::side_by_side::Pair;
use super::theme::Theme;
use super::widgets::legend::Legend;
use super::widgets::number::Price;
use crate::model::{ContextTokens, Filter, OperationId, Session};
use crate::tokens::Profile;
use crate::trace::{Header, Micros, Place};
use help::Asked;

/// The panels, in the order of their number keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PanelId {
    /// A row per tool.
    Top,
    /// The list of calls, and one call in detail.
    Calls,
    /// What tool definitions cost.
    Schemas,
    /// What each rule does and saves.
    Rules,
    /// Calls as bars over time.
    Timeline,
    /// Live and recorded sessions.
    Sessions,
    /// Every key.
    Help,
}

impl PanelId {
    /// All, in the order of their number keys.
    pub const ALL: [Self; 7] =
        [Self::Top, Self::Calls, Self::Schemas, Self::Rules, Self::Timeline, Self::Sessions, Self::Help];

    /// Whether it shows only what passes the filter.
    #[must_use]
    pub fn is_filtered(self) -> bool {
        matches!(self, Self::Calls | Self::Timeline)
    }

    /// Whether it shows what is in the opened sessions, and so nothing while there are none.
    #[must_use]
    pub fn shows_sessions(self) -> bool {
        !matches!(self, Self::Sessions | Self::Help)
    }

    /// The name on its tab.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Top => "Top",
            Self::Calls => "Calls",
            Self::Schemas => "Schemas",
            Self::Rules => "Rules",
            Self::Timeline => "Timeline",
            Self::Sessions => "Sessions",
            Self::Help => "Help",
        }
    }
}

/// The panel whose keys boxes have that belong to no panel: those that hold everywhere.
pub const OVER: PanelId = PanelId::Help;

/// A session opened in this viewer; never given twice while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpenId(pub u32);

/// An opened session as panels see it.
pub struct Opened<'a> {
    /// Which.
    pub id: OpenId,
    /// Everything known of it; its header says what was wrapped, and when.
    pub session: &'a Session,
    /// Where its recording is.
    pub path: &'a Path,
    /// Whether its proxy is still running (or its playback still plays).
    pub is_live: bool,
    /// The session's own time at this moment: the running time of a live one, the last event's of an ended one.
    /// Held while the screen is paused.
    pub now: Micros,
    /// Where its time cursor is, if it is played: everything shown is as it was then.
    pub playback: Option<Playback>,
    /// How much of the recording has been read, between 0 and 1; 1 when all of it.
    pub loaded: f64,
    /// Bytes of its recording, as far as it is there; 0 where nobody can say.
    pub size_bytes: u64,
    /// How many calls, from the first one on, have their tokens or never will.
    pub counted_calls: u32,
    /// What of the recording could not be read, if anything.
    pub damage: Option<&'a str>,
}

/// A session found on this machine, opened or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// Its recording; `None` for a live session that is not recorded.
    pub path: Option<PathBuf>,
    /// The recording's first line, or what it would be.
    pub header: Header,
    /// Bytes of the recording.
    pub size_bytes: u64,
    /// Whether its proxy is running.
    pub is_live: bool,
}

/// What colours judge by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Targets {
    /// A median above this is a warning, above twice this bad; microseconds.
    pub p50_us: u64,
    /// A 99th percentile above this is a warning, above twice this bad; microseconds.
    pub p99_us: u64,
    /// A larger share of failed calls is bad; between 0 and 1.
    pub error_share: f64,
}

impl Default for Targets {
    fn default() -> Self {
        Self { p50_us: 100_000, p99_us: 500_000, error_share: 0.001 }
    }
}

/// What every panel is told when it draws or acts.
#[expect(clippy::struct_excessive_bools, reason = "they are independent facts, not the states of one thing")]
pub struct Cx<'a> {
    /// The opened sessions, in the order of their opening.
    pub sessions: &'a [Opened<'a>],
    /// Every session found on this machine: live ones first, then the newest first.
    pub listed: &'a [Listed],
    /// Whether this machine has been searched for sessions yet.
    pub has_searched: bool,
    /// What the filter lets through.
    pub filter: &'a Filter,
    /// The filter as it was typed; empty when there is none.
    pub filter_text: &'a str,
    /// The texts of messages, read when they are shown.
    pub bodies: &'a Bodies,
    /// The tokens of texts by JSON value.
    pub attributions: &'a Attributions,
    /// What the parts of tool definitions cost.
    pub tool_costs: &'a ToolCosts,
    /// What this viewer has changed of the rules, and what rules would have saved.
    pub rulings: &'a Rulings,
    /// Which key does what.
    pub keys: &'a Bindings,
    /// What help is asked for.
    pub asked: &'a Asked,
    /// What the rule being made does to recorded messages.
    pub trials: &'a Trials,
    /// What the newest inquiry for advice came to.
    pub advices: &'a Advices,
    /// Calls that are shown without their tokens; see [`Cx::count_first`].
    pub uncounted: &'a RefCell<Vec<(OpenId, OperationId)>>,
    /// Whether something could not be finished within one drawing; see [`Cx::go_on`].
    pub is_unfinished: &'a Cell<bool>,
    /// Styles and characters.
    pub theme: &'a Theme,
    /// What colours judge by.
    pub targets: Targets,
    /// Size of the context window that shares are measured against, in tokens.
    pub window_tokens: u64,
    /// What tokens cost in money, if somebody has said it.
    pub price: Option<&'a Price>,
    /// The family of models tokens are counted for.
    pub profile: &'a Profile,
    /// Show what went over the wire rather than what a model gets.
    pub wire: bool,
    /// Whether the panel has the focus: no prompt, palette or menu is open over it.
    pub focused: bool,
    /// The wall clock; held while the screen is.
    pub wall: Timestamp,
    /// Whether the screen is held; the sessions' `now` stands still then.
    pub is_paused: bool,
    /// Counts the drawings, for wheels.
    pub tick: u64,
}

impl Cx<'_> {
    /// What all opened sessions together have put into the context window, in the unit shown.
    #[must_use]
    pub fn context(&self) -> ContextTokens {
        let mut sum = ContextTokens::default();
        for opened in self.sessions {
            sum += opened.session.context(self.wire);
        }
        sum
    }

    /// The session whose rules a key is about: that of the selection, else the first live one, else the first.
    #[must_use]
    pub fn ruled(&self, selected: Option<OpenId>) -> Option<OpenId> {
        let live = self.sessions.iter().find(|opened| opened.is_live).or(self.sessions.first());
        selected.or(live.map(|opened| opened.id))
    }

    /// Grows whenever all tokens of a session are forgotten, to be counted in another unit.
    #[must_use]
    pub fn recounts(&self) -> u32 {
        self.sessions.iter().map(|opened| opened.session.recounts()).sum()
    }

    /// Says that a drawing shows only a part of what is known, so that the next one should follow at once.
    pub fn go_on(&self) {
        self.is_unfinished.set(true);
    }

    /// Says that a call is on the screen and its tokens are not known, so that it is counted before others.
    pub fn count_first(&self, session: OpenId, call: OperationId) {
        let mut uncounted = self.uncounted.borrow_mut();
        if uncounted.len() < UNCOUNTED_MAX {
            uncounted.push((session, call));
        }
    }
}

/// Calls that one drawing can ask to be counted first.
const UNCOUNTED_MAX: usize = 200;

/// Something on screen that another panel should select too.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Focus {
    /// The session.
    pub session: Option<OpenId>,
    /// A tool by name.
    pub tool: Option<String>,
    /// A call.
    pub operation: Option<OperationId>,
    /// A rule by name.
    pub rule: Option<String>,
}

/// Something that can be copied, with the name it has in the copy menu.
#[derive(Clone, Debug, PartialEq)]
pub struct Copyable {
    /// Its name: `arguments`, `result`, `JSON`, `command line`.
    pub name: &'static str,
    /// What is copied.
    pub what: CopyWhat,
}

/// What is copied.
#[derive(Clone, Debug, PartialEq)]
pub enum CopyWhat {
    /// This text.
    Text(String),
    /// A part of the message that stands at a place of a session's recording; read when it is chosen.
    Message {
        /// The session.
        session: OpenId,
        /// The message's line.
        place: Place,
        /// The part as a JSON pointer; empty for the whole message.
        pointer: String,
    },
    /// The command line that sends the request at this place to a fresh copy of the server.
    CommandLine {
        /// The session.
        session: OpenId,
        /// The request's line.
        place: Place,
    },
}

/// A mouse event inside a panel's area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mouse {
    /// The left button went down here.
    Click(Position),
    /// The left button went down here again within the double-click time.
    DoubleClick(Position),
    /// The wheel was turned here; lines down are positive.
    Wheel(Position, i16),
}

/// What is done only after the user has said yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Leave, and with the viewer the proxy beside it.
    Quit,
    /// Delete a recording.
    Delete(PathBuf),
    /// Tell a live session's proxy to stop recording.
    StopRecording(OpenId),
}

/// What a panel answers to an action.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Not for this panel; the shell does its own thing, if any.
    Ignored,
    /// Done; draw again.
    Done,
    /// Tell the user something for a few seconds.
    Say(String),
    /// Open a panel and let it select this.
    Show(PanelId, Focus),
    /// Set the filter to this text, and open a panel.
    Filter(String, PanelId),
    /// Open a recording.
    OpenRecording(PathBuf),
    /// Play a recording from its beginning.
    Play(PathBuf),
    /// Send the time cursor of a session to one of its times.
    Seek(OpenId, Micros),
    /// Close a session in this viewer.
    CloseSession(OpenId),
    /// Ask, and do it if the user says yes.
    Confirm(String, Deed),
    /// Look for sessions again.
    Refresh,
    /// Show two things side by side.
    SideBySide(Pair),
    /// Ask how a rule is meant that is made of what is pointed at.
    Point(Pointing),
    /// Change the rules of a session.
    Rule(RuleChange),
    /// Send a call again.
    Resend(OpenId, OperationId),
}

/// A panel.
pub trait Panel {
    /// Draws into the area. Called at most 30 times a second, and only after something changed.
    fn view(&mut self, cx: &Cx<'_>, area: Rect, buf: &mut Buffer);

    /// Does what a key or a palette entry asks for.
    fn act(&mut self, action: Action, cx: &Cx<'_>) -> Reply;

    /// Answers the mouse. Positions are of the whole screen; the panel knows the area it drew last.
    fn mouse(&mut self, mouse: Mouse, cx: &Cx<'_>) -> Reply;

    /// Another panel asks to select something.
    fn focus(&mut self, _focus: &Focus, _cx: &Cx<'_>) {}

    /// The session the selection belongs to.
    fn session(&self, _cx: &Cx<'_>) -> Option<OpenId> {
        None
    }

    /// The actions to show in the footer, the most useful first, of those that it [offers](Self::offers).
    fn hints(&self) -> &'static [Action];

    /// Whether an action would do something where the panel stands now.
    fn offers(&mut self, _action: Action, _cx: &Cx<'_>) -> bool {
        true
    }

    /// What `y` offers for the selection.
    fn copyables(&self, _cx: &Cx<'_>) -> Vec<Copyable> {
        Vec::new()
    }

    /// What should be remembered of the panel until the next start: sort column, order, hidden parts.
    fn remember(&self) -> toml::Table {
        toml::Table::new()
    }

    /// Takes back what was remembered; unknown keys are passed over.
    fn recall(&mut self, _remembered: &toml::Table) {}
}

/// What the columns of a panel's list mean, left to right; none where it has no list.
#[must_use]
pub fn legends(panel: PanelId) -> Vec<Legend> {
    match panel {
        PanelId::Top => top::legends(),
        PanelId::Calls => calls::legends(),
        PanelId::Schemas => schemas::legends(),
        PanelId::Rules => rules::legends(),
        PanelId::Sessions => sessions::legends(),
        PanelId::Timeline | PanelId::Help => Vec::new(),
    }
}

/// Every panel, in the order of the number keys.
#[must_use]
pub fn all() -> Vec<(PanelId, Box<dyn Panel>)> {
    vec![
        (PanelId::Top, Box::new(top::Top::default())),
        (PanelId::Calls, Box::new(calls::Calls::default())),
        (PanelId::Schemas, Box::new(schemas::Schemas::default())),
        (PanelId::Rules, Box::new(rules::Rules::default())),
        (PanelId::Timeline, Box::new(timeline::Timeline::default())),
        (PanelId::Sessions, Box::new(sessions::Sessions::default())),
        (PanelId::Help, Box::new(help::Help::default())),
    ]
}
