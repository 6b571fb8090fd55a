//! The texts in the code with which something is refused: each has to be on the page, or be known to need what no test has.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use super::exceptions;

/// A text with its placeholders, as it is written in the code.
struct Text {
    place: String,
    text: String,
}

/// Every text that is said when something is wrong, in words of its own.
fn texts() -> Vec<Text> {
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let mut found = Vec::new();
    for file in files {
        let code = fs::read_to_string(&file).unwrap();
        // Tests of the modules stand at the end.
        let code = code.split("#[cfg(test)]").next().unwrap_or_default();
        let name = file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_str().unwrap();
        let is_cli = name.starts_with("src/cli/");
        for pattern in if is_cli { &PATTERNS[..] } else { &PATTERNS[..1] } {
            for captured in pattern.captures_iter(code) {
                let text = captured[1].replace("\\\"", "\"").replace("\\n", "\n");
                let text = CONTINUED.replace_all(&text, "").into_owned();
                if PLACEHOLDER.replace_all(&text, "").chars().filter(|c| c.is_alphabetic()).count() > 5 {
                    found.push(Text { place: name.to_owned(), text });
                }
            }
        }
    }
    found
}

/// A string in the code.
const STRING: &str = r#""((?:[^"\\]|\\.)*)""#;
static PATTERNS: LazyLock<[Regex; 3]> = LazyLock::new(|| {
    [
        r"(?s)#\[error\(\s*".to_owned() + STRING,
        r"(?s)\b(?:complain|Err|Usage|ok_or|ok_or_else|usage)\(\s*(?:\|\|\s*)?&?(?:[A-Z]\w*::\w+\()?(?:format!\(\s*)?"
            .to_owned()
            + STRING,
        r"(?s)\bmap_err\(\|[^|]*\|\s*\{?\s*(?:[\w:]+\()?(?:format!\(\s*)?".to_owned() + STRING,
    ]
    .map(|pattern| Regex::new(&pattern).unwrap())
});
static CONTINUED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\\\n\s*").unwrap());
static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{[^{}]*\}").unwrap());

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

/// Whether a message on the page says this: its words in their order, with anything in the place of what is put in.
fn is_on(text: &str, lines: &[&str]) -> bool {
    let first = text.trim_start().lines().next().unwrap_or_default();
    // Braces that are meant stand there twice.
    let first = first.replace("{{", "\u{1}").replace("}}", "\u{2}");
    let meant = |piece: &str| regex::escape(&piece.replace('\u{1}', "{").replace('\u{2}', "}"));
    let pieces: Vec<String> = PLACEHOLDER.split(&first).map(meant).collect();
    let said = Regex::new(&pieces.join(".*")).unwrap();
    lines.iter().any(|line| said.is_match(line))
}

/// Fails with the texts that are neither on the page nor excepted, and with exceptions that there is no reason for.
pub(super) fn are_all_on(page: &str) {
    let lines: Vec<&str> = page.lines().collect();
    let texts = texts();
    assert!(texts.len() > 200, "{} texts are found in the code", texts.len());
    let exceptions: Vec<&str> =
        exceptions::EXCEPTIONS.iter().flat_map(|(_, texts)| texts.iter().copied()).collect();
    let is_excepted = |text: &str| exceptions.iter().any(|start| text.starts_with(start));
    let missing: Vec<String> = texts
        .iter()
        .filter(|text| !is_excepted(&text.text) && !is_on(&text.text, &lines))
        .map(|text| format!("{}: {:?}", text.place, text.text))
        .collect();
    let stale: Vec<&&str> = exceptions
        .iter()
        .filter(|start| {
            let mut meant = texts.iter().filter(|text| text.text.starts_with(**start)).peekable();
            meant.peek().is_none() || meant.all(|text| is_on(&text.text, &lines))
        })
        .collect();
    assert!(missing.is_empty(), "these messages are not on the page:\n{}", missing.join("\n"));
    assert!(
        stale.is_empty(),
        "these exceptions are of no message, or of one that is on the page:\n{stale:#?}"
    );
}
