//! What the progress notifications of an operation said: the first and the last as they were, all of them as points over time.
//!
//! Bounded, however many there are. Knows nothing of operations.

use std::collections::VecDeque;

use crate::trace::{Micros, Place};

/// A progress notification, thinned out if there are very many.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProgressPoint {
    /// When it passed.
    pub at: Micros,
    /// `progress` as the sender counts it.
    pub progress: f64,
}

/// A progress notification as it was.
#[derive(Clone, Debug, PartialEq)]
pub struct ProgressEvent {
    /// When it passed.
    pub at: Micros,
    /// Where it stands in the recording.
    pub place: Place,
    /// The position in the batch that held it; 0 for a frame of its own.
    pub index: u16,
    /// Its `progress`, if it has one.
    pub progress: Option<f64>,
    /// Its `total`, if it has one.
    pub total: Option<f64>,
    /// Its `message`, shortened.
    pub message: Option<Box<str>>,
}

/// What the progress notifications of an operation said.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// How many there were.
    pub count: u32,
    /// The last `progress`.
    pub last: f64,
    /// The last `total`, if one was given.
    pub total: Option<f64>,
    /// The last `message`, shortened.
    pub message: Option<Box<str>>,
    /// When they passed; at most [`Progress::POINTS_MAX`], evenly thinned beyond that.
    pub points: Vec<ProgressPoint>,
    /// The first of them as they were; at most [`Progress::EDGE_MAX`].
    first: Vec<ProgressEvent>,
    /// The last of those that came after; at most [`Progress::EDGE_MAX`].
    latest: VecDeque<ProgressEvent>,
    /// Every how manyeth point is kept.
    stride: u32,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            count: 0,
            last: 0.0,
            total: None,
            message: None,
            points: Vec::new(),
            first: Vec::new(),
            latest: VecDeque::new(),
            stride: 1,
        }
    }
}

impl Progress {
    /// How many points are kept.
    pub const POINTS_MAX: usize = 64;
    /// How many of the first, and how many of the last, are kept as they were.
    pub const EDGE_MAX: usize = 3;

    /// The first ones as they were, the last ones as they were, and how many are left out between them.
    #[must_use]
    pub fn told(&self) -> (&[ProgressEvent], &VecDeque<ProgressEvent>, u32) {
        let kept = u32::try_from(self.first.len() + self.latest.len()).unwrap_or(u32::MAX);
        (&self.first, &self.latest, self.count.saturating_sub(kept))
    }

    /// Takes the next one.
    pub(super) fn take(&mut self, event: ProgressEvent) {
        self.count = self.count.saturating_add(1);
        self.last = event.progress.unwrap_or(self.last);
        self.total = event.total.or(self.total);
        self.message = event.message.clone().or_else(|| self.message.take());
        if self.points.len() == Self::POINTS_MAX {
            let mut keep = false;
            self.points.retain(|_| {
                keep = !keep;
                keep
            });
            self.stride = self.stride.saturating_mul(2);
        }
        if (self.count - 1).is_multiple_of(self.stride) {
            self.points.push(ProgressPoint { at: event.at, progress: self.last });
        }
        if self.first.len() < Self::EDGE_MAX {
            self.first.push(event);
            return;
        }
        if self.latest.len() == Self::EDGE_MAX {
            self.latest.pop_front();
        }
        self.latest.push_back(event);
    }
}
