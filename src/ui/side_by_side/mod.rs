//! Two calls or two sessions side by side: what was picked with one key, and what is selected when the other is pressed.
//!
//! ```text
//! key M    a panel keeps what is picked
//! key C    Reply::SideBySide(Pair)         the shell opens recordings that are not open yet
//!          Overlay::SideBySide(SideBySide) draws both, from what the context knows of them
//! orders   Order::compare()                what takes longer than a drawing; its answer comes back with its ticket
//! ```
//! Knows nothing of how values or figures are compared (`insight`), nor of how recordings are read.

mod calls;
mod figures;
mod messages;
mod sessions;
mod totals;
mod view;
pub mod words;
mod work;

pub use work::{Found, Order, Ticket};

use std::path::PathBuf;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use self::calls::Calls;
use self::sessions::Sessions;
use super::app::{App, Overlay};
use super::hints::Hint;
use super::keys::{Action, Bindings, Press};
use super::panels::{Mouse, OpenId, PanelId};
use super::update::Effect;
use super::widgets::scroll::Scroll;
use crate::model::OperationId;

/// A call of an opened session.
pub type CallOf = (OpenId, OperationId);

/// What is compared: what was picked first, then what was selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pair {
    /// Two calls.
    Calls([CallOf; 2]),
    /// Two sessions by their recordings, opened or still to be opened.
    Sessions([PathBuf; 2]),
}

/// Two things on screen.
#[derive(Debug)]
pub struct SideBySide {
    what: Sides,
    scroll: Scroll,
    /// How many lines were drawn last, scrolled away ones included.
    rows: usize,
    /// What they said, to be copied.
    text: String,
}

#[derive(Debug)]
enum Sides {
    Calls(Box<Calls>),
    Sessions(Box<Sessions>),
}

/// What became of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SidesReply {
    /// It is still open.
    Stays,
    /// The user is done with it.
    Left,
    /// Copy this text.
    Copy(String),
}

impl SideBySide {
    /// Shows a pair.
    #[must_use]
    pub fn new(pair: Pair) -> Self {
        let what = match pair {
            Pair::Calls(calls) => Sides::Calls(Box::new(Calls::new(calls))),
            Pair::Sessions(paths) => Sides::Sessions(Box::new(Sessions::new(paths))),
        };
        Self { what, scroll: Scroll::default(), rows: 0, text: String::new() }
    }

    /// Takes a key. The keys are those of the panels, from the one table.
    pub fn key(&mut self, key: KeyEvent, keys: &Bindings) -> SidesReply {
        if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
            return SidesReply::Left;
        }
        match keys.action_over(Press::of(&key), PanelId::Sessions) {
            Some(Action::Back | Action::Quit | Action::Compare) => return SidesReply::Left,
            Some(Action::Copy) => return SidesReply::Copy(self.text.clone()),
            Some(Action::Refresh) => {
                if let Sides::Sessions(sessions) = &mut self.what {
                    sessions.look_again();
                }
            }
            Some(action) => {
                self.scroll.act_at_top(action, self.rows);
            }
            None => {}
        }
        SidesReply::Stays
    }

    /// Its keys.
    #[must_use]
    pub fn hints(&self, keys: &Bindings) -> Vec<Hint> {
        let over = |action, word: &'static str| Hint::over(keys, PanelId::Sessions, action, word);
        let mut hints =
            vec![over(Action::Back, "back"), over(Action::Copy, "copy"), over(Action::PageDown, "further")];
        if matches!(self.what, Sides::Sessions(_)) {
            hints.push(over(Action::Refresh, "look again"));
        }
        hints
    }

    /// What is to be compared away from the drawing.
    fn orders(&mut self) -> Vec<Order> {
        match &mut self.what {
            Sides::Calls(calls) => calls.orders().collect(),
            Sides::Sessions(sessions) => sessions.orders().into_iter().collect(),
        }
    }

    fn put(&mut self, ticket: &Ticket, found: Vec<Found>) {
        match &mut self.what {
            Sides::Calls(calls) => calls.put(ticket, found),
            Sides::Sessions(sessions) => sessions.put(ticket, found),
        }
    }

    /// Takes the mouse.
    pub fn mouse(&mut self, mouse: Mouse) {
        match mouse {
            Mouse::Wheel(_, lines) => self.scroll.wheel(lines, self.rows),
            Mouse::Click(_) | Mouse::DoubleClick(_) => {}
        }
    }
}

impl App {
    /// What is to be compared for the two things on screen, if anything; the answers are to be [put](Self::put_compared).
    pub fn take_orders(&mut self) -> Vec<Order> {
        match &mut self.overlay {
            Some(Overlay::SideBySide(sides)) => sides.orders(),
            Some(_) | None => Vec::new(),
        }
    }

    /// Takes what came of an order; if it is for nothing on screen any more, it is dropped.
    pub fn put_compared(&mut self, ticket: &Ticket, found: Vec<Found>) {
        if let Some(Overlay::SideBySide(sides)) = &mut self.overlay {
            sides.put(ticket, found);
        }
    }

    /// Shows a pair over the panel; recordings that are not open yet are opened for it.
    pub(super) fn set_side_by_side(&mut self, pair: Pair) -> Vec<Effect> {
        let paths: &[PathBuf] = match &pair {
            Pair::Calls(_) => &[],
            Pair::Sessions(paths) => paths,
        };
        let is_open = |path: &PathBuf| self.state.opens.iter().any(|open| open.path == *path);
        let closed: Vec<PathBuf> = paths.iter().filter(|path| !is_open(path)).cloned().collect();
        self.borrowed.retain(|path| !closed.contains(path));
        self.borrowed.extend_from_slice(&closed);
        let effects = closed.into_iter().map(Effect::Open).collect();
        self.hush();
        self.overlay = Some(Overlay::SideBySide(Box::new(SideBySide::new(pair))));
        effects
    }

    /// What was opened to be compared, and for nothing else, is closed when that is left: it would count in all totals. What
    /// the user opens meanwhile, or is asked for in these effects, stays.
    pub(super) fn give_back(&mut self, asked: &[Effect]) -> Vec<Effect> {
        if self.borrowed.is_empty() || matches!(self.overlay, Some(Overlay::SideBySide(_))) {
            return Vec::new();
        }
        let is_asked = |path: &PathBuf| {
            asked
                .iter()
                .any(|effect| matches!(effect, Effect::Open(wanted) | Effect::Play(wanted) if wanted == path))
        };
        self.borrowed.retain(|path| !is_asked(path));
        let is_borrowed = |path: &PathBuf| self.borrowed.contains(path);
        let opens = self.state.opens.iter().filter(|open| is_borrowed(&open.path));
        let (ids, paths): (Vec<OpenId>, Vec<PathBuf>) =
            opens.map(|open| (open.id, open.path.clone())).unzip();
        // One that is still being opened is closed once it is there.
        self.borrowed.retain(|path| !paths.contains(path));
        ids.into_iter().map(Effect::Close).collect()
    }
}

#[cfg(test)]
mod tests;
