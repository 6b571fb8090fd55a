//! The answering side, run beside the relays on the proxy's own thread. It costs nothing until somebody asks.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{Order, Reply};

/// Longer orders are not read. A rules file of a megabyte fits, however much of it JSON has to escape.
const ORDER_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// How many are served at once.
const TALKS_MAX: usize = 64;
/// Being served takes microseconds: where as many as may be take longer than this, the oldest makes room.
const ROOM_AFTER: Duration = Duration::from_millis(100);
/// How long one may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// The control socket cannot be opened.
#[derive(Debug, Error)]
#[error("cannot take orders at {}: {source}", control.display())]
pub struct ServeError {
    /// The socket.
    pub control: PathBuf,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

/// A bound control socket; removed when dropped.
#[derive(Debug)]
pub struct Listener {
    path: PathBuf,
    socket: Socket,
}

#[cfg(unix)]
type Socket = tokio::net::UnixListener;
#[cfg(windows)]
type Socket = std::sync::Mutex<Option<tokio::net::windows::named_pipe::NamedPipeServer>>;

impl Listener {
    /// Binds the socket, for this user alone: its folder is private. Call inside a tokio runtime.
    ///
    /// # Errors
    /// If the socket cannot be bound.
    pub fn bind(path: &Path) -> Result<Self, ServeError> {
        let socket = bind(path).map_err(|source| ServeError { control: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), socket })
    }

    /// The socket's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes orders for as long as it is polled, from several askers at once: one that asks nothing must not keep the
    /// others waiting.
    pub async fn serve(self, answer: impl Fn(Order) -> Reply + Send + Sync + 'static) {
        let answer = Arc::new(answer);
        let mut talks = JoinSet::new();
        // Oldest first.
        let mut handles = VecDeque::new();
        loop {
            if talks.len() >= TALKS_MAX {
                make_room(&mut talks, &handles).await;
            }
            while talks.try_join_next().is_some() {}
            handles.retain(|(_, handle): &(Instant, AbortHandle)| !handle.is_finished());
            match self.accept().await {
                Ok(connection) => {
                    let answer = answer.clone();
                    let handle = talks.spawn(async move {
                        // Whoever went away or stays silent misses an answer, nothing more.
                        let _ = timeout(PATIENCE, talk(connection, &*answer)).await;
                    });
                    handles.push_back((Instant::now(), handle));
                }
                // Out of descriptors, say: the next viewer may have more luck.
                Err(_) => sleep(Duration::from_millis(100)).await,
            }
        }
    }

    #[cfg(unix)]
    async fn accept(&self) -> io::Result<tokio::net::UnixStream> {
        Ok(self.socket.accept().await?.0)
    }

    #[cfg(windows)]
    async fn accept(&self) -> io::Result<tokio::net::windows::named_pipe::NamedPipeServer> {
        let taken = self.socket.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        let pipe = match taken {
            Some(pipe) => pipe,
            None => tokio::net::windows::named_pipe::ServerOptions::new().create(&self.path)?,
        };
        pipe.connect().await?;
        // The next instance is there before this one is served: a viewer that finds none takes the proxy for dead.
        let next = tokio::net::windows::named_pipe::ServerOptions::new().create(&self.path).ok();
        *self.socket.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = next;
        Ok(pipe)
    }
}

#[cfg(unix)]
fn bind(path: &Path) -> io::Result<Socket> {
    tokio::net::UnixListener::bind(path)
}

#[cfg(windows)]
fn bind(path: &Path) -> io::Result<Socket> {
    let pipe =
        tokio::net::windows::named_pipe::ServerOptions::new().first_pipe_instance(true).create(path)?;
    Ok(std::sync::Mutex::new(Some(pipe)))
}

#[cfg(unix)]
impl Drop for Listener {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Waits until one is over, or ends the oldest once it has had its time.
async fn make_room(talks: &mut JoinSet<()>, handles: &VecDeque<(Instant, AbortHandle)>) {
    let Some((since, oldest)) = handles.front() else { return };
    if timeout_at(*since + ROOM_AFTER, talks.join_next()).await.is_err() {
        oldest.abort();
        talks.join_next().await;
    }
}

/// One connection: a line in, a line out, until the other side has nothing more to ask.
async fn talk(connection: impl AsyncRead + AsyncWrite, answer: &impl Fn(Order) -> Reply) -> io::Result<()> {
    let (from, mut to) = tokio::io::split(connection);
    let mut from = BufReader::new(from).take(ORDER_BYTES_MAX);
    let mut line = String::new();
    while from.read_line(&mut line).await? > 0 {
        let reply = match serde_json::from_str(&line) {
            Ok(order) => answer(order),
            Err(error) => Reply::Refused { why: format!("not an order: {error}") },
        };
        let mut text = serde_json::to_vec(&reply)?;
        text.push(b'\n');
        to.write_all(&text).await?;
        line.clear();
        from.set_limit(ORDER_BYTES_MAX);
    }
    Ok(())
}
