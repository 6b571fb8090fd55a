//! Two calls: their figures, and what differs between their arguments and between their results.
//!
//! The messages are asked for when they are drawn, and compared once, away from the drawing. Knows nothing of how messages are
//! compared.

use ratatui::text::Line;

use super::CallOf;
use super::figures::{self, Seen};
use super::messages::Part;
use super::view::folded;
use super::work::{Found, Order, Ticket, What};
use crate::model::Operation;
use crate::trace::Place;
use crate::ui::fetched::Answer;
use crate::ui::panels::{Cx, OpenId};
use crate::ui::theme::Role;

/// Two calls on screen.
#[derive(Debug)]
pub(super) struct Calls {
    calls: [CallOf; 2],
    parts: [Compared; 2],
}

/// The part of both messages that is compared.
#[derive(Debug, Default)]
struct Compared {
    /// The messages: a call that is running gets its answer later.
    of: Option<[Place; 2]>,
    state: State,
}

/// How far the comparison of a part is.
#[derive(Debug, Default)]
enum State {
    /// The messages are not there yet.
    #[default]
    Reading,
    /// Its order waits to be taken away.
    Ordered(Order),
    /// Somebody is at it.
    Comparing(Ticket),
    /// This came of it.
    Found(Vec<Found>),
}

impl Calls {
    pub(super) fn new(calls: [CallOf; 2]) -> Self {
        Self { calls, parts: [Compared::default(), Compared::default()] }
    }

    /// What is to be compared.
    pub(super) fn orders(&mut self) -> impl Iterator<Item = Order> {
        self.parts.iter_mut().filter_map(|compared| match std::mem::take(&mut compared.state) {
            State::Ordered(order) => {
                compared.state = State::Comparing(order.ticket.clone());
                Some(order)
            }
            state => {
                compared.state = state;
                None
            }
        })
    }

    /// Takes what came of an order.
    pub(super) fn put(&mut self, ticket: &Ticket, found: Vec<Found>) {
        let is_waiting = |state: &State| matches!(state, State::Comparing(own) if own == ticket);
        if let Some(compared) = self.parts.iter_mut().find(|compared| is_waiting(&compared.state)) {
            compared.state = State::Found(found);
        }
    }

    /// Everything that is to be said of them.
    pub(super) fn lines(&mut self, cx: &Cx<'_>, width: usize) -> Vec<Line<'static>> {
        let [Some(first), Some(second)] = self.calls.map(|call| seen(call, cx)) else {
            let text = "A session of these calls has been closed.";
            return vec![Line::styled(text, cx.theme.style(Role::Note))];
        };
        for ((session, id), (_, call)) in self.calls.into_iter().zip([first, second]) {
            if call.tokens.is_none() && call.answer().is_some() {
                cx.count_first(session, id);
            }
        }
        let mut out = figures::lines([first, second], width, cx);
        let sessions = self.calls.map(|(session, _)| session);
        for (part, compared) in Part::ALL.into_iter().zip(&mut self.parts) {
            out.push(Line::default());
            out.push(Line::styled(part.title(), cx.theme.style(Role::Heading)));
            match compared.look(part, sessions, [first.1, second.1], cx) {
                Ok(found) => out.extend(found.iter().flat_map(|found| found.lines(width, cx))),
                Err(why) => out.extend(folded(&why, width, cx.theme.style(Role::Dim))),
            }
        }
        out
    }
}

fn seen<'a>((session, id): CallOf, cx: &Cx<'a>) -> Option<Seen<'a>> {
    let opened = cx.sessions.iter().find(|opened| opened.id == session)?;
    Some((opened, opened.session.operation(id)?))
}

impl Compared {
    /// What was found, or why there is nothing yet.
    fn look(
        &mut self,
        part: Part,
        sessions: [OpenId; 2],
        calls: [&Operation; 2],
        cx: &Cx<'_>,
    ) -> Result<&[Found], String> {
        let halves = match calls.map(|call| part.half(call)) {
            [Some(first), Some(second)] => [first, second],
            [None, Some(_)] => return Err("A has no answer.".to_owned()),
            [Some(_), None] => return Err("B has no answer.".to_owned()),
            [None, None] => return Err("Neither has an answer.".to_owned()),
        };
        let places = halves.map(|half| half.place);
        if self.of != Some(places) {
            *self = Self { of: Some(places), state: State::Reading };
        }
        if let State::Reading = self.state {
            let messages = match [0, 1].map(|side| cx.bodies.get((sessions[side], places[side]))) {
                [Answer::Ready(first), Answer::Ready(second)] => {
                    [(first, halves[0].index), (second, halves[1].index)]
                }
                [Answer::Failed(why), _] | [_, Answer::Failed(why)] => {
                    return Err(format!("Cannot be read: {why}"));
                }
                [Answer::Waiting, _] | [_, Answer::Waiting] => {
                    return Err("The messages are being read.".to_owned());
                }
            };
            let what = What::Messages(part, messages);
            self.state = State::Ordered(Order { ticket: Ticket::new(), what });
        }
        match &self.state {
            State::Found(found) => Ok(found),
            State::Reading | State::Ordered(_) | State::Comparing(_) => {
                Err("The messages are being compared.".to_owned())
            }
        }
    }
}
