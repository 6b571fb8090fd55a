//! What the environment says about the terminal, and the user about the theme.

use super::Start;
use crate::ui::app::Looks;
use crate::ui::memory::{Memory, user_themes};
use crate::ui::theme::{Background, Depth, Glyphs, ThemeError, Themes};

/// What the environment says about the terminal, and the user about the theme; whether the user chose it.
pub(super) fn looks(start: &Start, memory: &Memory) -> (Looks, Vec<ThemeError>, bool) {
    let variable = |name: &str| std::env::var(name).ok();
    let depth = Depth::of_environment(variable);
    let files = start.folders.as_ref().map(|folders| user_themes(&folders.config().join("themes")));
    let (themes, errors) = Themes::with_user_files(files.unwrap_or_default());
    let chosen = start.theme.clone().or_else(|| {
        // A theme remembered from a terminal with colours is not forced on one without.
        let remembered = memory.theme.clone().filter(|_| depth > Depth::None);
        remembered.filter(|name| themes.names().any(|known| known == name))
    });
    let background = match memory.background.as_deref() {
        Some("light") => Some(Background::Light),
        Some(_) | None => None,
    };
    let by_hand = chosen.is_some();
    let theme = chosen.unwrap_or_else(|| themes.fitting(depth, background).to_owned());
    let glyphs = if start.ascii { Glyphs::ASCII } else { glyphs(variable) };
    (Looks { themes, theme, depth, glyphs }, errors, by_hand)
}

/// The characters that the terminal shows. The fonts of the kernel's own console have blocks, but no Braille.
fn glyphs(variable: impl Fn(&str) -> Option<String>) -> Glyphs {
    let is_console = variable("TERM").is_some_and(|term| term == "linux");
    match (speaks_unicode(variable), is_console) {
        (false, _) => Glyphs::ASCII,
        (true, true) => Glyphs::BLOCKS,
        (true, false) => Glyphs::UNICODE,
    }
}

/// Whether the locale, by the first of its variables that is set, is one of UTF-8. Windows consoles are.
#[must_use]
pub fn speaks_unicode(variable: impl Fn(&str) -> Option<String>) -> bool {
    let locale =
        ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(variable).find(|value| !value.is_empty());
    cfg!(any(windows, target_os = "macos"))
        || locale.is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_is_drawn_unless_the_locale_is_one_of_utf_8() {
        let says = |pairs: &'static [(&str, &str)]| {
            speaks_unicode(move |name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
        };
        if cfg!(target_os = "linux") {
            assert!(says(&[("LANG", "de_DE.UTF-8")]));
            assert!(says(&[("LC_ALL", ""), ("LANG", "C.utf8")]));
            assert!(!says(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]));
            assert!(!says(&[]));
        }
    }

    #[test]
    fn a_console_without_braille_gets_blocks() {
        let on = |term: &'static str| {
            glyphs(move |name| match name {
                "TERM" => Some(term.to_owned()),
                _ => Some("C.UTF-8".to_owned()),
            })
        };
        assert_eq!((on("linux"), on("xterm-256color")), (Glyphs::BLOCKS, Glyphs::UNICODE));
    }
}
