//! Where a text sends the time cursor: `1:23.5`, `90s`, `+10s`, `-500ms`, `40%`, `#12`.
//!
//! Knows nothing of who typed it.

use crate::trace::Micros;
use crate::ui::deck::{Goal, Playback};

/// What can be typed.
pub(super) const EXAMPLES: &str = "1:23.5, 90s, +10s, -500ms, 40%, or #12 for the 12th call";

/// The goal that a text names.
///
/// # Errors
/// If it names none, in words for the user.
pub(super) fn whither(text: &str, playback: Playback) -> Result<Goal, &'static str> {
    let text = text.trim();
    if let Some(number) = text.strip_prefix('#') {
        let call = number.trim().parse().ok().filter(|call| *call > 0);
        return call.map(Goal::Calls).ok_or("calls are counted from #1");
    }
    if let Some(share) = text.strip_suffix('%') {
        let share: f64 = share.trim().parse().map_err(|_| "this is no share")?;
        if !(0.0..=100.0).contains(&share) {
            return Err("a share is between 0 % and 100 %");
        }
        let until = playback.until.ok_or("when the recording ends is not known")?;
        return Ok(Goal::Time(rounded(until.0 as f64 * share / 100.0)));
    }
    let at = playback.at;
    let to = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(more), _) => Micros(at.0.saturating_add(length(more)?.0)),
        (None, Some(less)) => Micros(at.0.saturating_sub(length(less)?.0)),
        (None, None) => length(text)?,
    };
    Ok(Goal::Time(to))
}

/// `1:02:03.5`, or a number with a unit; seconds without.
fn length(text: &str) -> Result<Micros, &'static str> {
    let wrong = "a time is written 1:23.5, 90s or 500ms";
    let number = |text: &str| {
        text.trim().parse::<f64>().ok().filter(|number| (0.0..1e12).contains(number)).ok_or(wrong)
    };
    if text.contains(':') {
        let mut seconds = 0.0;
        for part in text.split(':') {
            seconds = seconds * 60.0 + number(part)?;
        }
        return Ok(rounded(seconds * 1e6));
    }
    let text = text.trim();
    let units = [("ms", 1e3), ("us", 1.0), ("µs", 1.0), ("s", 1e6), ("m", 6e7), ("h", 3.6e9)];
    let with_unit = units.iter().find_map(|(unit, us)| Some((text.strip_suffix(unit)?, *us)));
    let (text, us) = with_unit.unwrap_or((text, 1e6));
    Ok(rounded(number(text)? * us))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and a cast saturates")]
fn rounded(us: f64) -> Micros {
    Micros(us.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::deck::Motion;

    const PLAYBACK: Playback =
        Playback { at: Micros(5_000_000), speed: 1.0, motion: Motion::Held, until: Some(Micros(20_000_000)) };

    #[test]
    fn times_shares_and_calls_are_understood() {
        let us = |text| match whither(text, PLAYBACK) {
            Ok(Goal::Time(to)) => to.0,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!((us("1:23.5"), us("1:00:00"), us("90")), (83_500_000, 3_600_000_000, 90_000_000));
        assert_eq!((us("500ms"), us("2 m"), us("7us")), (500_000, 120_000_000, 7));
        assert_eq!((us("+10s"), us("-500ms"), us("-1h")), (15_000_000, 4_500_000, 0));
        assert_eq!((us("40%"), us("100 %")), (8_000_000, 20_000_000));
        assert_eq!(whither("#12", PLAYBACK), Ok(Goal::Calls(12)));
    }

    #[test]
    fn what_names_no_place_is_refused_in_words() {
        for text in ["", "x", "1:x", "#0", "#", "101%", "-", "nan", "--5"] {
            assert!(whither(text, PLAYBACK).is_err(), "{text}");
        }
        let unknown = Playback { until: None, ..PLAYBACK };
        assert!(whither("40%", unknown).is_err_and(|why| why.contains("not known")));
    }
}
