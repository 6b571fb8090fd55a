//! What the terminal can show, by what the environment says of it.

use std::process::{Command, Stdio};

use super::Finding;
use crate::ui::run::speaks_unicode;
use crate::ui::theme::Depth;

/// Colours, characters, size, and the way to the clipboard.
pub(super) fn all(variable: impl Fn(&str) -> Option<String> + Copy) -> Vec<Finding> {
    let mut found = vec![colours(variable), characters(variable)];
    if let Ok((columns, rows)) = crossterm::terminal::size() {
        found.push(size(columns, rows));
    }
    found.extend(clipboard(variable));
    found
}

fn colours(variable: impl Fn(&str) -> Option<String>) -> Finding {
    let term = variable("TERM").filter(|term| !term.is_empty());
    let named =
        term.as_deref().map_or_else(|| "TERM is not set".to_owned(), |term| format!("TERM is {term}"));
    match Depth::of_environment(variable) {
        Depth::True => Finding::fine("colours", format!("16 million ({named})")),
        Depth::Indexed => Finding::note(
            "colours",
            format!("256 ({named})"),
            "if the terminal has 16 million, set COLORTERM=truecolor",
        ),
        Depth::Sixteen => Finding::note(
            "colours",
            format!("16 ({named})"),
            "if the terminal has more, set TERM=xterm-256color or COLORTERM=truecolor",
        ),
        Depth::None => Finding::note(
            "colours",
            format!("none ({named})"),
            "NO_COLOR or a terminal without colours: everything is shown by signs and words as well",
        ),
    }
}

fn characters(variable: impl Fn(&str) -> Option<String>) -> Finding {
    if speaks_unicode(variable) {
        Finding::fine("characters", "Unicode")
    } else {
        Finding::note(
            "characters",
            "ASCII only, because the locale is not one of UTF-8",
            "set LANG=C.UTF-8 or another locale that ends with UTF-8",
        )
    }
}

fn size(columns: u16, rows: u16) -> Finding {
    let told = format!("{columns} × {rows}");
    if columns < 80 || rows < 24 {
        return Finding::note("size", told, "80 × 24 shows every column that matters; 120 × 40 shows all");
    }
    Finding::fine("size", told)
}

/// Within tmux a program reaches the clipboard only if tmux lets it.
fn clipboard(variable: impl Fn(&str) -> Option<String>) -> Option<Finding> {
    variable("TMUX").filter(|place| !place.is_empty())?;
    let asked =
        Command::new("tmux").args(["show-options", "-sv", "set-clipboard"]).stdin(Stdio::null()).output();
    let said = asked.ok().filter(|output| output.status.success())?;
    let said = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    Some(if said == "on" {
        Finding::fine("clipboard", "tmux passes on what is copied")
    } else {
        Finding::note(
            "clipboard",
            format!("tmux keeps what is copied to itself (set-clipboard is {said})"),
            "tmux set-option -s set-clipboard on",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn what_is_missing_is_told_with_what_brings_it() {
        let says = |pairs: &'static [(&str, &str)]| {
            move |name: &str| {
                pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            }
        };
        assert_eq!(colours(says(&[("COLORTERM", "truecolor")])).state, State::Fine);
        assert!(colours(says(&[("TERM", "xterm-256color")])).remedy.unwrap().contains("COLORTERM"));
        assert_eq!(colours(says(&[("TERM", "dumb")])).state, State::Note);
        assert_eq!(size(79, 24).state, State::Note);
        assert_eq!(size(80, 24).state, State::Fine);
    }
}
