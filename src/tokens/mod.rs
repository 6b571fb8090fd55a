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
//! effort_needed(&str) -> Effort                           the least effort that counts this text exactly
//! Counter::new(Effort)                                    owns the content cache; cheap to make
//!   .effort() .set_effort(Effort)
//!   .count(&mut self, Encoding, &str) -> Count
//!
//! Profile::builtin() -> &'static [Profile]                the first is the default
//! Profile::named("claude-3-4.6") -> Result<Profile, UnknownProfile>
//! Profile::custom(Factors, Option<ErrorPercent>) -> Profile
//!   .calibrate(ContentKind, Count) -> Count
//!
//! message(&mut Counter, &Profile, message_json: &str) -> ResultTokens    a whole answer: result, error or batch
//! result(&mut Counter, &Profile, result_json: &str) -> ResultTokens { wire, model, blocks: Vec<BlockTokens> }
//! wire(&mut Counter, &Profile, json: &str) -> Count       any text that travelled, e.g. a request
//! tool_definition(&mut Counter, &Profile, tool_json: &str) -> ToolTokens { name, wire, model, parts: ToolParts }
//!     ToolParts { name, description, input_schema, output_schema, annotations, other }   .sum() == wire
//! tool_list(&mut Counter, &Profile, result_json: &str) -> ToolListTokens { wire, model, preamble, tools }
//! preamble(&mut Counter, &Profile) -> Count               added once as soon as there is any tool
//!
//! attribute(&mut Counter, Encoding, json: &str) -> Result<Attribution, AttributeError>
//!     Attribution { nodes: Vec<Node>, total: u64, accuracy, documents: Vec<String> }    pre-order; [0] is the root
//!       .node(id) .count(id) .ids() .children(id) .child_named(id, name, json)
//!       .name(id, json) .source(id, json) .document(id, json) .path(id, json)
//!     Node { parent, depth, subtree_end, key, kind, document, span, value, own, subtree, collapsed }
//! ```
//! `sum(own) == subtree of the root == total == Counter::count` of the text by the same counter, for any JSON.
//!
//! A text whose count is [`Accuracy::Estimated`] was too long for the counter's effort: give it to a counter with
//! [`effort_needed`] on a worker thread, unless that is [`Effort::OnRequest`], which is for the user to ask for.
//! The vocabularies (about 90 ms and 23 MB for the first count) are loaded on first use, on the thread that counts.

mod attribute;
mod cache;
mod count;
mod counter;
mod encoding;
mod engine;
mod families;
mod image;
mod profile;
mod result;
mod sample;
mod scan;
mod sound;
mod text;
mod tool;
mod tree;
mod typescript;
mod walk;

pub use attribute::{AttributeError, attribute};
pub use count::{Accuracy, Count};
pub use counter::Counter;
pub use encoding::{Encoding, UnknownEncoding};
pub use image::{ImageFormula, ImageSize};
pub use profile::{
    AudioRule, ContentKind, ErrorPercent, Factors, Preamble, Profile, ResultForm, ToolRendering,
    UnknownProfile,
};
pub use result::{BLOCKS_MAX, BlockKind, BlockTokens, ResultTokens, message, result, wire};
pub use sample::{AT_ONCE_BYTES_MAX, Effort, RUN_BYTES_MAX, WORKER_BYTES_MAX, effort_needed};
pub(crate) use scan::{Opening, Sink, scan};
pub use scan::{ScanError, ValueKind};
pub use tool::{ToolListTokens, ToolParts, ToolTokens, preamble, tool_definition, tool_list};
pub use tree::{Attribution, Key, Node, NodeId, Span, push_name};
pub use walk::{DEPTH_MAX, NODES_MAX};
