//! What may be done to traffic on its way.
//!
//! Every chunk passes the gate before it is forwarded. Without rules the gate lets everything through untouched, and
//! that is all it can do so far. Pure: knows nothing of where bytes come from or go to.

mod gate;

pub use gate::{Gate, Verdict};
