//! The connection to one second level: made when it is asked for, left alone for a while after it has failed.
//!
//! Knows nothing of what is asked over it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

/// How long connecting may take. Nobody waits for it that long, but the worker.
const CONNECT_MAX: Duration = Duration::from_secs(1);
/// How long a store is left alone that could not be reached, or hung.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// The way to a store.
#[derive(Clone, Debug)]
pub(super) struct Link(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// `Err` says why its address is none.
    client: Result<Client, String>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    way: Way,
    /// Counts connections, so that the failure of one is not held against the next.
    number: u64,
    is_reachable: bool,
    last_error: Option<String>,
}

#[derive(Debug)]
enum Way {
    Down { not_before: Option<Instant> },
    Connecting { since: Instant },
    Up(MultiplexedConnection),
}

/// A connection that can be used beside others.
pub(super) struct Connection {
    pub(super) connection: MultiplexedConnection,
    number: u64,
}

impl Link {
    /// To the store at this address. Nothing is connected yet.
    pub(super) fn to(url: &str) -> Self {
        // What is wrong with an address may hold the address.
        let client = Client::open(url).map_err(|error| error.category().to_owned());
        let last_error = client.as_ref().err().cloned();
        let way = Way::Down { not_before: None };
        let state = Mutex::new(State { way, number: 0, is_reachable: false, last_error });
        Self(Arc::new(Shared { client, state, changed: Notify::new() }))
    }

    /// Whether the store could be reached when it was last tried, and what went wrong last.
    pub(super) fn standing(&self) -> (bool, Option<String>) {
        let state = self.lock();
        (state.is_reachable, state.last_error.clone())
    }

    /// A connection, made now if there is none. `None` if that takes longer than `patience`, counted from when connecting
    /// began, or the store is being left alone.
    pub(super) async fn connection(&self, patience: Duration) -> Option<Connection> {
        let deadline = {
            let mut state = self.lock();
            let now = Instant::now();
            match &state.way {
                Way::Up(connection) => {
                    return Some(Connection { connection: connection.clone(), number: state.number });
                }
                Way::Connecting { since } => *since + patience,
                Way::Down { not_before } if not_before.is_some_and(|not_before| now < not_before) => {
                    return None;
                }
                Way::Down { .. } => {
                    let client = self.0.client.as_ref().ok()?.clone();
                    state.way = Way::Connecting { since: now };
                    tokio::spawn(self.clone().connect(client));
                    now + patience
                }
            }
        };
        timeout_at(deadline, self.connected()).await.ok().flatten()
    }

    async fn connected(&self) -> Option<Connection> {
        loop {
            let changed = self.0.changed.notified();
            {
                let state = self.lock();
                match &state.way {
                    Way::Up(connection) => {
                        return Some(Connection { connection: connection.clone(), number: state.number });
                    }
                    Way::Down { .. } => return None,
                    Way::Connecting { .. } => {}
                }
            }
            changed.await;
        }
    }

    async fn connect(self, client: Client) {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_MAX))
            .set_response_timeout(Some(CONNECT_MAX));
        let connecting = client.get_multiplexed_async_connection_with_config(&config);
        let connected = timeout(CONNECT_MAX, connecting).await;
        let mut state = self.lock();
        match connected {
            Ok(Ok(connection)) => {
                state.number += 1;
                state.is_reachable = true;
                state.way = Way::Up(connection);
            }
            Ok(Err(error)) => state.leave_alone(words(&error)),
            Err(_) => state.leave_alone("it does not answer".to_owned()),
        }
        drop(state);
        self.0.changed.notify_waiters();
    }

    /// The store answered with an error, or closed the connection: then the next one to ask connects again.
    pub(super) fn failed(&self, connection: &Connection, error: &RedisError) {
        let mut state = self.lock();
        state.last_error = Some(words(error));
        if error.is_unrecoverable_error() || error.is_timeout() {
            state.drop_way(connection.number, None);
        }
    }

    /// The store does not answer in time.
    pub(super) fn hangs(&self, connection: &Connection) {
        let mut state = self.lock();
        state.last_error = Some("it did not answer in time".to_owned());
        state.drop_way(connection.number, Some(Instant::now() + AGAIN_AFTER));
    }

    /// A panic while holding the lock leaves plain values behind.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn leave_alone(&mut self, why: String) {
        self.is_reachable = false;
        self.last_error = Some(why);
        self.way = Way::Down { not_before: Some(Instant::now() + AGAIN_AFTER) };
    }

    fn drop_way(&mut self, number: u64, not_before: Option<Instant>) {
        if self.number == number && matches!(self.way, Way::Up(_)) {
            self.is_reachable = false;
            self.way = Way::Down { not_before };
        }
    }
}

/// What went wrong, for people. A refused password is named by its kind alone.
fn words(error: &RedisError) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.category()),
        None => error.to_string(),
    }
}
