//! Letting go changes nothing but what is there.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;

use super::conservation::{play, step};
use super::*;

/// Everything that is not about single operations.
fn picture(session: &Session) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{:?}\n{:?}", session.totals(), session.rows());
    let _ = writeln!(out, "{:?}\n{:?}", session.rules().all(), session.saved());
    let _ = writeln!(out, "{:?}\n{:?}", session.definitions(), session.notifications());
    let _ = writeln!(out, "{:?}\n{:?}", session.log(), session.handshake());
    let http = session.http();
    let _ = writeln!(out, "{:?}\n{:?}\n{:?}", http.all(), http.traffic(), http.statuses());
    let _ = writeln!(out, "{:?}\n{:?}", http.clients().all(), http.connections());
    let _ = writeln!(out, "{:?}", session.symbols().iter().collect::<Vec<_>>());
    out
}

/// Enters what an operation costs: as much as its number says.
fn count(session: &mut Session, id: OperationId) {
    let tokens = OperationTokens { request: 1, wire: id.0 * 2, model: id.0, ..OperationTokens::default() };
    session.set_tokens(id, tokens);
    let size = |tokens: u32| Sizes { wire: u64::from(tokens), model: u64::from(tokens) };
    let changed = RuledTokens { before: size(9 + id.0), after: size(id.0), ..RuledTokens::default() };
    session.set_ruled_tokens(id, Some(changed));
}

/// As it is when it goes.
type Gone = BTreeMap<OperationId, String>;

fn take(gone: &mut Gone) -> impl FnMut(&mut Session, OperationId) {
    |session, id| {
        count(session, id);
        let before = gone.insert(id, format!("{:?}", session.operation(id).unwrap()));
        assert_eq!(before, None, "each goes once");
    }
}

/// Calls with ids of their own, each answered.
fn call(play: &mut Play, numbers: std::ops::Range<u32>) {
    for n in numbers {
        play.ask(&n.to_string(), "tools/call", r#"{"name":"a"}"#).answer(&n.to_string(), "{}");
        play.session.let_go(|_, _| ());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_session_that_lets_go_says_what_one_says_that_keeps_everything(
        steps in prop::collection::vec(step(), 0..120),
        every in 1_usize..9,
    ) {
        let (mut kept, mut lets_go) = (Play::new(), Play::new());
        let mut gone = Gone::new();
        for (number, one) in steps.iter().enumerate() {
            play(&mut kept, number, one);
            play(&mut lets_go, number, one);
            if number % every == 0 {
                lets_go.session.let_go_of_settled(take(&mut gone));
            }
        }
        let mut kept = kept.session;
        kept.end_of_recording();
        lets_go.session.end_of_recording();
        let went_early = gone.len();
        lets_go.session.let_go_of_all(take(&mut gone));
        for id in 0..kept.operations().len() {
            count(&mut kept, OperationId(u32::try_from(id).unwrap()));
        }
        prop_assert_eq!(picture(&kept), picture(&lets_go.session));
        prop_assert!(lets_go.session.operations().is_empty() && went_early <= gone.len());
        let all: Vec<String> = kept.operations().iter().map(|operation| format!("{operation:?}")).collect();
        prop_assert_eq!(all, gone.into_values().collect::<Vec<_>>());
    }
}

#[test]
fn what_is_kept_does_not_grow_with_the_calls() {
    let mut playing = Play::new();
    // One that stays open all the time, and keeps nobody behind it.
    playing.ask("\"first\"", "tools/call", r#"{"name":"slow"}"#);
    let mut most = 0;
    for n in 0..20 {
        call(&mut playing, n * 4_000..(n + 1) * 4_000);
        most = most.max(playing.session.operations.ids().count());
    }
    assert!(most < 16_384, "{most}");
    assert_eq!(playing.session.totals().ok, 80_000);
    let first = playing.session.operation(OperationId(0)).unwrap();
    assert_eq!((first.state, playing.session.totals().in_flight), (State::Pending, 1));
    assert!(playing.session.operation(OperationId(1)).is_none());
    playing.answer("\"first\"", "{}");
    assert_eq!(playing.session.operation(OperationId(0)).unwrap().state, OK);
    // The newest answers are known as such, as ever; those of long ago are not, as ever.
    playing.answer("79999", "{}").answer("5", "{}");
    let totals = playing.session.totals();
    assert_eq!((totals.duplicates, totals.orphans), (1, 1));
}

#[test]
fn a_call_for_which_the_server_asks_something_back_stays_as_long_as_the_question() {
    let mut playing = Play::new();
    playing.ask("1", "tools/call", r#"{"name":"a"}"#);
    playing.at_ms(1_000).server(request("\"q\"", "elicitation/create", "{}")).at_ms(3_000).answer("1", "{}");
    call(&mut playing, 2..10_000);
    let call = playing.session.operation(OperationId(0)).unwrap();
    assert_eq!((call.state, call.client_wait_us()), (OK, 0));
    playing.at_ms(9_000).client(r#"{"jsonrpc":"2.0","id":"q","result":{}}"#);
    assert_eq!(playing.session.operation(OperationId(0)).unwrap().client_wait_us(), 2_000_000);
}

#[test]
fn what_waits_and_is_followed_no_longer_is_in_doubt_and_goes() {
    let mut playing = Play::new();
    for n in 0..20_000 {
        playing.ask(&n.to_string(), "tools/call", r#"{"name":"a"}"#);
        playing.answer(&n.to_string(), r#"{"resultType":"input_required"}"#);
        playing.session.let_go(|_, _| ());
    }
    let totals = playing.session.totals();
    assert_eq!((totals.in_flight, totals.unknown), (1_024, 20_000 - 1_024));
    for n in 0..40_000 {
        playing.ask(&n.to_string(), "tools/call", r#"{"name":"a"}"#);
        let task = format!(r#"{{"resultType":"task","taskId":"{n}","status":"working"}}"#);
        playing.answer(&n.to_string(), &task);
        playing.session.let_go(|_, _| ());
    }
    assert_eq!(playing.session.totals().in_flight, 1_024 + 16_384);
    assert!(playing.session.operations.ids().count() < 3 * 16_384);
}

#[test]
fn exchanges_that_are_over_go_and_are_counted() {
    let mut playing = Play::new();
    playing.http(1, "GET", 1, "s~1", "");
    for n in 2..40_000 {
        playing.at_ms(u64::from(n)).post(n, "s~1", "").ask(&n.to_string(), "tools/call", r#"{"name":"a"}"#);
        playing.status(n, 200, "").answer(&n.to_string(), "{}").end(n, HttpEnd::Complete);
        playing.session.let_go(|_, _| ());
    }
    let http = playing.session.http();
    assert!(http.all().len() < 3 * 8_192, "{}", http.all().len());
    assert_eq!((http.traffic().exchanges, http.open(), http.not_kept()), (39_999, 1, 0));
    assert_eq!((http.all()[0].id, http.get(ExchangeId(39_999)).unwrap().status), (ExchangeId(1), Some(200)));
    assert_eq!((http.get(ExchangeId(2)), playing.session.totals().ok), (None, 39_998));
}
