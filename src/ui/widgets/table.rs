//! Columns with headings over rows of which only those on screen are ever built; does not know what they hold.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use ratatui::text::Line;

use super::clip;
use super::columns::{Align, Place, Want, arrange};
use crate::ui::theme::{Role, Theme};

/// Cells between two columns.
pub const GAP: u16 = 2;

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its heading.
    pub title: &'static str,
    /// Its width and importance.
    pub want: Want,
    /// Where its texts and its heading stand.
    pub align: Align,
}

/// Which way a column is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

impl Order {
    /// The other way.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }
}

/// The columns as they were drawn last: which are shown, and where.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    area: Rect,
    places: Vec<Place>,
}

impl Layout {
    /// Shares the area's width out among the columns.
    #[must_use]
    pub fn new(columns: &[Column], area: Rect) -> Self {
        let wants: Vec<Want> = columns.iter().map(|column| column.want).collect();
        Self { area, places: arrange(&wants, area.width, GAP) }
    }

    /// The columns on screen.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// The column whose heading is at a position.
    #[must_use]
    pub fn heading_at(&self, at: Position) -> Option<usize> {
        let x = at.x.checked_sub(self.area.x)?;
        let hit = |place: &&Place| (place.x..place.x + place.width + GAP).contains(&x);
        (at.y == self.area.y).then(|| self.places.iter().find(hit).map(|place| place.index)).flatten()
    }

    /// The line below the headings that a position is on.
    #[must_use]
    pub fn line_at(&self, at: Position) -> Option<u16> {
        self.area.contains(at).then(|| at.y.checked_sub(self.area.y + 1)).flatten()
    }

    /// Draws the headings on the area's first line; the sorted column carries an arrow.
    pub fn headings(
        &self,
        columns: &[Column],
        sorted: Option<(usize, Order)>,
        buf: &mut Buffer,
        theme: &Theme,
    ) {
        for place in &self.places {
            let column = &columns[place.index];
            let order = sorted.filter(|(index, _)| *index == place.index).map(|(_, order)| order);
            let arrow = match order {
                None => "",
                Some(Order::Ascending) => theme.glyphs.ascending,
                Some(Order::Descending) => theme.glyphs.descending,
            };
            let role = if order.is_some() { Role::Sorted } else { Role::Heading };
            let room = usize::from(place.width).saturating_sub(clip::width(arrow));
            let title = clip::head(column.title, room);
            let gap = if !arrow.is_empty() && clip::width(title) < room { " " } else { "" };
            let text = match column.align {
                Align::Left => format!("{title}{gap}{arrow}"),
                Align::Right => format!("{arrow}{gap}{title}"),
            };
            let line = Line::styled(text, theme.style(role));
            put(buf, self.area.x + place.x, self.area.y, place.width, column.align, &line);
        }
    }

    /// Draws a row on a line of the screen, asking for the texts of the columns on screen only.
    pub fn row(
        &self,
        columns: &[Column],
        y: u16,
        buf: &mut Buffer,
        mut cell: impl FnMut(usize, u16) -> Line<'static>,
    ) {
        for place in &self.places {
            let line = cell(place.index, place.width);
            put(buf, self.area.x + place.x, y, place.width, columns[place.index].align, &line);
        }
    }
}

/// Writes a line of text into so many cells; what does not fit is cut off at its end, and `…` says so.
pub fn put(buf: &mut Buffer, x: u16, y: u16, width: u16, align: Align, line: &Line<'_>) {
    let wanted = u16::try_from(line.width()).unwrap_or(u16::MAX);
    let used = wanted.min(width);
    if wanted > width && width > 1 {
        buf.set_line(x, y, line, width - 1);
        buf[(x + width - 1, y)].set_symbol("…");
        return;
    }
    let shift = match align {
        Align::Left => 0,
        Align::Right => width - used,
    };
    buf.set_line(x + shift, y, line, width - shift);
}

/// Marks a line of the screen as the selected one. Themes without colour reverse or underline it; blocks stay as they are
/// then, for turned round a full one would be a hole in the line.
pub fn select(area: Rect, y: u16, is_focused: bool, buf: &mut Buffer, theme: &Theme) {
    let style = theme.style(if is_focused { Role::Selection } else { Role::SelectionDim });
    let is_reversed = style.add_modifier.contains(Modifier::REVERSED);
    for x in area.left()..area.right() {
        let cell = &mut buf[(x, y)];
        if !(is_reversed && theme.glyphs.is_block(cell.symbol())) {
            cell.set_style(style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::{Depth, Glyphs, Themes};

    #[test]
    fn a_reversed_line_has_no_holes() {
        let theme = Themes::default().theme("monochrome", Depth::None, Glyphs::UNICODE).unwrap();
        let area = Rect::new(0, 0, 4, 1);
        let mut buf = Buffer::empty(area);
        buf.set_string(0, 0, "█▊ a", ratatui::style::Style::new());
        select(area, 0, true, &mut buf, &theme);
        let reversed: Vec<bool> =
            buf.content.iter().map(|cell| cell.modifier.contains(Modifier::REVERSED)).collect();
        assert_eq!(reversed, [false, false, true, true]);
    }
}
