//! What will run, as lines: the command or address, what is said to it, and what to think of before.
//!
//! Knows nothing of keys.

use ratatui::text::{Line, Span};

use super::desk::Resend;
use crate::insight::resend::{Marked, Verdict};
use crate::trace::Back;
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::clip;
use crate::ui::widgets::number::counted;
use crate::ui::widgets::wrap::wrapped;

/// How placeholders of secrets begin in a recording.
const SECRET: &str = "[secret";
/// Problems with the schema that are repeated here.
const PROBLEMS_MAX: usize = 3;

/// Lines in the making.
struct Page<'t> {
    theme: &'t Theme,
    width: usize,
    lines: Vec<Line<'static>>,
}

impl Page<'_> {
    fn heading(&mut self, text: &str) {
        for line in wrapped(text, self.width.saturating_sub(1)) {
            self.lines.push(Line::styled(format!(" {line}"), self.theme.style(Role::Text)));
        }
    }

    /// What is to be read to the letter.
    fn exact(&mut self, text: &str) {
        for line in clip::letters(&clip::visible(text), self.width.saturating_sub(4)) {
            self.lines.push(Line::styled(format!("   {line}"), self.theme.style(Role::Strong)));
        }
    }

    fn remark(&mut self, text: &str) {
        for line in wrapped(&clip::visible(text), self.width.saturating_sub(4)) {
            self.lines.push(Line::styled(format!("   {line}"), self.theme.style(Role::Dim)));
        }
    }

    fn warning(&mut self, text: &str, role: Role) {
        let style = self.theme.style(role);
        for (number, line) in wrapped(&clip::visible(text), self.width.saturating_sub(4)).enumerate() {
            let mark = if number == 0 { self.theme.glyphs.warn } else { " " };
            self.lines.push(Line::styled(format!(" {mark} {line}"), style));
        }
    }

    fn gap(&mut self) {
        self.lines.push(Line::default());
    }

    /// A message, its text to the letter.
    fn said(&mut self, name: &str, what: &str) {
        let room = self.width.saturating_sub(4 + NAME);
        for (number, line) in clip::letters(&clip::visible(what), room).into_iter().enumerate() {
            let name = if number == 0 { name } else { "" };
            self.lines.push(Line::from(vec![
                Span::styled(format!("   {name:<NAME$}"), self.theme.style(Role::Heading)),
                Span::styled(line.to_owned(), self.theme.style(Role::Text)),
            ]));
        }
    }
}

/// Cells of the names of messages.
const NAME: usize = 21;

/// The lines of what will run, for so many cells.
pub(super) fn lines(resend: &Resend, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let mut page = Page { theme, width, lines: Vec::new() };
    // Whatever the screen's height, this is seen before anything runs.
    warnings(resend, &mut page);
    page.gap();
    server(resend, &mut page);
    page.gap();
    conversation(resend, &mut page);
    page.lines
}

fn server(resend: &Resend, page: &mut Page<'_>) {
    match &resend.subject.back {
        back @ Back::Command { .. } => {
            page.heading("This starts a fresh copy of the server: a process and a session of its own.");
            page.exact(&back.display());
            let folder = resend.folder.as_ref().or(resend.here.as_ref());
            let folder =
                folder.map_or("the folder of this viewer".to_owned(), |path| path.display().to_string());
            page.heading("in the folder");
            page.exact(&folder);
            page.remark(if resend.folder.is_some() {
                "The environment is this viewer's: recordings keep none."
            } else {
                "Folder and environment are this viewer's: recordings keep neither."
            });
        }
        Back::Url { url, .. } => {
            page.heading("This opens a fresh session with the server at");
            page.exact(url);
            page.remark(
                "Fields such as Authorization are not recorded and not sent; a login that mcptop keeps for this \
                 server is used.",
            );
        }
    }
}

fn conversation(resend: &Resend, page: &mut Page<'_>) {
    let subject = &resend.subject;
    page.heading("It is told:");
    if subject.opening.is_some() {
        let revision = subject.revision.as_deref().map(|revision| format!("revision {revision}"));
        let client = resend.client.as_ref().map(|client| format!("as {client}"));
        let words: Vec<String> = revision.into_iter().chain(client).collect();
        page.said(
            "initialize",
            &if words.is_empty() { "as it was recorded".to_owned() } else { words.join(", ") },
        );
    }
    let text = in_one_line(&resend.writing.text());
    let (shown, rest) = text.split_at(text.floor_char_boundary(SHOWN_BYTES_MAX));
    page.said(&subject.method, &format!("{} {shown}", subject.target));
    if !rest.is_empty() {
        let more = rest.chars().count() as u64;
        page.warning(&format!("{} more, which are in the text.", counted(more, "character")), Role::Warn);
    }
    let replies = subject.replies.len() as u64;
    page.remark(&if replies > 0 {
        format!("Its own requests get the replies that were recorded: {replies}.")
    } else {
        "Its own requests are refused: no replies were recorded.".to_owned()
    });
    page.remark("It ends after the answer, or after 60 s without one. The session is recorded.");
}

/// What is shown of the text that is sent; a page is turned a long time for more.
const SHOWN_BYTES_MAX: usize = 16 * 1024;

/// JSON in one line: blanks between its parts become one, those within its texts stay.
fn in_one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut is_text, mut is_escaped) = (false, false);
    for c in text.trim().chars() {
        if !is_text && c.is_whitespace() {
            if !out.ends_with(' ') {
                out.push(' ');
            }
            continue;
        }
        (is_text, is_escaped) = match (c, is_text, is_escaped) {
            ('"', true, true) => (true, false),
            ('"', ..) => (!is_text, false),
            ('\\', true, false) => (true, true),
            _ => (is_text, false),
        };
        out.push(c);
    }
    out
}

fn warnings(resend: &Resend, page: &mut Page<'_>) {
    let target = &resend.subject.target;
    match resend.subject.marked {
        Marked::Reads => {
            let why = if &*resend.subject.method == "tools/call" {
                format!("The server says that {target} only reads (readOnlyHint).")
            } else {
                format!("{} only reads.", resend.subject.method)
            };
            page.remark(&why);
        }
        Marked::MayChange { only_adds: false } => page.warning(
            &format!("This call may change or destroy things: {target} is not marked as only reading (readOnlyHint)."),
            Role::Warn,
        ),
        Marked::MayChange { only_adds: true } => page.warning(
            &format!("This call may change things: {target} is marked as adding only, not as only reading (readOnlyHint)."),
            Role::Warn,
        ),
        Marked::Unknown => page.warning(
            &format!("This call may change or destroy things: the definition of {target} was not recorded."),
            Role::Warn,
        ),
    }
    if let Verdict::Object(judged) = &resend.verdict
        && !judged.problems.is_empty()
    {
        let count = counted(resend.verdict.count() as u64, "problem");
        page.warning(
            &format!("The arguments do not fit the schema ({count}); the server may refuse them:"),
            Role::Bad,
        );
        for problem in judged.problems.iter().take(PROBLEMS_MAX) {
            page.remark(&format!("{}: {}", problem.at.as_deref().unwrap_or("$"), problem.what));
        }
    }
    if resend.writing.text().contains(SECRET) {
        page.warning("The arguments hold placeholders of secrets, which are sent as they stand.", Role::Warn);
    }
}

#[cfg(test)]
mod tests {
    use super::in_one_line;

    #[test]
    fn blanks_within_texts_are_shown_as_they_are_sent() {
        let text = "{\n  \"cmd\": \"two   spaces\",\n  \"q\": \"a \\\"  b\\\\\"\n}";
        assert_eq!(in_one_line(text), r#"{ "cmd": "two   spaces", "q": "a \"  b\\" }"#);
    }
}
