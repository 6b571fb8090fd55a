//! How a recording is to be played.
//!
//! Knows nothing of messages.

use super::matcher::Strictness;
use crate::rules::Path;

/// How a recording is played.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// What makes no difference in parameters.
    pub ignore: Vec<Path>,
    /// The loosest level at which an answer is taken.
    pub strictness: Strictness,
    /// Whether an answer that has been given is not given again.
    pub once: bool,
    /// How many times faster than it was; 0 for as fast as possible.
    pub speed: f64,
    /// Whether somebody else decides about requests without an answer. Else they get an error.
    pub hands_over: bool,
}

impl Wishes {
    pub(super) fn scaled(&self, gap_us: u64) -> u64 {
        if self.speed <= 0.0 {
            return 0;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a time that is not negative"
        )]
        let scaled = (gap_us as f64 / self.speed) as u64;
        scaled
    }
}
