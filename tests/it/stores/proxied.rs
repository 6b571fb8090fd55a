//! The second level of caches behind running proxies: what one has asked another one need not, and a Redis that is gone
//! costs misses and next to no time.

use std::time::Instant;

use mcptop::control::{Order, Reply, StoreStatus};

use super::{AT_ONCE, Redis};
use crate::rules::{COUNTING, Session};
use crate::serve_rules::played::{Back, Client, How, Rig};

/// Calls that are made: a lookup may take longer than is waited for on a machine that does much else, so one may miss.
const CALLS: u32 = 12;

fn rules(redis: &Redis) -> String {
    format!(
        "[[rule]]\nname = \"kept\"\nmatch = {{ tool = [\"lookup\", \"get\"] }}\ncache = {{ ttl = \"5m\", scope = \"shared\", unsafe = true, store = \"{}\" }}\n",
        redis.url()
    )
}

/// A process of the same command that counts from here on.
fn counting_from(n: u32, redis: &Redis) -> Session {
    let script = COUNTING.replacen("n=0", "n=$MCPTOP_TEST_FROM", 1);
    Session::with(&script, &[], Some(&rules(redis)), &[("MCPTOP_TEST_FROM", &n.to_string())])
}

fn lookup(session: &mut Session, id: u32) -> String {
    let params = format!("{{\"name\":\"lookup\",\"arguments\":{{\"of\":{id}}}}}");
    let line = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"tools/call\",\"params\":{params}}}\n");
    session.rig.send(line.as_bytes());
    session.rig.receive_line()
}

fn store(session: &Session) -> Option<StoreStatus> {
    let Reply::Status(status) = session.order(&Order::Status) else { panic!("it has a status") };
    status.stores.into_iter().next()
}

fn until_stored(redis: &Redis) {
    while redis.ask(&["DBSIZE"]) != CALLS.to_string() {
        std::thread::yield_now();
    }
}

#[test]
fn a_second_process_is_answered_out_of_the_cache_of_the_first_one() {
    let redis = Redis::start();
    let mut first = counting_from(0, &redis);
    let said: Vec<String> = (0..CALLS).map(|id| lookup(&mut first, id)).collect();
    until_stored(&redis);
    assert_eq!(store(&first).map(|store| (store.stored, store.hits)), Some((u64::from(CALLS), 0)));
    first.end();
    let mut second = counting_from(1_000, &redis);
    let hits = (0..CALLS).filter(|id| lookup(&mut second, *id) == said[*id as usize]).count() as u64;
    let store = store(&second).unwrap();
    assert!(hits > 0 && store.hits == hits && store.is_reachable, "{store:?}");
    assert_eq!(store.lookups, u64::from(CALLS));
    assert!(store.store.starts_with("redis://127.0.0.1:"), "{store:?}");
    second.end();
}

#[test]
fn a_redis_that_is_gone_costs_misses_and_next_to_no_time_and_is_shown() {
    let mut redis = Redis::start();
    let mut session = counting_from(0, &redis);
    lookup(&mut session, 0);
    redis.stop();
    let mut slow = 0;
    for id in 1..=CALLS {
        let begin = Instant::now();
        assert!(lookup(&mut session, id).contains(&format!("\"id\":{id},")));
        slow += u32::from(begin.elapsed() > AT_ONCE);
    }
    assert!(slow < CALLS / 2, "{slow} of {CALLS} calls took long");
    let store = store(&session).unwrap();
    assert!(!store.is_reachable && store.last_error.is_some() && store.hits == 0, "{store:?}");
    assert!(store.errors + store.skipped > 0, "{store:?}");
    // What the first level has is served all the same.
    assert!(lookup(&mut session, 0).contains("\"id\":0,"));
    session.end();
}

fn get(client: &mut Client, of: u32) -> String {
    client.request("tools/call", &format!(r#"{{"name":"get","arguments":{{"of":{of}}}}}"#))
}

#[test]
fn a_second_server_in_front_of_a_url_or_a_pool_asks_nothing_that_the_first_one_has_asked() {
    for back in [Back::Url, Back::Pool, Back::Command] {
        let mut redis = Redis::start();
        let first = Rig::start(back, How::Message, &rules(&redis));
        let mut client = first.client();
        let said: Vec<String> = (0..CALLS).map(|of| get(&mut client, of)).collect();
        until_stored(&redis);
        let second = first.beside(back, &rules(&redis));
        let (mut client, asked) = (second.client(), second.played.calls());
        let hits = (0..CALLS).rev().filter(|of| get(&mut client, *of) == said[*of as usize]).count();
        assert!(hits > 0, "{back:?}");
        assert!(second.played.calls() - asked <= CALLS as usize - hits + 1, "{back:?}");
        redis.stop();
        let begin = Instant::now();
        let calls = second.played.calls();
        get(&mut client, 1_000);
        assert_eq!(second.played.calls(), calls + 1, "{back:?}");
        assert!(begin.elapsed() < 4 * AT_ONCE, "{back:?}");
    }
}
