//! How the screen looks: roles have styles, and the characters exist in two sets.
//!
//! Knows nothing of panels; panels know nothing of colours.

mod depth;
mod file;
mod glyphs;
mod listed;
mod role;
mod themes;

pub use depth::Depth;
pub use file::{Background, ThemeError};
pub use glyphs::Glyphs;
pub use listed::{Kind, ListedTheme, Paint};
pub use role::Role;
pub use themes::Themes;

use ratatui::style::Style;

/// A style for every role, reduced to what the terminal can show, and the characters to draw with.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    name: String,
    styles: [Style; Role::COUNT],
    /// The characters.
    pub glyphs: Glyphs,
}

impl Theme {
    /// The style of a role.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// The theme's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}
