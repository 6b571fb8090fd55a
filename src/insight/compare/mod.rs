//! Two recordings of one server side by side: which tools came and went, and what of the others is worse or better.
//!
//! Figures in, verdicts out. A verdict knows noise: it is that of a test with a margin, corrected for how many tests are made,
//! and never of a bare threshold. Knows nothing of budgets, nor of how verdicts are shown.

mod judge;
mod odds;
mod offer;

use std::collections::BTreeMap;

use super::audit::{Drift, drift};
use super::figures::{Figures, RowFigures};

pub use judge::{Judged, Measure, Sides, Verdict};
pub use odds::{Part, exceedances, fisher_greater, holm};

/// How much worse is not worth a word, and how certain a verdict has to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// A latency is worse from so many times the one before on …
    pub slower_ratio: f64,
    /// … that is also so much longer, in microseconds: machines and schedulers differ by as much.
    pub slower_us: u64,
    /// Results cost more from so many times the tokens on …
    pub fatter_ratio: f64,
    /// … that are also so many more.
    pub fatter_tokens: u64,
    /// A share (of errors, of unanswered calls, of calls that no cache answered) is worse from so much more on, 0 to 1.
    pub share: f64,
    /// The chance that any verdict of a comparison is a false alarm, 0 to 1.
    pub alpha: f64,
    /// Fewer calls than this on one side say nothing.
    pub calls_min: usize,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self {
            slower_ratio: 1.25,
            slower_us: 1_000,
            fatter_ratio: 1.1,
            fatter_tokens: 10,
            share: 0.01,
            alpha: 0.01,
            calls_min: 5,
        }
    }
}

/// One tool, before and after.
#[derive(Debug)]
pub struct ToolComparison<'f, 'a> {
    /// Its name.
    pub tool: &'a str,
    /// What it was; `None` if it was neither listed nor called.
    pub before: Option<&'f RowFigures<'a>>,
    /// What it is.
    pub after: Option<&'f RowFigures<'a>>,
    /// What was compared; empty if it was not called on both sides.
    pub judged: Vec<Judged>,
}

/// Two recordings, side by side.
#[derive(Debug)]
pub struct Comparison<'f, 'a> {
    /// Every tool of either, by name.
    pub tools: Vec<ToolComparison<'f, 'a>>,
    /// What of the definitions and instructions is not as it was; `None` unless tools were listed in both.
    pub drift: Option<Drift>,
    /// How many tests were made, for which verdicts are corrected.
    pub tests: usize,
}

impl<'f, 'a> Comparison<'f, 'a> {
    /// Compares two recordings.
    #[must_use]
    pub fn of(
        before: &'f Figures<'a>,
        after: &'f Figures<'a>,
        tolerance: &Tolerance,
        sides: Sides,
        ignores: impl Fn(&str) -> bool,
    ) -> Self {
        let mut tools: BTreeMap<&'a str, [Option<&'f RowFigures<'a>>; 2]> = BTreeMap::new();
        for (side, figures) in [before, after].into_iter().enumerate() {
            for tool in figures.tools.iter().filter(|tool| !ignores(tool.name())) {
                tools.entry(tool.name()).or_default()[side] = Some(tool);
            }
        }
        let mut tools: Vec<ToolComparison<'f, 'a>> = tools
            .into_iter()
            .map(|(tool, [before, after])| {
                let judged =
                    before.zip(after).map(|(before, after)| judge::compared(before, after, tolerance, sides));
                ToolComparison { tool, before, after, judged: judged.unwrap_or_default() }
            })
            .collect();
        let mut all: Vec<&mut Judged> = tools.iter_mut().flat_map(|tool| &mut tool.judged).collect();
        let tests = judge::settle(&mut all, tolerance);
        let offers = offer::kept(before.session).zip(offer::kept(after.session));
        Self { tools, drift: offers.map(|(before, after)| drift(&before, &after)), tests }
    }

    /// Whether anything is worse, better, new or gone.
    #[must_use]
    pub fn is_different(&self) -> bool {
        self.drift.as_ref().is_some_and(Drift::is_some)
            || self.tools.iter().flat_map(|tool| &tool.judged).any(|judged| judged.verdict.is_difference())
            || self.tools.iter().any(|tool| tool.before.is_some() != tool.after.is_some())
    }
}

impl ToolComparison<'_, '_> {
    /// What was found of one measure.
    #[must_use]
    pub fn judged(&self, measure: Measure) -> Option<&Judged> {
        self.judged.iter().find(|judged| judged.measure == measure)
    }
}

#[cfg(test)]
mod tests;
