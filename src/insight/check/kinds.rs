//! What can be checked: a table of names that stay the same from release to release.
//!
//! Knows nothing of how it is checked.

/// One kind of check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// The median of latencies.
    P50,
    /// Their 95th percentile.
    P95,
    /// Their 99th percentile.
    P99,
    /// The longest.
    Max,
    /// The share of answers that are errors.
    ErrorRate,
    /// Tokens of a result in the mean.
    TokensPerCall,
    /// Tokens of the largest result.
    TokensMax,
    /// Tokens of everything that was put into the context window.
    Tokens,
    /// Tokens of definitions.
    SchemaTokens,
    /// The share of answers out of a cache.
    CacheHitRate,
    /// How often it was called.
    Calls,
    /// Calls without an answer.
    Unanswered,
    /// What the protocol does not allow.
    Violations,
    /// A tool that has to be there.
    ExpectedTool,
    /// A tool that must not be there.
    ForbiddenTool,
    /// Calls take longer than in the baseline.
    Slower,
    /// The slowest calls take longer than in the baseline.
    SlowerTail,
    /// Results cost more than in the baseline.
    Fatter,
    /// More answers are errors than in the baseline.
    MoreErrors,
    /// More calls are not answered than in the baseline.
    MoreUnanswered,
    /// Fewer answers come out of a cache than in the baseline.
    FewerCacheHits,
    /// Definitions cost more than in the baseline.
    FatterSchema,
    /// A tool of the baseline is not there.
    ToolGone,
    /// The protocol is violated, and was not in the baseline.
    NewViolations,
}

type Row = (Check, &'static str, &'static str, &'static str);

const ROWS: [Row; 24] = [
    (
        Check::P50,
        "latency-p50",
        "median latency",
        "Half of the calls may take longer than this, and no more.",
    ),
    (
        Check::P95,
        "latency-p95",
        "95th percentile of latency",
        "5 % of the calls may take longer than this, and no more.",
    ),
    (
        Check::P99,
        "latency-p99",
        "99th percentile of latency",
        "1 % of the calls may take longer than this, and no more.",
    ),
    (Check::Max, "latency-max", "longest latency", "No call may take longer than this."),
    (
        Check::ErrorRate,
        "error-rate",
        "error rate",
        "No larger share of answers may be errors, of the tool or of the protocol.",
    ),
    (
        Check::TokensPerCall,
        "tokens-per-call",
        "tokens of a result",
        "What a result costs the model, in the mean.",
    ),
    (
        Check::TokensMax,
        "tokens-max",
        "tokens of the largest result",
        "What any one result may cost the model.",
    ),
    (
        Check::Tokens,
        "tokens",
        "tokens of the session",
        "What definitions and results put into the context window.",
    ),
    (
        Check::SchemaTokens,
        "schema-tokens",
        "tokens of definitions",
        "What tool definitions cost the model before anything is called.",
    ),
    (
        Check::CacheHitRate,
        "cache-hit-rate",
        "cache hit rate",
        "At least this share of answers has to come out of a cache.",
    ),
    (Check::Calls, "calls", "calls", "Fewer calls than this check nothing."),
    (
        Check::Unanswered,
        "unanswered",
        "unanswered calls",
        "Calls that were neither answered nor taken back when the session ended.",
    ),
    (
        Check::Violations,
        "violations",
        "protocol violations",
        "Frames that are no message, answers to nothing, second answers, ids used twice at once.",
    ),
    (Check::ExpectedTool, "expected-tool", "expected tool", "The server has to list this tool."),
    (
        Check::ForbiddenTool,
        "forbidden-tool",
        "forbidden tool",
        "The server must not list this tool, nor anybody call it.",
    ),
    (
        Check::Slower,
        "slower",
        "latency against the baseline",
        "Calls take longer than in the baseline, by more than the margin and more than noise explains.",
    ),
    (
        Check::SlowerTail,
        "slower-tail",
        "slowest calls against the baseline",
        "More calls than chance explains take longer than the 95th percentile of the baseline with the margin.",
    ),
    (
        Check::Fatter,
        "fatter",
        "tokens of a result against the baseline",
        "Results cost more than in the baseline, by more than the margin and more than noise explains.",
    ),
    (
        Check::MoreErrors,
        "more-errors",
        "error rate against the baseline",
        "More answers are errors than in the baseline, and more than chance explains.",
    ),
    (
        Check::MoreUnanswered,
        "more-unanswered",
        "unanswered calls against the baseline",
        "More calls are not answered than in the baseline, and more than chance explains.",
    ),
    (
        Check::FewerCacheHits,
        "fewer-cache-hits",
        "cache misses against the baseline",
        "Fewer answers come out of a cache than in the baseline, and fewer than chance explains.",
    ),
    (
        Check::FatterSchema,
        "fatter-schema",
        "definitions against the baseline",
        "Tool definitions cost more than in the baseline, by more than the margin.",
    ),
    (
        Check::ToolGone,
        "tool-gone",
        "tools of the baseline",
        "A tool that the baseline lists is not there any more.",
    ),
    (
        Check::NewViolations,
        "new-violations",
        "violations against the baseline",
        "The protocol is violated, which it was not in the baseline.",
    ),
];

impl Check {
    /// All of them, in the order of their table.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(|(check, ..)| *check)
    }

    fn row(self) -> &'static Row {
        ROWS.iter().find(|(check, ..)| *check == self).expect("a test finds every kind in the table")
    }

    /// Its name for programs.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.row().1
    }

    /// Its name for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.row().2
    }

    /// What it is, in a sentence.
    #[must_use]
    pub fn help(self) -> &'static str {
        self.row().3
    }

    /// Whether the limit is the least that is wanted, and not the most.
    #[must_use]
    pub const fn is_at_least(self) -> bool {
        matches!(self, Self::CacheHitRate | Self::Calls)
    }
}
