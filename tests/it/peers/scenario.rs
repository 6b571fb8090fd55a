//! A scenario file: which server to start, and what a client does with it.
//!
//! Knows nothing of clients or processes. The format is in `tests/peers/scenarios/README.md`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

use super::clients::Era;
use super::install::{peers, repository};

/// What a client does with a server.
#[derive(Debug, Deserialize)]
pub(super) struct Scenario {
    #[serde(skip)]
    pub(super) name: String,
    command: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    http: Option<OverHttp>,
    fixture: String,
    pub(super) eras: Vec<Era>,
    #[serde(default)]
    pub(super) client: Answers,
    steps: Vec<Value>,
}

/// How the server is started so that it listens on a port.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OverHttp {
    command: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
}

/// What the client declares it can do, and its fixed answers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answers {
    #[serde(default)]
    pub(super) roots: Vec<String>,
    pub(super) sampling: Option<String>,
    pub(super) elicitation: Option<Value>,
}

/// One thing a client does.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Step {
    /// Steps side by side.
    Parallel { parallel: Vec<Step> },
    /// The same steps for each item.
    Each { each: Vec<String>, steps: Vec<Value> },
    /// A request.
    Request(Request),
}

impl Step {
    fn parse(step: &Value) -> Self {
        Self::deserialize(step).unwrap_or_else(|error| panic!("{error}: {step}"))
    }

    /// The steps of one turn of an `Each`.
    pub(super) fn turn(steps: &[Value], item: &str) -> Vec<Self> {
        steps.iter().map(|step| Self::parse(&fill_value(step, "{each}", item))).collect()
    }
}

/// A request with what shall happen while it runs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) params: Option<Value>,
    #[serde(default)]
    pub(super) progress: bool,
    pub(super) cancel_after_ms: Option<u64>,
}

impl Scenario {
    /// The scenarios that answer the same at every run.
    pub(super) const NAMES: [&str; 8] =
        ["azure", "everything", "filesystem", "git", "memory", "notion", "playwright", "time"];

    pub(super) fn load(name: &str) -> Self {
        let text = fs::read_to_string(Self::file(name)).unwrap();
        let scenario: Self =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}.json: {error}"));
        Self { name: name.to_owned(), ..scenario }
    }

    /// What the recording of that name was made with, in the same words as others where the server is concerned.
    pub(super) fn recorded(name: &str) -> Self {
        let file = repository().join("tests/peers/scenarios/recorded").join(format!("{name}.json"));
        let mut recorded: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        let members = recorded.as_object_mut().unwrap();
        let server = Self::load(name);
        members.insert("command".to_owned(), server.command.into());
        // Nobody plays it.
        members.remove("client");
        Self { name: name.to_owned(), ..serde_json::from_value(recorded).unwrap() }
    }

    /// Where the scenario of that name is.
    pub(super) fn file(name: &str) -> std::path::PathBuf {
        repository().join("tests/peers/scenarios").join(format!("{name}.json"))
    }

    /// The server's command line for a folder.
    pub(super) fn command(&self, dir: &Path) -> Vec<String> {
        self.command.iter().map(|word| fill(word, dir)).collect()
    }

    /// The process that serves it at a port of this machine.
    pub(super) fn over_http(&self, port: u16, dir: &Path) -> Command {
        let OverHttp { command, env } = self.http.as_ref().unwrap();
        let fill = |text: &String| {
            let text =
                text.replace("{port}", &port.to_string()).replace("{repository}", path_text(repository()));
            fill(&text, dir)
        };
        let mut words = command.iter().map(fill);
        let mut process = Command::new(words.next().unwrap());
        process.args(words).envs(env.iter().map(|(name, value)| (name, fill(value)))).current_dir(dir);
        process
    }

    /// The variables the server needs beyond the short list that clients pass on.
    pub(super) fn env(&self, dir: &Path) -> Vec<(String, String)> {
        self.env.iter().map(|(name, value)| (name.clone(), fill(value, dir))).collect()
    }

    /// How many calls are made at least: there are steps of more than one.
    pub(super) fn calls_at_least(&self) -> u64 {
        self.steps.len() as u64
    }

    /// What the client does, for a folder.
    pub(super) fn steps(&self, dir: &Path) -> Vec<Step> {
        self.steps.iter().map(|step| Step::parse(&fill_value(step, "{dir}", path_text(dir)))).collect()
    }

    /// Makes the folder anew, with the same bytes every time.
    pub(super) fn make_folder(&self, dir: &Path) {
        let made =
            Command::new(repository().join("tests/peers/fixture")).arg(&self.fixture).arg(dir).output();
        let output = made.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// A text with the placeholders of scenarios filled in.
pub(super) fn fill(text: &str, dir: &Path) -> String {
    text.replace("{peers}", path_text(peers())).replace("{dir}", path_text(dir))
}

/// A value with a placeholder replaced in all its strings.
fn fill_value(value: &Value, word: &str, by: &str) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace(word, by)),
        Value::Array(items) => items.iter().map(|item| fill_value(item, word, by)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(key, item)| (key.replace(word, by), fill_value(item, word, by))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// Test folders have plain names.
pub(super) fn path_text(path: &Path) -> &str {
    path.to_str().unwrap()
}
