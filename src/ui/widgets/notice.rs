//! A few lines in the middle of an area that has nothing else to show; does not know why.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::columns::Align;
use super::table::put;
use crate::ui::theme::{Role, Theme};

/// Draws a strong first line and dim further ones, centred as a block.
#[expect(clippy::cast_possible_truncation, reason = "lines are cut to the area's width")]
pub fn notice(area: Rect, buf: &mut Buffer, theme: &Theme, lines: &[&str]) {
    let height = (lines.len() as u16).min(area.height);
    let top = area.y + (area.height - height) / 3;
    for (index, text) in lines.iter().take(usize::from(height)).enumerate() {
        let role = if index == 0 { Role::Strong } else { Role::Dim };
        let line =
            Line::styled(super::clip::end(text, usize::from(area.width)).into_owned(), theme.style(role));
        let left = (area.width - (line.width() as u16).min(area.width)) / 2;
        put(buf, area.x + left, top + index as u16, area.width - left, Align::Left, &line);
    }
}
