//! `mcptop rerun`: a recording in the client's part, and what the server answers differently.

pub(super) mod drive;
mod json;
mod mask;
mod sides;
pub(super) mod tail;
mod text;
mod verdict;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use jiff::Timestamp;

use super::args::Rerun;
use super::progress::Progress;
use super::replay::load;
use super::{EXIT_FOUND, EXIT_UNREACHABLE, EXIT_USAGE, complain, layout, passes, say};
use crate::insight::difference::Terms;
use crate::insight::rerun::{Compared, Rerunner, Wishes};
use crate::record::Folders;
use crate::trace::{Back, url_without_secrets, without_secrets};
use drive::{Audience, Target};
use sides::Row;
use verdict::{Measure, Verdict, What};

/// What there is to be told.
struct Report {
    /// The recording, as it was named.
    file: String,
    /// The server, secrets removed.
    server: String,
    verdicts: Vec<Verdict>,
    rows: Vec<Row>,
    /// The new recordings.
    recordings: Vec<PathBuf>,
    /// Whether a slower tool counts.
    counts_latency: bool,
}

/// Sends the recorded requests again and prints what came of it.
pub(super) fn run(args: &Rerun) -> ExitCode {
    match rerun(args) {
        Ok(Some(report)) => {
            let printed = say(&if args.json {
                format!("{:#}\n", json::document(&report))
            } else {
                text::report(&report, layout::columns())
            });
            if printed == ExitCode::SUCCESS && report.has_findings() {
                ExitCode::from(EXIT_FOUND)
            } else {
                printed
            }
        }
        Ok(None) => ExitCode::from(EXIT_UNREACHABLE),
        Err(why) => {
            complain(&why);
            ExitCode::from(EXIT_USAGE)
        }
    }
}

impl Report {
    fn has_findings(&self) -> bool {
        self.verdicts.iter().any(Verdict::is_finding)
            || (self.counts_latency && self.rows.iter().any(|row| row.is_slower))
    }
}

/// The report; `None` if the server cannot be started or reached, which has been said.
fn rerun(args: &Rerun) -> Result<Option<Report>, String> {
    let profile = passes::profile(args.profile.as_deref())?;
    if args.file.as_os_str() == "-" {
        return Err("the recording is read twice: it cannot come from standard input".to_owned());
    }
    let loaded = load::script(&args.file, &[], false)?;
    let out = out(args, &loaded.header.label)?;
    let target =
        Target::new(args.url.as_deref(), &args.command, &loaded.header.label, out).reached(&args.reach);
    let server = args.url.as_deref().map_or_else(|| command_line(&args.command), url_without_secrets);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked when it was parsed")]
    let timeout_us = (args.timeout * 1e6) as u64;
    let wishes = Wishes { pace: args.pace, allow_writes: args.allow_writes, timeout_us };
    let bodies = loaded.bodies;
    let rerunner = Rerunner::new(loaded.script, wishes, Box::new(move |place| bodies.load(place).ok()));
    let terms = Terms { ignore: args.ignore.clone(), unordered: args.unordered };
    let measure = Measure { terms, masks: args.mask.clone() };
    let mut listener =
        Listener { bar: Progress::of("running it again"), verdicts: Vec::new(), measure: &measure };
    let recordings = match drive::run(rerunner, target, &mut listener) {
        Ok(recordings) => recordings,
        Err(error) => {
            complain(&format!("cannot start: {error}"));
            return Ok(None);
        }
    };
    let Listener { bar, verdicts, .. } = listener;
    // Gone before anything is said.
    drop(bar);
    if !verdicts.iter().any(Verdict::is_heard)
        && let Some(missed) = verdicts.iter().find(|verdict| verdict.is_missed())
    {
        match &missed.what {
            What::Unreached(why) => complain(why),
            // Why a command does not start, or what it said last, is on standard error by now.
            _ => complain(&format!("the server ended before it had answered {}", missed.method)),
        }
        return Ok(None);
    }
    let rows = sides::rows(&args.file, &recordings, &profile)?;
    let file = args.file.display().to_string();
    Ok(Some(Report { file, server, verdicts, rows, recordings, counts_latency: args.latency }))
}

/// Shows how far it is, and keeps what is to be said.
struct Listener<'a> {
    bar: Progress,
    verdicts: Vec<Verdict>,
    measure: &'a Measure,
}

impl Audience for Listener<'_> {
    fn compared(&mut self, compared: Compared) {
        self.verdicts.push(verdict::of(compared, self.measure));
    }

    fn progress(&mut self, done: usize, all: usize) {
        self.bar.at(done as u64, all as u64);
    }

    fn complain(&mut self, what: &str) {
        complain(what);
    }

    fn gives_up(&self) -> bool {
        false
    }
}

/// A command as it may be shown.
fn command_line(command: &[OsString]) -> String {
    let words: Vec<String> = command.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    Back::Command { argv: without_secrets(&words) }.display()
}

/// Where the new session is recorded.
fn out(args: &Rerun, label: &str) -> Result<PathBuf, String> {
    if let Some(path) = &args.write {
        if path.exists() {
            return Err(format!(
                "{} is there already; name another file, or remove it first",
                path.display()
            ));
        }
        return Ok(path.clone());
    }
    let folders = Folders::of_user().ok_or("there is no home folder; name a file with --write")?;
    let now = jiff::Zoned::new(Timestamp::now(), jiff::tz::TimeZone::UTC);
    let (day, time) = (now.strftime("%Y-%m-%d").to_string(), now.strftime("%H%M%S").to_string());
    folders.new_recording(&day, &time, label).map_err(|error| error.to_string())
}
