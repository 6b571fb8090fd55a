//! `mcptop recordings prune`: removes recordings that are too old, too many or too large, and asks before.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::args::Prune;
use super::compact;
use super::found::{Found, live_files, recordings};
use super::measure::measure;
use super::plan::{Bounds, Candidate, Reason};
use crate::cli::{complain, say};
use crate::record::Folders;
use crate::ui::widgets::number::{bytes, counted};

/// A recording without an end that has grown this recently may be of a session nobody knows of.
const QUIET: Duration = Duration::from_hours(1);

/// Removes by `usual` bounds where none is asked for. Says what is to go, asks, removes; says what was done.
pub(super) fn run(args: &Prune, usual: Bounds) -> Result<String, String> {
    let asked = Bounds { older_than: args.older_than, keep: args.keep, size_bytes_max: args.max_size };
    let bounds = asked.or(usual).or(Bounds::USUAL);
    let mut found = recordings(&args.paths)?;
    found.sort_by_key(|one| std::cmp::Reverse(one.modified));
    let now = SystemTime::now();
    let candidates: Vec<Candidate> = found.iter().map(|one| candidate(one, now)).collect();
    let plan = bounds.plan(&candidates);
    let (leaving, staying): (Vec<_>, Vec<_>) =
        found.iter().zip(&candidates).zip(&plan).partition(|(_, reason)| reason.is_some());
    let leaving: Vec<(&Found, Reason)> =
        leaving.into_iter().filter_map(|((one, _), reason)| Some((one, (*reason)?))).collect();
    let packing: Vec<&Found> = staying
        .into_iter()
        .filter(|((one, candidate), _)| args.compact && !candidate.is_safe && !is_packed(&one.path))
        .map(|((one, _), _)| one)
        .collect();
    let mut text = told(&leaving, &packing);
    if args.dry_run || (leaving.is_empty() && packing.is_empty()) {
        return Ok(text);
    }
    if !args.yes {
        if !io::stdin().is_terminal() {
            say(&text);
            return Err("nothing is removed unasked: say --yes, or --dry-run to only look".to_owned());
        }
        if !is_agreed(&text).map_err(|error| format!("cannot ask: {error}"))? {
            return Ok("Nothing was done.\n".to_owned());
        }
        text = String::new();
    }
    text.push_str(&remove(&leaving));
    text.push_str(&pack(&packing));
    Ok(text)
}

fn candidate(one: &Found, now: SystemTime) -> Candidate {
    let age = now.duration_since(one.modified).unwrap_or_default();
    // Reading its end is only worth it for the few that have just grown.
    let may_be_live = || age < QUIET && !measure(&one.path, one.size_bytes, false, |_, _| ()).has_ended;
    Candidate { age, size_bytes: one.size_bytes, is_safe: one.is_live || may_be_live() }
}

fn is_packed(path: &Path) -> bool {
    crate::record::Raw::open(path).is_ok_and(|raw| raw.is_compressed())
}

fn told(leaving: &[(&Found, Reason)], packing: &[&Found]) -> String {
    let mut text = String::new();
    for (one, reason) in leaving {
        let started = one.header.started.strftime("%Y-%m-%d %H:%M").to_string();
        let (size, label) = (bytes(one.size_bytes), &one.header.label);
        let _ = writeln!(text, "{started}  {size:>7}  {:8}  {label}  {}", reason.words(), one.path.display());
    }
    let size_bytes: u64 = leaving.iter().map(|(one, _)| one.size_bytes).sum();
    let _ = match leaving.len() as u64 {
        0 => writeln!(text, "No recordings to be removed."),
        count => writeln!(text, "{} to be removed, {}.", counted(count, "recording"), bytes(size_bytes)),
    };
    if !packing.is_empty() {
        let size_bytes: u64 = packing.iter().map(|one| one.size_bytes).sum();
        let count = counted(packing.len() as u64, "recording");
        let _ = writeln!(text, "{count} to be compressed, {}.", bytes(size_bytes));
    }
    text
}

fn is_agreed(text: &str) -> io::Result<bool> {
    let mut out = io::stderr();
    write!(out, "{text}Go ahead? [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn remove(leaving: &[(&Found, Reason)]) -> String {
    if leaving.is_empty() {
        return String::new();
    }
    // Asked again: since it was found a session may have begun.
    let live = live_files(Folders::of_user().as_ref());
    let (mut count, mut size_bytes) = (0, 0);
    for (one, _) in leaving {
        if fs::canonicalize(&one.path).is_ok_and(|path| live.contains_key(&path)) {
            continue;
        }
        match fs::remove_file(&one.path) {
            Ok(()) => {
                count += 1;
                size_bytes += one.size_bytes;
                // The folder of a day goes with its last recording; one that holds anything else stays.
                if let Some(day) = one.path.parent().filter(|folder| is_day(folder)) {
                    let _ = fs::remove_dir(day);
                }
            }
            Err(error) => complain(&format!("cannot remove {}: {error}", one.path.display())),
        }
    }
    format!("{} removed, {} free again.\n", counted(count, "recording"), bytes(size_bytes))
}

/// Whether a folder is one of those mcptop makes for a day, as `2026-11-21`.
fn is_day(folder: &Path) -> bool {
    let name = folder.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    name.parse::<jiff::civil::Date>().is_ok()
}

fn pack(packing: &[&Found]) -> String {
    if packing.is_empty() {
        return String::new();
    }
    let (mut count, mut before, mut after) = (0, 0, 0);
    for one in packing {
        match compact::in_place(&one.path) {
            Ok(done) => {
                count += 1;
                before += done.before_bytes;
                after += done.after_bytes;
            }
            Err(why) => complain(&why),
        }
    }
    format!("{} compressed: {} instead of {}.\n", counted(count, "recording"), bytes(after), bytes(before))
}
