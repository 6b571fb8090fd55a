//! Runs a proxy beside the viewer on it, in one process: the proxy on a thread of its own, the viewer on the main one.
//!
//! Knows nothing of what the proxy stands in front of; where there is no terminal, or no viewer is wanted, the proxy
//! runs alone.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{Sender, channel};

use tokio::sync::oneshot;

use super::args::Look;
use super::{EXIT_UNREACHABLE, complain, view, voice};
use crate::proxy::until_asked_to_end;
use crate::ui::run::What;

/// How a proxy is connected with the viewer beside it, if there is one.
pub(super) struct Beside(Option<Ends>);

struct Ends {
    /// Where the recording is, told once the proxy stands.
    recording: Sender<PathBuf>,
    /// The user has left the viewer.
    left: oneshot::Receiver<()>,
}

impl Beside {
    /// Whether somebody watches in this process.
    pub(super) fn is_watched(&self) -> bool {
        self.0.is_some()
    }

    /// The proxy stands and this is its recording, if there is one: the viewer opens on it. Returns what ends when the
    /// proxy is to: when the user leaves the viewer, or the program is told to; with the reason.
    pub(super) fn stands(self, recording: Option<&Path>) -> impl Future<Output = &'static str> {
        let left = self.0.and_then(|ends| {
            let path = recording?;
            // An error says that the main thread has gone; then the signal that ended it ends this one too.
            ends.recording.send(path.to_owned()).ok()?;
            Some(ends.left)
        });
        // Listened for at once: whoever is told that it serves may tell it to end.
        let asked = until_asked_to_end();
        async move {
            let Some(left) = left else { return asked.await };
            tokio::select! {
                // A signal ends the viewer as well, and is the reason then.
                biased;
                why = asked => why,
                _ = left => "the user left",
            }
        }
    }
}

/// Why no viewer opens, or that one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// `--headless`.
    Headless,
    /// `--no-record`: there is nothing that a viewer could read.
    Unrecorded,
    /// If there is a terminal.
    Watched,
}

/// Runs the proxy until it ends, with the viewer in front of it if there is a terminal. What it says on standard error
/// meanwhile is held until the terminal is free.
pub(super) fn run(wish: Wish, look: Look, proxy: impl FnOnce(Beside) -> ExitCode + Send) -> ExitCode {
    let has_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    match wish {
        Wish::Watched if has_terminal => watched(look, proxy),
        Wish::Unrecorded if has_terminal => {
            complain("not recorded, so there is nothing to watch: no viewer is opened");
            proxy(Beside(None))
        }
        Wish::Headless | Wish::Unrecorded | Wish::Watched => proxy(Beside(None)),
    }
}

fn watched(look: Look, proxy: impl FnOnce(Beside) -> ExitCode + Send) -> ExitCode {
    let ((tell, told), (leave, left)) = (channel(), oneshot::channel());
    // From before the proxy can say anything: what it says must not tear the screen.
    let (silence, heard) = voice::hold();
    std::thread::scope(|scope| {
        let beside = Beside(Some(Ends { recording: tell, left }));
        let builder = std::thread::Builder::new().name("proxy".to_owned());
        let thread = match builder.spawn_scoped(scope, move || proxy(beside)) {
            Ok(thread) => thread,
            Err(error) => {
                complain(&format!("cannot start: {error}"));
                return ExitCode::from(EXIT_UNREACHABLE);
            }
        };
        // Nothing comes if the proxy could not begin, and has said why, or if there is no recording to watch.
        let recording = told.recv().ok();
        let seen = recording.map(|recording| view::beside(What::Served { recording, heard }, look));
        drop(silence);
        let leave = match seen {
            Some(Ok(())) => {
                drop(leave);
                None
            }
            None => Some(leave),
            Some(Err(why)) => {
                complain(&format!("{why}; the server is served all the same"));
                Some(leave)
            }
        };
        let status = thread.join().unwrap_or_else(|_| {
            complain("the proxy failed: this is a defect of mcptop");
            ExitCode::from(EXIT_UNREACHABLE)
        });
        drop(leave);
        status
    })
}
