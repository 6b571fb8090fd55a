//! Connections to the server, with TLS or without.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::target::Target;
use super::tls::{Tls, TlsError, Trust};

/// How long a connection may take to come about. Longer than the three tries of TCP within 7 s, shorter than the
/// patience of clients (60 s in the SDKs).
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection to a server.
pub(super) trait Upstream: AsyncRead + AsyncWrite + Unpin {
    /// Acknowledges what the server sends next at once, where the system can be asked to.
    fn acknowledge_at_once(&self);
}

/// Opens connections to one server.
#[derive(Clone)]
pub struct Dialer {
    target: Arc<Target>,
    tls: Option<Arc<Tls>>,
}

impl Dialer {
    /// # Errors
    /// If the server is reached over https and what it takes for that cannot be used.
    pub fn new(target: Target, trust: &Trust) -> Result<Self, TlsError> {
        let tls = if target.is_tls { Some(Arc::new(Tls::new(&target.host, trust)?)) } else { None };
        Ok(Self { target: Arc::new(target), tls })
    }

    /// Where connections go.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    pub(super) async fn connect(&self) -> io::Result<ToServer> {
        let connected = timeout(CONNECT_TIMEOUT, self.open()).await;
        let late = || format!("no answer within {} s", CONNECT_TIMEOUT.as_secs());
        connected.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, late())))
    }

    async fn open(&self) -> io::Result<ToServer> {
        let stream = TcpStream::connect((self.target.host.as_str(), self.target.port)).await?;
        stream.set_nodelay(true)?;
        Ok(match &self.tls {
            None => ToServer::Plain(stream),
            Some(tls) => ToServer::Tls(Box::new(tls.connect(stream).await?)),
        })
    }
}

/// A connection to the server.
pub(super) enum ToServer {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Upstream for ToServer {
    fn acknowledge_at_once(&self) {
        #[cfg(target_os = "linux")]
        {
            let stream = match self {
                Self::Plain(stream) => stream,
                Self::Tls(stream) => stream.get_ref().0,
            };
            // Where it cannot be done, the stall stays.
            let _ = stream.set_quickack(true);
        }
    }
}

impl AsyncRead for ToServer {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for ToServer {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
