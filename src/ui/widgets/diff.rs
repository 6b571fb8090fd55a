//! Two texts compared line by line: what is gone, what came, and some of what stayed.
//!
//! JSON is written out over lines first, and JSON within its strings as well, so that a changed field is a changed line.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use similar::{Algorithm, ChangeTag, TextDiff};

use super::clip;
use super::columns::Align;
use super::json::lines::{is_json, written_out};
use super::scroll::{Scroll, scrollbar};
use super::table::put;
use crate::ui::keys::Action;
use crate::ui::theme::{Role, Theme};

/// Unchanged lines shown around a change.
const CONTEXT: usize = 3;
/// Lines of one side that are compared; what comes after is said and not shown.
const LINES_MAX: usize = 20_000;
/// How long the comparison may search for the smallest difference; then it takes what it has.
const SEARCH_MAX: Duration = Duration::from_millis(100);

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Stayed,
    Gone,
    Came,
    /// So many lines that stayed are not shown.
    Left(usize),
}

/// Two texts compared.
#[derive(Clone, Debug)]
pub struct DiffView {
    lines: Vec<(Fate, String)>,
    is_cut: bool,
    scroll: Scroll,
}

impl DiffView {
    /// Compares what was with what is.
    #[must_use]
    pub fn new(before: &[u8], after: &[u8]) -> Self {
        let is_json = is_json(before) && is_json(after);
        let (before, cut_before) = bounded(&written_out(before));
        let (after, cut_after) = bounded(&written_out(after));
        let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
        // Whether a comma follows says what becomes of the next line, and not of this one.
        let [old, new] = [&before, &after].map(|lines| keys(lines, is_json));
        let diff =
            TextDiff::configure().algorithm(Algorithm::Patience).timeout(SEARCH_MAX).diff_slices(&old, &new);
        let changes: Vec<(Fate, &str)> = diff
            .iter_all_changes()
            .filter_map(|change| match (change.tag(), change.old_index(), change.new_index()) {
                (ChangeTag::Equal, _, Some(at)) => Some((Fate::Stayed, after[at])),
                (ChangeTag::Delete, Some(at), _) => Some((Fate::Gone, before[at])),
                (ChangeTag::Insert, _, Some(at)) => Some((Fate::Came, after[at])),
                _ => None,
            })
            .collect();
        Self { lines: shortened(&changes), is_cut: cut_before || cut_after, scroll: Scroll::default() }
    }

    /// How many lines are gone, and how many came.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let count = |wanted| self.lines.iter().filter(|(fate, _)| *fate == wanted).count();
        (count(Fate::Gone), count(Fate::Came))
    }

    /// Draws the part that is scrolled to.
    pub fn draw(&mut self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let cells = area.width.saturating_sub(1);
        let window = self.scroll.window_at_top(self.lines.len(), area.height);
        for (y, (fate, text)) in (area.y..).zip(&self.lines[window.clone()]) {
            let (mark, role) = match fate {
                Fate::Stayed => (' ', Role::Dim),
                Fate::Gone => ('-', Role::Removed),
                Fate::Came => ('+', Role::Added),
                Fate::Left(_) => (' ', Role::Void),
            };
            let text = match fate {
                Fate::Left(count) => format!("  {} {count} lines the same", theme.glyphs.ellipsis),
                Fate::Stayed | Fate::Gone | Fate::Came => format!("{mark} {}", clip::visible(text)),
            };
            put(buf, area.x, y, cells, Align::Left, &Line::styled(text, theme.style(role)));
        }
        if self.is_cut && window.end == self.lines.len() && area.height > 0 {
            let text = format!("only the first {LINES_MAX} lines are compared");
            let y = area.bottom() - 1;
            put(buf, area.x, y, cells, Align::Left, &Line::styled(text, theme.style(Role::Warn)));
        }
        scrollbar(area, buf, self.lines.len(), &window, theme);
    }

    /// Scrolls as an action asks; says whether it was one that moves.
    pub fn act(&mut self, action: Action) -> bool {
        self.scroll.act_at_top(action, self.lines.len())
    }

    /// Scrolls by lines.
    pub fn wheel(&mut self, lines: i16) {
        self.scroll.wheel(lines, self.lines.len());
    }
}

/// What lines are compared by.
fn keys<'t>(lines: &[&'t str], is_json: bool) -> Vec<&'t str> {
    lines.iter().map(|line| line.strip_suffix(',').filter(|_| is_json).unwrap_or(line)).collect()
}

/// The text up to [`LINES_MAX`] lines, and whether there was more.
fn bounded(text: &str) -> (String, bool) {
    let end = memchr::memchr_iter(b'\n', text.as_bytes()).nth(LINES_MAX - 1);
    match end {
        Some(end) if end + 1 < text.len() => (text[..=end].to_owned(), true),
        _ => (text.to_owned(), false),
    }
}

/// The changes with some lines around each; what lies further from any change is counted only.
fn shortened(changes: &[(Fate, &str)]) -> Vec<(Fate, String)> {
    let mut is_near = vec![false; changes.len()];
    for (at, (fate, _)) in changes.iter().enumerate() {
        if *fate != Fate::Stayed {
            let until = (at + CONTEXT + 1).min(changes.len());
            is_near[at.saturating_sub(CONTEXT)..until].fill(true);
        }
    }
    let mut lines = Vec::new();
    for ((fate, text), is_near) in changes.iter().zip(is_near) {
        if is_near {
            lines.push((*fate, (*text).to_owned()));
        } else if let Some((Fate::Left(count), _)) = lines.last_mut() {
            *count += 1;
        } else {
            lines.push((Fate::Left(1), String::new()));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(before: &str, after: &str) -> Vec<String> {
        let mark = |fate| match fate {
            Fate::Stayed => " ".to_owned(),
            Fate::Gone => "-".to_owned(),
            Fate::Came => "+".to_owned(),
            Fate::Left(count) => format!("={count}"),
        };
        let view = DiffView::new(before.as_bytes(), after.as_bytes());
        view.lines.iter().map(|(fate, text)| format!("{}{text}", mark(*fate))).collect()
    }

    #[test]
    fn a_field_that_was_taken_out_is_a_line_that_is_gone() {
        assert_eq!(
            shown(r#"{"a":1,"b":2,"c":4}"#, r#"{"a":1,"c":4}"#),
            [" {", "   \"a\": 1,", "-  \"b\": 2,", "   \"c\": 4", " }"]
        );
    }

    #[test]
    fn a_comma_that_goes_with_its_follower_is_no_change() {
        assert_eq!(shown(r#"{"a":1,"b":2}"#, r#"{"a":1}"#), [" {", "   \"a\": 1", "-  \"b\": 2", " }"]);
        assert_eq!(
            shown(r#"{"a":"1,"}"#, r#"{"a":"1"}"#),
            [" {", "-  \"a\": \"1,\"", "+  \"a\": \"1\"", " }"]
        );
        assert_eq!(shown("a,\nb", "a\nb"), ["-a,", "+a", " b"]);
    }

    #[test]
    fn what_is_far_from_any_change_is_counted_only() {
        let rows = |changed: &str| {
            let rows: Vec<String> =
                (0..30).map(|n| if n == 15 { changed.to_owned() } else { n.to_string() }).collect();
            format!("[{}]", rows.join(","))
        };
        let lines = shown(&rows("15"), &rows("null"));
        assert_eq!(lines.first().unwrap(), "=13");
        assert_eq!(lines.last().unwrap(), "=12");
        assert_eq!(lines.len(), 2 + 2 * CONTEXT + 2);
    }

    proptest! {
        #[test]
        fn no_line_is_lost(before in prop::collection::vec("[ab]{0,2}", 0..30), after in prop::collection::vec("[ab]{0,2}", 0..30)) {
            let view = DiffView::new(before.join("\n").as_bytes(), after.join("\n").as_bytes());
            let stayed: usize = view.lines.iter().map(|(fate, _)| match fate {
                Fate::Left(count) => *count,
                Fate::Stayed => 1,
                Fate::Gone | Fate::Came => 0,
            }).sum();
            let (gone, came) = view.counts();
            prop_assert_eq!(stayed + gone, before.join("\n").lines().count());
            prop_assert_eq!(stayed + came, after.join("\n").lines().count());
        }
    }
}
