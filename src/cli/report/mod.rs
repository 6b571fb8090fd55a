//! `mcptop report`: a recorded session summed up, as text, JSON, Markdown or a page.

mod args;
pub(in crate::cli) mod gather;
mod html;
mod json;
mod markdown;
mod pretty;
mod text;
pub(in crate::cli) mod words;

use std::path::PathBuf;
use std::process::ExitCode;

pub(super) use args::Report;

use super::reason::unwritten;
use super::{EXIT_USAGE, complain, hide, layout, passes, say};
use crate::insight::figures::Figures;
use crate::model::{Operation, OperationId, Session};
use crate::record::Bodies;
use args::Form;
use gather::{Answers, Told};

/// Sums up, prints and writes.
pub(super) fn run(args: &Report) -> ExitCode {
    match printed(args) {
        Ok(text) => say(&text),
        Err(why) => {
            complain(&why);
            ExitCode::from(EXIT_USAGE)
        }
    }
}

/// What is to be printed once all files are written.
fn printed(args: &Report) -> Result<String, String> {
    // What is wrong with the command is said before anything takes time.
    let profile = passes::profile(args.profile.as_deref())?;
    let files: Vec<(&PathBuf, Form)> =
        args.output.iter().map(|path| Ok((path, args.form_of(path)?))).collect::<Result<_, String>>()?;
    let mut answers = Answers::default();
    let see = |session: &Session, id, operation: &Operation| answers.take(session, id, operation);
    let mut reader = passes::open(&args.file)?;
    let passes::Seen { session, look, bodies } = passes::seen(&mut reader, &args.file, Some(&profile), see)?;
    let mut told = Told::new(args.file.clone(), profile, args.window, Figures::seen(&session, look));
    told.price = args.price.clone();
    told.look_at_answers(answers, &bodies);
    let shows_bodies = |form: Form| matches!(form, Form::Html | Form::Json);
    if !args.no_bodies
        && (files.iter().any(|(_, form)| shows_bodies(*form)) || args.form().is_some_and(shows_bodies))
    {
        read_calls(args, &mut told, &bodies)?;
    }
    for (path, form) in &files {
        std::fs::write(path, in_form(&told, *form)).map_err(|error| unwritten(path, &error))?;
    }
    let form = if files.is_empty() { args.form().unwrap_or(Form::Text) } else { Form::Text };
    Ok(in_form(&told, form))
}

/// What was said, without the secrets in it unless they are wanted. Figures are of the recording as it is.
fn read_calls(args: &Report, told: &mut Told<'_>, bodies: &Bodies) -> Result<(), String> {
    if args.no_redact {
        let calls: Vec<_> = told.slowest().iter().chain(told.fattest()).cloned().collect();
        for call in calls {
            told.read_call(call.id, &call.operation, bodies);
        }
        return Ok(());
    }
    let (mut reader, replaced) = hide::reader(&args.file, &args.hide.wishes())?;
    hide::complain_of_unread(&replaced);
    if replaced.places() > 0 {
        complain(&format!("{}; --no-redact leaves them in", hide::told(&replaced)));
    }
    let wanted = told.standing_out();
    let mut calls: Vec<(OperationId, Operation)> = Vec::with_capacity(wanted.len());
    let see = |_: &Session, id, operation: &Operation| {
        if wanted.contains(&id) {
            calls.push((id, operation.clone()));
        }
    };
    let without = passes::seen(&mut reader, &args.file, None, see)?;
    for (id, operation) in calls {
        told.read_call(id, &operation, &without.bodies);
    }
    Ok(())
}

fn in_form(told: &Told<'_>, form: Form) -> String {
    match form {
        Form::Text => text::document(told, layout::columns()),
        Form::Json => format!("{:#}\n", json::document(told)),
        Form::Markdown => markdown::document(told),
        Form::Html => html::document(told),
    }
}
