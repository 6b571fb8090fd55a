use proptest::prelude::*;

use super::*;
use crate::insight::figures::Figures;
use crate::insight::figures::made::{Ends, Made};
use crate::model::Session;
use crate::wire::Direction::ToClient;

/// Twenty calls of `read`, two of them failing, and one of `write`, never answered.
fn session() -> Session {
    let mut made = Made::new();
    made.list(&[("read", 300), ("write", 100), ("idle", 50)]);
    for call in 1..=20_u32 {
        let ends = if call % 10 == 0 { Ends::ToolError } else { Ends::Well };
        made.call("read", u64::from(call) * 1_000, call * 10, ends);
    }
    made.call("write", 1_000, 0, Ends::Never).pass(ToClient, "listening on stdio");
    made.done()
}

fn outcomes(budgets: &str) -> Vec<Outcome> {
    let session = session();
    check(&Budgets::parse(budgets).unwrap(), &Figures::of(&session))
}

fn status(budgets: &str) -> Vec<(&'static str, Status)> {
    outcomes(budgets).into_iter().map(|outcome| (outcome.check.id(), outcome.status)).collect()
}

#[test]
fn every_kind_of_check_is_in_the_table_once_and_has_a_name_of_its_own() {
    let ids: std::collections::BTreeSet<&str> = Check::all().map(Check::id).collect();
    assert_eq!(ids.len(), Check::all().count());
    assert!(Check::all().all(|check| !check.title().is_empty() && check.help().ends_with('.')));
}

#[test]
fn every_bound_is_kept_on_one_side_of_what_was_found_and_broken_on_the_other() {
    for (table, kept, broken, id) in [
        ("session", "p50 = \"11ms\"", "p50 = \"9ms\"", "latency-p50"),
        ("session", "p95 = \"20ms\"", "p95 = \"18ms\"", "latency-p95"),
        ("session", "p99 = \"20ms\"", "p99 = \"19ms\"", "latency-p99"),
        ("session", "max = \"20ms\"", "max = \"19ms\"", "latency-max"),
        ("session", "error_rate = 0.1", "error_rate = 0.09", "error-rate"),
        ("session", "tokens_per_call = 105", "tokens_per_call = 104", "tokens-per-call"),
        ("session", "tokens_max = 200", "tokens_max = 199", "tokens-max"),
        ("session", "tokens = 2550", "tokens = 2549", "tokens"),
        ("session", "schema_tokens = 450", "schema_tokens = 449", "schema-tokens"),
        ("session", "cache_hit_rate = 0", "cache_hit_rate = 0.1", "cache-hit-rate"),
        ("session", "calls = 21", "calls = 22", "calls"),
        ("session", "unanswered = 1", "unanswered = 0", "unanswered"),
        ("session", "violations = 1", "violations = 0", "violations"),
        ("tools", "expected = \"re*\"", "expected = \"del*\"", "expected-tool"),
        ("tools", "forbidden = \"del*\"", "forbidden = \"wr*\"", "forbidden-tool"),
    ] {
        assert_eq!(status(&format!("[{table}]\n{kept}\n")), [(id, Status::Passed)], "{kept}");
        assert_eq!(status(&format!("[{table}]\n{broken}\n")), [(id, Status::Failed)], "{broken}");
    }
}

#[test]
fn a_budget_is_held_against_each_tool_it_is_about() {
    let found = outcomes("[[budget]]\nname = \"lean\"\nmatch = { tool = \"*\" }\nschema_tokens = 100\n");
    let told: Vec<(&str, Status)> =
        found.iter().map(|outcome| (outcome.subject.name().unwrap(), outcome.status)).collect();
    assert_eq!(told, [("idle", Status::Passed), ("read", Status::Failed), ("write", Status::Passed)]);
    assert!(found.iter().all(|outcome| outcome.budget.as_deref() == Some("lean")));
    assert!(outcomes("[[budget]]\nmatch = { server = \"other\" }\ncalls = 1\n").is_empty());
    let other = outcomes("[[budget]]\nmatch = { method = \"tools/list\" }\ncalls = 1\n");
    assert_eq!(other[0].subject, Subject::Method("tools/list".into()));
}

#[test]
fn what_was_not_called_has_nothing_to_measure_and_does_not_pass() {
    for tool in ["idle", "no_such_tool"] {
        let budget =
            format!("[[budget]]\nmatch = {{ tool = \"{tool}\" }}\np95 = \"1s\"\nunanswered = 0\ncalls = 1\n");
        let wanted =
            [("latency-p95", Status::Skipped), ("calls", Status::Failed), ("unanswered", Status::Skipped)];
        assert_eq!(status(&budget), wanted, "{tool}");
    }
}

#[test]
fn an_outcome_knows_the_line_that_asks_for_it() {
    let text = "[session]\nerror_rate = 1\n\n[[budget]]\ncalls = 0\n\n[[budget]]\nmatch = { tool = \"read\" }\np50 = \"1s\"\n";
    let lines: Vec<usize> = outcomes(text)
        .iter()
        .map(|outcome| {
            let place = crate::rules::place_of(text, &outcome.origin.path());
            crate::rules::Problem::at(text, place, String::new()).line
        })
        .collect();
    assert_eq!(lines, [2, 5, 5, 5, 9]);
}

#[test]
fn what_is_wrong_with_a_budgets_file_is_told_with_its_place_and_what_was_meant() {
    for (text, told) in [
        ("[session]\np_95 = \"1s\"\n", "line 2, column 1: there is no key `p_95` here. Did you mean `p95`?"),
        (
            "[sesion]\np95 = \"1s\"\n",
            "line 1, column 2: there is no key `sesion` here. Did you mean `session`?",
        ),
        (
            "[session]\np95 = 5\n",
            "line 2, column 7: session.p95 takes a time (as in p95 = \"300ms\"), found 5",
        ),
        ("[session]\np95 = \"soon\"\n", "line 2, column 7: \"soon\" is no time"),
        ("[session]\nerror_rate = 5\n", "line 2, column 14: this is a share, between 0 and 1"),
        ("[session]\nname = \"a\"\n", "line 2, column 1: there is no key `name` here"),
        ("[session]\n", "line 1, column 1: this budget bounds nothing"),
        (
            "[budget]\np95 = \"1s\"\n",
            "line 1, column 1: write [[budget]] in place of [budget]: there can be several",
        ),
        ("[[budget]]\np95 = \"1s\"\nviolations = 0\n", "line 3, column 1: there is no key `violations` here"),
        ("[[budget]]\nname = \"a\"\n", "line 1, column 1: this budget bounds nothing"),
        (
            "[[budget]]\nmatch = { tol = \"a\" }\ncalls = 1\n",
            "line 2, column 11: there is no key `tol` here. Did you mean `tool`?",
        ),
        ("[[budget]]\nmatch = { tool = [] }\ncalls = 1\n", "line 2, column 18: an empty list names nothing"),
        ("[tools]\nexpected = [\"!a\"]\n", "line 2, column 12: nothing can be taken away here"),
        ("[tools]\nforbidden = []\n", "line 2, column 13: an empty list names nothing"),
        ("[regression]\nslower = 0.5\n", "line 2, column 10: this is a factor"),
        ("[regression]\nalpha = 0\n", "line 2, column 9: the chance of a false alarm"),
        ("[regression]\ncalls = 0\n", "line 2, column 9: this has to be more than 0"),
        (
            "[session]\np95 = \"1s\"\np95 = \"2s\"\n",
            "line 3, column 1: the key `p95` is here for the second time",
        ),
        ("[session\n", "line 1, column"),
    ] {
        let problem = Budgets::parse(text).unwrap_err().to_string();
        assert!(problem.starts_with(told), "{text}: {problem}");
    }
    assert_eq!(Budgets::parse("").unwrap(), Budgets::default());
}

#[test]
fn every_key_of_the_table_is_read() {
    for (path, _, example) in KEYS {
        let keys: Vec<&str> = path.split('.').collect();
        let text = match &keys[..] {
            ["budget", "match", key] => format!("[[budget]]\ncalls = 1\nmatch = {{ {key} = {example} }}\n"),
            ["budget", key @ ("name" | "match")] => format!("[[budget]]\ncalls = 1\n{key} = {example}\n"),
            ["budget", key] => format!("[[budget]]\n{key} = {example}\n"),
            [table, key] => format!("[{table}]\n{key} = {example}\n"),
            ["budget"] => continue,
            _ => format!("{path} = {example}\n"),
        };
        let budgets = Budgets::parse(&text).unwrap_or_else(|problem| panic!("{text}: {problem}"));
        assert!(budgets != Budgets::default() || path.starts_with("regression"), "{path} is not read");
    }
}

fn baseline() -> Made {
    let mut made = Made::new();
    made.list(&[("read", 300), ("write", 100)]);
    made
}

fn twenty(made: &mut Made, took_us: u64, tokens: u32, errors: u32, silent: u32) {
    for call in 0..20_u32 {
        let ends = match call {
            call if call < errors => Ends::ProtocolError,
            call if call < errors + silent => Ends::Never,
            _ => Ends::Well,
        };
        made.call("read", took_us + u64::from(call * 37 % 20) * 100, tokens + call % 3, ends);
    }
}

fn failures(made: Made) -> Vec<&'static str> {
    let mut before = baseline();
    twenty(&mut before, 10_000, 200, 0, 0);
    let (before, after) = (before.done(), made.done());
    let (before, after) = (Figures::of(&before), Figures::of(&after));
    let outcomes = against(&before, &after, &Regression::default());
    let failed = outcomes.iter().filter(|outcome| outcome.status == Status::Failed);
    failed.map(|outcome| outcome.check.id()).collect()
}

#[test]
fn each_kind_of_regression_is_found_and_no_other() {
    let with = |took_us, tokens, errors, silent| {
        let mut made = baseline();
        twenty(&mut made, took_us, tokens, errors, silent);
        made
    };
    assert_eq!(failures(with(10_000, 200, 0, 0)), [""; 0]);
    assert_eq!(failures(with(11_000, 210, 1, 1)), [""; 0], "within the margins");
    assert_eq!(failures(with(20_000, 200, 0, 0)), ["slower", "slower-tail"]);
    assert_eq!(failures(with(10_000, 300, 0, 0)), ["fatter"]);
    assert_eq!(failures(with(10_000, 200, 12, 0)), ["more-errors"]);
    assert_eq!(failures(with(10_000, 200, 0, 12)), ["more-unanswered"]);
    let mut gone = Made::new();
    gone.list(&[("read", 300)]);
    twenty(&mut gone, 10_000, 200, 0, 0);
    assert_eq!(failures(gone), ["tool-gone"]);
    let mut fatter = Made::new();
    fatter.list(&[("read", 340), ("write", 100)]);
    twenty(&mut fatter, 10_000, 200, 0, 0);
    assert_eq!(failures(fatter), ["fatter-schema"]);
    let mut noisy = with(10_000, 200, 0, 0);
    noisy.pass(ToClient, "debug: hello");
    assert_eq!(failures(noisy), ["new-violations"]);
}

#[test]
fn a_cache_that_misses_more_is_found() {
    let mut made = baseline();
    twenty(&mut made, 10_000, 200, 0, 0);
    let session = made.done();
    let (mut before, mut after) = (Figures::of(&session), Figures::of(&session));
    for (figures, hits) in [(&mut before, 15), (&mut after, 2)] {
        let read = figures.tools.iter_mut().find(|tool| tool.name() == "read").unwrap();
        read.sums.cache_hits = hits;
    }
    let outcomes = against(&before, &after, &Regression::default());
    let failed: Vec<Check> = outcomes
        .iter()
        .filter(|outcome| outcome.status == Status::Failed)
        .map(|outcome| outcome.check)
        .collect();
    assert_eq!(failed, [Check::FewerCacheHits]);
}

proptest! {
    #[test]
    fn no_recording_is_worse_than_itself(
        calls in proptest::collection::vec((0..3_usize, 1..90_000_u64, 0..500_u32, 0..4_usize), 0..60)
    ) {
        let mut made = baseline();
        for (tool, took_us, tokens, ends) in calls {
            let ends = [Ends::Well, Ends::ToolError, Ends::ProtocolError, Ends::Never][ends];
            made.call(["read", "write", "other"][tool], took_us, tokens, ends);
        }
        let session = made.done();
        let figures = Figures::of(&session);
        let outcomes = against(&figures, &figures, &Regression::default());
        prop_assert!(outcomes.iter().all(|outcome| outcome.status != Status::Failed), "{:?}", outcomes);
    }
}
