//! A line the user types: the filter, with how many calls it matches or where it is wrong, and remarks.
//!
//! Knows nothing of filters themselves: whoever owns the prompt tells it what its text means.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use tui_textarea::{CursorMove, TextArea};
use unicode_width::UnicodeWidthStr;

use super::theme::{Role, Theme};
use super::widgets::clip;

/// What a text means, as said by the prompt's owner after each edit.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Verdict {
    /// Nothing to say.
    #[default]
    None,
    /// It is understood; a remark such as `12 of 340 calls`.
    Good(String),
    /// It is not understood.
    Wrong {
        /// The byte of the text where the trouble begins.
        at: usize,
        /// What is wrong.
        problem: String,
    },
}

/// What became of a key.
#[derive(Clone, Debug, PartialEq)]
pub enum PromptReply {
    /// The text changed; its owner should say what it means now.
    Edited,
    /// The cursor moved, or nothing happened.
    Stays,
    /// The user is done with this text.
    Accepted(String),
    /// The user gave up.
    Given,
}

/// A line being typed.
#[derive(Clone, Debug)]
pub struct Prompt {
    label: &'static str,
    area: TextArea<'static>,
    history: Vec<String>,
    /// Which text of the history is shown; its length for the user's own.
    shown: usize,
    own: String,
    /// What the text means.
    pub verdict: Verdict,
    /// What is to be said beside the line: the first of these for which there is room.
    pub aside: &'static [&'static str],
}

/// Bytes a prompt takes; a longer paste is cut.
const TEXT_BYTES_MAX: usize = 4_096;

impl Prompt {
    /// A prompt with a text to begin with and texts typed before, the newest last.
    #[must_use]
    pub fn new(label: &'static str, text: &str, history: Vec<String>) -> Self {
        let shown = history.len();
        let area = area_with(text);
        Self { label, area, history, shown, own: text.to_owned(), verdict: Verdict::None, aside: &[] }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.area.lines().first().map_or("", String::as_str)
    }

    /// Whether something was typed before that can be gone back to.
    #[must_use]
    pub fn has_history(&self) -> bool {
        !self.history.is_empty()
    }

    /// Takes a key.
    pub fn key(&mut self, key: KeyEvent) -> PromptReply {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter => PromptReply::Accepted(self.text().to_owned()),
            KeyCode::Esc => PromptReply::Given,
            KeyCode::Char('c' | 'g') if ctrl => PromptReply::Given,
            // The text area would break the line.
            KeyCode::Char('m' | 'j') if ctrl => PromptReply::Accepted(self.text().to_owned()),
            // As in a shell; the text area would take back the last edit.
            KeyCode::Char('u') if ctrl => {
                let edited = self.area.delete_line_by_head();
                self.after_edit(edited)
            }
            KeyCode::Up => self.recall(self.shown.saturating_sub(1)),
            KeyCode::Down => self.recall(self.shown + 1),
            KeyCode::Tab | KeyCode::BackTab => PromptReply::Stays,
            _ if self.text().len() >= TEXT_BYTES_MAX && matches!(key.code, KeyCode::Char(_)) && !ctrl => {
                PromptReply::Stays
            }
            _ => {
                let edited = self.area.input(key);
                self.after_edit(edited)
            }
        }
    }

    /// Takes pasted text; line breaks become blanks.
    pub fn paste(&mut self, text: &str) -> PromptReply {
        let room = TEXT_BYTES_MAX.saturating_sub(self.text().len());
        let mut line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        line.truncate(line.floor_char_boundary(room));
        let edited = self.area.insert_str(&line);
        self.after_edit(edited)
    }

    fn after_edit(&mut self, edited: bool) -> PromptReply {
        if !edited {
            return PromptReply::Stays;
        }
        self.shown = self.history.len();
        self.own = self.text().to_owned();
        PromptReply::Edited
    }

    fn recall(&mut self, shown: usize) -> PromptReply {
        if shown > self.history.len() || shown == self.shown {
            return PromptReply::Stays;
        }
        self.shown = shown;
        self.area = area_with(self.history.get(shown).unwrap_or(&self.own));
        PromptReply::Edited
    }

    /// How many rows it needs: the line, what it means, and a further one for a problem that does not fit beside its
    /// mark.
    #[must_use]
    pub fn rows(&self, width: u16) -> u16 {
        let Verdict::Wrong { at, problem } = &self.verdict else { return 2 };
        let column = self.label.width() + 1 + self.text()[..self.text().floor_char_boundary(*at)].width();
        let beside = column + problem.width() + 2 <= usize::from(width) || problem.width() + 2 <= column;
        if beside { 2 } else { 3 }
    }

    /// Draws the line, and beneath it what the text means: a remark, or the problem under the place where it is.
    /// Returns where the cursor stands.
    pub fn view(&self, theme: &Theme, area: Rect, buf: &mut Buffer) -> (u16, u16) {
        let label_width = u16::try_from(self.label.width() + 1).unwrap_or(0);
        let room = usize::from(area.width.saturating_sub(label_width + 1)).max(1);
        let text = self.text();
        let cursor = self.area.cursor().1;
        let before: String = text.chars().take(cursor).collect();
        // Scrolls so that the cursor is always visible.
        let skipped = before.width().saturating_sub(room);
        let visible = skip_columns(text, skipped);
        Line::from(vec![
            Span::styled(self.label, theme.style(Role::Key)),
            Span::raw(" "),
            Span::styled(visible.to_owned(), theme.style(Role::Input)),
        ])
        .render(Rect { height: 1, ..area }, buf);
        let free = usize::from(area.width.saturating_sub(label_width)).saturating_sub(visible.width() + 2);
        if let Some(aside) = self.aside.iter().find(|aside| aside.width() <= free) {
            let line = Line::styled(*aside, theme.style(Role::Warn)).right_aligned();
            line.render(Rect { height: 1, ..area }, buf);
        }
        if area.height > 1 {
            let below = Rect { y: area.y + 1, height: 1, ..area };
            self.verdict_line(theme, label_width, skipped, area).render(below, buf);
        }
        if area.height > 2
            && let Verdict::Wrong { problem, .. } = &self.verdict
        {
            let last = Rect { y: area.y + 2, height: 1, ..area };
            let text = clip::end(problem, usize::from(area.width));
            Line::styled(text, theme.style(Role::Bad)).render(last, buf);
        }
        let column = u16::try_from(before.width() - skipped).unwrap_or(0);
        ((area.x + label_width + column).min(area.right().saturating_sub(1)), area.y)
    }

    fn verdict_line(&self, theme: &Theme, label_width: u16, skipped: usize, area: Rect) -> Line<'static> {
        let indent = usize::from(label_width);
        match &self.verdict {
            Verdict::None => Line::default(),
            Verdict::Good(remark) => Line::styled(format!("{:indent$}{remark}", ""), theme.style(Role::Dim)),
            Verdict::Wrong { at, problem } => {
                let text = self.text();
                let at = text.floor_char_boundary((*at).min(text.len()));
                let column = (indent + text[..at].width()).saturating_sub(skipped);
                let (problem_width, width) = (problem.width() + 2, usize::from(area.width));
                let style = theme.style(Role::Bad);
                if area.height > 2 {
                    Line::styled(format!("{:column$}^", ""), style)
                } else if column + problem_width <= width || column < problem_width {
                    Line::styled(format!("{:column$}^ {problem}", ""), style)
                } else {
                    let gap = column - problem_width + 1;
                    Line::styled(format!("{:gap$}{problem} ^", ""), style)
                }
            }
        }
    }
}

fn area_with(text: &str) -> TextArea<'static> {
    let mut area = TextArea::new(vec![text.to_owned()]);
    area.move_cursor(CursorMove::End);
    area
}

fn skip_columns(text: &str, columns: usize) -> &str {
    let mut passed = 0;
    for (at, c) in text.char_indices() {
        if passed >= columns {
            return &text[at..];
        }
        passed += c.to_string().width();
    }
    if columns == 0 { text } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::{Depth, Glyphs, Themes};

    fn type_in(prompt: &mut Prompt, text: &str) {
        for c in text.chars() {
            assert_eq!(prompt.key(KeyEvent::from(KeyCode::Char(c))), PromptReply::Edited);
        }
    }

    fn screen(prompt: &Prompt, width: u16) -> Vec<String> {
        let area = Rect::new(0, 0, width, 2);
        let mut buf = Buffer::empty(area);
        let theme = Themes::default().theme("monochrome", Depth::None, Glyphs::UNICODE).unwrap();
        prompt.view(&theme, area, &mut buf);
        let row = |y| (0..width).map(|x| buf[(x, y)].symbol().to_owned()).collect::<String>();
        vec![row(0).trim_end().to_owned(), row(1).trim_end().to_owned()]
    }

    #[test]
    fn a_problem_stands_under_the_place_where_it_is() {
        let mut prompt = Prompt::new("/", "", Vec::new());
        type_in(&mut prompt, "tool:x stauts:ok");
        prompt.verdict = Verdict::Wrong { at: 7, problem: "no such field".into() };
        assert_eq!(screen(&prompt, 40), ["/ tool:x stauts:ok", "         ^ no such field"]);
        assert_eq!(screen(&prompt, 24)[1], "         ^ no such field");
    }

    #[test]
    fn a_long_text_scrolls_with_its_cursor() {
        let mut prompt = Prompt::new("/", "", Vec::new());
        type_in(&mut prompt, "abcdefghijklmnopqrstuvwxyz");
        assert!(screen(&prompt, 12)[0].ends_with('z'));
    }

    #[test]
    fn ctrl_u_clears_what_stands_before_the_cursor() {
        let mut prompt = Prompt::new("/", "", Vec::new());
        type_in(&mut prompt, "tool:read");
        prompt.key(KeyEvent::from(KeyCode::Left));
        let ctrl_u = KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL);
        assert_eq!((prompt.key(ctrl_u), prompt.text()), (PromptReply::Edited, "d"));
    }

    #[test]
    fn arrows_walk_through_what_was_typed_before_and_back() {
        let mut prompt = Prompt::new("/", "mine", vec!["old".into(), "newer".into()]);
        for expected in ["newer", "old", "old"] {
            prompt.key(KeyEvent::from(KeyCode::Up));
            assert_eq!(prompt.text(), expected);
        }
        for expected in ["newer", "mine", "mine"] {
            prompt.key(KeyEvent::from(KeyCode::Down));
            assert_eq!(prompt.text(), expected);
        }
    }

    #[test]
    fn a_paste_stays_one_line_and_bounded() {
        let mut prompt = Prompt::new("/", "", Vec::new());
        prompt.paste("a\nb\u{1b}c");
        assert_eq!(prompt.text(), "a b c");
        prompt.paste(&"é".repeat(TEXT_BYTES_MAX));
        assert!(prompt.text().len() <= TEXT_BYTES_MAX);
        assert_eq!(prompt.key(KeyEvent::new(KeyCode::Char('j'), KeyModifiers::CONTROL)), {
            PromptReply::Accepted(prompt.text().to_owned())
        });
    }
}
