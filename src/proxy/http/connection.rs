//! One client connection from its first request to its end: a machine that is polled, and owns both its sockets.
//!
//! Both directions move within one task, neither waits for the other, and what one side does not take the other is
//! not asked for. Knows nothing of listening, nor of how the server is reached.

mod answers;
mod requests;

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::fields::Fields;
use super::front::Front;
use super::observation::Notes;
use super::refusal::Refusal;
use super::stall::{Finding, Stalls};
use super::target::Target;
use super::upstream::Upstream;
use crate::proxy::Observer;
use crate::trace::{ExchangeId, Fact, HttpEnd};
use crate::wire::Direction;
use crate::wire::http::Body;

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) front: Front,
    /// What the server is called in the `Host` field.
    pub(super) authority: String,
    /// What the server is called in messages.
    pub(super) url: String,
    /// What the user adds to every request.
    pub(super) fields: Fields,
    pub(super) observer: Observer,
    stalls: Stalls,
    exchanges: AtomicU32,
}

impl Shared {
    pub(super) fn new(front: Front, target: &Target, fields: Fields, observer: Observer) -> Self {
        let (authority, url) = (target.authority.clone(), target.to_string());
        Self {
            front,
            authority,
            url,
            fields,
            observer,
            stalls: Stalls::default(),
            exchanges: AtomicU32::new(0),
        }
    }

    fn next_exchange(&self) -> ExchangeId {
        ExchangeId(self.exchanges.fetch_add(1, Ordering::Relaxed).wrapping_add(1))
    }
}

/// A connection to the server that is coming about.
pub(super) type Dialing<U> = Pin<Box<dyn Future<Output = io::Result<U>> + Send>>;

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Everything was delivered; the client's side may still be sending.
    Closed,
    /// The client went away.
    ClientLeft,
    /// The server went away within an answer: the client must see that it was cut.
    Abort,
}

/// A client's connection, and the one to the server that belongs to it.
pub(super) struct Connection<C, U, D> {
    shared: Arc<Shared>,
    /// Which connection of ours this is, counted from 1.
    number: u32,
    client: C,
    link: Link<U>,
    dial: D,
    up: Way,
    down: Way,
    asking: Asking,
    answering: Answering,
    exchange: Option<Exchange>,
    /// When the last piece of the answer under way was read, and how many bytes it had.
    last_piece: Option<(Instant, usize)>,
    /// Whether everything has been acknowledged at once since the request under way was sent.
    is_acknowledging: bool,
    /// The connection ends as soon as what is ready for the client has been delivered.
    is_closing: bool,
    end: Option<End>,
}

/// The connection to the server.
enum Link<U> {
    None,
    Dialing(Dialing<U>),
    Open(U),
}

/// One direction: what could not be understood yet, and what is ready to be written.
struct Way {
    rest: Vec<u8>,
    out: Vec<u8>,
    out_at: usize,
    notes: Notes,
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
    method: String,
    /// Whether the client means to go on afterwards, and whether the server does.
    client_stays: bool,
    server_stays: bool,
}

/// What is read at once, and what a connection at rest does not keep: one buffer serves all connections of a thread.
const READ_BYTES: usize = 64 * 1024;
/// What may stay allocated for what was written.
const KEEP_BYTES: usize = 16 * 1024;

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into_boxed_slice());
}

impl<C, U, D> Connection<C, U, D>
where
    C: AsyncRead + AsyncWrite + Unpin,
    U: Upstream,
    D: FnMut() -> Dialing<U> + Unpin,
{
    pub(super) fn new(shared: Arc<Shared>, number: u32, client: C, dial: D) -> Self {
        let way = |to| Way {
            rest: Vec::new(),
            out: Vec::new(),
            out_at: 0,
            notes: Notes::new(shared.observer.clone(), to),
        };
        let (up, down) = (way(Direction::ToServer), way(Direction::ToClient));
        Self {
            shared,
            number,
            client,
            link: Link::None,
            dial,
            up,
            down,
            asking: Asking::Head,
            answering: Answering::Nothing,
            exchange: None,
            last_piece: None,
            is_acknowledging: false,
            is_closing: false,
            end: None,
        }
    }

    /// Forwards until the connection ends; gives the client's side back.
    pub(super) async fn run(mut self) -> (C, End) {
        let end = std::future::poll_fn(|cx| self.poll(cx)).await;
        let how = match end {
            End::Closed => HttpEnd::Complete,
            End::ClientLeft => HttpEnd::ClientLeft,
            End::Abort => HttpEnd::ServerLeft,
        };
        self.up.notes.give_up(how);
        self.down.notes.give_up(how);
        if let Some(Exchange { id, .. }) = self.exchange {
            self.down.notes.now(|| Fact::HttpEnd { exchange: id, how });
        }
        (self.client, end)
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
            if let Some(end) = self.end {
                return Poll::Ready(end);
            }
            if moved.iter().all(Poll::is_pending) {
                return Poll::Pending;
            }
        }
    }

    /// Reads from the client, unless something has to go on first. Its end is seen at any time.
    fn poll_requests(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_closing
            || !self.up.out.is_empty()
            || (self.asking == Asking::Nothing && !self.up.rest.is_empty())
        {
            return Poll::Pending;
        }
        if self.asking == Asking::Head && !self.up.rest.is_empty() && self.take_requests(&[]) {
            return Poll::Ready(());
        }
        SCRATCH.with_borrow_mut(|scratch| {
            let mut buffer = ReadBuf::new(scratch);
            let read = ready!(Pin::new(&mut self.client).poll_read(cx, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                let is_idle = self.exchange.is_none() && self.up.rest.is_empty();
                self.end = Some(if is_idle { End::Closed } else { End::ClientLeft });
            } else {
                self.up.notes.woke(Instant::now());
                self.take_requests(buffer.filled());
            }
            Poll::Ready(())
        })
    }

    fn poll_dialing(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Link::Dialing(dialing) = &mut self.link else { return Poll::Pending };
        match ready!(dialing.as_mut().poll(cx)) {
            Ok(stream) => self.link = Link::Open(stream),
            Err(error) => self.give_up(&error.to_string()),
        }
        Poll::Ready(())
    }

    fn poll_to_server(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Link::Open(stream) = &mut self.link else { return Poll::Pending };
        match ready!(self.up.poll_write(cx, stream)) {
            // A socket that has just sent goes back to waiting with its acknowledgements.
            Ok(()) => {
                self.is_acknowledging = self.shared.stalls.acknowledges_at_once();
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
                if self.shared.stalls.acknowledges_at_once() {
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
            Ok(()) => {}
            Err(_) => self.end = Some(End::ClientLeft),
        }
        Poll::Ready(())
    }

    /// A piece of an answer has come.
    fn watch_for_stalls(&mut self, now: Instant, len_bytes: usize) {
        let Some(Exchange { id, .. }) = &self.exchange else { return };
        if let Some((before, before_bytes)) = self.last_piece.replace((now, len_bytes))
            && let Some(finding) = self.shared.stalls.see(now - before, before_bytes, self.is_acknowledging)
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
        });
        let begin = self.down.out.len();
        self.down.out.extend_from_slice(refusal.body());
        self.down.notes.data(id, begin..self.down.out.len());
        self.down.notes.last(id);
        self.down.notes.fact(|| Fact::HttpEnd { exchange: id, how: HttpEnd::Refused });
    }

    /// The server cannot answer: the client is told so.
    fn give_up(&mut self, why: &str) {
        let end_of_head =
            memchr::memmem::find(&self.up.out, b"\r\n\r\n").map_or(self.up.out.len(), |at| at + 4);
        let refusal = Refusal::unreachable(&self.shared.url, why, &self.up.out[end_of_head..]);
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

impl Way {
    /// Writes what is ready; `Pending` also if there is nothing.
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Poll<io::Result<()>> {
        if self.out.is_empty() {
            return Poll::Pending;
        }
        while self.out_at < self.out.len() {
            match ready!(Pin::new(&mut *to).poll_write(cx, &self.out[self.out_at..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.out_at += written,
            }
        }
        ready!(Pin::new(to).poll_flush(cx))?;
        self.notes.forwarded(&self.out);
        self.clear();
        Poll::Ready(Ok(()))
    }

    fn clear(&mut self) {
        self.out.clear();
        self.out.shrink_to(KEEP_BYTES);
        self.out_at = 0;
    }

    /// Takes the bytes of a body as they came, and notes which of them are data.
    fn take_body(
        &mut self,
        body: &mut Body,
        bytes: &[u8],
        exchange: ExchangeId,
    ) -> Result<usize, crate::wire::http::BodyError> {
        let begin = self.out.len();
        let taken = if self.notes.is_on() {
            let notes = &mut self.notes;
            body.take(bytes, |data| {
                // The data is a piece of `bytes`, which are forwarded as they are.
                let at = begin + (data.as_ptr().addr() - bytes.as_ptr().addr());
                notes.data(exchange, at..at + data.len());
            })?
        } else {
            body.take(bytes, |_| ())?
        };
        self.out.extend_from_slice(&bytes[..taken]);
        if body.is_over() {
            self.notes.last(exchange);
        }
        Ok(taken)
    }
}
