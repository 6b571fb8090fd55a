//! `fault`: makes calls fail, to test agents.

use serde::{Deserialize, Serialize};

use super::dice::Dice;

/// How often calls fail, and how.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which share of calls, 0 to 1.
    pub rate: f64,
    /// How.
    #[serde(default)]
    pub kind: FaultKind,
    /// What the failure says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Which calls fail is chosen by this number: the same for the same number.
    #[serde(default)]
    pub seed: u64,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// With a result that says the tool failed.
    #[default]
    ToolError,
    /// With a JSON-RPC error.
    Error,
    /// There is no answer.
    Silence,
}

impl Fault {
    /// Whether the next call fails.
    pub(in crate::rules) fn strikes(&self, dice: &mut Dice) -> bool {
        dice.unit() < self.rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_calls_fail_as_the_rate_says_and_the_same_ones_for_the_same_seed() {
        let fault = |rate| Fault { rate, kind: FaultKind::Error, message: None, seed: 0 };
        let struck = |rate, seed| {
            let mut dice = Dice::new(seed);
            (0..1_000).map(|_| fault(rate).strikes(&mut dice)).collect::<Vec<_>>()
        };
        let count = struck(0.25, 1).into_iter().filter(|is| *is).count();
        assert!((200..300).contains(&count), "{count}");
        assert_eq!(struck(0.25, 1), struck(0.25, 1));
        assert!(struck(0.0, 1).iter().all(|is| !is) && struck(1.0, 1).iter().all(|is| *is));
    }
}
