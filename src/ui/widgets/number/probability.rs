//! Probabilities as people read them.

/// A probability: `p = 0.004`, `p < 1e-9`; no test is so certain that it were nothing.
#[must_use]
pub fn probability(p: f64) -> String {
    if p < 1e-9 {
        "p < 1e-9".to_owned()
    } else if p < 0.001 {
        format!("p = {p:.0e}")
    } else {
        format!("p = {p:.3}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_probability_is_shown_as_nothing() {
        assert_eq!(probability(0.0), "p < 1e-9");
        assert_eq!(probability(0.000_04), "p = 4e-5");
        assert_eq!(probability(0.25), "p = 0.250");
    }
}
