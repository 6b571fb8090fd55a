//! The way to the server: which of its instances, over which connection, and what if that cannot be opened.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Instant;

use tokio::io::ReadBuf;

use super::{Client, Connection};
use crate::proxy::http::instances::{Choice, Instance};
use crate::proxy::http::upstream::Upstream;

/// A connection to the server that is coming about.
pub(in crate::proxy::http) type Dialing<U> = Pin<Box<dyn Future<Output = io::Result<U>> + Send>>;

/// The connection to the server.
pub(super) enum Link<U> {
    None,
    Dialing(Dialing<U>),
    Open(U),
}

impl<C, U, D> Connection<C, U, D>
where
    C: Client,
    U: Upstream,
    D: FnMut(usize) -> Dialing<U> + Unpin,
{
    /// The instance of the server that the link goes to.
    pub(super) fn instance(&self) -> &Instance {
        self.shared.instances.get(self.to)
    }

    /// Chooses an instance for a request of this session.
    pub(super) fn turn_to(&mut self, session: Option<&[u8]>) {
        self.failed.clear();
        if let Some(choice) = self.shared.instances.choose(session, Instant::now(), &[]) {
            self.point_at(choice);
        }
    }

    /// Connects, if that is needed. A link that the server has closed in the meantime is none, even if nobody has
    /// noticed yet: what is written to it is lost, and may not be written again.
    pub(super) fn connect(&mut self) {
        if let Link::Open(stream) = &mut self.link
            && !is_at_rest(stream)
        {
            self.link = Link::None;
        }
        if matches!(self.link, Link::None) {
            self.link = match self.unpark() {
                Some(stream) => Link::Open(stream),
                None => Link::Dialing((self.dial)(self.to)),
            };
        }
    }

    pub(super) fn poll_dialing(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Link::Dialing(dialing) = &mut self.link else { return Poll::Pending };
        match ready!(dialing.as_mut().poll(cx)) {
            Ok(stream) => {
                self.instance().worked();
                self.link = Link::Open(stream);
            }
            Err(error) => {
                self.instance().failed(Instant::now());
                if !self.turn_elsewhere() {
                    self.give_up(&error.to_string());
                }
            }
        }
        Poll::Ready(())
    }

    /// The instance cannot be connected to. Nothing of the request has been written: another may have it.
    fn turn_elsewhere(&mut self) -> bool {
        self.failed.push(self.to);
        let Some(choice) = self.choose_again() else { return false };
        self.link = Link::None;
        self.point_at(choice);
        self.rename();
        self.connect();
        true
    }

    fn choose_again(&self) -> Option<Choice> {
        if self.exchange.as_ref().is_none_or(|exchange| exchange.is_bound) {
            return None;
        }
        self.shared.instances.choose(None, Instant::now(), &self.failed)
    }

    fn point_at(&mut self, choice: Choice) {
        if choice.instance != self.to {
            if let Link::Open(stream) = std::mem::replace(&mut self.link, Link::None) {
                self.parked.push((self.to, stream));
            }
            self.to = choice.instance;
        }
        if let Some(exchange) = &mut self.exchange {
            exchange.is_bound = choice.is_bound;
            exchange.busy = Some(self.shared.instances.busy(choice.instance));
        }
    }

    /// The head that is ready names another instance as its host.
    fn rename(&mut self) {
        let authority = self.shared.instances.get(self.to).dialer.target().authority.as_bytes();
        let (begin, end) = (self.named_at.start, self.named_at.start + authority.len());
        let len_bytes = self.named_at.len();
        self.up.out.splice(self.named_at.clone(), authority.iter().copied());
        self.up.notes.shift(authority.len(), len_bytes);
        self.named_at = begin..end;
    }

    /// A link to the instance that is at rest, if the server still holds it open.
    fn unpark(&mut self) -> Option<U> {
        let at = self.parked.iter().position(|(instance, _)| *instance == self.to)?;
        let (_, mut stream) = self.parked.swap_remove(at);
        is_at_rest(&mut stream).then_some(stream)
    }
}

/// Whether a connection is open, and nothing has come over it. What its readiness does not say is not asked.
fn is_at_rest(stream: &mut (impl Upstream + ?Sized)) -> bool {
    let mut byte = [0];
    let cx = &mut Context::from_waker(Waker::noop());
    Pin::new(stream).poll_read(cx, &mut ReadBuf::new(&mut byte)).is_pending()
}
