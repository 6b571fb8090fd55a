//! Where the browser brings the user back to: a port of this machine that nobody else can reach.
//!
//! Knows nothing of OAuth beyond the parameters of the address it is called by.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;
use url::Url;

/// A browser that has more to say has lost its way.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Browsers open connections ahead and leave them silent.
const PATIENCE: Duration = Duration::from_secs(20);
/// Connections at once.
const CONNECTIONS_MAX: usize = 32;
const PATH: &str = "/callback";

/// Listens for the browser.
pub(super) struct Redirect {
    listener: TcpListener,
    address: SocketAddr,
}

/// The browser is back.
pub(super) struct Back {
    /// The parameters of the address it was sent to.
    pub(super) parameters: Vec<(String, String)>,
    /// What the user is shown.
    pub(super) show: oneshot::Sender<Page>,
    /// Dropped by the other side when it has been shown.
    pub(super) shown: oneshot::Receiver<()>,
}

/// What the user is shown.
#[derive(Debug)]
pub(super) enum Page {
    /// It worked.
    Welcome,
    /// It did not, for this reason.
    Sorry(String),
}

impl Redirect {
    /// Listens on the port that `known` names, if it is free, or on any.
    pub(super) async fn listen(known: Option<&str>) -> io::Result<Self> {
        let port = known.and_then(|known| Url::parse(known).ok()).and_then(|url| url.port()).unwrap_or(0);
        let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            Err(_) if port != 0 => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await,
            listener => listener,
        }?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The address, as the authorization server is told it (RFC 8252 section 7.3).
    pub(super) fn address(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// Takes browsers until the future is dropped. Each one is told of; connections do not wait for each other.
    pub(super) async fn serve(self, told: mpsc::Sender<Back>) {
        let mut open = JoinSet::new();
        loop {
            while open.len() >= CONNECTIONS_MAX {
                open.join_next().await;
            }
            let Ok((stream, _)) = self.listener.accept().await else {
                // Descriptors have run out: they come back.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let told = told.clone();
            open.spawn(async move {
                // A browser that is gone, or late, tries again.
                let _ = timeout(PATIENCE, answer(stream, told)).await;
            });
            while open.try_join_next().is_some() {}
        }
    }
}

async fn answer(mut stream: TcpStream, told: mpsc::Sender<Back>) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD_BYTES_MAX {
        let mut bytes = [0; 2048];
        match stream.read(&mut bytes).await? {
            0 => return Ok(()),
            len_bytes => head.extend_from_slice(&bytes[..len_bytes]),
        }
    }
    let line = String::from_utf8_lossy(&head);
    let mut words = line.split(' ');
    let target = (words.next() == Some("GET")).then(|| words.next()).flatten().unwrap_or_default();
    let url = Url::parse("http://127.0.0.1").and_then(|base| base.join(target));
    let Some(url) = url.ok().filter(|url| url.path() == PATH) else {
        return write(&mut stream, "404 Not Found", "There is nothing here.").await;
    };
    let parameters = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let ((show, page), (_until_shown, shown)) = (oneshot::channel(), oneshot::channel());
    if told.send(Back { parameters, show, shown }).await.is_err() {
        return Ok(());
    }
    match page.await {
        Ok(Page::Welcome) => {
            write(&mut stream, "200 OK", "mcptop is logged in. This page can be closed.").await
        }
        Ok(Page::Sorry(why)) => {
            write(&mut stream, "400 Bad Request", &format!("The log-in failed: {why}")).await
        }
        Err(_) => write(&mut stream, "410 Gone", "Nobody waits for this any more.").await,
    }
}

async fn write(stream: &mut TcpStream, status: &str, text: &str) -> io::Result<()> {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let body = format!("<!doctype html><meta charset=utf-8><title>mcptop</title><p>{text}</p>\n");
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
         Referrer-Policy: no-referrer\r\nContent-Security-Policy: default-src 'none'\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await?;
    stream.shutdown().await
}
