/// What tokens cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// What a million tokens cost, in units of the currency; more than nothing.
    pub per_million: f64,
    /// What stands in front of an amount.
    pub currency: String,
}

impl Price {
    /// What so many tokens cost, in units of the currency.
    #[must_use]
    pub fn of(&self, tokens: u64) -> f64 {
        self.per_million * tokens as f64 / 1e6
    }

    /// The same to read: two figures that count, and from 1 on two behind the point.
    #[must_use]
    pub fn told(&self, tokens: u64) -> String {
        let amount = self.of(tokens);
        let places = if amount >= 1.0 || amount == 0.0 { 2.0 } else { 1.0 - amount.log10().floor() };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few digits")]
        let places = places.clamp(2.0, 9.0) as usize;
        format!("{}{amount:.places$}", self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_amounts_keep_two_figures() {
        let price = Price { per_million: 3.0, currency: "$".to_owned() };
        assert_eq!(price.told(0), "$0.00");
        assert_eq!(price.told(824), "$0.0025");
        assert_eq!(price.told(52_986), "$0.16");
        assert_eq!(price.told(1_500_000), "$4.50");
    }
}
