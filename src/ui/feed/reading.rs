//! The thread that reads recordings into models: all opened sessions in turn, in small batches, sleeping in between.
//!
//! A live recording is followed by looking at its length: often while it grows, ever more rarely while it does not.

mod playing;

use std::cell::Cell;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use playing::{Player, Step};

use super::counting::Desk;
use super::{Files, Herald, News, SESSIONS_MAX, spawn};
use crate::model::Session;
use crate::record::{Progress, Reader};
use crate::trace::Micros;
use crate::ui::deck;
use crate::ui::open::{OpenSession, Shared};
use crate::ui::panels::OpenId;

/// How soon a recording that has just grown is looked at again.
const WAIT_MIN: Duration = Duration::from_millis(30);
/// How late one that does not grow is.
const WAIT_MAX: Duration = Duration::from_millis(700);
/// Bytes read of one recording before it is another's turn.
const TURN_BYTES: usize = 1024 * 1024;
/// How long the model is held before the drawing thread gets its chance, even if it has not asked.
const HOLD_MAX: Duration = Duration::from_millis(3);
/// How long the drawing thread is given to take the model once it has asked.
const YIELD: Duration = Duration::from_micros(200);
/// Events between two looks at the clock.
const EVENTS_PER_LOOK: u32 = 64;

pub(super) enum Order {
    Open {
        id: OpenId,
        path: PathBuf,
        is_stream: bool,
        reader: Box<Reader>,
        /// Played so many times faster than it was, if it is.
        speed: Option<f64>,
    },
    /// A time cursor has been moved.
    Look,
    Close(OpenId),
    /// The recordings of all live sessions.
    Living(HashSet<PathBuf>),
    Hold(bool),
}

pub(super) fn start(
    herald: &Herald,
    files: Files,
    counting: Arc<Desk>,
    living: HashSet<PathBuf>,
) -> SyncSender<Order> {
    let (orders, taken) = sync_channel(64);
    let reading =
        Reading { herald: herald.clone(), files, counting, sessions: Vec::new(), living, is_held: false };
    spawn("mcptop-read", herald, move || reading.run(&taken));
    orders
}

struct Reading {
    herald: Herald,
    files: Files,
    counting: Arc<Desk>,
    sessions: Vec<Source>,
    living: HashSet<PathBuf>,
    is_held: bool,
}

/// A recording being read.
struct Source {
    id: OpenId,
    path: PathBuf,
    is_stream: bool,
    reader: Reader,
    shared: Arc<Shared>,
    player: Player,
    /// Nothing more can come; it is kept for its messages only.
    is_over: bool,
    wait: Duration,
}

/// What one turn came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// There is more to read at once.
    More,
    /// Something was read, and for now that is all.
    Grew,
    /// Nothing has happened.
    Quiet,
}

impl Reading {
    fn run(mut self, orders: &Receiver<Order>) {
        loop {
            let mut wait = None::<Duration>;
            if !self.is_held {
                for at in 0..self.sessions.len() {
                    let next = self.turn(at);
                    wait = [wait, next].into_iter().flatten().min();
                }
            }
            let order = match wait {
                Some(wait) => match orders.recv_timeout(wait) {
                    Ok(order) => order,
                    Err(RecvTimeoutError::Timeout) => continue,
                    Err(RecvTimeoutError::Disconnected) => return,
                },
                None => match orders.recv() {
                    Ok(order) => order,
                    Err(_) => return,
                },
            };
            self.take(order);
        }
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Open { id, path, is_stream, reader, speed } => {
                self.open(id, path, is_stream, *reader, speed);
            }
            Order::Look => {}
            Order::Close(id) => self.sessions.retain(|source| source.id != id),
            Order::Living(living) => {
                self.living = living;
                // A session that has just ended may have written its last lines since the last look.
                for source in &mut self.sessions {
                    source.wait = WAIT_MIN;
                }
            }
            Order::Hold(is_held) => self.is_held = is_held,
        }
    }

    fn open(&mut self, id: OpenId, path: PathBuf, is_stream: bool, reader: Reader, speed: Option<f64>) {
        if self.sessions.len() >= SESSIONS_MAX {
            let text = format!("{SESSIONS_MAX} sessions are open; close one first");
            return self.herald.tell(News::Say(text));
        }
        let is_live = is_stream || self.living.contains(&path);
        let shared = Arc::new(Shared::new(Session::new(reader.header().clone()), is_live));
        if let Some(speed) = speed {
            shared.deck.start(speed);
        }
        let bodies = reader.bodies();
        self.files.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(id, bodies);
        self.counting.open(id, shared.clone());
        self.herald.tell(News::Opened(OpenSession { id, path: path.clone(), shared: shared.clone() }));
        let (player, wait) = (Player::default(), WAIT_MIN);
        self.sessions.push(Source { id, path, is_stream, reader, shared, player, is_over: false, wait });
    }

    /// Reads a piece of one recording; returns how long to wait before the next look at it.
    fn turn(&mut self, at: usize) -> Option<Duration> {
        let is_living = self.living.contains(&self.sessions[at].path);
        let source = &mut self.sessions[at];
        if let Some(order) = source.shared.deck.order() {
            return self.play(at, order, is_living);
        }
        if source.is_over {
            return None;
        }
        let turn = match source.read() {
            Ok((turn, at_end)) => {
                source.follow(at_end, is_living);
                if let Some(damage) = source.reader.damaged().in_words().filter(|_| source.is_over) {
                    source.shared.set_damage(damage.clone());
                    self.herald.tell(News::Say(damage));
                }
                turn
            }
            Err(error) => {
                source.is_over = true;
                source.shared.set_live(false);
                let text = format!("cannot read {}: {error}", source.path.display());
                self.herald.tell(News::Say(text));
                Turn::Grew
            }
        };
        if turn != Turn::Quiet || source.is_over {
            self.counting.look();
            self.herald.changed();
        }
        source.wait = match turn {
            Turn::More => Duration::ZERO,
            Turn::Grew => WAIT_MIN,
            Turn::Quiet => (source.wait * 3 / 2).clamp(WAIT_MIN, WAIT_MAX),
        };
        (!source.is_over).then_some(source.wait)
    }
}

impl Reading {
    /// Follows the time cursor of a session that is played; returns how long to wait before the next look at it.
    fn play(&mut self, at: usize, order: deck::Order, is_living: bool) -> Option<Duration> {
        let source = &mut self.sessions[at];
        match source.play(order, is_living) {
            Ok(Step::Rest) => None,
            Ok(step) => {
                self.counting.look();
                self.herald.changed();
                match step {
                    Step::More => Some(Duration::ZERO),
                    // A cursor that is moved meanwhile is an order, and ends the wait.
                    Step::Wait(wait) => Some(wait),
                    Step::Rest => None,
                }
            }
            Err(error) => {
                source.shared.deck.leave();
                source.is_over = true;
                source.shared.set_live(false);
                self.herald.tell(News::Say(format!("cannot read {}: {error}", source.path.display())));
                None
            }
        }
    }
}

impl Source {
    fn read(&mut self) -> std::io::Result<(Turn, bool)> {
        let progress = read_into(&mut self.reader, &self.shared, &|_, _| true)?;
        let turn = match (progress.at_end, progress.bytes) {
            (false, 1..) => Turn::More,
            (true, 1..) => Turn::Grew,
            (_, 0) if progress.events > 0 => Turn::More,
            (_, 0) => Turn::Quiet,
        };
        Ok((turn, progress.at_end))
    }

    /// Says whether the session goes on, and closes the books when it does not.
    fn follow(&mut self, at_end: bool, is_living: bool) {
        let has_ended = self.shared.work().end().is_some();
        let goes_on = if self.is_stream { !at_end } else { is_living };
        self.shared.set_live(goes_on && !has_ended);
        if at_end && !goes_on {
            self.shared.work().end_of_recording();
            let len_bytes = self.reader.len_bytes();
            self.shared.set_progress(len_bytes, len_bytes);
            self.is_over = true;
        }
    }
}

/// Reads a piece of a recording into the model that others look at, up to the first event that is not let through: by its time,
/// and by how many calls have begun before it.
fn read_into(
    reader: &mut Reader,
    shared: &Shared,
    lets_through: &dyn Fn(Micros, usize) -> bool,
) -> std::io::Result<Progress> {
    let mut held = None;
    let mut since = Instant::now();
    let mut events = 0_u32;
    let calls = Cell::new(shared.work().operations().len());
    let progress =
        reader.read_while(TURN_BYTES, &mut |at| lets_through(at, calls.get()), &mut |event, place| {
            events += 1;
            let long = events.is_multiple_of(EVENTS_PER_LOOK) && since.elapsed() > HOLD_MAX;
            if long || shared.is_wanted() {
                held = None;
                if shared.is_wanted() {
                    std::thread::sleep(YIELD);
                }
            }
            let session = held.get_or_insert_with(|| {
                since = Instant::now();
                shared.work()
            });
            session.apply(event, place);
            calls.set(session.operations().len());
        })?;
    drop(held);
    shared.set_progress(reader.position_bytes(), reader.len_bytes());
    Ok(progress)
}
