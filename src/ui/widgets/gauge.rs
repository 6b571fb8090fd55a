//! How much of a budget is used, in two parts; knows nothing of what is budgeted.

use ratatui::text::Span;

use super::bar::{self, Part};
use crate::ui::theme::{Role, Theme};

/// A gauge of two parts of a budget, each a share of it; what is beyond the budget is marked in the last cell.
#[must_use]
pub fn gauge(theme: &Theme, first: f64, second: f64, cells: usize) -> Vec<Span<'static>> {
    let parts = [
        Part { share: first, style: theme.style(Role::Bar), fill: None },
        Part { share: second, style: theme.style(Role::BarSecond), fill: Some(theme.glyphs.second) },
    ];
    let cells = u16::try_from(cells).unwrap_or(u16::MAX);
    let mut spans = bar::gauge(&parts, cells, theme.style(Role::BarEmpty), &theme.glyphs);
    if let Some(last) = spans.last_mut().filter(|last| last.content == theme.glyphs.beyond) {
        last.style = theme.style(Role::Bad);
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::{Depth, Glyphs, Themes};

    fn drawn(first: f64, second: f64, glyphs: &Glyphs) -> String {
        let theme = Themes::default().theme("dark", Depth::True, *glyphs).unwrap();
        gauge(&theme, first, second, 8).into_iter().map(|span| span.content).collect()
    }

    #[test]
    fn a_gauge_that_is_full_and_one_that_flows_over_differ() {
        assert_eq!(drawn(0.5, 0.25, &Glyphs::UNICODE), "████▓▓░░");
        assert_eq!(drawn(0.5, 0.5, &Glyphs::UNICODE), "████▓▓▓▓");
        assert_eq!(drawn(0.5, 0.6, &Glyphs::UNICODE), "████▓▓▓»");
        assert_eq!(drawn(3.0, 0.0, &Glyphs::UNICODE), "███████»");
        assert_eq!(drawn(0.5, 9.0, &Glyphs::ASCII), "####===>");
    }
}
