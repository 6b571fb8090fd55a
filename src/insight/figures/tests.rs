use proptest::prelude::*;

use super::made::{Ends, Made};
use super::*;
use crate::wire::Direction::{ToClient, ToServer};

#[test]
fn a_tool_has_its_calls_its_definition_and_its_samples() {
    let mut made = Made::new();
    made.list(&[("read", 40), ("never", 7)]);
    made.call("read", 1_000, 10, Ends::Well).call("read", 3_000, 30, Ends::ToolError);
    made.call("hidden", 2_000, 5, Ends::ProtocolError).call("read", 9_000, 0, Ends::Never);
    let session = made.done();
    let figures = Figures::of(&session);
    let names: Vec<&str> = figures.tools.iter().map(RowFigures::name).collect();
    assert_eq!(names, ["hidden", "never", "read"]);
    let read = figures.tool("read").unwrap();
    assert_eq!((read.sums.calls, read.sums.answered, read.sums.errors(), read.sums.unanswered), (3, 2, 1, 1));
    assert_eq!((&*read.latency_samples_us, &*read.token_samples), (&[1_000, 3_000][..], &[10, 30][..]));
    assert_eq!(read.schema().unwrap().model, 40);
    let never = figures.tool("never").unwrap();
    assert_eq!(
        (never.sums, never.schema().unwrap().model, never.latency_us().is_none()),
        (Sums::default(), 7, true)
    );
    assert_eq!(figures.tool("hidden").unwrap().definition, None);
    assert_eq!(
        (figures.calls.calls, figures.calls.model_tokens.sum, figures.calls.model_tokens.max),
        (4, 45, 30)
    );
    assert_eq!(figures.calls.error_rate(), Some(2.0 / 3.0));
    assert_eq!((figures.latency_us.count(), figures.unanswered(), figures.schema().model), (3, 1, 47));
}

#[test]
fn the_slowest_and_the_fattest_calls_are_found_with_their_places() {
    let mut made = Made::new();
    for call in 0..60_u32 {
        made.call("a", u64::from(call * 37 % 60) * 100 + 100, call * 7 % 60, Ends::Well);
    }
    let session = made.done();
    let figures = Figures::of(&session);
    assert_eq!((figures.slowest.len(), figures.fattest.len()), (EXTREMES_MAX, EXTREMES_MAX));
    let times: Vec<u64> = figures.slowest.iter().map(|call| call.latency_us).collect();
    assert!(times.is_sorted_by(|a, b| a > b) && times[0] == 6_000, "{times:?}");
    let tokens: Vec<u32> = figures.fattest.iter().map(|call| call.operation.tokens.unwrap().model).collect();
    assert_eq!(tokens, (40..60).rev().collect::<Vec<_>>());
    let slowest = &figures.slowest[0];
    assert_eq!((slowest.method, slowest.target), ("tools/call", "a"));
    let (asked, answered) =
        (slowest.operation.first().request.place, slowest.operation.answer().unwrap().place);
    assert!(asked.offset_bytes < answered.offset_bytes);
}

#[test]
fn what_the_protocol_does_not_allow_is_counted_by_kind() {
    let mut made = Made::new();
    made.call("a", 10, 1, Ends::Well).pass(ToClient, "hello").pass(ToClient, r#"{"id":99,"result":{}}"#);
    made.pass(ToClient, r#"{"id":1,"result":{}}"#);
    made.pass(ToServer, r#"{"id":7,"method":"ping"}"#).pass(ToServer, r#"{"id":7,"method":"ping"}"#);
    let session = made.done();
    let found = Figures::of(&session).violations();
    assert_eq!(found, Violations { noise: 1, orphans: 1, duplicates: 1, same_ids: 1 });
    assert_eq!(found.all(), 4);
}

/// Everything that figures say.
fn said(figures: &Figures<'_>) -> String {
    let Figures { session, totals, tools, others, calls, latency_us, timeline, slowest, fattest } = figures;
    let (context, saved) = (session.context(false), session.saved());
    let parts = (totals, tools, others, calls, latency_us, timeline, slowest, fattest, context, saved);
    format!("{parts:?}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2))]

    #[test]
    fn figures_of_a_session_that_let_its_calls_go_are_those_of_one_that_kept_them(
        calls in proptest::collection::vec((0..4_usize, 1..50_000_u64, 0..900_u32, 0..60_usize), 1..80),
        rounds in 20_000..30_000_usize,
    ) {
        let (mut kept, mut lets_go) = (Made::new(), Made::new());
        let mut look = Look::default();
        for (tool, took_us, tokens, ends) in calls.iter().cycle().take(rounds) {
            let ends = match ends {
                0 => Ends::Never,
                1..=5 => Ends::ProtocolError,
                6..=9 => Ends::ToolError,
                _ => Ends::Well,
            };
            for made in [&mut kept, &mut lets_go] {
                made.call(["a", "b", "c", "d"][*tool], *took_us, *tokens, ends);
            }
            lets_go.let_go(&mut look);
        }
        let went_early = look.seen();
        let (kept, mut session) = (kept.done(), lets_go.done());
        session.let_go_of_all(|session, id| look.take(session, id, session.operation(id).unwrap()));
        prop_assert!(went_early > 8_000 && look.seen() == kept.operations().len());
        prop_assert_eq!(said(&Figures::seen(&session, look)), said(&Figures::of(&kept)));
    }
}

proptest! {
    #[test]
    fn a_look_in_pieces_at_a_session_that_grows_sees_what_one_look_sees(
        calls in proptest::collection::vec((0..4_usize, 1..50_000_u64, 0..900_u32, 0..3_usize), 0..80),
        piece in 1..9_usize,
        until in 0..80_usize,
    ) {
        let mut made = Made::new();
        let mut look = Look::default();
        for (tool, took_us, tokens, ends) in &calls {
            let ends = [Ends::Well, Ends::ToolError, Ends::ProtocolError][*ends];
            made.call(["a", "b", "c", "d"][*tool], *took_us, *tokens, ends);
            look.further(made.so_far(), piece, |at, _| at < until);
        }
        prop_assert!(look.seen() <= until);
        let session = made.done();
        look.further(&session, usize::MAX, |_, _| true);
        prop_assert_eq!(look.seen(), session.operations().len());
        let (anew, copy) = (Figures::of(&session), session.abridged());
        prop_assert_eq!(said(&Figures::seen(&copy, look)), said(&anew));
    }

    #[test]
    fn no_call_is_lost_and_samples_are_what_the_statistics_hold(
        calls in proptest::collection::vec((0..4_usize, 1..50_000_u64, 0..900_u32, 0..4_usize), 0..80)
    ) {
        let mut made = Made::new();
        for (tool, took_us, tokens, ends) in &calls {
            let ends = [Ends::Well, Ends::ToolError, Ends::ProtocolError, Ends::Never][*ends];
            made.call(["a", "b", "c", "d"][*tool], *took_us, *tokens, ends);
        }
        let session = made.done();
        let figures = Figures::of(&session);
        prop_assert_eq!(figures.calls.calls, calls.len() as u64);
        prop_assert_eq!(figures.calls.calls, figures.calls.answered + figures.calls.unanswered);
        for tool in &figures.tools {
            let row = tool.row.unwrap();
            prop_assert_eq!(tool.latency_samples_us.len() as u64, row.latency_us.count());
            prop_assert_eq!(tool.latency_samples_us.iter().sum::<u64>(), row.latency_us.sum());
            prop_assert_eq!(tool.token_samples.iter().sum::<u64>(), row.model_tokens.sum);
        }
        let ended: u64 = figures.timeline.buckets.iter().map(|bucket| u64::from(bucket.calls)).sum();
        prop_assert_eq!(ended, figures.calls.answered);
        let tokens: u64 = figures.timeline.buckets.iter().map(|bucket| bucket.tokens).sum();
        prop_assert_eq!(tokens, figures.calls.model_tokens.sum);
    }
}
