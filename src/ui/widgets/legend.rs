//! What the columns of a list mean, for help and for `mcptop print columns`; the lists themselves say it.

use super::sort::Sortable;

/// A column, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Legend {
    /// What stands above it; empty for a column of marks.
    pub title: &'static str,
    /// What it is called where it is remembered.
    pub name: &'static str,
    /// The unit of its values; empty where they have none.
    pub unit: &'static str,
    /// What they mean.
    pub meaning: &'static str,
}

impl Legend {
    /// The columns of a list, left to right.
    #[must_use]
    pub fn of<C: Sortable>() -> Vec<Self> {
        let legend = |column: &C| {
            let (unit, meaning) = column.meaning();
            Self { title: column.title().trim_end(), name: column.word(), unit, meaning }
        };
        C::ALL.iter().map(legend).collect()
    }

    /// What to call it in so many cells: its heading, or else its name.
    #[must_use]
    pub fn label(&self, cells: usize) -> &'static str {
        let has_title = !self.title.is_empty() && super::clip::width(self.title) <= cells;
        if has_title { self.title } else { self.name }
    }
}
