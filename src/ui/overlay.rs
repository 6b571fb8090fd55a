//! Keys and mouse while something lies over the panel: prompts, palette, menus, questions.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::app::{App, Moment, Overlay};
use super::editor::EditorReply;
use super::keys::{Action, Press};
use super::palette::PaletteReply;
use super::panels::{CopyWhat, Copyable, Mouse, OVER};
use super::prompt::{PromptReply, Verdict};
use super::ruling::RuleChange;
use super::side_by_side::SidesReply;
use super::update::Effect;
use crate::model::Filter;

/// What the list shows while a filter that is typed is none yet: without one before it, and with one.
const UNAPPLIED: [&str; 2] = ["not applied yet: all calls are shown", "not applied yet"];
const UNAPPLIED_STILL: [&str; 2] = ["not applied yet: the filter before holds", "not applied yet"];

impl App {
    /// Takes a key while something lies over the panel.
    pub(super) fn overlay_key(&mut self, key: KeyEvent, at: Moment) -> Vec<Effect> {
        let gives_up = key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c');
        match &mut self.overlay {
            None => Vec::new(),
            Some(Overlay::CopyMenu { .. } | Overlay::Confirm { .. }) if gives_up => self.close_overlay(),
            Some(Overlay::Editor(editor)) => {
                let reply = editor.key(key);
                self.editor_reply(reply, at)
            }
            Some(Overlay::Advice(board)) => {
                let reply = board.key(key, &self.state.keys, self.state.advices.proposals(board.session));
                self.board_reply(reply, at)
            }
            Some(Overlay::Point(dialog)) => {
                let reply = dialog.key(key, &self.state.keys);
                self.dialog_reply(reply, at)
            }
            Some(Overlay::SideBySide(sides)) => match sides.key(key, &self.state.keys) {
                SidesReply::Stays => Vec::new(),
                SidesReply::Left => self.close_overlay(),
                SidesReply::Copy(text) => {
                    self.copy(Copyable { name: "comparison", what: CopyWhat::Text(text) }, at)
                }
            },
            Some(Overlay::Told { .. }) => self.close_overlay(),
            Some(Overlay::Resend(resend)) => {
                let reply = resend.key(key, &self.state.keys);
                self.resend_reply(reply, at)
            }
            Some(Overlay::Filter { prompt, .. }) => {
                let reply = prompt.key(key);
                self.filter_reply(reply)
            }
            Some(Overlay::Search { .. }) => self.search_key(key, at),
            Some(Overlay::Note { prompt, .. }) => {
                let reply = prompt.key(key);
                self.note_reply(reply)
            }
            Some(Overlay::Time { prompt, .. }) => {
                let reply = prompt.key(key);
                self.time_reply(reply)
            }
            Some(Overlay::Palette(palette)) => {
                let reply = if gives_up { PaletteReply::Given } else { palette.key(key) };
                self.palette_reply(reply, at)
            }
            Some(Overlay::CopyMenu { .. }) => self.copy_menu_key(key, at),
            Some(Overlay::Confirm { .. }) => self.confirm_key(key),
        }
    }

    /// Takes the mouse while something lies over the panel.
    pub(super) fn overlay_mouse(&mut self, mouse: Mouse, at: Moment) -> Vec<Effect> {
        if let Some(Overlay::Advice(board)) = &mut self.overlay {
            board.mouse(mouse, self.state.advices.proposals(board.session));
            return Vec::new();
        }
        if let Some(Overlay::SideBySide(sides)) = &mut self.overlay {
            sides.mouse(mouse);
            return Vec::new();
        }
        if let (Some(Overlay::Resend(resend)), Mouse::Wheel(_, lines)) = (&mut self.overlay, mouse) {
            resend.wheel(lines);
            return Vec::new();
        }
        if let (Some(Overlay::Search { .. }), Mouse::Wheel(_, lines)) = (&self.overlay, mouse) {
            let action = if lines < 0 { Action::Up } else { Action::Down };
            return (0..lines.unsigned_abs()).flat_map(|_| self.act(action, at)).collect();
        }
        let (Mouse::Click(position) | Mouse::DoubleClick(position)) = mouse else { return Vec::new() };
        let row = self.places.menu.iter().position(|place| place.contains(position));
        match (&self.overlay, row) {
            (Some(Overlay::CopyMenu { .. }), Some(row)) => self.choose_copy(row, at),
            (Some(Overlay::CopyMenu { .. }), None) => self.close_overlay(),
            _ => Vec::new(),
        }
    }

    /// Takes pasted text.
    pub(super) fn paste(&mut self, text: &str, at: Moment) -> Vec<Effect> {
        match &mut self.overlay {
            Some(Overlay::Filter { prompt, .. }) => {
                let reply = prompt.paste(text);
                self.filter_reply(reply)
            }
            Some(Overlay::Search { prompt }) => {
                let reply = prompt.paste(text);
                self.search_reply(reply)
            }
            Some(Overlay::Note { prompt, .. }) => {
                let reply = prompt.paste(text);
                self.note_reply(reply)
            }
            Some(Overlay::Time { prompt, .. }) => {
                let reply = prompt.paste(text);
                self.time_reply(reply)
            }
            Some(Overlay::Editor(editor)) => {
                editor.paste(text);
                Vec::new()
            }
            Some(Overlay::Point(dialog)) => {
                dialog.paste(text);
                Vec::new()
            }
            Some(Overlay::Resend(resend)) => {
                resend.paste(text);
                Vec::new()
            }
            Some(Overlay::Palette(palette)) => {
                palette.paste(text);
                self.palette_reply(PaletteReply::Stays, at)
            }
            Some(
                Overlay::Advice(_)
                | Overlay::SideBySide(_)
                | Overlay::CopyMenu { .. }
                | Overlay::Confirm { .. }
                | Overlay::Told { .. },
            )
            | None => Vec::new(),
        }
    }

    fn palette_reply(&mut self, reply: PaletteReply, at: Moment) -> Vec<Effect> {
        let Some(Overlay::Palette(palette)) = &self.overlay else { return Vec::new() };
        match reply {
            PaletteReply::Stays => {
                self.state.wear(palette.theme());
                Vec::new()
            }
            PaletteReply::Given => {
                self.state.wear(palette.theme_before());
                self.close_overlay()
            }
            PaletteReply::Chosen(command) => {
                self.state.wear(palette.theme_before());
                self.overlay = None;
                self.command(command, at)
            }
        }
    }

    fn editor_reply(&mut self, reply: EditorReply, at: Moment) -> Vec<Effect> {
        let Some(Overlay::Editor(editor)) = &mut self.overlay else { return Vec::new() };
        match reply {
            EditorReply::Stays => Vec::new(),
            EditorReply::Left => self.close_overlay(),
            EditorReply::Unwritten => {
                self.say("Nothing to put in force: these lines are only an example", at);
                Vec::new()
            }
            EditorReply::Apply { text, keep } => {
                editor.applied();
                let what = "the rules as written";
                let session = editor.session;
                self.change_rules(RuleChange { session, text: text.into(), what: what.to_owned(), keep }, at)
            }
        }
    }

    pub(super) fn close_overlay(&mut self) -> Vec<Effect> {
        self.overlay = None;
        Vec::new()
    }

    fn filter_reply(&mut self, reply: PromptReply) -> Vec<Effect> {
        match reply {
            PromptReply::Stays => {}
            PromptReply::Edited => {
                let text = self.prompt_text();
                if Filter::parse(&text).is_ok() {
                    self.set_filter(&text);
                } else if let Some(Overlay::Filter { before, .. }) = &self.overlay {
                    // What was a filter two letters ago says nothing about the one being typed.
                    let before = before.clone();
                    self.set_filter(&before);
                }
                self.judge_filter();
            }
            // A text that is not understood stays open, with its problem.
            PromptReply::Accepted(text) if Filter::parse(&text).is_ok() => {
                self.set_filter(&text);
                self.state.memory.add_filter(text.trim());
                self.overlay = None;
            }
            PromptReply::Accepted(_) => self.judge_filter(),
            PromptReply::Given => {
                if let Some(Overlay::Filter { before, .. }) = self.overlay.take() {
                    self.set_filter(&before);
                }
            }
        }
        Vec::new()
    }

    fn prompt_text(&self) -> String {
        match &self.overlay {
            Some(Overlay::Filter { prompt, .. } | Overlay::Note { prompt, .. }) => prompt.text().to_owned(),
            _ => String::new(),
        }
    }

    /// Says under the filter prompt where its text is wrong.
    pub(super) fn judge_filter(&mut self) {
        let text = self.prompt_text();
        let verdict = match Filter::parse(&text) {
            // How much it matches is counted for the drawing.
            Ok(_) => Verdict::None,
            Err(error) => Verdict::Wrong { at: error.position, problem: error.to_string() },
        };
        if let Some(Overlay::Filter { prompt, before }) = &mut self.overlay {
            prompt.aside = match verdict {
                Verdict::Wrong { .. } if before.is_empty() => &UNAPPLIED,
                Verdict::Wrong { .. } => &UNAPPLIED_STILL,
                Verdict::None | Verdict::Good(_) => &[],
            };
            prompt.verdict = verdict;
        }
    }

    /// Help scrolls while one types what it is to have.
    fn search_key(&mut self, key: KeyEvent, at: Moment) -> Vec<Effect> {
        let scrolls = match key.code {
            KeyCode::Up => Some(Action::Up),
            KeyCode::Down => Some(Action::Down),
            KeyCode::PageUp => Some(Action::PageUp),
            KeyCode::PageDown => Some(Action::PageDown),
            _ => None,
        };
        if let Some(action) = scrolls {
            return self.act(action, at);
        }
        let Some(Overlay::Search { prompt }) = &mut self.overlay else { return Vec::new() };
        let reply = prompt.key(key);
        self.search_reply(reply)
    }

    fn search_reply(&mut self, reply: PromptReply) -> Vec<Effect> {
        match reply {
            PromptReply::Stays => {}
            PromptReply::Edited => {
                if let Some(Overlay::Search { prompt }) = &self.overlay {
                    prompt.text().trim().clone_into(&mut self.state.asked.words);
                }
            }
            PromptReply::Accepted(text) => {
                text.trim().clone_into(&mut self.state.asked.words);
                self.overlay = None;
            }
            PromptReply::Given => {
                self.state.asked.words.clear();
                self.overlay = None;
            }
        }
        Vec::new()
    }

    fn note_reply(&mut self, reply: PromptReply) -> Vec<Effect> {
        match reply {
            PromptReply::Stays | PromptReply::Edited => Vec::new(),
            PromptReply::Given => self.close_overlay(),
            PromptReply::Accepted(text) => {
                let Some(Overlay::Note { session, .. }) = self.overlay.take() else { return Vec::new() };
                if text.trim().is_empty() {
                    return Vec::new();
                }
                vec![Effect::Mark(session, text.trim().to_owned())]
            }
        }
    }

    fn copy_menu_key(&mut self, key: KeyEvent, at: Moment) -> Vec<Effect> {
        let Some(Overlay::CopyMenu { choices, selected }) = &mut self.overlay else { return Vec::new() };
        let last = choices.len().saturating_sub(1);
        if let KeyCode::Char(digit @ '1'..='9') = key.code {
            let position = usize::from(digit as u8 - b'1');
            return if position <= last { self.choose_copy(position, at) } else { Vec::new() };
        }
        match self.state.keys.action_over(Press::of(&key), OVER) {
            Some(Action::Up) => *selected = selected.saturating_sub(1),
            Some(Action::Down | Action::Copy) => *selected = (*selected + 1).min(last),
            Some(Action::Open) => {
                let chosen = *selected;
                return self.choose_copy(chosen, at);
            }
            Some(Action::Back | Action::Quit) => return self.close_overlay(),
            _ => {}
        }
        Vec::new()
    }

    fn choose_copy(&mut self, position: usize, at: Moment) -> Vec<Effect> {
        let Some(Overlay::CopyMenu { mut choices, .. }) = self.overlay.take() else { return Vec::new() };
        if position >= choices.len() {
            return Vec::new();
        }
        self.copy(choices.swap_remove(position), at)
    }

    fn confirm_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        match key.code {
            KeyCode::Char('y' | 'Y') => match self.overlay.take() {
                Some(Overlay::Confirm { deed, .. }) => vec![Effect::Deed(deed)],
                _ => Vec::new(),
            },
            KeyCode::Char('n' | 'N') => self.close_overlay(),
            _ => match self.state.keys.action_over(Press::of(&key), OVER) {
                Some(Action::Back | Action::Quit) => self.close_overlay(),
                _ => Vec::new(),
            },
        }
    }
}
