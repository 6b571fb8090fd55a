//! What a filter may say, from the table that its parser reads.

use serde_json::{Value, json};

use super::sheet::Sheet;
use crate::model::Filter;

/// The table.
pub(super) fn sheet() -> Sheet<3> {
    let rows = Filter::expressions().map(|expression| {
        [expression.example.to_owned(), expression.meaning.to_owned(), expression.form.to_owned()]
    });
    Sheet::new(["example", "meaning", "form"], 0, rows)
}

/// The same as JSON.
pub(super) fn document() -> Value {
    let expressions = Filter::expressions().map(|expression| {
        json!({ "form": expression.form, "meaning": expression.meaning, "example": expression.example })
    });
    json!({ "filters": expressions.collect::<Vec<_>>() })
}
