//! Which stretch of time is on screen, at how many microseconds a cell, and what the axis says.
//!
//! A cell's width is one of a fixed row of round numbers and the screen begins at a whole cell, so that what is drawn
//! does not shiver while time goes on. Knows nothing of calls.

use crate::ui::widgets::time_axis::{label, steps_us};

/// Widths of a cell below 100 microseconds.
const SMALL_US: [u64; 9] = [1, 2, 5, 10, 20, 25, 40, 50, 80];
/// Widths of a cell between 100 and 1,000 microseconds; up to a second the others are these times powers of ten.
const DECADE_US: [u64; 8] = [100, 125, 160, 200, 250, 400, 500, 800];
/// How often the decade is repeated below a second.
const DECADES: [u64; 4] = [1, 10, 100, 1_000];
/// Widths of a cell from a second on, where time is counted in sixties, up to a day.
const LARGE_MS: [u64; 43] = [
    1_000, 1_250, 1_500, 2_000, 2_500, 3_000, 4_000, 5_000, 6_000, 8_000, 10_000, 12_000, 15_000, 20_000,
    25_000, 30_000, 40_000, 50_000, 60_000, 75_000, 90_000, 120_000, 150_000, 180_000, 240_000, 300_000,
    360_000, 480_000, 600_000, 720_000, 900_000, 1_200_000, 1_440_000, 1_800_000, 2_400_000, 2_880_000,
    3_600_000, 4_800_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000,
];
/// How many widths there are.
const ZOOMS: usize = SMALL_US.len() + DECADES.len() * DECADE_US.len() + LARGE_MS.len();
/// The width of a cell, in microseconds.
fn cell_us(zoom: usize) -> u64 {
    let decades = DECADES.len() * DECADE_US.len();
    match zoom.checked_sub(SMALL_US.len()) {
        None => SMALL_US[zoom],
        Some(at) if at < decades => DECADE_US[at % DECADE_US.len()] * DECADES[at / DECADE_US.len()],
        Some(at) => LARGE_MS[at - decades] * 1_000,
    }
}

/// The distance of two labels: round for a clock, a whole number of cells, and not too near.
fn step_us(cell_us: u64, apart: u64) -> u64 {
    let wanted_us = cell_us.saturating_mul(apart);
    let fits = |step: &u64| *step >= wanted_us && step.is_multiple_of(cell_us);
    steps_us().find(fits).unwrap_or(wanted_us)
}

/// Widths that one press of a key goes further: about a factor of two.
const ZOOM_STEP: usize = 2;

/// How the screen moves with time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Motion {
    /// All of the session, from its start to now.
    Fit,
    /// The newest at the right end.
    Follow,
    /// Stays where it is.
    Still,
}

/// The stretch of time on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    zoom: usize,
    /// The first cell on screen, counted from the start.
    pub(super) first: u64,
    pub(super) motion: Motion,
}

impl Default for Scale {
    fn default() -> Self {
        Self { zoom: 30, first: 0, motion: Motion::Fit }
    }
}

impl Scale {
    /// Microseconds a cell.
    pub(super) fn cell_us(self) -> u64 {
        cell_us(self.zoom)
    }

    /// Moves with time: `now_us` is the end of everything there is.
    pub(super) fn settle(&mut self, now_us: u64, cells: u16) {
        let cells = u64::from(cells.max(1));
        match self.motion {
            Motion::Fit => {
                let fits = |zoom: &usize| now_us / cell_us(*zoom) < cells;
                self.zoom = (0..ZOOMS).find(fits).unwrap_or(ZOOMS - 1);
                self.first = 0;
            }
            Motion::Follow => self.first = (now_us / self.cell_us() + 1).saturating_sub(cells),
            Motion::Still => self.first = self.first.min(now_us / self.cell_us()),
        }
    }

    /// One zoom step in or out around a moment that keeps its place on screen.
    pub(super) fn zoom(&mut self, is_in: bool, around_us: u64) {
        let column = (around_us / self.cell_us()).saturating_sub(self.first);
        self.zoom =
            if is_in { self.zoom.saturating_sub(ZOOM_STEP) } else { (self.zoom + ZOOM_STEP).min(ZOOMS - 1) };
        self.first = (around_us / self.cell_us()).saturating_sub(column);
        if self.motion == Motion::Fit {
            self.motion = Motion::Still;
        }
    }

    /// Moves by so many cells.
    pub(super) fn pan(&mut self, cells: i64) {
        self.first = self.first.saturating_add_signed(cells);
        self.motion = Motion::Still;
    }

    /// Moves as little as it takes to have a stretch of time on screen, with some room around it; of a stretch that is
    /// too long its beginning.
    pub(super) fn show(&mut self, from_us: u64, to_us: u64, cells: u16) {
        let (from, to, cells) = (from_us / self.cell_us(), to_us / self.cell_us(), u64::from(cells.max(1)));
        let margin = cells / 8;
        if to + margin >= self.first + cells {
            self.first = (to + margin + 1).saturating_sub(cells);
        }
        if from < self.first + margin {
            self.first = from.saturating_sub(margin);
        }
    }

    /// The column of a moment; may lie beyond the screen on either side.
    pub(super) fn column(self, at_us: u64) -> i64 {
        let cell = i64::try_from(at_us / self.cell_us()).unwrap_or(i64::MAX);
        cell.saturating_sub(i64::try_from(self.first).unwrap_or(i64::MAX))
    }

    /// The moment at which a column begins.
    pub(super) fn moment_us(self, column: u64) -> u64 {
        (self.first + column).saturating_mul(self.cell_us())
    }

    /// Columns with a label, and what it says; labels are at least `apart` cells apart.
    pub(super) fn ticks(self, cells: u16, apart: u64) -> Vec<(u16, String)> {
        let step_us = step_us(self.cell_us(), apart);
        let step = step_us / self.cell_us();
        let begin = self.first.next_multiple_of(step);
        (begin..self.first + u64::from(cells))
            .step_by(usize::try_from(step).unwrap_or(usize::MAX))
            .filter_map(|cell| {
                let column = u16::try_from(cell - self.first).ok()?;
                Some((column, label(cell.saturating_mul(self.cell_us()), step_us)))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn everything_fits_at_the_widest_zoom_that_shows_it() {
        let mut scale = Scale::default();
        scale.settle(99_000_000, 100);
        assert_eq!((scale.cell_us(), scale.first), (1_000_000, 0));
        scale.settle(100_000_000, 100);
        assert_eq!(scale.cell_us(), 1_250_000);
        scale.settle(2_000_000_000, 100);
        let labels: Vec<_> = scale.ticks(100, 14).into_iter().map(|(_, label)| label).take(4).collect();
        assert_eq!(labels, ["00:00", "10:00", "20:00", "30:00"]);
    }

    #[test]
    fn labels_stand_at_round_moments() {
        let mut scale = Scale::default();
        scale.settle(99_000_000, 100);
        let labels: Vec<_> = scale.ticks(100, 12).into_iter().take(3).collect();
        assert_eq!(labels, [(0, "00:00".to_owned()), (15, "00:15".to_owned()), (30, "00:30".to_owned())]);
    }

    #[test]
    fn following_keeps_the_newest_at_the_right_end() {
        let mut scale = Scale { motion: Motion::Follow, ..Scale::default() };
        scale.settle(1_000_000_000, 50);
        assert_eq!(scale.column(1_000_000_000), 49);
    }

    #[test]
    fn every_width_has_round_labels_and_is_larger_than_the_one_before() {
        for zoom in 0..ZOOMS {
            let step = step_us(cell_us(zoom), 14);
            assert!(step.is_multiple_of(cell_us(zoom)) && step / cell_us(zoom) <= 25, "{}", cell_us(zoom));
            let is_on_the_clock = steps_us().any(|round| round == step);
            assert!(is_on_the_clock || 1_000_000_u64.is_multiple_of(step) || step < 1_000_000, "{step}");
            assert!(zoom == 0 || cell_us(zoom - 1) < cell_us(zoom));
        }
    }

    proptest! {
        #[test]
        fn zooming_keeps_the_moment_where_it_is(at in 0u64..10_000_000_000, first in 0u64..1_000, steps in 0usize..12) {
            let mut scale = Scale { zoom: 12, first, motion: Motion::Still };
            scale.show(at, at, 100);
            let column = scale.column(at);
            for step in 0..steps {
                scale.zoom(step % 3 != 0, at);
                prop_assert!(scale.column(at) == column || scale.first == 0);
            }
        }

        #[test]
        fn the_beginning_of_what_is_shown_is_on_screen(at in 0u64..10_000_000_000, first in 0u64..100_000,
                                           long in 0u64..99_999_999, cells in 9u16..300) {
            let mut scale = Scale { zoom: 14, first, motion: Motion::Still };
            scale.show(at, at + long, cells);
            prop_assert!((0..i64::from(cells)).contains(&scale.column(at)));
        }
    }
}
