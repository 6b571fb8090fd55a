//! What help has to tell: the keys of a panel, those that work everywhere, the filter language, columns, other panels' keys.
//!
//! Everything comes from the tables that the viewer itself works by. Knows nothing of searching and drawing.

use crate::model::Filter;
use crate::ui::keys::{Action, Bindings, Bound, Group, Reach};
use crate::ui::panels::{Cx, PanelId, legends, marks};
use crate::ui::theme::Role;

/// A line of help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The keys, an expression or a heading: what one looks up.
    pub(super) labels: Vec<String>,
    /// The colour of that.
    pub(super) role: Role,
    /// What that is.
    pub(super) text: String,
    /// Another name of it; empty for none.
    pub(super) name: &'static str,
    /// What may be overlooked: the unit, the panels.
    pub(super) aside: String,
}

/// Lines about one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// What they are about.
    pub(super) title: String,
    /// Where that holds; empty where it goes without saying.
    pub(super) place: String,
    /// Cells of the labels.
    pub(super) label_cells: usize,
    /// The lines.
    pub(super) entries: Vec<Entry>,
}

/// Cells of two keys, or a heading.
const KEY_CELLS: usize = 12;
/// Cells of a part of a filter.
const FILTER_CELLS: usize = 23;
/// Keys of an action that are shown.
const KEYS_MAX: usize = 2;

/// Everything, seen from a panel: what is nearest first.
pub(super) fn blocks(cx: &Cx<'_>) -> Vec<Block> {
    // A mark is met before any key is looked for.
    marks(cx).into_iter().chain(of_keys(cx.keys, cx.asked.panel)).collect()
}

/// What the marks and colours of figures mean, where there are any.
fn marks(cx: &Cx<'_>) -> Option<Block> {
    let entries = marks::meanings(&cx.targets, &cx.theme.glyphs).map(|(mark, role, meaning)| Entry {
        labels: vec![mark],
        role,
        text: meaning,
        name: "",
        aside: String::new(),
    });
    (cx.asked.panel == PanelId::Top).then(|| Block {
        title: "Marks and colours".to_owned(),
        place: "in Top, by the targets in config.toml".to_owned(),
        label_cells: KEY_CELLS,
        entries: entries.into(),
    })
}

fn of_keys(keys: &Bindings, panel: PanelId) -> Vec<Block> {
    let here = |bound: &Bound| bound.row.reach != Reach::Everywhere && bound.row.reach.covers(panel);
    let everywhere = |bound: &Bound| bound.row.reach == Reach::Everywhere;
    let mut blocks = of_groups(keys, panel, &format!("in {}", panel.title()), here);
    blocks.extend(of_groups(keys, panel, "everywhere", everywhere));
    blocks.push(filter(keys, panel));
    blocks.push(columns(panel));
    blocks.push(elsewhere(keys, panel));
    blocks.retain(|block| !block.entries.is_empty());
    blocks
}

/// The keys of each group that are meant.
fn of_groups(keys: &Bindings, panel: PanelId, place: &str, meant: impl Fn(&Bound) -> bool) -> Vec<Block> {
    let group = |group: &Group| {
        let rows = keys.rows().filter(|bound| bound.row.group == *group && meant(bound));
        Block {
            title: group.title().to_owned(),
            place: place.to_owned(),
            label_cells: KEY_CELLS,
            entries: rows.map(|bound| key(bound, panel, String::new())).collect(),
        }
    };
    Group::ALL.iter().map(group).collect()
}

fn key(bound: &Bound, panel: PanelId, aside: String) -> Entry {
    Entry {
        labels: bound.keys(panel).iter().take(KEYS_MAX).map(|key| key.label()).collect(),
        role: Role::Key,
        text: bound.row.text.to_owned(),
        name: bound.row.action.name(),
        aside,
    }
}

fn filter(keys: &Bindings, panel: PanelId) -> Block {
    let expressions = Filter::expressions().map(|expression| Entry {
        labels: vec![expression.example.to_owned()],
        role: Role::Key,
        text: expression.meaning.to_owned(),
        name: expression.form,
        aside: String::new(),
    });
    let place = format!("what {} takes", keys.label(Action::Filter, panel));
    Block { title: "Filter".to_owned(), place, label_cells: FILTER_CELLS, entries: expressions.collect() }
}

fn columns(panel: PanelId) -> Block {
    let entries = legends(panel).into_iter().map(|legend| Entry {
        labels: vec![legend.label(KEY_CELLS).to_owned()],
        role: Role::Key,
        text: legend.meaning.to_owned(),
        name: legend.name,
        aside: legend.unit.to_owned(),
    });
    Block {
        title: "Columns".to_owned(),
        place: format!("in {}", panel.title()),
        label_cells: KEY_CELLS,
        entries: entries.collect(),
    }
}

/// The keys that do nothing here, with where they do something.
fn elsewhere(keys: &Bindings, panel: PanelId) -> Block {
    let rows = keys.rows().filter(|bound| !bound.row.reach.covers(panel));
    let entries = rows.map(|bound| {
        let panels: Vec<PanelId> = bound.row.reach.panels().filter(|of| *of != PanelId::Help).collect();
        let names: Vec<&str> = panels.iter().map(|panel| panel.title()).collect();
        key(bound, panels.first().copied().unwrap_or(panel), names.join(", "))
    });
    Block {
        title: "Other panels".to_owned(),
        place: String::new(),
        label_cells: KEY_CELLS,
        entries: entries.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_told_once_whatever_panel_it_is_seen_from() {
        let keys = Bindings::default();
        for panel in PanelId::ALL {
            let blocks = of_keys(&keys, panel);
            for bound in keys.rows() {
                let told =
                    blocks.iter().filter(|block| !matches!(block.title.as_str(), "Filter" | "Columns"));
                let told = told.flat_map(|block| &block.entries);
                let told = told.filter(|entry| entry.name == bound.row.action.name()).count();
                assert_eq!(told, 1, "{} from {panel:?}", bound.row.action.name());
            }
        }
    }

    #[test]
    fn what_is_nearest_comes_first() {
        let titles: Vec<String> = of_keys(&Bindings::default(), PanelId::Timeline)
            .into_iter()
            .map(|block| format!("{} {}", block.title, block.place))
            .collect();
        assert_eq!(titles[0], "List in Timeline");
        assert_eq!(titles.last().unwrap(), "Other panels ");
        assert!(
            !titles.iter().any(|title| title.starts_with("Columns")),
            "the timeline has none: {titles:?}"
        );
    }
}
