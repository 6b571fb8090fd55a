//! Two sessions: waits until both have been read and counted, looks at their calls meanwhile, and has them compared.
//!
//! Compared once and away from the drawing; what came since, a live session is asked for by a key. Knows nothing of what is
//! compared.

use std::path::{Path, PathBuf};

use ratatui::text::Line;

use super::view::folded;
use super::work::{Found, Order, Side, Standing, Ticket, What};
use crate::insight::figures::Look;
use crate::model::Operation;
use crate::ui::panels::{Cx, OpenId, Opened};
use crate::ui::theme::Role;
use crate::ui::widgets::clip;
use crate::ui::widgets::number::percent;

/// Calls of a session that are looked at for one drawing; the rest follows at the next ones.
const CALLS_PER_DRAWING: usize = 100_000;

/// Two sessions on screen.
#[derive(Debug)]
pub(super) struct Sessions {
    paths: [PathBuf; 2],
    state: State,
}

/// How far the comparison is.
#[derive(Debug)]
enum State {
    /// Their calls are being looked at.
    Looking(Box<[Option<Looked>; 2]>),
    /// The order waits to be taken away.
    Ordered(Order),
    /// Somebody is at it.
    Comparing(Ticket),
    /// This came of it.
    Found(Vec<Found>),
}

/// What of a session has been seen.
#[derive(Debug)]
struct Looked {
    session: OpenId,
    /// For which counting of tokens that is so.
    recounts: u32,
    look: Look,
}

impl Sessions {
    pub(super) fn new(paths: [PathBuf; 2]) -> Self {
        Self { paths, state: State::Looking(Box::default()) }
    }

    /// Forgets what was found, so that it is looked for again; not while it is being looked for.
    pub(super) fn look_again(&mut self) {
        if let State::Found(_) = self.state {
            self.state = State::Looking(Box::default());
        }
    }

    /// What is to be compared.
    pub(super) fn orders(&mut self) -> Option<Order> {
        let State::Ordered(order) = &self.state else { return None };
        let comparing = State::Comparing(order.ticket.clone());
        match std::mem::replace(&mut self.state, comparing) {
            State::Ordered(order) => Some(order),
            State::Looking(_) | State::Comparing(_) | State::Found(_) => None,
        }
    }

    /// Takes what came of an order.
    pub(super) fn put(&mut self, ticket: &Ticket, found: Vec<Found>) {
        if matches!(&self.state, State::Comparing(own) if own == ticket) {
            self.state = State::Found(found);
        }
    }

    /// Everything that is to be said of them.
    pub(super) fn lines(&mut self, cx: &Cx<'_>, width: usize) -> Vec<Line<'static>> {
        if let State::Looking(looked) = &mut self.state {
            let [first, second] = &self.paths;
            let [looked_first, looked_second] = &mut **looked;
            match [look(first, looked_first, cx), look(second, looked_second, cx)] {
                [Ok(first), Ok(second)] => {
                    let sides = [(first, looked_first), (second, looked_second)].map(|(opened, looked)| {
                        let look = looked.take().map_or_else(Look::default, |looked| looked.look);
                        let standing = Standing {
                            is_live: opened.is_live,
                            is_played: opened.playback.is_some(),
                            damage: opened.damage.map(str::to_owned),
                        };
                        Side { session: opened.session.abridged(), look, standing }
                    });
                    let what = What::Sessions(Box::new(sides), cx.profile.label);
                    self.state = State::Ordered(Order { ticket: Ticket::new(), what });
                }
                sides => {
                    let waiting = sides.into_iter().filter_map(Result::err);
                    let style = cx.theme.style(Role::Pending);
                    return waiting.flat_map(|text| folded(&text, width, style)).collect();
                }
            }
        }
        match &self.state {
            State::Found(found) => found.iter().flat_map(|found| found.lines(width, cx)).collect(),
            State::Looking(_) | State::Ordered(_) | State::Comparing(_) => {
                folded("The sessions are being compared.", width, cx.theme.style(Role::Pending))
            }
        }
    }
}

/// A session all of whose calls have been read, counted and looked at, or how far that is.
fn look<'a>(path: &Path, looked: &mut Option<Looked>, cx: &Cx<'a>) -> Result<&'a Opened<'a>, String> {
    let Some(opened) = cx.sessions.iter().find(|opened| opened.path == path) else {
        *looked = None;
        if cx.has_searched && cx.listed.iter().all(|listed| listed.path.as_deref() != Some(path)) {
            return Err(format!("{} is not there any more.", clip::visible(&path.display().to_string())));
        }
        return Err(format!("{} is being opened.", clip::visible(&path.display().to_string())));
    };
    let recounts = opened.session.recounts();
    let seen = looked.take().filter(|looked| looked.session == opened.id && looked.recounts == recounts);
    let seen = seen.unwrap_or_else(|| Looked { session: opened.id, recounts, look: Look::default() });
    let look = &mut looked.insert(seen).look;
    look.further(opened.session, CALLS_PER_DRAWING, |at, call| is_settled(at, call, opened));
    let label = clip::visible(&opened.session.header.label);
    if opened.loaded < 1.0 && !goes_on(opened) {
        return Err(format!("{label} is being read: {}.", share(opened.loaded)));
    }
    let calls = opened.session.operations();
    match calls.get(look.seen()) {
        None => Ok(opened),
        Some(next) => {
            if is_settled(look.seen(), next, opened) {
                cx.go_on();
            }
            let done = look.seen() as f64 / calls.len() as f64;
            Err(format!("Tokens of {label} are being counted: {}.", share(done)))
        }
    }
}

/// Whether it is compared as it is now: it is live, or played.
fn goes_on(opened: &Opened<'_>) -> bool {
    opened.is_live || opened.playback.is_some()
}

/// Whether nothing more is to be learnt of a call. A session that goes on always has answers that are not counted yet; they are
/// taken as they are.
fn is_settled(at: usize, call: &Operation, opened: &Opened<'_>) -> bool {
    goes_on(opened) || call.tokens.is_some() || at < opened.counted_calls as usize
}

fn share(of_one: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1,000")]
    let thousandths = (of_one.clamp(0.0, 1.0) * 1_000.0) as u64;
    percent(thousandths, 1_000)
}
