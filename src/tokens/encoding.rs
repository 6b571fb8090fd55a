//! Names the vocabularies mcptop counts in; it does not know how counting is done.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A published vocabulary whose token counts are exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Encoding {
    /// `o200k_base`: GPT-4o, GPT-4.1, the o series and GPT-5. The unit of every calibrated profile.
    #[default]
    O200kBase,
    /// `cl100k_base`: GPT-4, GPT-3.5 and the v3 embedding models.
    Cl100kBase,
}

impl Encoding {
    /// Every encoding, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::O200kBase, Self::Cl100kBase];

    /// The name under which the vocabulary was published.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::O200kBase => "o200k_base",
            Self::Cl100kBase => "cl100k_base",
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The given name is none of the encodings this build knows.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown encoding `{name}`; known are o200k_base and cl100k_base")]
pub struct UnknownEncoding {
    /// The name as it was given.
    pub name: String,
}

impl FromStr for Encoding {
    type Err = UnknownEncoding;

    /// Accepts the published name, with or without `_base`, in any case.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let lower = name.trim().to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|encoding| {
                lower == encoding.name() || Some(lower.as_str()) == encoding.name().strip_suffix("_base")
            })
            .ok_or_else(|| UnknownEncoding { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_is_found_by_its_printed_name() {
        for encoding in Encoding::ALL {
            assert_eq!(encoding.to_string().parse(), Ok(encoding));
        }
        assert_eq!("CL100K".parse(), Ok(Encoding::Cl100kBase));
    }

    #[test]
    fn an_unknown_encoding_is_refused_with_the_known_ones() {
        let error = "p50k_base".parse::<Encoding>().unwrap_err();
        assert!(error.to_string().contains("o200k_base"), "{error}");
    }
}
