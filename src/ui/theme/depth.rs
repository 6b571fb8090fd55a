//! How many colours the terminal shows, and how a style is reduced to them.
//!
//! Works on values: the environment is handed in, nothing is asked of the terminal.

use ratatui::style::{Color, Modifier, Style};

/// How many colours a terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None: `NO_COLOR`, or a terminal that knows only text.
    None,
    /// The sixteen named ones.
    Sixteen,
    /// The 6 × 6 × 6 cube and the grey ramp.
    Indexed,
    /// Red, green and blue in 8 bits each.
    True,
}

impl Depth {
    /// What the environment says about the terminal. `NO_COLOR` (see <https://no-color.org>) wins, then `COLORTERM`,
    /// then `TERM`.
    #[must_use]
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        if variable("NO_COLOR").is_some_and(|value| !value.is_empty()) {
            return Self::None;
        }
        let term = variable("TERM").unwrap_or_default();
        if term == "dumb" {
            return Self::None;
        }
        let colorterm = variable("COLORTERM").unwrap_or_default();
        let says_true = matches!(colorterm.as_str(), "truecolor" | "24bit");
        if says_true || term.ends_with("-direct") || variable("WT_SESSION").is_some() {
            Self::True
        } else if term.contains("256color") || variable("TERM_PROGRAM").is_some_and(|p| p == "Apple_Terminal")
        {
            Self::Indexed
        } else {
            Self::Sixteen
        }
    }

    /// The style with the nearest colours this depth has. Where a background vanishes or becomes the terminal's own,
    /// reversal takes its place, so that a selected row stays visible.
    #[must_use]
    pub fn reduce(self, style: Style) -> Style {
        if self == Self::True {
            return style;
        }
        let fg = style.fg.map(|color| self.nearest(color));
        let bg = style.bg.map(|color| self.nearest(color));
        let ground = [Color::Reset, Color::Black, Color::White];
        let lost = self <= Self::Sixteen && style.bg.is_some_and(|b| b != Color::Reset) && {
            bg.is_none_or(|b| ground.contains(&b)) || bg == fg
        };
        let mut reduced = Style { fg, bg, ..style };
        if lost {
            (reduced.fg, reduced.bg) = (None, None);
            reduced = reduced.add_modifier(Modifier::REVERSED);
        } else if self == Self::None {
            (reduced.fg, reduced.bg) = (None, None);
        }
        reduced
    }

    fn nearest(self, color: Color) -> Color {
        let Color::Rgb(r, g, b) = color else {
            return match (self, color) {
                (Self::None, _) => Color::Reset,
                (Self::Sixteen, Color::Indexed(index)) => sixteen(rgb_of_index(index)),
                _ => color,
            };
        };
        match self {
            Self::None => Color::Reset,
            Self::Sixteen => sixteen((r, g, b)),
            Self::Indexed => Color::Indexed(indexed((r, g, b))),
            Self::True => color,
        }
    }
}

type Rgb = (u8, u8, u8);

/// The sixteen colours as xterm draws them.
const SIXTEEN: [(Color, Rgb); 16] = [
    (Color::Black, (0, 0, 0)),
    (Color::Red, (205, 0, 0)),
    (Color::Green, (0, 205, 0)),
    (Color::Yellow, (205, 205, 0)),
    (Color::Blue, (0, 0, 238)),
    (Color::Magenta, (205, 0, 205)),
    (Color::Cyan, (0, 205, 205)),
    (Color::Gray, (229, 229, 229)),
    (Color::DarkGray, (127, 127, 127)),
    (Color::LightRed, (255, 0, 0)),
    (Color::LightGreen, (0, 255, 0)),
    (Color::LightYellow, (255, 255, 0)),
    (Color::LightBlue, (92, 92, 255)),
    (Color::LightMagenta, (255, 0, 255)),
    (Color::LightCyan, (0, 255, 255)),
    (Color::White, (255, 255, 255)),
];

/// The levels of the colour cube of 256-colour terminals.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

fn sixteen(color: Rgb) -> Color {
    let nearest = SIXTEEN.iter().min_by_key(|(_, known)| distance(color, *known));
    nearest.map_or(Color::Reset, |(named, _)| *named)
}

fn indexed(color: Rgb) -> u8 {
    (16..=255).min_by_key(|index| distance(color, rgb_of_index(*index))).unwrap_or(16)
}

fn rgb_of_index(index: u8) -> Rgb {
    match index {
        0..=15 => SIXTEEN[usize::from(index)].1,
        16..=231 => {
            let cell = usize::from(index - 16);
            (CUBE[cell / 36], CUBE[cell / 6 % 6], CUBE[cell % 6])
        }
        232..=255 => {
            let level = 8 + (index - 232) * 10;
            (level, level, level)
        }
    }
}

/// The "redmean" distance of two colours: close to what the eye sees, and integers only
/// (<https://www.compuphase.com/cmetric.htm>).
fn distance(a: Rgb, b: Rgb) -> i64 {
    let [r1, g1, b1, r2, g2, b2] = [a.0, a.1, a.2, b.0, b.1, b.2].map(i64::from);
    let mean = i64::midpoint(r1, r2);
    let (r, g, b) = (r1 - r2, g1 - g2, b1 - b2);
    (((512 + mean) * r * r) >> 8) + 4 * g * g + (((767 - mean) * b * b) >> 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(variables: &[(&str, &str)]) -> Depth {
        Depth::of_environment(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_is_believed_in_the_right_order() {
        assert_eq!(depth(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), Depth::True);
        assert_eq!(depth(&[("COLORTERM", "truecolor"), ("NO_COLOR", "1")]), Depth::None);
        assert_eq!(depth(&[("TERM", "screen-256color"), ("NO_COLOR", "")]), Depth::Indexed);
        assert_eq!(depth(&[("TERM", "xterm")]), Depth::Sixteen);
        assert_eq!(depth(&[("TERM", "dumb")]), Depth::None);
    }

    #[test]
    fn colours_become_their_nearest_neighbours() {
        let style = Style::new().fg(Color::Rgb(0xf2, 0x20, 0x20));
        assert_eq!(Depth::Sixteen.reduce(style).fg, Some(Color::LightRed));
        assert!(matches!(Depth::Indexed.reduce(style).fg, Some(Color::Indexed(_))));
        assert_eq!(Depth::None.reduce(style), Style::new());
    }

    #[test]
    fn a_background_that_cannot_be_shown_becomes_reversal() {
        let style = Style::new().fg(Color::Rgb(255, 255, 255)).bg(Color::Rgb(0x26, 0x2c, 0x3d));
        for depth in [Depth::None, Depth::Sixteen] {
            let reduced = depth.reduce(style);
            assert!(reduced.add_modifier.contains(Modifier::REVERSED) || reduced.bg.is_some(), "{depth:?}");
        }
    }

    #[test]
    fn every_index_is_its_own_nearest_neighbour() {
        for index in 16..=231 {
            assert_eq!(rgb_of_index(indexed(rgb_of_index(index))), rgb_of_index(index));
        }
    }
}
