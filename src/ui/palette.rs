//! The command palette: everything that can be done, found by typing some letters of its name.
//!
//! Knows what can be listed, not what it does.

use std::path::PathBuf;

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::boxes;
use super::finding::Finder;
use super::hints::Hint;
use super::keys::{Action, Bindings, Group};
use super::panels::PanelId;
use super::prompt::{Prompt, PromptReply};
use super::theme::{Role, Theme};

/// Something that can be chosen.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// What a key does.
    Act(Action),
    /// What a key does in another panel: opens that, and says which key it is.
    Elsewhere(PanelId, Action),
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
    /// A name by which it is found as well; empty for none.
    pub name: &'static str,
    /// What it does.
    pub command: Command,
}

/// The palette, open.
#[derive(Debug)]
pub struct Palette {
    form: Form,
    /// The theme that was in use when it was opened: others are only tried on until one is chosen.
    theme: String,
    prompt: Prompt,
    entries: Vec<Entry>,
    /// Positions of the entries that match, the best first, each with the characters that hits.
    found: Vec<(usize, Vec<u32>)>,
    selected: usize,
    /// Whether the user has gone to what is selected.
    was_moved: bool,
}

/// What a palette looks like.
#[derive(Clone, Copy, Debug)]
struct Form {
    title: &'static str,
    prompt: &'static str,
    columns: u16,
    rows_max: u16,
    /// Whether it keeps to the right, so that what it changes is seen beside it.
    is_aside: bool,
}

const COMMANDS: Form = Form { title: "Commands", prompt: ":", columns: 76, rows_max: 16, is_aside: false };
const THEMES: Form = Form { title: "Themes", prompt: "find:", columns: 24, rows_max: 12, is_aside: true };

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

/// The lines of the palette in a panel: its keys, filters, themes, recordings, and the keys of other panels.
#[must_use]
pub fn entries(
    keys: &Bindings,
    panel: PanelId,
    themes: &[String],
    recordings: &[(String, PathBuf)],
) -> Vec<Entry> {
    let elsewhere = keys.rows().filter(|bound| !bound.row.reach.covers(panel)).filter_map(|bound| {
        let of = bound.row.reach.panels().next()?;
        Some(Entry {
            text: bound.row.text.to_owned(),
            aside: format!("in {}", of.title()),
            name: bound.row.action.name(),
            command: Command::Elsewhere(of, bound.row.action),
        })
    });
    let listed = keys.in_panel(panel).filter(|bound| bound.row.action != Action::Palette);
    // Who moves about does so with the keys: what moves is found when its name is typed.
    let (moves, acts): (Vec<_>, Vec<_>) =
        listed.partition(|bound| matches!(bound.row.group, Group::Move | Group::Panels));
    let keys = acts.into_iter().chain(moves).map(|bound| Entry {
        text: bound.row.text.to_owned(),
        aside: bound.keys(panel).first().map_or_else(String::new, |key| key.label()),
        name: bound.row.action.name(),
        command: Command::Act(bound.row.action),
    });
    let filters = FILTERS.iter().map(|(text, filter)| Entry {
        text: (*text).to_owned(),
        aside: (*filter).to_owned(),
        name: filter,
        command: Command::Filter(filter),
    });
    let themes = themes.iter().map(|name| theme_entry(format!("Theme: {name}"), name));
    let recordings = recordings.iter().map(|(name, path)| Entry {
        text: format!("Session: {name}"),
        aside: String::new(),
        name: "",
        command: Command::Open(path.clone()),
    });
    keys.chain(filters).chain(themes).chain(recordings).chain(elsewhere).collect()
}

fn theme_entry(text: String, name: &str) -> Entry {
    Entry { text, aside: String::new(), name: "", command: Command::Theme(name.to_owned()) }
}

impl Palette {
    /// A palette of these lines, while a theme is in use.
    #[must_use]
    pub fn new(entries: Vec<Entry>, theme: &str) -> Self {
        Self::formed(COMMANDS, entries, theme)
    }

    /// A palette of themes; the one in use is selected.
    #[must_use]
    pub fn of_themes(themes: &[String], theme: &str) -> Self {
        let entry = |name: &String| Entry {
            aside: if name == theme { "in use".to_owned() } else { String::new() },
            ..theme_entry(name.clone(), name)
        };
        let mut palette = Self::formed(THEMES, themes.iter().map(entry).collect(), theme);
        palette.selected = themes.iter().position(|name| name == theme).unwrap_or(0);
        palette
    }

    fn formed(form: Form, entries: Vec<Entry>, theme: &str) -> Self {
        let prompt = Prompt::new(form.prompt, "", Vec::new());
        let mut palette = Self {
            form,
            theme: theme.to_owned(),
            prompt,
            entries,
            found: Vec::new(),
            selected: 0,
            was_moved: false,
        };
        palette.search();
        palette
    }

    /// The theme to draw in: the selected one, or the one that was in use when the palette was opened. Among all commands
    /// one that was not gone to is none: it was only found.
    #[must_use]
    pub fn theme(&self) -> &str {
        match self.selected().filter(|_| self.form.is_aside || self.was_moved) {
            Some(Command::Theme(name)) => name,
            Some(Command::Act(_) | Command::Elsewhere(..) | Command::Filter(_) | Command::Open(_)) | None => {
                &self.theme
            }
        }
    }

    /// The theme that was in use when the palette was opened.
    #[must_use]
    pub fn theme_before(&self) -> &str {
        &self.theme
    }

    fn selected(&self) -> Option<&Command> {
        self.found.get(self.selected).map(|(entry, _)| &self.entries[*entry].command)
    }

    /// Its keys.
    #[must_use]
    pub fn hints(&self) -> Vec<Hint> {
        let (chosen, given) =
            if self.form.is_aside { ("use this theme", "as it was before") } else { ("do it", "leave") };
        let mut hints = Vec::new();
        if !self.found.is_empty() {
            hints.extend([Hint::fixed("enter", chosen), Hint::fixed("down", "select")]);
        }
        hints.push(Hint::fixed("esc", given));
        hints
    }

    /// Takes a key.
    pub fn key(&mut self, key: KeyEvent) -> PaletteReply {
        use crossterm::event::KeyCode;
        match key.code {
            KeyCode::Up => self.step(-1),
            KeyCode::Down => self.step(1),
            KeyCode::PageUp => self.step(-10),
            KeyCode::PageDown => self.step(10),
            _ => match self.prompt.key(key) {
                PromptReply::Edited => self.search(),
                PromptReply::Stays => {}
                PromptReply::Given => return PaletteReply::Given,
                PromptReply::Accepted(_) => {
                    return self.selected().cloned().map_or(PaletteReply::Stays, PaletteReply::Chosen);
                }
            },
        }
        PaletteReply::Stays
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) {
        self.prompt.paste(text);
        self.search();
    }

    fn step(&mut self, rows: isize) {
        self.selected = self.selected.saturating_add_signed(rows).min(self.found.len().saturating_sub(1));
        self.was_moved = true;
    }

    fn search(&mut self) {
        (self.selected, self.was_moved) = (0, false);
        let mut finder = Finder::new(self.prompt.text());
        let found = self.entries.iter().enumerate().filter_map(|(position, entry)| {
            let hit = finder.find(&entry.text, entry.name)?;
            Some((hit.rank, position, hit.at))
        });
        let mut found: Vec<_> = found.collect();
        // Stable: what is found equally well stays in the order of the table.
        found.sort_by_key(|(rank, _, _)| *rank);
        self.found = found.into_iter().map(|(_, position, at)| (position, at)).collect();
    }

    /// Draws the palette over an area; returns where the cursor stands.
    pub fn view(&self, theme: &Theme, area: Rect, buf: &mut Buffer) -> (u16, u16) {
        let Form { title, columns, rows_max, is_aside, .. } = self.form;
        let rows = u16::try_from(self.found.len()).unwrap_or(rows_max).clamp(1, rows_max);
        let width = if is_aside { area.width.min(columns + 4) } else { area.width };
        let area = Rect { x: area.right() - width, width, ..area };
        let inner = boxes::pop_up(theme, area, columns, rows + 1, title, buf);
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
            Line::styled("nothing has these letters", theme.style(Role::Dim)).render(line, buf);
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
        let keys = Bindings::default();
        let entries = entries(&keys, PanelId::Top, &["dark".into(), "light".into()], &[]);
        let mut palette = Palette::new(entries, "dark");
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
    fn a_theme_is_tried_on_by_going_to_it() {
        let mut commands = typed("theme light");
        assert_eq!(commands.theme(), "dark");
        commands.key(KeyEvent::from(KeyCode::Up));
        assert_eq!(commands.theme(), "light");
        commands.key(KeyEvent::from(KeyCode::Char('x')));
        assert_eq!(commands.theme(), "dark");
        let mut themes = Palette::of_themes(&["dark".into(), "light".into(), "nord".into()], "light");
        assert_eq!(themes.theme(), "light");
        themes.key(KeyEvent::from(KeyCode::Down));
        assert_eq!((themes.theme(), themes.theme_before()), ("nord", "light"));
    }

    #[test]
    fn nothing_found_chooses_nothing() {
        assert_eq!(choice("zzzzqqq"), PaletteReply::Stays);
        assert_eq!(typed("x").key(KeyEvent::from(KeyCode::Esc)), PaletteReply::Given);
    }

    #[test]
    fn the_name_in_the_configuration_finds_a_command_too() {
        assert_eq!(choice("wire-or-model"), PaletteReply::Chosen(Command::Act(Action::WireOrModel)));
    }

    #[test]
    fn a_command_of_another_panel_is_found_with_where_it_works() {
        let elsewhere = Command::Elsewhere(PanelId::Timeline, Action::ZoomIn);
        assert_eq!(choice("zoom-in"), PaletteReply::Chosen(elsewhere));
        let listed = entries(&Bindings::default(), PanelId::Top, &[], &[]);
        let actions =
            listed.iter().filter(|entry| matches!(entry.command, Command::Act(_) | Command::Elsewhere(..)));
        assert_eq!(actions.count(), Bindings::default().rows().count() - 1);
    }

    #[test]
    fn what_begins_with_the_letters_comes_before_what_only_has_them() {
        let first = |text: &str| {
            let palette = typed(text);
            palette.entries[palette.found[0].0].text.clone()
        };
        assert_eq!(first("fil"), "Filter the calls; help has the language");
        assert_eq!(first("theme"), "Theme: dark");
        assert_eq!(first("left"), "Left: fold, or what holds it");
    }

    #[test]
    fn every_key_of_the_panel_but_its_own_is_listed_with_the_key_in_force() {
        let mut keys = Bindings::default();
        keys.set(super::super::keys::Rebinding {
            scope: super::super::keys::Scope::Everywhere,
            action: Action::Mark,
            keys: vec!["ctrl-k".parse().unwrap()],
        });
        let listed = entries(&keys, PanelId::Calls, &[], &[]);
        for bound in keys.in_panel(PanelId::Calls).filter(|bound| bound.row.action != Action::Palette) {
            let entry = listed.iter().find(|entry| entry.command == Command::Act(bound.row.action)).unwrap();
            assert_eq!(entry.aside, bound.keys(PanelId::Calls)[0].label());
        }
        assert!(listed.iter().any(|entry| entry.aside == "ctrl-k"));
    }
}
