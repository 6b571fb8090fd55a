//! What `y` puts on the clipboard, and by which commands: values only, the clipboard itself is `run`'s business.

use serde_json::{Value, json};

use crate::trace::{Back, Header};

/// Bytes of text that terminals take through OSC 52; common ones stop at 100,000 bytes of base64.
pub const OSC52_BYTES_MAX: usize = 74_000;

/// A program that fills the local clipboard from its standard input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClipboardCommand {
    /// The program.
    pub program: &'static str,
    /// Its arguments.
    pub arguments: &'static [&'static str],
    /// The environment variable without which it cannot work here.
    needs: Option<&'static str>,
}

/// The known programs, the most specific first.
const CLIPBOARD_COMMANDS: [ClipboardCommand; 5] = [
    ClipboardCommand { program: "wl-copy", arguments: &[], needs: Some("WAYLAND_DISPLAY") },
    ClipboardCommand { program: "xclip", arguments: &["-selection", "clipboard"], needs: Some("DISPLAY") },
    ClipboardCommand { program: "xsel", arguments: &["--clipboard", "--input"], needs: Some("DISPLAY") },
    ClipboardCommand { program: "pbcopy", arguments: &[], needs: None },
    ClipboardCommand { program: "clip.exe", arguments: &[], needs: None },
];

/// The programs worth trying in an environment.
pub fn clipboard_commands(
    variable: impl Fn(&str) -> Option<String>,
) -> impl Iterator<Item = ClipboardCommand> {
    let has = move |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    CLIPBOARD_COMMANDS.into_iter().filter(move |command| command.needs.is_none_or(&has))
}

/// A part of a message, by JSON pointer: a string as its text, anything else as JSON with line breaks. The empty
/// pointer is the whole message. `None` if there is no such part or the message is not JSON.
#[must_use]
pub fn part_of(message: &[u8], pointer: &str) -> Option<String> {
    let value: Value = serde_json::from_slice(message).ok()?;
    match value.pointer(pointer)? {
        Value::String(text) => Some(text.clone()),
        part => serde_json::to_string_pretty(part).ok(),
    }
}

/// A POSIX shell line that starts a fresh copy of the server, opens the protocol and sends a request again. The
/// server's standard input stays open for some seconds, because many servers leave when it closes.
///
/// `None` if the request is not a JSON object.
#[must_use]
pub fn command_line(header: &Header, revision: Option<&str>, request: &[u8]) -> Option<String> {
    let request: Value = serde_json::from_slice(request).ok()?;
    request.as_object()?;
    let initialize = json!({
        "jsonrpc": "2.0",
        "id": "mcptop-initialize",
        "method": "initialize",
        "params": {
            "protocolVersion": revision.unwrap_or(REVISION),
            "capabilities": {},
            "clientInfo": { "name": "mcptop", "version": env!("CARGO_PKG_VERSION") },
        },
    });
    let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let lines = [initialize, initialized, request].map(|line| quoted(&line.to_string()));
    Some(match &header.back {
        back @ Back::Command { .. } => {
            format!("{{ printf '%s\\n' {}; sleep 10; }} | {}", lines.join(" "), back.display())
        }
        Back::Url { url, .. } => over_http(url, revision.unwrap_or(REVISION), &lines),
    })
}

/// The same over HTTP: the answer to `initialize` names the session that the others belong to.
fn over_http(url: &str, revision: &str, [initialize, initialized, request]: &[String; 3]) -> String {
    let post = format!(
        "curl -s {} -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream'",
        quoted(url)
    );
    let session = format!("-H \"Mcp-Session-Id: $session\" -H 'MCP-Protocol-Version: {revision}'");
    format!(
        "session=$({post} -D - -o /dev/null -d {initialize} | tr -d '\\r' | sed -n 's/^mcp-session-id: //Ip'); \
         {post} {session} -d {initialized}; {post} -N {session} -d {request}"
    )
}

/// The revision to ask for when the session does not say which it speaks.
const REVISION: &str = "2025-06-18";

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{FORMAT_VERSION, Front};

    fn header() -> Header {
        Header {
            format: FORMAT_VERSION,
            session: "s".into(),
            started: "2026-11-21T10:00:00Z".parse().unwrap(),
            version: "1.2.3".into(),
            label: "git".into(),
            front: Front::Stdio,
            back: Back::Command { argv: vec!["uvx".into(), "mcp server".into()] },
            platform: "linux-x86_64".into(),
        }
    }

    #[test]
    fn a_part_is_text_where_it_is_a_string_and_json_where_it_is_not() {
        let message = br#"{"result":{"content":[{"type":"text","text":"a\nb"}]}}"#;
        assert_eq!(part_of(message, "/result/content/0/text").unwrap(), "a\nb");
        assert_eq!(part_of(message, "/result/content/0/type").unwrap(), "text");
        assert!(part_of(message, "/result").unwrap().starts_with("{\n"));
        assert_eq!(part_of(message, "/params"), None);
        assert_eq!(part_of(b"not json", ""), None);
    }

    #[test]
    fn a_request_is_sent_again_by_one_shell_line() {
        let line =
            command_line(&header(), Some("2025-11-25"), br#"{"id":7,"method":"x","params":"it's"}"#).unwrap();
        assert!(line.contains(r#""protocolVersion":"2025-11-25""#));
        assert!(line.contains(r#"'{"id":7,"method":"x","params":"it'\''s"}'"#), "{line}");
        assert!(line.ends_with("| uvx 'mcp server'"), "{line}");
        assert_eq!(command_line(&header(), None, b"[1]"), None);
        let remote =
            Header { back: Back::Url { url: "http://h/mcp?a=1&b=2".into(), others: vec![] }, ..header() };
        let line = command_line(&remote, Some("2025-11-25"), br#"{"id":7,"method":"x"}"#).unwrap();
        assert!(
            line.contains("curl -s 'http://h/mcp?a=1&b=2'")
                && line.ends_with(r#"-d '{"id":7,"method":"x"}'"#)
        );
    }

    #[test]
    fn only_programs_that_can_work_here_are_tried() {
        let in_x11 = clipboard_commands(|name| (name == "DISPLAY").then(|| ":0".to_owned()));
        let names: Vec<_> = in_x11.map(|command| command.program).collect();
        assert_eq!(names, ["xclip", "xsel", "pbcopy", "clip.exe"]);
    }
}
