//! What rules do, and what it is worth.

use proptest::prelude::*;

use super::*;
use crate::trace::{Mark, Outcome as Fate, Ruling, StoreState};

const CALL: &str = r#"{"name":"get"}"#;
const LONG: &str = r#"{"content":[{"type":"text","text":"a long answer"}]}"#;
const SHORT: &str = r#"{"content":[]}"#;

fn mark(rule: &'static str, by: &'static str) -> Mark<'static> {
    Mark { rule: rule.into(), by: by.into(), hit: true, cost_ns: 2_000, ..Mark::default() }
}

fn missed(mark: Mark<'static>) -> Mark<'static> {
    Mark { hit: false, ..mark }
}

fn observed(mark: Mark<'static>) -> Mark<'static> {
    Mark { observed: true, ..mark }
}

fn cached(took_us: u64, age_us: u64) -> Mark<'static> {
    let store = Some(StoreState { entries: 3, bytes: 900, evicted: 1 });
    Mark { took_us: Some(took_us), age_us: Some(age_us), store, ..mark("keep", "cache") }
}

impl Play {
    /// Rules do something with a message, and `result` leaves in its place if it is not empty.
    fn rule(
        &mut self,
        to: Direction,
        id: &str,
        fate: Fate,
        result: &str,
        marks: Vec<Mark<'static>>,
    ) -> &mut Self {
        let line = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}\n");
        let payload = (!result.is_empty()).then(|| Payload::of_frame(line.as_bytes()));
        let id = (!id.is_empty()).then(|| id.to_owned().into());
        let exchange = self.exchange;
        self.fact(Fact::Ruled(Box::new(Ruling { to, exchange, id, outcome: fate, payload, marks })))
    }

    fn stats(&self, rule: &str) -> &RuleStats {
        self.session.rules().get(self.session.symbols().get(rule).unwrap()).unwrap()
    }
}

#[test]
fn an_answer_out_of_a_cache_counts_as_answered_and_not_as_the_servers_time() {
    let mut play = Play::new();
    play.at_ms(0).ask("1", "tools/call", CALL).at_ms(100).answer("1", LONG);
    play.at_ms(200).ask("2", "tools/call", CALL);
    play.rule(Direction::ToServer, "2", Fate::Answered, LONG, vec![cached(100_000, 100_000)]);
    assert_eq!(play.states(), [OK, OK]);
    let row = play.row(Peer::Client, "tools/call", "get");
    assert_eq!((row.calls, row.ok, row.by_rules, row.cache_hits), (2, 2, 1, 1));
    assert_eq!((row.latency_us.count(), row.waited_us().count()), (1, 2));
    assert_eq!(row.responder_us_sum, 100_000);
    let call = play.op(1);
    assert!(call.answer().unwrap().by_rule && call.original_answer().is_none());
    assert_eq!((call.responder_us(), call.ruled().unwrap().answered_by().unwrap().is_cache), (0, true));
    let totals = play.session.totals();
    assert_eq!((totals.cache_hits, totals.by_rules, totals.orphans, totals.duplicates), (1, 1, 0, 0));
}

#[test]
fn what_a_cache_saves_is_what_the_server_took_less_what_the_client_waited() {
    let mut play = Play::new();
    play.at_ms(10).ask("2", "tools/call", CALL).at_ms(15);
    play.rule(Direction::ToServer, "2", Fate::Answered, LONG, vec![cached(100_000, 7_000)]);
    let stats = play.stats("keep");
    assert_eq!(stats.active.saved.time_us, 95_000);
    assert_eq!(play.session.saved().time_us, 95_000);
    let cache = stats.cache.unwrap();
    assert_eq!(
        (cache.lookups, cache.hits, cache.age_us_max, cache.age_us_mean()),
        (1, 1, 7_000, Some(7_000))
    );
    assert_eq!(cache.store.unwrap().entries, 3);
    assert_eq!(stats.cost_ns.sum(), 2_000);
}

#[test]
fn a_miss_is_a_lookup_and_a_match_but_no_hit_and_storing_is_neither() {
    let mut play = Play::new();
    let said = |why: &'static str| Mark { why: Some(why.into()), ..missed(mark("keep", "cache")) };
    play.ask("1", "tools/call", CALL);
    play.rule(Direction::ToServer, "1", Fate::Passed, "", vec![missed(cached(0, 0))]);
    play.answer("1", LONG).rule(Direction::ToClient, "1", Fate::Passed, "", vec![said("kept")]);
    play.ask("2", "tools/call", CALL);
    play.rule(Direction::ToServer, "2", Fate::Passed, "", vec![said("not a tool that only reads")]);
    let stats = play.stats("keep");
    assert_eq!((stats.active.matches, stats.active.hits), (2, 0));
    assert_eq!((stats.cache.unwrap().lookups, stats.cache.unwrap().hit_rate()), (1, Some(0.0)));
    assert_eq!(stats.whys().len(), 2);
    assert_eq!(play.states(), [OK, State::Pending]);
}

#[test]
fn a_changed_answer_is_what_was_delivered_and_the_original_is_kept() {
    let mut play = Play::new();
    play.at_ms(0).ask("1", "tools/call", CALL).at_ms(50).answer("1", LONG);
    play.rule(Direction::ToClient, "1", Fate::Changed, SHORT, vec![mark("lean", "trim")]);
    let call = play.op(0);
    let (answer, original) = (call.answer().unwrap(), call.original_answer().unwrap());
    assert!(answer.by_rule && !original.by_rule && answer.bytes < original.bytes);
    assert_eq!(call.latency_us(Micros(0)), 50_000);
    let saved = i64::from(original.bytes) - i64::from(answer.bytes);
    assert_eq!((play.stats("lean").active.saved.bytes, play.session.saved().bytes), (saved, saved));
    assert_eq!(play.session.rules().ruled_since(0), [OperationId(0)]);
}

#[test]
fn how_a_call_came_out_is_what_the_client_was_told() {
    let mut play = Play::new();
    play.ask("1", "tools/call", CALL).answer("1", LONG);
    play.rule(Direction::ToClient, "1", Fate::Changed, r#"{"isError":true}"#, vec![mark("lean", "limit")]);
    assert_eq!(play.states(), [State::Done(Outcome::ToolError)]);
    assert_eq!(play.row(Peer::Client, "tools/call", "get").tool_errors, 1);
}

#[test]
fn tokens_saved_are_divided_among_the_rules_that_acted_and_counted_anew_exactly() {
    let mut play = Play::new();
    play.ask("1", "tools/call", CALL).answer("1", LONG);
    let marks = vec![mark("one", "trim"), mark("two", "shape"), missed(mark("three", "empty"))];
    play.rule(Direction::ToClient, "1", Fate::Changed, SHORT, marks);
    let of = |wire, model| Sizes { wire, model };
    for (before, after) in [(100, 95), (7, 9), (847, 127)] {
        let tokens = RuledTokens { before: of(before, 0), after: of(after, 0), ..RuledTokens::default() };
        play.session.set_ruled_tokens(OperationId(0), Some(tokens));
    }
    assert_eq!((play.stats("one").active.saved.wire, play.stats("two").active.saved.wire), (360, 360));
    assert_eq!((play.stats("one").active.before.wire, play.stats("three").active.saved.wire), (847, 0));
    assert_eq!(play.row(Peer::Client, "tools/call", "get").saved.wire, 720);
    play.session.set_ruled_tokens(OperationId(0), None);
    assert_eq!((play.stats("one").active.saved.wire, play.session.saved().wire), (0, 0));
}

#[test]
fn an_answer_that_a_rule_refuses_saves_nothing() {
    let mut play = Play::new();
    play.ask("1", "tools/call", CALL).answer("1", LONG);
    play.rule(Direction::ToClient, "1", Fate::Changed, r#"{"isError":true}"#, vec![mark("lean", "limit")]);
    let changed = play.session.operations()[0].ruled().unwrap().changed();
    assert!(changed[0].is_refused);
    let of = |wire, model| Sizes { wire, model };
    let tokens = RuledTokens { before: of(900, 800), after: of(9, 8), ..RuledTokens::default() };
    play.session.set_ruled_tokens(OperationId(0), Some(tokens));
    assert_eq!((play.session.saved(), play.stats("lean").active.saved), (Saved::default(), Saved::default()));
    assert_eq!(play.stats("lean").active.changed, 1);
    // One that was a failure already is shortened like any other.
    play.ask("2", "tools/call", CALL).answer("2", &format!(r#"{{"isError":true,"x":{LONG}}}"#));
    play.rule(Direction::ToClient, "2", Fate::Changed, r#"{"isError":true}"#, vec![mark("lean", "limit")]);
    assert!(play.session.saved().bytes > 0);
}

#[test]
fn who_took_more_bytes_away_is_credited_with_more() {
    let mut play = Play::new();
    play.ask("1", "tools/call", CALL).answer("1", LONG);
    let took = |rule, before, after| Mark { bytes: Some([before, after]), ..mark(rule, "trim") };
    let marks = vec![took("one", 100, 40), took("two", 40, 30), took("one", 30, 0), took("three", 5, 9)];
    play.rule(Direction::ToClient, "1", Fate::Changed, SHORT, marks);
    let tokens = RuledTokens { before: Sizes { wire: 30, model: 21 }, ..RuledTokens::default() };
    play.session.set_ruled_tokens(OperationId(0), Some(tokens));
    let of = |rule| play.stats(rule).active.saved;
    // Who made it longer is charged with that.
    assert_eq!((of("one").wire, of("two").wire, of("three").wire), (28, 3, -1));
    assert_eq!(of("one").model + of("two").model + of("three").model, 21);
}

#[test]
fn time_in_which_a_rule_held_a_call_is_the_rules_and_not_the_servers() {
    let mut play = Play::new();
    play.at_ms(0).ask("1", "tools/call", CALL);
    play.rule(Direction::ToServer, "1", Fate::Held, "", vec![mark("slow down", "rate")]);
    play.at_ms(400).rule(Direction::ToServer, "1", Fate::Released, "", vec![]);
    play.at_ms(450).answer("1", LONG);
    let call = play.op(0);
    assert_eq!((call.latency_us(Micros(0)), call.waited_us(Micros(0))), (50_000, 450_000));
    assert_eq!(call.responder_us(), 50_000);
    let row = play.row(Peer::Client, "tools/call", "get");
    assert_eq!((row.latency_us.max(), row.waited_us().max()), (Some(50_000), Some(450_000)));
    assert_eq!((row.held_us_sum, row.by_rules), (400_000, 0));
    assert_eq!((play.stats("slow down").active.held, play.stats("slow down").active.held_us), (1, 400_000));
}

#[test]
fn a_shared_answer_saves_what_the_first_caller_had_waited_before() {
    let mut play = Play::new();
    play.at_ms(0).ask("1", "tools/call", CALL).at_ms(60).ask("2", "tools/call", CALL);
    play.rule(Direction::ToServer, "2", Fate::Held, "", vec![mark("share", "coalesce")]);
    play.at_ms(100).answer("1", LONG);
    let shared = Mark { took_us: Some(100_000), ..mark("share", "coalesce") };
    play.rule(Direction::ToServer, "2", Fate::Answered, LONG, vec![shared]);
    assert_eq!(play.states(), [OK, OK]);
    let stats = play.stats("share");
    assert_eq!((stats.active.saved.time_us, stats.active.held_us, stats.active.matches), (60_000, 0, 1));
    let row = play.row(Peer::Client, "tools/call", "get");
    assert_eq!((row.by_rules, row.cache_hits, row.waited_us().count()), (1, 0, 2));
}

#[test]
fn a_lookup_that_waits_for_an_equal_call_is_one_lookup_and_a_hit() {
    let mut play = Play::new();
    let missed_it = || Mark { why: Some("not in the cache".into()), ..missed(cached(0, 0)) };
    play.at_ms(0).ask("1", "tools/call", CALL);
    play.rule(Direction::ToServer, "1", Fate::Passed, "", vec![missed_it()]);
    play.at_ms(10).ask("2", "tools/call", CALL);
    play.rule(Direction::ToServer, "2", Fate::Held, "", vec![missed_it()]);
    play.at_ms(90).answer("1", LONG);
    let shared = Mark { took_us: Some(90_000), ..mark("keep", "cache") };
    play.rule(Direction::ToServer, "2", Fate::Answered, LONG, vec![shared]);
    let cache = play.stats("keep").cache.unwrap();
    assert_eq!((cache.lookups, cache.hits, cache.age_us_mean()), (2, 1, None));
}

#[test]
fn what_a_server_says_after_a_timeout_is_kept_and_is_no_second_answer() {
    let mut play = Play::new();
    play.at_ms(0).ask("1", "tools/call", CALL).at_ms(30);
    play.rule(
        Direction::ToServer,
        "1",
        Fate::Answered,
        r#"{"isError":true}"#,
        vec![mark("guard", "timeout")],
    );
    play.at_ms(90).answer("1", LONG);
    play.rule(Direction::ToClient, "1", Fate::Dropped, "", vec![mark("guard", "timeout")]);
    assert_eq!(play.states(), [State::Done(Outcome::ToolError)]);
    assert_eq!(play.op(0).original_answer().unwrap().at, Micros(90_000));
    assert_eq!((play.session.totals().duplicates, play.session.saved()), (0, Saved::default()));
    play.answer("1", LONG);
    assert_eq!(play.session.totals().duplicates, 1);
}

#[test]
fn what_a_rule_only_observes_is_counted_apart_and_changes_nothing() {
    let mut play = Play::new();
    play.at_ms(0).ask("1", "tools/call", CALL);
    play.rule(Direction::ToServer, "1", Fate::Answered, LONG, vec![observed(cached(80_000, 1))]);
    play.at_ms(90).answer("1", LONG);
    play.rule(Direction::ToClient, "1", Fate::Changed, SHORT, vec![observed(mark("lean", "trim"))]);
    assert_eq!(play.op(0).answer().unwrap().at, Micros(90_000));
    assert!(!play.op(0).ruled().unwrap().has_effect());
    assert_eq!((play.stats("keep").observed.saved.time_us, play.stats("keep").active.matches), (80_000, 0));
    assert!(play.stats("lean").observed.saved.bytes > 0);
    assert_eq!(play.session.saved(), Saved::default());
    assert_eq!(play.row(Peer::Client, "tools/call", "get").latency_us.count(), 1);
    let would = RuledTokens { would_before: Sizes { wire: 9, model: 8 }, ..RuledTokens::default() };
    play.session.set_ruled_tokens(OperationId(0), Some(would));
    assert_eq!((play.stats("lean").observed.saved.model, play.session.saved().model), (8, 0));
}

#[test]
fn the_tools_are_those_the_client_saw_and_what_was_offered_is_kept() {
    let mut play = Play::new();
    let list = |tools: &str, more: &str| format!(r#"{{"tools":[{tools}]{more}}}"#);
    play.ask("1", "tools/list", "{}")
        .answer("1", &list(r#"{"name":"a","description":"long"},{"name":"b"}"#, r#","nextCursor":"2""#));
    play.rule(
        Direction::ToClient,
        "1",
        Fate::Changed,
        &list(r#"{"name":"a"}"#, ""),
        vec![mark("lean", "tools")],
    );
    play.ask("2", "tools/list", r#"{"cursor":"2"}"#).answer("2", &list(r#"{"name":"c"}"#, ""));
    let names = |tools: &[Definition]| tools.iter().map(|tool| tool.name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(play.session.definitions().tools()), ["a", "c"]);
    assert_eq!(names(play.session.definitions().offered()), ["a", "b", "c"]);
    for (position, wire) in [(0, 4), (1, 5)] {
        let json = play.session.definitions().tools()[position].json.to_string();
        play.session.set_definition_tokens(
            position,
            &json,
            DefinitionTokens { wire, ..DefinitionTokens::default() },
        );
    }
    assert_eq!(play.session.saved(), Saved { bytes: play.session.saved().bytes, ..Saved::default() });
    for (position, wire) in [(0, 20), (1, 30), (2, 5)] {
        let json = play.session.definitions().offered()[position].json.to_string();
        play.session.set_offered_tokens(
            position,
            &json,
            DefinitionTokens { wire, ..DefinitionTokens::default() },
        );
    }
    let lean = play.session.symbols().get("lean").unwrap();
    assert_eq!((play.session.saved().wire, play.session.saved_by(lean).wire), (46, 46));
    play.ask("3", "tools/list", "{}");
    play.rule(Direction::ToServer, "3", Fate::Answered, &list(r#"{"name":"a"}"#, ""), vec![cached(1, 1)]);
    assert_eq!(play.session.definitions().offered().len(), 3);
}

#[test]
fn requests_of_mcptops_own_and_their_answers_are_no_operations() {
    let mut play = Play::new();
    play.rule(Direction::ToServer, "\"mcptop-1\"", Fate::Sent, "{}", vec![mark("keep", "cache")]);
    play.answer("\"mcptop-1\"", LONG);
    play.rule(Direction::ToClient, "\"mcptop-1\"", Fate::Dropped, "", vec![mark("keep", "cache")]);
    let totals = play.session.totals();
    assert_eq!((totals.calls, totals.orphans, play.stats("keep").active.matches), (0, 0, 0));
}

#[test]
fn over_http_a_ruling_finds_its_call_by_its_exchange() {
    let mut play = Play::new();
    play.post(1, "", "2026-07-28").ask("1", "tools/call", CALL);
    play.post(2, "", "2026-07-28").ask("1", "tools/call", CALL);
    play.within(1).rule(Direction::ToServer, "1", Fate::Answered, LONG, vec![cached(10, 1)]);
    assert_eq!(play.states(), [OK, State::Pending]);
}

#[test]
fn calls_are_found_by_the_rules_that_had_to_do_with_them() {
    let mut play = Play::new();
    play.ask("1", "tools/call", CALL).answer("1", LONG);
    play.rule(Direction::ToClient, "1", Fate::Changed, SHORT, vec![mark("lean records", "trim")]);
    play.ask("2", "tools/call", CALL).answer("2", LONG);
    let count = |text: &str| Filter::parse(text).unwrap().count(&play.session, Micros(0));
    assert_eq!((count("rule:lean"), count("rule:*"), count("-rule:*"), count("rule:other")), (1, 1, 1, 0));
    assert_eq!(Filter::of_rule("lean records").count(&play.session, Micros(0)), 1);
}

#[test]
fn rules_in_force_refused_ones_and_failures_are_told() {
    let mut play = Play::new();
    play.fact(Fact::Rules { text: "[[rule]]".into(), source: "rules.toml".into() });
    play.fact(Fact::RulesRefused { source: "rules.toml".into(), why: "line 1, column 2: no".into() });
    play.ask("1", "tools/call", CALL).answer("1", LONG);
    let failed = Mark { failed: Some("index out of bounds".into()), ..missed(mark("lean", "trim")) };
    play.rule(Direction::ToClient, "1", Fate::Passed, "", vec![failed]);
    let rules = play.session.rules();
    assert_eq!(&*rules.in_force().unwrap().text, "[[rule]]");
    assert_eq!((rules.refused().len(), play.stats("lean").failures), (1, 1));
    assert_eq!(play.kinds(), [LogKind::Rules, LogKind::RulesRefused, LogKind::RuleFailed]);
}

/// One message with rules at it, of few kinds.
fn ruled() -> impl Strategy<Value = (u8, Vec<(u8, bool, bool)>, u8)> {
    (0..5_u8, prop::collection::vec((0..3_u8, any::<bool>(), any::<bool>()), 0..4), 0..4_u8)
}

fn play_ruled(play: &mut Play, number: usize, what: u8, marks: &[(u8, bool, bool)], length: u8) {
    let id = (number % 5).to_string();
    let names = ["one", "two", "three"];
    let all_marks = || {
        marks
            .iter()
            .map(|(rule, hit, is_observed)| Mark {
                hit: *hit,
                observed: *is_observed,
                bytes: Some([90, u64::from(length) * 40]),
                took_us: (length > 1).then_some(5_000),
                ..mark(names[usize::from(*rule)], ["trim", "cache"][usize::from(length % 2)])
            })
            .collect::<Vec<_>>()
    };
    let result = format!(r#"{{"x":"{}"}}"#, "y".repeat(usize::from(length) * 9));
    play.at_ms(number as u64).ask(&id, "tools/call", [CALL, r#"{"name":"put"}"#][number % 2]);
    match what {
        0 => play.rule(Direction::ToServer, &id, Fate::Answered, &result, all_marks()),
        1 => play
            .rule(Direction::ToServer, &id, Fate::Held, "", all_marks())
            .rule(Direction::ToServer, &id, Fate::Released, "", vec![])
            .answer(&id, LONG),
        2 => play.answer(&id, LONG).rule(Direction::ToClient, &id, Fate::Passed, "", all_marks()),
        3 => play.rule(Direction::ToServer, &id, Fate::Dropped, "", all_marks()),
        _ => play.answer(&id, LONG).rule(Direction::ToClient, &id, Fate::Changed, &result, all_marks()),
    };
}

proptest! {
    #[test]
    fn what_all_rules_saved_together_is_what_was_saved(
        steps in prop::collection::vec(ruled(), 0..40),
        counts in prop::collection::vec((0..40_u32, 0..900_u64, 0..900_u64), 0..60),
    ) {
        let mut play = Play::new();
        for (number, (what, marks, length)) in steps.iter().enumerate() {
            play_ruled(&mut play, number, *what, marks, *length);
        }
        for (operation, before, after) in counts {
            let of = |model| Sizes { wire: model / 2, model };
            let tokens = RuledTokens { before: of(before), after: of(after), would_before: of(after), would_after: of(before) };
            play.session.set_ruled_tokens(OperationId(operation), Some(tokens));
        }
        let session = &play.session;
        let sum = |parts: &mut dyn Iterator<Item = Saved>| parts.fold(Saved::default(), |sum, one| sum + one);
        let all = session.rules().all();
        prop_assert_eq!(sum(&mut all.iter().map(|stats| session.saved_by(stats.rule))), session.saved());
        prop_assert_eq!(sum(&mut session.rows().iter().map(|row| row.saved)), session.saved());
        for stats in all {
            for (is_observed, whole) in [(false, stats.active), (true, stats.observed)] {
                let of = |active: &Effects, observed: &Effects| if is_observed { *observed } else { *active };
                let rows = || stats.rows().map(|(_, active, observed)| of(active, observed));
                prop_assert_eq!(sum(&mut rows().map(|effects| effects.saved)), whole.saved);
                prop_assert_eq!(rows().map(|effects| (effects.matches, effects.hits)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1)), (whole.matches, whole.hits));
                prop_assert!(whole.hits <= whole.matches && whole.matches <= steps.len() as u64);
            }
        }
        let by_rules: u64 = session.rows().iter().map(|row| row.by_rules).sum();
        let answered = session.operations().iter().filter(|one| one.ruled().is_some_and(|ruled| ruled.answered_by().is_some())).count();
        prop_assert_eq!(by_rules, answered as u64);
        for row in session.rows() {
            prop_assert_eq!(row.latency_us.count() + row.by_rules, row.waited_us().count());
            prop_assert_eq!(row.waited_us().count(), row.answered());
        }
    }
}
