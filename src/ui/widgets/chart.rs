//! Numbers over time as columns several lines high; knows nothing of what they mean.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::sparkline::Scale;
use crate::ui::theme::Glyphs;

/// Draws one number a cell, the newest at the right end, exact to an eighth of a line; `style` gives each number its
/// own. What was measured is at least seen, what was not leaves a gap.
pub fn columns(
    values: &[Option<f64>],
    scale: Scale,
    area: Rect,
    buf: &mut Buffer,
    glyphs: &Glyphs,
    style: impl Fn(f64) -> Style,
) {
    let shown = &values[values.len().saturating_sub(usize::from(area.width))..];
    let left = area.right() - u16::try_from(shown.len()).unwrap_or(area.width);
    for (x, value) in (left..area.right()).zip(shown) {
        let Some(value) = *value else { continue };
        let mut eighths = eighths(scale.part(value), area.height);
        for y in (area.y..area.bottom()).rev() {
            if eighths == 0 {
                break;
            }
            let here = eighths.min(8);
            buf[(x, y)].set_symbol(glyphs.spark[here]).set_style(style(value));
            eighths -= here;
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1 times a screen's height")]
fn eighths(part: f64, height: u16) -> usize {
    ((part * f64::from(height) * 8.0).round() as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_grow_from_the_bottom_and_end_at_the_right() {
        let area = Rect::new(0, 0, 6, 2);
        let mut buf = Buffer::empty(area);
        let values = [Some(0.0), None, Some(4.0), Some(12.0), Some(16.0)];
        columns(&values, Scale::Linear { max: 16.0 }, area, &mut buf, &Glyphs::UNICODE, |_| Style::new());
        let lines: Vec<String> = buf
            .content
            .chunks(6)
            .map(|line| line.iter().map(ratatui::buffer::Cell::symbol).collect())
            .collect();
        assert_eq!(lines, ["    ▄█", " ▁ ▄██"]);
    }
}
