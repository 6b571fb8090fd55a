//! Numbers and lists as advice says them.

/// A number, its thousands apart: `1,204,332`.
pub(super) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: `1 call`, `12 calls`.
pub(super) fn counted(value: u64, thing: &str) -> String {
    format!("{} {thing}{}", number(value), if value == 1 { "" } else { "s" })
}

/// A time: `412 µs`, `31 ms`, `1.2 s`, `83 s`.
pub(super) fn time(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{} ms", us / 1_000),
        1_000_000..10_000_000 => format!("{}.{} s", us / 1_000_000, us / 100_000 % 10),
        _ => format!("{} s", number(us / 1_000_000)),
    }
}

/// A share of a whole: `12 %`, `under 1 %`.
pub(super) fn share(part: u64, whole: u64) -> String {
    match part.saturating_mul(100) / whole.max(1) {
        0 if part > 0 => "under 1 %".to_owned(),
        percent => format!("{percent} %"),
    }
}

/// The word that goes with a number of things: `was` or `were`, `has` or `have`.
pub(super) fn agreeing<'w>(value: u64, one: &'w str, more: &'w str) -> &'w str {
    if value == 1 { one } else { more }
}

/// The first few of a list, and how many more there are.
pub(super) fn list<T: AsRef<str>>(items: &[T], most: usize) -> String {
    let shown: Vec<&str> = items.iter().take(most).map(AsRef::as_ref).collect();
    let shown = shown.join(", ");
    match items.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_speaks_in_numbers_that_people_read() {
        assert_eq!(number(1_204_332), "1,204,332");
        assert_eq!((counted(1, "call"), counted(12, "call")), ("1 call".to_owned(), "12 calls".to_owned()));
        assert_eq!([412, 31_200, 1_240_000, 83_000_000].map(time), ["412 µs", "31 ms", "1.2 s", "83 s"]);
        assert_eq!(
            [(1, 8), (1, 800), (0, 8)].map(|(part, whole)| share(part, whole)),
            ["12 %", "under 1 %", "0 %"]
        );
        assert_eq!([0, 1, 2].map(|tools| agreeing(tools, "was", "were")), ["were", "was", "were"]);
        assert_eq!(list(&["a", "b", "c"], 2), "a, b and 1 more");
    }
}
