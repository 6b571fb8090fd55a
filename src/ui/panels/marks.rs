//! How the panels show states and verdicts: a glyph, a word and a role for each, the same everywhere.
//!
//! Colour never stands alone: whatever has a role has a glyph or a word too. Knows nothing of layout.

use super::Targets;
use crate::model::{Operation, Outcome, Phase, State};
use crate::ui::theme::{Glyphs, Role};
use crate::ui::widgets::number::duration;

/// How a state is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// One cell.
    pub glyph: &'static str,
    /// In one word or two.
    pub word: &'static str,
    /// Its colour.
    pub role: Role,
}

/// How an operation stands.
#[must_use]
pub fn state(operation: &Operation, glyphs: &Glyphs) -> Mark {
    let (glyph, word, role) = match operation.state {
        State::Pending => match operation.phase() {
            Phase::Answer => (glyphs.pending, "pending", Role::Pending),
            Phase::Input => (glyphs.pending, "waits for input", Role::Pending),
            Phase::Task => (glyphs.pending, "task runs", Role::Pending),
            Phase::Listening => (glyphs.live, "listening", Role::Dim),
        },
        State::Done(Outcome::Ok) => (glyphs.ok, "ok", Role::Good),
        State::Done(Outcome::ToolError) => (glyphs.error, "tool error", Role::Bad),
        State::Done(Outcome::ProtocolError { .. }) => (glyphs.error, "protocol error", Role::Bad),
        State::Done(Outcome::HttpError { .. }) => (glyphs.error, "HTTP status", Role::Bad),
        State::Cancelled { late_answer: false } => (glyphs.cancelled, "cancelled", Role::Void),
        State::Cancelled { late_answer: true } => (glyphs.cancelled, "cancelled, answered late", Role::Void),
        State::Abandoned => (glyphs.abandoned, "never answered", Role::Void),
        State::Unknown => (glyphs.abandoned, "answer not seen", Role::Void),
    };
    Mark { glyph, word, role }
}

/// Whether an operation failed.
#[must_use]
pub fn is_error(operation: &Operation) -> bool {
    matches!(operation.state, State::Done(outcome) if outcome != Outcome::Ok)
}

/// How a value stands to its target: within it, above it, above twice of it.
#[must_use]
pub fn against(value: u64, target: u64) -> Role {
    if value <= target {
        Role::Good
    } else if value <= target.saturating_mul(2) {
        Role::Warn
    } else {
        Role::Bad
    }
}

/// How a share of failures stands to its target.
#[must_use]
pub fn errors(share: Option<f64>, targets: &Targets) -> Role {
    match share {
        None | Some(0.0) => Role::Dim,
        Some(share) if share <= targets.error_share => Role::Warn,
        Some(_) => Role::Bad,
    }
}

/// The mark behind a number that misses its target; a blank behind one that does not.
#[must_use]
pub fn warning(role: Role, glyphs: &Glyphs) -> &'static str {
    if matches!(role, Role::Warn | Role::Bad) { glyphs.warn } else { " " }
}

/// The mark behind a number of failures: some failures are a warning within the target, and no mark.
#[must_use]
pub fn too_many(role: Role, glyphs: &Glyphs) -> &'static str {
    if role == Role::Bad { glyphs.warn } else { " " }
}

/// What the marks and colours of figures say, under these targets: a mark, its colour, and what it means.
#[must_use]
pub fn meanings(targets: &Targets, glyphs: &Glyphs) -> [(String, Role, String); 4] {
    let warn = glyphs.warn;
    let (p50, p99) = (duration(targets.p50_us), duration(targets.p99_us));
    let errors = format!("{:.3}", targets.error_share * 100.0);
    let errors = errors.trim_end_matches('0').trim_end_matches('.');
    [
        ("12 ms".to_owned(), Role::Good, format!("p50 up to {p50}, p95, p99 up to {p99}")),
        (format!("12 ms{warn}"), Role::Warn, "Above its target".to_owned()),
        (format!("12 ms{warn}"), Role::Bad, "Above twice its target, in another colour".to_owned()),
        (format!("3{warn}"), Role::Bad, format!("More failed than the target, {errors} %")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_met_up_to_itself_and_badly_missed_from_twice_of_it() {
        assert_eq!(against(100, 100), Role::Good);
        assert_eq!(against(101, 100), Role::Warn);
        assert_eq!(against(200, 100), Role::Warn);
        assert_eq!(against(201, 100), Role::Bad);
    }

    #[test]
    fn a_missed_target_is_seen_without_colour() {
        for (role, mark) in [(Role::Good, " "), (Role::Warn, "!"), (Role::Bad, "!")] {
            assert_eq!(warning(role, &Glyphs::ASCII), mark);
        }
    }
}
