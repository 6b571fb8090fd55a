//! The flags that say what tokens cost in money.

use crate::ui::widgets::number;

/// What a million tokens cost.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Price {
    /// What a million tokens of input cost with your model, to see money beside tokens
    #[arg(long = "price", value_name = "AMOUNT", value_parser = amount)]
    per_million: Option<f64>,
    /// What stands in front of money
    #[arg(long, value_name = "TEXT", default_value = "$", hide_short_help = true)]
    currency: String,
}

fn amount(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(amount) if amount > 0.0 && amount.is_finite() => Ok(amount),
        Ok(_) => Err("a price is more than 0".to_owned()),
        Err(_) => Err("not a number".to_owned()),
    }
}

impl Price {
    /// What tokens cost; `None` if nobody has said it.
    pub(super) fn known(&self) -> Option<number::Price> {
        self.per_million.map(|per_million| number::Price { per_million, currency: self.currency.clone() })
    }

    /// What so many tokens cost, in units of the currency; `None` if nobody has said a price.
    pub(super) fn of(&self, tokens: u64) -> Option<f64> {
        self.known().map(|price| price.of(tokens))
    }

    /// The same to read.
    pub(super) fn told(&self, tokens: u64) -> Option<String> {
        self.known().map(|price| price.told(tokens))
    }

    /// What a million cost, to read.
    pub(super) fn per_million(&self) -> Option<String> {
        self.told(1_000_000)
    }
}
