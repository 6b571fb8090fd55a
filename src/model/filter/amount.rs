//! Comparisons with an amount: `>500ms`, `<=1.5k`, `10kb..2mb`.
//!
//! Knows nothing of what is measured beyond the names of its units.

use std::fmt::{self, Write as _};

/// What is measured, which decides the units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Microseconds: `us`, `ms`, `s`, `m`; `ms` when none is given.
    Duration,
    /// Tokens: `k` and `m` for thousands and millions.
    Tokens,
    /// Bytes: `b`, `kb`, `mb`, `gb` by thousands, `kib`, `mib`, `gib` by 1,024.
    Size,
}

impl Measure {
    /// Names and sizes of the units, smallest first; the first is what amounts are kept in.
    fn units(self) -> &'static [(&'static str, u64)] {
        match self {
            Self::Duration => &[("us", 1), ("ms", 1_000), ("s", 1_000_000), ("m", 60_000_000)],
            Self::Tokens => &[("", 1), ("k", 1_000), ("m", 1_000_000)],
            Self::Size => &[
                ("b", 1),
                ("kb", 1_000),
                ("kib", 1_024),
                ("mb", 1_000_000),
                ("mib", 1_048_576),
                ("gb", 1_000_000_000),
                ("gib", 1_073_741_824),
            ],
        }
    }

    fn unit(self, name: &str) -> Option<u64> {
        if name.is_empty() {
            return Some(match self {
                Self::Duration => 1_000,
                Self::Tokens | Self::Size => 1,
            });
        }
        self.units().iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, size)| *size)
    }

    /// An amount to show what is expected.
    pub(super) fn example(self) -> &'static str {
        match self {
            Self::Duration => "500ms (us, ms, s, m)",
            Self::Tokens => "1k (k, m)",
            Self::Size => "10kb (b, kb, mb, gb)",
        }
    }

    /// Reads an amount; `None` if it is none, or beyond 64 bits.
    pub(super) fn read(self, text: &str) -> Option<u64> {
        let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = self.unit(&text[number.len()..])?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let digits =
            |text: &str| !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return None;
        }
        let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
        let fraction = fraction.parse::<u128>().ok()? * u128::from(unit) / scale;
        let whole = whole.parse::<u128>().ok()? * u128::from(unit);
        u64::try_from(whole + fraction).ok()
    }

    fn write(self, out: &mut String, amount: u64) {
        let fits = |(_, size): &&(&str, u64)| amount > 0 && amount.is_multiple_of(*size);
        let (name, size) = self.units().iter().rev().find(fits).unwrap_or(&self.units()[0]);
        write!(out, "{}{name}", amount / size).expect("a String takes every write");
    }
}

/// Makes a condition of the amount behind an operator.
type Make = fn(u64) -> Bounds;

/// A condition on an amount, in the measure's smallest unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounds {
    /// `>`
    Above(u64),
    /// `>=`
    AtLeast(u64),
    /// `<`
    Below(u64),
    /// `<=`
    AtMost(u64),
    /// `=`
    Exactly(u64),
    /// `a..b`, both included.
    Between(u64, u64),
}

impl Bounds {
    /// Whether an amount meets it.
    #[must_use]
    pub fn hold(self, amount: u64) -> bool {
        match self {
            Self::Above(bound) => amount > bound,
            Self::AtLeast(bound) => amount >= bound,
            Self::Below(bound) => amount < bound,
            Self::AtMost(bound) => amount <= bound,
            Self::Exactly(bound) => amount == bound,
            Self::Between(from, to) => (from..=to).contains(&amount),
        }
    }

    /// Reads a comparison; `None` if it is none.
    pub(super) fn read(measure: Measure, text: &str) -> Option<Self> {
        if let Some((from, to)) = text.split_once("..") {
            return Some(Self::Between(measure.read(from)?, measure.read(to)?));
        }
        let operators: [(&str, Make); 5] = [
            (">=", Self::AtLeast),
            ("<=", Self::AtMost),
            (">", Self::Above),
            ("<", Self::Below),
            ("=", Self::Exactly),
        ];
        let (operator, make) = operators.into_iter().find(|(operator, _)| text.starts_with(operator))?;
        measure.read(&text[operator.len()..]).map(make)
    }

    /// The comparison with its measure, to be written.
    pub(super) fn display(self, measure: Measure) -> impl fmt::Display {
        let mut out = String::new();
        let (operator, amount) = match self {
            Self::Above(bound) => (">", bound),
            Self::AtLeast(bound) => (">=", bound),
            Self::Below(bound) => ("<", bound),
            Self::AtMost(bound) => ("<=", bound),
            Self::Exactly(bound) => ("=", bound),
            Self::Between(from, to) => {
                measure.write(&mut out, from);
                out.push_str("..");
                measure.write(&mut out, to);
                return out;
            }
        };
        out.push_str(operator);
        measure.write(&mut out, amount);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_in_their_units() {
        for (measure, text, amount) in [
            (Measure::Duration, "500ms", Some(500_000)),
            (Measure::Duration, "1.5s", Some(1_500_000)),
            (Measure::Duration, "2m", Some(120_000_000)),
            (Measure::Duration, "7", Some(7_000)),
            (Measure::Duration, "1.0009ms", Some(1_000)),
            (Measure::Tokens, "1.5K", Some(1_500)),
            (Measure::Size, "10kb", Some(10_000)),
            (Measure::Size, "1kib", Some(1_024)),
            (Measure::Size, "5s", None),
            (Measure::Tokens, "", None),
            (Measure::Tokens, ".5", None),
            (Measure::Tokens, "-5", None),
            (Measure::Size, "999999999999999999gb", None),
        ] {
            assert_eq!(measure.read(text), amount, "{text}");
        }
    }
}
