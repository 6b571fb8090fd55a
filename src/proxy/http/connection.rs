//! One client connection from its first request to its end: a machine that is polled, and owns both its sockets.
//!
//! Both directions move within one task, neither waits for the other, and what one side does not take the other is
//! not asked for. Knows nothing of listening, nor of how the server is reached.

mod answers;
mod link;
mod requests;
mod way;

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep, timeout};

pub(super) use self::link::Dialing;
use self::link::Link;
use self::way::Way;
use super::fields::Fields;
use super::front::Front;
use super::instances::{Busy, Instances};
use super::observation::{Notes, Numbers};
use super::refusal::Refusal;
use super::ruled::Desk;
use super::stall::Finding;
use super::upstream::Upstream;
use crate::proxy::Observer;
use crate::trace::{ExchangeId, Fact, HttpEnd};
use crate::wire::Direction;
use crate::wire::http::Body;

/// What all connections share.
pub(super) struct Shared {
    pub(super) front: Front,
    pub(super) instances: Arc<Instances>,
    /// Whether messages have to be understood: then connections go elsewhere at their next request.
    pub(super) desk: Arc<Desk>,
    /// What the user adds to every request.
    pub(super) fields: Fields,
    pub(super) observer: Observer,
    numbers: Numbers,
}

impl Shared {
    pub(super) fn new(
        front: Front,
        instances: Arc<Instances>,
        fields: Fields,
        observer: Observer,
        (desk, numbers): (Arc<Desk>, Numbers),
    ) -> Self {
        Self { front, instances, desk, fields, observer, numbers }
    }
}

/// The connection to a client.
pub(super) trait Client: AsyncRead + AsyncWrite + Unpin {
    /// Whether it has closed its side, even if what it sent before has not been read yet.
    fn has_closed(&self) -> bool;
    /// Lets the connection end as one that broke.
    fn cut(&self);
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Everything was delivered; the client's side may still be sending.
    Closed,
    /// The client went away.
    ClientLeft,
    /// The server went away within an answer: the client must see that it was cut.
    Abort,
    /// Somebody else serves the client from its next request on.
    Elsewhere,
}

/// A client's connection, and the one to the server that belongs to it. Dropping it in the middle of an exchange cuts
/// the answer, and says so in the recording.
pub(super) struct Connection<C: Client, U, D> {
    shared: Arc<Shared>,
    /// Which connection of ours this is, counted from 1.
    number: u32,
    client: C,
    link: Link<U>,
    /// To which instance of the server the link goes.
    to: usize,
    /// Links to other instances, at rest.
    parked: Vec<(usize, U)>,
    /// Instances that the request under way could not be brought to.
    failed: Vec<usize>,
    /// Where in what is ready for the server it is named.
    named_at: Range<usize>,
    dial: D,
    up: Way,
    down: Way,
    asking: Asking,
    answering: Answering,
    exchange: Option<Exchange>,
    /// The beginning of the request's body, for the id of an answer of ours.
    asked: Vec<u8>,
    /// When to look at a client again that cannot be read on.
    look_again: Option<Pin<Box<Sleep>>>,
    /// When the last piece of the answer under way was read, and how many bytes it had.
    last_piece: Option<(Instant, usize)>,
    /// Whether everything has been acknowledged at once since the request under way was sent.
    is_acknowledging: bool,
    /// The connection ends as soon as what is ready for the client has been delivered.
    is_closing: bool,
    end: Option<End>,
}

/// What comes next from the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asking {
    Head,
    Body(Body),
    /// The rest of a body that the server does not take any more.
    Discarded(Body),
    /// Nothing, until the request has been answered.
    Nothing,
    /// Nothing any more: what comes is for somebody else.
    Elsewhere,
}

/// What comes next from the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answering {
    Nothing,
    Head,
    Body(Body),
}

/// The exchange under way.
struct Exchange {
    id: ExchangeId,
    /// Counts it among the requests of its instance.
    busy: Option<Busy>,
    /// Only this instance can answer it.
    is_bound: bool,
    method: String,
    /// Whether the client means to go on afterwards, and whether the server does.
    client_stays: bool,
    server_stays: bool,
}

/// What is read at once, and what a connection at rest does not keep: one buffer serves all connections of a thread.
const READ_BYTES: usize = 64 * 1024;
/// What of a client's next requests is read while the one under way is not done: its end stands behind it.
const AHEAD_BYTES: usize = 64 * 1024;
/// How often a client that has sent more than that is looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How long a client that we have answered for the last time may take to close: a connection that is closed while it
/// still sends is reset, and the answer may be lost with it (RFC 9112 section 9.6).
const FAREWELL: Duration = Duration::from_secs(2);

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into_boxed_slice());
}

impl<C, U, D> Connection<C, U, D>
where
    C: Client,
    U: Upstream,
    D: FnMut(usize) -> Dialing<U> + Unpin,
{
    pub(super) fn new(shared: Arc<Shared>, number: u32, client: C, dial: D) -> Self {
        let way = |to| Way::new(Notes::new(shared.observer.clone(), to));
        let (up, down) = (way(Direction::ToServer), way(Direction::ToClient));
        Self {
            shared,
            number,
            client,
            link: Link::None,
            to: 0,
            parked: Vec::new(),
            failed: Vec::new(),
            named_at: 0..0,
            dial,
            up,
            down,
            asking: Asking::Head,
            answering: Answering::Nothing,
            exchange: None,
            asked: Vec::new(),
            look_again: None,
            last_piece: None,
            is_acknowledging: false,
            is_closing: false,
            end: None,
        }
    }

    /// Forwards until the connection ends, or is to be served by somebody else: then what has been read ahead is given back.
    pub(super) async fn run(mut self) -> Option<Vec<u8>> {
        let end = std::future::poll_fn(|cx| self.poll(cx)).await;
        if end == End::Elsewhere {
            return Some(std::mem::take(&mut self.up.rest));
        }
        if end == End::Closed {
            let farewell = async {
                self.client.shutdown().await?;
                let mut rest = [0; 4096];
                while self.client.read(&mut rest).await? > 0 {}
                io::Result::Ok(())
            };
            let _ = timeout(FAREWELL, farewell).await;
        }
        None
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            let moved = [
                self.poll_requests(cx),
                self.poll_dialing(cx),
                self.poll_to_server(cx),
                self.poll_answers(cx),
                self.poll_to_client(cx),
            ];
            if self.asking == Asking::Elsewhere && self.down.out.is_empty() {
                self.end.get_or_insert(End::Elsewhere);
            }
            if let Some(end) = self.end {
                return Poll::Ready(end);
            }
            if moved.iter().all(Poll::is_pending) {
                return Poll::Pending;
            }
        }
    }

    /// Reads from the client. What cannot be taken yet is kept, within bounds: behind it may stand the client's end.
    fn poll_requests(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_closing || self.asking == Asking::Elsewhere {
            return Poll::Pending;
        }
        let can_take = self.up.out.is_empty() && self.asking != Asking::Nothing;
        if can_take && !self.up.rest.is_empty() && self.take_requests(&[]) {
            return Poll::Ready(());
        }
        if self.up.rest.len() >= AHEAD_BYTES {
            return self.poll_presence(cx);
        }
        SCRATCH.with_borrow_mut(|scratch| {
            let mut buffer = ReadBuf::new(scratch);
            let read = ready!(Pin::new(&mut self.client).poll_read(cx, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                let is_idle = self.exchange.is_none() && self.up.rest.is_empty();
                self.end = Some(if is_idle { End::Closed } else { End::ClientLeft });
            } else {
                self.up.notes.woke(Instant::now());
                if can_take {
                    self.take_requests(buffer.filled());
                } else {
                    self.up.rest.extend_from_slice(buffer.filled());
                }
            }
            Poll::Ready(())
        })
    }

    /// Whether a client is still there whose end stands behind more than is read ahead.
    fn poll_presence(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.client.has_closed() {
            self.end = Some(End::ClientLeft);
            return Poll::Ready(());
        }
        let look_again = self.look_again.get_or_insert_with(|| Box::pin(sleep(LOOK_AGAIN)));
        ready!(look_again.as_mut().poll(cx));
        self.look_again = None;
        Poll::Ready(())
    }

    fn poll_to_server(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Link::Open(stream) = &mut self.link else { return Poll::Pending };
        match ready!(self.up.poll_write(cx, stream)) {
            // A socket that has just sent goes back to waiting with its acknowledgements.
            Ok(()) => {
                self.is_acknowledging = self.shared.instances.get(self.to).stalls.acknowledges_at_once();
                if self.is_acknowledging {
                    stream.acknowledge_at_once();
                }
            }
            // It may have answered all the same, and says so before it closes.
            Err(_) => self.discard_request(),
        }
        Poll::Ready(())
    }

    fn poll_answers(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_closing || !self.down.out.is_empty() {
            return Poll::Pending;
        }
        SCRATCH.with_borrow_mut(|scratch| {
            let Link::Open(stream) = &mut self.link else { return Poll::Pending };
            let mut buffer = ReadBuf::new(scratch);
            let read = ready!(Pin::new(&mut *stream).poll_read(cx, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                self.on_server_end(read.is_err());
            } else {
                let now = Instant::now();
                self.down.notes.woke(now);
                if self.shared.instances.get(self.to).stalls.acknowledges_at_once() {
                    stream.acknowledge_at_once();
                }
                self.watch_for_stalls(now, buffer.filled().len());
                self.take_answers(buffer.filled());
            }
            Poll::Ready(())
        })
    }

    fn poll_to_client(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match ready!(self.down.poll_write(cx, &mut self.client)) {
            Ok(()) if self.is_closing => self.end = Some(End::Closed),
            Ok(()) if self.exchange.is_none() => {
                self.up.shrink();
                self.down.shrink();
            }
            Ok(()) => {}
            Err(_) => self.end = Some(End::ClientLeft),
        }
        Poll::Ready(())
    }

    /// A piece of an answer has come.
    fn watch_for_stalls(&mut self, now: Instant, len_bytes: usize) {
        let Some(Exchange { id, .. }) = &self.exchange else { return };
        if let Some((before, before_bytes)) = self.last_piece.replace((now, len_bytes))
            && let Some(finding) =
                self.instance().stalls.see(now - before, before_bytes, self.is_acknowledging)
        {
            let (exchange, gap_us) = (*id, u32::try_from((now - before).as_micros()).unwrap_or(u32::MAX));
            let is_removed = finding == Finding::Stalls;
            self.down.notes.now(|| Fact::HttpStall { exchange, gap_us, is_removed });
        }
    }

    /// Answers in the server's place, and ends the connection with that.
    fn refuse(&mut self, refusal: &Refusal) {
        self.link = Link::None;
        self.answering = Answering::Nothing;
        self.discard_request();
        self.is_closing = true;
        refusal.write_head(&mut self.down.out);
        let Some(Exchange { id, .. }) = self.exchange.take() else {
            return self.down.out.extend_from_slice(refusal.body());
        };
        let (status, media) = (refusal.status, refusal.media());
        self.down.notes.fact(|| Fact::HttpResponse {
            exchange: id,
            status,
            media: media.into(),
            session: None,
            encoding: "".into(),
        });
        let begin = self.down.out.len();
        self.down.out.extend_from_slice(refusal.body());
        self.down.notes.data(id, begin..self.down.out.len());
        self.down.notes.last(id);
        self.down.notes.fact(|| Fact::HttpEnd { exchange: id, how: HttpEnd::Refused });
    }

    /// The server cannot answer: the client is told so.
    fn give_up(&mut self, why: &str) {
        let url = self.instance().dialer.target().to_string();
        let refusal = Refusal::unreachable(&url, why, &self.asked);
        self.refuse(&refusal);
    }

    /// The server takes nothing more of the request.
    fn discard_request(&mut self) {
        self.up.notes.forwarded(&self.up.out);
        self.up.clear();
        if let Asking::Body(body) = self.asking {
            self.asking = Asking::Discarded(body);
        }
    }
}

impl<C: Client, U, D> Drop for Connection<C, U, D> {
    fn drop(&mut self) {
        let how = match self.end {
            Some(End::Closed | End::Elsewhere) => HttpEnd::Complete,
            Some(End::ClientLeft) => HttpEnd::ClientLeft,
            Some(End::Abort) => HttpEnd::ServerLeft,
            None => HttpEnd::ProxyLeft,
        };
        let is_cut = self.exchange.is_some() || !self.down.out.is_empty();
        self.up.notes.give_up(how);
        self.down.notes.give_up(how);
        if let Some(Exchange { id, .. }) = self.exchange {
            self.shared.desk.unseen_ended();
            self.down.notes.now(|| Fact::HttpEnd { exchange: id, how });
        }
        if is_cut {
            self.client.cut();
        }
    }
}

impl<C: Client> Client for &mut C {
    fn has_closed(&self) -> bool {
        C::has_closed(self)
    }

    fn cut(&self) {
        C::cut(self);
    }
}

impl Client for TcpStream {
    fn has_closed(&self) -> bool {
        // What the socket is ready for is known without asking the system.
        let ready =
            std::pin::pin!(self.ready(Interest::READABLE)).poll(&mut Context::from_waker(Waker::noop()));
        matches!(ready, Poll::Ready(Ok(ready)) if ready.is_read_closed())
    }

    fn cut(&self) {
        // A socket that refuses is as good as gone.
        let _ = self.set_zero_linger();
    }
}
