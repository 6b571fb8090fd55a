//! A line of time: labels at round moments, not too near to one another. Knows nothing of what happened.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::columns::Align;
use super::table::put;
use crate::ui::theme::{Role, Theme};

/// Distances of labels from a second on, in seconds: what a clock is divided by.
const STEPS_S: [u64; 27] = [
    1, 2, 4, 5, 10, 15, 20, 30, 60, 120, 180, 300, 600, 900, 1_200, 1_800, 3_600, 7_200, 10_800, 21_600,
    43_200, 86_400, 172_800, 259_200, 345_600, 604_800, 1_209_600,
];

/// Distances of labels that are round on a clock, in microseconds, the smallest first.
pub fn steps_us() -> impl Iterator<Item = u64> {
    let small = (0..6).flat_map(|power| [1, 2, 4, 5, 8].map(|digit| digit * 10_u64.pow(power)));
    small.chain(STEPS_S.into_iter().map(|seconds| seconds * 1_000_000))
}

/// A moment, as exactly as the distance of the labels asks.
#[must_use]
pub fn label(at_us: u64, step_us: u64) -> String {
    let seconds = at_us / 1_000_000;
    let clock = if seconds >= 3_600 {
        format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
    } else {
        format!("{:02}:{:02}", seconds / 60, seconds % 60)
    };
    match step_us {
        1_000_000.. => clock,
        1_000.. => format!("{clock}.{:03}", at_us / 1_000 % 1_000),
        _ => format!("{clock}.{:06}", at_us % 1_000_000),
    }
}

/// Columns with a label, and what it says, where all cells together stand for `span_us` from the start on; labels are at
/// least `apart` cells apart.
#[must_use]
pub fn ticks(span_us: u64, cells: u16, apart: u16) -> Vec<(u16, String)> {
    let (span_us, cells) = (span_us.max(1), u64::from(cells.max(1)));
    let is_far = |step: &u64| step.saturating_mul(cells) / span_us >= u64::from(apart);
    let step_us = steps_us().find(is_far).unwrap_or(span_us);
    let mut ticks = Vec::new();
    let mut at_us = 0;
    while at_us < span_us {
        let column = u128::from(at_us) * u128::from(cells) / u128::from(span_us);
        ticks.push((u16::try_from(column).unwrap_or(u16::MAX), label(at_us, step_us)));
        at_us += step_us;
    }
    ticks
}

/// Draws the labels on one line, each right of a tick at its moment; one that does not fit is left out.
pub fn draw(ticks: &[(u16, String)], role: Role, area: Rect, buf: &mut Buffer, theme: &Theme) {
    for (column, label) in ticks {
        let line = Line::from(vec![
            Span::styled(theme.glyphs.vertical, theme.style(Role::Border)),
            Span::styled(label.as_str(), theme.style(role)),
        ]);
        let room = area.width.saturating_sub(*column);
        if line.width() <= usize::from(room) {
            put(buf, area.x + column, area.y, room, Align::Left, &line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stand_at_round_moments_and_apart() {
        let labels = |span_us, cells| -> Vec<String> {
            ticks(span_us, cells, 10).into_iter().map(|(column, label)| format!("{column} {label}")).collect()
        };
        assert_eq!(
            labels(40_000_000, 80),
            ["0 00:00", "10 00:05", "20 00:10", "30 00:15", "40 00:20"]
                .into_iter()
                .chain(["50 00:25", "60 00:30", "70 00:35"])
                .collect::<Vec<_>>()
        );
        assert_eq!(labels(125_000, 25), ["0 00:00.000", "10 00:00.050", "20 00:00.100"]);
        assert_eq!(labels(7_200_000_000, 30), ["0 00:00", "15 1:00:00"]);
        assert_eq!(label(1_234_567, 500), "00:01.234567");
        assert_eq!(label(3_661_000_000, 1_000_000), "1:01:01");
    }
}
