//! Listens, and gives every client's connection a task of its own.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::connection::{Connection, Dialing, Shared};
use super::fields::Fields;
use super::front::Front;
use super::instances::Instances;
use super::upstream::{Dialer, ToServer};
use crate::proxy::Observer;

/// Connections at once; more wait until one of them ends. A client has a handful.
const CONNECTIONS_MAX: usize = 4_096;
/// After an error of the system (too many open files) accepting is tried again this much later.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Why nobody can be listened to.
#[derive(Debug, Error)]
#[error("cannot listen on {listen}: {source}")]
pub struct ListenError {
    /// Where.
    pub listen: SocketAddr,
    /// What the system said.
    pub source: io::Error,
}

/// A proxy that listens.
pub struct Serve {
    listener: TcpListener,
    dialers: Vec<Dialer>,
    local: SocketAddr,
}

impl Serve {
    /// Begins to listen, for a server that has an instance at the end of each of these, at least one.
    ///
    /// # Errors
    /// If the address is taken or not ours.
    pub async fn bind(listen: SocketAddr, dialers: Vec<Dialer>) -> Result<Self, ListenError> {
        let failed = |source| ListenError { listen, source };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let local = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, dialers, local })
    }

    /// Where it listens, with the port that the system chose if it was asked to.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.local
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
        allow_descriptors();
        let front = Front::new(&self.local.ip().to_string(), self.local.port(), names, token);
        let shared = Arc::new(Shared::new(front, Instances::new(self.dialers), fields, observer));
        let mut connections = JoinSet::new();
        let mut number = 0;
        let mut leave = pin!(leave);
        let why = loop {
            tokio::select! {
                why = &mut leave => break why,
                Some(_) = connections.join_next() => {}
                accepted = self.listener.accept(), if connections.len() < CONNECTIONS_MAX => {
                    let Ok((client, _)) = accepted else {
                        // The client was gone before it was let in, or descriptors have run out: both pass.
                        sleep(ACCEPT_PAUSE).await;
                        continue;
                    };
                    number += 1;
                    connections.spawn(serve(client, shared.clone(), number));
                }
            }
        };
        connections.shutdown().await;
        why
    }
}

/// Each exchange takes two descriptors, and the 1,024 that a process is usually given are soon used up: as many as it
/// may have are asked for.
fn allow_descriptors() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        // Where it is refused, fewer clients fit.
        let _ = setrlimit(Resource::Nofile, rustix::process::Rlimit { current: limit.maximum, ..limit });
    }
}

async fn serve(client: TcpStream, shared: Arc<Shared>, number: u32) {
    // Without it small messages wait for the acknowledgement of those before; a socket that refuses is as good as gone.
    if client.set_nodelay(true).is_err() {
        return;
    }
    let instances = shared.instances.clone();
    let dial = move |instance| -> Dialing<ToServer> {
        let dialer = instances.get(instance).dialer.clone();
        Box::pin(async move { dialer.connect().await })
    };
    Connection::new(shared, number, client, dial).run().await;
}
