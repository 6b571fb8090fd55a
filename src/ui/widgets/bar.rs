//! A share of a whole as a horizontal bar, alone or stacked; knows nothing of what is shared.

use ratatui::style::Style;
use ratatui::text::Span;

use crate::ui::theme::Glyphs;

/// Sums of shares up to this are the whole: they come from divisions.
const WHOLE: f64 = 1.000_001;

/// One part of a stacked bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Its share of the whole bar, from 0 to 1.
    pub share: f64,
    /// What it is drawn with.
    pub style: Style,
    /// The character for a full cell, so that neighbours differ without colour; `None` is the full block.
    pub fill: Option<&'static str>,
}

/// A bar of one part, exact to an eighth of a cell, blanks behind it. Something is never drawn as nothing.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 8 times a screen's width")]
pub fn bar(share: f64, cells: u16, glyphs: &Glyphs) -> String {
    let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
    let mut eighths = (share * f64::from(cells) * 8.0).round() as usize;
    if share > 0.0 {
        eighths = eighths.max(1);
    }
    let mut text = glyphs.eighths[7].repeat(eighths / 8);
    let mut used = eighths / 8;
    if !eighths.is_multiple_of(8) && used < usize::from(cells) {
        text.push_str(glyphs.eighths[eighths % 8 - 1]);
        used += 1;
    }
    text.push_str(&" ".repeat(usize::from(cells) - used));
    text
}

/// A gauge of several parts in whole cells, the rest drawn as empty. Each part that is not nothing gets a cell while
/// there is room; together they never exceed the gauge, and where they are more than the whole its last cell says so.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1 times a screen's width")]
pub fn gauge(parts: &[Part], cells: u16, empty: Style, glyphs: &Glyphs) -> Vec<Span<'static>> {
    let mut spans = Vec::with_capacity(parts.len() + 1);
    let mut used = 0u16;
    let mut until = 0.0;
    for part in parts {
        let share = if part.share.is_nan() { 0.0 } else { part.share.max(0.0) };
        until += share;
        let end = ((until * f64::from(cells)).round() as u16).min(cells);
        let least = u16::from(share > 0.0);
        let width = end.saturating_sub(used).max(least).min(cells - used);
        if width > 0 {
            let fill = part.fill.unwrap_or(glyphs.eighths[7]);
            spans.push(Span::styled(fill.repeat(usize::from(width)), part.style));
        }
        used += width;
    }
    if until > WHOLE && cells > 0 {
        mark_beyond(&mut spans, glyphs);
        return spans;
    }
    if used < cells {
        spans.push(Span::styled(glyphs.gauge_empty.repeat(usize::from(cells - used)), empty));
    }
    spans
}

/// Puts the mark of what is beyond the whole in the place of the last cell.
fn mark_beyond(spans: &mut Vec<Span<'static>>, glyphs: &Glyphs) {
    let Some(last) = spans.last_mut() else { return };
    let style = last.style;
    let mut cells = last.content.chars();
    cells.next_back();
    last.content = cells.as_str().to_owned().into();
    if last.content.is_empty() {
        spans.pop();
    }
    spans.push(Span::styled(glyphs.beyond, style));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part(share: f64) -> Part {
        Part { share, style: Style::new(), fill: None }
    }

    #[test]
    fn a_bar_is_exact_to_an_eighth() {
        assert_eq!(bar(0.5, 4, &Glyphs::UNICODE), "██  ");
        assert_eq!(bar(0.53, 4, &Glyphs::UNICODE), "██▏ ");
        assert_eq!(bar(0.000_1, 4, &Glyphs::UNICODE), "▏   ");
        assert_eq!(bar(0.0, 4, &Glyphs::UNICODE), "    ");
        assert_eq!(bar(7.0, 4, &Glyphs::UNICODE), "████");
        assert_eq!(bar(0.5, 4, &Glyphs::ASCII), "##  ");
    }

    #[test]
    fn a_gauge_stacks_its_parts_and_shows_the_rest_as_empty() {
        let parts = [Part { fill: Some("▓"), ..part(0.25) }, part(0.01)];
        let text: String =
            gauge(&parts, 8, Style::new(), &Glyphs::UNICODE).into_iter().map(|s| s.content).collect();
        assert_eq!(text, "▓▓█░░░░░");
    }

    proptest! {
        #[test]
        fn any_shares_fill_exactly_their_cells(
            shares in proptest::collection::vec(any::<f64>(), 0..5), cells in 0u16..40,
        ) {
            let parts: Vec<_> = shares.iter().map(|share| part(*share)).collect();
            for glyphs in [Glyphs::UNICODE, Glyphs::ASCII] {
                let spans = gauge(&parts, cells, Style::new(), &glyphs);
                prop_assert_eq!(spans.iter().map(Span::width).sum::<usize>(), usize::from(cells));
                for share in &shares {
                    prop_assert_eq!(bar(*share, cells, &glyphs).chars().count(), usize::from(cells));
                }
            }
        }
    }
}
