//! What the columns of every list of the viewer mean, from the tables that draw them.

use serde_json::{Value, json};

use super::sheet::Sheet;
use crate::ui::panels::{PanelId, legends};
use crate::ui::widgets::legend::Legend;

fn all() -> impl Iterator<Item = (PanelId, Legend)> {
    PanelId::ALL.into_iter().flat_map(|panel| legends(panel).into_iter().map(move |legend| (panel, legend)))
}

/// The table.
pub(super) fn sheet() -> Sheet<5> {
    let rows = all().map(|(panel, legend)| {
        [panel.title(), legend.title, legend.name, legend.unit, legend.meaning].map(str::to_owned)
    });
    Sheet::new(["panel", "heading", "name", "unit", "meaning"], 1, rows)
}

/// The same as JSON.
pub(super) fn document() -> Value {
    let columns = all().map(|(panel, legend)| {
        json!({
            "panel": panel.title().to_lowercase(),
            "heading": legend.title,
            "name": legend.name,
            "unit": legend.unit,
            "meaning": legend.meaning,
        })
    });
    json!({ "columns": columns.collect::<Vec<_>>() })
}
