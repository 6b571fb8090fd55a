//! The thread that tries a rule that is being made on recorded messages. Sleeps until it is asked; of several rules only the
//! newest is tried.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use super::counting::text_of;
use super::{Files, Herald, News, file_of, spawn};
use crate::insight::{Preview, preview, preview_list};
use crate::record::Bodies;
use crate::tokens::{Counter, Effort, Profile};
use crate::ui::fetched::Answer;
use crate::ui::pointed::Trial;

/// Rules that wait to be tried; a key held down makes a few.
const ORDERS_MAX: usize = 64;

/// A rule, and the family of models that tokens are counted for.
pub(super) type Order = (Arc<Trial>, Profile);

pub(super) fn start(herald: &Herald, files: Files) -> SyncSender<Order> {
    let (orders, taken) = sync_channel::<Order>(ORDERS_MAX);
    let speaker = herald.clone();
    spawn("mcptop-try", herald, move || {
        let mut counter = Counter::new(Effort::Worker);
        while let Ok(order) = taken.recv() {
            let (trial, profile) = taken.try_iter().last().unwrap_or(order);
            let tried = match file_of(&files, trial.session) {
                Some(file) => tried(&file, &trial, (&mut counter, &profile)),
                None => Err("this session has been closed".to_owned()),
            };
            let answer = match tried {
                Ok(preview) => Answer::Ready(Arc::new(preview)),
                Err(why) => Answer::Failed(why.into()),
            };
            speaker.tell(News::Tried(trial, answer));
        }
    });
    orders
}

fn tried(file: &Bodies, trial: &Trial, scale: (&mut Counter, &Profile)) -> Result<Preview, String> {
    let unread = || "its messages cannot be read any more".to_owned();
    let lists: Vec<Vec<u8>> = trial.lists.iter().filter_map(|place| file.load(*place).ok()).collect();
    let Some((request, answer)) = &trial.call else {
        return Ok(preview_list(scale, &trial.label, &trial.rule, &lists));
    };
    let text = |half| text_of(file, half).ok_or_else(unread);
    let (request, answer) = (text(request)?, text(answer)?);
    Ok(preview(scale, &trial.label, &trial.rule, &lists, request.as_bytes(), answer.as_bytes()))
}
