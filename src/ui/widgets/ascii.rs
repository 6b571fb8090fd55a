//! Reduces what is drawn to ASCII, for terminals that know nothing else; every stand-in is one cell wide.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::ui::theme::Glyphs;

/// Replaces every character of the area that is not ASCII, if the glyphs in use are. What has no stand-in becomes `?`.
/// An ellipsis becomes two dots, for one could belong to the text: the other one takes the cell before it.
pub fn reduce(buf: &mut Buffer, area: Rect, glyphs: &Glyphs) {
    if *glyphs != Glyphs::ASCII {
        return;
    }
    for position in area.intersection(buf.area).positions() {
        let cell = &mut buf[position];
        if cell.symbol().is_ascii() {
            continue;
        }
        let is_cut = cell.symbol() == Glyphs::UNICODE.ellipsis;
        let stand_in = stand_in(cell.symbol());
        cell.set_symbol(stand_in);
        if is_cut && position.x > area.x {
            buf[(position.x - 1, position.y)].set_symbol(".");
        }
    }
}

fn stand_in(symbol: &str) -> &'static str {
    match symbol {
        "µ" => "u",
        "…" | "·" | "░" => ".",
        "–" | "—" | "─" | "−" => "-",
        "→" | "≥" | "»" => ">",
        "←" | "≤" => "<",
        "█" => "#",
        "▓" => "=",
        "×" => "x",
        "│" => "|",
        _ => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ascii_remains_where_only_ascii_is_wanted() {
        let area = Rect::new(0, 0, 12, 1);
        let mut buf = Buffer::empty(area);
        buf.set_string(0, 0, "12 µs … 日é", ratatui::style::Style::new());
        reduce(&mut buf, area, &Glyphs::UNICODE);
        assert_eq!(buf[(3, 0)].symbol(), "µ");
        reduce(&mut buf, area, &Glyphs::ASCII);
        let text: String = buf.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert_eq!(text, "12 us.. ? ? ");
    }
}
