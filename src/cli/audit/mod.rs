//! `mcptop audit`: what servers offer, what it costs a model, what is wrong with it, and what has changed.

mod args;
mod audited;
mod configured;
mod json;
pub(super) mod kept;
mod listing;
mod markdown;
pub(super) mod recorded;
mod target;
mod text;

use std::path::Path;
use std::process::ExitCode;

use super::reason::{reason, text_of};
use super::settings::Settings;
use super::{EXIT_FOUND, EXIT_UNREACHABLE, EXIT_USAGE, complain, passes, rulesfile, say};
use crate::insight::audit::Baseline;
use crate::tokens::Profile;
use audited::{Audited, Report};

pub(super) use args::Audit;

/// Longer files are no baselines: a server lists less.
const BYTES_MAX: u64 = 1 << 30;

/// Lists, counts, compares, prints.
pub(super) fn run(args: &Audit, settings: &Settings) -> ExitCode {
    let report = match report(args, settings) {
        Ok(report) => report,
        Err(why) => {
            complain(&why);
            return ExitCode::from(EXIT_USAGE);
        }
    };
    // A single server that fails has nothing to be shown beside.
    if let ([Audited { outcome: Err(why), .. }], false) = (&report.servers[..], report.is_many) {
        complain(why);
        return ExitCode::from(EXIT_UNREACHABLE);
    }
    if let Some(path) = &args.save
        && let Err(why) = save(path, &report)
    {
        complain(&why);
        return ExitCode::from(EXIT_USAGE);
    }
    kept::keep(&report);
    let text = if args.json {
        format!("{:#}\n", json::document(&report))
    } else if args.markdown {
        markdown::document(&report, args.all)
    } else {
        text::tables(&report, args.all, text::columns())
    };
    let said = say(&text);
    if report.is_unapproved() {
        ExitCode::from(EXIT_FOUND)
    } else if report.servers.iter().any(|server| server.outcome.is_err()) {
        ExitCode::from(EXIT_UNREACHABLE)
    } else {
        said
    }
}

fn report(args: &Audit, settings: &Settings) -> Result<Report, String> {
    let source = args.source()?;
    // A broken baseline is refused before anything takes time.
    let base = args.against.as_deref().map(baseline).transpose()?;
    let profile = profile(args, base.as_ref(), settings)?;
    let ways = target::Ways::of(args)?;
    let mut report = Report::of(args, source, ways, profile)?;
    if let Some(base) = &base {
        report.compare(base);
    }
    Ok(report)
}

/// The family to count for: as asked, else as the baseline was counted, else as configured.
fn profile(args: &Audit, base: Option<&Baseline>, settings: &Settings) -> Result<Profile, String> {
    let asked = args.profile.as_deref().map(|name| passes::profile(Some(name))).transpose()?;
    match (asked, base) {
        (Some(asked), Some(base)) if asked.id != base.profile => {
            Err(format!("the baseline is counted for {}: leave --profile out, or save it anew", base.profile))
        }
        (Some(asked), _) => Ok(asked),
        (None, Some(base)) => passes::profile(Some(&base.profile)),
        (None, None) => passes::profile(settings.profile().as_deref()),
    }
}

fn baseline(path: &Path) -> Result<Baseline, String> {
    let text = text_of(path, BYTES_MAX)
        .map_err(|error| format!("cannot read {}: {}", path.display(), reason(&error)))?;
    Baseline::parse(&text).map_err(|error| format!("{}: {error}", path.display()))
}

fn save(path: &Path, report: &Report) -> Result<(), String> {
    let failed: Vec<&str> =
        report.servers.iter().filter(|server| server.outcome.is_err()).map(|server| &*server.label).collect();
    if !failed.is_empty() {
        return Err(format!(
            "{} is not written: a baseline without {} would approve of whatever they offer next",
            path.display(),
            failed.join(", ")
        ));
    }
    rulesfile::write(path, &report.baseline().text())
}
