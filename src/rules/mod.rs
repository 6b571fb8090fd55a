//! What may be done to traffic on its way: the rules of a file, and the gate that applies them.
//!
//! ```text
//! Ruleset::parse(text) -> Ruleset            strict: an error names line, column and what was meant
//! Gate::new(setting, &ruleset)               one per server; a machine without clock, files or sockets
//!   .frame(now, lane, direction, bytes)      -> Pass, or Taken: what happens instead comes out of .take()
//!   .time(now) .due()                        what waits goes on when its time has come
//!   .take() -> Option<Output>                what to send, to note, to write, until there is nothing more
//! ```
//! Pure: time is an argument, and it knows nothing of where bytes come from or go to.

mod answer;
mod check;
pub mod edit;
mod file;
mod gate;
mod path;
mod quantity;
mod rule;
mod select;
mod takes;
mod told;
mod transform;
pub mod undo;

pub use answer::{preview, preview_list};
pub use file::{Problem, Ruleset, Step, meant, no_misfit, place_of, read_strict};
pub use gate::{Act, Caller, Gate, Lane, Output, Setting, Ticket, Verdict};
pub use path::Path;
pub use quantity::{Bytes, Span};
pub use rule::{Mode, Pool, Rule, Twin};
pub use select::{Globs, Select};
pub use takes::{KeyRow, Keys, Takes};
pub use transform::{
    Cache, Coalesce, Concurrency, Delay, Describe, Empty, Fault, FaultKind, KINDS, Kind, Limit, Over, Rate,
    Scope, Shape, Spread, Tools, Trim, Wait, Warm,
};
