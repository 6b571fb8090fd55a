//! Which tools a server marks as only reading: what may be called without being asked to.
//!
//! Knows nothing of frames.

use std::collections::HashSet;

use serde_json::Value;

use crate::trace::Micros;

/// What a server's lists have said of its tools.
#[derive(Debug, Default)]
pub(super) struct Listed {
    reading: HashSet<Box<str>>,
    /// Whether the list has been seen to its end.
    pub(super) is_whole: bool,
    /// When it was asked for by ourselves.
    pub(super) asked: Option<Micros>,
}

impl Listed {
    /// Takes a page of the list. Returns the cursor of the next one, as JSON.
    pub(super) fn learn(&mut self, result: &str) -> Option<String> {
        let value: Value = serde_json::from_str(result).ok()?;
        for tool in value["tools"].as_array().into_iter().flatten() {
            let Some(name) = tool["name"].as_str() else { continue };
            if tool["annotations"]["readOnlyHint"] == Value::Bool(true) {
                self.reading.insert(name.into());
            } else {
                // What it said last counts.
                self.reading.remove(name);
            }
        }
        let next = value.get("nextCursor").filter(|cursor| cursor.is_string());
        self.is_whole |= next.is_none();
        next.map(Value::to_string)
    }

    /// Whether calling this tool changes nothing, as the server says.
    pub(super) fn only_reads(&self, tool: &str) -> bool {
        self.reading.contains(tool)
    }
}
