//! What a text costs: tokens of one encoding, whose JSON path they belong to, and what reaches the model.
//!
//! This layer is pure: no IO, no clock, no threads of its own. It does not know sessions, calls or screens;
//! the caller decides on which thread to count (never the drawing one) and how much effort is allowed.
//!
//! # The API at a glance
//! ```text
//! Encoding::{O200kBase, Cl100kBase}                       FromStr, Display
//! Accuracy::{Exact, Calibrated, Estimated, Failed}        .mark() -> "" | "~" | "?"   .label()
//! Count { tokens: u64, accuracy: Accuracy }               + += sum(): the weakest accuracy wins
//!
//! Effort::{AtOnce, Worker, OnRequest}                     ≤ 256 KB | ≤ 8 MB | any size, exactly; else sampled
//! Counter::new(Effort)                                    owns the content cache; cheap to make
//!   .effort() .set_effort(Effort)
//!   .count(&mut self, Encoding, &str) -> Count
//!   .needs(&str) -> Effort                                the least effort that counts this text exactly
//!
//! Profile::builtin() -> &[Profile]; Profile::named("claude-3-4.6") -> Result<Profile, UnknownProfile>
//! Profile::custom(Factors, ErrorPercent)                  .calibrate(ContentKind, tokens) -> Count
//!
//! result(&mut Counter, &Profile, result_json: &str) -> ResultTokens { wire, model, blocks }
//! message(&mut Counter, &Profile, message_json: &str) -> ResultTokens     a whole answer: result or error
//! tool_definition(&mut Counter, &Profile, tool_json: &str) -> ToolTokens
//!     ToolTokens { name, wire, model, parts: ToolParts { name, description, input_schema, output_schema,
//!                  annotations, other } }                 parts.sum() == wire
//! tool_list(&mut Counter, &Profile, result_json: &str) -> ToolListTokens { wire, model, preamble, tools }
//!
//! attribute(&mut Counter, Encoding, json: &str) -> Result<Attribution, AttributeError>
//!     Attribution { nodes: Vec<Node>, total: u64, documents: Vec<String> }     pre-order; nodes[0] is the root
//!       .children(id) .key(id, json) .path(id, json) .source(id, json)
//!     Node { parent, depth, subtree_end, key, kind, document, span, value, own, subtree, collapsed }
//! ```
//! `sum(own) == subtree of the root == total ==` the count of the text, exactly, for any JSON.

mod attribute;
mod cache;
mod count;
mod counter;
mod encoding;
mod engine;
mod sample;
mod scan;
mod text;
mod tree;

pub use attribute::{AttributeError, DEPTH_MAX, NODES_MAX, attribute};
pub use count::{Accuracy, Count};
pub use counter::Counter;
pub use encoding::{Encoding, UnknownEncoding};
pub use sample::{AT_ONCE_BYTES_MAX, Effort, RUN_BYTES_MAX, WORKER_BYTES_MAX, effort_needed};
pub use scan::{ScanError, ValueKind};
pub use tree::{Attribution, Key, Node, NodeId, Span};
