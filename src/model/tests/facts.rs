//! What stands beside the messages: samples, notes, standard error, tokens, sums.

use super::*;
use crate::tokens::{Accuracy, Count};

#[test]
fn samples_keep_the_last_and_the_largest() {
    let mut play = Play::new();
    play.at_ms(0).fact(Fact::Sample { rss_bytes: 10, cpu_us: 0 });
    play.at_ms(1_000).fact(Fact::Sample { rss_bytes: 30, cpu_us: 250_000 });
    play.at_ms(2_000).fact(Fact::Sample { rss_bytes: 20, cpu_us: 300_000 });
    let seen = play.session.samples().unwrap();
    assert_eq!(
        (seen.rss_bytes, seen.rss_bytes_max, seen.cpu_us, seen.cpu_permille),
        (20, 30, 300_000, Some(50))
    );
}

#[test]
fn standard_error_is_kept_apart_and_bounded() {
    let mut play = Play::new();
    for n in 0..Log::ENTRIES_MAX + 5 {
        let line = format!("line {n} {}\n", "é".repeat(Log::TEXT_BYTES_MAX));
        play.fact(Fact::Stderr { payload: Payload::of_frame(line.as_bytes()) });
    }
    let stderr = play.session.stderr();
    assert_eq!((stderr.entries().len(), stderr.count()), (Log::ENTRIES_MAX, Log::ENTRIES_MAX as u64 + 5));
    let last = stderr.entries().next_back().unwrap();
    assert!(
        last.text.starts_with("line 1004 é") && last.text.len() <= Log::TEXT_BYTES_MAX,
        "{}",
        last.text.len()
    );
    assert!(!last.text.contains('\u{fffd}'), "cut between characters");
    assert_eq!(play.session.log().count(), 0);
}

#[test]
fn remarks_losses_and_closed_ends_are_in_the_log() {
    let mut play = Play::new();
    play.at_ms(3).fact(Fact::Note { text: "here".into() });
    play.fact(Fact::Dropped { to: Direction::ToServer, messages: 1, bytes: 2 });
    play.fact(Fact::Closed { by: Peer::Client }).fact(Fact::Unknown { kind: "later".into() });
    assert_eq!(
        play.kinds(),
        [
            LogKind::Note,
            LogKind::Dropped { to: Direction::ToServer, messages: 1, bytes: 2 },
            LogKind::Closed { by: Peer::Client },
            LogKind::UnknownEvent,
        ]
    );
    assert_eq!(play.session.closed(Peer::Client), Some(Micros(3_000)));
    assert_eq!(play.session.closed(Peer::Server), None);
}

fn tokens(model: u32) -> OperationTokens {
    OperationTokens { request: 3, wire: model + 10, model, ..OperationTokens::default() }
}

#[test]
fn a_count_that_replaces_an_estimate_is_not_counted_twice() {
    let mut play = Play::new();
    for id in ["1", "2"] {
        play.ask(id, "tools/call", r#"{"name":"a"}"#).answer(id, "{}");
    }
    let estimate = OperationTokens { accuracy: Accuracy::Estimated, ..tokens(900) };
    play.session.set_tokens(OperationId(0), estimate);
    play.session.set_tokens(OperationId(1), tokens(50));
    let row = play.row(Peer::Client, "tools/call", "a");
    assert_eq!(row.model_tokens, Tally { count: 2, sum: 950, max: 900 });
    play.session.set_tokens(OperationId(0), tokens(40));
    let row = play.row(Peer::Client, "tools/call", "a");
    assert_eq!(row.model_tokens, Tally { count: 2, sum: 90, max: 50 });
    assert_eq!(row.wire_tokens, Tally { count: 2, sum: 110, max: 60 });
    assert_eq!(row.series.buckets()[0].tokens, 90);
    assert_eq!(play.op(0).tokens, Some(tokens(40)));
    let totals = play.session.totals();
    assert_eq!((totals.model_tokens, totals.wire_tokens, totals.request_tokens), (90, 110, 6));
    play.session.set_tokens(OperationId(77), tokens(1));
    play.session.forget_tokens();
    let row = play.row(Peer::Client, "tools/call", "a");
    assert_eq!((row.model_tokens, row.series.buckets()[0].tokens), (Tally::default(), 0));
    assert_eq!((play.op(0).tokens, play.session.totals().wire_tokens), (None, 0));
    play.session.set_tokens(OperationId(0), tokens(7));
    assert_eq!(play.row(Peer::Client, "tools/call", "a").model_tokens, Tally { count: 1, sum: 7, max: 7 });
}

#[test]
fn only_what_a_client_hands_to_its_model_fills_the_context() {
    let mut play = Play::new();
    let asked = ["initialize", "tools/list", "tools/call", "prompts/get", "resources/read", "ping"];
    for (number, method) in (0..).zip(asked) {
        let id = number.to_string();
        play.ask(&id, method, "{}").answer(&id, "{}");
        let counted = OperationTokens { accuracy: Accuracy::Estimated, ..tokens(10_u32.pow(number)) };
        play.session.set_tokens(OperationId(number), counted);
    }
    let context = play.session.context(false);
    assert_eq!(context.definitions, Count::ZERO);
    assert_eq!(context.results, Count { tokens: 11_100, accuracy: Accuracy::Estimated });
    assert_eq!(play.session.context(true).results.tokens, 11_130);
}

#[test]
fn the_totals_show_what_mcptop_itself_takes() {
    let mut play = Play::new();
    play.own_ns(2_000).ask("1", "ping", "{}").at_ms(4).answer("1", "{}");
    let totals = play.session.totals();
    assert_eq!(totals.own_us_p50.map(f64::round), Some(2.0));
    assert_eq!(totals.duration, Micros(4_000));
    assert_eq!(totals.bytes_to_server, u64::from(play.op(0).first().request.bytes));
}

#[test]
fn an_operation_stays_small() {
    assert!(size_of::<Operation>() <= 176, "{}", size_of::<Operation>());
}

#[test]
fn a_flood_of_methods_shares_a_row() {
    let mut play = Play::new();
    for n in 0..5_000 {
        play.ask(&n.to_string(), &format!("m{n}"), "{}");
    }
    assert!(play.session.rows().len() < 4_200, "{}", play.session.rows().len());
    assert_eq!(play.session.totals().calls, 5_000);
}
