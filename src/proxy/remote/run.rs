//! A client's whole stay: its lines go out in the order that matters, and everything ends with it.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use url::Url;

use super::client::{ClientError, for_server};
use super::handshake::Handshake;
use super::input::{Arrived, LINE_BYTES_MAX, Lines, lines};
use super::journal::Journal;
use super::link::Link;
use super::live::{Asked, Cancelled, Live, QUESTIONS_MAX};
use super::login::{Login, LoginOptions};
use super::mirror::Mirror;
use super::post::Line;
use super::reply::Reply;
use super::said::Kind;
use super::way::{Request, Way};
use super::writer::Writer;
use crate::proxy::ends::Ends;
use crate::proxy::group::Signals;
use crate::proxy::http::{Fields, Trust};
use crate::proxy::{Grace, Observer};
use crate::trace::{Exit, Fact, HttpEnd, url_without_secrets};
use crate::wire::Peer;

/// Lines being carried at once; more are not read. Twice the questions: answers and notifications travel as well.
const CARRIED_MAX: usize = 2 * QUESTIONS_MAX;
/// Notifications that wait for those before them.
const NOTICES_MAX: usize = 1_024;

/// What we say to a server that is only to let us in: the opening that servers of every revision know, or refuse only
/// after they have asked who we are.
const KNOCK: &[u8] = br#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"mcptop","version":"1"}}}"#;

/// How a remote server is reached.
pub struct Options {
    /// Its address.
    pub url: Url,
    /// Whom to believe, over https.
    pub trust: Trust,
    /// Fields for every request.
    pub fields: Fields,
    /// How the user is asked to let us in; `None` where a token was given or nothing can be kept.
    pub login: Option<LoginOptions>,
}

/// A client on our standard streams, and a server over HTTP.
pub struct Remote {
    http: reqwest::Client,
    options: Options,
}

impl Remote {
    /// Prepares the way. Nothing is sent before the client says something.
    ///
    /// # Errors
    /// If what https takes cannot be used.
    pub fn new(options: Options) -> Result<Self, ClientError> {
        Ok(Self { http: for_server(&options.url, &options.trust)?, options })
    }

    /// Stays until the client leaves or we are told to end. Call inside a tokio runtime.
    ///
    /// # Errors
    /// If our own standard streams cannot be used at all.
    pub async fn run(self, observer: Observer, grace: Grace) -> io::Result<()> {
        let mut signals = Signals::listen()?;
        let mut ends = Ends::take()?;
        let (Some(stdin), Some(stdout)) = (ends.stdin.take(), ends.stdout.take()) else {
            return Err(io::Error::other("the standard streams are in use"));
        };
        let (writer, write) = Writer::new(stdout);
        let (mut lines, read) = lines(stdin);
        let link = Arc::new(self.link(observer, writer));
        link.journal.now(|| Fact::Started { pid: None });
        let mut stay = Stay::new(link.clone());
        stay.standing.spawn(read);
        let why = tokio::select! {
            signal = signals.next() => signal.name(),
            () = write => "the client reads no more",
            why = stay.run(&mut lines, grace.after_eof) => why,
        };
        stay.end(grace.after_term).await;
        link.journal.now(|| Fact::Ended { exit: Exit::Code(0), why: why.into() });
        drop(ends);
        Ok(())
    }

    /// Logs in now, if the server asks for it; says whether it did.
    ///
    /// # Errors
    /// If the server cannot be reached, or nobody lets us in: why, for people.
    pub async fn log_in(self) -> Result<bool, String> {
        let way = self.way();
        let asked = AtomicBool::new(false);
        let request = Request::ours(Method::POST, Some(Bytes::from_static(KNOCK)));
        let note = |_: &str| asked.store(true, Ordering::Relaxed);
        let answer = way.send(&request, note).await.map_err(|reply| reply.message().to_owned())?;
        if let Some(session) = &answer.session {
            let mut end = Request::ours(Method::DELETE, None);
            end.name_session(session);
            // A server that does not take it ends the session when it likes.
            let _ = way.send(&end, |_| {}).await;
        }
        match answer.status.as_u16() {
            status @ (401 | 403) => Err(format!("{} still answers with HTTP status {status}", way.shown)),
            _ => Ok(asked.into_inner()),
        }
    }

    fn link(self, observer: Observer, writer: Writer) -> Link {
        let url = &self.options.url;
        let path =
            url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        Link {
            handshake: Handshake::new(),
            mirror: Mutex::new(Mirror::default()),
            live: Live::default(),
            journal: Journal::new(observer, url_without_secrets(&path)),
            writer,
            way: self.way(),
        }
    }

    fn way(self) -> Way {
        let Options { url, fields, trust, login } = self.options;
        let field = |(name, value): (&str, &str)| {
            Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_bytes(value.as_bytes()).ok()?))
        };
        Way {
            http: self.http,
            shown: url_without_secrets(url.as_str()),
            fields: fields.iter().filter_map(field).collect::<HeaderMap>(),
            login: login.map(|login| Login::new(login, &url, trust)),
            url,
        }
    }
}

/// What is under way.
struct Stay {
    link: Arc<Link>,
    /// Lines that ask nothing, being carried: they are done when they have arrived.
    told: JoinSet<()>,
    /// Lines that ask, being carried: their streams may go on behind the answer.
    asking: JoinSet<()>,
    /// What goes on until the end: reading, and the server's own stream.
    standing: JoinSet<()>,
    /// Notifications go out one after the other, so that they arrive in order.
    notices: Option<mpsc::Sender<(Line, Asked)>>,
    /// Resolves when what keeps other lines back has been answered.
    barrier: Option<oneshot::Receiver<()>>,
    /// The server's own stream has been asked for.
    stands: bool,
    lines: u64,
}

impl Stay {
    fn new(link: Arc<Link>) -> Self {
        let (notices, mut waiting) = mpsc::channel::<(Line, Asked)>(NOTICES_MAX);
        let mut told = JoinSet::new();
        let lane = link.clone();
        told.spawn(async move {
            while let Some((line, asked)) = waiting.recv().await {
                lane.carry(line, asked).await;
            }
        });
        let (asking, standing, notices) = (JoinSet::new(), JoinSet::new(), Some(notices));
        Self { link, told, asking, standing, notices, barrier: None, stands: false, lines: 0 }
    }

    /// Until the client has closed its side, and what it asked is answered or the server has been silent for `grace`.
    async fn run(&mut self, lines: &mut Lines, grace: Duration) -> &'static str {
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
                () = patience.is_over(&self.link.writer) => {
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
            Kind::Cancel(id) => match self.link.live.cancel(id) {
                Cancelled::Closed => {}
                Cancelled::Unknown if self.link.handshake.modern().is_some() => {}
                Cancelled::Marked | Cancelled::Unknown => self.notify(line, asked),
            },
            Kind::Initialize => {
                self.link.handshake.begin(line.text.clone());
                self.hold_back(&mut asked);
                self.carry(line, asked);
            }
            Kind::Initialized => {
                self.link.handshake.opened(line.text.clone());
                self.hold_back(&mut asked);
                self.carry(line, asked);
            }
            Kind::Request | Kind::Answer => self.carry(line, asked),
            Kind::Notification | Kind::Noise => self.notify(line, asked),
        }
    }

    /// Nothing more is sent until this is answered.
    fn hold_back(&mut self, asked: &mut Asked) {
        let (until, released) = oneshot::channel();
        asked.until_answered = Some(until);
        self.barrier = Some(released);
    }

    fn after_barrier(&mut self) {
        self.barrier = None;
        let is_open = self.link.handshake.lines().is_some_and(|(_, initialized)| initialized.is_some());
        if is_open && !std::mem::replace(&mut self.stands, true) {
            let link = self.link.clone();
            self.standing.spawn(async move { link.stand().await });
        }
    }

    fn carry(&mut self, line: Line, asked: Asked) {
        let to_server = self.link.clone();
        let set = if line.said.asked.is_empty() { &mut self.told } else { &mut self.asking };
        set.spawn(async move { to_server.carry(line, asked).await });
    }

    fn notify(&mut self, line: Line, asked: Asked) {
        let Some(notices) = &self.notices else { return };
        if let Err(full) = notices.try_send((line, asked)) {
            let (line, asked) = full.into_inner();
            self.carry(line, asked);
        }
    }

    /// Ends what is under way, and the session.
    async fn end(&mut self, patience: Duration) {
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

    /// Ends when nothing has come for as long.
    async fn is_over(&mut self, writer: &Writer) {
        loop {
            match self.deadline {
                None => std::future::pending().await,
                Some(deadline) => sleep_until(deadline).await,
            }
            if self.written == writer.written() {
                return;
            }
            self.begin(writer);
        }
    }
}

/// Waits for the end of what holds other lines back. Its sender says nothing, it is dropped.
async fn released(barrier: &mut Option<oneshot::Receiver<()>>) {
    match barrier {
        Some(barrier) => {
            let _ = barrier.await;
        }
        None => std::future::pending().await,
    }
}
