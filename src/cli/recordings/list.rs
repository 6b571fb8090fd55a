//! `mcptop recordings list`: a line per recording.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::args::List;
use super::found::{Found, recordings};
use super::measure::{Measure, measure};
use crate::cli::progress::Progress;
use crate::ui::widgets::number::{bytes, count, duration};

/// The table, or the same as JSON.
pub(super) fn run(args: &List) -> Result<String, String> {
    let found = recordings(&args.paths)?;
    let measured = measured(&found, args.count);
    if args.json {
        let all: Vec<Value> =
            found.iter().zip(&measured).map(|(one, measure)| document(one, measure)).collect();
        return Ok(format!("{:#}\n", Value::from(all)));
    }
    Ok(table(&found, &measured))
}

fn measured(found: &[Found], wants_all: bool) -> Vec<Measure> {
    let whole: u64 = found.iter().map(|one| one.size_bytes).sum();
    let mut bar = Progress::of("looking at recordings");
    let mut before = 0;
    let mut all = Vec::with_capacity(found.len());
    for one in found {
        all.push(measure(&one.path, one.size_bytes, wants_all, |done, _| bar.at(before + done, whole)));
        before += one.size_bytes;
        bar.at(before, whole);
    }
    all
}

/// A session's state in a word: `open` if its recording just breaks off.
fn state(one: &Found, measure: &Measure) -> &'static str {
    match (one.is_live, measure.has_ended) {
        (true, _) => "live",
        (false, true) => "ended",
        (false, false) if measure.length.is_none() => "",
        (false, false) => "open",
    }
}

pub(super) fn table(found: &[Found], measured: &[Measure]) -> String {
    if found.is_empty() {
        return "no recordings: put `mcptop wrap --` in front of a server's command\n".to_owned();
    }
    let width = found.iter().map(|one| one.header.label.chars().count()).max().unwrap_or(0).max(5);
    let mut text = format!(
        "{:20} {:5} {:width$} {:>7} {:>8} {:>5} {:>7}  recording\n",
        "started (UTC)", "state", "label", "length", "messages", "calls", "size"
    );
    for (one, measure) in found.iter().zip(measured) {
        let started = one.header.started.strftime("%Y-%m-%d %H:%M:%S").to_string();
        let length = measure.length.map_or_else(|| "–".to_owned(), |length| duration(length.0));
        let counted = |value: Option<u64>| value.map_or_else(|| "–".to_owned(), count);
        let _ = writeln!(
            text,
            "{started:20} {:5} {:width$} {length:>7} {:>8} {:>5} {:>7}  {}",
            state(one, measure),
            one.header.label,
            counted(measure.messages),
            counted(measure.calls),
            bytes(one.size_bytes),
            one.path.display(),
        );
    }
    if found.len() > 1 {
        let whole: u64 = found.iter().map(|one| one.size_bytes).sum();
        let _ = writeln!(text, "{} recordings, {}", found.len(), bytes(whole));
    }
    text
}

fn document(one: &Found, measure: &Measure) -> Value {
    json!({
        "path": one.path,
        "session": one.header.session,
        "label": one.header.label,
        "started": one.header.started.to_string(),
        "state": state(one, measure),
        "live": one.is_live,
        "length_us": measure.length.map(|length| length.0),
        "messages": measure.messages,
        "calls": measure.calls,
        "size_bytes": one.size_bytes,
    })
}
