//! A stream of messages to a client: what is said on it is kept until it has been read, and some of it longer, so that a
//! stream that broke off can be taken up again.
//!
//! Knows nothing of sessions, nor of what messages say.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use crate::proxy::http::gear::{Cut, Piece};

/// What may wait for a reader before whoever writes has to wait as well.
const UNREAD_BYTES_MAX: usize = 1024 * 1024;
/// How far a reader may be behind where others must not wait for it.
const BEHIND_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Messages that are kept for a reader that may come back, and what they may take.
const KEPT_MAX: usize = 256;
const KEPT_BYTES_MAX: usize = 1024 * 1024;
/// The same for one that has not been there for some of them: more than the longest answer.
const AWAITED_BYTES_MAX: usize = 72 * 1024 * 1024;

/// A stream.
#[derive(Debug)]
pub(super) struct Stream {
    /// Its number within its session.
    pub(super) key: u64,
    /// Only answers may go here: the client takes no events.
    pub(super) answers_only: bool,
    state: Mutex<State>,
    /// There is room again for more.
    room: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// What is kept; the first one has the number `first`, counted from 1.
    messages: VecDeque<Piece>,
    first: u64,
    /// What a reader has not taken yet begins here.
    unread: u64,
    kept_bytes: usize,
    unread_bytes: usize,
    /// Requests that are not answered yet.
    unanswered: usize,
    /// Not for answers: it has no end of its own.
    is_standing: bool,
    /// Its reader was too slow for the others.
    is_cut: bool,
    /// The reader that is there, if any.
    reader: Option<u64>,
    readers: u64,
    waker: Option<Waker>,
}

impl Stream {
    /// The stream of so many requests.
    pub(super) fn of_requests(key: u64, unanswered: usize, answers_only: bool) -> Arc<Self> {
        Self::new(key, answers_only, State { unanswered, ..State::default() })
    }

    /// A stream of what the server says on its own.
    pub(super) fn standing(key: u64) -> Arc<Self> {
        Self::new(key, false, State { is_standing: true, ..State::default() })
    }

    fn new(key: u64, answers_only: bool, state: State) -> Arc<Self> {
        let state = Mutex::new(State { first: 1, unread: 1, ..state });
        Arc::new(Self { key, answers_only, state, room: Notify::new() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says something on it.
    pub(super) fn push(&self, piece: Piece) {
        self.add(piece, false);
    }

    /// Says the answer to one of its requests; with the last of them it ends.
    pub(super) fn answer(&self, piece: Piece) {
        self.add(piece, true);
    }

    fn add(&self, piece: Piece, is_answer: bool) {
        let mut state = self.lock();
        state.kept_bytes += piece.bytes.len();
        state.unread_bytes += piece.bytes.len();
        state.messages.push_back(piece);
        state.unanswered -= usize::from(is_answer && state.unanswered > 0);
        state.forget();
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }

    /// Nothing more will be said.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        (state.unanswered, state.is_standing) = (0, false);
        state.waker.take().into_iter().for_each(Waker::wake);
    }

    /// Breaks it off: its reader is too slow for the others.
    pub(super) fn cut(&self) {
        let mut state = self.lock();
        state.is_cut = true;
        state.waker.take().into_iter().for_each(Waker::wake);
    }

    /// Whether somebody reads it.
    pub(super) fn is_read(&self) -> bool {
        self.lock().reader.is_some()
    }

    /// Whether it is for what the server says on its own.
    pub(super) fn is_standing(&self) -> bool {
        self.lock().is_standing
    }

    /// Whether nothing more will be said.
    pub(super) fn is_over(&self) -> bool {
        self.lock().is_over()
    }

    /// Whether its reader has more to read than the last message, and that is much.
    pub(super) fn is_crowded(&self) -> bool {
        self.is_behind(UNREAD_BYTES_MAX)
    }

    /// Whether its reader is so far behind that it will hardly catch up.
    pub(super) fn is_left_behind(&self) -> bool {
        self.is_behind(BEHIND_BYTES_MAX)
    }

    fn is_behind(&self, limit_bytes: usize) -> bool {
        let state = self.lock();
        let last_bytes = state.messages.back().map_or(0, |piece| piece.bytes.len());
        // Answers that are waited for all together are read when the last of them is there.
        !self.answers_only
            && state.reader.is_some()
            && !state.is_cut
            && state.unread_bytes.saturating_sub(last_bytes) > limit_bytes
    }

    /// Waits until its reader has caught up, or is gone.
    pub(super) async fn room(&self) {
        loop {
            let room = self.room.notified();
            if !self.is_crowded() {
                return;
            }
            room.await;
        }
    }

    /// What nobody has read; it is not kept here any more.
    pub(super) fn take_unread(&self) -> Vec<Piece> {
        let mut state = self.lock();
        let read = usize::try_from(state.unread - state.first).unwrap_or(usize::MAX);
        let at = read.min(state.messages.len());
        let unread: Vec<_> = state.messages.split_off(at).into();
        state.kept_bytes -= unread.iter().map(|piece| piece.bytes.len()).sum::<usize>();
        state.unread_bytes = 0;
        unread
    }

    /// Reads it from now on, from the first message behind the one with this number; whoever read it before is cut off.
    pub(super) fn read_behind(self: &Arc<Self>, number: u64) -> Reader {
        let mut state = self.lock();
        state.readers += 1;
        state.reader = Some(state.readers);
        state.is_cut = false;
        state.unread = (number + 1).clamp(state.first, state.first + state.messages.len() as u64);
        let skipped = usize::try_from(state.unread - state.first).unwrap_or(usize::MAX);
        state.unread_bytes = state.messages.iter().skip(skipped).map(|piece| piece.bytes.len()).sum();
        state.waker.take().into_iter().for_each(Waker::wake);
        Reader { stream: self.clone(), number: state.readers }
    }
}

impl State {
    fn is_over(&self) -> bool {
        self.unanswered == 0 && !self.is_standing
    }

    /// Lets go of what a reader that comes back can do without.
    fn forget(&mut self) {
        while let Some(oldest) = self.messages.front() {
            let is_read = self.first < self.unread;
            let is_too_much = self.messages.len() > KEPT_MAX || self.kept_bytes > KEPT_BYTES_MAX;
            let is_lost = self.reader.is_none() && self.kept_bytes > AWAITED_BYTES_MAX;
            if !(is_read && is_too_much || is_lost) {
                return;
            }
            let len_bytes = oldest.bytes.len();
            self.messages.pop_front();
            self.kept_bytes -= len_bytes;
            if !is_read {
                self.unread += 1;
                self.unread_bytes -= len_bytes;
            }
            self.first += 1;
        }
    }
}

/// Who reads a stream. Dropped, it is gone.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) stream: Arc<Stream>,
    number: u64,
}

/// What there was when a stream was first looked at.
#[derive(Debug)]
pub(super) enum First {
    /// Every answer, and nothing else.
    Answers(Vec<Piece>),
    /// Something else, or nothing yet.
    More,
}

impl Reader {
    /// The next message with its number; `None` at the end.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<(u64, Piece), Cut>>> {
        let mut state = self.stream.lock();
        if state.is_cut || state.reader != Some(self.number) {
            return Poll::Ready(Some(Err(Cut)));
        }
        let number = state.unread;
        let at = usize::try_from(number - state.first).unwrap_or(usize::MAX);
        let Some(piece) = state.messages.get(at).cloned() else {
            if state.is_over() {
                return Poll::Ready(None);
            }
            state.waker = Some(cx.waker().clone());
            return Poll::Pending;
        };
        state.unread += 1;
        state.unread_bytes -= piece.bytes.len();
        state.forget();
        drop(state);
        self.stream.room.notify_waiters();
        Poll::Ready(Some(Ok((number, piece))))
    }

    /// Waits until there is something, for so long at most.
    pub(super) async fn first(&self, requests: usize, patience: Duration) -> First {
        let something =
            poll_fn(|cx| self.poll_ready(cx, |state| !state.messages.is_empty() || state.is_over()));
        if timeout(patience, something).await.is_err() {
            return First::More;
        }
        let state = self.stream.lock();
        // A batch's answers come one by one.
        if !state.is_over() || state.messages.len() != requests || state.is_cut {
            return First::More;
        }
        First::Answers(state.messages.iter().cloned().collect())
    }

    /// Waits for every answer.
    pub(super) async fn answers(&self) -> Vec<Piece> {
        poll_fn(|cx| self.poll_ready(cx, State::is_over)).await;
        self.stream.lock().messages.iter().cloned().collect()
    }

    fn poll_ready(&self, cx: &mut Context<'_>, is_ready: impl Fn(&State) -> bool) -> Poll<()> {
        let mut state = self.stream.lock();
        if is_ready(&state) {
            return Poll::Ready(());
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.stream.lock();
        if state.reader == Some(self.number) {
            state.reader = None;
            state.waker = None;
        }
        drop(state);
        self.stream.room.notify_waiters();
    }
}
