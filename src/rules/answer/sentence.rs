//! Where the first sentence of a description ends.

/// Words that end in a full stop and no sentence.
const ABBREVIATIONS: [&str; 22] = [
    "e.g", "i.e", "etc", "vs", "cf", "approx", "resp", "incl", "excl", "max", "min", "no", "nr", "fig",
    "sec", "dr", "mr", "mrs", "ms", "st", "inc", "ca",
];

/// The first line that says something.
pub(super) fn first_line(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
}

/// The first sentence: to the first full stop, question or exclamation mark that ends one, to an empty line, or to a list.
pub(super) fn first_sentence(text: &str) -> &str {
    let text = text.trim();
    let text = &text[..paragraph(text)];
    for (at, mark) in text.char_indices() {
        if !matches!(mark, '.' | '!' | '?' | '…' | '。' | '！' | '？') {
            continue;
        }
        let behind = &text[at + mark.len_utf8()..];
        let closed = behind.trim_start_matches(['"', '\'', ')', ']', '”', '’', '»', '`', '.', '!', '?']);
        if ends(&text[..at], mark, closed) {
            return text[..text.len() - closed.len()].trim_end();
        }
    }
    text.trim_end()
}

/// How long the first paragraph is.
fn paragraph(text: &str) -> usize {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let is_item = || {
            let number = line.trim_start().trim_start_matches(|letter: char| letter.is_ascii_digit());
            let is_numbered = number.len() < line.trim_start().len() && number.starts_with([')', '.']);
            line.trim_start().starts_with(['-', '*', '•', '#', '|']) || is_numbered
        };
        if at > 0 && (line.trim().is_empty() || is_item()) {
            break;
        }
        at += line.len();
    }
    at
}

/// Whether a mark between `before` and `behind` ends a sentence.
fn ends(before: &str, mark: char, behind: &str) -> bool {
    if matches!(mark, '。' | '！' | '？') || behind.is_empty() {
        return true;
    }
    // "v1.2", "a.txt": no blank behind it.
    if !behind.starts_with(char::is_whitespace) {
        return false;
    }
    // "Waits for a bit … then goes on", "e.g. x": the sentence goes on in small letters.
    let goes_on = behind.trim_start().starts_with(char::is_lowercase);
    if mark != '.' {
        return !goes_on;
    }
    let word =
        before.rsplit(|letter: char| letter.is_whitespace() || letter == '(').next().unwrap_or_default();
    let is_abbreviation = ABBREVIATIONS.iter().any(|known| word.eq_ignore_ascii_case(known));
    let is_initial = word.chars().count() == 1 && word.chars().all(char::is_uppercase);
    let is_number_of_item = before.trim_start().chars().all(|letter| letter.is_ascii_digit());
    !goes_on && !is_abbreviation && !is_initial && !is_number_of_item
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_ends_where_a_reader_says_it_does() {
        for (text, first) in [
            ("Reads a file. Use it often.", "Reads a file."),
            ("Reads files, e.g. Markdown or text. Slow.", "Reads files, e.g. Markdown or text."),
            ("Reads files (i.e. Text). Slow.", "Reads files (i.e. Text)."),
            ("Needs v1.2 or later. Else fails.", "Needs v1.2 or later."),
            ("Writes config.json to disk. Done.", "Writes config.json to disk."),
            ("Is it \"done?\" Yes.", "Is it \"done?\""),
            ("No end here", "No end here"),
            ("Two\nlines of one. Next.", "Two\nlines of one."),
            ("A heading\n\nText. More.", "A heading"),
            ("Does one of:\n- a. B\n- c", "Does one of:"),
            ("Steps:\n1. Go. Then\n2. Stop.", "Steps:"),
            ("1. Go there. Stop.", "1. Go there."),
            ("Asks J. Doe. Then ends.", "Asks J. Doe."),
            ("Wait... then go. End.", "Wait... then go."),
            ("Wow!! Really. Yes.", "Wow!!"),
            ("ファイルを読む。次。", "ファイルを読む。"),
            ("Costs 5. Then more.", "Costs 5."),
            ("Lists a, b, etc. Then c.", "Lists a, b, etc. Then c."),
            ("", ""),
            ("  \n ", ""),
            ("...", "..."),
        ] {
            assert_eq!(first_sentence(text), first, "{text}");
        }
    }

    #[test]
    fn a_first_line_says_something() {
        assert_eq!(first_line("\n\n  One. Two.\nThree"), "One. Two.");
        assert_eq!(first_line(" \n"), "");
    }

    proptest::proptest! {
        #[test]
        fn a_first_sentence_is_how_the_text_begins(text in "[A-Za-z.!?\\n (\"1…。-]{0,60}") {
            proptest::prop_assert!(text.trim().starts_with(first_sentence(&text)));
        }
    }
}
