//! Times and sizes as people write them: `"5m"`, `"250ms"`, `"64MB"`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A time, as in `"1h 30m"`, `"5m"`, `"30s"` or `"250ms"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub Duration);

impl Span {
    /// In microseconds, saturating.
    #[must_use]
    pub fn micros(self) -> u64 {
        u64::try_from(self.0.as_micros()).unwrap_or(u64::MAX)
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |_| format!("\"{text}\" is no time: write it as in \"5m\", \"30s\" or \"250ms\"");
        let span: jiff::SignedDuration = text.trim().parse().map_err(wrong)?;
        Duration::try_from(span).map(Self).map_err(|_| format!("\"{text}\" is less than nothing"))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let duration = jiff::SignedDuration::try_from(self.0).unwrap_or(jiff::SignedDuration::MAX);
        write!(f, "{duration:#}")
    }
}

/// A size, as in `"64MB"`, `"512KB"` or `"100B"`; units are of 1,024.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub u64);

const UNITS: [(&str, u64); 8] = [
    ("KIB", 1 << 10),
    ("MIB", 1 << 20),
    ("GIB", 1 << 30),
    ("KB", 1 << 10),
    ("MB", 1 << 20),
    ("GB", 1 << 30),
    ("B", 1),
    ("", 1),
];

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("\"{text}\" is no size: write it as in \"64MB\", \"512KB\" or \"100B\"");
        let upper = text.trim().to_ascii_uppercase();
        let known = UNITS.iter().find_map(|(unit, factor)| Some((upper.strip_suffix(unit)?, factor)));
        let (number, factor) = known.ok_or_else(wrong)?;
        let number: u64 = number.trim().parse().map_err(|_| wrong())?;
        number.checked_mul(*factor).map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole =
            UNITS[3..6].iter().rev().find(|(_, factor)| self.0 >= *factor && self.0.is_multiple_of(*factor));
        match whole {
            Some((unit, factor)) => write!(f, "{}{unit}", self.0 / factor),
            None => write!(f, "{}B", self.0),
        }
    }
}

macro_rules! as_text {
    ($name:ident) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
                let text = String::deserialize(source)?;
                text.parse().map_err(D::Error::custom)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.collect_str(self)
            }
        }
    };
}

as_text!(Span);
as_text!(Bytes);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_read_as_people_write_them() {
        assert_eq!("5m".parse::<Span>().unwrap(), Span(Duration::from_mins(5)));
        assert_eq!("250ms".parse::<Span>().unwrap().micros(), 250_000);
        assert_eq!("1h 30m".parse::<Span>().unwrap(), Span(Duration::from_mins(90)));
        assert_eq!("64MB".parse::<Bytes>().unwrap(), Bytes(64 << 20));
        assert_eq!("512 kb".parse::<Bytes>().unwrap(), Bytes(512 << 10));
        for text in ["", "5", "-3s", "soon"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
        for text in ["MB", "-1KB", "1.5MB", "99999999999GB", "many"] {
            assert!(text.parse::<Bytes>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_written_reads_as_the_same() {
        for text in ["5m", "30s", "250ms", "1h 30m"] {
            let span: Span = text.parse().unwrap();
            assert_eq!(span.to_string().parse::<Span>().unwrap(), span);
        }
        for bytes in [0, 1, 1_000, 1 << 20, 3 << 30] {
            assert_eq!(Bytes(bytes).to_string().parse::<Bytes>().unwrap(), Bytes(bytes));
        }
    }
}
