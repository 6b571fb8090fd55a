//! What a panel of calls shows while there is nothing to show: no session, one being read, one without traffic.
//!
//! Knows nothing of any one panel.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Cx, welcome};
use crate::ui::widgets::notice::notice;
use crate::ui::widgets::number::grouped;

/// Says why the panel is empty; `nothing` where the sessions are there and have nothing for this panel.
pub fn draw(cx: &Cx<'_>, area: Rect, buf: &mut Buffer, nothing: &str) {
    if cx.sessions.is_empty() {
        return welcome::view(cx, area, buf);
    }
    let is_read = |opened: &&super::Opened<'_>| opened.loaded < 1.0 && opened.playback.is_none();
    if let Some(opened) = cx.sessions.iter().find(is_read) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 100")]
        let percent = (opened.loaded.clamp(0.0, 1.0) * 100.0) as u64;
        let line = format!("Reading the recording of {} … {percent} %", opened.session.header.label);
        notice(area, buf, cx.theme, &[&line]);
        return;
    }
    let is_live = cx.sessions.iter().any(|opened| opened.is_live);
    let frames: u64 = cx.sessions.iter().map(|opened| opened.session.totals().frames).sum();
    let seen = match frames {
        0 => "nothing has passed yet".to_owned(),
        1 => "1 message has passed".to_owned(),
        frames => format!("{} messages have passed", grouped(frames)),
    };
    let is_played = cx.sessions.iter().any(|opened| opened.playback.is_some());
    let when = match (is_played, is_live) {
        (true, _) => "At this moment of the session",
        (false, true) => "The session is live;",
        (false, false) => "The session has ended;",
    };
    notice(area, buf, cx.theme, &[nothing, &format!("{when} {seen}.")]);
}
