//! What goes out when: the order that matters between lines, and what is still waited for at the end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::input::{Arrived, LINE_BYTES_MAX, Lines};
use super::link::Link;
use super::live::{Asked, Cancelled, QUESTIONS_MAX};
use super::post::Line;
use super::reply::Reply;
use super::ruled::{Decision, Errand, Hand};
use super::said::Kind;
use super::writer::Writer;
use crate::trace::{ExchangeId, Fact, HttpEnd};
use crate::wire::Peer;

/// Lines being carried at once; more are not read. Twice the questions: answers and notifications travel as well.
const CARRIED_MAX: usize = 2 * QUESTIONS_MAX;
/// A server that does not say that it has heard of the opening does not hold up the rest for longer.
const OPENING_MAX: Duration = Duration::from_secs(10);
/// Notifications that wait for those before them.
const NOTICES_MAX: usize = 1_024;

/// A notification, what it asks, and the exchange in which the recording knows of it already.
type Notice = (Line, Asked, Option<ExchangeId>);

/// What is under way.
pub(super) struct Stay {
    link: Arc<Link>,
    /// Lines that ask nothing, being carried: they are done when they have arrived.
    told: JoinSet<()>,
    /// Lines that ask, being carried: their streams may go on behind the answer.
    asking: JoinSet<()>,
    /// What goes on until the end: reading, and the server's own stream.
    pub(super) standing: JoinSet<()>,
    /// Notifications go out one after the other, so that they arrive in order.
    notices: Option<mpsc::Sender<Notice>>,
    /// What rules let go on, or want asked.
    errands: mpsc::UnboundedReceiver<Errand>,
    /// Resolves when what keeps other lines back has been answered.
    barrier: Option<Barrier>,
    /// The server's own stream has been asked for.
    stands: bool,
    lines: u64,
}

impl Stay {
    pub(super) fn new(link: Arc<Link>, errands: mpsc::UnboundedReceiver<Errand>) -> Self {
        let (notices, mut waiting) = mpsc::channel::<Notice>(NOTICES_MAX);
        let mut told = JoinSet::new();
        let lane = link.clone();
        told.spawn(async move {
            while let Some((line, asked, told)) = waiting.recv().await {
                lane.carry(line, asked, told).await;
            }
        });
        let (asking, standing, notices) = (JoinSet::new(), JoinSet::new(), Some(notices));
        Self { link, told, asking, standing, notices, errands, barrier: None, stands: false, lines: 0 }
    }

    /// Until the client has closed its side, and what it asked is answered or the server has been silent for `grace`.
    pub(super) async fn run(&mut self, lines: &mut Lines, grace: Duration) -> &'static str {
        let mut patience = Patience { grace, deadline: None, written: 0 };
        let (mut is_open, live) = (true, self.link.live.clone());
        loop {
            let is_full = self.told.len() + self.asking.len() >= CARRIED_MAX;
            let may_take = is_open && self.barrier.is_none() && !is_full;
            let all_told = !is_open && self.told.is_empty();
            tokio::select! {
                biased;
                () = released(&mut self.barrier) => self.after_barrier(),
                _ = self.told.join_next(), if !self.told.is_empty() => {}
                _ = self.asking.join_next(), if !self.asking.is_empty() => {}
                Some(errand) = self.errands.recv() => self.run_errand(errand),
                arrived = lines.arrived.recv(), if may_take => {
                    if let Some(arrived) = arrived {
                        self.take(arrived).await;
                    } else {
                        is_open = false;
                        // The lane of notifications ends with those that wait in it.
                        self.notices = None;
                    }
                },
                _ = &mut lines.closed, if !patience.has_begun() => {
                    self.link.journal.now(|| Fact::Closed { by: Peer::Client });
                    patience.begin(&self.link.writer);
                }
                () = live.all_answered(), if all_told => return "the client closed its side",
                () = patience.is_over(&self.link) => {
                    return "the client closed its side, and the server was silent about what was left";
                }
            }
        }
    }

    async fn take(&mut self, arrived: Arrived) {
        let line = match arrived {
            Arrived::Line(line) => line,
            Arrived::TooLong => {
                // Its id was not read. A client that is gone needs no answer.
                let _ = self.link.writer.line(Reply::too_long(LINE_BYTES_MAX).line("null")).await;
                return;
            }
        };
        self.lines += 1;
        let Some(mut asked) = self.link.live.follow(self.lines, &line.said) else {
            for question in &line.said.asked {
                let _ = self.link.writer.line(Reply::too_many(QUESTIONS_MAX).line(&question.id)).await;
            }
            return;
        };
        match &line.said.kind {
            Kind::Initialize => {
                self.link.handshake.begin(line.text.clone());
                self.hold_back(&mut asked, None);
            }
            Kind::Initialized => {
                self.link.handshake.opened(line.text.clone());
                self.hold_back(&mut asked, Some(Instant::now() + OPENING_MAX));
            }
            Kind::Request | Kind::Answer | Kind::Cancel(_) | Kind::Notification | Kind::Noise => {}
        }
        let exchange = self.link.journal.next();
        let (decision, outputs) = self.link.decide(&line, exchange);
        match decision {
            Decision::Unseen => self.send(line, asked, None),
            Decision::Passes => self.send(line, asked, Some(exchange)),
            // What asks nothing is not held back: it goes out in another form at once, or not at all.
            Decision::Taken if line.said.asked.is_empty() => self.link.journal.answered_here(Some(exchange)),
            Decision::Taken => self.link.ruled.hold(exchange, line, asked),
        }
        // A client that is gone is seen by the writer as well.
        let _ = self.link.perform(outputs, Hand::Line(exchange)).await;
    }

    /// Sends a line on its way.
    fn send(&mut self, line: Line, asked: Asked, told: Option<ExchangeId>) {
        match &line.said.kind {
            Kind::Cancel(id) => match self.link.live.cancel(id) {
                Cancelled::Closed => {}
                Cancelled::Unknown if self.link.handshake.modern().is_some() => {}
                Cancelled::Marked | Cancelled::Unknown => return self.notify(line, asked, told),
            },
            Kind::Initialize | Kind::Initialized | Kind::Request | Kind::Answer => {
                return self.carry(line, asked, told);
            }
            Kind::Notification | Kind::Noise => return self.notify(line, asked, told),
        }
        // The closed stream has said it.
        self.link.journal.answered_here(told);
    }

    /// Does what the rules have left to do.
    fn run_errand(&mut self, errand: Errand) {
        match errand {
            Errand::LookUp { ticket, store, key } => {
                self.standing.spawn(self.link.clone().look_up(ticket, store, key));
            }
            Errand::Carry { line, asked: held, told } => {
                let until_answered = held.and_then(|mut held| held.until_answered.take());
                self.lines += 1;
                // What was held made room for it.
                let Some(mut asked) = self.link.live.follow(self.lines, &line.said) else { return };
                asked.until_answered = until_answered;
                self.send(line, asked, told);
            }
        }
    }

    /// Nothing more is sent until this is answered, or it is too late to wait for that.
    fn hold_back(&mut self, asked: &mut Asked, until: Option<Instant>) {
        let (until_answered, released) = oneshot::channel();
        asked.until_answered = Some(until_answered);
        self.barrier = Some(Barrier { released, until });
    }

    fn after_barrier(&mut self) {
        self.barrier = None;
        let is_open = self.link.handshake.lines().is_some_and(|(_, initialized)| initialized.is_some());
        if is_open && !std::mem::replace(&mut self.stands, true) {
            let link = self.link.clone();
            self.standing.spawn(async move { link.stand().await });
        }
    }

    fn carry(&mut self, line: Line, asked: Asked, told: Option<ExchangeId>) {
        let to_server = self.link.clone();
        let set = if line.said.asked.is_empty() { &mut self.told } else { &mut self.asking };
        set.spawn(async move { to_server.carry(line, asked, told).await });
    }

    fn notify(&mut self, line: Line, asked: Asked, told: Option<ExchangeId>) {
        let Some(notices) = &self.notices else { return };
        if let Err(full) = notices.try_send((line, asked, told)) {
            let (line, asked, told) = full.into_inner();
            self.carry(line, asked, told);
        }
    }

    /// Ends what is under way, and the session.
    pub(super) async fn end(&mut self, patience: Duration) {
        self.told.shutdown().await;
        self.asking.shutdown().await;
        self.standing.shutdown().await;
        let Some(request) = self.link.delete() else { return };
        let mut entry = self.link.journal.begin("DELETE", request.names());
        // A server that does not take it, or not in time, ends the session when it likes.
        if let Ok(Ok(answer)) = timeout(patience, self.link.send(&request)).await {
            entry.response(answer.status.as_u16(), &answer.media, None);
            entry.ends(HttpEnd::Complete);
        }
    }
}

/// How long the server may be silent after the client has closed its side.
struct Patience {
    grace: Duration,
    deadline: Option<Instant>,
    written: u64,
}

impl Patience {
    fn begin(&mut self, writer: &Writer) {
        self.deadline = Some(Instant::now() + self.grace);
        self.written = writer.written();
    }

    fn has_begun(&self) -> bool {
        self.deadline.is_some()
    }

    /// Ends when nothing has come for as long, and nothing is held back.
    async fn is_over(&mut self, link: &Link) {
        loop {
            match self.deadline {
                None => std::future::pending().await,
                Some(deadline) => sleep_until(deadline).await,
            }
            // What rules hold back has not been asked yet.
            if self.written == link.writer.written() && !link.ruled.holds() {
                return;
            }
            self.begin(&link.writer);
        }
    }
}

/// What holds other lines back.
struct Barrier {
    /// Its sender says nothing, it is dropped.
    released: oneshot::Receiver<()>,
    until: Option<Instant>,
}

/// Waits for the end of what holds other lines back.
async fn released(barrier: &mut Option<Barrier>) {
    match barrier {
        Some(Barrier { released, until: None }) => drop(released.await),
        Some(Barrier { released, until: Some(until) }) => tokio::select! {
            _ = released => {}
            () = sleep_until(*until) => {}
        },
        None => std::future::pending().await,
    }
}
