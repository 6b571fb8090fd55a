//! A proxy in front of a URL as a whole: listens, and serves every client's connection in the gear that is needed.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;

use super::connection::{Connection, Dialing, Shared};
use super::fields::Fields;
use super::front::Front;
use super::gear::Gear;
use super::instances::Instances;
use super::listener::{ListenError, Listener};
use super::pooled::{Added, Pooled, Pooling};
use super::upstream::{Dialer, ToServer};
use crate::proxy::Observer;

/// How clients are to be served.
#[derive(Default)]
pub struct Wishes<'a> {
    /// Further names by which they may call us.
    pub names: &'a [String],
    /// What they must give us.
    pub token: Option<String>,
    /// What is added to every request.
    pub fields: Fields,
    /// How sessions at the server are lent to them; `None` if they open their own.
    pub pooling: Option<Pooling>,
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
        let front = Front::of(listener.local(), wishes.names, wishes.token);
        let (instances, fields) = (Instances::new(dialers), wishes.fields);
        let Some(pooling) = wishes.pooling else {
            let shared = Arc::new(Shared::new(front, instances, fields, observer));
            return listener.run(leave, |client, number| serve(client, shared.clone(), number), || ()).await;
        };
        let added = Added { fields, keeps_token: front.takes_token() };
        let pooled = Arc::new(Pooled::new(Arc::new(instances), pooling, added, observer.clone()));
        let gear = Arc::new(Gear::new(front, pooled.clone(), observer));
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

async fn serve(client: TcpStream, shared: Arc<Shared>, number: u32) {
    let instances = shared.instances.clone();
    let dial = move |instance| -> Dialing<ToServer> {
        let dialer = instances.get(instance).dialer.clone();
        Box::pin(async move { dialer.connect().await })
    };
    Connection::new(shared, number, client, dial).run().await;
}
