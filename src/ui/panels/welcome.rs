//! What is shown when there is nothing to show: how to put mcptop in front of a server.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::{CopyWhat, Copyable, Cx, PanelId};
use crate::ui::keys::Action;
use crate::ui::theme::Role;

/// What is to be pasted into the settings of Claude Desktop.
pub const SNIPPET: &str = r#"{
  "mcpServers": {
    "files": {
      "command": "mcptop",
      "args": ["wrap", "--", "npx", "-y",
        "@modelcontextprotocol/server-filesystem", "."]
    }
  }
}"#;

/// Where Claude Desktop keeps its settings on this platform.
#[must_use]
pub fn settings_file() -> &'static str {
    if cfg!(target_os = "macos") {
        "~/Library/Application Support/Claude/claude_desktop_config.json"
    } else if cfg!(windows) {
        r"%APPDATA%\Claude\claude_desktop_config.json"
    } else {
        "~/.config/Claude/claude_desktop_config.json"
    }
}

/// The same, to be copied.
#[must_use]
pub fn copyable() -> Copyable {
    Copyable { name: "lines for Claude Desktop", what: CopyWhat::Text(SNIPPET.to_owned()) }
}

/// Draws it.
pub fn view(cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let style = |role| cx.theme.style(role);
    let plain = |text: &'static str| Line::styled(text, style(Role::Text));
    let key = |key: String| Span::styled(key, style(Role::Key));
    let is_high = area.height >= 20;
    let mut lines = Vec::new();
    if is_high {
        lines.push(Line::styled("No session yet", style(Role::Title)));
        lines.push(Line::default());
    }
    lines.push(plain("Put mcptop in front of the servers of a client:"));
    let others = if area.width < 76 { "" } else { "    others: mcptop clients" };
    lines.push(Line::from(vec![
        Span::styled("  mcptop clients wrap claude-desktop --all", style(Role::Key)),
        Span::styled(others, style(Role::Dim)),
    ]));
    lines.push(plain("Then quit the client, not only its window, and restart it."));
    if is_high {
        lines.push(plain("Its sessions appear here by themselves, live, and stay as recordings."));
        lines.push(Line::default());
    }
    lines.push(plain("Or by hand, `mcptop wrap --` before a server's command:"));
    lines.push(Line::styled(settings_file(), style(Role::Accent)));
    // On a small screen the enclosing braces give way; they are copied all the same.
    let (before, taken, indent) = if is_high { (0, usize::MAX, 0) } else { (2, 4, 4) };
    let shown = SNIPPET.lines().skip(before).take(taken).map(|line| line.get(indent..).unwrap_or_default());
    lines.extend(shown.map(|line| Line::styled(format!("  {line}"), style(Role::JsonString))));
    if is_high {
        lines.push(Line::default());
    }
    lines.push(Line::from(vec![
        key(cx.keys.label(Action::Copy, PanelId::Sessions)),
        Span::styled(" copies the lines   ", style(Role::Text)),
        key("mcptop demo".to_owned()),
        Span::styled(" plays a recorded session", style(Role::Text)),
    ]));
    let indent = if area.width > 100 { (area.width - 90) / 2 } else { 1 };
    let top = if is_high { area.height.saturating_sub(24) / 3 } else { 0 };
    for (line, row) in lines.into_iter().zip(0..area.height.saturating_sub(top)) {
        let place = Rect { x: area.x + indent, y: area.y + top + row, width: area.width - indent, height: 1 };
        line.render(place, buf);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_pasted_is_json_and_wraps_a_server() {
        let value: serde_json::Value = serde_json::from_str(SNIPPET).unwrap();
        assert_eq!(value.pointer("/mcpServers/files/command").unwrap(), "mcptop");
        assert_eq!(value.pointer("/mcpServers/files/args/0").unwrap(), "wrap");
    }
}
