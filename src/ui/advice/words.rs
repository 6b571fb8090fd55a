//! What a rule saved, in words: the same on the screen and on paper.
//!
//! Knows nothing of where they stand.

use crate::insight::Saving;
use crate::tokens::Count;
use crate::ui::widgets::number::{duration, grouped, signed, tokens_grouped};

/// What a rule saved, in a few words: `1,204 tokens`, `12 calls, 3.10 s`.
#[must_use]
pub fn saved_words(saving: &Saving) -> String {
    let number =
        |tokens: i64| signed(tokens, |tokens| tokens_grouped(Count { tokens, accuracy: saving.accuracy }));
    let mut parts = Vec::new();
    if saving.model != 0 {
        parts.push(format!("{} tokens", number(saving.model)));
    }
    if saving.wire != 0 && saving.wire != saving.model {
        let unit = if saving.model == 0 { " tokens" } else { "" };
        parts.push(format!("{}{unit} on the wire", number(saving.wire)));
    }
    if saving.answered > 0 {
        let calls = if saving.answered == 1 { "call" } else { "calls" };
        parts.push(format!("{} {calls}", grouped(saving.answered)));
    }
    if saving.time_us != 0 {
        parts.push(signed(saving.time_us, duration));
    }
    parts.join(", ")
}

/// Whether kept answers were still right; `None` where none could be compared.
#[must_use]
pub fn freshness_words(saving: &Saving) -> Option<String> {
    Some(match (saving.compared, saving.stale) {
        (0, _) => return None,
        (1, 0) => "The answer out of the cache was what the server said then.".to_owned(),
        (2, 0) => "Both answers out of the cache were what the server said then.".to_owned(),
        (compared, 0) => {
            format!("All {} answers out of the cache were what the server said then.", grouped(compared))
        }
        (1, _) => "The answer out of the cache was not what the server said then.".to_owned(),
        (compared, stale) => format!(
            "Of {} answers out of the cache {} {} not what the server said then.",
            grouped(compared),
            grouped(stale),
            if stale == 1 { "was" } else { "were" }
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saving_is_told_in_the_units_it_has() {
        let saving = Saving { model: 1_204, wire: 1_204, answered: 1, time_us: 1_200, ..Saving::default() };
        assert_eq!(saved_words(&saving), "1,204 tokens, 1 call, 1.2 ms");
        let wire = Saving { wire: 276, ..Saving::default() };
        assert_eq!(saved_words(&wire), "276 tokens on the wire");
        let slower = Saving { model: 20, wire: 31, time_us: -1_500_000, ..Saving::default() };
        assert_eq!(saved_words(&slower), "20 tokens, 31 on the wire, -1.50 s");
    }

    #[test]
    fn numbers_of_answers_agree_with_their_words() {
        let told = |compared, stale| freshness_words(&Saving { stale, compared, ..Saving::default() });
        assert_eq!(told(0, 0), None);
        assert_eq!(told(1, 0).unwrap(), "The answer out of the cache was what the server said then.");
        assert_eq!(told(6, 0).unwrap(), "All 6 answers out of the cache were what the server said then.");
        assert!(told(6, 1).unwrap().contains("6 answers out of the cache 1 was not"));
    }
}
