//! The characters the screen is made of, in a full set and in one for terminals that know ASCII only.

/// The characters for everything that is not text. Every one is a single column wide, but for the ellipsis in ASCII, where
/// one dot could belong to the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// Levels of a sparkline, lowest first; the first is for "nothing".
    pub spark: [&'static str; 9],
    /// Whether there are Braille patterns, for sparklines of two numbers a cell.
    pub braille: bool,
    /// Eighths of a horizontal bar, one eighth first, full last.
    pub eighths: [&'static str; 8],
    /// The second part of a stacked bar.
    pub second: &'static str,
    /// The empty part of a gauge.
    pub gauge_empty: &'static str,
    /// The last cell of a gauge that flows over.
    pub beyond: &'static str,
    /// Succeeded.
    pub ok: &'static str,
    /// Failed.
    pub error: &'static str,
    /// Over a target.
    pub warn: &'static str,
    /// In flight.
    pub pending: &'static str,
    /// Cancelled.
    pub cancelled: &'static str,
    /// Never answered.
    pub abandoned: &'static str,
    /// To the server.
    pub to_server: &'static str,
    /// To the client.
    pub to_client: &'static str,
    /// A fold that is closed.
    pub folded: &'static str,
    /// A fold that is open.
    pub unfolded: &'static str,
    /// Sorted upwards.
    pub ascending: &'static str,
    /// Sorted downwards.
    pub descending: &'static str,
    /// Something live; a running recording.
    pub live: &'static str,
    /// Something that has ended.
    pub ended: &'static str,
    /// The mark of the selected row.
    pub cursor: &'static str,
    /// A remark by the user.
    pub note: &'static str,
    /// A rule acted.
    pub ruled: &'static str,
    /// Text that has been cut.
    pub ellipsis: &'static str,
    /// Between two facts on one line.
    pub dot: &'static str,
    /// A value that is not there.
    pub none: &'static str,
    /// A horizontal line.
    pub horizontal: &'static str,
    /// A vertical line.
    pub vertical: &'static str,
    /// Corners and joints of a box: top left, top right, bottom left, bottom right.
    pub corners: [&'static str; 4],
    /// A tree's branch, its last branch, and its trunk.
    pub tree: [&'static str; 3],
    /// The thumb and the track of a scroll bar.
    pub scroll: [&'static str; 2],
    /// Placed before an estimate.
    pub about: &'static str,
    /// Microseconds.
    pub micro: &'static str,
    /// Frames of a small wheel, for work under way.
    pub wheel: [&'static str; 4],
}

impl Glyphs {
    /// Whether a character fills a part of its cell, so that it would look like another one if it were reversed.
    #[must_use]
    pub fn is_block(&self, symbol: &str) -> bool {
        let shades = [self.second, self.gauge_empty];
        let mut blocks = self.spark[1..].iter().chain(&self.eighths).chain(&shades);
        !symbol.is_ascii() && blocks.any(|block| *block == symbol)
    }

    /// For terminals that show Unicode.
    pub const UNICODE: Self = Self {
        spark: [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
        braille: true,
        eighths: ["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"],
        second: "▓",
        gauge_empty: "░",
        beyond: "»",
        ok: "✓",
        error: "✗",
        warn: "!",
        pending: "◌",
        cancelled: "⊘",
        abandoned: "?",
        to_server: "→",
        to_client: "←",
        folded: "▸",
        unfolded: "▾",
        ascending: "▲",
        descending: "▼",
        live: "●",
        ended: "○",
        cursor: "▌",
        note: "◆",
        ruled: "§",
        ellipsis: "…",
        dot: "·",
        none: "–",
        horizontal: "─",
        vertical: "│",
        corners: ["╭", "╮", "╰", "╯"],
        tree: ["├", "└", "│"],
        scroll: ["▐", "│"],
        about: "~",
        micro: "µ",
        wheel: ["◐", "◓", "◑", "◒"],
    };

    /// For terminals that show Unicode, but no Braille.
    pub const BLOCKS: Self = Self { braille: false, ..Self::UNICODE };

    /// For terminals, fonts and locales that know ASCII only.
    pub const ASCII: Self = Self {
        spark: [" ", "_", ".", "-", "=", "+", "*", "%", "#"],
        braille: false,
        eighths: ["-", "-", "-", "-", "=", "=", "#", "#"],
        second: "=",
        gauge_empty: ".",
        beyond: ">",
        ok: "+",
        error: "x",
        warn: "!",
        pending: "o",
        cancelled: "/",
        abandoned: "?",
        to_server: ">",
        to_client: "<",
        folded: ">",
        unfolded: "v",
        ascending: "^",
        descending: "v",
        live: "*",
        ended: "o",
        cursor: ">",
        note: "@",
        ruled: "&",
        ellipsis: "..",
        dot: "-",
        none: "-",
        horizontal: "-",
        vertical: "|",
        corners: ["+", "+", "+", "+"],
        tree: ["|", "`", "|"],
        scroll: ["#", "|"],
        about: "~",
        micro: "u",
        wheel: ["|", "/", "-", "\\"],
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ascii_set_is_ascii() {
        assert!(format!("{:?}", Glyphs::ASCII).is_ascii());
    }
}
