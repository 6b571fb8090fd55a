//! `mcptop export`: the calls of a recording for other tools, without its secrets.

mod args;
mod form;
mod texts;

use std::fs::File;
use std::io::{self, BufWriter, Write as _, stdout};
use std::path::Path;
use std::process::ExitCode;

use super::{EXIT_UNREACHABLE, EXIT_USAGE, complain, hide, passes};
use crate::insight::calls::Follower;
use crate::record::{Reader, fresh};
use form::Writer;
use texts::Texts;

pub(super) use args::Export;

/// Why nothing, or not all, was written.
enum Failure {
    /// The user has to do something else.
    Usage(String),
    /// Whoever reads has had enough, which is no fault.
    Closed,
    /// It cannot be written.
    Output(String),
}

/// Writes all calls.
pub(super) fn run(args: &Export) -> ExitCode {
    match export(args) {
        Ok(()) | Err(Failure::Closed) => ExitCode::SUCCESS,
        Err(Failure::Usage(why)) => {
            complain(&why);
            ExitCode::from(EXIT_USAGE)
        }
        Err(Failure::Output(why)) => {
            complain(&why);
            ExitCode::from(EXIT_UNREACHABLE)
        }
    }
}

fn export(args: &Export) -> Result<(), Failure> {
    let profile = passes::profile(args.profile.as_deref()).map_err(Failure::Usage)?;
    if let Some(out) = args.out.as_deref().filter(|out| out.exists()) {
        return Err(Failure::Usage(format!("{} is there already and is not overwritten", out.display())));
    }
    let mut reader = reader(args)?;
    let texts = Texts::new(reader.bodies(), (!args.no_tokens).then_some(profile));
    match &args.out {
        None => {
            let mut out = BufWriter::new(stdout().lock());
            written(args, &mut reader, texts, &mut out)?;
            out.flush().map_err(|error| failed("standard output", &error))
        }
        Some(path) => to_file(args, path, &mut reader, texts),
    }
}

/// The recording without its secrets, unless they are wanted.
fn reader(args: &Export) -> Result<Reader, Failure> {
    if args.no_redact {
        return passes::open(&args.file).map_err(Failure::Usage);
    }
    let (reader, replaced) = hide::reader(&args.file, &args.hide.wishes()).map_err(Failure::Usage)?;
    hide::complain_of_unread(&replaced);
    if replaced.places() > 0 {
        complain(&format!("{}; --no-redact leaves them in", hide::told(&replaced)));
    }
    Ok(reader)
}

/// Under its name when it is whole.
fn to_file(args: &Export, path: &Path, reader: &mut Reader, texts: Texts) -> Result<(), Failure> {
    let name = path.display().to_string();
    let file = fresh(path).map_err(|error| Failure::Usage(format!("cannot write {name}: {error}")))?;
    let mut out: BufWriter<&File> = BufWriter::new(file.as_file());
    written(args, reader, texts, &mut out)?;
    out.flush().map_err(|error| failed(&name, &error))?;
    drop(out);
    file.persist_noclobber(path).map_err(|refused| failed(&name, &refused.error))?;
    Ok(())
}

fn written(args: &Export, reader: &mut Reader, texts: Texts, out: &mut dyn io::Write) -> Result<(), Failure> {
    let header = reader.header().clone();
    let mut writer = Writer::new(args.form, &header, args.bodies, texts, out);
    let mut follower = Follower::default();
    writer.begin();
    passes::through_places(reader, "writing calls", |event, place| {
        follower.apply(event, place, &mut |followed| writer.take(&followed));
    })
    .map_err(|error| Failure::Usage(format!("cannot read {}: {error}", args.file.display())))?;
    let (revision, now) = (follower.revision().map(str::to_owned), follower.now());
    follower.finish(&mut |followed| writer.take(&followed));
    writer.finish(revision.as_deref(), now).map_err(|error| failed("the calls", &error))
}

fn failed(what: &str, error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Failure::Closed;
    }
    Failure::Output(format!("cannot write {what}: {error}"))
}
