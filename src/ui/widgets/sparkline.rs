//! A row of numbers as one line of small bars.
//!
//! In Braille a cell holds two numbers of four heights, in blocks (and their ASCII stand-ins) one number of eight.
//! Knows neither what the numbers mean nor which colour they have: each cell comes with the largest number in it.

use crate::ui::theme::Glyphs;

/// How a number becomes a height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// From 0 to the given largest value.
    Linear {
        /// The value of a full bar.
        max: f64,
    },
    /// From the given smallest to the given largest value, each factor the same height; for latencies.
    Log {
        /// The value of the lowest bar; must be above 0.
        min: f64,
        /// The value of a full bar.
        max: f64,
    },
}

impl Scale {
    /// From 0 to the largest of the values.
    #[must_use]
    pub fn linear(values: &[Option<f64>]) -> Self {
        Self::Linear { max: values.iter().flatten().copied().fold(0.0, f64::max) }
    }

    /// Over the values' own range, but over a factor of 4 at least, so that noise stays flat.
    #[must_use]
    pub fn log(values: &[Option<f64>]) -> Self {
        let positive = || values.iter().flatten().copied().filter(|v| *v > 0.0);
        let max = positive().fold(0.0, f64::max);
        let min = positive().fold(f64::INFINITY, f64::min).min(max / 4.0);
        if max > 0.0 { Self::Log { min, max } } else { Self::Linear { max: 0.0 } }
    }

    /// The height of a value as a part of the whole, from 0 to 1.
    #[must_use]
    pub fn part(self, value: f64) -> f64 {
        let part = match self {
            Self::Linear { max } if max > 0.0 => value / max,
            Self::Log { min, max } if min > 0.0 && max > min && value > 0.0 => {
                (value / min).ln() / (max / min).ln()
            }
            Self::Linear { .. } | Self::Log { .. } => 0.0,
        };
        if part.is_nan() { 0.0 } else { part.clamp(0.0, 1.0) }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the part lies between 0 and 1"
    )]
    fn level(self, value: f64, levels: usize) -> usize {
        // The lowest level stands for "something was there": even a 0 is seen.
        1 + (self.part(value) * (levels - 1) as f64).round() as usize
    }
}

/// What to draw with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ink {
    /// Braille patterns: two numbers a cell, four heights.
    Braille,
    /// One number a cell, the heights from "nothing" to full.
    Levels([&'static str; 9]),
}

impl Ink {
    /// The finest that a set of characters has.
    #[must_use]
    pub fn of(glyphs: &Glyphs) -> Self {
        if glyphs.braille { Self::Braille } else { Self::Levels(glyphs.spark) }
    }

    /// How many numbers fit into so many cells.
    #[must_use]
    pub fn samples(self, cells: u16) -> usize {
        match self {
            Self::Braille => usize::from(cells) * 2,
            Self::Levels(_) => usize::from(cells),
        }
    }
}

/// One cell of a sparkline.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// What to draw: one character.
    pub symbol: String,
    /// The largest number in the cell; `None` where nothing was measured.
    pub peak: Option<f64>,
}

/// The last numbers that fit into `cells`, the newest at the right end; missing ones leave a gap.
#[must_use]
pub fn sparkline(values: &[Option<f64>], cells: u16, scale: Scale, ink: Ink) -> Vec<Cell> {
    let room = ink.samples(cells);
    let shown = &values[values.len().saturating_sub(room)..];
    let mut padded = vec![None; room - shown.len()];
    padded.extend_from_slice(shown);
    match ink {
        Ink::Braille => padded.chunks(2).map(|pair| braille(pair, scale)).collect(),
        Ink::Levels(levels) => padded.iter().map(|value| block(*value, scale, levels)).collect(),
    }
}

fn block(value: Option<f64>, scale: Scale, levels: [&'static str; 9]) -> Cell {
    let level = value.map_or(0, |value| scale.level(value, 8));
    Cell { symbol: levels[level].to_owned(), peak: value }
}

/// Dots of the left and the right column from the bottom up, as bits of the Braille block (U+2800).
const DOTS: [[u32; 4]; 2] = [[0x40, 0x04, 0x02, 0x01], [0x80, 0x20, 0x10, 0x08]];

fn braille(pair: &[Option<f64>], scale: Scale) -> Cell {
    let mut bits = 0;
    for (column, value) in DOTS.iter().zip(pair) {
        let level = value.map_or(0, |value| scale.level(value, 4));
        bits |= column[..level].iter().sum::<u32>();
    }
    let symbol = char::from_u32(0x2800 + bits).unwrap_or(' ');
    let peak = pair.iter().flatten().copied().reduce(f64::max);
    Cell { symbol: if bits == 0 { " ".to_owned() } else { symbol.to_string() }, peak }
}

/// Merges a longer row into `samples` numbers by taking the largest of each group, counted from the newest end so
/// that a group, once full, never changes: the picture moves without flicker.
#[must_use]
pub fn condense(values: &[Option<f64>], samples: usize) -> Vec<Option<f64>> {
    if samples == 0 || values.len() <= samples {
        return values.to_vec();
    }
    let size = values.len().div_ceil(samples);
    values.chunks(size).map(|group| group.iter().flatten().copied().reduce(f64::max)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BLOCKS: Ink = Ink::Levels(Glyphs::BLOCKS.spark);

    fn text(values: &[f64], cells: u16, scale: Scale, ink: Ink) -> String {
        let values: Vec<_> = values.iter().map(|v| (*v >= 0.0).then_some(*v)).collect();
        sparkline(&values, cells, scale, ink).into_iter().map(|cell| cell.symbol).collect()
    }

    #[test]
    fn the_finest_ink_that_there_is_is_taken() {
        assert_eq!(Ink::of(&Glyphs::UNICODE), Ink::Braille);
        assert_eq!(Ink::of(&Glyphs::BLOCKS), BLOCKS);
        assert_eq!(Ink::of(&Glyphs::ASCII), Ink::Levels(Glyphs::ASCII.spark));
    }

    #[test]
    fn blocks_show_one_number_a_cell_with_the_newest_at_the_right() {
        let line = text(&[0.0, 1.0, 2.0, 4.0, 8.0], 8, Scale::Linear { max: 8.0 }, BLOCKS);
        assert_eq!(line, "   ▁▂▃▅█");
        assert_eq!(text(&[1.0, 2.0, 3.0], 2, Scale::Linear { max: 3.0 }, BLOCKS), "▆█");
    }

    #[test]
    fn braille_shows_two_numbers_a_cell() {
        assert_eq!(text(&[0.0, 3.0, 1.0, 2.0], 2, Scale::Linear { max: 3.0 }, Ink::Braille), "⣸⣴");
    }

    #[test]
    fn what_was_not_measured_leaves_a_gap_and_a_zero_does_not() {
        assert_eq!(text(&[0.0, -1.0, 5.0], 3, Scale::Linear { max: 5.0 }, BLOCKS), "▁ █");
        assert_eq!(text(&[-1.0, -1.0], 1, Scale::Linear { max: 5.0 }, Ink::Braille), " ");
    }

    #[test]
    fn a_logarithmic_scale_gives_each_factor_the_same_height() {
        let scale = Scale::Log { min: 1.0, max: 10_000_000.0 };
        let values: Vec<f64> = (0..8).map(|power| 10f64.powi(power)).collect();
        assert_eq!(text(&values, 8, scale, BLOCKS), "▁▂▃▄▅▆▇█");
    }

    #[test]
    fn even_latencies_look_even() {
        let values = [Some(100.0), Some(104.0), Some(97.0)];
        let line: String =
            sparkline(&values, 3, Scale::log(&values), BLOCKS).into_iter().map(|c| c.symbol).collect();
        assert_eq!(line, "███");
    }

    #[test]
    fn condensing_keeps_the_peaks() {
        let values = [Some(1.0), Some(9.0), None, None, Some(2.0), Some(3.0)];
        assert_eq!(condense(&values, 3), [Some(9.0), None, Some(3.0)]);
    }

    proptest! {
        #[test]
        fn any_numbers_fill_exactly_their_cells(
            values in proptest::collection::vec(proptest::option::of(any::<f64>()), 0..50),
            cells in 0u16..30,
        ) {
            for ink in [Ink::Braille, BLOCKS] {
                for scale in [Scale::linear(&values), Scale::log(&values)] {
                    let line = sparkline(&values, cells, scale, ink);
                    prop_assert_eq!(line.len(), usize::from(cells));
                    prop_assert!(line.iter().all(|cell| cell.symbol.chars().count() == 1));
                }
            }
            prop_assert!(condense(&values, 7).len() <= values.len().clamp(0, 7).max(values.len().min(7)));
        }
    }
}
