//! What a server's offer costs a model, what is wrong with it, and what has changed in it.
//!
//! Lists in, a bill, findings and drift out. Knows nothing of how the lists were got, nor of terminals.
//!
//! ```text
//! let mut offer = Offer::default();
//! let next = offer.take_page(List::Tools, result_json)?;      // Some(cursor): there is more
//! let bill = Bill::of(&mut counter, &profile, &offer);        // tokens by tool and part, heaviest paths, by key
//! let findings = findings(&offer, &bill, "label");            // one row each of a table of rules
//! let baseline = Baseline::of(profile.id, [("label", &offer, &bill)]);
//! let drift = drift(&kept_server, &baseline.servers[0]);      // what a trusted server has changed
//! ```

mod baseline;
mod bill;
mod drift;
mod findings;
mod heavy;
mod offer;
mod schema;

pub use baseline::{Baseline, BaselineError, KeptServer, KeptTool};
pub use bill::{Bill, ItemTokens};
pub use drift::{Change, Drift, Fate, Part, ToolDrift, drift};
pub use findings::{Finding, RULES, Rule, Severity, Spot, findings};
pub use heavy::{HeavyKey, HeavyPath};
pub use offer::{List, Offer, PageError, ServerName};
