//! Boxes that lie over the screen: their frame, their place, and what is under them cleared.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Clear, Widget};

use super::theme::{Role, Theme};

/// Draws an empty box with a title in the middle of an area, with room for so many columns and rows, or as many as
/// fit; returns the room inside.
pub fn pop_up(theme: &Theme, area: Rect, columns: u16, rows: u16, title: &str, buf: &mut Buffer) -> Rect {
    let width = columns.saturating_add(4).min(area.width);
    let height = rows.saturating_add(2).min(area.height);
    let outer =
        Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 3, width, height };
    Clear.render(outer, buf);
    buf.set_style(outer, theme.style(Role::Text));
    frame(theme, outer, Role::BorderFocus, buf);
    if width > 4 && height > 0 {
        let room = Rect { x: outer.x + 2, width: width - 4, height: 1, ..outer };
        Line::styled(format!(" {title} "), theme.style(Role::Title)).render(room, buf);
    }
    Rect {
        x: outer.x + 2.min(width),
        y: outer.y + 1.min(height),
        width: width.saturating_sub(4),
        height: height.saturating_sub(2),
    }
}

/// Draws the frame of a box from the theme's own characters.
pub fn frame(theme: &Theme, area: Rect, role: Role, buf: &mut Buffer) {
    if area.width < 2 || area.height < 2 {
        return;
    }
    let (style, glyphs) = (theme.style(role), &theme.glyphs);
    let (right, bottom) = (area.right() - 1, area.bottom() - 1);
    for x in area.x..=right {
        buf[(x, area.y)].set_symbol(glyphs.horizontal).set_style(style);
        buf[(x, bottom)].set_symbol(glyphs.horizontal).set_style(style);
    }
    for y in area.y..=bottom {
        buf[(area.x, y)].set_symbol(glyphs.vertical).set_style(style);
        buf[(right, y)].set_symbol(glyphs.vertical).set_style(style);
    }
    for ((x, y), corner) in
        [(area.x, area.y), (right, area.y), (area.x, bottom), (right, bottom)].into_iter().zip(glyphs.corners)
    {
        buf[(x, y)].set_symbol(corner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::{Depth, Glyphs, Themes};

    #[test]
    fn a_box_fits_whatever_the_screen() {
        let theme = Themes::default().theme("dark", Depth::True, Glyphs::ASCII).unwrap();
        for (width, height) in [(1, 1), (3, 2), (20, 5), (200, 60)] {
            let area = Rect::new(0, 0, width, height);
            let mut buf = Buffer::empty(area);
            let inner = pop_up(&theme, area, 50, 20, "Title", &mut buf);
            assert!(inner.right() <= width && inner.bottom() <= height);
        }
    }
}
