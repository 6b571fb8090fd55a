//! A stdio server over HTTP: sessions and requests of HTTP clients become lines of its processes.
//!
//! Until 2025-11-25 a session has a process of its own; from 2026-07-28 on one process serves all. No process sees both:
//! servers take the era from the first message. Knows nothing of recordings.

mod child;
mod events;
mod fields;
mod house;
mod hub;
mod legacy;
mod modern;
mod pool;
mod session;
mod share;
mod stream;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::Rulebook;
use super::http::gear::{ENDPOINT, Gear};
use super::http::listener::Listener;
use super::http::observation::Numbers;
use super::http::ruled::{Callers, Desk, Ruled};
use super::http::{Front, ListenError};
use super::session::{Command, Grace, Observer, StartError};
use house::House;

/// How a server's processes are kept.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What starts the server.
    pub command: Command,
    /// How long it may take to end.
    pub grace: Grace,
    /// Processes that are kept ready.
    pub pool: usize,
    /// A session that nobody uses for so long ends.
    pub session_idle: Duration,
    /// Whether sessions that open in the same way share a process, where the server keeps nothing for them.
    pub shares: bool,
    /// Whether what the processes write to their standard error is passed on to ours, besides being recorded. Not while a
    /// viewer has the terminal.
    pub is_heard: bool,
}

/// A bridge that listens, and serves nobody yet.
pub struct Bridge {
    listener: Listener,
}

/// A bridge with a server behind it.
pub struct Opened {
    listener: Listener,
    house: Arc<House>,
    /// Ends with the last process.
    all_gone: mpsc::Receiver<()>,
}

impl Bridge {
    /// The path at which clients find the server.
    pub const PATH: &str = ENDPOINT;

    /// Begins to listen.
    ///
    /// # Errors
    /// If the address is taken or not ours.
    pub async fn bind(listen: SocketAddr) -> Result<Self, ListenError> {
        Ok(Self { listener: Listener::bind(listen).await? })
    }

    /// Where it listens, with the port that the system chose if it was asked to.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.listener.local()
    }

    /// Starts the processes that are kept ready. Call inside a tokio runtime.
    ///
    /// # Errors
    /// If the server cannot be started.
    pub fn open(self, settings: Settings, observer: Observer) -> Result<Opened, StartError> {
        let (house, all_gone) = House::open(settings, observer)?;
        Ok(Opened { listener: self.listener, house, all_gone })
    }
}

impl Opened {
    /// Serves until it is to leave, and ends all processes then. `names` are further names by which clients may call us,
    /// and `token` is what they must give us.
    pub async fn run<T>(
        self,
        names: &[String],
        token: Option<String>,
        rules: &Rulebook,
        leave: impl Future<Output = T>,
    ) -> T {
        let Self { listener, house, mut all_gone } = self;
        let front = Front::of(listener.local(), names, token);
        let observer = house.observer.clone();
        let desk = Desk::new(rules, observer.clone());
        let callers = Callers::new(ENDPOINT, front.takes_token());
        let back = Ruled::new(house.clone(), desk.clone(), callers);
        let gear = Arc::new(Gear::new(front, back, observer, Numbers::default()));
        let keeping = [tokio::spawn(house.clone().keep()), tokio::spawn(desk.keep())];
        let serve = |client, number| gear.clone().serve(client, number);
        let why = listener.run(leave, serve, || gear.leave()).await;
        keeping.iter().for_each(tokio::task::JoinHandle::abort);
        house.close();
        // Whatever still holds a process goes with its last connection or with the house.
        drop((gear, house));
        while all_gone.recv().await.is_some() {}
        why
    }
}
