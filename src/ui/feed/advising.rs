//! The thread that looks for advice in recordings. Sleeps until it is asked; what nobody wants any more it breaks off.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use super::passes::advise;
use super::{Files, Herald, News, file_of, spawn};
use crate::insight::{Pass, Proposal};
use crate::record::{Bodies, Reader};
use crate::tokens::Profile;
use crate::trace::Place;
use crate::ui::advice::Inquiry;
use crate::ui::fetched::Answer;

/// Inquiries that wait; all but the newest have been given up.
const ORDERS_MAX: usize = 64;

/// A question, and the family of models that tokens are counted for.
pub(super) type Order = (Arc<Inquiry>, Profile);

pub(super) fn start(herald: &Herald, files: Files) -> SyncSender<Order> {
    let (orders, taken) = sync_channel::<Order>(ORDERS_MAX);
    let speaker = herald.clone();
    spawn("mcptop-advice", herald, move || {
        while let Ok((inquiry, profile)) = taken.recv() {
            if inquiry.is_given_up() {
                continue;
            }
            let found = match file_of(&files, inquiry.session) {
                Some(file) => look(&file, &profile, &inquiry, || speaker.changed()),
                None => Err("this session has been closed".to_owned()),
            };
            let answer = match found {
                Ok(None) => continue,
                Ok(Some(proposals)) => Answer::Ready(Arc::new(proposals)),
                Err(why) => Answer::Failed(why.into()),
            };
            speaker.tell(News::Advised(inquiry, answer));
        }
    });
    orders
}

/// What a recording advises; `changed` is called whenever the inquiry is visibly further. `None` if it was given up.
///
/// # Errors
/// If the recording cannot be read, in words for the user.
fn look(
    file: &Bodies,
    profile: &Profile,
    inquiry: &Inquiry,
    changed: impl Fn(),
) -> Result<Option<Vec<Proposal>>, String> {
    let mut reader = Reader::again(file).map_err(|error| error.to_string())?;
    let whole_bytes = reader.len_bytes().max(1);
    let step = |pass: Pass, place: Place| {
        if inquiry.is_given_up() {
            return ControlFlow::Break(());
        }
        if inquiry.is_at(pass, place.offset_bytes as f64 / whole_bytes as f64) {
            changed();
        }
        ControlFlow::Continue(())
    };
    advise(&mut reader, profile, step, |_, _| ())
        .map_err(|error| format!("the recording cannot be read: {error}"))
}

/// What a recording advises, for those that can wait.
#[must_use]
pub fn advice(file: &Bodies, profile: &Profile, inquiry: &Inquiry) -> Answer<Vec<Proposal>> {
    match look(file, profile, inquiry, || ()) {
        Ok(found) => Answer::Ready(Arc::new(found.unwrap_or_default())),
        Err(why) => Answer::Failed(why.into()),
    }
}
