//! The end of what a server says to people, for those who want to know why it failed.
//!
//! Knows nothing of servers.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::process::ChildStderr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Of what was said the end is kept: it is where the reason stands.
const TAIL_BYTES: usize = 16 * 1024;
/// How long an end is waited for that has to come: something else may hold the stream open.
const END_PATIENCE: Duration = Duration::from_millis(500);

/// The end of what streams say. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Tail(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    kept: Mutex<Kept>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct Kept {
    bytes: VecDeque<u8>,
    /// Streams that have not ended.
    open: usize,
}

impl Tail {
    /// Reads a stream to its end, on a thread of its own.
    pub(in crate::cli) fn follow(&self, mut stream: ChildStderr) -> io::Result<()> {
        let tail = self.clone();
        self.kept().open += 1;
        let reader = std::thread::Builder::new().name("stderr".to_owned());
        let started = reader.spawn(move || {
            tail.keep(&mut stream);
            tail.kept().open -= 1;
            tail.0.ended.notify_all();
        });
        if started.is_err() {
            self.kept().open -= 1;
        }
        started.map(drop)
    }

    fn keep(&self, stream: &mut impl Read) {
        let mut chunk = [0; 4096];
        loop {
            match stream.read(&mut chunk) {
                Ok(read @ 1..) => {
                    let mut kept = self.kept();
                    kept.bytes.extend(&chunk[..read]);
                    let excess = kept.bytes.len().saturating_sub(TAIL_BYTES);
                    kept.bytes.drain(..excess);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => return,
            }
        }
    }

    /// The text, once whoever said it has ended: what was said last is waited for a little.
    pub(in crate::cli) fn text(&self) -> String {
        let is_open = |kept: &mut Kept| kept.open > 0;
        let waited = self.0.ended.wait_timeout_while(self.kept(), END_PATIENCE, is_open);
        let (mut kept, _) = waited.unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(kept.bytes.make_contiguous()).trim_end().to_owned()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_stream_the_end_is_kept() {
        let tail = Tail::default();
        tail.keep(&mut format!("{}the reason\n", "x".repeat(3 * TAIL_BYTES)).as_bytes());
        let text = tail.text();
        assert!(text.ends_with("the reason") && text.len() < TAIL_BYTES);
    }
}
