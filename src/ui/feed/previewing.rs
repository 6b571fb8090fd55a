//! The thread that plays recordings again under rules that are being written. Sleeps until it is asked; of several texts for
//! one session only the newest is played.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::passes::through;
use super::played::{Played, stopwatch};
use super::{Files, Herald, News, file_of, spawn};
use crate::insight::Simulation;
use crate::record::{Bodies, Reader};
use crate::rules::Ruleset;
use crate::tokens::Profile;
use crate::trace::Event;
use crate::ui::fetched::Answer;
use crate::ui::panels::OpenId;
use crate::ui::preview::Preview;

/// Texts that wait to be played; further ones are asked for again at a later drawing.
const ORDERS_MAX: usize = 64;

/// Rules to be played, and the family of models that tokens are counted for.
pub(super) struct Order {
    pub(super) session: OpenId,
    pub(super) text: Arc<str>,
    pub(super) profile: Profile,
}

pub(super) fn start(herald: &Herald, files: Files) -> SyncSender<Order> {
    let (orders, taken) = sync_channel::<Order>(ORDERS_MAX);
    let speaker = herald.clone();
    spawn("mcptop-preview", herald, move || {
        while let Ok(order) = taken.recv() {
            for order in newest(order, &taken) {
                let answer = match file_of(&files, order.session) {
                    Some(file) => preview(&file, &order.text, &order.profile),
                    None => Answer::Failed("this session has been closed".into()),
                };
                speaker.tell(News::Previewed(order.session, order.text, answer));
            }
        }
    });
    orders
}

/// What waits, the newest of each session.
fn newest(first: Order, taken: &Receiver<Order>) -> Vec<Order> {
    let mut waiting = vec![first];
    while let Ok(order) = taken.try_recv() {
        waiting.retain(|older| older.session != order.session);
        waiting.push(order);
    }
    waiting
}

/// What rules would have saved in a recording.
#[must_use]
pub fn preview(file: &Bodies, text: &str, profile: &Profile) -> Answer<Preview> {
    match play(file, text, profile) {
        Ok(preview) => Answer::Ready(Arc::new(preview)),
        Err(why) => Answer::Failed(why.into()),
    }
}

/// Plays the recording under the rules into an unnamed file, and counts what comes out.
fn play(file: &Bodies, text: &str, profile: &Profile) -> Result<Preview, String> {
    let rules = Ruleset::parse(text).map_err(|problem| problem.to_string())?;
    let mut reader = Reader::again(file).map_err(|error| error.to_string())?;
    let mut played = Played::new(reader.header(), None, profile.clone())?;
    let label = reader.header().label.clone();
    let mut simulation = Simulation::new(&label, &rules, text, stopwatch, |event| played.take(event));
    let see = |event: &Event<'_>, _| {
        simulation.apply(event);
        ControlFlow::Continue(())
    };
    through(&mut reader, see, |_| ()).map_err(|error| format!("the recording cannot be played: {error}"))?;
    let found = simulation.finish();
    Ok(Preview::of(&played.finish()?, found.stale_count, found.compared))
}
