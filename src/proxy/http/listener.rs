//! Listens, and lets as many clients in at once as there is room for.
//!
//! Knows nothing of what is done with them.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Connections at once; more wait until one of them ends. A client has a handful.
const CONNECTIONS_MAX: usize = 4_096;
/// After an error of the system (too many open files) accepting is tried again this much later.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why nobody can be listened to.
#[derive(Debug, Error)]
#[error(
    "cannot listen on {listen}: {source}; choose another address with --listen (port 0: any that is free)"
)]
pub struct ListenError {
    /// Where.
    pub listen: SocketAddr,
    /// What the system said.
    pub source: io::Error,
}

/// A socket that clients connect to.
pub(in crate::proxy) struct Listener {
    socket: TcpListener,
    local: SocketAddr,
}

impl Listener {
    /// Begins to listen.
    pub(in crate::proxy) async fn bind(listen: SocketAddr) -> Result<Self, ListenError> {
        let failed = |source| ListenError { listen, source };
        let socket = TcpListener::bind(listen).await.map_err(failed)?;
        let local = socket.local_addr().map_err(failed)?;
        Ok(Self { socket, local })
    }

    /// Where, with the port that the system chose if it was asked to.
    pub(in crate::proxy) fn local(&self) -> SocketAddr {
        self.local
    }

    /// Lets clients in until it is to leave. Each is served by a task of its own, with its number, counted from 1;
    /// `leaving` is called before those that are left are cut.
    pub(in crate::proxy) async fn run<T, F>(
        self,
        leave: impl Future<Output = T>,
        mut serve: impl FnMut(TcpStream, u32) -> F,
        leaving: impl FnOnce(),
    ) -> T
    where
        F: Future<Output = ()> + Send + 'static,
    {
        allow_descriptors();
        let mut connections = JoinSet::new();
        let mut number = 0;
        let mut leave = pin!(leave);
        let why = loop {
            tokio::select! {
                why = &mut leave => break why,
                Some(_) = connections.join_next() => {}
                accepted = self.socket.accept(), if connections.len() < CONNECTIONS_MAX => {
                    let Ok((client, _)) = accepted else {
                        // The client was gone before it was let in, or descriptors have run out: both pass.
                        sleep(ACCEPT_PAUSE).await;
                        continue;
                    };
                    // Without it small messages wait for the acknowledgement of those before; a socket that refuses is
                    // as good as gone.
                    if client.set_nodelay(true).is_ok() {
                        number += 1;
                        connections.spawn(serve(client, number));
                    }
                }
            }
        };
        leaving();
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
