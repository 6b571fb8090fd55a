//! Rectangles in a rectangle, each as large as its share: the squarified treemap of Bruls, Huizing and van Wijk (2000).
//!
//! Pure geometry. Knows nothing of what the rectangles stand for.

/// A rectangle, in whatever unit it was asked for in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Area {
    /// What is left within a frame: of this width at three sides, and of this height at the top.
    pub(super) fn within(self, frame: f64, top: f64) -> Self {
        Self {
            x: self.x + frame,
            y: self.y + top,
            width: (self.width - 2.0 * frame).max(0.0),
            height: (self.height - top - frame).max(0.0),
        }
    }
}

/// Divides an area among these weights, largest first. Those that are nothing get nothing.
pub(super) fn divide(weights: &[u64], area: Area) -> Vec<Area> {
    debug_assert!(weights.is_sorted_by(|one, next| one >= next), "the largest come first");
    let sum: u64 = weights.iter().sum();
    let scale = area.width * area.height / sum.max(1) as f64;
    let sizes: Vec<f64> = weights.iter().map(|weight| *weight as f64 * scale).collect();
    let mut areas = Vec::with_capacity(sizes.len());
    let (mut left, mut rest) = (&sizes[..], area);
    while !left.is_empty() {
        let short = rest.width.min(rest.height);
        let mut count = 1;
        while count < left.len() && worst(&left[..=count], short) <= worst(&left[..count], short) {
            count += 1;
        }
        let (row, others) = left.split_at(count);
        rest = lay(row, rest, &mut areas);
        left = others;
    }
    areas
}

/// How far from a square the worst of a row is that is laid along a side: the larger of its two ratios.
fn worst(row: &[f64], side: f64) -> f64 {
    let sum: f64 = row.iter().sum();
    if sum <= 0.0 || side <= 0.0 {
        return f64::INFINITY;
    }
    let thickness = sum / side;
    row.iter()
        .map(|size| size / thickness / thickness)
        .map(|ratio| ratio.max(1.0 / ratio))
        .fold(0.0, f64::max)
}

/// Lays a row along the shorter side, and gives what is left.
fn lay(row: &[f64], rest: Area, areas: &mut Vec<Area>) -> Area {
    let sum: f64 = row.iter().sum();
    let is_column = rest.width >= rest.height;
    let side = if is_column { rest.height } else { rest.width };
    let thickness = if side > 0.0 { sum / side } else { 0.0 };
    let mut at = 0.0;
    for size in row {
        let length = if thickness > 0.0 { size / thickness } else { 0.0 };
        areas.push(if is_column {
            Area { x: rest.x, y: rest.y + at, width: thickness, height: length }
        } else {
            Area { x: rest.x + at, y: rest.y, width: length, height: thickness }
        });
        at += length;
    }
    if is_column {
        Area { x: rest.x + thickness, width: (rest.width - thickness).max(0.0), ..rest }
    } else {
        Area { y: rest.y + thickness, height: (rest.height - thickness).max(0.0), ..rest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WHOLE: Area = Area { x: 10.0, y: 20.0, width: 600.0, height: 400.0 };

    #[test]
    fn the_example_of_the_paper_is_laid_out_as_there() {
        let area = Area { x: 0.0, y: 0.0, width: 6.0, height: 4.0 };
        let areas = divide(&[6, 6, 4, 3, 2, 2, 1], area);
        let near = |one: f64, other: f64| (one - other).abs() < 1e-9;
        assert!(near(areas[0].width, 3.0) && near(areas[0].height, 2.0), "{areas:?}");
        assert!(near(areas[2].x, 3.0) && near(areas[2].width, 12.0 / 7.0), "{areas:?}");
    }

    proptest! {
        #[test]
        fn each_has_its_share_and_none_lies_on_another(mut weights in proptest::collection::vec(0_u64..10_000, 0..40)) {
            weights.sort_unstable_by(|one, other| other.cmp(one));
            let areas = divide(&weights, WHOLE);
            prop_assert_eq!(areas.len(), weights.len());
            let sum: u64 = weights.iter().sum();
            for (area, weight) in areas.iter().zip(&weights) {
                let share = *weight as f64 / sum.max(1) as f64 * WHOLE.width * WHOLE.height;
                prop_assert!((area.width * area.height - share).abs() < 1e-3, "{:?} {}", area, share);
                let is_within = area.x >= WHOLE.x - 1e-6 && area.y >= WHOLE.y - 1e-6
                    && area.x + area.width <= WHOLE.x + WHOLE.width + 1e-6
                    && area.y + area.height <= WHOLE.y + WHOLE.height + 1e-6;
                prop_assert!(is_within || *weight == 0, "{:?}", area);
            }
            for (at, one) in areas.iter().enumerate() {
                for other in &areas[..at] {
                    let across = (one.x + one.width).min(other.x + other.width) - one.x.max(other.x);
                    let down = (one.y + one.height).min(other.y + other.height) - one.y.max(other.y);
                    prop_assert!(across.min(down) < 1e-6, "{:?} {:?}", one, other);
                }
            }
        }
    }
}
