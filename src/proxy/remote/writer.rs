//! The one place from which lines go to the client: whole, one after the other, at the client's pace.
//!
//! Whoever has a line waits until it has been written: a client that reads slowly slows the reading of its server. A
//! line whose sender does not wait any more is still written to its end. Knows nothing of what lines say.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use crate::proxy::ends::Output;

/// Lines that wait for the one being written. Each has somebody who waits for it, so that more would change nothing.
const WAITING_MAX: usize = 16;

/// Nobody reads any more.
#[derive(Clone, Copy, Debug, Error)]
#[error("the client reads no more")]
pub(super) struct Gone;

struct Waiting {
    line: Vec<u8>,
    written: oneshot::Sender<()>,
}

/// Hands lines to the client.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    lines: mpsc::Sender<Waiting>,
    written: Arc<AtomicU64>,
}

impl Writer {
    /// Takes the client's end. The returned future writes, and ends when the client reads no more or every [`Writer`] is
    /// gone.
    pub(super) fn new(mut output: Output) -> (Self, impl Future<Output = ()>) {
        let (lines, mut waiting) = mpsc::channel::<Waiting>(WAITING_MAX);
        let written = Arc::new(AtomicU64::new(0));
        let count = written.clone();
        let write = async move {
            while let Some(Waiting { mut line, written }) = waiting.recv().await {
                line.push(b'\n');
                if output.write_all(&line).await.is_err() {
                    return;
                }
                count.fetch_add(1, Ordering::Relaxed);
                // Who does not wait any more does not mind.
                let _ = written.send(());
            }
        };
        (Self { lines, written }, write)
    }

    /// The same for somebody within this process, who takes lines as they are, without their ends.
    pub(super) fn within(listener: mpsc::Sender<Bytes>) -> (Self, impl Future<Output = ()>) {
        let (lines, mut waiting) = mpsc::channel::<Waiting>(WAITING_MAX);
        let written = Arc::new(AtomicU64::new(0));
        let count = written.clone();
        let write = async move {
            while let Some(Waiting { line, written }) = waiting.recv().await {
                if listener.send(line.into()).await.is_err() {
                    return;
                }
                count.fetch_add(1, Ordering::Relaxed);
                // Who does not wait any more does not mind.
                let _ = written.send(());
            }
        };
        (Self { lines, written }, write)
    }

    /// Writes a line, without its ending, and waits until that is done.
    pub(super) async fn line(&self, line: Vec<u8>) -> Result<(), Gone> {
        let (written, done) = oneshot::channel();
        self.lines.send(Waiting { line, written }).await.map_err(|_| Gone)?;
        done.await.map_err(|_| Gone)
    }

    /// How many lines have been written.
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }
}
