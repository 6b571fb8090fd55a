//! Sizes in bytes as text; does not know what has the size.

use super::metric;

/// The widest text of [`bytes()`], in cells.
pub const BYTES_WIDTH: u16 = 7;

/// A size: `847 B`, `1.24 kB`, `12.4 MB`; kilo is 1,000.
#[must_use]
pub fn bytes(size_bytes: u64) -> String {
    metric(size_bytes, 3, [" B", " kB", " MB", " GB"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_have_three_digits_and_a_unit() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(847), "847 B");
        assert_eq!(bytes(1_240), "1.24 kB");
        assert_eq!(bytes(12_400_000), "12.4 MB");
    }

    proptest! {
        #[test]
        fn no_size_is_wider_than_its_column(size in 0u64..999_000_000_000) {
            prop_assert!(bytes(size).chars().count() <= usize::from(BYTES_WIDTH));
        }
    }
}
