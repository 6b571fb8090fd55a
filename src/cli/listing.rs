//! The sessions of this machine as a plain table, for when there is no terminal to draw on.

use std::fmt::Write as _;

use crate::record::Listed;
use crate::ui::widgets::number::bytes;

/// A line per session, live ones first, then the newest; a hint where there is none. Ends with a newline.
pub(super) fn table(listed: &[Listed]) -> String {
    if listed.is_empty() {
        return "no sessions yet: put `mcptop wrap --` in front of a server's command, or try `mcptop demo`\n".to_owned();
    }
    let width = listed.iter().map(|session| session.header.label.chars().count()).max().unwrap_or(0).max(5);
    let mut text =
        format!("{:20} {:8} {:width$} {:>8}  recording\n", "started (UTC)", "state", "label", "size");
    for session in listed {
        let started = session.header.started.strftime("%Y-%m-%d %H:%M:%S");
        let state = if session.live.is_some() { "live" } else { "ended" };
        let path = session
            .path
            .as_ref()
            .map_or_else(|| "not recorded".to_owned(), |path| path.display().to_string());
        let size = bytes(session.size_bytes);
        let _ = writeln!(text, "{started:20} {state:8} {:width$} {size:>8}  {path}", session.header.label);
    }
    text
}
