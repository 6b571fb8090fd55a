//! A proxy in front of a URL as a whole: listens, and serves every client's connection in the gear that is needed.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;

use super::ahead::Ahead;
use super::connection::{Connection, Dialing, Shared};
use super::fields::Fields;
use super::front::Front;
use super::gear::Gear;
use super::instances::Instances;
use super::listener::{ListenError, Listener};
use super::observation::Numbers;
use super::passing::Passing;
use super::pooled::{Added, Pooled, Pooling};
use super::ruled::{Callers, Desk, Ruled};
use super::upstream::{Dialer, ToServer};
use crate::proxy::{Observer, Rulebook};

/// How clients are to be served.
pub struct Wishes<'a> {
    /// Further names by which they may call us.
    pub names: &'a [String],
    /// What they must give us.
    pub token: Option<String>,
    /// What is added to every request.
    pub fields: Fields,
    /// How sessions at the server are lent to them; `None` if they open their own.
    pub pooling: Option<Pooling>,
    /// The rules that requests pass.
    pub rules: &'a Rulebook,
}

/// A proxy that listens.
pub struct Serve {
    listener: Listener,
    dialers: Vec<Dialer>,
}

impl Serve {
    /// Begins to listen, for a server that has an instance at the end of each of these, at least one.
    ///
    /// # Errors
    /// If the address is taken or not ours.
    pub async fn bind(listen: SocketAddr, dialers: Vec<Dialer>) -> Result<Self, ListenError> {
        Ok(Self { listener: Listener::bind(listen).await?, dialers })
    }

    /// Where it listens, with the port that the system chose if it was asked to.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.listener.local()
    }

    /// Serves until it is to leave; answers that are under way then are cut.
    pub async fn run<T>(self, wishes: Wishes<'_>, observer: Observer, leave: impl Future<Output = T>) -> T {
        let Self { listener, dialers } = self;
        let path = dialers.first().map_or("/", |dialer| dialer.target().path.as_str()).to_owned();
        let front = Front::of(listener.local(), wishes.names, wishes.token);
        let desk = Desk::new(wishes.rules, observer.clone());
        let site = Site {
            callers: Callers::new(&path, front.takes_token()),
            added: Added { fields: wishes.fields, keeps_token: front.takes_token() },
            instances: Arc::new(Instances::new(dialers)),
            front,
            desk: desk.clone(),
            observer,
        };
        let keeping = tokio::spawn(desk.keep());
        let why = match wishes.pooling {
            Some(pooling) => site.lend(listener, pooling, leave).await,
            None => site.pass(listener, leave).await,
        };
        keeping.abort();
        why
    }
}

/// What stands between clients and the server, however they are served.
struct Site {
    front: Front,
    instances: Arc<Instances>,
    added: Added,
    desk: Arc<Desk>,
    callers: Callers,
    observer: Observer,
}

impl Site {
    /// Passes bytes for as long as no rule can act, and messages from then on.
    async fn pass<T>(self, listener: Listener, leave: impl Future<Output = T>) -> T {
        let Self { front, instances, added, desk, callers, observer } = self;
        let numbers = Numbers::default();
        let turns = (desk.clone(), numbers.clone());
        let (fields, server) = (added.fields.clone(), instances.clone());
        let shared = Arc::new(Shared::new(front.clone(), server, fields, observer.clone(), turns));
        let back = Ruled::new(Passing::new(instances, added, observer.clone()), desk, callers);
        let gear = Arc::new(Gear::new(front, back, observer, numbers));
        let serve = |client, number| serve(client, shared.clone(), gear.clone(), number);
        listener.run(leave, serve, || gear.leave()).await
    }

    /// Lends clients sessions of a pool.
    async fn lend<T>(self, listener: Listener, pooling: Pooling, leave: impl Future<Output = T>) -> T {
        let Self { front, instances, added, desk, callers, observer } = self;
        let pooled = Arc::new(Pooled::new(instances, pooling, added, observer.clone()));
        let back = Ruled::new(pooled.clone(), desk, callers);
        let gear = Arc::new(Gear::new(front, back, observer, Numbers::default()));
        let sweeping = tokio::spawn(pooled.clone().sweep());
        let why =
            listener.run(leave, |client, number| gear.clone().serve(client, number), || gear.leave()).await;
        sweeping.abort();
        // Once it is gone nothing but this holds the pool.
        let _ = sweeping.await;
        drop(gear);
        if let Some(pooled) = Arc::into_inner(pooled) {
            pooled.close().await;
        }
        why
    }
}

async fn serve(mut client: TcpStream, shared: Arc<Shared>, gear: Arc<Gear<Ruled<Passing>>>, number: u32) {
    let instances = shared.instances.clone();
    let dial = move |instance| -> Dialing<ToServer> {
        let dialer = instances.get(instance).dialer.clone();
        Box::pin(async move { dialer.connect().await })
    };
    if let Some(read) = Connection::new(shared, number, &mut client, dial).run().await {
        gear.serve(Ahead::new(read, client), number).await;
    }
}
