//! The one-way door between forwarding and everything that looks at it.
//!
//! Forwarding puts in a copy of what it moved and goes on: it never waits here and cannot fail. The queue behind the
//! door is bounded by bytes; what does not fit is counted and reported as dropped. Knows nothing of files or frames.

mod queue;

pub use queue::{Batch, Item, Outlet, Stream, Tap, Totals, door};
