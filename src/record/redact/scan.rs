//! Finds secrets in a text by their form, by the words around them, and those that are known already.
//!
//! Knows nothing of JSON: what is read here is plain text.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::bytes::{Captures, Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use thiserror::Error;

use super::forms::{Check, FORMS, api_keys};
use super::kind::{Kind, Preset};
use super::ledger::is_placeholder;
use super::names;

/// No form finds anything in less.
const SECRET_BYTES_MIN: usize = 6;
/// Room for the states in which all forms are looked for at once.
const SET_BYTES_MAX: usize = 32 * 1024 * 1024;

/// A pattern of the user's own cannot be used.
#[derive(Debug, Error)]
#[error("the pattern {pattern:?} cannot be used: {source}")]
pub struct PatternError {
    /// As it was given.
    pub pattern: String,
    /// What is wrong with it.
    pub source: Box<regex::Error>,
}

/// A secret in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Find {
    /// Where.
    pub(super) range: Range<usize>,
    pub(super) kind: Kind,
    /// What it is, unescaped: the same secret is the same however it is written.
    pub(super) secret: Vec<u8>,
    /// For a value that is no string: in how many strings the text stands in which its placeholder becomes one.
    pub(super) quotes: Option<u32>,
}

/// Looks through texts.
#[derive(Debug)]
pub(super) struct Scanner {
    /// Which of the built-in forms a text has at all: most have none, and this reads it once.
    any: RegexSet,
    forms: Vec<Seeker>,
    /// The user's own.
    patterns: Vec<Seeker>,
    /// Secrets that were found where their surroundings told.
    known: Option<Known>,
}

#[derive(Debug)]
struct Seeker {
    kind: Kind,
    check: Check,
    regex: Regex,
    /// The number of the group that is the secret; 0 for all of it.
    secret: usize,
    /// The number of the group that is the name.
    name: Option<usize>,
}

#[derive(Debug)]
struct Known {
    finder: AhoCorasick,
    kinds: Vec<Kind>,
}

impl Scanner {
    pub(super) fn new(presets: &[Preset], patterns: &[String]) -> Result<Self, PatternError> {
        let mut sources: Vec<(String, Kind, Check)> = FORMS
            .iter()
            .filter(|form| presets.contains(&form.preset))
            .map(|form| (form.pattern.to_owned(), form.kind, form.check))
            .collect();
        if presets.contains(&Preset::Keys) {
            sources.push((api_keys(), Kind::ApiKey, Check::Digit));
        }
        let any = RegexSetBuilder::new(sources.iter().map(|(pattern, ..)| pattern))
            .unicode(false)
            .dfa_size_limit(SET_BYTES_MAX)
            .build()
            .expect("each of them is tried by the tests");
        let forms =
            sources.iter().map(|(pattern, kind, check)| Seeker::new(built_in(pattern), *kind, *check));
        let forms = forms.collect();
        let own = patterns.iter().map(|pattern| {
            let refused = |source| PatternError { pattern: pattern.clone(), source: Box::new(source) };
            Ok(Seeker::new(Regex::new(pattern).map_err(refused)?, Kind::Pattern, Check::None))
        });
        Ok(Self { any, forms, patterns: own.collect::<Result<_, _>>()?, known: None })
    }

    /// Looks for these texts, too, wherever they stand.
    pub(super) fn know(&mut self, secrets: &[(Vec<u8>, Kind)]) {
        let texts = secrets.iter().map(|(text, _)| text);
        // Of two that begin at the same place the longer one is meant. A list too large to be built finds nothing more
        // than the forms do.
        let finder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(texts).ok();
        let kinds = secrets.iter().map(|(_, kind)| *kind).collect();
        self.known = finder.filter(|_| !secrets.is_empty()).map(|finder| Known { finder, kinds });
    }

    /// The secrets of a text, in order, none touching another.
    pub(super) fn finds(&self, text: &[u8]) -> Vec<Find> {
        let mut finds: Vec<(Range<usize>, Kind)> = Vec::new();
        if text.len() >= SECRET_BYTES_MIN {
            for form in self.any.matches(text) {
                self.forms[form].seek(text, &mut finds);
            }
        }
        for pattern in &self.patterns {
            pattern.seek(text, &mut finds);
        }
        if let Some(Known { finder, kinds }) = &self.known {
            finds.extend(
                finder.find_iter(text).map(|found| (found.range(), kinds[found.pattern().as_usize()])),
            );
        }
        united(finds)
            .into_iter()
            .map(|(range, kind)| Find { secret: text[range.clone()].to_vec(), range, kind, quotes: None })
            .collect()
    }
}

/// Finds that share a byte are one: nothing of either may stay. The one that begins first, or is the longer of two that
/// begin together, says what it is.
fn united(mut finds: Vec<(Range<usize>, Kind)>) -> Vec<(Range<usize>, Kind)> {
    // Stable: of two alike the one of the earlier form stays first.
    finds.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut united: Vec<(Range<usize>, Kind)> = Vec::with_capacity(finds.len());
    for (range, kind) in finds {
        match united.last_mut() {
            Some((last, _)) if range.start < last.end => last.end = last.end.max(range.end),
            _ => united.push((range, kind)),
        }
    }
    united
}

impl Seeker {
    fn new(regex: Regex, kind: Kind, check: Check) -> Self {
        let group = |name| regex.capture_names().position(|group| group == Some(name));
        let (secret, name) = (group("s").or_else(|| group("secret")).unwrap_or(0), group("n"));
        Self { kind, check, regex, secret, name }
    }

    fn seek(&self, text: &[u8], finds: &mut Vec<(Range<usize>, Kind)>) {
        if self.secret == 0 && self.name.is_none() {
            let found = self.regex.find_iter(text).map(|found| found.range());
            finds.extend(
                found.filter(|range| self.accepts(&text[range.clone()])).map(|range| (range, self.kind)),
            );
            return;
        }
        let mut from = 0;
        while let Some(groups) = self.regex.captures_at(text, from) {
            let whole = groups.get(0).map_or(from..from, |whole| whole.range());
            // A name that is none may stand in front of one that is: `a=token=x`.
            from = match self.secret_of(text, &groups) {
                Some(range) => {
                    finds.push((range.clone(), self.kind));
                    range.end
                }
                None => groups.get(self.secret).map_or(whole.end, |secret| secret.start()),
            }
            .max(whole.start + 1);
            if from > text.len() {
                return;
            }
        }
    }

    fn secret_of(&self, text: &[u8], groups: &Captures<'_>) -> Option<Range<usize>> {
        if let Some(name) = self.name.and_then(|name| groups.get(name))
            && !names::is_secret(name.as_bytes())
        {
            return None;
        }
        let mut range = groups.get(self.secret)?.range();
        if self.kind == Kind::Named {
            // What ends a sentence or a list is not part of it.
            let kept = text[range.clone()].trim_ascii_end();
            let kept = kept.iter().rposition(|byte| !b",;.)]}".contains(byte)).map_or(0, |last| last + 1);
            range.end = range.start + kept;
        }
        (!range.is_empty() && self.accepts(&text[range.clone()])).then_some(range)
    }

    fn accepts(&self, secret: &[u8]) -> bool {
        if is_placeholder(secret) {
            return false;
        }
        let has_digit = || secret.iter().any(u8::is_ascii_digit);
        match self.check {
            Check::None => true,
            Check::Digit => has_digit(),
            Check::Plausible => names::is_plausible(secret),
            Check::PlausibleDigit => names::is_plausible(secret) && has_digit(),
            Check::Luhn => is_card(secret),
        }
    }
}

fn built_in(pattern: &str) -> Regex {
    // Bytes, not characters: what travelled need not be UTF-8.
    let regex = RegexBuilder::new(pattern).unicode(false).build();
    regex.expect("the forms of this file are tried by its tests")
}

/// Whether digits, with blanks and hyphens between them, are the number of a card.
fn is_card(text: &[u8]) -> bool {
    let digits: Vec<u32> =
        text.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| u32::from(byte - b'0')).collect();
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => *digit,
            (_, double) if double > 9 => double - 9,
            (_, double) => double,
        })
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|digit| *digit != digits[0])
}

#[cfg(test)]
mod tests {
    use super::super::kind::Presets;
    use super::*;

    fn found(text: &str) -> Vec<(String, &'static str)> {
        let scanner = Scanner::new(Presets::ALL.0, &[]).unwrap();
        let finds = scanner.finds(text.as_bytes());
        finds.into_iter().map(|find| (String::from_utf8(find.secret).unwrap(), find.kind.as_str())).collect()
    }

    fn one(text: &str, secret: &str, kind: &str) {
        assert_eq!(found(text), [(secret.to_owned(), kind)], "{text}");
    }

    #[test]
    fn keys_of_providers_are_known_by_their_form() {
        for key in [
            "sk-proj-abcdefghij0123456789ABCDEF",
            "sk-ant-api03-abcdefghij0123456789",
            "ghp_0123456789abcdefghijABCDEFGHIJ",
            "github_pat_11AAAAAAA0abcdefghijklmnop",
            "glpat-0123456789abcdefghij",
            "xoxb-1234567890-abcdefghij",
            "sk_live_0123456789abcdef",
            "AIzaSyA0123456789abcdefghijklmnopqrstuv",
            "ntn_0123456789abcdefghijklmno",
            "npm_0123456789abcdefghijklmnopqrstuvwxyz",
            "hf_0123456789abcdefghijABCDEF",
            "SG.0123456789abcdefghij.0123456789abcdefghij",
            "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
        ] {
            one(&format!("the key {key}, as agreed"), key, "api-key");
        }
        one("x AKIAIOSFODNN7EXAMPLE.", "AKIAIOSFODNN7EXAMPLE", "aws-key");
    }

    #[test]
    fn what_speaks_for_somebody_is_found_by_the_words_before_it() {
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
        one(&format!("Authorization: Bearer {jwt}"), jwt, "jwt");
        one(jwt, jwt, "jwt");
        one("bearer abcdef0123456789", "abcdef0123456789", "authorization");
        one("authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz", "authorization");
        one("Cookie: sid=0123abcd; theme=dark", "sid=0123abcd; theme=dark", "cookie");
    }

    #[test]
    fn values_are_found_by_their_names() {
        one("OPENAI_KEY=abcd1234 PATH=/usr/bin", "abcd1234", "named");
        one("see /mcp?page=2&api_key=s3cretvalue&x=1", "s3cretvalue", "named");
        one("run --api-token s3cretvalue --port 80", "s3cretvalue", "named");
        one("password = \"correct horse\" # here", "correct horse", "named");
        one("{'password': 'correct horse', 'user", "correct horse", "named");
        one(r#"{\"apiKey\":\"s3cretvalue\",\"a\":1"#, "s3cretvalue", "named");
        one("X-Api-Key: s3cretvalue", "s3cretvalue", "named");
        one("postgres://me:hunter2@db:5432/app", "hunter2", "password");
        one("a=b=token=s3cretvalue.", "s3cretvalue", "named");
    }

    #[test]
    fn a_private_key_is_found_whole_or_cut_off() {
        let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\nAAAA==\n-----END RSA PRIVATE KEY-----";
        one(&format!("x {key} y"), key, "private-key");
        let escaped = key.replace('\n', "\\n");
        one(&format!("x {escaped} y"), &escaped, "private-key");
        one(
            "-----BEGIN PRIVATE KEY-----\nMIIB\nAAA",
            "-----BEGIN PRIVATE KEY-----\nMIIB\nAAA",
            "private-key",
        );
        assert_eq!(found("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"), []);
    }

    #[test]
    fn people_are_found_when_asked_for() {
        one("mail ada@example.org.", "ada@example.org", "email");
        one("card 4111 1111 1111 1111 ok", "4111 1111 1111 1111", "card");
        assert_eq!(found("number 4111 1111 1111 1112 and 0000000000000000"), []);
        one("in /home/ada/notes", "ada", "user");
        one(r"in C:\Users\ada\notes", "ada", "user");
    }

    #[test]
    fn everyday_texts_hold_no_secrets() {
        for text in [
            "The token is required. Use Bearer authentication; see the password: field.",
            "sk-learn-is-a-library-for-machine-learning and risk-of-something-else-in-words",
            "password: string, apiKey=<your key>, token=$TOKEN, secret=[secret]",
            "progressToken=12345678 nextPageToken=abcdefgh max_tokens=4096",
            "https://example.com:8080/a@b?x=1 and user@host:path",
            "--token-limit 4000 --max-tokens 100",
        ] {
            let scanner = Scanner::new(Presets::SECRETS.0, &[]).unwrap();
            assert_eq!(scanner.finds(text.as_bytes()), [], "{text}");
        }
    }

    #[test]
    fn a_secret_that_is_known_is_found_without_its_surroundings() {
        let mut scanner = Scanner::new(&[], &[]).unwrap();
        scanner.know(&[(b"s3cret".to_vec(), Kind::Named), (b"s3cretvalue".to_vec(), Kind::Cookie)]);
        let finds = scanner.finds(b"a s3cretvalue, a s3cret");
        let kinds: Vec<Kind> = finds.iter().map(|find| find.kind).collect();
        assert_eq!(kinds, [Kind::Cookie, Kind::Named]);
    }

    #[test]
    fn a_pattern_of_the_users_own_may_say_which_part_is_the_secret() {
        let scanner = Scanner::new(&[], &["order (?P<secret>[0-9]+)".to_owned()]).unwrap();
        assert_eq!(scanner.finds(b"order 77")[0].range, 6..8);
        let error = Scanner::new(&[], &["(".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("unclosed group"), "{error}");
    }
}
