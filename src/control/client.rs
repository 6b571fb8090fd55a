//! The asking side: a viewer or a command that wants something of a proxy.

use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use super::{Order, Reply};

/// A proxy that does not answer for this long is taken for dead.
const PATIENCE: Duration = Duration::from_secs(2);

/// A proxy could not be asked.
#[derive(Debug, Error)]
#[error("the proxy at {} does not answer: {source}", control.display())]
pub struct AskError {
    /// Its socket.
    pub control: PathBuf,
    /// What went wrong.
    #[source]
    pub source: io::Error,
}

/// Sends an order and waits for the answer.
///
/// # Errors
/// If there is no proxy at this socket, or it does not answer in time.
pub fn ask(control: &Path, order: &Order) -> Result<Reply, AskError> {
    exchange(control, order).map_err(|source| AskError { control: control.to_owned(), source })
}

fn exchange(control: &Path, order: &Order) -> io::Result<Reply> {
    let mut line = connect(control)?;
    let mut text = serde_json::to_vec(order)?;
    text.push(b'\n');
    line.write_all(&text)?;
    let mut answer = String::new();
    BufReader::new(line).read_line(&mut answer)?;
    Ok(serde_json::from_str(&answer)?)
}

#[cfg(unix)]
fn connect(control: &Path) -> io::Result<impl io::Read + Write> {
    let line = std::os::unix::net::UnixStream::connect(control)?;
    line.set_read_timeout(Some(PATIENCE))?;
    line.set_write_timeout(Some(PATIENCE))?;
    Ok(line)
}

#[cfg(windows)]
fn connect(control: &Path) -> io::Result<impl io::Read + Write> {
    // The instance is busy while another viewer is being answered, which takes microseconds.
    let patience = std::time::Instant::now() + PATIENCE;
    loop {
        match std::fs::OpenOptions::new().read(true).write(true).open(control) {
            Err(error) if error.kind() != io::ErrorKind::NotFound && std::time::Instant::now() < patience => {
                std::thread::sleep(Duration::from_millis(10));
            }
            other => return other,
        }
    }
}
