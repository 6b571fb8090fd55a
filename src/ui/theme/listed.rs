//! Themes as they are listed: what each is made for, where it comes from, and how it paints every role.
//!
//! Writes colours as theme files do.

use ratatui::style::{Color, Modifier, Style};

use super::file::{MODIFIERS, NAMED};
use super::role::ROLES;
use super::{Background, Themes};

/// What a theme is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A dark background.
    Dark,
    /// A light background.
    Light,
    /// The terminal's own colours, on whatever background it has.
    Terminal,
    /// No colours at all.
    Mono,
}

impl Kind {
    /// In a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Terminal => "terminal",
            Self::Mono => "mono",
        }
    }
}

/// How a role is painted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paint {
    /// The role, as theme files name it.
    pub role: &'static str,
    /// The colour of the text; `None` for that of the terminal.
    pub text: Option<String>,
    /// The colour under it; `None` for that of the terminal.
    pub ground: Option<String>,
    /// `bold`, `dim` and the like.
    pub modifiers: Vec<&'static str>,
}

/// A theme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedTheme {
    /// Its name.
    pub name: String,
    /// What it is made for.
    pub kind: Kind,
    /// The user's file that it is, or that changes it; `None` for one that comes with the program as it is.
    pub file: Option<String>,
    /// Every role, in the order of the table of roles.
    pub paints: Vec<Paint>,
}

impl Themes {
    /// Every theme, in the order in which a key goes through them.
    pub fn listed(&self) -> impl Iterator<Item = ListedTheme> {
        self.files.iter().filter_map(|file| {
            // A theme that cannot be resolved has been left out when it was read.
            let (styles, chain) = (self.styles(&file.name).ok()?, self.chain(&file.name).ok()?);
            let background = chain.iter().find_map(|file| file.background);
            let paints = ROLES.iter().zip(styles).map(|((_, role), style)| paint(role, style)).collect();
            Some(ListedTheme {
                name: file.name.clone(),
                kind: kind(&styles, background),
                file: (file.file != format!("themes/{}.toml", file.name)).then(|| file.file.clone()),
                paints,
            })
        })
    }
}

fn kind(styles: &[Style], background: Option<Background>) -> Kind {
    let colours = || styles.iter().flat_map(|style| [style.fg, style.bg]).flatten();
    match background {
        _ if colours().next().is_none() => Kind::Mono,
        _ if colours().all(|colour| !matches!(colour, Color::Rgb(..))) => Kind::Terminal,
        Some(Background::Light) => Kind::Light,
        Some(Background::Dark) | None => Kind::Dark,
    }
}

fn paint(role: &'static str, style: Style) -> Paint {
    let has = |modifier: &Modifier| style.add_modifier.contains(*modifier);
    Paint {
        role,
        text: style.fg.map(written),
        ground: style.bg.map(written),
        modifiers: MODIFIERS.iter().filter(|(_, modifier)| has(modifier)).map(|(name, _)| *name).collect(),
    }
}

/// A colour as theme files write it.
fn written(colour: Color) -> String {
    match (colour, NAMED.iter().find(|(_, known)| *known == colour)) {
        (Color::Rgb(red, green, blue), _) => format!("#{red:02x}{green:02x}{blue:02x}"),
        (_, Some((name, _))) => (*name).to_owned(),
        (other, None) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(name: &str) -> ListedTheme {
        Themes::default().listed().find(|theme| theme.name == name).unwrap()
    }

    #[test]
    fn every_theme_is_listed_with_what_it_is_made_for() {
        assert_eq!(Themes::default().listed().count(), Themes::default().names().count());
        for (name, kind) in [
            ("dark", Kind::Dark),
            ("nord", Kind::Dark),
            ("light", Kind::Light),
            ("gruvbox-light", Kind::Light),
            ("sixteen", Kind::Terminal),
            ("monochrome", Kind::Mono),
        ] {
            assert_eq!((listed(name).kind, listed(name).file), (kind, None), "{name}");
        }
    }

    #[test]
    fn colours_are_written_as_in_theme_files() {
        let paint = |theme: &str, role: &str| {
            listed(theme).paints.into_iter().find(|paint| paint.role == role).unwrap()
        };
        assert_eq!(paint("sixteen", "bad").text.as_deref(), Some("red"));
        assert_eq!(paint("sixteen", "bad").modifiers, ["bold"]);
        assert!(paint("dark", "text").ground.unwrap().starts_with('#'));
    }

    #[test]
    fn a_theme_that_the_user_changes_is_told_with_the_file() {
        let user =
            ("dark".to_owned(), "/home/me/dark.toml".to_owned(), "[roles]\nbad = \"red\"\n".to_owned());
        let (themes, _) = Themes::with_user_files([user]);
        assert_eq!(themes.listed().next().unwrap().file.as_deref(), Some("/home/me/dark.toml"));
    }
}
