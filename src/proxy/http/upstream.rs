//! Connections to the server.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::target::Target;

/// How long a connection may take to come about. Longer than the three tries of TCP within 7 s, shorter than the
/// patience of clients (60 s in the SDKs).
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection to a server.
pub(super) trait Upstream: AsyncRead + AsyncWrite + Unpin {
    /// Acknowledges what the server sends next at once, where the system can be asked to.
    fn acknowledge_at_once(&self) {}
}

impl Upstream for TcpStream {
    #[cfg(target_os = "linux")]
    fn acknowledge_at_once(&self) {
        // Where it cannot be done, the stall stays.
        let _ = self.set_quickack(true);
    }
}

/// Opens a connection.
pub(super) async fn connect(target: &Target) -> io::Result<TcpStream> {
    let connecting = TcpStream::connect((target.host.as_str(), target.port));
    let stream = timeout(CONNECT_TIMEOUT, connecting).await.map_err(|_| {
        io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {} s", CONNECT_TIMEOUT.as_secs()))
    })??;
    stream.set_nodelay(true)?;
    Ok(stream)
}
