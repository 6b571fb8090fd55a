//! `mcptop check`: a recorded session against budgets and a baseline.

mod args;
mod json;
mod junit;
mod markdown;
mod sarif;
mod text;
mod words;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(super) use args::Check;

use super::reason::{reason, text_of, unwritten};
use super::{EXIT_FOUND, EXIT_USAGE, complain, layout, passes, say};
use crate::insight::check::{Budgets, Outcome, Status, against, check};
use crate::insight::figures::Figures;
use crate::rules::{Problem, place_of};
use crate::tokens::Profile;
use args::Form;

/// Longer files are no budgets.
const BYTES_MAX: u64 = 1 << 20;

/// What there is to be told.
struct Report {
    /// The recording, as it was named.
    file: PathBuf,
    /// What the server is called.
    label: String,
    session: String,
    /// The budgets file with its text.
    budgets: Option<(PathBuf, String)>,
    baseline: Option<PathBuf>,
    profile: Profile,
    /// Messages that were not observed: what passed in them is in no figure.
    dropped: u64,
    outcomes: Vec<Outcome>,
    shows_all: bool,
}

/// Checks, prints and writes.
pub(super) fn run(args: &Check) -> ExitCode {
    match checked(args) {
        Ok((text, is_kept)) => {
            let printed = say(&text);
            if printed == ExitCode::SUCCESS && !is_kept { ExitCode::from(EXIT_FOUND) } else { printed }
        }
        Err(why) => {
            complain(&why);
            ExitCode::from(EXIT_USAGE)
        }
    }
}

/// What is to be printed, and whether everything is kept.
fn checked(args: &Check) -> Result<(String, bool), String> {
    // What is wrong with the command or the budgets is said before anything takes time.
    let profile = passes::profile(args.profile.as_deref())?;
    if args.file.as_os_str() == "-" && args.baseline.as_ref().is_some_and(|path| path.as_os_str() == "-") {
        return Err("only one of the two recordings can come from standard input".to_owned());
    }
    let files: Vec<(&PathBuf, Form)> =
        args.output.iter().map(|path| Ok((path, args.form_of(path)?))).collect::<Result<_, String>>()?;
    let (budgets, text) = match &args.budget {
        None => (Budgets::default(), None),
        Some(path) => read(path).map(|(budgets, text)| (budgets, Some((path.clone(), text))))?,
    };
    let report = Report::of(args, &budgets, text, profile)?;
    for (path, form) in &files {
        std::fs::write(path, report.in_form(*form)).map_err(|error| unwritten(path, &error))?;
    }
    let printed = args.form().filter(|_| files.is_empty()).unwrap_or(Form::Text);
    Ok((report.in_form(printed), report.count(Status::Failed) == 0))
}

fn read(path: &Path) -> Result<(Budgets, String), String> {
    let text = text_of(path, BYTES_MAX)
        .map_err(|error| format!("cannot read {}: {}", path.display(), reason(&error)))?;
    let budgets = Budgets::parse(&text).map_err(|problem| format!("{}: {problem}", path.display()))?;
    Ok((budgets, text))
}

impl Report {
    fn of(
        args: &Check,
        budgets: &Budgets,
        text: Option<(PathBuf, String)>,
        profile: Profile,
    ) -> Result<Self, String> {
        let counted = (args.baseline.is_some() || budgets.needs_tokens()).then_some(&profile);
        let passes::Seen { session, look, .. } = passes::seen_file(&args.file, counted)?;
        let figures = Figures::seen(&session, look);
        let mut outcomes = check(budgets, &figures);
        if let Some(baseline) = &args.baseline {
            let before = passes::seen_file(baseline, counted)?;
            let before = Figures::seen(&before.session, before.look);
            outcomes.extend(against(&before, &figures, &budgets.regression));
        }
        Ok(Self {
            file: args.file.clone(),
            label: session.header.label.clone(),
            session: session.header.session.clone(),
            budgets: text,
            baseline: args.baseline.clone(),
            profile,
            dropped: figures.totals.dropped_messages,
            outcomes,
            shows_all: args.all,
        })
    }

    fn in_form(&self, form: Form) -> String {
        match form {
            Form::Text => text::table(self, layout::columns()),
            Form::Json => format!("{:#}\n", json::document(self)),
            Form::Junit => junit::document(self),
            Form::Sarif => format!("{:#}\n", sarif::document(self)),
            Form::Markdown => markdown::document(self),
        }
    }

    fn count(&self, status: Status) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.status == status).count()
    }

    /// The place in the budgets file that asks for an outcome.
    fn place(&self, outcome: &Outcome) -> Option<(&Path, Problem)> {
        let (path, text) = self.budgets.as_ref()?;
        let place = place_of(text, &outcome.origin.path());
        Some((path, Problem::at(text, place, String::new())))
    }
}
