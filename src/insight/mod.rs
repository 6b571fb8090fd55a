//! What a recording tells beyond what happened: what rules would have saved in it, and which rules would.
//!
//! Events in, findings out. Pure: knows nothing of files, terminals or running proxies.

pub mod advise;
pub mod preview;
pub mod simulate;

pub use advise::{Advisor, Proposal, Saving, Trial};
pub use preview::{Preview, preview, preview_list};
pub use simulate::{Found, Freshness, Simulation, Stale};
