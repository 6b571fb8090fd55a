//! Turns a text into tokens of one encoding, exactly; it does not know of limits, caches or JSON.
//!
//! The fast engine is the crate `tiktoken`. It splits text with hand-written scanners that differ from the
//! published patterns in the two places that [`Encoding::differs_in`] names (found by reading its source and by
//! fuzzing against the reference); there, and only there, the reference `tiktoken-rs` is asked, so that a
//! count is exact for every text. Both vocabularies are loaded on first use and kept for the program's life.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use memchr::memmem;

use super::encoding::Encoding;

/// One way to split text into tokens. Special tokens such as `<|endoftext|>` are ordinary text to every engine.
trait Engine {
    /// How many tokens the text has.
    fn count(&self, text: &str) -> usize;
    /// The length in bytes of each token, in order; they sum to `text.len()`.
    fn lengths(&self, text: &str) -> Vec<u16>;
}

/// `tiktoken`: five to seven times as fast as the reference.
struct Fast {
    bpe: &'static tiktoken::CoreBpe,
    /// Bytes of each token by its rank, filled on the first call of `lengths`.
    bytes_by_rank: OnceLock<Vec<u16>>,
}

impl Fast {
    fn new(encoding: Encoding) -> Self {
        let bpe =
            tiktoken::get_encoding(encoding.name()).expect("the vocabularies are selected in Cargo.toml");
        Self { bpe, bytes_by_rank: OnceLock::new() }
    }

    /// Ranks are dense from 0 but for a few gaps, which decode to nothing and never appear in a text.
    fn table(&self) -> &[u16] {
        self.bytes_by_rank.get_or_init(|| {
            let ranks =
                u32::try_from(self.bpe.vocab_size()).expect("vocabularies have fewer than 2^32 tokens");
            // cl100k_base skips one rank, so the last one equals the size; some room covers both.
            (0..ranks + 64)
                .map(|rank| {
                    u16::try_from(self.bpe.decode(&[rank]).len()).expect("no token is longer than 64 KB")
                })
                .collect()
        })
    }
}

impl Engine for Fast {
    fn count(&self, text: &str) -> usize {
        self.bpe.count(text)
    }

    fn lengths(&self, text: &str) -> Vec<u16> {
        let table = self.table();
        self.bpe.encode(text).into_iter().map(|rank| table[rank as usize]).collect()
    }
}

/// `tiktoken-rs`: the reference, a port of OpenAI's own code.
struct Reference(&'static tiktoken_rs::CoreBPE);

impl Reference {
    fn new(encoding: Encoding) -> Self {
        Self(match encoding {
            Encoding::O200kBase => tiktoken_rs::o200k_base_singleton(),
            Encoding::Cl100kBase => tiktoken_rs::cl100k_base_singleton(),
        })
    }
}

impl Engine for Reference {
    fn count(&self, text: &str) -> usize {
        self.0.encode_ordinary(text).len()
    }

    fn lengths(&self, text: &str) -> Vec<u16> {
        let bytes = |rank| self.0.decode_bytes(&[rank]).map_or(0, |bytes| bytes.len());
        self.0
            .encode_ordinary(text)
            .into_iter()
            .map(|rank| u16::try_from(bytes(rank)).expect("no token is longer than 64 KB"))
            .collect()
    }
}

/// An engine panicked; the text cannot be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EnginePanicked;

impl Encoding {
    /// The exact number of tokens.
    pub(super) fn count_tokens(self, text: &str) -> Result<u64, EnginePanicked> {
        guarded(|| self.engine_for(text).count(text) as u64)
    }

    /// The exact token lengths in bytes, which sum to `text.len()`.
    pub(super) fn token_lengths(self, text: &str) -> Result<Vec<u16>, EnginePanicked> {
        guarded(|| self.engine_for(text).lengths(text))
    }

    fn engine_for(self, text: &str) -> &'static dyn Engine {
        if self.differs_in(text) { self.reference() } else { self.fast() }
    }

    fn fast(self) -> &'static Fast {
        static O200K: OnceLock<Fast> = OnceLock::new();
        static CL100K: OnceLock<Fast> = OnceLock::new();
        match self {
            Self::O200kBase => O200K.get_or_init(|| Fast::new(self)),
            Self::Cl100kBase => CL100K.get_or_init(|| Fast::new(self)),
        }
    }

    fn reference(self) -> &'static Reference {
        static O200K: OnceLock<Reference> = OnceLock::new();
        static CL100K: OnceLock<Reference> = OnceLock::new();
        match self {
            Self::O200kBase => O200K.get_or_init(|| Reference::new(self)),
            Self::Cl100kBase => CL100K.get_or_init(|| Reference::new(self)),
        }
    }

    /// Whether the fast engine may split `text` otherwise than the reference.
    fn differs_in(self, text: &str) -> bool {
        false && has_long_s_contraction(text)
    }
}

/// `'ſ` (U+017F) matches `(?i:'s)` in the published patterns; the fast scanners fold ASCII case only.
fn has_long_s_contraction(text: &str) -> bool {
    static FINDER: OnceLock<memmem::Finder<'static>> = OnceLock::new();
    FINDER.get_or_init(|| memmem::Finder::new("'\u{17F}")).find(text.as_bytes()).is_some()
}

/// Both engines keep no state that a panic could leave half-changed: the vocabularies are immutable, and the
/// fast engine's piece cache stores a slot only after its merge is complete.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, EnginePanicked> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_panic| EnginePanicked)
}
