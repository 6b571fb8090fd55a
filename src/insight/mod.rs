//! What a recording tells beyond what happened: what rules would have saved in it, and which rules would.
//!
//! Events in, findings out. Pure: knows nothing of files, terminals or running proxies.

pub mod simulate;

pub use simulate::{Simulation, Stale};
