//! The thread that reads single messages again because they are shown. Sleeps until it is asked.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use super::{Files, Herald, News, file_of, spawn};
use crate::trace::Place;
use crate::ui::fetched::Answer;
use crate::ui::panels::OpenId;

/// Messages that wait to be read.
const ORDERS_MAX: usize = 512;

/// A message to be read.
pub(super) struct Order(pub(super) (OpenId, Place));

pub(super) fn start(herald: &Herald, files: Files) -> SyncSender<Order> {
    let (orders, taken) = sync_channel::<Order>(ORDERS_MAX);
    let speaker = herald.clone();
    spawn("mcptop-fetch", herald, move || {
        for Order(key) in taken {
            let answer = match file_of(&files, key.0).map(|file| file.load(key.1)) {
                Some(Ok(text)) => Answer::Ready(Arc::new(text)),
                Some(Err(error)) => Answer::Failed(format!("this message cannot be read: {error}").into()),
                None => Answer::Failed("this session has been closed".into()),
            };
            speaker.tell(News::Body(key, answer));
        }
    });
    orders
}
