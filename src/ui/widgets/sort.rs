//! By which column a list is sorted, and how a key or a click changes that; does not sort anything itself.

use super::table::{Layout, Order};

/// A column that a list can be sorted by.
pub trait Sortable: Copy + PartialEq + 'static {
    /// All columns, left to right.
    const ALL: &'static [Self];

    /// The order that is meant when one sorts by it.
    fn natural_order(self) -> Order;

    /// The name under which it is remembered.
    fn word(self) -> &'static str;

    /// The heading; empty for a column of marks.
    fn title(self) -> &'static str;

    /// The unit of its values, empty where they have none, and what they mean.
    fn meaning(self) -> (&'static str, &'static str);
}

/// The column a list is sorted by, and which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort<C> {
    /// The column.
    pub column: C,
    /// Which way.
    pub order: Order,
}

impl<C: Sortable> Sort<C> {
    /// By a column in its natural order.
    #[must_use]
    pub fn by(column: C) -> Self {
        Self { column, order: column.natural_order() }
    }

    /// Sorts by a column; the same one again turns the order round.
    pub fn choose(&mut self, column: C) {
        *self = if self.column == column { self.reversed() } else { Self::by(column) };
    }

    /// The same column the other way.
    #[must_use]
    pub fn reversed(self) -> Self {
        Self { order: self.order.reversed(), ..self }
    }

    /// Goes to the next column on screen, or to the one before.
    pub fn step(&mut self, forward: bool, layout: &Layout) {
        let shown = layout.places();
        if shown.is_empty() {
            return;
        }
        let here = shown.iter().position(|place| C::ALL[place.index] == self.column);
        let steps = if forward { 1 } else { shown.len() - 1 };
        let next = here.map_or(0, |here| (here + steps) % shown.len());
        *self = Self::by(C::ALL[shown[next].index]);
    }

    /// The column's place among all and the order, for the headings.
    #[must_use]
    pub fn heading(self) -> Option<(usize, Order)> {
        C::ALL.iter().position(|column| *column == self.column).map(|index| (index, self.order))
    }

    /// Writes it down.
    pub fn remember(self, table: &mut toml::Table) {
        table.insert("sort".into(), self.column.word().into());
        table.insert("descending".into(), (self.order == Order::Descending).into());
    }

    /// Takes back what was written down, as far as it is understood.
    pub fn recall(&mut self, table: &toml::Table) {
        let word = table.get("sort").and_then(toml::Value::as_str);
        if let Some(column) = C::ALL.iter().find(|column| Some(column.word()) == word) {
            *self = Self::by(*column);
        }
        match table.get("descending").and_then(toml::Value::as_bool) {
            Some(true) => self.order = Order::Descending,
            Some(false) => self.order = Order::Ascending,
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Column {
        Name,
        Size,
    }

    impl Sortable for Column {
        const ALL: &'static [Self] = &[Self::Name, Self::Size];

        fn natural_order(self) -> Order {
            if self == Self::Name { Order::Ascending } else { Order::Descending }
        }

        fn word(self) -> &'static str {
            if self == Self::Name { "name" } else { "size" }
        }

        fn title(self) -> &'static str {
            self.word()
        }

        fn meaning(self) -> (&'static str, &'static str) {
            ("", self.word())
        }
    }

    #[test]
    fn the_same_column_again_turns_the_order_round() {
        let mut sort = Sort::by(Column::Name);
        sort.choose(Column::Size);
        assert_eq!(sort.order, Order::Descending);
        sort.choose(Column::Size);
        assert_eq!(sort, Sort { column: Column::Size, order: Order::Ascending });
    }

    #[test]
    fn what_was_chosen_is_remembered_and_what_is_unknown_changes_nothing() {
        let mut table = toml::Table::new();
        Sort { column: Column::Size, order: Order::Ascending }.remember(&mut table);
        let mut again = Sort::by(Column::Name);
        again.recall(&table);
        assert_eq!(again, Sort { column: Column::Size, order: Order::Ascending });
        again.recall(&toml::from_str("sort = 'colour'").unwrap());
        assert_eq!(again.column, Column::Size);
    }
}
