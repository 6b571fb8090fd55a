//! The command palette: everything that can be done, found by typing some letters of its name.
//!
//! Knows what can be listed, not what it does.

use std::path::PathBuf;

use crossterm::event::KeyEvent;
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::boxes;
use super::keys::{Action, Press, in_panel};
use super::panels::PanelId;
use super::prompt::{Prompt, PromptReply};
use super::theme::{Role, Theme};

/// Something that can be chosen.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// What a key does.
    Act(Action),
    /// Use a theme.
    Theme(String),
    /// Set the filter.
    Filter(&'static str),
    /// Open a recording.
    Open(PathBuf),
}

/// A line of the palette.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What is searched and shown.
    pub text: String,
    /// The key that does the same, or another word beside it.
    pub aside: String,
    /// What it does.
    pub command: Command,
}

/// The palette, open.
#[derive(Debug)]
pub struct Palette {
    prompt: Prompt,
    entries: Vec<Entry>,
    /// Positions of the entries that match, the best first, each with the characters that hits.
    found: Vec<(usize, Vec<u32>)>,
    selected: usize,
}

/// What became of a key.
#[derive(Clone, Debug, PartialEq)]
pub enum PaletteReply {
    /// It is still open.
    Stays,
    /// The user gave up.
    Given,
    /// This was chosen.
    Chosen(Command),
}

/// Filters worth a name.
const FILTERS: [(&str, &str); 5] = [
    ("Filter: only failed calls", "status:error"),
    ("Filter: only calls in flight", "status:pending"),
    ("Filter: slower than half a second", "dur:>500ms"),
    ("Filter: results of more than 1,000 tokens", "tok:>1k"),
    ("Filter: everything", ""),
];

/// The lines of the palette in a panel: its keys, filters, themes and recordings.
#[must_use]
pub fn entries(panel: PanelId, themes: &[String], recordings: &[(String, PathBuf)]) -> Vec<Entry> {
    let keys = in_panel(panel).filter(|row| row.action != Action::Palette).map(|row| Entry {
        text: row.text.to_owned(),
        aside: row.keys.first().map_or_else(String::new, |key: &Press| key.label()),
        command: Command::Act(row.action),
    });
    let filters = FILTERS.iter().map(|(text, filter)| Entry {
        text: (*text).to_owned(),
        aside: (*filter).to_owned(),
        command: Command::Filter(filter),
    });
    let themes = themes.iter().map(|name| Entry {
        text: format!("Theme: {name}"),
        aside: String::new(),
        command: Command::Theme(name.clone()),
    });
    let recordings = recordings.iter().map(|(name, path)| Entry {
        text: format!("Session: {name}"),
        aside: String::new(),
        command: Command::Open(path.clone()),
    });
    keys.chain(filters).chain(themes).chain(recordings).collect()
}

impl Palette {
    /// A palette of these lines.
    #[must_use]
    pub fn new(entries: Vec<Entry>) -> Self {
        let mut palette =
            Self { prompt: Prompt::new(":", "", Vec::new()), entries, found: Vec::new(), selected: 0 };
        palette.search();
        palette
    }

    /// Takes a key.
    pub fn key(&mut self, key: KeyEvent) -> PaletteReply {
        use crossterm::event::KeyCode;
        let last = self.found.len().saturating_sub(1);
        match key.code {
            KeyCode::Up => self.selected = self.selected.saturating_sub(1),
            KeyCode::Down => self.selected = (self.selected + 1).min(last),
            KeyCode::PageUp => self.selected = self.selected.saturating_sub(10),
            KeyCode::PageDown => self.selected = (self.selected + 10).min(last),
            _ => match self.prompt.key(key) {
                PromptReply::Edited => self.search(),
                PromptReply::Stays => {}
                PromptReply::Given => return PaletteReply::Given,
                PromptReply::Accepted(_) => return self.choose(self.selected),
            },
        }
        PaletteReply::Stays
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) {
        self.prompt.paste(text);
        self.search();
    }

    fn choose(&self, position: usize) -> PaletteReply {
        let chosen = self.found.get(position).map(|(entry, _)| self.entries[*entry].command.clone());
        chosen.map_or(PaletteReply::Stays, PaletteReply::Chosen)
    }

    fn search(&mut self) {
        self.selected = 0;
        let pattern = Pattern::parse(self.prompt.text(), CaseMatching::Ignore, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut scored: Vec<(u32, usize, Vec<u32>)> = Vec::new();
        let mut buffer = Vec::new();
        for (position, entry) in self.entries.iter().enumerate() {
            let mut hits = Vec::new();
            let text = Utf32Str::new(&entry.text, &mut buffer);
            if let Some(score) = pattern.indices(text, &mut matcher, &mut hits) {
                hits.sort_unstable();
                hits.dedup();
                scored.push((score, position, hits));
            }
        }
        // Stable: equal scores stay in the order of the table.
        scored.sort_by_key(|(score, _, _)| std::cmp::Reverse(*score));
        self.found = scored.into_iter().map(|(_, position, hits)| (position, hits)).collect();
    }

    /// Draws the palette over the middle of an area; returns where the cursor stands.
    pub fn view(&self, theme: &Theme, area: Rect, buf: &mut Buffer) -> (u16, u16) {
        let rows = u16::try_from(self.found.len().clamp(1, 16)).unwrap_or(16);
        let inner = boxes::pop_up(theme, area, 76, rows + 1, "Commands", buf);
        let cursor = self.prompt.view(theme, Rect { height: 1, ..inner }, buf);
        let height = usize::from(inner.height.saturating_sub(1));
        let from = (self.selected + 1).saturating_sub(height);
        for (row, (entry, hits)) in self.found.iter().enumerate().skip(from).take(height) {
            let y = inner.y + 1 + u16::try_from(row - from).unwrap_or(0);
            let line = Rect { y, height: 1, ..inner };
            self.entry_line(theme, *entry, hits).render(line, buf);
            let aside = &self.entries[*entry].aside;
            Line::styled(aside.clone(), theme.style(Role::Key)).right_aligned().render(line, buf);
            if row == self.selected {
                buf.set_style(line, theme.style(Role::Selection));
            }
        }
        if self.found.is_empty() {
            let line = Rect { y: inner.y + 1, height: 1, ..inner };
            Line::styled("no command has these letters", theme.style(Role::Dim)).render(line, buf);
        }
        cursor
    }

    fn entry_line(&self, theme: &Theme, entry: usize, hits: &[u32]) -> Line<'_> {
        let spans = self.entries[entry].text.chars().zip(0_u32..).map(|(c, at)| {
            let role = if hits.binary_search(&at).is_ok() { Role::Accent } else { Role::Text };
            Span::styled(c.to_string(), theme.style(role))
        });
        Line::from(spans.collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyCode;

    fn typed(text: &str) -> Palette {
        let mut palette = Palette::new(entries(PanelId::Top, &["dark".into(), "light".into()], &[]));
        for c in text.chars() {
            palette.key(KeyEvent::from(KeyCode::Char(c)));
        }
        palette
    }

    fn choice(text: &str) -> PaletteReply {
        typed(text).key(KeyEvent::from(KeyCode::Enter))
    }

    #[test]
    fn a_few_letters_find_a_command() {
        assert_eq!(choice("theme light"), PaletteReply::Chosen(Command::Theme("light".into())));
        assert_eq!(choice("quit"), PaletteReply::Chosen(Command::Act(Action::Quit)));
        assert_eq!(choice("only failed"), PaletteReply::Chosen(Command::Filter("status:error")));
    }

    #[test]
    fn nothing_found_chooses_nothing() {
        assert_eq!(choice("zzzzqqq"), PaletteReply::Stays);
        assert_eq!(typed("x").key(KeyEvent::from(KeyCode::Esc)), PaletteReply::Given);
    }

    #[test]
    fn every_key_of_the_panel_but_its_own_is_listed() {
        let listed = entries(PanelId::Calls, &[], &[]);
        for row in in_panel(PanelId::Calls).filter(|row| row.action != Action::Palette) {
            assert!(listed.iter().any(|entry| entry.command == Command::Act(row.action)), "{row:?}");
        }
    }
}
