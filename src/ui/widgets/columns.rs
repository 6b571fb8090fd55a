//! Shares a width out among columns; where it does not suffice, the least important columns go first.
//!
//! Knows nothing of what stands in the columns.

/// Where a column's texts stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Texts.
    Left,
    /// Numbers.
    Right,
}

/// What a column asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
    /// The least width in cells at which it is useful.
    pub min: u16,
    /// The width in cells beyond which it gains nothing.
    pub max: u16,
    /// Its part of what is left over, relative to the others; 0 keeps it at its least width.
    pub weight: u16,
    /// Its importance, 0 the highest: the largest number goes first. A column of priority 0 always stays.
    pub priority: u8,
}

impl Want {
    /// A column that is always as wide as that.
    #[must_use]
    pub const fn fixed(width: u16, priority: u8) -> Self {
        Self { min: width, max: width, weight: 0, priority }
    }

    /// A column that takes its part of what is left over.
    #[must_use]
    pub const fn growing(min: u16, max: u16, weight: u16, priority: u8) -> Self {
        Self { min, max, weight, priority }
    }
}

impl Want {
    /// A column of names that takes what its longest name asks for, but no more than a share of the line's `width` while
    /// others need the rest; at least `least` cells.
    #[must_use]
    pub fn names(longest: usize, width: u16, least: u16) -> Self {
        let longest = u16::try_from(longest).unwrap_or(u16::MAX).max(least);
        // A wide line has columns that say less than the rest of a name.
        let share = width / 4 + width.saturating_sub(80) / 8;
        let min = longest.min(share.clamp(least, 44));
        Self { min, max: longest.min(64), weight: 8, priority: 0 }
    }
}

/// A column's place in its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which of the wanted columns it is.
    pub index: usize,
    /// Cells from the row's beginning.
    pub x: u16,
    /// Cells.
    pub width: u16,
}

/// The columns that are shown in `width` cells, in their order, `gap` cells apart.
#[must_use]
pub fn arrange(wants: &[Want], width: u16, gap: u16) -> Vec<Place> {
    let kept = keep(wants, width, gap);
    let widths = share_out(wants, &kept, width, gap);
    let mut x = 0u16;
    let mut places = Vec::with_capacity(kept.len());
    for (index, column_width) in kept.into_iter().zip(widths) {
        let column_width = column_width.min(width.saturating_sub(x));
        places.push(Place { index, x, width: column_width });
        x = x.saturating_add(column_width).saturating_add(gap);
    }
    places
}

/// The columns that stay, in their order.
fn keep(wants: &[Want], width: u16, gap: u16) -> Vec<usize> {
    let mut kept: Vec<usize> = (0..wants.len()).collect();
    while least(wants, &kept, gap) > usize::from(width) {
        // Of equal importance the one further right goes first.
        let dispensable = kept.iter().enumerate().filter(|(_, index)| wants[**index].priority > 0);
        let Some((at, _)) = dispensable.max_by_key(|(at, index)| (wants[**index].priority, *at)) else {
            break;
        };
        kept.remove(at);
    }
    kept
}

/// The cells that the columns need at least.
fn least(wants: &[Want], kept: &[usize], gap: u16) -> usize {
    let columns: usize = kept.iter().map(|&index| usize::from(wants[index].min)).sum();
    columns + usize::from(gap) * kept.len().saturating_sub(1)
}

/// The width of each kept column: its least one and its part of the rest, never more than its most.
fn share_out(wants: &[Want], kept: &[usize], width: u16, gap: u16) -> Vec<u16> {
    let mut widths: Vec<u16> = kept.iter().map(|&index| wants[index].min).collect();
    let mut rest = usize::from(width).saturating_sub(least(wants, kept, gap));
    // Each round gives every growing column its part; what a full one leaves goes to the others in the next round.
    while rest > 0 {
        let open: Vec<usize> = (0..kept.len())
            .filter(|&at| wants[kept[at]].weight > 0 && widths[at] < wants[kept[at]].max)
            .collect();
        let weights: usize = open.iter().map(|&at| usize::from(wants[kept[at]].weight)).sum();
        if weights == 0 {
            break;
        }
        let before = rest;
        for at in open {
            let want = wants[kept[at]];
            let part = (before * usize::from(want.weight) / weights).max(1).min(rest);
            let given = part.min(usize::from(want.max - widths[at]));
            widths[at] += u16::try_from(given).unwrap_or(u16::MAX);
            rest -= given;
        }
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WANTS: [Want; 4] =
        [Want::growing(6, 20, 1, 0), Want::fixed(5, 1), Want::growing(4, 10, 1, 3), Want::fixed(5, 2)];

    fn shown(width: u16) -> Vec<(usize, u16, u16)> {
        arrange(&WANTS, width, 1).into_iter().map(|place| (place.index, place.x, place.width)).collect()
    }

    #[test]
    fn the_least_important_column_goes_first() {
        assert_eq!(shown(23), [(0, 0, 6), (1, 7, 5), (2, 13, 4), (3, 18, 5)]);
        assert_eq!(shown(22), [(0, 0, 10), (1, 11, 5), (3, 17, 5)]);
        assert_eq!(shown(16), [(0, 0, 10), (1, 11, 5)]);
        assert_eq!(shown(11), [(0, 0, 11)]);
        assert_eq!(shown(3), [(0, 0, 3)]);
    }

    #[test]
    fn growing_columns_share_the_rest_up_to_their_most() {
        assert_eq!(shown(31), [(0, 0, 10), (1, 11, 5), (2, 17, 8), (3, 26, 5)]);
        assert_eq!(shown(99), [(0, 0, 20), (1, 21, 5), (2, 27, 10), (3, 38, 5)]);
    }

    proptest! {
        #[test]
        fn columns_stay_in_order_apart_and_inside(
            wants in proptest::collection::vec(
                (0u16..30, 0u16..30, 0u16..4, 0u8..5).prop_map(|(min, more, weight, priority)| Want {
                    min, max: min + more, weight, priority,
                }), 0..12),
            width in 0u16..200,
        ) {
            let places = arrange(&wants, width, 2);
            for pair in places.windows(2) {
                prop_assert!(pair[0].index < pair[1].index);
                prop_assert!(pair[0].x + pair[0].width + 2 <= pair[1].x);
            }
            for place in &places {
                prop_assert!(place.width == 0 || place.x + place.width <= width);
            }
        }
    }
}
