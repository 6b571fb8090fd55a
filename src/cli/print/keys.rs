//! Which key does what in the viewer, with what the configuration changes.

use serde_json::{Value, json};

use super::sheet::Sheet;
use crate::ui::keys::{Bindings, Bound, Press, Reach};
use crate::ui::panels::PanelId;

/// An action with the keys that it has in some panels.
struct Row<'b> {
    bound: &'b Bound,
    keys: &'b [Press],
    /// Where; in the order of the tabs.
    panels: Vec<PanelId>,
    /// Whether that is wherever one is, or where nothing else is said.
    is_everywhere: bool,
}

fn rows(bindings: &Bindings) -> Vec<Row<'_>> {
    bindings.rows().flat_map(rows_of).collect()
}

/// An action with its usual keys, and with those it has in single panels.
fn rows_of(bound: &Bound) -> impl Iterator<Item = Row<'_>> {
    let usual = bound.row.reach.panels().filter(|panel| bound.in_panels().all(|(other, _)| other != *panel));
    let is_everywhere = bound.row.reach == Reach::Everywhere;
    let base = Row { bound, keys: bound.usual_keys(), panels: usual.collect(), is_everywhere };
    let others = bound.in_panels().map(move |(panel, keys)| Row {
        bound,
        keys,
        panels: vec![panel],
        is_everywhere: false,
    });
    std::iter::once(base).filter(|row| !row.panels.is_empty()).chain(others)
}

impl Row<'_> {
    fn place(&self) -> String {
        if self.is_everywhere {
            let all = self.panels.len() == PanelId::ALL.len();
            return if all { "everywhere" } else { "everywhere else" }.to_owned();
        }
        // Help lists keys but has nothing to work on.
        let panels = self.panels.iter().filter(|panel| **panel != PanelId::Help);
        let titles: Vec<&str> = panels.map(|panel| panel.title()).collect();
        titles.join(", ")
    }

    fn labels(&self) -> Vec<String> {
        self.keys.iter().map(|key| key.label()).collect()
    }
}

/// The table: a row for each action, and one more for each panel in which it has other keys.
pub(super) fn sheet(bindings: &Bindings) -> Sheet<4> {
    let rows = rows(bindings).into_iter().map(|row| {
        let labels = row.labels();
        let keys = if labels.is_empty() { "none".to_owned() } else { labels.join(" ") };
        [keys, row.bound.row.action.name().to_owned(), row.bound.row.text.to_owned(), row.place()]
    });
    Sheet::new(["keys", "action", "what it does", "where"], 0, rows)
}

/// The same as JSON.
pub(super) fn document(bindings: &Bindings) -> Value {
    let rows = rows(bindings).into_iter().map(|row| {
        let built_in: Vec<String> = row.bound.row.keys.iter().map(|key| key.label()).collect();
        let panels: Vec<String> = row.panels.iter().map(|panel| panel.title().to_lowercase()).collect();
        json!({
            "action": row.bound.row.action.name(),
            "keys": row.labels(),
            "built_in": built_in,
            "panels": panels,
            "everywhere": row.is_everywhere,
            "group": row.bound.row.group.title(),
            "text": row.bound.row.text,
        })
    });
    json!({ "keys": rows.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::keys::{Action, Rebinding, Scope};

    #[test]
    fn other_keys_in_a_panel_are_a_row_of_their_own() {
        let mut bindings = Bindings::default();
        let key = "f9".parse().unwrap();
        bindings.set(Rebinding { scope: Scope::In(PanelId::Calls), action: Action::Mark, keys: vec![key] });
        let rows = rows(&bindings);
        let marks: Vec<(Vec<String>, String)> = rows
            .iter()
            .filter(|row| row.bound.row.action == Action::Mark)
            .map(|row| (row.labels(), row.place()))
            .collect();
        let row = |key: &str, place: &str| (vec![key.to_owned()], place.to_owned());
        assert_eq!(marks, [row("m", "everywhere else"), row("f9", "Calls")]);
        assert_eq!(rows.len(), bindings.rows().count() + 1);
    }
}
