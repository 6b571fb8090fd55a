//! The second level of caches against a real Redis: there, gone, hanging, started again.

#[cfg(target_os = "linux")]
mod proxied;

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mcptop::proxy::{StoreTotals, Stores};

use crate::rig::signal;

/// Far more than a lookup may take and far less than a person waits, on a machine that does much else.
const AT_ONCE: Duration = Duration::from_millis(250);
const MINUTE: Duration = Duration::from_mins(1);

/// A Redis server of our own that keeps nothing.
pub(crate) struct Redis {
    child: Child,
    port: u16,
    /// Where it runs; goes with it.
    folder: tempfile::TempDir,
}

impl Redis {
    pub(crate) fn start() -> Self {
        // The port may be gone by the time Redis binds it: then with another one.
        loop {
            let port = unused_port();
            let folder = tempfile::tempdir().unwrap();
            let mut redis = Self { child: spawn(port, folder.path()), port, folder };
            if redis.is_up() {
                return redis;
            }
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Waits until it answers; `false` if it has ended.
    fn is_up(&mut self) -> bool {
        loop {
            if self.ask(&["PING"]) == "PONG" {
                return true;
            }
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
        }
    }

    /// What it answers to a command.
    pub(crate) fn ask(&self, words: &[&str]) -> String {
        let port = self.port.to_string();
        let output = Command::new("redis-cli").args(["-p", &port]).args(words).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    pub(crate) fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn start_again(&mut self) {
        let folder = tempfile::tempdir().unwrap();
        self.child = spawn(self.port, folder.path());
        assert!(self.is_up());
        self.folder = folder;
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn unused_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn spawn(port: u16, folder: &std::path::Path) -> Child {
    Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .arg("--dir")
        .arg(folder)
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server is installed: .ci/run does it")
}

fn block_on<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(MINUTE, test).await.expect("within a minute") })
}

/// Asks again and again until there is an answer: a machine that does much else may take longer than a lookup waits.
async fn found(stores: &Stores, url: &str, key: &str) -> Vec<u8> {
    loop {
        if let Some(value) = stores.lookup(url, key).await {
            return value;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn until(stores: &Stores, is_so: impl Fn(&StoreTotals) -> bool) {
    while !stores.totals().iter().any(&is_so) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[test]
fn what_one_instance_stores_another_finds_for_as_long_as_it_holds() {
    let redis = Redis::start();
    block_on(async {
        let (one, other, url) = (Stores::default(), Stores::default(), redis.url());
        one.put(&url, "mcptop:a".into(), b"answer".to_vec(), Duration::from_mins(5));
        assert_eq!(found(&other, &url, "mcptop:a").await, b"answer");
        let left: u64 = redis.ask(&["PTTL", "mcptop:a"]).parse().unwrap();
        assert!((1..=300_000).contains(&left), "{left}");
        assert_eq!(other.lookup(&url, "mcptop:b").await, None);
        let totals = &one.totals()[0];
        assert_eq!((totals.stored, totals.not_stored, totals.is_reachable), (1, 0, true), "{totals:?}");
    });
}

#[test]
fn a_server_that_is_not_there_costs_misses_and_no_time() {
    let url = format!("redis://user:hunter2@127.0.0.1:{}/", unused_port());
    block_on(async {
        let stores = Stores::default();
        let began = Instant::now();
        for _ in 0..1_000 {
            assert_eq!(stores.lookup(&url, "mcptop:a").await, None);
        }
        assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
        stores.put(&url, "mcptop:a".into(), b"x".to_vec(), Duration::from_secs(1));
        until(&stores, |totals| totals.not_stored == 1 && totals.last_error.is_some()).await;
        let totals = &stores.totals()[0];
        assert_eq!((totals.lookups, totals.hits, totals.is_reachable), (1_000, 0, false), "{totals:?}");
        assert!(!format!("{totals:?}").contains("hunter2"), "{totals:?}");
    });
}

#[test]
fn a_server_that_hangs_is_waited_for_briefly_and_then_left_alone() {
    let redis = Redis::start();
    block_on(async {
        let (stores, url) = (Stores::default(), redis.url());
        stores.put(&url, "mcptop:a".into(), b"x".to_vec(), Duration::from_mins(5));
        found(&stores, &url, "mcptop:a").await;
        redis.signal("STOP");
        let began = Instant::now();
        for _ in 0..100 {
            assert_eq!(stores.lookup(&url, "mcptop:a").await, None);
        }
        assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
        assert!(stores.totals()[0].errors >= 1 && !stores.totals()[0].is_reachable);
        redis.signal("CONT");
        assert_eq!(found(&stores, &url, "mcptop:a").await, b"x");
    });
}

#[test]
fn a_server_that_is_started_again_is_used_again() {
    let mut redis = Redis::start();
    block_on(async {
        let (stores, url) = (Stores::default(), redis.url());
        stores.put(&url, "mcptop:a".into(), b"before".to_vec(), Duration::from_mins(5));
        found(&stores, &url, "mcptop:a").await;
        redis.stop();
        assert_eq!(stores.lookup(&url, "mcptop:a").await, None);
        redis.start_again();
        while stores.totals()[0].stored < 2 {
            stores.put(&url, "mcptop:a".into(), b"after".to_vec(), Duration::from_mins(5));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(found(&stores, &url, "mcptop:a").await, b"after");
    });
}

#[test]
fn what_is_forgotten_is_gone_and_its_neighbours_are_not() {
    let redis = Redis::start();
    redis.ask(&["EVAL", "for i=1,3000 do redis.call('SET', 'mcptop:list[1]*:'..i, 'x') end", "0"]);
    redis.ask(&["SET", "mcptop:list1x:1", "neighbour"]);
    block_on(async {
        let (stores, url) = (Stores::default(), redis.url());
        assert_eq!(found(&stores, &url, "mcptop:list[1]*:7").await, b"x");
        stores.forget(&url, "mcptop:list[1]*:");
        // From now on, not from when it has been done.
        assert_eq!(stores.lookup(&url, "mcptop:list[1]*:7").await, None);
        while redis.ask(&["DBSIZE"]) != "1" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(found(&stores, &url, "mcptop:list1x:1").await, b"neighbour");
    });
}

#[test]
fn what_could_not_be_forgotten_in_time_is_never_served() {
    let redis = Redis::start();
    block_on(async {
        let (stores, url) = (Stores::default(), redis.url());
        stores.put(&url, "mcptop:a:1".into(), b"outdated".to_vec(), Duration::from_mins(5));
        stores.put(&url, "mcptop:b:1".into(), b"good".to_vec(), Duration::from_mins(5));
        found(&stores, &url, "mcptop:a:1").await;
        redis.signal("STOP");
        stores.forget(&url, "mcptop:a:");
        until(&stores, |totals| totals.errors >= 1).await;
        redis.signal("CONT");
        assert_eq!(found(&stores, &url, "mcptop:b:1").await, b"good");
        loop {
            assert_ne!(stores.lookup(&url, "mcptop:a:1").await.as_deref(), Some(&b"outdated"[..]));
            if redis.ask(&["EXISTS", "mcptop:a:1"]) == "0" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stores.put(&url, "mcptop:a:1".into(), b"new".to_vec(), Duration::from_mins(5));
        assert_eq!(found(&stores, &url, "mcptop:a:1").await, b"new");
    });
}

#[test]
fn values_that_are_too_long_are_neither_stored_nor_taken() {
    let redis = Redis::start();
    redis.ask(&["EVAL", "redis.call('SET', 'mcptop:long', string.rep('x', 9000000))", "0"]);
    block_on(async {
        let (stores, url) = (Stores::default(), redis.url());
        stores.put(&url, "mcptop:a".into(), vec![b'x'; 9_000_000], Duration::from_mins(5));
        assert_eq!(stores.totals()[0].not_stored, 1);
        stores.put(&url, "mcptop:b".into(), b"x".to_vec(), Duration::from_mins(5));
        found(&stores, &url, "mcptop:b").await;
        assert_eq!(stores.lookup(&url, "mcptop:long").await, None);
        assert_eq!(redis.ask(&["EXISTS", "mcptop:a"]), "0");
    });
}
