//! The observing gear as a whole: listens, and forwards every client's connection to the server.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;

use super::connection::{Connection, Dialing, Shared};
use super::fields::Fields;
use super::front::Front;
use super::instances::Instances;
use super::listener::{ListenError, Listener};
use super::upstream::{Dialer, ToServer};
use crate::proxy::Observer;

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

    /// Serves until it is to leave; answers that are under way then are cut. `names` are further names by which clients
    /// may call us, `token` is what they must give us, and `fields` are added to every request.
    pub async fn run<T>(
        self,
        names: &[String],
        token: Option<String>,
        fields: Fields,
        observer: Observer,
        leave: impl Future<Output = T>,
    ) -> T {
        let front = Front::of(self.local(), names, token);
        let shared = Arc::new(Shared::new(front, Instances::new(self.dialers), fields, observer));
        self.listener.run(leave, |client, number| serve(client, shared.clone(), number), || ()).await
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
