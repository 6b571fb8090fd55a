//! The keys of the configuration file: what each takes, what it is for, and which flag it is the default of.
//!
//! Knows nothing of files. A key is added here, and nowhere else unless no flag has its value.

use std::sync::LazyLock;

use toml::Value;

use crate::cli::passes;
use crate::cli::values::{age, seconds, size, theme};
use crate::record::redact::Presets;
use crate::rules::{KeyRow, Keys, Span, Takes};

/// What is wrong with a value of the right kind, if anything is.
type Check = fn(&Value) -> Result<(), String>;

/// One key.
pub(super) struct Row {
    /// With the table it stands in.
    pub(super) key: &'static str,
    pub(super) takes: Takes,
    /// As it may look in the file.
    pub(super) example: &'static str,
    /// What holds where nothing is said.
    pub(super) built_in: &'static str,
    /// What it is for.
    pub(super) text: &'static str,
    /// The long name of the flag that it is the default of.
    pub(super) flag: Option<&'static str>,
    /// What may be wrong with a value of the right kind.
    pub(super) check: Option<Check>,
}

impl Row {
    /// The environment variable that comes before the file.
    pub(super) fn variable(&self) -> String {
        format!("MCPTOP_{}", self.key.replace('.', "_").to_ascii_uppercase())
    }
}

/// The keys in the order of the template.
pub(super) const ROWS: &[Row] = &[
    Row {
        key: "view.theme",
        takes: Takes::Text,
        example: "\"nord\"",
        built_in: "last used, else as the terminal is",
        text: "The theme of the viewer: one of those it brings, or of themes/NAME.toml beside this file.",
        flag: Some("theme"),
        check: Some(|value| checked(value, |name| theme(name).map(drop))),
    },
    Row {
        key: "view.ascii",
        takes: Takes::Flag,
        example: "true",
        built_in: "false",
        text: "Draw with ASCII characters only.",
        flag: Some("ascii"),
        check: None,
    },
    Row {
        key: "view.window",
        takes: Takes::Whole(u32::MAX as i64),
        example: "1000000",
        built_in: "last used, else 200000",
        text: "The size of the context window in tokens, which shares are measured against.",
        flag: Some("window"),
        check: Some(|value| match value.as_integer() {
            Some(0) => Err("a window of no tokens holds nothing".to_owned()),
            _ => Ok(()),
        }),
    },
    Row {
        key: "tokens.profile",
        takes: Takes::TextOrNumber,
        example: "\"claude-4.7+\"",
        built_in: "the client's in the viewer, else openai-o200k",
        text: "The family of models that tokens are counted for. A number such as 1.21 is your own calibration:\ntokens of o200k_base times this.",
        flag: Some("profile"),
        check: Some(|value| passes::profile(Some(&plain(value))).map(drop)),
    },
    Row {
        key: "targets.p50",
        takes: Takes::Span,
        example: "\"50ms\"",
        built_in: "100ms",
        text: "A median latency above this is a warning, above twice this bad.",
        flag: None,
        check: Some(time),
    },
    Row {
        key: "targets.p99",
        takes: Takes::Span,
        example: "\"1s\"",
        built_in: "500ms",
        text: "The same for the 99th percentile.",
        flag: None,
        check: Some(time),
    },
    Row {
        key: "targets.error_rate",
        takes: Takes::Number,
        example: "0.01",
        built_in: "0.001",
        text: "A larger share of failed calls is bad.",
        flag: None,
        check: Some(share),
    },
    Row {
        key: "prices.input",
        takes: Takes::Number,
        example: "3.0",
        built_in: "none, and no money is shown",
        text: "What a million tokens of input cost with your model, so that reports and audits can say what tokens cost.",
        flag: Some("price"),
        check: Some(|value| match number(value) {
            Some(price) if price > 0.0 && price.is_finite() => Ok(()),
            _ => Err("a price is more than 0".to_owned()),
        }),
    },
    Row {
        key: "prices.currency",
        takes: Takes::Text,
        example: "\"€\"",
        built_in: "$",
        text: "What stands in front of money.",
        flag: Some("currency"),
        check: Some(|value| match value.as_str().map(|text| text.chars().count()) {
            Some(1..=4) => Ok(()),
            _ => Err("one to four characters, as in \"$\" or \"CHF \"".to_owned()),
        }),
    },
    Row {
        key: "recording.limit",
        takes: Takes::Text,
        example: "\"2G\"",
        built_in: "512M",
        text: "Recording of a session stops when the file has this size; \"0\" for no limit.",
        flag: Some("record-limit"),
        check: Some(|value| checked(value, |text| size(text).map(drop))),
    },
    Row {
        key: "recording.grace",
        takes: Takes::Number,
        example: "10",
        built_in: "3",
        text: "Seconds a server may stay silent after the client has closed its side, before it is terminated.",
        flag: Some("grace"),
        check: Some(|value| seconds(&plain(value)).map(drop)),
    },
    Row {
        key: "retention.older_than",
        takes: Takes::Text,
        example: "\"14d\"",
        built_in: "30d",
        text: "What `mcptop recordings prune` removes where no bound is given with it: recordings older than this.",
        flag: None,
        check: Some(|value| checked(value, |text| age(text).map(drop))),
    },
    Row {
        key: "retention.keep",
        takes: Takes::Whole(u32::MAX as i64),
        example: "50",
        built_in: "none",
        text: "How many of the newest it leaves, however old they are.",
        flag: None,
        check: None,
    },
    Row {
        key: "retention.max_size",
        takes: Takes::Text,
        example: "\"2G\"",
        built_in: "4G",
        text: "How large all together may be; it removes the oldest until they are not larger.",
        flag: None,
        check: Some(|value| checked(value, |text| size(text).map(drop))),
    },
    Row {
        key: "redact.presets",
        takes: Takes::Words,
        example: "[\"secrets\", \"emails\"]",
        built_in: "secrets",
        text: "Which well-known secrets `recordings redact`, `export` and `report` take out: keys, tokens, names, emails,\ncards, users; secrets is the first three.",
        flag: Some("preset"),
        check: Some(|value| {
            texts(value)
                .iter()
                .try_for_each(|text| text.parse::<Presets>().map(drop).map_err(|error| error.to_string()))
        }),
    },
    Row {
        key: "redact.patterns",
        takes: Takes::Words,
        example: "['acme-[0-9a-f]{32}']",
        built_in: "none",
        text: "Regular expressions of your own secrets; with a group (?P<secret>…) only that.",
        flag: Some("pattern"),
        check: Some(|value| {
            texts(value)
                .iter()
                .try_for_each(|text| regex::Regex::new(text).map(drop).map_err(|error| error.to_string()))
        }),
    },
    Row {
        key: "redact.paths",
        takes: Takes::Paths,
        example: "[\"$.params.arguments.customer\"]",
        built_in: "none",
        text: "Paths into messages: all they lead to is taken out.",
        flag: Some("path"),
        check: Some(|value| {
            texts(value).iter().try_for_each(|text| {
                serde_json_path::JsonPath::parse(text)
                    .map(drop)
                    .map_err(|_| format!("`{text}` is no JSONPath"))
            })
        }),
    },
    Row {
        key: "redact.fields",
        takes: Takes::Words,
        example: "[\"ssn\"]",
        built_in: "none",
        text: "Names of members: all they hold is taken out, wherever they stand.",
        flag: Some("field"),
        check: None,
    },
];

/// The same as the strict reader of TOML wants it, with the tables they stand in.
pub(super) fn keys() -> Keys {
    static KEYS: LazyLock<Vec<KeyRow>> = LazyLock::new(|| {
        let mut keys: Vec<KeyRow> = Vec::new();
        for row in ROWS {
            let table = row.key.split('.').next().unwrap_or(row.key);
            if keys.iter().all(|(known, _, _)| *known != table) {
                keys.push((table, Takes::Table(&[]), "{ … }"));
            }
            keys.push((row.key, row.takes, row.example));
        }
        // What is in it is checked by the table of keys.
        keys.push(("keys", Takes::Free, "{ quit = \"q\" }"));
        keys
    });
    &KEYS
}

fn share(value: &Value) -> Result<(), String> {
    match number(value) {
        Some(share) if (0.0..=1.0).contains(&share) => Ok(()),
        _ => Err("a share is between 0 and 1".to_owned()),
    }
}

fn time(value: &Value) -> Result<(), String> {
    checked(value, |text| text.parse::<Span>().map(drop))
}

fn number(value: &Value) -> Option<f64> {
    value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64))
}

fn checked(value: &Value, check: impl Fn(&str) -> Result<(), String>) -> Result<(), String> {
    check(value.as_str().unwrap_or_default())
}

/// What a flag takes for a value that is no list.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What a flag takes, each time it is given.
pub(super) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(plain).collect(),
        one => vec![plain(one)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_taken_by_its_key() {
        for row in ROWS {
            let (table, name) = row.key.split_once('.').unwrap();
            let text = format!("[{table}]\n{name} = {}\n", row.example);
            crate::rules::no_misfit(&text, keys()).unwrap_or_else(|problem| panic!("{text}{problem}"));
            let value = toml::from_str::<toml::Table>(&text).unwrap()[table][name].clone();
            row.check.map_or(Ok(()), |check| check(&value)).unwrap_or_else(|why| panic!("{text}{why}"));
        }
    }

    #[test]
    fn variables_are_named_after_keys() {
        assert_eq!(ROWS[0].variable(), "MCPTOP_VIEW_THEME");
    }
}
