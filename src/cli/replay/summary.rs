//! What is told of a replay, on standard error: standard output is the protocol's.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::cli::complain;
use crate::insight::difference::printable;
use crate::insight::replay::{Answered, Left, Level, Tally};

/// Tells of answers as they are given.
pub(super) struct Summary {
    is_json: bool,
}

impl Summary {
    pub(super) fn new(is_json: bool) -> Self {
        Self { is_json }
    }

    /// A request was answered, or not.
    pub(super) fn answered(&self, answered: &Answered) {
        if self.is_json {
            return line(&json!({
                "id": raw(&answered.id),
                "method": answered.method,
                "name": answered.name,
                "level": answered.level.map(Level::as_str),
                "recorded": answered.recorded.as_ref().map(|(at, id)| json!({ "t": at.0, "id": raw(id) })),
                "again": answered.is_again,
                "unanswered": answered.is_unanswered,
            }));
        }
        if answered.level.is_none() {
            complain(&format!("no recorded answer to {}", what(&answered.method, answered.name.as_deref())));
        }
    }

    /// The server had asked something that the client cannot answer.
    pub(super) fn left(&self, left: &Left) {
        if self.is_json {
            line(&json!({ "left_out": left.method }));
        }
    }
}

/// A request, for people.
pub(super) fn what(method: &str, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("{} of {}", printable(method), printable(name)),
        None => printable(method).into_owned(),
    }
}

/// Prints the sums.
pub(super) fn print(file: &str, tally: &Tally, is_json: bool) {
    if is_json {
        let mut sums: Map<String, Value> =
            tally.by_name().into_iter().map(|(name, count)| (name.to_owned(), count.into())).collect();
        sums.insert("requests".to_owned(), tally.requests().into());
        return line(&json!({ "summary": sums }));
    }
    complain(&format!("replayed {file}: {}", sentence(tally)));
}

fn sentence(tally: &Tally) -> String {
    let levels = [
        (Level::Exact, "to the very request"),
        (Level::Canonical, "to equal parameters"),
        (Level::Ignored, "to parameters equal but for what is ignored"),
        (Level::Tool, "to other arguments of the same tool"),
        (Level::Order, "in recorded order"),
        (Level::Session, "to what keeps a session"),
        (Level::Live, "by the server itself"),
        (Level::Person, "as a person decided"),
    ];
    let count = |count: u64, one: &str, more: &str| {
        (count > 0).then(|| format!("{count} {}", if count == 1 { one } else { more }))
    };
    let found = levels.into_iter().filter_map(|(level, words)| count(tally.at(level), words, words));
    let mut text = count(tally.requests(), "request", "requests").unwrap_or_else(|| "no requests".to_owned());
    let found: Vec<String> = found.collect();
    if !found.is_empty() {
        text.push_str(", answered: ");
        text.push_str(&found.join(", "));
    }
    let rest = [
        count(tally.misses, "miss", "misses"),
        count(tally.again, "answer was given again", "answers were given again"),
        count(
            tally.unanswered,
            "had no answer in the recording either",
            "had no answer in the recording either",
        ),
        count(
            tally.left_out,
            "request of the server was left out, which this client cannot answer",
            "requests of the server were left out, which this client cannot answer",
        ),
    ];
    for part in rest.into_iter().flatten() {
        text.push_str("; ");
        text.push_str(&part);
    }
    text
}

/// Adds the counts of this process to a file that several write to.
pub(super) fn append(path: &Path, tally: &Tally) {
    let counts: Map<String, Value> =
        tally.by_name().into_iter().map(|(name, count)| (name.to_owned(), count.into())).collect();
    let text = format!("{}\n", Value::from(counts));
    let file = OpenOptions::new().append(true).open(path);
    if let Err(error) = file.and_then(|mut file| file.write_all(text.as_bytes())) {
        complain(&format!("cannot count what was answered: {error}"));
    }
}

/// The sums of what several processes have appended.
pub(super) fn appended(text: &str) -> Tally {
    let mut sum = Tally::default();
    for counts in text.lines().filter_map(|line| serde_json::from_str::<Map<String, Value>>(line).ok()) {
        let mut tally = Tally::default();
        for (name, count) in &counts {
            tally.set(name, count.as_u64().unwrap_or_default());
        }
        sum.add(&tally);
    }
    sum
}

fn raw(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|_| json.into())
}

fn line(value: &Value) {
    // A closed standard error is nobody's fault.
    let _ = writeln!(std::io::stderr(), "{value}");
}
