//! The rules of a session as text to be written in: judged at every key, with what they would save below.
//!
//! Knows nothing of where the text comes from or goes to: it says what is to become of it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};
use tui_textarea::{CursorMove, TextArea};
use unicode_width::UnicodeWidthStr;

use super::fetched::Answer;
use super::panels::rules::preview_words;
use super::panels::{Cx, OpenId};
use super::theme::{Role, Theme};
use super::widgets::clip;
use super::widgets::columns::Align;
use super::widgets::table::put;
use crate::rules::{Problem, Ruleset};

/// Bytes a text may have; a longer paste is cut.
const TEXT_BYTES_MAX: usize = 256 * 1024;
/// Changes that can be taken back within the text.
const HISTORY_MAX: usize = 500;

/// What became of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditorReply {
    /// It is still open.
    Stays,
    /// Put this text in force; `keep` writes it into the rules file as well.
    Apply {
        /// All rules.
        text: String,
        /// Whether the rules file is to keep them.
        keep: bool,
    },
    /// The user is done; nothing is lost by that.
    Left,
}

/// Rules being written.
#[derive(Debug)]
pub struct Editor {
    /// Whose rules.
    pub session: OpenId,
    label: String,
    is_live: bool,
    area: TextArea<'static>,
    /// The text as it was when it was opened or applied last.
    saved: String,
    problem: Option<Problem>,
    /// The newest text that can be read, for the preview.
    readable: String,
    asks_to_leave: bool,
    /// The first line and the first column shown.
    from: (usize, usize),
}

impl Editor {
    /// An editor for this text.
    #[must_use]
    pub fn new(session: OpenId, label: &str, text: &str, is_live: bool) -> Self {
        let mut area = TextArea::new(text.lines().map(str::to_owned).collect());
        area.set_tab_length(2);
        area.set_max_histories(HISTORY_MAX);
        let mut editor = Self {
            session,
            label: label.to_owned(),
            is_live,
            area,
            saved: String::new(),
            problem: None,
            readable: String::new(),
            asks_to_leave: false,
            from: (0, 0),
        };
        editor.saved = editor.text();
        editor.judge();
        editor
    }

    /// The text; every line ends in a newline.
    #[must_use]
    pub fn text(&self) -> String {
        let text = self.area.lines().join("\n");
        if text.is_empty() { text } else { format!("{}\n", text.trim_end_matches('\n')) }
    }

    /// What is wrong with it, if anything is.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    fn is_changed(&self) -> bool {
        self.text() != self.saved
    }

    /// Puts another text in the place of this one, as if it had been typed: the cursor stands where the two differ.
    pub fn propose(&mut self, text: &str) {
        let same = self.area.lines().iter().zip(text.lines()).take_while(|(old, new)| old == new).count();
        let mut area = TextArea::new(text.lines().map(str::to_owned).collect());
        area.set_tab_length(2);
        area.set_max_histories(HISTORY_MAX);
        area.move_cursor(CursorMove::Jump(u16::try_from(same).unwrap_or(u16::MAX), 0));
        self.area = area;
        self.judge();
    }

    /// Says that the text is in force now, or tried.
    pub fn applied(&mut self) {
        self.saved = self.text();
    }

    /// Takes a key.
    pub fn key(&mut self, key: KeyEvent) -> EditorReply {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        if std::mem::take(&mut self.asks_to_leave) {
            return match key.code {
                KeyCode::Char('y' | 'Y') => EditorReply::Left,
                KeyCode::Char('s') if ctrl => self.apply(false),
                _ => EditorReply::Stays,
            };
        }
        match key.code {
            KeyCode::Esc => return self.leave(),
            KeyCode::Char('c' | 'q') if ctrl => return self.leave(),
            KeyCode::Char('s') if ctrl => return self.apply(false),
            KeyCode::Char('o') if ctrl => return self.apply(true),
            KeyCode::Char('z') if ctrl => {
                self.area.undo();
            }
            KeyCode::Char('e') if ctrl && self.problem.is_some() => self.jump_to_problem(),
            KeyCode::Enter => self.newline(),
            _ if self.text().len() >= TEXT_BYTES_MAX && matches!(key.code, KeyCode::Char(_)) && !ctrl => {}
            _ => {
                self.area.input(key);
            }
        }
        self.judge();
        EditorReply::Stays
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) {
        let room = TEXT_BYTES_MAX.saturating_sub(self.text().len());
        let clean: String = text
            .replace("\r\n", "\n")
            .chars()
            .map(|c| if c.is_control() && c != '\n' && c != '\t' { ' ' } else { c })
            .collect();
        self.area.insert_str(&clean[..clean.floor_char_boundary(room)]);
        self.judge();
    }

    fn leave(&mut self) -> EditorReply {
        if !self.is_changed() {
            return EditorReply::Left;
        }
        self.asks_to_leave = true;
        EditorReply::Stays
    }

    fn apply(&mut self, keep: bool) -> EditorReply {
        match self.problem {
            // The message is on the screen: the cursor goes where it is about.
            Some(_) => {
                self.jump_to_problem();
                EditorReply::Stays
            }
            None => EditorReply::Apply { text: self.text(), keep },
        }
    }

    fn jump_to_problem(&mut self) {
        let Some(problem) = &self.problem else { return };
        let place = |number: usize| u16::try_from(number.saturating_sub(1)).unwrap_or(u16::MAX);
        self.area.move_cursor(CursorMove::Jump(place(problem.line), place(problem.column)));
    }

    /// A new line that begins where the one before begins.
    fn newline(&mut self) {
        let before = self.cursor().0;
        let line = self.area.lines().get(before).map_or("", String::as_str);
        let indent: String = line.chars().take_while(|c| *c == ' ').collect();
        self.area.insert_newline();
        self.area.insert_str(indent);
    }

    fn cursor(&self) -> (usize, usize) {
        let cursor = self.area.cursor();
        (cursor.0, cursor.1)
    }

    fn judge(&mut self) {
        let text = self.text();
        self.problem = Ruleset::parse(&text).err();
        if self.problem.is_none() {
            self.readable = text;
        }
    }

    /// Draws it over an area; returns where the cursor stands.
    pub fn view(&mut self, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) -> Option<(u16, u16)> {
        Clear.render(area, buf);
        buf.set_style(area, cx.theme.style(Role::Text));
        let style = |role| cx.theme.style(role);
        let foot = 3;
        let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1 + foot), ..area };
        let changed = if self.is_changed() { "  changed" } else { "" };
        let title = Line::from(vec![
            Span::styled(format!(" Rules of {}", clip::end(&self.label, 40)), style(Role::Title)),
            Span::styled(changed, style(Role::Warn)),
        ]);
        put(buf, area.x, area.y, area.width, Align::Left, &title);
        let cursor = self.draw_lines(cx.theme, body, buf);
        self.draw_foot(cx, Rect { y: body.bottom(), height: foot.min(area.height), ..area }, buf);
        cursor
    }

    fn draw_lines(&mut self, theme: &Theme, area: Rect, buf: &mut Buffer) -> Option<(u16, u16)> {
        let (row, column) = self.cursor();
        let lines = self.area.lines();
        let gutter = u16::try_from(lines.len().to_string().len()).unwrap_or(4).max(3) + 2;
        let room = usize::from(area.width.saturating_sub(gutter + 1)).max(1);
        let height = usize::from(area.height).max(1);
        let width_before = |line: &str, chars: usize| line.chars().take(chars).collect::<String>().width();
        let at = lines.get(row).map_or(0, |line| width_before(line, column));
        self.from.0 = self.from.0.clamp((row + 1).saturating_sub(height), row);
        self.from.1 = self.from.1.clamp((at + 1).saturating_sub(room), at);
        let (first, left) = self.from;
        for (y, (index, line)) in (area.y..area.bottom()).zip(lines.iter().enumerate().skip(first)) {
            let wrong = self.problem.as_ref().filter(|problem| problem.line == index + 1);
            let role = match wrong {
                Some(_) => Role::Bad,
                None if index == row => Role::Sorted,
                None => Role::Dim,
            };
            let mark = if wrong.is_some() { theme.glyphs.error } else { " " };
            let number = format!("{mark}{:>1$} ", index + 1, usize::from(gutter) - 2);
            put(buf, area.x, y, gutter, Align::Left, &Line::styled(number, theme.style(role)));
            let text = Rect { x: area.x + gutter, y, width: area.width.saturating_sub(gutter), height: 1 };
            draw_line(line, left, text, theme, buf);
            if let Some(problem) = wrong {
                let from = width_before(line, problem.column.saturating_sub(1));
                underline(from, line.width(), left, text, theme, buf);
            }
        }
        let x = area.x + gutter + u16::try_from(at - left).unwrap_or(0);
        let y = area.y + u16::try_from(row - first).unwrap_or(0);
        area.contains((x, y).into()).then_some((x, y))
    }

    /// What is wrong or what the rules would save; and the keys.
    fn draw_foot(&self, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
        if area.height < 3 {
            return;
        }
        let style = |role| cx.theme.style(role);
        let line = cx.theme.glyphs.horizontal.repeat(usize::from(area.width));
        put(buf, area.x, area.y, area.width, Align::Left, &Line::styled(line, style(Role::Border)));
        let said = match (&self.problem, self.asks_to_leave) {
            (_, true) => Line::styled(
                " What has changed is not in force. Leave it? y leaves, any other key goes on",
                style(Role::Warn),
            ),
            (Some(problem), false) => {
                let text = format!(" {} {problem}", cx.theme.glyphs.error);
                Line::styled(clip::end(&text, usize::from(area.width)).into_owned(), style(Role::Bad))
            }
            (None, false) => match cx.rulings.preview(self.session, &self.readable) {
                Answer::Ready(preview) => {
                    Line::styled(format!(" {}", preview_words(&preview, cx)), style(Role::Accent))
                }
                Answer::Waiting => Line::styled(
                    format!(" {} playing the recording under these rules", wheel(cx)),
                    style(Role::Pending),
                ),
                Answer::Failed(why) => Line::styled(format!(" No preview: {why}"), style(Role::Dim)),
            },
        };
        put(buf, area.x, area.y + 1, area.width, Align::Left, &said);
        let keys: &[(&str, &str)] = if self.is_live {
            &[
                ("ctrl-s", "put in force"),
                ("ctrl-o", "and keep in the file"),
                ("ctrl-z", "undo"),
                ("ctrl-e", "to the problem"),
                ("esc", "back"),
            ]
        } else {
            &[
                ("ctrl-s", "try on this recording"),
                ("ctrl-z", "undo"),
                ("ctrl-e", "to the problem"),
                ("esc", "back"),
            ]
        };
        let mut spans = vec![Span::raw(" ")];
        for (key, word) in keys {
            spans.push(Span::styled(*key, style(Role::Key)));
            spans.push(Span::styled(format!(" {word}  "), style(Role::KeyText)));
        }
        put(buf, area.x, area.y + 2, area.width, Align::Left, &Line::from(spans));
    }
}

fn wheel(cx: &Cx<'_>) -> &'static str {
    let wheel = &cx.theme.glyphs.wheel;
    wheel[usize::try_from(cx.tick / 4).unwrap_or(0) % wheel.len()]
}

/// A line of TOML in the colours of its parts, from the column `left` on.
fn draw_line(line: &str, left: usize, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let mut x = 0;
    for (text, role) in pieces(line) {
        let style = theme.style(role);
        for c in text.chars() {
            let width = unicode_width::UnicodeWidthChar::width(c).unwrap_or(1).max(1);
            if x >= left && x - left + width <= usize::from(area.width) {
                let at = area.x + u16::try_from(x - left).unwrap_or(0);
                let c = if c.is_control() { ' ' } else { c };
                buf[(at, area.y)].set_char(c).set_style(style);
            }
            x += width;
        }
    }
}

/// A line of TOML in the colours of its parts.
#[must_use]
pub fn toml_line(line: &str, theme: &Theme) -> Line<'static> {
    let spans = pieces(line).into_iter().map(|(text, role)| Span::styled(text.to_owned(), theme.style(role)));
    Line::from(spans.collect::<Vec<_>>())
}

/// The parts of a line of TOML: comments, headings, keys, texts, the rest.
fn pieces(line: &str) -> Vec<(&str, Role)> {
    let trimmed = line.trim_start();
    if trimmed.starts_with('[') && !line.contains('=') {
        return vec![(line, Role::Heading)];
    }
    let mut pieces = Vec::new();
    let mut begun = 0;
    let mut chars = line.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let end = match c {
            '#' => line.len(),
            '"' | '\'' => {
                let mut is_escaped = false;
                let close = chars.by_ref().find(|(_, next)| {
                    let closes = *next == c && !is_escaped;
                    is_escaped = *next == '\\' && !is_escaped && c == '"';
                    closes
                });
                close.map_or(line.len(), |(close, _)| close + 1)
            }
            _ => continue,
        };
        push_plain(&line[begun..at], &mut pieces);
        pieces.push((&line[at..end], if c == '#' { Role::Dim } else { Role::JsonString }));
        begun = end;
        if c == '#' {
            return pieces;
        }
    }
    push_plain(&line[begun..], &mut pieces);
    pieces
}

/// Text outside quotes: words before an equals sign are keys.
fn push_plain<'a>(text: &'a str, pieces: &mut Vec<(&'a str, Role)>) {
    let mut rest = text;
    while let Some(equals) = rest.find('=') {
        let key = rest[..equals].rfind([',', '{', '[']).map_or(0, |before| before + 1);
        pieces.push((&rest[..key], Role::Text));
        pieces.push((&rest[key..equals], Role::JsonKey));
        pieces.push(("=", Role::JsonMark));
        rest = &rest[equals + 1..];
    }
    pieces.push((rest, Role::Text));
}

/// Underlines a line's text from a column on; at its end at least one cell.
fn underline(from: usize, until: usize, left: usize, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let (from, until) = (from.saturating_sub(left), until.max(from + 1).saturating_sub(left));
    for column in from..until.min(usize::from(area.width)) {
        let at = (area.x + u16::try_from(column).unwrap_or(0), area.y);
        let style = theme.style(Role::Bad).add_modifier(Modifier::UNDERLINED);
        buf[at].set_style(style);
    }
}
