//! Results that are longer than what a client takes.

use super::Draft;
use crate::insight::advise::evidence::{Evidence, LONG_TOKENS};
use crate::insight::advise::words::{counted, number};
use crate::rules::{Limit, Mode, Over};

pub(super) fn propose(evidence: &Evidence) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (tool, seen) in evidence.tools().filter(|(_, seen)| seen.long > 0) {
        let draft = Draft::of_tool(evidence, tool, "page", Mode::On, |rule| {
            let tokens = u32::try_from(LONG_TOKENS).ok();
            rule.limit = Some(Limit { tokens, bytes: None, over: Over::Page });
        });
        let told = format!(
            "{} had more than {} tokens, the longest {}. Claude Code refuses results beyond {} unless it is set \
             otherwise (MAX_MCP_OUTPUT_TOKENS).",
            counted(seen.long, "different result"),
            number(LONG_TOKENS),
            number(seen.longest_tokens),
            number(LONG_TOKENS),
        );
        let risk = "The model has to ask for the rest (mcptop_read_more) when it needs it; what it asks for costs again.";
        drafts.push(draft.saying(format!("Hand out long results of {tool} in pages"), told, risk));
    }
    drafts
}
