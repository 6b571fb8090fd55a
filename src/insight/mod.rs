//! What a recording tells beyond what happened: what rules would have saved in it, and which rules would.
//!
//! Events in, findings out. Pure: knows nothing of files, terminals or running proxies.

pub mod advise;
pub mod audit;
pub mod calls;
pub mod check;
pub mod compare;
pub mod difference;
pub mod export;
pub mod figures;
pub mod places;
pub mod preview;
pub mod rank;
pub mod replay;
pub mod rerun;
pub mod resend;
pub mod simulate;

pub use advise::{Advisor, Pass, Proposal, Saving, Trial};
pub use preview::{Preview, preview, preview_list};
pub use simulate::{Found, Freshness, Simulation, Stale};
