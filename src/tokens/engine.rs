//! Turns a text into tokens of one encoding, exactly; it does not know of limits, caches or JSON.
//!
//! The fast engine is the crate `tiktoken`. It splits text with hand-written scanners that differ from the
//! published pattern in the one place that [`Encoding::differs_in`] names (found by reading its source and by
//! fuzzing against the reference); there, and only there, the reference `tiktoken-rs` is asked, so that a
//! count is exact for every text. Each vocabulary is loaded on first use and kept for the program's life.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use memchr::memmem;

use super::encoding::Encoding;

/// One way to split text into tokens. Special tokens such as `<|endoftext|>` are ordinary text to every engine.
trait Engine {
    /// How many tokens the text has.
    fn count(&self, text: &str) -> usize;
    /// The length in bytes of each token, in order; they sum to `text.len()`.
    fn lengths(&self, text: &str) -> Vec<u8>;
}

/// `tiktoken`: five to seven times as fast as the reference.
struct Fast {
    bpe: &'static tiktoken::CoreBpe,
    /// Bytes of each token by its rank, filled on the first call of `lengths`.
    bytes_by_rank: OnceLock<Vec<u8>>,
}

impl Fast {
    fn new(encoding: Encoding) -> Self {
        let bpe =
            tiktoken::get_encoding(encoding.name()).expect("the vocabularies are selected in Cargo.toml");
        Self { bpe, bytes_by_rank: OnceLock::new() }
    }

    /// Ranks are dense from 0 but for a few gaps, which decode to nothing and never appear in a text.
    fn table(&self) -> &[u8] {
        self.bytes_by_rank.get_or_init(|| {
            let ranks =
                u32::try_from(self.bpe.vocab_size()).expect("vocabularies have fewer than 2^32 tokens");
            // cl100k_base skips one rank, so the last one equals the size; some room covers both.
            (0..ranks + 64)
                .map(|rank| {
                    u8::try_from(self.bpe.decode(&[rank]).len()).expect("no token is longer than 255 bytes")
                })
                .collect()
        })
    }
}

impl Engine for Fast {
    fn count(&self, text: &str) -> usize {
        self.bpe.count(text)
    }

    fn lengths(&self, text: &str) -> Vec<u8> {
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

    fn lengths(&self, text: &str) -> Vec<u8> {
        let bytes = |rank| self.0.decode_bytes(&[rank]).map_or(0, |bytes| bytes.len());
        self.0
            .encode_ordinary(text)
            .into_iter()
            .map(|rank| u8::try_from(bytes(rank)).expect("no token is longer than 255 bytes"))
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
    pub(super) fn token_lengths(self, text: &str) -> Result<Vec<u8>, EnginePanicked> {
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
    ///
    /// In `o200k_base` a word may carry a contraction, `(?i:'s|…)`, which under Unicode case folding includes
    /// `'ſ` (U+017F). The fast scanner for words with CJK or fullwidth letters folds ASCII case only. (U+212A,
    /// which folds to `k`, is in no contraction. `cl100k_base` leaves every `'` before a non-ASCII letter to
    /// its regular expression and is right.)
    fn differs_in(self, text: &str) -> bool {
        match self {
            Self::O200kBase => has_long_s_contraction(text),
            Self::Cl100kBase => false,
        }
    }
}

/// Searched with SIMD by its rarest byte: more than a hundred times as fast as counting.
fn has_long_s_contraction(text: &str) -> bool {
    static FINDER: OnceLock<memmem::Finder<'static>> = OnceLock::new();
    FINDER.get_or_init(|| memmem::Finder::new("'\u{17F}")).find(text.as_bytes()).is_some()
}

/// Both engines keep no state that a panic could leave half-changed: the vocabularies are immutable, and the
/// fast engine's piece cache stores a slot only after its merge is complete.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, EnginePanicked> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_panic| EnginePanicked)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// xorshift64*: the corpus is the same on every machine and in every run.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, n: usize) -> usize {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            usize::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).unwrap() % n
        }
    }

    /// Pieces that the two engines' splitters treat in different code paths, mixed at random.
    fn mixtures(rounds: usize) -> impl Iterator<Item = String> {
        let alphabets = [
            "a|b|Z|S|s|t|re|LL|'|'s|'S|'ſ|ſ|\u{212A}|k|K| |  |\n|\r|\r\n|\t|\u{A0}|\u{3000}|\u{2028}|\u{85}|/|.|,|!|\u{301}|\u{5D0}\
             |漢|ひ|ア|가|Ａ|ａ|１|、|。|é|É|ǅ|ʰ|1|22|4567|²|½|Ⅷ|٣|😀|👩\u{200D}👩|<|>|endoftext|_|{|}|\"|:|\u{200B}|\u{FEFF}|ª|ß",
            " |  |    |\n|\r|\r\n|\t|\u{A0}|\u{3000}|\u{2028}|\u{85}|\u{B}|a|.|/|\u{C}|\u{1680}|\u{2003}|\u{202F}|1",
            "'|s|ſ|S|\u{212A}|k|a| |t|T|l|re|ll|.|漢|Ａ|1|d|D|\u{301}|\n",
        ]
        .map(|pieces| pieces.split('|').collect::<Vec<_>>());
        let mut dice = Dice(42);
        (0..rounds).map(move |round| {
            let alphabet = &alphabets[round % alphabets.len()];
            (0..=dice.below(12)).map(|_| alphabet[dice.below(alphabet.len())]).collect()
        })
    }

    #[test]
    fn the_fast_engine_agrees_with_the_reference_wherever_it_is_used() {
        for encoding in Encoding::ALL {
            for text in mixtures(30_000).filter(|text| !encoding.differs_in(text)) {
                assert_eq!(
                    encoding.fast().lengths(&text),
                    encoding.reference().lengths(&text),
                    "{encoding} of {text:?}"
                );
            }
        }
    }

    #[test]
    fn a_long_s_after_an_apostrophe_is_counted_as_the_reference_counts_it() {
        let text = "Ａひ'ſ'Sk漢";
        let encoding = Encoding::O200kBase;
        assert_ne!(
            encoding.fast().lengths(text),
            encoding.reference().lengths(text),
            "the fast engine was mended; drop the fallback"
        );
        assert_eq!(encoding.token_lengths(text), Ok(encoding.reference().lengths(text)));
        assert_eq!(encoding.count_tokens(text), Ok(encoding.reference().count(text) as u64));
    }

    #[test]
    fn token_lengths_sum_to_the_text_and_number_its_count() {
        for encoding in Encoding::ALL {
            for text in mixtures(3_000) {
                let lengths = encoding.token_lengths(&text).unwrap();
                assert_eq!(lengths.iter().map(|&bytes| usize::from(bytes)).sum::<usize>(), text.len());
                assert_eq!(Ok(lengths.len() as u64), encoding.count_tokens(&text));
            }
        }
    }

    #[test]
    fn a_panic_in_an_engine_is_an_answer() {
        assert_eq!(guarded(|| panic!("on purpose")), Err::<(), _>(EnginePanicked));
    }

    #[test]
    fn the_text_of_a_special_token_is_ordinary_text() {
        for encoding in Encoding::ALL {
            assert!(encoding.count_tokens("<|endoftext|>").unwrap() > 1);
        }
    }
}
