//! How long calls take and how many tokens their results have, then and now, side by side.
//!
//! Both are told by the model, from recordings: nothing is measured in two ways.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cli::passes;
use crate::insight::rank::{Rank, mann_whitney};
use crate::model::{Session, State};
use crate::tokens::Profile;
use crate::ui::feed::count_all;
use crate::wire::Peer;

/// The probability below which a difference is no accident.
const SIGNIFICANT: f64 = 0.01;
/// A median that is smaller than this many times the old one is not worth telling, however certain it is.
const RATIO_MIN: f64 = 1.25;
/// Nor is one that is less than this larger, in microseconds: another machine does as much.
const SLOWER_US_MIN: u64 = 1_000;

/// One tool, or one other method.
pub(super) struct Row {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) then: Side,
    pub(super) now: Side,
    /// Whether calls take longer now; `None` if there are none on one side.
    pub(super) rank: Option<Rank>,
    pub(super) is_slower: bool,
}

/// One side of it.
#[derive(Default)]
pub(super) struct Side {
    /// What the server took for each answered call, in microseconds, sorted. Without calls that include its start.
    pub(super) took_us: Vec<u64>,
    /// Results whose tokens were counted, and the sum of those.
    pub(super) counted: u64,
    pub(super) tokens: u64,
}

impl Side {
    /// The smallest value that so large a part of the calls does not exceed.
    pub(super) fn quantile(&self, part: f64) -> Option<u64> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index of the list")]
        let at = (self.took_us.len() as f64 * part).ceil() as usize;
        self.took_us.get(at.max(1) - 1).copied()
    }

    /// Tokens of a result, in the mean.
    pub(super) fn tokens_mean(&self) -> Option<f64> {
        (self.counted > 0).then(|| self.tokens as f64 / self.counted as f64)
    }
}

/// Rows of all tools and methods that were asked for now.
///
/// # Errors
/// If a recording cannot be read.
pub(super) fn rows(then: &Path, now: &[PathBuf], profile: &Profile) -> Result<Vec<Row>, String> {
    let mut all: BTreeMap<(String, String), [Side; 2]> = BTreeMap::new();
    add(&mut all, 0, then, profile)?;
    for recording in now {
        add(&mut all, 1, recording, profile)?;
    }
    let asked = all.into_iter().filter(|(_, [_, now])| !now.took_us.is_empty());
    Ok(asked.map(|((method, target), [then, now])| Row::new(method, target, then, now)).collect())
}

impl Row {
    fn new(method: String, target: String, mut then: Side, mut now: Side) -> Self {
        then.took_us.sort_unstable();
        now.took_us.sort_unstable();
        let rank = mann_whitney(&then.took_us, &now.took_us);
        let medians = then.quantile(0.5).zip(now.quantile(0.5));
        let is_more = medians.is_some_and(|(then, now)| {
            now as f64 >= then as f64 * RATIO_MIN && now >= then.saturating_add(SLOWER_US_MIN)
        });
        let is_slower = is_more && rank.is_some_and(|rank| rank.p_greater < SIGNIFICANT);
        Self { method, target, then, now, rank, is_slower }
    }

    /// The tool, or the method.
    pub(super) fn name(&self) -> &str {
        if self.target.is_empty() { &self.method } else { &self.target }
    }
}

fn add(
    all: &mut BTreeMap<(String, String), [Side; 2]>,
    side: usize,
    file: &Path,
    profile: &Profile,
) -> Result<(), String> {
    let mut reader = passes::open(file)?;
    let mut session = Session::new(reader.header().clone());
    let failed = |error| format!("cannot read {}: {error}", file.display());
    while !reader.read(1 << 22, &mut |event, place| session.apply(event, place)).map_err(failed)?.at_end {}
    session.end_of_recording();
    count_all(&mut session, &reader.bodies(), profile.clone());
    for operation in session.operations() {
        if operation.from != Peer::Client || operation.is_cold() || !matches!(operation.state, State::Done(_))
        {
            continue;
        }
        let row = session.rows().get(operation.row as usize);
        let Some(key) = row.map(|row| row.key) else { continue };
        let name = (session.name(key.method).to_owned(), session.name(key.target).to_owned());
        let side = &mut all.entry(name).or_default()[side];
        side.took_us.push(operation.responder_us());
        if let Some(tokens) = operation.tokens {
            side.counted += 1;
            side.tokens += u64::from(tokens.model);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(took_us: &[u64]) -> Side {
        Side { took_us: took_us.to_vec(), ..Side::default() }
    }

    fn is_slower(then: &[u64], now: &[u64]) -> bool {
        Row::new(String::new(), String::new(), side(then), side(now)).is_slower
    }

    #[test]
    fn a_tool_is_slower_if_that_is_certain_and_worth_telling() {
        let then = [900, 1_000, 1_100, 1_200, 1_300, 40_000];
        let later = |by: u64| then.map(|took| took + by);
        assert!(is_slower(&then, &later(50_000)));
        assert!(!is_slower(&then, &later(0)));
        assert!(!is_slower(&then, &later(90)), "another machine does as much");
        assert!(!is_slower(&later(50_000), &then));
        assert!(!is_slower(&then[..2], &later(50_000)[..2]), "two calls can be an accident");
        assert!(!is_slower(&[], &then));
    }

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let side = side(&[1, 2, 3, 4]);
        assert_eq!(
            (side.quantile(0.5), side.quantile(0.95), side.quantile(1.0)),
            (Some(2), Some(4), Some(4))
        );
        assert_eq!(Side::default().quantile(0.5), None);
    }
}
