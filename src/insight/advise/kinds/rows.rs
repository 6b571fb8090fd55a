//! JSON in text that a shorter form says as well: rows as tables, and JSON without blanks.

use super::Draft;
use crate::insight::advise::evidence::Evidence;
use crate::insight::advise::words::counted;
use crate::rules::{Mode, Shape, Twin};

pub(super) fn propose(evidence: &Evidence) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (tool, seen) in evidence.tools().filter(|(_, seen)| seen.writes_json()) {
        let twin = if seen.twins > 0 { Twin::Shape } else { Twin::Keep };
        let (shape, what, title, told) = if seen.tables > 0 {
            (
                Shape::Auto,
                "shorten rows of",
                format!("Write the rows of {tool} in the shortest form"),
                format!(
                    "{} of {} held arrays of objects with the same members, up to {}.",
                    seen.tables,
                    counted(seen.texts, "different result"),
                    counted(seen.rows_max as u64, "row")
                ),
            )
        } else if seen.spaced > 0 {
            (
                Shape::Compact,
                "take blanks out of",
                format!("Take the blanks out of the JSON of {tool}"),
                format!(
                    "{} of {} had blanks and line breaks between values.",
                    seen.spaced,
                    counted(seen.texts, "different result")
                ),
            )
        } else {
            continue;
        };
        let risk = match shape {
            Shape::Compact => "None for the model: the values are the same.",
            _ => "Programs that read the text as JSON no longer can; the model reads the same values.",
        };
        let draft = Draft::of_tool(evidence, tool, what, Mode::On, |rule| {
            rule.shape = Some(shape);
            rule.twin = twin;
        });
        drafts.push(draft.saying(title, told, risk));
    }
    drafts
}
