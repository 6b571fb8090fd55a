//! Whether a recording keeps its budgets, and is no worse than a baseline.
//!
//! Figures and budgets in, one outcome for each thing that was checked out. Knows nothing of files, nor of how outcomes are
//! shown.

mod baseline;
mod budgets;
mod judge;
mod kinds;
mod outcome;

pub use baseline::against;
pub use budgets::{Budget, Budgets, KEYS, Regression, ToolNames};
pub use judge::check;
pub use kinds::Check;
pub use outcome::{Amount, Origin, Outcome, Status, Subject};

#[cfg(test)]
mod tests;
