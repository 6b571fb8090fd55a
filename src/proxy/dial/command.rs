//! A server that is started to be spoken to: its lines, what it says to people, and its end in three steps.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{LINE_BYTES_MAX, LINES_MAX, Line};
use crate::proxy::ends::{Input, Output, ServerEnds};
use crate::proxy::group::{Group, exit_of};
use crate::proxy::session::{Command, Grace, StartError, end_stragglers};
use crate::trace::Exit;
use crate::wire::{LineEnd, Piece, Splitter};

/// What is read at once: as much as a pipe holds on Linux.
const READ_BYTES: usize = 64 * 1024;
/// Of standard error the end is kept: it is where the reason stands.
const TAIL_BYTES: usize = 16 * 1024;

/// The end of what a server has said to people. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail(Arc<Mutex<VecDeque<u8>>>);

impl Tail {
    fn push(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(bytes);
        let excess = kept.len().saturating_sub(TAIL_BYTES);
        kept.drain(..excess);
    }

    /// The text, its first line whole.
    pub(super) fn text(&self) -> String {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = kept.make_contiguous();
        let cut = if bytes.len() < TAIL_BYTES { 0 } else { after_first_line(bytes) };
        String::from_utf8_lossy(&bytes[cut..]).trim_end().to_owned()
    }
}

fn after_first_line(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1)
}

/// Starts it, with its own process group. Call inside a tokio runtime.
pub(super) fn start(
    command: &Command,
    env: Vec<(OsString, OsString)>,
    folder: Option<OsString>,
    grace: Grace,
) -> Result<Line, StartError> {
    let failed = |source| StartError { program: command.program.clone(), source };
    let mut process = tokio::process::Command::new(&command.program);
    process.args(&command.arguments).envs(env);
    process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(folder) = folder {
        process.current_dir(folder);
    }
    let (mut child, group) = Group::spawn(&mut process).map_err(failed)?;
    let ends = ServerEnds::take(&mut child).map_err(failed)?;
    let (to_server, lines) = mpsc::channel(LINES_MAX);
    let (heard, from_server) = mpsc::channel(LINES_MAX);
    let tail = Tail::default();
    let errors = tokio::spawn(keep_tail(ends.stderr, tail.clone()));
    tokio::spawn(read(ends.stdout, heard));
    let over = tokio::spawn(async move {
        let exit = live(child, group, ends.stdin, lines, grace).await;
        // What it said last is often why it ended.
        let _ = timeout(grace.after_term, errors).await;
        in_words(exit)
    });
    Ok(Line { to_server, from_server, tail, over: Some(over) })
}

/// From the first line to the end of the process and its group.
async fn live(
    mut child: tokio::process::Child,
    mut group: Group,
    stdin: Output,
    lines: mpsc::Receiver<Bytes>,
    grace: Grace,
) -> Exit {
    let ended = tokio::select! {
        status = child.wait() => Some(status),
        () = write(stdin, lines) => timeout(grace.after_eof, child.wait()).await.ok(),
    };
    let status = if let Some(status) = ended {
        status
    } else {
        group.terminate();
        if timeout(grace.after_term, child.wait()).await.is_err() {
            group.kill();
        }
        // Known by now, or soon.
        child.wait().await
    };
    end_stragglers(&mut group).await;
    status.map_or(Exit::Unknown, exit_of)
}

/// Writes lines until nobody has any more, and closes the server's input then.
async fn write(mut stdin: Output, mut lines: mpsc::Receiver<Bytes>) {
    while let Some(line) = lines.recv().await {
        if stdin.write_all(&[&line[..], b"\n"].concat()).await.is_err() {
            // It reads no more; it may still end by itself, or say why.
            lines.close();
        }
    }
}

/// Hands on whole lines until the server's output ends or nobody listens. One that is too long ends it as well.
async fn read(mut stdout: Input, heard: mpsc::Sender<Bytes>) {
    let (mut splitter, mut buffer) = (Splitter::new(LINE_BYTES_MAX), vec![0; READ_BYTES]);
    let mut found = Vec::new();
    loop {
        let read = stdout.read(&mut buffer).await.ok().filter(|(len_bytes, _)| *len_bytes > 0);
        let mut is_too_long = false;
        let mut see = |piece: Piece<'_>| match piece {
            Piece::Frame { bytes, .. } => found.push(Bytes::copy_from_slice(LineEnd::split(bytes).0)),
            Piece::Part(_) => is_too_long = true,
        };
        match read {
            Some((len_bytes, _)) => splitter.push(&buffer[..len_bytes], &mut see),
            None => splitter.finish(&mut see),
        }
        for line in found.drain(..) {
            if heard.send(line).await.is_err() {
                return;
            }
        }
        if read.is_none() || is_too_long {
            return;
        }
    }
}

async fn keep_tail(mut stderr: Input, tail: Tail) {
    let mut buffer = vec![0; 4096];
    while let Ok((len_bytes @ 1.., _)) = stderr.read(&mut buffer).await {
        tail.push(&buffer[..len_bytes]);
    }
}

fn in_words(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("the server ended with status {code}"),
        Exit::Signal(signal) => format!("the server was ended by signal {signal}"),
        Exit::Unknown => "the server ended".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_is_said_to_people_the_end_is_kept_by_whole_lines() {
        let tail = Tail::default();
        tail.push(b"one\ntwo\n");
        assert_eq!(tail.text(), "one\ntwo");
        tail.push("x".repeat(TAIL_BYTES - 10).as_bytes());
        tail.push(b"\nthe reason\n");
        assert_eq!(tail.text(), "the reason");
    }
}
