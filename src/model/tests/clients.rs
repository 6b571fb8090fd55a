//! Several clients at once: whose an exchange is, what is open, and how sessions end.

use super::*;
use crate::trace::{PoolReturn, PoolState, PoolTake, SessionEnd};

fn initialize(name: &str) -> String {
    format!(
        r#"{{"protocolVersion":"2025-11-25","capabilities":{{"roots":{{}}}},"clientInfo":{{"name":"{name}","version":"1"}}}}"#
    )
}

fn opened(play: &mut Play, exchange: u32, connection: u32, name: &str, session: &str) {
    play.http(exchange, "POST", connection, "", "").ask("0", "initialize", &initialize(name));
    play.status(exchange, 200, session).answer("0", r#"{"protocolVersion":"2025-06-18"}"#);
    play.end(exchange, HttpEnd::Complete);
}

/// Name, session, revision, exchanges, calls of each client.
fn clients(play: &Play) -> Vec<(String, String, String, u64, u64)> {
    let clients = play.session.http().clients().real();
    let shown = clients.map(|client| {
        let session = play.session.name(client.session).to_owned();
        let revision = client.revision().unwrap_or_default().to_owned();
        (client.shown_name(), session, revision, client.traffic.exchanges, client.traffic.calls)
    });
    shown.collect()
}

fn row(
    name: &str,
    session: &str,
    revision: &str,
    exchanges: u64,
    calls: u64,
) -> (String, String, String, u64, u64) {
    (name.into(), session.into(), revision.into(), exchanges, calls)
}

#[test]
fn clients_with_sessions_are_told_apart_by_them() {
    let mut play = Play::new();
    opened(&mut play, 1, 1, "claude", "a~1");
    opened(&mut play, 2, 2, "claude", "b~2");
    play.http(3, "POST", 2, "b~2", "").ask("1", "tools/call", r#"{"name":"t"}"#);
    play.http(4, "GET", 3, "b~2", "").status(4, 200, "").server(request("9", "roots/list", "{}"));
    let revision = "2025-06-18";
    assert_eq!(
        clients(&play),
        [row("claude 1", "a~1", revision, 1, 1), row("claude 1", "b~2", revision, 3, 3)]
    );
    let second = play.session.http().clients().all()[1].clone();
    assert_eq!((second.traffic.in_flight, second.traffic.streams_open, second.traffic.open), (1, 1, 2));
    assert_eq!(second.capabilities.as_deref(), Some(r#"{"roots":{}}"#));
    assert_eq!(play.session.client_of(play.op(3)), Some(&second), "what the server asks on its stream");
    play.end(4, HttpEnd::ClientLeft);
    assert_eq!(play.session.http().clients().all()[1].traffic.streams_open, 0);
    assert_eq!(
        (play.session.http().connections().used(), play.session.http().connections().in_use()),
        (3, 1)
    );
}

#[test]
fn without_sessions_the_name_and_then_the_connection_tell() {
    let mut play = Play::new();
    opened(&mut play, 1, 1, "claude", "");
    opened(&mut play, 2, 2, "cursor", "");
    play.http(3, "POST", 1, "", "").ask("1", "tools/list", "{}");
    opened(&mut play, 4, 3, "claude", "");
    let revision = "2025-06-18";
    assert_eq!(clients(&play), [row("claude 1", "", revision, 3, 3), row("cursor 1", "", revision, 1, 1)]);
    // In the modern era every request says who asks, whatever connection it comes on.
    let meta = |name: &str| {
        format!(
            r#"{{"name":"t","_meta":{{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{{"name":"{name}","version":"2"}}}}}}"#
        )
    };
    let mut play = Play::new();
    for (exchange, name) in [(1, "a"), (2, "b"), (3, "a"), (4, "a")] {
        play.post(exchange, "", "2026-07-28").ask("1", "tools/call", &meta(name));
    }
    assert_eq!(clients(&play), [row("a 2", "", "2026-07-28", 3, 3), row("b 2", "", "2026-07-28", 1, 1)]);
    assert_eq!(play.op(2).client(), play.op(0).client());
}

#[test]
fn a_client_whose_initialize_fails_is_seen_all_the_same() {
    let mut play = Play::new();
    play.post(1, "", "").ask("0", "initialize", &initialize("claude"));
    assert_eq!(clients(&play), [row("claude 1", "", "2025-11-25", 1, 1)]);
    play.end(1, HttpEnd::ServerLeft);
    opened(&mut play, 2, 2, "claude", "a~1");
    assert_eq!(
        clients(&play),
        [row("claude 1", "", "2025-11-25", 1, 1), row("claude 1", "a~1", "2025-06-18", 1, 1)]
    );
}

#[test]
fn the_ends_of_sessions_are_told_by_whoever_knows() {
    let mut play = Play::new();
    for (exchange, session) in [(1, "a~1"), (2, "b~2"), (3, "c~3"), (4, "d~4")] {
        opened(&mut play, exchange, exchange, "x", session);
    }
    play.http(5, "DELETE", 1, "a~1", "").status(5, 200, "").end(5, HttpEnd::Complete);
    play.http(6, "DELETE", 2, "b~2", "").status(6, 405, "").end(6, HttpEnd::Complete);
    play.http(7, "POST", 3, "c~3", "").status(7, 404, "").end(7, HttpEnd::Complete);
    play.fact(Fact::SessionEnded { session: "d~4".into(), why: SessionEnd::TimedOut });
    let ends = |play: &Play| -> Vec<Option<ClientEnd>> {
        play.session.http().clients().all().iter().map(|client| Some(client.ended?.1)).collect()
    };
    let told = Some(ClientEnd::Told(SessionEnd::TimedOut));
    assert_eq!(ends(&play), [Some(ClientEnd::Deleted), None, Some(ClientEnd::Forgotten), told]);
    play.http(8, "POST", 3, "c~3", "").status(8, 200, "");
    assert_eq!(ends(&play)[2], None, "another address was not found");
}

#[test]
fn streams_are_counted_when_they_open_are_taken_up_again_and_close() {
    let mut play = Play::new();
    play.http(1, "GET", 1, "a~1", "").at_ms(5).status(1, 200, "").at_ms(30).end(1, HttpEnd::ServerLeft);
    play.http(101, "GET", 1, "a~1", "").status(101, 200, "");
    let traffic = *play.session.http().traffic();
    assert_eq!(
        (traffic.streams, traffic.streams_open, traffic.streams_resumed, traffic.in_flight),
        (2, 1, 1, 0)
    );
    let first = play.session.http().get(ExchangeId(1)).unwrap();
    assert_eq!(
        (first.head_us(), first.body_us(Micros(0)), first.first_message_us()),
        (Some(5_000), Some(25_000), None)
    );
    assert_eq!(
        play.session.http().statuses().iter().map(|(code, count)| (*code, *count)).collect::<Vec<_>>(),
        [(200, 2)]
    );
}

#[test]
fn times_of_an_exchange_run_from_its_request() {
    let mut play = Play::new();
    play.at_ms(10).post(1, "a~1", "").ask("1", "tools/call", r#"{"name":"t"}"#);
    play.at_ms(12).status(1, 200, "").at_ms(40).server(notification("notifications/message", "{}"));
    play.at_ms(50).answer("1", "{}").at_ms(60).end(1, HttpEnd::Complete);
    let exchange = play.session.http_of(OperationId(0)).unwrap();
    let times = (exchange.head_us(), exchange.first_message_us(), exchange.body_us(Micros(99_000)));
    assert_eq!(times, (Some(2_000), Some(30_000), Some(48_000)));
}

#[test]
fn a_pool_is_seen_from_the_first_thing_that_happens_to_it() {
    let mut play = Play::new();
    assert!(play.session.pool().is_none());
    let state = |open, busy, waiting| PoolState { size: 2, open, busy, waiting };
    let take = |how, waited_us, pool| Fact::PoolTaken { session: "a~1".into(), how, waited_us, pool };
    play.at_ms(10).fact(take(PoolTake::Started, 412_000, state(1, 1, 0)));
    play.at_ms(20).fact(Fact::PoolReturned { how: PoolReturn::Kept, pool: state(1, 0, 0) });
    play.at_ms(30).fact(take(PoolTake::Reused, 40, state(1, 1, 3)));
    let pool = play.session.pool().unwrap();
    assert_eq!(
        (pool.state(), pool.takes(PoolTake::Reused), pool.ready_share()),
        (state(1, 1, 3), 1, Some(0.5))
    );
    assert_eq!(pool.utilisation(Micros(30_000)), Some(0.5));
    let client = play.session.http().clients().real().next().unwrap();
    assert_eq!((play.session.name(client.session), client.took), ("a~1", Some((PoolTake::Reused, 40))));
}

#[test]
fn exchanges_that_overtake_each_other_are_all_kept() {
    let mut play = Play::new();
    for (exchange, id) in [(3, "3"), (1, "1"), (5, "5"), (4, "4"), (2, "2")] {
        play.post(exchange, "a~1", "").ask(id, "tools/call", r#"{"name":"t"}"#).status(exchange, 200, "");
    }
    let numbers: Vec<u32> = play.session.http().all().iter().map(|exchange| exchange.id.0).collect();
    assert_eq!((numbers, play.session.http().not_kept()), (vec![1, 2, 3, 4, 5], 0));
    assert!(play.session.operations().iter().all(|operation| operation.http_status() == Some(200)));
    play.post(3, "a~1", "");
    assert_eq!(
        (play.session.http().all().len(), play.session.http().not_kept()),
        (5, 1),
        "a number given twice"
    );
}
