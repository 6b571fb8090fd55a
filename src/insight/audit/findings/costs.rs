//! Rules about what definitions cost, and how many there are.

use super::subject::{Server, Tool};
use crate::tokens::Count;

/// Tokens of one definition from which it is worth a look, and from which it is a problem.
const FAT_TOKENS: u64 = 500;
const VERY_FAT_TOKENS: u64 = 1_000;
/// 5 % of the window of 200,000 tokens that most models have at least.
const LIST_TOKENS_MAX: u64 = 10_000;
/// What VS Code and OpenAI take in one request.
const TOOLS_MAX: usize = 128;
/// What Cursor takes of all servers together.
const TOOLS_MANY: usize = 40;

fn tokens(count: Count) -> String {
    format!("{}{} tokens", count.accuracy.mark(), count.tokens)
}

pub(super) fn very_fat(tool: &Tool<'_>) -> Option<String> {
    let model = tool.tokens.model;
    (model.tokens > VERY_FAT_TOKENS).then(|| tokens(model))
}

pub(super) fn fat(tool: &Tool<'_>) -> Option<String> {
    let model = tool.tokens.model;
    (FAT_TOKENS < model.tokens && model.tokens <= VERY_FAT_TOKENS).then(|| tokens(model))
}

pub(super) fn list(server: &Server<'_>) -> Option<String> {
    let model = server.bill.all_tools().model;
    (model.tokens > LIST_TOKENS_MAX).then(|| tokens(model))
}

pub(super) fn too_many(server: &Server<'_>) -> Option<String> {
    let tools = server.tools.len();
    (tools > TOOLS_MAX).then(|| format!("{tools} tools"))
}

pub(super) fn many(server: &Server<'_>) -> Option<String> {
    let tools = server.tools.len();
    (TOOLS_MANY < tools && tools <= TOOLS_MAX).then(|| format!("{tools} tools"))
}
