//! Listens, and gives every client's connection a task of its own.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::connection::{Connection, Dialing, End, Shared};
use super::fields::Fields;
use super::front::Front;
use super::upstream::{Dialer, ToServer};
use crate::proxy::Observer;

/// Connections at once; more wait until one of them ends. A client has a handful.
const CONNECTIONS_MAX: usize = 4_096;
/// After an error of the system (too many open files) accepting is tried again this much later.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long a client that we have answered for the last time may take to close: a connection that is closed while it
/// still sends is reset, and the answer may be lost with it (RFC 9112 section 9.6).
const LINGER: Duration = Duration::from_secs(2);

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
    dialer: Dialer,
    local: SocketAddr,
}

impl Serve {
    /// Begins to listen.
    ///
    /// # Errors
    /// If the address is taken or not ours.
    pub async fn bind(listen: SocketAddr, dialer: Dialer) -> Result<Self, ListenError> {
        let failed = |source| ListenError { listen, source };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let local = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, dialer, local })
    }

    /// Where it listens, with the port that the system chose if it was asked to.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// Serves until the future is dropped. `names` are further names by which clients may call us, `token` is what they
    /// must give us, and `fields` are added to every request.
    pub async fn run(self, names: &[String], token: Option<String>, fields: Fields, observer: Observer) {
        let front = Front::new(&self.local.ip().to_string(), self.local.port(), names, token);
        let shared = Arc::new(Shared::new(front, self.dialer.target(), fields, observer));
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut number = 0;
        loop {
            let Ok(place) = places.clone().acquire_owned().await else { return };
            let Ok((client, _)) = self.listener.accept().await else {
                // The client was gone before it was let in, or descriptors have run out: both pass.
                sleep(ACCEPT_PAUSE).await;
                continue;
            };
            number += 1;
            let (shared, dialer) = (shared.clone(), self.dialer.clone());
            tokio::spawn(async move {
                serve(client, shared, dialer, number).await;
                drop(place);
            });
        }
    }
}

async fn serve(client: TcpStream, shared: Arc<Shared>, dialer: Dialer, number: u32) {
    // Without it small messages wait for the acknowledgement of those before; a socket that refuses is as good as gone.
    if client.set_nodelay(true).is_err() {
        return;
    }
    let dial = || -> Dialing<ToServer> {
        let dialer = dialer.clone();
        Box::pin(async move { dialer.connect().await })
    };
    let (mut client, end) = Connection::new(shared, number, client, dial).run().await;
    match end {
        End::ClientLeft => {}
        // The client must see that the answer was cut, even where the end of the connection would be its end.
        End::Abort => {
            let _ = client.set_zero_linger();
        }
        End::Closed => {
            let farewell = async {
                client.shutdown().await?;
                let mut rest = [0; 4096];
                while client.read(&mut rest).await? > 0 {}
                io::Result::Ok(())
            };
            let _ = timeout(LINGER, farewell).await;
        }
    }
}
