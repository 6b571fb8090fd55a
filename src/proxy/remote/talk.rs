//! A stay for somebody within this process, who has lines instead of standard streams.
//!
//! The same conversation as for a client of ours, without rules and without a recording.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::input::{Arrived, Lines};
use super::post::Line;
use super::ruled::Ruled;
use super::run::Remote;
use super::said::Said;
use super::stay::Stay;
use super::writer::Writer;
use crate::proxy::clock::stopwatch;
use crate::proxy::{Clock, Grace, Observer, PoolGauge, Rulebook};
use crate::rules::Setting;

/// Lines read ahead of the conversation.
const AHEAD_MAX: usize = 16;

impl Remote {
    /// Carries `lines` to the server and what it says to `heard`, until either is closed; says why it ended.
    pub(in crate::proxy) async fn talk(
        self,
        lines: mpsc::Receiver<Bytes>,
        heard: mpsc::Sender<Bytes>,
        grace: Grace,
    ) -> &'static str {
        let clock = Clock::start();
        let observer = Observer { clock, tap: None, pool: PoolGauge::default() };
        let (writer, write) = Writer::within(heard);
        let (mut lines, read) = taken(lines);
        let (ruled, errands) = Ruled::new(&no_rules(clock));
        let link = Arc::new(self.link(observer, writer, ruled));
        let mut stay = Stay::new(link, errands);
        stay.standing.spawn(read);
        let why = tokio::select! {
            () = write => "nobody listens any more",
            why = stay.run(&mut lines, grace.after_eof) => why,
        };
        stay.end(grace.after_term).await;
        why
    }
}

fn no_rules(clock: Clock) -> Rulebook {
    let setting = Setting { server: String::new(), spill: PathBuf::new(), stopwatch, seed: 0, identity: 0 };
    Rulebook::new(setting, clock, None)
}

/// Lines of this process, as if they had been read.
fn taken(mut given: mpsc::Receiver<Bytes>) -> (Lines, impl Future<Output = ()>) {
    let (lines, arrived) = mpsc::channel(AHEAD_MAX);
    let (close, closed) = oneshot::channel();
    let read = async move {
        while let Some(text) = given.recv().await {
            let said = Said::read(&text);
            if lines.send(Arrived::Line(Line { text, said, woke: Instant::now() })).await.is_err() {
                return;
            }
        }
        // Nobody may listen any more.
        let _ = close.send(());
    };
    (Lines { arrived, closed }, read)
}
