//! Speaks to a server ourselves: lines out, lines in, the same for a command and for a URL.
//!
//! Bodies are taken and given as they are, so that what is measured of them is what travelled. Knows nothing of what they
//! are for.
//!
//! ```text
//! let mut caller = Caller::dial(&Callee::Command { .. }, grace)?;      // inside a tokio runtime
//! let answer: String = caller.ask("tools/list", "{}", timeout).await?; // the JSON of `result`
//! caller.end().await;
//! ```

mod caller;
mod command;

pub use caller::{AskError, Caller, Heard};

use std::ffi::OsString;

use thiserror::Error;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::remote::{ClientError, Options, Remote};
use super::session::{Command, Grace, StartError};
use command::Tail;

/// Lines on their way; who has more to say waits.
const LINES_MAX: usize = 64;
/// The longest line that is taken from a server.
const LINE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A server to be spoken to.
pub enum Callee {
    /// One that is started for it.
    Command {
        /// The program and its arguments.
        command: Command,
        /// Variables it gets beside our own.
        env: Vec<(OsString, OsString)>,
        /// The folder it is started in; ours if there is none.
        folder: Option<OsString>,
    },
    /// One that is there.
    Url(Box<Options>),
}

/// Why a server cannot even be tried.
#[derive(Debug, Error)]
pub enum DialError {
    /// The command cannot be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// There is no HTTP client for it.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// The two ways of a server, whatever it is behind.
struct Line {
    /// Closed when it is dropped, which is how the server learns of our end.
    to_server: mpsc::Sender<bytes::Bytes>,
    from_server: mpsc::Receiver<bytes::Bytes>,
    /// What it said to people; empty for a URL.
    tail: Tail,
    /// Ends once nothing of it is left.
    over: Option<JoinHandle<String>>,
}

impl Callee {
    fn open(self, grace: Grace) -> Result<Line, DialError> {
        match self {
            Self::Command { command, env, folder } => Ok(command::start(&command, env, folder, grace)?),
            Self::Url(options) => {
                let (to_server, lines) = mpsc::channel(LINES_MAX);
                let (heard, from_server) = mpsc::channel(LINES_MAX);
                let remote = Remote::new(*options)?;
                let over = tokio::spawn(async move { remote.talk(lines, heard, grace).await.to_owned() });
                Ok(Line { to_server, from_server, tail: Tail::default(), over: Some(over) })
            }
        }
    }
}
