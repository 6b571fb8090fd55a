//! All themes there are: the built-in ones and the user's, which may change a built-in one in part.
//!
//! The texts of the user's files are handed in; reading folders is the caller's business.

use ratatui::style::{Color, Style};

use super::file::{ThemeFile, style_of, unknown};
use super::{Background, Depth, Glyphs, Role, Theme, ThemeError};

/// The built-in themes, in the order in which a key goes through them.
const BUILT_IN: [(&str, &str); 17] = [
    ("dark", include_str!("../../../themes/dark.toml")),
    ("light", include_str!("../../../themes/light.toml")),
    ("high-contrast", include_str!("../../../themes/high-contrast.toml")),
    ("colour-blind", include_str!("../../../themes/colour-blind.toml")),
    ("colour-blind-light", include_str!("../../../themes/colour-blind-light.toml")),
    ("nord", include_str!("../../../themes/nord.toml")),
    ("dracula", include_str!("../../../themes/dracula.toml")),
    ("gruvbox-dark", include_str!("../../../themes/gruvbox-dark.toml")),
    ("gruvbox-light", include_str!("../../../themes/gruvbox-light.toml")),
    ("solarized-dark", include_str!("../../../themes/solarized-dark.toml")),
    ("solarized-light", include_str!("../../../themes/solarized-light.toml")),
    ("catppuccin-mocha", include_str!("../../../themes/catppuccin-mocha.toml")),
    ("catppuccin-latte", include_str!("../../../themes/catppuccin-latte.toml")),
    ("tokyo-night", include_str!("../../../themes/tokyo-night.toml")),
    ("rose-pine", include_str!("../../../themes/rose-pine.toml")),
    ("sixteen", include_str!("../../../themes/sixteen.toml")),
    ("monochrome", include_str!("../../../themes/monochrome.toml")),
];

/// Themes that may stand behind one another, so that a circle is found.
const ANCESTORS_MAX: usize = 16;

/// All themes there are.
#[derive(Clone, Debug)]
pub struct Themes {
    pub(super) files: Vec<ThemeFile>,
}

impl Default for Themes {
    fn default() -> Self {
        Self::with_user_files([]).0
    }
}

impl Themes {
    /// The built-in themes and the user's files, each as (name, path for errors, text). A user's file with the name
    /// of a built-in theme changes it: what the file does not say stays. Files that cannot be used are left out and
    /// their errors returned; the program starts all the same.
    ///
    /// # Panics
    /// Never: a test reads every built-in theme.
    pub fn with_user_files(
        user: impl IntoIterator<Item = (String, String, String)>,
    ) -> (Self, Vec<ThemeError>) {
        let built_in = BUILT_IN.iter().map(|(name, text)| {
            ThemeFile::read(name, &format!("themes/{name}.toml"), text)
                .expect("a test reads every built-in theme")
        });
        let mut themes = Self { files: built_in.collect() };
        let mut errors = Vec::new();
        for (name, file, text) in user {
            let added = ThemeFile::read(&name, &file, &text).and_then(|theme| {
                let mut attempt = themes.clone();
                attempt.add(theme);
                attempt.styles(&name)?;
                Ok(attempt)
            });
            match added {
                Ok(attempt) => themes = attempt,
                Err(error) => errors.push(error),
            }
        }
        (themes, errors)
    }

    fn add(&mut self, theme: ThemeFile) {
        match self.files.iter_mut().find(|known| known.name == theme.name) {
            Some(known) => {
                known.file = theme.file;
                known.inherits = theme.inherits.or(known.inherits.take());
                known.background = theme.background.or(known.background);
                known.palette.extend(theme.palette);
                known.roles.extend(theme.roles);
            }
            None => self.files.push(theme),
        }
    }

    /// The names, in the order in which a key goes through them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.name.as_str())
    }

    /// The theme for a terminal: without colours the monochrome one, with sixteen the terminal's own, else the one
    /// made for its background (dark when that is not known).
    #[must_use]
    pub fn fitting(&self, depth: Depth, background: Option<Background>) -> &str {
        let wanted = Some(background.unwrap_or(Background::Dark));
        match depth {
            Depth::None => "monochrome",
            Depth::Sixteen => "sixteen",
            Depth::Indexed | Depth::True => {
                let made_for = self.files.iter().find(|file| file.background == wanted);
                made_for.map_or("dark", |file| file.name.as_str())
            }
        }
    }

    /// A theme by name, for a terminal with this many colours.
    ///
    /// # Errors
    /// If there is no such theme; the error suggests the one that was probably meant.
    pub fn theme(&self, name: &str, depth: Depth, glyphs: Glyphs) -> Result<Theme, ThemeError> {
        let styles = self.styles(name)?;
        let ground = styles[Role::Text as usize];
        let styles = styles
            .map(|style| if style == ground { reduce_ground(depth, style) } else { depth.reduce(style) });
        Ok(Theme { name: name.to_owned(), styles, glyphs })
    }

    pub(super) fn styles(&self, name: &str) -> Result<[Style; Role::COUNT], ThemeError> {
        let chain = self.chain(name)?;
        let palette: Vec<(String, Color)> =
            chain.iter().rev().flat_map(|file| file.palette.iter().cloned()).collect();
        let mut styles = [None; Role::COUNT];
        for file in chain.iter().rev() {
            for (role, written, line) in &file.roles {
                let style = style_of(written, &palette).map_err(|problem| ThemeError {
                    file: file.file.clone(),
                    line: *line,
                    problem: format!("role `{}`: {problem}", role.name()),
                })?;
                styles[*role as usize] = Some(style);
            }
        }
        // A theme that stands alone and leaves a role out shows it as ordinary text.
        let text = styles[Role::Text as usize].unwrap_or_default();
        Ok(styles.map(|style| style.unwrap_or(text)))
    }

    /// A theme and its ancestors, itself first.
    pub(super) fn chain(&self, name: &str) -> Result<Vec<&ThemeFile>, ThemeError> {
        let mut chain: Vec<&ThemeFile> = Vec::new();
        let mut next = Some((name, 1));
        while let Some((wanted, line)) = next {
            let asked_by = chain.last().map_or("--theme", |file| file.file.as_str()).to_owned();
            let fail = |problem| ThemeError { file: asked_by, line, problem };
            let Some(file) = self.files.iter().find(|file| file.name == wanted) else {
                return Err(fail(unknown("theme", wanted, self.names())));
            };
            if chain.len() == ANCESTORS_MAX {
                return Err(fail(format!("theme `{name}` inherits from itself")));
            }
            chain.push(file);
            next = file.inherits.as_ref().map(|(parent, line)| (parent.as_str(), *line));
        }
        Ok(chain)
    }
}

/// The ground of the screen is never reversed: with few colours it is the terminal's own.
fn reduce_ground(depth: Depth, style: Style) -> Style {
    match depth {
        Depth::None | Depth::Sixteen => Style { fg: None, bg: None, ..style },
        Depth::Indexed | Depth::True => depth.reduce(style),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Modifier;

    fn user(name: &str, text: &str) -> (Themes, Vec<ThemeError>) {
        Themes::with_user_files([(name.to_owned(), format!("{name}.toml"), text.to_owned())])
    }

    #[test]
    fn every_built_in_theme_says_how_every_role_looks() {
        let themes = Themes::default();
        for name in themes.names() {
            let chain = themes.chain(name).unwrap();
            for (role, role_name) in super::super::role::ROLES {
                let said = chain.iter().any(|file| file.roles.iter().any(|(known, _, _)| *known == role));
                assert!(said, "{name} leaves out {role_name}");
            }
            for depth in [Depth::None, Depth::Sixteen, Depth::Indexed, Depth::True] {
                themes.theme(name, depth, Glyphs::UNICODE).unwrap();
            }
        }
    }

    #[test]
    fn the_selected_row_stands_out_at_every_depth() {
        let themes = Themes::default();
        for name in themes.names() {
            for depth in [Depth::None, Depth::Sixteen, Depth::Indexed, Depth::True] {
                let theme = themes.theme(name, depth, Glyphs::UNICODE).unwrap();
                for role in [Role::Selection, Role::TabOpen] {
                    let (style, text) = (theme.style(role), theme.style(Role::Text));
                    let reversed = style.add_modifier.contains(Modifier::REVERSED);
                    let backed = style.bg.is_some() && style.bg != text.bg;
                    assert!(reversed || backed, "{name} {depth:?} {role:?}");
                }
            }
        }
    }

    #[test]
    fn without_colours_no_style_has_one() {
        let themes = Themes::default();
        for name in themes.names() {
            let theme = themes.theme(name, Depth::None, Glyphs::ASCII).unwrap();
            assert!(theme.styles.iter().all(|style| style.fg.is_none() && style.bg.is_none()), "{name}");
        }
    }

    #[test]
    fn a_users_file_changes_a_built_in_theme_in_part() {
        let (themes, errors) = user("dark", "[roles]\nbad = \"#010203\"\n");
        assert!(errors.is_empty());
        let changed = themes.theme("dark", Depth::True, Glyphs::UNICODE).unwrap();
        let original = Themes::default().theme("dark", Depth::True, Glyphs::UNICODE).unwrap();
        assert_eq!(changed.style(Role::Bad), Style::new().fg(Color::Rgb(1, 2, 3)));
        assert_eq!(changed.style(Role::Good), original.style(Role::Good));
    }

    #[test]
    fn a_palette_of_an_heir_repaints_the_roles_it_inherits() {
        let (themes, _) = user("mine", "inherits = \"dark\"\n[palette]\nred = \"#123456\"\n");
        let theme = themes.theme("mine", Depth::True, Glyphs::UNICODE).unwrap();
        assert_eq!(theme.style(Role::Bad).fg, Some(Color::Rgb(0x12, 0x34, 0x56)));
    }

    #[test]
    fn the_theme_of_the_documentation_is_one() {
        let page = include_str!("../../../docs/viewer.md");
        let text = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
        let (themes, errors) = user("mine", text);
        assert!(errors.is_empty(), "{errors:?}");
        let theme = themes.theme("mine", Depth::True, Glyphs::UNICODE).unwrap();
        assert_eq!(theme.style(Role::Warn).fg, Some(Color::Rgb(0xd0, 0x87, 0x70)));
    }

    #[test]
    fn a_broken_file_is_named_and_left_out() {
        let (themes, errors) = user("mine", "inherits = \"drak\"\n");
        assert_eq!(errors[0].to_string(), "mine.toml:1: there is no theme `drak`; did you mean `dark`?");
        assert!(themes.theme("mine", Depth::True, Glyphs::UNICODE).is_err());
        let (_, errors) = user("loop", "inherits = \"loop\"\n");
        assert!(errors[0].problem.contains("inherits from itself"));
        let (_, errors) = user("mine", "[roles]\n\nbad = \"rde\"\n");
        assert_eq!(
            errors[0].to_string(),
            "mine.toml:3: role `bad`: there is no colour `rde`; did you mean `red`?"
        );
    }

    #[test]
    fn the_terminal_chooses_unless_the_user_does() {
        let themes = Themes::default();
        assert_eq!(themes.fitting(Depth::True, Some(Background::Light)), "light");
        assert_eq!(themes.fitting(Depth::Indexed, None), "dark");
        assert_eq!(themes.fitting(Depth::Sixteen, Some(Background::Light)), "sixteen");
        assert_eq!(themes.fitting(Depth::None, None), "monochrome");
    }
}
