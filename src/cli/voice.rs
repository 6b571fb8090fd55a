//! What the program says on standard error: at once, or, while a viewer has the terminal, in the viewer, and once more
//! when the terminal is free again.
//!
//! Knows nothing of who speaks.

use std::io::Write as _;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

/// Lines that are held; what is said beyond them is counted.
const LINES_MAX: usize = 200;

/// What is held back; `None` while standard error is free.
static HELD: Mutex<Option<Held>> = Mutex::new(None);

struct Held {
    lines: Vec<String>,
    not_kept: usize,
    tell: SyncSender<String>,
}

/// Standard error is silent as long as this lives; then what was held is said.
pub(super) struct Silence(());

/// Holds back what is said from here on. What comes out of the receiver is for the viewer to show.
pub(super) fn hold() -> (Silence, Receiver<String>) {
    let (tell, told) = sync_channel(LINES_MAX);
    *HELD.lock().unwrap_or_else(PoisonError::into_inner) =
        Some(Held { lines: Vec::new(), not_kept: 0, tell });
    (Silence(()), told)
}

impl Drop for Silence {
    fn drop(&mut self) {
        let Some(held) = HELD.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        held.lines.iter().for_each(|line| write(line));
        if held.not_kept > 0 {
            write(&format!("and {} more of the kind", held.not_kept));
        }
    }
}

/// Tells the user something on standard error.
pub(super) fn complain(text: &str) {
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(held) = &mut *held else { return write(text) };
    if held.lines.len() < LINES_MAX {
        held.lines.push(text.to_owned());
        // The viewer may have more to do, or be gone: it is said afterwards all the same.
        let _ = held.tell.try_send(text.to_owned());
    } else {
        held.not_kept += 1;
    }
}

/// A closed standard error is nobody's fault, and a client may have made it non-blocking, so a failure to write is not
/// one of ours.
fn write(text: &str) {
    // What is also told to clients says who speaks; here that is said already.
    let text = text.strip_prefix("mcptop ").unwrap_or(text);
    let _ = writeln!(std::io::stderr(), "mcptop: {}", without_numbers(text));
}

/// What the system says, without the number that follows its words: `No such file or directory (os error 2)`.
fn without_numbers(text: &str) -> String {
    const BEFORE: &str = " (os error ";
    let mut pieces = text.split(BEFORE);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.split_once(')') {
            Some((number, rest)) if number.bytes().all(|byte| byte.is_ascii_digit()) => out.push_str(rest),
            _ => out.extend([BEFORE, piece]),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_told_without_its_numbers() {
        for (text, told) in [
            (
                "cannot open a: No such file (os error 2); b: Denied (os error 13)",
                "cannot open a: No such file; b: Denied",
            ),
            ("cannot open (os error x)", "cannot open (os error x)"),
            ("a (os error 2", "a (os error 2"),
            ("plain", "plain"),
        ] {
            assert_eq!(without_numbers(text), told);
        }
    }
}
