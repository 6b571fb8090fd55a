//! A table of texts with aligned columns under headings; a part of its rows may belong together.
//!
//! Knows nothing of what the texts mean.

use crate::cli::ink::Ink;
use crate::ui::widgets::clip;

/// A table.
pub(super) struct Sheet<const N: usize> {
    headings: [&'static str; N],
    rows: Vec<[String; N]>,
    /// The column that stands out: what one looks up.
    strong: usize,
}

/// Blanks between columns.
const GAP: usize = 2;

impl<const N: usize> Sheet<N> {
    /// A table in which one column stands out.
    pub(super) fn new(
        headings: [&'static str; N],
        strong: usize,
        rows: impl IntoIterator<Item = [String; N]>,
    ) -> Self {
        Self { headings, rows: rows.into_iter().collect(), strong }
    }

    /// As text that ends with a newline.
    pub(super) fn text(&self, ink: Ink) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| clip::width(&row[column]));
            cells.chain([clip::width(self.headings[column])]).max().unwrap_or(0)
        };
        let widths: [usize; N] = std::array::from_fn(width);
        let mut out = String::new();
        push(&mut out, &widths, self.headings.map(|heading| (heading, ink.dim(heading))));
        for row in &self.rows {
            let cells = std::array::from_fn(|column| {
                let text = row[column].as_str();
                (text, if column == self.strong { ink.bold(text) } else { text.to_owned() })
            });
            push(&mut out, &widths, cells);
        }
        out
    }
}

/// A line of texts, each with how it is painted. No blanks at its end.
fn push<const N: usize>(out: &mut String, widths: &[usize; N], cells: [(&str, String); N]) {
    let mut owed = 0;
    for ((text, painted), width) in cells.into_iter().zip(widths) {
        if !text.is_empty() {
            out.extend(std::iter::repeat_n(' ', owed));
            out.push_str(&painted);
            owed = 0;
        }
        owed += width - clip::width(text) + GAP;
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_lines_end_with_their_last() {
        let rows = [["a", "", "c"], ["wide", "ä", ""]].map(|row| row.map(str::to_owned));
        let sheet = Sheet::new(["x", "letter", "z"], 0, rows);
        assert_eq!(sheet.text(Ink::NONE), "x     letter  z\na             c\nwide  ä\n");
    }
}
