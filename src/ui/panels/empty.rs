//! What a panel of calls shows while there is nothing to show: no session, one being read, one without traffic.
//!
//! Knows nothing of any one panel.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Cx, PanelId, welcome};
use crate::ui::keys::Action;
use crate::ui::widgets::notice::notice;
use crate::ui::widgets::number::{counted, grouped, progress};

/// Says why the panel is empty; `nothing` where the sessions are there and have nothing for this panel.
pub fn draw(cx: &Cx<'_>, area: Rect, buf: &mut Buffer, nothing: &str) {
    if cx.sessions.is_empty() && cx.listed.is_empty() {
        return welcome::view(cx, area, buf);
    }
    if cx.sessions.is_empty() {
        let sessions = cx.keys.usual_label(Action::Show(PanelId::Sessions));
        let open = cx.keys.label(Action::Open, PanelId::Sessions);
        let known = counted(cx.listed.len() as u64, "session");
        let how = format!("{sessions} lists {known}; {open} opens one there.");
        return notice(area, buf, cx.theme, &["No session is open", &how]);
    }
    let is_read = |opened: &&super::Opened<'_>| opened.loaded < 1.0 && opened.playback.is_none();
    if let Some(opened) = cx.sessions.iter().find(is_read) {
        let done = progress(opened.loaded);
        let line = format!("Reading the recording of {}: {done}", opened.session.header.label);
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
