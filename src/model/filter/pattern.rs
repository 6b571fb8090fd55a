//! Texts to look for: a piece of text, a whole text, or a whole text with `*` for anything.
//!
//! ASCII letters match in either case, but in a whole text. Knows nothing of what is searched.

use std::fmt;

use memchr::memchr2_iter;

/// A text to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Occurs anywhere.
    Contains(Box<str>),
    /// Is the whole text, where each `*` stands for anything.
    Glob(Box<str>),
    /// Is the whole text, to the letter.
    Whole(Box<str>),
}

impl Pattern {
    /// Whether it occurs in (or, with `*`, is) the text.
    #[must_use]
    pub fn matches(&self, text: &[u8]) -> bool {
        match self {
            Self::Contains(piece) => contains(text, piece.as_bytes()),
            Self::Glob(glob) => is_glob(text, glob.as_bytes()),
            Self::Whole(whole) => text == whole.as_bytes(),
        }
    }

    /// Whether it is the whole text.
    #[must_use]
    pub fn is(&self, text: &[u8]) -> bool {
        match self {
            Self::Contains(whole) => text.eq_ignore_ascii_case(whole.as_bytes()),
            Self::Glob(glob) => is_glob(text, glob.as_bytes()),
            Self::Whole(whole) => text == whole.as_bytes(),
        }
    }
}

fn contains(text: &[u8], piece: &[u8]) -> bool {
    let Some(first) = piece.first() else { return true };
    if piece.len() > text.len() {
        return false;
    }
    let starts = &text[..=text.len() - piece.len()];
    memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), starts)
        .any(|at| text[at..at + piece.len()].eq_ignore_ascii_case(piece))
}

/// Wildcard matching without recursion: after a mismatch the last `*` takes one byte more.
fn is_glob(text: &[u8], glob: &[u8]) -> bool {
    let (mut t, mut g) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if glob.get(g) == Some(&b'*') {
            star = Some((g, t));
            g += 1;
        } else if glob.get(g).is_some_and(|byte| byte.eq_ignore_ascii_case(&text[t])) {
            g += 1;
            t += 1;
        } else if let Some((star_g, star_t)) = star {
            star = Some((star_g, star_t + 1));
            g = star_g + 1;
            t = star_t + 1;
        } else {
            return false;
        }
    }
    glob[g..].iter().all(|byte| *byte == b'*')
}

/// Whether a character ends a bare word.
pub(super) fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '"')
}

/// Whether a bare word is taken for something else than a text.
pub(super) fn is_keyword(word: &str) -> bool {
    ["and", "or", "not"].iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
}

impl fmt::Display for Pattern {
    /// As the filter language writes it: bare where that means the same, else quoted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Glob(glob) => return f.write_str(glob),
            Self::Contains(text) => text,
            Self::Whole(text) => {
                f.write_str("=")?;
                text
            }
        };
        let bare = !text.is_empty()
            && !text.starts_with(['-', '='])
            && !is_keyword(text)
            && !text.contains(|c| ends_word(c) || matches!(c, '*' | ':' | '\\'));
        if bare {
            return f.write_str(text);
        }
        f.write_str("\"")?;
        for c in text.chars() {
            if matches!(c, '"' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{c}")?;
        }
        f.write_str("\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn letters_match_in_either_case_and_stars_stand_for_anything() {
        let contains = Pattern::Contains("Read".into());
        assert!(contains.matches(b"bread_file") && !contains.matches(b"rea"));
        for (glob, text, fits) in [
            ("read*", "READ_file", true),
            ("*file", "read_file", true),
            ("r*d*e", "read_file", true),
            ("read", "read_file", false),
            ("*", "", true),
            ("a*b", "ab", true),
            ("a*bc", "abbbc", true),
            ("a*bc", "abbb", false),
        ] {
            assert_eq!(Pattern::Glob(glob.into()).matches(text.as_bytes()), fits, "{glob} on {text}");
        }
    }

    proptest! {
        #[test]
        fn a_glob_matches_what_its_stars_were_filled_with(parts in proptest::collection::vec("[ab]{0,3}", 1..5),
            fills in proptest::collection::vec("[abc]{0,4}", 5)) {
            let glob = parts.join("*");
            let text: String = parts.iter().enumerate()
                .map(|(i, part)| if i == 0 { part.clone() } else { format!("{}{part}", fills[i]) }).collect();
            prop_assert!(Pattern::Glob(glob.into()).matches(text.as_bytes()));
        }

        #[test]
        fn contains_agrees_with_the_plain_way(text in "[aAbB]{0,8}", piece in "[aAbB]{0,3}") {
            let plain = text.to_ascii_lowercase().contains(&piece.to_ascii_lowercase());
            prop_assert_eq!(Pattern::Contains(piece.into()).matches(text.as_bytes()), plain);
        }
    }
}
