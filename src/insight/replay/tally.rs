//! How many requests were answered, and how.

use super::{Answered, Level};

/// Counts of a replay, or of several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    levels: [u64; Level::ALL.len()],
    /// Requests that nothing recorded answers and that got an error.
    pub misses: u64,
    /// Answers that had been given before.
    pub again: u64,
    /// Requests that were not answered because they were not then.
    pub unanswered: u64,
    /// Requests of the server that were left out, because the client cannot answer them.
    pub left_out: u64,
}

impl Tally {
    /// Counts what was reported.
    pub fn count(&mut self, answered: &Answered) {
        match answered.level {
            Some(level) => self.levels[level as usize] += 1,
            None => self.misses += 1,
        }
        self.again += u64::from(answered.is_again);
        self.unanswered += u64::from(answered.is_unanswered);
    }

    /// How many were answered at this level.
    #[must_use]
    pub fn at(&self, level: Level) -> u64 {
        self.levels[level as usize]
    }

    /// Requests in all.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.levels.iter().sum::<u64>() + self.misses
    }

    /// Adds the counts of another replay.
    pub fn add(&mut self, other: &Self) {
        for (sum, count) in self.levels.iter_mut().zip(&other.levels) {
            *sum += count;
        }
        self.misses += other.misses;
        self.again += other.again;
        self.unanswered += other.unanswered;
        self.left_out += other.left_out;
    }

    /// The counts by their names, for machines.
    #[must_use]
    pub fn by_name(&self) -> Vec<(&'static str, u64)> {
        let levels = Level::ALL.into_iter().map(|level| (level.as_str(), self.at(level)));
        let rest = [
            ("misses", self.misses),
            ("again", self.again),
            ("unanswered", self.unanswered),
            ("left_out", self.left_out),
        ];
        levels.chain(rest).collect()
    }

    /// Sets a count by its name; a name that is none is passed over.
    pub fn set(&mut self, name: &str, count: u64) {
        if let Some(level) = Level::ALL.into_iter().find(|level| level.as_str() == name) {
            self.levels[level as usize] = count;
        }
        match name {
            "misses" => self.misses = count,
            "again" => self.again = count,
            "unanswered" => self.unanswered = count,
            "left_out" => self.left_out = count,
            _ => {}
        }
    }
}
