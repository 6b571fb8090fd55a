//! The list of proposals and the one looked at: what is selected, and what a key asks for.
//!
//! Movement and the keys for rules are those of the Rules panel, from the one table of keys. Knows nothing of how it is
//! drawn, nor of what comes of a reply.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;

use crate::insight::Proposal;
use crate::rules::{Mode, Rule, Ruleset, edit};
use crate::ui::keys::{Action, Bindings, Press};
use crate::ui::panels::{Cx, Mouse, OpenId, PanelId};
use crate::ui::ruling::RuleChange;
use crate::ui::widgets::scroll::Scroll;
use crate::ui::widgets::table::Layout;

/// Proposals on the screen.
#[derive(Debug)]
pub struct Board {
    /// For which session.
    pub session: OpenId,
    pub(super) list: Scroll,
    pub(super) detail: Scroll,
    pub(super) layout: Layout,
    pub(super) detail_area: Rect,
    pub(super) detail_lines: usize,
    /// What the selection is called, so that it stays where it is when advice is asked for again.
    pub(super) chosen: Option<String>,
}

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoardReply {
    /// It is still open.
    Stays,
    /// The user is done with it.
    Left,
    /// Look again, because the recording has grown.
    Again,
    /// Put the selected proposal among the rules.
    Put(Put),
    /// Open the rules with the selected proposal among them as text.
    Write,
    /// Copy the selected proposal.
    Copy,
    /// Copy all rules that are proposed.
    CopyAll,
    /// Take the last change to rules back.
    Undo,
}

/// How a proposal becomes a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It acts, in this session.
    On,
    /// In the next mode: as it is proposed, then on, observe, off.
    NextMode,
    /// In the rules file too.
    Keep,
}

impl Board {
    /// A board for a session.
    #[must_use]
    pub fn new(session: OpenId) -> Self {
        Self {
            session,
            list: Scroll::default(),
            detail: Scroll::default(),
            layout: Layout::default(),
            detail_area: Rect::default(),
            detail_lines: 0,
            chosen: None,
        }
    }

    /// The selected one of the proposals.
    #[must_use]
    pub fn selected<'p>(&self, proposals: &'p [Proposal]) -> Option<&'p Proposal> {
        proposals.get(self.list.cursor())
    }

    /// Takes a key.
    pub fn key(&mut self, key: KeyEvent, keys: &Bindings, proposals: &[Proposal]) -> BoardReply {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if ctrl => return BoardReply::Left,
            KeyCode::Char('o') if ctrl => return BoardReply::Put(Put::Keep),
            KeyCode::Char('r') if !ctrl => return BoardReply::Again,
            KeyCode::Char('Y') => return BoardReply::CopyAll,
            _ => {}
        }
        match keys.action_over(Press::of(&key), PanelId::Rules) {
            Some(Action::Back | Action::Quit | Action::Advise) => return BoardReply::Left,
            Some(Action::Open) => return BoardReply::Put(Put::On),
            Some(Action::NextMode) => return BoardReply::Put(Put::NextMode),
            Some(Action::KeepRules) => return BoardReply::Put(Put::Keep),
            Some(Action::EditRules) => return BoardReply::Write,
            Some(Action::Copy) => return BoardReply::Copy,
            Some(Action::Undo) => return BoardReply::Undo,
            Some(action @ (Action::PageUp | Action::PageDown)) => {
                self.detail.act_at_top(action, self.detail_lines);
            }
            Some(action) if self.list.act(action, proposals.len()) => self.moved(proposals),
            Some(_) | None => {}
        }
        BoardReply::Stays
    }

    /// Takes the mouse.
    pub fn mouse(&mut self, mouse: Mouse, proposals: &[Proposal]) {
        match mouse {
            Mouse::Wheel(at, lines) if self.detail_area.contains(at) => {
                self.detail.wheel(lines, self.detail_lines);
            }
            Mouse::Wheel(_, lines) => {
                self.list.wheel(lines, proposals.len());
                self.moved(proposals);
            }
            Mouse::Click(at) | Mouse::DoubleClick(at) => {
                let row = self.layout.line_at(at).and_then(|line| self.list.row_at(line, proposals.len()));
                if let Some(row) = row {
                    self.list.select(row);
                    self.moved(proposals);
                }
            }
        }
    }

    fn moved(&mut self, proposals: &[Proposal]) {
        self.detail = Scroll::default();
        self.chosen = self.selected(proposals).map(|proposal| proposal.title.clone());
    }

    /// The rules with the selected proposal among them, as a change to them.
    ///
    /// # Errors
    /// If there can be none such, in words for the user.
    pub fn change(&self, put: Put, proposals: &[Proposal], cx: &Cx<'_>) -> Result<RuleChange, String> {
        let rule = self.rule(proposals)?;
        let known = self.known(rule, cx)?;
        let mode = match (put, known.as_ref().map(|rule| rule.mode)) {
            (Put::On, _) | (Put::Keep, None) | (Put::NextMode, Some(Mode::Off)) => Mode::On,
            (Put::Keep, Some(mode)) => mode,
            (Put::NextMode, None) => rule.mode,
            (Put::NextMode, Some(Mode::On)) => Mode::Observe,
            (Put::NextMode, Some(Mode::Observe)) => Mode::Off,
        };
        let wanted = Rule { mode, ..rule.clone() };
        let keep = put == Put::Keep;
        if known.as_ref() == Some(&wanted) && !keep {
            let next = cx.keys.label_over(Action::NextMode, PanelId::Rules);
            return Err(format!("It is on already: {next} lets it observe only, then switches it off"));
        }
        Ok(RuleChange { keep, ..self.upsert(&wanted, proposals, cx)? })
    }

    /// The rules with the selected proposal among them, to be gone on with as text: one that is there keeps its mode.
    ///
    /// # Errors
    /// If there can be none such, in words for the user.
    pub fn written(&self, proposals: &[Proposal], cx: &Cx<'_>) -> Result<RuleChange, String> {
        let rule = self.rule(proposals)?;
        let mode = self.known(rule, cx)?.map_or(rule.mode, |known| known.mode);
        self.upsert(&Rule { mode, ..rule.clone() }, proposals, cx)
    }

    fn rule<'p>(&self, proposals: &'p [Proposal]) -> Result<&'p Rule, String> {
        let chosen = self.selected(proposals).ok_or("There is no rule here")?;
        Ok(chosen.rule.as_ref().ok_or("No rule does this: it is told so that you know")?)
    }

    fn known(&self, rule: &Rule, cx: &Cx<'_>) -> Result<Option<Rule>, String> {
        let opened = cx.sessions.iter().find(|opened| opened.id == self.session);
        let opened = opened.ok_or("This session has been closed")?;
        Ok(known(&cx.rulings.text(opened), &rule.name))
    }

    fn upsert(&self, rule: &Rule, proposals: &[Proposal], cx: &Cx<'_>) -> Result<RuleChange, String> {
        let later = self.selected(proposals).map(|chosen| chosen.later(proposals)).unwrap_or_default();
        let what = format!("{}: {}", rule.name, rule.mode.as_str());
        RuleChange::edit(cx, self.session, what, |text| edit::upsert_before(text, rule, &later))
    }
}

/// The rule of this name among those of a text.
pub(super) fn known(text: &str, name: &str) -> Option<Rule> {
    Ruleset::parse(text).ok()?.rule(name).cloned()
}
