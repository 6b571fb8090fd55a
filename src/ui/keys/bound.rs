//! The keys in force: those of the table, with what the user has put in their place.
//!
//! The one thing that panels, footer, help and palette ask which key does what. Knows no file.

use super::{Action, BINDINGS, Binding, PanelId, Press, Reach, binding};

/// A row of the table with its keys.
#[derive(Clone, Debug)]
pub struct Bound {
    /// What the keys do, where, and how that is called.
    pub row: &'static Binding,
    /// The keys, the one to show first; none if the user wants none.
    pub(super) keys: Vec<Press>,
    /// The keys in panels that have others.
    pub(super) inside: Vec<(PanelId, Vec<Press>)>,
}

impl Bound {
    /// The keys in a panel, the one to show first.
    #[must_use]
    pub fn keys(&self, panel: PanelId) -> &[Press] {
        let of_panel = self.inside.iter().find(|(of, _)| *of == panel);
        of_panel.map_or(&self.keys, |(_, keys)| keys)
    }

    /// The keys in panels that have no others.
    #[must_use]
    pub fn usual_keys(&self) -> &[Press] {
        &self.keys
    }

    /// The panels that have keys of their own, with these.
    pub fn in_panels(&self) -> impl Iterator<Item = (PanelId, &[Press])> {
        self.inside.iter().map(|(panel, keys)| (*panel, keys.as_slice()))
    }
}

/// Which keys do what.
#[derive(Clone, Debug)]
pub struct Bindings {
    pub(super) rows: Vec<Bound>,
}

impl Default for Bindings {
    /// The keys of the table.
    fn default() -> Self {
        let rows = BINDINGS.iter().map(|row| Bound { row, keys: row.keys.to_vec(), inside: Vec::new() });
        Self { rows: rows.collect() }
    }
}

impl Bindings {
    /// All rows, in the order of the table.
    pub fn rows(&self) -> impl Iterator<Item = &Bound> {
        self.rows.iter()
    }

    /// The rows that work in a panel.
    pub fn in_panel(&self, panel: PanelId) -> impl Iterator<Item = &Bound> {
        self.rows.iter().filter(move |bound| bound.row.reach.covers(panel))
    }

    /// The row of an action.
    #[must_use]
    pub fn of(&self, action: Action) -> Option<&Bound> {
        self.rows.iter().find(|bound| bound.row.action == action)
    }

    /// What a press does in a panel.
    #[must_use]
    pub fn action(&self, press: Press, panel: PanelId) -> Option<Action> {
        let row = self.in_panel(panel).find(|bound| bound.keys(panel).contains(&press))?;
        Some(row.row.action)
    }

    /// What a press does in a box that lies over the panels and has the keys of one of them: what it does there, and
    /// otherwise what the table says, so that a box keeps its keys whatever somebody has made of them elsewhere.
    #[must_use]
    pub fn action_over(&self, press: Press, panel: PanelId) -> Option<Action> {
        let works = |row: &&Binding| row.reach.covers(panel) && row.keys.contains(&press);
        self.action(press, panel).or_else(|| Some(BINDINGS.iter().find(works)?.action))
    }

    /// How a box names the key of an action: the first one that does it there.
    #[must_use]
    pub fn label_over(&self, action: Action, panel: PanelId) -> String {
        let own = self.of(action).map_or(&[][..], |bound| bound.keys(panel));
        let fixed = binding(action).map_or(&[][..], |row| row.keys);
        let mut all = own.iter().chain(fixed);
        let key = all.find(|key| self.action_over(**key, panel) == Some(action));
        key.map_or_else(|| format!(":{}", action.name()), |key| key.label())
    }

    /// How a text names the key of an action in a panel; `:name`, as one finds it among the commands, if it has none.
    #[must_use]
    pub fn label(&self, action: Action, panel: PanelId) -> String {
        let key = self.of(action).and_then(|bound| bound.keys(panel).first());
        key.map_or_else(|| format!(":{}", action.name()), |key| key.label())
    }

    /// The same wherever one is.
    #[must_use]
    pub fn usual_label(&self, action: Action) -> String {
        let key = self.of(action).and_then(|bound| bound.keys.first());
        key.map_or_else(|| format!(":{}", action.name()), |key| key.label())
    }

    /// The key that opens a panel, as its tab shows it: one that is short. `None` if it has none.
    #[must_use]
    pub fn tab(&self, panel: PanelId) -> Option<String> {
        let keys = &self.of(Action::Show(panel))?.keys;
        let digit = keys.iter().find(|key| key.is_digit());
        digit.or(keys.first()).map(|key| key.label())
    }
}

impl Reach {
    /// Its panels.
    pub fn panels(self) -> impl Iterator<Item = PanelId> {
        PanelId::ALL.into_iter().filter(move |panel| self.covers(*panel))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(text: &str) -> Press {
        text.parse().unwrap()
    }

    #[test]
    fn every_key_of_the_table_does_what_its_row_says() {
        let keys = Bindings::default();
        for row in BINDINGS {
            for panel in row.reach.panels() {
                for key in row.keys {
                    assert_eq!(keys.action(*key, panel), Some(row.action), "{} in {panel:?}", key.label());
                }
            }
        }
        assert_eq!(keys.action(press("r"), PanelId::Top), None);
    }

    #[test]
    fn boxes_keep_their_keys_and_take_the_users_own_and_name_those() {
        let mut keys = Bindings::default();
        let change = |action, written: &str| super::super::Rebinding {
            scope: super::super::Scope::Everywhere,
            action,
            keys: vec![press(written)],
        };
        keys.set(change(Action::Down, "n"));
        keys.set(change(Action::Copy, "Z"));
        let over = |written| keys.action_over(press(written), PanelId::Sessions);
        assert_eq!(over("n"), Some(Action::Down));
        assert_eq!(over("j"), Some(Action::Down));
        assert_eq!(over("y"), Some(Action::Copy));
        assert_eq!(over("Z"), Some(Action::Copy));
        let named = |action| keys.label_over(action, PanelId::Sessions);
        assert_eq!([named(Action::Copy), named(Action::Down), named(Action::Back)], ["Z", "n", "esc"]);
        // A key that somebody has given to something else does that in a box as well.
        keys.set(change(Action::Mark, "y"));
        assert_eq!(keys.action_over(press("y"), PanelId::Sessions), Some(Action::Mark));
    }

    #[test]
    fn an_action_without_a_key_is_named_as_a_command() {
        let mut keys = Bindings::default();
        assert_eq!(keys.label(Action::Pick, PanelId::Calls), "M");
        assert_eq!(keys.tab(PanelId::Help).as_deref(), Some("7"));
        keys.set(super::super::Rebinding {
            scope: super::super::Scope::In(PanelId::Calls),
            action: Action::Pick,
            keys: Vec::new(),
        });
        assert_eq!(keys.label(Action::Pick, PanelId::Calls), ":pick");
        assert_eq!(keys.label(Action::Pick, PanelId::Sessions), "M");
    }
}
