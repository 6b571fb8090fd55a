//! Differences as text: what was saved, or with a minus what it cost.

/// A difference in the words of `text`, with a minus where it is less than nothing: `12.4k`, `-310`.
#[must_use]
pub fn signed(value: i64, text: impl Fn(u64) -> String) -> String {
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{}", text(value.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_has_a_minus() {
        let text = |value: u64| format!("{value} ms");
        assert_eq!(
            (signed(-3, text), signed(0, text), signed(7, text)),
            ("-3 ms".into(), "0 ms".into(), "7 ms".into())
        );
    }
}
