use super::*;
use crate::insight::figures::made::{Ends, Made};
use crate::model::Session;

/// Numbers that look random and are the same every time: `SplitMix64`.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Between 0 and 1.
    fn even(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Normal, by Box and Muller.
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.even()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.even()).cos()
    }

    /// A value around 1 with so wide a spread of its logarithm.
    fn around_one(&mut self, spread: f64) -> f64 {
        (self.normal() * spread).exp()
    }
}

const TOOLS: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

/// How a server behaves: what the tool `h` does otherwise, and how unlike two runs are.
#[derive(Clone, Copy)]
struct Server {
    calls: u32,
    /// The spread of a whole run: another machine, another time of day.
    run_spread: f64,
    slower: f64,
    /// How often its calls take ten times as long.
    stalls: f64,
    fatter: f64,
    errors: f64,
    unanswered: f64,
}

const USUAL: Server = Server {
    calls: 40,
    run_spread: 0.05,
    slower: 1.0,
    stalls: 0.03,
    fatter: 1.0,
    errors: 0.02,
    unanswered: 0.0,
};

/// A run: every call with noise that has a long tail and goes on for a while, of tools from 0.3 ms to 0.6 s.
fn run(seed: u64, server: Server) -> Session {
    let mut noise = Noise(seed.wrapping_mul(0x5851_f42d_4c95_7f2d));
    let mut made = Made::new();
    made.list(&TOOLS.map(|tool| (tool, 100)));
    let of_run = noise.around_one(server.run_spread);
    let mut mood = 0.0;
    for call in 0..server.calls * 12 {
        let tool = call as usize % TOOLS.len();
        let is_changed = TOOLS[tool] == "h";
        // What disturbs one call disturbs the next one a little.
        mood = 0.6 * mood + 0.8 * noise.normal();
        let mut took_us = 300.0 * 2_f64.powi(i32::try_from(tool).unwrap()) * of_run * (0.3 * mood).exp();
        let changed = |value: f64, usual: f64| if is_changed { value } else { usual };
        if noise.even() < changed(server.stalls, USUAL.stalls) {
            took_us *= 10.0;
        }
        took_us *= changed(server.slower, 1.0);
        let tokens = 400.0 * noise.around_one(0.25) * changed(server.fatter, 1.0);
        let ends = if noise.even() < changed(server.unanswered, 0.0) {
            Ends::Never
        } else if noise.even() < changed(server.errors, USUAL.errors) {
            Ends::ToolError
        } else {
            Ends::Well
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and small")]
        made.call(TOOLS[tool], took_us as u64, tokens as u32, ends);
    }
    made.done()
}

/// The tools and measures that are worse.
fn found(before: &Session, after: &Session, tolerance: &Tolerance) -> Vec<(String, Measure)> {
    let (before, after) = (Figures::of(before), Figures::of(after));
    let comparison = Comparison::of(&before, &after, tolerance, Sides::Worse, |_| false);
    let worse = |tool: &ToolComparison<'_, '_>| {
        let of_tool = tool.judged.iter().filter(|judged| judged.verdict == Verdict::Worse);
        of_tool.map(|judged| (tool.tool.to_owned(), judged.measure)).collect::<Vec<_>>()
    };
    comparison.tools.iter().flat_map(worse).collect()
}

/// Of so many pairs of runs of the same server, in how many anything is said to be worse.
fn false_alarms(pairs: u64, server: Server, tolerance: &Tolerance) -> usize {
    let is_alarm =
        |pair: &u64| !found(&run(pair * 2, server), &run(pair * 2 + 1, server), tolerance).is_empty();
    (1..=pairs).filter(is_alarm).count()
}

#[test]
fn two_noisy_runs_of_one_server_raise_no_alarm() {
    let alarms = false_alarms(120, USUAL, &Tolerance::default());
    assert!(alarms <= 1, "{alarms} false alarms in 120 pairs");
}

#[test]
fn without_a_margin_alarms_are_as_rare_as_is_promised() {
    let tolerance = Tolerance {
        slower_ratio: 1.0,
        slower_us: 0,
        fatter_ratio: 1.0,
        fatter_tokens: 0,
        share: 0.0,
        alpha: 0.05,
        ..Tolerance::default()
    };
    // Runs that are alike but for the calls: what the tests are made for. 6 of 120 are promised; more than 12 would be
    // an accident of one in a hundred.
    let alarms = false_alarms(120, Server { run_spread: 0.0, calls: 30, ..USUAL }, &tolerance);
    assert!(alarms <= 12, "{alarms} false alarms in 120 pairs");
}

#[test]
fn what_is_worse_is_found_with_the_tool_and_the_measure_and_nothing_else() {
    let slower = Server { slower: 2.0, ..USUAL };
    let stalls = Server { stalls: 0.3, calls: 100, ..USUAL };
    let fatter = Server { fatter: 1.6, ..USUAL };
    let errors = Server { errors: 0.5, ..USUAL };
    let unanswered = Server { unanswered: 0.55, ..USUAL };
    for (server, measure) in [
        (slower, Measure::Latency),
        (stalls, Measure::Tail),
        (fatter, Measure::Tokens),
        (errors, Measure::Errors),
        (unanswered, Measure::Unanswered),
    ] {
        let usual = Server { calls: server.calls, ..USUAL };
        let mut hits = 0;
        for pair in 0..20 {
            let found =
                found(&run(pair * 2 + 1_000, usual), &run(pair * 2 + 1_001, server), &Tolerance::default());
            hits += u32::from(found.iter().any(|(tool, of)| (tool.as_str(), *of) == ("h", measure)));
            assert!(found.iter().all(|(tool, _)| tool == "h"), "{measure:?}: {found:?}");
        }
        assert!(hits >= 19, "{measure:?} was found in {hits} of 20");
    }
}

#[test]
fn both_ways_are_looked_when_asked() {
    let (usual, slower) = (run(1, USUAL), run(2, Server { slower: 3.0, ..USUAL }));
    let (before, after) = (Figures::of(&slower), Figures::of(&usual));
    let comparison = Comparison::of(&before, &after, &Tolerance::default(), Sides::Both, |tool| tool == "d");
    let verdict = |tool: &str| {
        comparison.tools.iter().find(|other| other.tool == tool).map(|tool| tool.judged[0].verdict)
    };
    assert_eq!(verdict("h"), Some(Verdict::Better));
    assert_eq!(verdict("a"), Some(Verdict::Same));
    assert_eq!(verdict("d"), None, "it is to be ignored");
    assert!(comparison.is_different());
    let drift = comparison.drift.as_ref().unwrap();
    assert!(!drift.is_some(), "{drift:?}");
}

#[test]
fn a_session_differs_in_nothing_from_itself() {
    let session = run(7, Server { unanswered: 0.3, ..USUAL });
    let figures = Figures::of(&session);
    let comparison = Comparison::of(&figures, &figures, &Tolerance::default(), Sides::Both, |_| false);
    assert!(!comparison.is_different());
    assert!(
        comparison.tools.iter().flat_map(|tool| &tool.judged).all(|judged| !judged.verdict.is_difference())
    );
}

#[test]
fn a_few_calls_say_nothing_and_other_tools_are_a_difference() {
    let mut before = Made::new();
    before.list(&[("gone", 10), ("read", 10)]);
    let mut after = Made::new();
    after.list(&[("came", 10), ("read", 12)]);
    for _ in 0..4 {
        before.call("read", 1_000, 10, Ends::Well);
        after.call("read", 900_000, 10_000, Ends::ToolError);
    }
    let (before, after) = (before.done(), after.done());
    let (before, after) = (Figures::of(&before), Figures::of(&after));
    let comparison = Comparison::of(&before, &after, &Tolerance::default(), Sides::Both, |_| false);
    let [came, gone, read] = &comparison.tools[..] else { panic!() };
    assert!(came.before.is_none() && gone.after.is_none() && came.judged.is_empty());
    assert!(read.judged.iter().all(|judged| judged.verdict == Verdict::TooFew), "{:?}", read.judged);
    assert!(comparison.is_different());
    assert_eq!(comparison.drift.as_ref().unwrap().tools.len(), 3, "came, gone, counted otherwise");
}
