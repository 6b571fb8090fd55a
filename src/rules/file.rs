//! The rules file: strict TOML; what is wrong with it is said with line, column and what was meant.
//!
//! Knows the form of the file; what a rule may say is checked in `check`.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::check::{self, Fault};
use super::takes::{self, Keys};
use super::{Pool, Rule};

/// What a rules file says.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Ruleset {
    /// The rules in their order.
    #[serde(default, rename = "rule", skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// How sessions are pooled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Pool>,
}

/// What is wrong with a rules file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong, and what to do.
    pub what: String,
}

impl Problem {
    /// Something wrong at a place of the text, in bytes.
    #[must_use]
    pub fn at(text: &str, place_bytes: usize, what: String) -> Self {
        let before = text.get(..place_bytes).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { line, column, what }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.what)
    }
}

impl std::error::Error for Problem {}

impl Ruleset {
    /// Reads a rules file.
    ///
    /// # Errors
    /// If it is no TOML, has a key that no rule has, or says something that no rule can do.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let set: Self = read_strict(text, takes::RULES)?;
        match check::first_fault(&set) {
            None => Ok(set),
            Some(Fault { path: (position, keys), what }) => {
                let rule = [Step::Key("rule"), Step::At(position)];
                let path: Vec<Step<'_>> = rule.into_iter().chain(keys.into_iter().map(Step::Key)).collect();
                Err(Problem::at(text, place_of(text, &path), what))
            }
        }
    }

    /// The rule of this name.
    #[must_use]
    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.name == name)
    }
}

/// Reads TOML that people write; what is wrong is told in words that the table of its keys has.
///
/// # Errors
/// If it is no TOML, has a key that it must not have, or a value of another kind than its key takes.
pub fn read_strict<T: DeserializeOwned>(text: &str, keys: Keys) -> Result<T, Problem> {
    toml::from_str(text).map_err(|error: toml::de::Error| {
        let place = error.span().map_or(0, |span| span.start);
        let plain = || match error.span().and_then(|span| text.get(span)) {
            Some(key) if error.message().starts_with("duplicate key") => {
                format!("the key `{}` is here for the second time", key.trim())
            }
            _ => with_suggestion(error.message()),
        };
        let (place, what) = takes::misfit(text, keys).unwrap_or_else(|| (place, plain()));
        Problem::at(text, place, what)
    })
}

/// The first key of a text that its table does not have, or that has a value of another kind than it takes. For files of
/// which not every part has a form of its own.
///
/// # Errors
/// If there is one.
pub fn no_misfit(text: &str, keys: Keys) -> Result<(), Problem> {
    takes::misfit(text, keys).map_or(Ok(()), |(place, what)| Err(Problem::at(text, place, what)))
}

/// A step on the way to a value in a TOML text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// The member of this name.
    Key(&'a str),
    /// The table at this position of a list of tables.
    At(usize),
}

/// Where in the text a value stands, in bytes: that of `path`, or of as much of it as there is.
#[must_use]
pub fn place_of(text: &str, path: &[Step<'_>]) -> usize {
    let Ok(document) = toml_edit::Document::parse(text) else { return 0 };
    let Some((Step::Key(first), rest)) = path.split_first() else { return 0 };
    let Some(mut item) = document.as_table().get(first) else { return 0 };
    let mut place = item.span().map_or(0, |span| span.start);
    for step in rest {
        let next = match step {
            Step::Key(key) => item.get(*key),
            Step::At(position) => item.get(*position),
        };
        let Some(next) = next else { break };
        place = next.span().map_or(place, |span| span.start);
        item = next;
    }
    place
}

/// How alike two words have to be for one to be suggested, 0 to 1.
const ALIKE: f64 = 0.6;

/// The known word that was probably meant: one with the same beginning, or with few letters wrong or in the wrong order.
pub fn meant<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let alike = known.into_iter().filter_map(|known| {
        let (beginning, letters) =
            (strsim::jaro_winkler(word, known), strsim::normalized_damerau_levenshtein(word, known));
        (beginning.max(letters) >= ALIKE).then_some((beginning + letters, known))
    });
    // Of two that are equally alike the first, as known words stand in the order of their weight.
    let best = alike.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.map(|(_, known)| known)
}

/// The message of the TOML reader in our words, with the word that was probably meant.
pub(super) fn with_suggestion(message: &str) -> String {
    for (start, kind) in [("unknown field `", "key"), ("unknown variant `", "value")] {
        let Some((word, rest)) = message.strip_prefix(start).and_then(|rest| rest.split_once('`')) else {
            continue;
        };
        // The rest names what is known, each in backticks.
        let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
        let meant = meant(word, known.iter().copied());
        let meant = meant.map_or(String::new(), |known| format!(" Did you mean `{known}`?"));
        return format!("there is no {kind} `{word}` here.{meant} Known are: {}", known.join(", "));
    }
    // Only the first line: the others show the place, which the caller does.
    message.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        Ruleset::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn the_example_of_the_documentation_is_read() {
        let set = Ruleset::parse(
            r#"
[[rule]]
name  = "customer records"
match = { server = "crm", tool = ["get_*", "search_*"] }
trim  = { keep = ["$.name", "$.plan", "$.mrr"] }
empty = "drop"
shape = "table"
limit = { tokens = 8000, over = "page" }

[[rule]]
name  = "weather cache"
match = { tool = "get_forecast" }
cache = { ttl = "5m", entries = 1000, bytes = "64MB", scope = "session", key = ["$.city"] }

[[rule]]
name  = "lean definitions"
match = { server = "github" }
tools = { hide = ["delete_*"], describe = "first-sentence", strip = ["title", "examples", "$schema"], lazy = false }

[[rule]]
name  = "guard"
match = { tool = "*" }
timeout = "30s"
rate  = { per_minute = 60, burst = 10, over = "wait" }
concurrency = 10
coalesce = true

[pool]
size = 10
idle = "90s"
"#,
        )
        .unwrap();
        assert_eq!(set.rules.len(), 4);
        assert_eq!(set.pool.unwrap().idle.unwrap().micros(), 90_000_000);
        let written = toml::to_string(&set).unwrap();
        assert_eq!(Ruleset::parse(&written).unwrap(), set, "{written}");
    }

    #[test]
    fn a_misspelt_key_is_found_with_its_place_and_what_was_meant() {
        let told = problem("[[rule]]\nname = \"a\"\ntrimm = { drop = [\"$.a\"] }\n");
        assert!(
            told.starts_with("line 3, column 1: there is no key `trimm` here. Did you mean `trim`?"),
            "{told}"
        );
        let told = problem("[[rule]]\nname = \"a\"\ncache = { tl = \"5m\" }\n");
        assert!(
            told.starts_with("line 3, column 11: there is no key `tl` here. Did you mean `ttl`?"),
            "{told}"
        );
        let told = problem("[[rule]]\nname = \"a\"\nshape = \"tabel\"\n");
        assert!(
            told.starts_with("line 3, column 9: there is no value `tabel` here. Did you mean `table`?"),
            "{told}"
        );
        let told = problem("[[rules]]\nname = \"a\"\n");
        assert!(
            told.starts_with("line 1, column 3: there is no key `rules` here. Did you mean `rule`?"),
            "{told}"
        );
        let told = problem("[[rule]]\nname = \"a\"\nconcurrency = { mx = 3 }\n");
        assert!(told.starts_with("line 3, column 1"), "{told}");
    }

    #[test]
    fn what_people_write_wrong_most_is_told_with_how_it_is_written() {
        for (text, told) in [
            ("[rule]\nname = \"a\"\n", "line 1, column 1: write [[rule]] in place of [rule]"),
            (
                "[[rule]]\nname = \"a\"\nshape = \"cvs\"\n",
                "line 3, column 9: there is no value `cvs` here. Did you mean `csv`?",
            ),
            (
                "[[rule]]\nname = \"a\"\nempty = \"drop\"\nempty = \"drop\"\n",
                "line 4, column 1: the key `empty` is here for the second time",
            ),
            (
                "[[rule]]\nname = \"a\"\ncache = { ttl = 5 }\n",
                "line 3, column 17: cache.ttl takes a time (as in ttl = \"5m\"), found 5",
            ),
            (
                "[pool]\nsize = -1\n",
                "line 2, column 8: pool.size takes a whole number from 0 (as in size = 10), found -1",
            ),
        ] {
            let problem = problem(text);
            assert!(problem.starts_with(told), "{problem}");
        }
    }

    #[test]
    fn values_that_are_none_are_found_with_their_place() {
        for (line, place, word) in [
            ("timeout = \"soon\"", "line 3, column 11", "is no time"),
            ("cache = { ttl = \"5m\", bytes = \"many\" }", "line 3, column 31", "is no size"),
            ("trim = { drop = [\"$.a\", \"no path\"] }", "line 3, column 17", "is no JSONPath"),
            ("empty = 3", "line 3, column 9", "empty takes \"drop\" (as in empty = \"drop\"), found 3"),
            ("concurrency = \"a\"", "line 3, column 15", "a whole number from 0 or a table"),
            ("delay = { min = \"1s\" }", "line 3, column 9", "lacks max"),
            ("trim = { drop = [\"$.a\" }", "line 3, column", ""),
        ] {
            let told = problem(&format!("[[rule]]\nname = \"a\"\n{line}\n"));
            assert!(told.starts_with(place) && told.contains(word), "{line}: {told}");
        }
    }

    #[test]
    fn what_no_rule_can_do_is_found_with_its_place() {
        for (line, place, word) in [
            ("rate = { burst = 3 }", "line 3, column 8", "one of per_second, per_minute and per_hour"),
            ("rate = { per_second = 0 }", "line 3, column 23", "more than 0"),
            ("limit = { over = \"page\" }", "line 3, column 9", "one of tokens and bytes"),
            ("limit = { tokens = 0 }", "line 3, column 20", "more than 0"),
            ("fault = { rate = 2 }", "line 3, column 18", "between 0 and 1"),
            ("delay = { min = \"2s\", max = \"1s\" }", "line 3, column 9", "min is longer than max"),
            ("cache = { ttl = \"0s\" }", "line 3, column 17", "more than 0"),
            ("cache = { ttl = \"1s\", store = \"http://x\" }", "line 3, column 31", "redis://"),
            ("cache = { ttl = \"1s\", store = \"rediss://x\" }", "line 3, column 31", "behind TLS"),
            ("trim = {}", "line 3, column 8", "keep or drop"),
            ("match = { tool = [] }\nempty = \"drop\"", "line 3, column 18", "names nothing"),
            ("tools = { hide = [] }", "line 3, column 18", "hides nothing"),
            ("concurrency = 0", "line 3, column 15", "more than 0"),
            ("tools = {}", "line 3, column 9", "hide, describe"),
            ("timeout = \"0s\"", "line 3, column 11", "more than 0"),
            ("mode = \"off\"", "line 1, column 1", "does nothing"),
            ("coalesce = true\n[[rule]]\nname = \"a\"\ncoalesce = true", "line 5, column 8", "two rules"),
        ] {
            let told = problem(&format!("[[rule]]\nname = \"a\"\n{line}\n"));
            assert!(told.starts_with(place) && told.contains(word), "{line}: {told}");
        }
        assert!(problem("[[rule]]\nname = \" \"\ncoalesce = true\n").starts_with("line 2, column 8"));
    }

    #[test]
    fn an_empty_file_has_no_rules() {
        assert_eq!(Ruleset::parse("").unwrap(), Ruleset::default());
        assert_eq!(Ruleset::parse("# nothing yet\n").unwrap().rules, []);
    }
}
