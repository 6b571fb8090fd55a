//! The budgets file: strict TOML; what is wrong with it is said with line, column and what was meant.
//!
//! Knows the form of the file and what makes sense in it; whether a recording keeps it is the business of others.

use serde::Deserialize;

use crate::insight::compare::Tolerance;
use crate::rules::Takes::{Globs as GlobList, Number, Span as Time, Table, Tables, Text, Whole};
use crate::rules::{Globs, Keys, Problem, Select, Span, Step, no_misfit, place_of, read_strict};

const COUNT: crate::rules::Takes = Whole(u32::MAX as i64);

/// The keys of a budgets file.
pub const KEYS: Keys = &[
    ("session", Table(&[]), "{ error_rate = 0.01, violations = 0 }"),
    ("session.p50", Time, "\"50ms\""),
    ("session.p95", Time, "\"300ms\""),
    ("session.p99", Time, "\"1s\""),
    ("session.max", Time, "\"10s\""),
    ("session.error_rate", Number, "0.01"),
    ("session.tokens_per_call", COUNT, "800"),
    ("session.tokens_max", COUNT, "8000"),
    ("session.tokens", COUNT, "50000"),
    ("session.schema_tokens", COUNT, "5000"),
    ("session.cache_hit_rate", Number, "0.6"),
    ("session.calls", COUNT, "20"),
    ("session.unanswered", COUNT, "0"),
    ("session.violations", COUNT, "0"),
    ("tools", Table(&[]), "{ expected = \"read_*\", forbidden = \"delete_*\" }"),
    ("tools.expected", GlobList, "[\"read_file\", \"search_*\"]"),
    ("tools.forbidden", GlobList, "[\"delete_*\"]"),
    ("budget", Tables(&[]), "[[budget]] and p95 = \"100ms\""),
    ("budget.name", Text, "\"reading is fast\""),
    ("budget.match", Table(&[]), "{ tool = \"read_*\" }"),
    ("budget.match.server", GlobList, "\"files\""),
    ("budget.match.tool", GlobList, "[\"read_*\", \"!read_all\"]"),
    ("budget.match.method", GlobList, "\"resources/read\""),
    ("budget.p50", Time, "\"20ms\""),
    ("budget.p95", Time, "\"100ms\""),
    ("budget.p99", Time, "\"500ms\""),
    ("budget.max", Time, "\"5s\""),
    ("budget.error_rate", Number, "0.01"),
    ("budget.tokens_per_call", COUNT, "800"),
    ("budget.tokens_max", COUNT, "8000"),
    ("budget.schema_tokens", COUNT, "500"),
    ("budget.cache_hit_rate", Number, "0.6"),
    ("budget.calls", COUNT, "1"),
    ("budget.unanswered", COUNT, "0"),
    ("regression", Table(&[]), "{ slower = 1.25, alpha = 0.01 }"),
    ("regression.slower", Number, "1.25"),
    ("regression.slower_by", Time, "\"1ms\""),
    ("regression.fatter", Number, "1.1"),
    ("regression.fatter_by", COUNT, "10"),
    ("regression.schema", Number, "1.05"),
    ("regression.share", Number, "0.01"),
    ("regression.alpha", Number, "0.01"),
    ("regression.calls", COUNT, "5"),
    ("regression.ignore", GlobList, "[\"sleep_*\"]"),
];

/// What a budgets file says.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Budgets {
    /// For the whole session; of latencies, errors and tokens of a result, for the calls of all tools together.
    pub session: Option<Budget>,
    /// Which tools there are to be.
    #[serde(default)]
    pub tools: ToolNames,
    /// For each tool that is meant, apart from the others.
    #[serde(default, rename = "budget")]
    pub budgets: Vec<Budget>,
    /// When a difference from a baseline is a regression.
    #[serde(default)]
    pub regression: Regression,
}

/// Bounds. Those that are not given are not checked.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Budget {
    /// What to call it.
    pub name: Option<Box<str>>,
    /// Which tools and methods are meant.
    #[serde(default, rename = "match")]
    pub select: Select,
    /// The median of latencies, at most.
    pub p50: Option<Span>,
    /// Their 95th percentile, at most.
    pub p95: Option<Span>,
    /// Their 99th percentile, at most.
    pub p99: Option<Span>,
    /// The longest, at most.
    pub max: Option<Span>,
    /// The share of answers that are errors, at most.
    pub error_rate: Option<f64>,
    /// Tokens of a result in the mean, at most.
    pub tokens_per_call: Option<u64>,
    /// Tokens of any result, at most.
    pub tokens_max: Option<u64>,
    /// Tokens of all definitions and results, at most.
    pub tokens: Option<u64>,
    /// Tokens of the definitions, at most.
    pub schema_tokens: Option<u64>,
    /// The share of answers out of a cache, at least.
    pub cache_hit_rate: Option<f64>,
    /// Calls, at least.
    pub calls: Option<u64>,
    /// Calls without an answer, at most.
    pub unanswered: Option<u64>,
    /// What the protocol does not allow, at most.
    pub violations: Option<u64>,
}

/// Which tools there are to be.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct ToolNames {
    /// To each of these globs there has to be a tool.
    pub expected: Option<Globs>,
    /// To none of these.
    pub forbidden: Option<Globs>,
}

/// When a difference from a baseline is a regression.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct Regression {
    /// A latency has to be more than so many times that of the baseline …
    pub slower: f64,
    /// … and so much longer.
    pub slower_by: Span,
    /// The tokens of a result have to be more than so many times those of the baseline …
    pub fatter: f64,
    /// … and so many more.
    pub fatter_by: u64,
    /// The tokens of all definitions have to be more than so many times those of the baseline.
    pub schema: f64,
    /// A share of calls has to be so much larger, 0 to 1.
    pub share: f64,
    /// The chance that a check raises any false alarm, 0 to 1.
    pub alpha: f64,
    /// Tools called less often, on either side, are not compared.
    pub calls: u32,
    /// Tools that are not compared.
    pub ignore: Option<Globs>,
}

impl Default for Regression {
    fn default() -> Self {
        let usual = Tolerance::default();
        Self {
            slower: usual.slower_ratio,
            slower_by: Span(std::time::Duration::from_micros(usual.slower_us)),
            fatter: usual.fatter_ratio,
            fatter_by: usual.fatter_tokens,
            schema: 1.05,
            share: usual.share,
            alpha: usual.alpha,
            calls: 5,
            ignore: None,
        }
    }
}

impl Regression {
    /// The same for the tests.
    #[must_use]
    pub fn tolerance(&self) -> Tolerance {
        Tolerance {
            slower_ratio: self.slower,
            slower_us: self.slower_by.micros(),
            fatter_ratio: self.fatter,
            fatter_tokens: self.fatter_by,
            share: self.share,
            alpha: self.alpha,
            calls_min: self.calls as usize,
        }
    }

    /// Whether a tool is not to be compared.
    #[must_use]
    pub fn ignores(&self, tool: &str) -> bool {
        self.ignore.as_ref().is_some_and(|globs| globs.matches(tool))
    }
}

impl Budgets {
    /// Reads a budgets file.
    ///
    /// # Errors
    /// If it is no TOML, has a key that no budget has, or says something that makes no sense.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let budgets: Self = read_strict(text, KEYS)?;
        no_misfit(text, KEYS)?;
        match budgets.first_fault() {
            None => Ok(budgets),
            Some((path, what)) => Err(Problem::at(text, place_of(text, &path), what)),
        }
    }

    /// Whether tokens have to be counted to check them.
    #[must_use]
    pub fn needs_tokens(&self) -> bool {
        let all = self.session.iter().chain(&self.budgets);
        all.into_iter().any(|budget| {
            [budget.tokens_per_call, budget.tokens_max, budget.tokens, budget.schema_tokens]
                .iter()
                .any(Option::is_some)
        })
    }

    fn first_fault(&self) -> Option<Fault> {
        let session = self.session.iter().map(|budget| (vec![Step::Key("session")], budget));
        let budgets = self.budgets.iter().enumerate();
        let budgets = budgets.map(|(at, budget)| (vec![Step::Key("budget"), Step::At(at)], budget));
        let names = [("expected", &self.tools.expected), ("forbidden", &self.tools.forbidden)];
        session
            .chain(budgets)
            .find_map(|(path, budget)| budget.fault(&path))
            .or_else(|| names.into_iter().find_map(|(key, globs)| fault_of_names(key, globs.as_ref()?)))
            .or_else(|| self.regression.fault())
    }
}

/// Where something makes no sense, and why.
type Fault = (Vec<Step<'static>>, String);

impl Budget {
    fn fault(&self, path: &[Step<'static>]) -> Option<Fault> {
        let below = |key: &'static str| [path, &[Step::Key(key)]].concat();
        for (key, share) in [("error_rate", self.error_rate), ("cache_hit_rate", self.cache_hit_rate)] {
            if share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
                return Some((below(key), "this is a share, between 0 and 1: 1 % is 0.01".to_owned()));
            }
        }
        let select = &self.select;
        for (key, globs) in [("server", &select.server), ("tool", &select.tool), ("method", &select.method)] {
            if globs.as_ref().is_some_and(|globs| globs.written().is_empty()) {
                let path = [path, &[Step::Key("match"), Step::Key(key)]].concat();
                return Some((
                    path,
                    "an empty list names nothing: name something, or leave it out".to_owned(),
                ));
            }
        }
        let is_empty = super::judge::bounds(self).next().is_none();
        is_empty.then(|| (path.to_vec(), "this budget bounds nothing: give it one of p50, p95, p99, max, error_rate, tokens_per_call, tokens_max, schema_tokens, cache_hit_rate, calls and unanswered".to_owned()))
    }
}

impl Regression {
    fn fault(&self) -> Option<Fault> {
        let factors = [("slower", self.slower), ("fatter", self.fatter), ("schema", self.schema)];
        let at = |key: &'static str, what: &str| {
            Some((vec![Step::Key("regression"), Step::Key(key)], what.to_owned()))
        };
        if let Some((key, _)) = factors.into_iter().find(|(_, factor)| !(1.0..=1_000.0).contains(factor)) {
            return at(key, "this is a factor, from 1 on: 1.25 is a quarter more");
        }
        if !(0.0..=1.0).contains(&self.share) {
            return at("share", "this is a share, between 0 and 1: 1 % is 0.01");
        }
        if !(self.alpha > 0.0 && self.alpha <= 0.2) {
            return at("alpha", "the chance of a false alarm has to be more than 0 and at most 0.2");
        }
        if self.calls == 0 {
            return at("calls", "this has to be more than 0");
        }
        None
    }
}

fn fault_of_names(key: &'static str, globs: &Globs) -> Option<Fault> {
    let path = vec![Step::Key("tools"), Step::Key(key)];
    if globs.written().is_empty() {
        return Some((path, "an empty list names nothing: name tools, or leave it out".to_owned()));
    }
    let takes_away = key == "expected" && globs.written().iter().any(|glob| glob.starts_with('!'));
    takes_away
        .then(|| (path, "nothing can be taken away here: what must not be there is `forbidden`".to_owned()))
}
