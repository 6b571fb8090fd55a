//! The rules of a session as text to be written in: judged at every key, with what they would save below.
//!
//! Knows nothing of where the text comes from or goes to: it says what is to become of it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};

use super::fetched::Answer;
use super::hints::Hint;
use super::panels::rules::preview_words;
use super::panels::{Cx, OpenId};
use super::theme::{Role, Theme};
use super::widgets::clip;
use super::widgets::columns::Align;
use super::widgets::table::put;
use super::writing::{Mark, Writing};
use crate::rules::{Problem, Ruleset};

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
    /// There is nothing to put in force: the example stands as it was.
    Unwritten,
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
    writing: Writing,
    /// The example it was opened with; empty for none.
    example: String,
    /// The text as it was when it was opened or applied last.
    saved: String,
    problem: Option<Problem>,
    /// The newest text that can be read, for the preview.
    readable: String,
    asks_to_leave: bool,
}

/// The lines of a rule as one may look, with what they mean.
pub const EXAMPLE: [(&str, &str); 4] = [
    ("[[rule]]", ""),
    ("name  = \"forecasts\"", "what you call it"),
    ("match = { tool = \"get_forecast\" }", "which calls it is about"),
    ("cache = { ttl = \"5m\" }", "keep its answers for 5 minutes"),
];

/// What an editor without a rule opens with: the example as comments.
fn example() -> String {
    let lines = EXAMPLE.iter().map(|(line, meaning)| match *meaning {
        "" => format!("# {line}\n"),
        meaning => format!("# {line:<33}  # {meaning}\n"),
    });
    format!(
        "# No rule yet. For one like this, take the first # of each line away:\n{}",
        lines.collect::<String>()
    )
}

impl Editor {
    /// An editor for this text; where there is none, one opens with an example as comments.
    #[must_use]
    pub fn new(session: OpenId, label: &str, text: &str, is_live: bool) -> Self {
        let example = if text.trim().is_empty() { example() } else { String::new() };
        let text = if example.is_empty() { text } else { &example };
        let mut editor = Self {
            session,
            label: label.to_owned(),
            is_live,
            writing: Writing::new(text),
            example: example.clone(),
            saved: String::new(),
            problem: None,
            readable: String::new(),
            asks_to_leave: false,
        };
        editor.saved = editor.text();
        editor.judge();
        editor
    }

    /// The text; every line ends in a newline.
    #[must_use]
    pub fn text(&self) -> String {
        let text = self.writing.text();
        if text.is_empty() { text } else { format!("{}\n", text.trim_end_matches('\n')) }
    }

    /// What is wrong with it, if anything is.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    fn is_example(&self) -> bool {
        !self.example.is_empty() && self.text() == self.example
    }

    fn is_changed(&self) -> bool {
        self.text() != self.saved
    }

    /// Puts another text in the place of this one, as if it had been typed: the cursor stands where the two differ.
    pub fn propose(&mut self, text: &str) {
        let old = self.writing.text();
        let same = old.lines().zip(text.lines()).take_while(|(old, new)| old == new).count();
        self.writing = Writing::new(text);
        self.writing.jump(same + 1, 1);
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
            KeyCode::Char('e') if ctrl && self.problem.is_some() => self.jump_to_problem(),
            _ => self.writing.key(key),
        }
        self.judge();
        EditorReply::Stays
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) {
        self.writing.paste(text);
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
            None if self.is_example() => EditorReply::Unwritten,
            None => {
                // The example is no part of anybody's rules, unless somebody has made it one.
                let own = if self.example.is_empty() {
                    self.text()
                } else {
                    self.text().replacen(&self.example, "", 1)
                };
                EditorReply::Apply { text: own.trim_start_matches('\n').to_owned(), keep }
            }
        }
    }

    fn jump_to_problem(&mut self) {
        let Some(problem) = &self.problem else { return };
        self.writing.jump(problem.line, problem.column);
    }

    fn judge(&mut self) {
        let text = self.text();
        self.problem = Ruleset::parse(&text).err();
        if self.problem.is_none() {
            self.readable = text;
        }
    }

    /// Its keys.
    #[must_use]
    pub fn hints(&self) -> Vec<Hint> {
        if self.asks_to_leave {
            return vec![Hint::fixed("y", "leave it"), Hint::fixed("any other key", "go on writing")];
        }
        let mut hints = Vec::new();
        if self.problem.is_some() {
            hints.push(Hint::fixed("ctrl-e", "to the problem"));
        } else if self.is_live {
            hints.push(Hint::fixed("ctrl-s", "put in force"));
            hints.push(Hint::fixed("ctrl-o", "and keep in the file"));
        } else {
            hints.push(Hint::fixed("ctrl-s", "try on this recording"));
        }
        hints.extend([Hint::fixed("ctrl-z", "undo"), Hint::fixed("esc", "back")]);
        hints
    }

    /// Draws it over an area; returns where the cursor stands.
    pub fn view(&mut self, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) -> Option<(u16, u16)> {
        Clear.render(area, buf);
        buf.set_style(area, cx.theme.style(Role::Text));
        let style = |role| cx.theme.style(role);
        let foot = 2;
        let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1 + foot), ..area };
        let changed = if self.is_changed() { "  changed" } else { "" };
        let title = Line::from(vec![
            Span::styled(format!(" Rules of {}", clip::end(&self.label, 40)), style(Role::Title)),
            Span::styled(changed, style(Role::Warn)),
        ]);
        put(buf, area.x, area.y, area.width, Align::Left, &title);
        let marks: Vec<Mark> =
            self.problem.iter().map(|problem| Mark { line: problem.line, column: problem.column }).collect();
        let cursor = self.writing.draw(cx.theme, pieces, &marks, body, buf);
        self.draw_foot(cx, Rect { y: body.bottom(), height: foot.min(area.height), ..area }, buf);
        cursor
    }

    /// What is wrong, or what the rules would save.
    fn draw_foot(&self, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
        if area.height < 2 {
            return;
        }
        let style = |role| cx.theme.style(role);
        let line = cx.theme.glyphs.horizontal.repeat(usize::from(area.width));
        put(buf, area.x, area.y, area.width, Align::Left, &Line::styled(line, style(Role::Border)));
        let said = match (&self.problem, self.asks_to_leave) {
            (_, true) => {
                Line::styled(" What has changed is not in force. Leave it all the same?", style(Role::Warn))
            }
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
    }
}

fn wheel(cx: &Cx<'_>) -> &'static str {
    let wheel = &cx.theme.glyphs.wheel;
    wheel[usize::try_from(cx.tick / 4).unwrap_or(0) % wheel.len()]
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
