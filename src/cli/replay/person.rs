//! The person at the terminal, who decides about a request that the recording has no answer for.
//!
//! Standard streams are the protocol's, so the terminal itself is opened. Knows nothing of recordings.

use std::fs::{File, OpenOptions};
use std::io::BufReader;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};

use serde_json::Value;

use super::drive::Event;
use super::summary::what;
use crate::cli::complain;
use crate::insight::difference::printable;
use crate::insight::replay::{Miss, Settled};

/// Questions that wait; more are answered with an error.
const QUESTIONS_MAX: usize = 16;
/// Bytes of a request that are shown.
const SHOWN_BYTES_MAX: usize = 600;

/// Asks.
pub(super) struct Person {
    ask: SyncSender<(Miss, SyncSender<Event>)>,
}

impl Person {
    /// The person at our terminal; `None` if there is none, which is said.
    pub(super) fn begin() -> Option<Self> {
        let (input, output) = match terminal() {
            Ok(ends) => ends,
            Err(error) => {
                complain(&format!(
                    "--on-miss ask: there is no terminal to ask at ({error}); requests without an answer get an error"
                ));
                return None;
            }
        };
        let (ask, asked) = sync_channel::<(Miss, SyncSender<Event>)>(QUESTIONS_MAX);
        let thread = std::thread::Builder::new().name("person".to_owned()).spawn(move || {
            let (mut input, mut output) = (BufReader::new(input), output);
            for (miss, tell) in asked {
                let settled = decide(&mut input, &mut output, &miss);
                if tell.send(Event::Decided(miss.id, settled)).is_err() {
                    return;
                }
            }
        });
        thread.ok().map(|_| Self { ask })
    }

    /// Asks about a miss; the decision comes as an event. Returns whether it could be asked.
    pub(super) fn ask(&self, miss: &Miss, tell: &SyncSender<Event>) -> bool {
        match self.ask.try_send((miss.clone(), tell.clone())) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }
}

#[cfg(unix)]
fn terminal() -> std::io::Result<(File, File)> {
    let file = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    // Who reads from the background is stopped.
    if rustix::termios::tcgetpgrp(&file)? != rustix::process::getpgrp() {
        return Err(std::io::Error::other("another program has it"));
    }
    Ok((file.try_clone()?, file))
}

#[cfg(windows)]
fn terminal() -> std::io::Result<(File, File)> {
    let input = OpenOptions::new().read(true).write(true).open("CONIN$")?;
    Ok((input, OpenOptions::new().read(true).write(true).open("CONOUT$")?))
}

/// Asks until there is an answer that can be used. Nothing, or the end of the terminal, is an error for the client.
fn decide(input: &mut impl std::io::BufRead, output: &mut impl std::io::Write, miss: &Miss) -> Settled {
    let mut frame = printable(&miss.frame).into_owned();
    if frame.len() > SHOWN_BYTES_MAX {
        frame.truncate(frame.floor_char_boundary(SHOWN_BYTES_MAX));
        frame.push('…');
    }
    let nearest = if miss.has_nearest { ", n for the nearest recorded answer" } else { "" };
    let question = what(&miss.method, miss.name.as_deref());
    let _ = write!(
        output,
        "\nmcptop: no recorded answer to {question}:\n  {frame}\nanswer with e for an error{nearest}, or a result as a JSON object: "
    );
    loop {
        let _ = output.flush();
        let mut line = String::new();
        if input.read_line(&mut line).is_err() || line.is_empty() {
            return Settled::Error;
        }
        match line.trim() {
            "" | "e" | "error" => return Settled::Error,
            "n" | "nearest" if miss.has_nearest => return Settled::Nearest,
            text if matches!(serde_json::from_str(text), Ok(Value::Object(_))) => {
                return Settled::Result(text.to_owned());
            }
            _ => {
                let _ = write!(output, "that is no JSON object; e{nearest}, or a JSON object: ");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(typed: &str, has_nearest: bool) -> (Settled, String) {
        let miss = Miss {
            id: "1".into(),
            method: "tools/call".into(),
            name: Some("a\u{1b}b".into()),
            frame: "{}".to_owned(),
            has_nearest,
        };
        let mut output = Vec::new();
        let settled = decide(&mut typed.as_bytes(), &mut output, &miss);
        (settled, String::from_utf8(output).unwrap())
    }

    #[test]
    fn a_person_chooses_an_error_the_nearest_answer_or_types_one() {
        assert_eq!(decided("e\n", true).0, Settled::Error);
        assert_eq!(decided("", true).0, Settled::Error);
        assert_eq!(decided("n\n", true).0, Settled::Nearest);
        assert_eq!(decided("n\n{\"a\":1}\n", false).0, Settled::Result("{\"a\":1}".to_owned()));
        assert!(!decided("e\n", true).1.contains('\u{1b}'));
    }
}
