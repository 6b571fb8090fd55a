//! The thread that plays recordings again under rules that are being written. Sleeps until it is asked; of several texts for
//! one session only the newest is played.

use std::io::{BufWriter, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use super::counting::count_all;
use super::{Files, Herald, News, file_of, spawn};
use crate::insight::Simulation;
use crate::model::Session;
use crate::record::{Bodies, Reader};
use crate::rules::Ruleset;
use crate::tokens::Profile;
use crate::trace::{Event, Place, write_event};
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
    let failed = |error: std::io::Error| format!("the recording cannot be played: {error}");
    let mut reader = Reader::again(file).map_err(|error| error.to_string())?;
    let mut session = Session::new(reader.header().clone());
    let out = tempfile::tempfile().map_err(failed)?;
    let mut writer = BufWriter::new(out.try_clone().map_err(failed)?);
    let (mut offset_bytes, mut line, mut broken) = (0, Vec::new(), None);
    let label = reader.header().label.clone();
    let mut simulation = Simulation::new(&label, &rules, text, stopwatch, |event: &Event<'_>| {
        line.clear();
        write_event(&mut line, event);
        let len_bytes = u32::try_from(line.len().saturating_sub(1)).unwrap_or(u32::MAX);
        session.apply(event, Place { offset_bytes, len_bytes });
        offset_bytes += line.len() as u64;
        if let Err(error) = writer.write_all(&line) {
            broken.get_or_insert(error);
        }
    });
    while !reader.read(READ_BYTES, &mut |event, _| simulation.apply(event)).map_err(failed)?.at_end {}
    let found = simulation.finish();
    writer.flush().map_err(failed)?;
    if let Some(error) = broken {
        return Err(failed(error));
    }
    drop(writer);
    session.end_of_recording();
    count_all(&mut session, &Bodies::of(out), profile.clone());
    Ok(Preview::of(&session, found.stale_count, found.compared))
}

/// Bytes read at a time.
const READ_BYTES: usize = 1024 * 1024;

/// Nanoseconds since the first time it was asked.
fn stopwatch() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}
