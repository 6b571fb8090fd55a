//! Results that say everything twice, as text and as `structuredContent`.

use super::Draft;
use crate::insight::advise::evidence::Evidence;
use crate::insight::advise::words::counted;
use crate::rules::{Mode, Twin};
use crate::tokens::ResultForm;

pub(super) fn propose(evidence: &Evidence) -> Vec<Draft> {
    // What the family's clients hand to the model stays.
    let (twin, what, risk) = match evidence.profile.results {
        ResultForm::Content => (
            Twin::DropStructured,
            "send only the text of",
            "Clients that hand on structuredContent get the text instead, and programs that read it get nothing; the \
             output schema goes with it.",
        ),
        ResultForm::StructuredWhenPresent => (
            Twin::DropText,
            "send only structuredContent of",
            "Clients that hand on nothing but text leave the model without an answer: know your client.",
        ),
    };
    let mut drafts = Vec::new();
    for (tool, seen) in evidence.tools().filter(|(_, seen)| seen.twins > 0) {
        let draft = Draft::of_tool(evidence, tool, what, Mode::Observe, |rule| rule.twin = twin);
        let told = format!(
            "{} of {} said in text what structuredContent says.",
            seen.twins,
            counted(seen.fields.results, "different result")
        );
        drafts.push(draft.saying(format!("Send the results of {tool} once, not twice"), told, risk));
    }
    drafts
}
