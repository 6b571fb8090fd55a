//! `coalesce`: lets equal calls in flight share an answer.

use serde::{Deserialize, Serialize};

/// Whether equal calls in flight share an answer; written as `true`, or with the tools for which they do as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "whether equal calls in flight share an answer: true, or { idempotent = true }"
)]
pub enum Coalesce {
    /// Those of tools that say that they only read.
    Switch(bool),
    /// Those of other tools as well.
    Also {
        /// Of those that say `idempotentHint`.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        idempotent: bool,
        /// Of all, whatever they say.
        #[serde(default, rename = "unsafe", skip_serializing_if = "std::ops::Not::not")]
        is_unsafe: bool,
    },
}

impl Default for Coalesce {
    fn default() -> Self {
        Self::Switch(false)
    }
}

impl Coalesce {
    /// Whether any do.
    #[must_use]
    pub fn is_on(self) -> bool {
        match self {
            Self::Switch(is_on) => is_on,
            Self::Also { .. } => true,
        }
    }

    pub(in crate::rules) fn takes_idempotent(self) -> bool {
        matches!(self, Self::Also { idempotent: true, .. })
    }

    pub(in crate::rules) fn is_unsafe(self) -> bool {
        matches!(self, Self::Also { is_unsafe: true, .. })
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::{Coalesce, Ruleset};

    #[test]
    fn it_is_written_as_a_word_or_with_more_tools() {
        let read = |value: &str| {
            let text = format!("[[rule]]\nname = \"a\"\nempty = \"drop\"\ncoalesce = {value}\n");
            Ruleset::parse(&text).map(|set| set.rules[0].coalesce)
        };
        assert_eq!(read("true").unwrap(), Coalesce::Switch(true));
        assert!(!read("false").unwrap().is_on());
        let also = read("{ idempotent = true }").unwrap();
        assert!(also.is_on() && also.takes_idempotent() && !also.is_unsafe());
        assert!(read("{ unsafe = true }").unwrap().is_unsafe());
        assert!(read("{ unsave = true }").is_err() && read("3").is_err());
    }
}
