//! Theme files: TOML with a parent, a palette and roles.
//!
//! ```toml
//! inherits = "dark"              # say only what differs
//! background = "light"           # chosen by itself on such a terminal
//! [palette]
//! red = "#c02020"                # a name for a colour
//! [roles]
//! bad = "red on #ffffff bold"    # [colour] [on colour] [bold|dim|italic|underline|reverse]…
//! ```
//! Turns text into styles; where the text comes from is not known here.

use std::borrow::Cow;

use ratatui::style::{Color, Modifier, Style};
use thiserror::Error;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Role;
use super::role::ROLES;
use crate::rules::meant;

/// What is wrong with a theme file, and where.
#[derive(Clone, Debug, Error, PartialEq)]
#[error("{file}:{line}: {problem}")]
pub struct ThemeError {
    /// The file, or the name of a built-in theme.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong, with a suggestion where there is one.
    pub problem: String,
}

/// The terminal's background a theme is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    /// Light text on dark.
    Dark,
    /// Dark text on light.
    Light,
}

/// A theme file, read but not yet resolved against its parents.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ThemeFile {
    pub(super) name: String,
    pub(super) file: String,
    pub(super) inherits: Option<(String, usize)>,
    pub(super) background: Option<Background>,
    pub(super) palette: Vec<(String, Color)>,
    /// Roles as written, with their lines: a colour's name may be defined by a theme that inherits from this one.
    pub(super) roles: Vec<(Role, String, usize)>,
}

/// The names of colours every terminal has.
pub(super) const NAMED: [(&str, Color); 17] = [
    ("default", Color::Reset),
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

pub(super) const MODIFIERS: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underline", Modifier::UNDERLINED),
    ("reverse", Modifier::REVERSED),
];

impl ThemeFile {
    /// Reads a theme file's text. `name` is what the user calls the theme, `file` what errors call it.
    pub(super) fn read(name: &str, file: &str, text: &str) -> Result<Self, ThemeError> {
        let fail =
            |(at, problem): Problem| ThemeError { file: file.to_owned(), line: line_of(text, at), problem };
        let table = DeTable::parse(text)
            .map_err(|error| fail((error.span().map_or(0, |span| span.start), error.message().to_owned())))?;
        let mut theme = Self {
            name: name.to_owned(),
            file: file.to_owned(),
            inherits: None,
            background: None,
            palette: Vec::new(),
            roles: Vec::new(),
        };
        for (key, value) in table.get_ref() {
            theme.take(key, value, text).map_err(fail)?;
        }
        Ok(theme)
    }

    fn take(
        &mut self,
        key: &Spanned<Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
        text: &str,
    ) -> Result<(), Problem> {
        match &**key.get_ref() {
            "inherits" => {
                self.inherits = Some((string(value, "inherits")?, line_of(text, value.span().start)));
            }
            "background" => self.background = Some(background(value)?),
            "palette" => {
                for (name, color) in sub_table(value, "palette")? {
                    let written = string(color, name.get_ref())?;
                    let color = color_of(&written, &[]).map_err(|problem| (color.span().start, problem))?;
                    self.palette.push((name.get_ref().to_string(), color));
                }
            }
            "roles" => {
                for (name, style) in sub_table(value, "roles")? {
                    let known = ROLES.iter().map(|(_, known)| *known);
                    let role = Role::from_name(name.get_ref())
                        .ok_or_else(|| (name.span().start, unknown("role", name.get_ref(), known)))?;
                    let written = string(style, name.get_ref())?;
                    self.roles.push((role, written, line_of(text, style.span().start)));
                }
            }
            other => {
                let known = ["inherits", "background", "palette", "roles"];
                return Err((key.span().start, unknown("key", other, known)));
            }
        }
        Ok(())
    }
}

/// What is wrong, and at which byte of the file.
type Problem = (usize, String);

fn line_of(text: &str, at: usize) -> usize {
    1 + text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count()
}

fn string(value: &Spanned<DeValue<'_>>, key: &str) -> Result<String, Problem> {
    let found = value.get_ref();
    let wrong = || (value.span().start, format!("`{key}` must be a string, not {}", found.type_str()));
    found.as_str().map(str::to_owned).ok_or_else(wrong)
}

fn sub_table<'v, 'i>(value: &'v Spanned<DeValue<'i>>, key: &str) -> Result<&'v DeTable<'i>, Problem> {
    let wrong = || (value.span().start, format!("`{key}` must be a table: write [{key}] above its lines"));
    value.get_ref().as_table().ok_or_else(wrong)
}

fn background(value: &Spanned<DeValue<'_>>) -> Result<Background, Problem> {
    match string(value, "background")?.as_str() {
        "dark" => Ok(Background::Dark),
        "light" => Ok(Background::Light),
        other => Err((value.span().start, unknown("background", other, ["dark", "light"]))),
    }
}

/// A style as written: `[colour] [on colour] [modifier]…`.
pub(super) fn style_of(written: &str, palette: &[(String, Color)]) -> Result<Style, String> {
    let mut style = Style::new();
    let mut words = written.split_whitespace();
    while let Some(word) = words.next() {
        if word == "on" {
            let color = words.next().ok_or("a colour must follow `on`")?;
            style = style.bg(color_of(color, palette)?);
        } else if let Some((_, modifier)) = MODIFIERS.iter().find(|(name, _)| *name == word) {
            style = style.add_modifier(*modifier);
        } else if style.fg.is_none() {
            style = style.fg(color_of(word, palette)?);
        } else {
            return Err(unknown("modifier", word, MODIFIERS.map(|(name, _)| name)));
        }
    }
    Ok(style)
}

fn color_of(word: &str, palette: &[(String, Color)]) -> Result<Color, String> {
    if let Some(hex) = word.strip_prefix('#') {
        return hex_color(hex).ok_or_else(|| format!("`{word}` is no colour: write #rrggbb, as in #c02020"));
    }
    if let Some(index) = word.strip_prefix("ansi:") {
        return index.parse().map(Color::Indexed).map_err(|_| format!("`{word}`: an index is 0 to 255"));
    }
    let own = palette.iter().rev().find(|(name, _)| name == word).map(|(_, color)| *color);
    let named = || NAMED.iter().find(|(name, _)| *name == word).map(|(_, color)| *color);
    own.or_else(named).ok_or_else(|| {
        let known = palette.iter().map(|(name, _)| name.as_str()).chain(NAMED.iter().map(|(name, _)| *name));
        unknown("colour", word, known.chain(MODIFIERS.map(|(name, _)| name)))
    })
}

fn hex_color(hex: &str) -> Option<Color> {
    if hex.len() != 6 || !hex.is_ascii() {
        return None;
    }
    let part = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).ok();
    Some(Color::Rgb(part(0)?, part(2)?, part(4)?))
}

/// A complaint about a name, with the known one that was probably meant, or with all of them.
pub(super) fn unknown<'k>(kind: &str, name: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match meant(name, known.iter().copied()) {
        Some(known) => format!("there is no {kind} `{name}`; did you mean `{known}`?"),
        None => format!("there is no {kind} `{name}`; there are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        ThemeFile::read("mine", "mine.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn a_style_is_read_word_by_word() {
        let palette = [("sea".to_owned(), Color::Rgb(1, 2, 3))];
        let style = style_of("sea on #ff0000 bold underline", &palette).unwrap();
        let expected = Style::new().fg(Color::Rgb(1, 2, 3)).bg(Color::Rgb(255, 0, 0));
        assert_eq!(style, expected.add_modifier(Modifier::BOLD | Modifier::UNDERLINED));
        assert_eq!(style_of("", &palette).unwrap(), Style::new());
    }

    #[test]
    fn errors_name_file_line_and_key_and_suggest() {
        assert_eq!(
            problem("[roles]\ntext = \"red\"\nsellection = \"red\"\n"),
            "mine.toml:3: there is no role `sellection`; did you mean `selection`?"
        );
        assert_eq!(
            problem("[palette]\nx = \"#12\"\n"),
            "mine.toml:2: `#12` is no colour: write #rrggbb, as in #c02020"
        );
        assert_eq!(
            problem("inherit = \"dark\""),
            "mine.toml:1: there is no key `inherit`; did you mean `inherits`?"
        );
        assert_eq!(problem("\n[roles]\nbad = 5\n"), "mine.toml:3: `bad` must be a string, not integer");
        assert!(problem("[roles\n").starts_with("mine.toml:1: "));
        assert_eq!(style_of("gren", &[]).unwrap_err(), "there is no colour `gren`; did you mean `green`?");
    }
}
