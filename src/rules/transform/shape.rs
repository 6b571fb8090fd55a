//! `shape`: writes JSON in text blocks in a shorter form.

use serde::{Deserialize, Serialize};

/// A form in which JSON is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// JSON without white space.
    Compact,
    /// Rows of values under a line of names, between tabs.
    Table,
    /// Comma-separated values (RFC 4180).
    Csv,
    /// Token-Oriented Object Notation.
    Toon,
    /// A Markdown table.
    Markdown,
    /// Whichever of these is smallest in tokens.
    Auto,
}
