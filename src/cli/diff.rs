//! `mcptop diff`: two recorded sessions side by side.

mod args;
mod json;
mod markdown;
mod text;
mod words;

use std::path::Path;
use std::process::ExitCode;

pub(super) use args::Diff;

use super::{EXIT_FOUND, EXIT_USAGE, complain, layout, passes, say};
use crate::insight::compare::{Comparison, Sides, Tolerance};
use crate::insight::figures::Figures;
use crate::tokens::Profile;

/// One of the two recordings.
struct Side<'r> {
    file: &'r Path,
    figures: &'r Figures<'r>,
}

/// What there is to be told.
struct Report<'r> {
    before: Side<'r>,
    after: Side<'r>,
    comparison: Comparison<'r, 'r>,
    profile: &'r Profile,
}

/// Compares and prints.
pub(super) fn run(args: &Diff) -> ExitCode {
    match compared(args) {
        Ok((text, is_different)) => {
            let printed = say(&text);
            if printed == ExitCode::SUCCESS && is_different { ExitCode::from(EXIT_FOUND) } else { printed }
        }
        Err(why) => {
            complain(&why);
            ExitCode::from(EXIT_USAGE)
        }
    }
}

/// What is to be printed, and whether anything differs.
fn compared(args: &Diff) -> Result<(String, bool), String> {
    let profile = passes::profile(args.profile.as_deref())?;
    let is_stream = |path: &Path| path.as_os_str() == "-";
    if is_stream(&args.before) && is_stream(&args.after) {
        return Err("only one of the two recordings can come from standard input".to_owned());
    }
    let before = passes::seen_file(&args.before, Some(&profile))?;
    let after = passes::seen_file(&args.after, Some(&profile))?;
    let before = Figures::seen(&before.session, before.look);
    let after = Figures::seen(&after.session, after.look);
    let comparison = Comparison::of(&before, &after, &Tolerance::default(), Sides::Both, |_| false);
    let report = Report {
        before: Side { file: &args.before, figures: &before },
        after: Side { file: &args.after, figures: &after },
        comparison,
        profile: &profile,
    };
    let text = if args.json {
        format!("{:#}\n", json::document(&report))
    } else if args.markdown {
        markdown::document(&report)
    } else {
        text::table(&report, layout::columns())
    };
    Ok((text, report.comparison.is_different()))
}
