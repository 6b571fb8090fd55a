//! `mcptop clients wrap` and `unwrap`: what would be different is shown, asked for, kept and written.
//!
//! Knows nothing of how a file is changed.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use super::args::{Change, Wrap};
use super::backup;
use super::found::{Found, places, text_of};
use super::journal::{Journal, Note};
use super::plan::{Plan, Wanted, Way, plans};
use crate::cli::rulesfile::replace;
use crate::cli::{EXIT_FOUND, EXIT_USAGE, complain, say};
use crate::clients::Scope;
use crate::clients::edit::Launch;

/// Puts mcptop in front.
pub(super) fn wrap(args: &Wrap) -> ExitCode {
    let mut journal = Journal::of_user();
    let done = if args.again { again(args, &mut journal) } else { put(&args.change, &mut journal) };
    exit(done)
}

/// Takes mcptop away.
pub(super) fn unwrap(args: &Change) -> ExitCode {
    exit(take(args, &mut Journal::of_user()))
}

fn exit(done: Result<ExitCode, String>) -> ExitCode {
    done.unwrap_or_else(|why| {
        complain(&why);
        ExitCode::from(EXIT_USAGE)
    })
}

fn put(args: &Change, journal: &mut Journal) -> Result<ExitCode, String> {
    let (found, wanted) = meant(args)?;
    let nothing = "there is no server that mcptop could be put in front of; `mcptop clients list` shows why";
    change(args, &found, wanted, Way::Wrap, journal, nothing)
}

fn take(args: &Change, journal: &mut Journal) -> Result<ExitCode, String> {
    let (found, wanted) = meant(args)?;
    let forgotten = forget(&found, wanted, journal);
    if forgotten > 0 && !args.dry_run {
        keep(journal);
        let _ = say("that mcptop is not there any more is not mentioned again\n");
        if matches!(wanted, Wanted::Named(names) if names.len() <= forgotten) {
            return Ok(ExitCode::SUCCESS);
        }
    }
    let nothing = "mcptop is in front of no server here; `mcptop clients list` shows where it is";
    change(args, &found, wanted, Way::Unwrap, journal, nothing)
}

fn again(args: &Wrap, journal: &mut Journal) -> Result<ExitCode, String> {
    let dropped = journal.dropped();
    let files = files_of(&dropped);
    let found: Vec<Found> = files.iter().flat_map(|path| Found::at(path)).collect();
    let nothing = "no client has dropped mcptop";
    change(&args.change, &found, Wanted::Dropped(&dropped), Way::Wrap, journal, nothing)
}

fn files_of(notes: &[Note]) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = notes.iter().map(|note| note.path.clone()).collect();
    files.sort();
    files.dedup();
    files
}

fn change(
    args: &Change,
    found: &[Found],
    wanted: Wanted<'_>,
    way: Way,
    journal: &mut Journal,
    nothing: &str,
) -> Result<ExitCode, String> {
    let program = |found: &Found| match way {
        Way::Wrap => program(found.scope),
        Way::Unwrap => Ok(String::new()),
    };
    let planned = plans(found, wanted, way, program)?;
    for why in &planned.left {
        complain(why);
    }
    let plans = planned.plans;
    if plans.is_empty() {
        return Ok(say(&format!("{nothing}\n")));
    }
    let shown = say(&plans.iter().map(Plan::difference).collect::<String>());
    if args.dry_run || shown != ExitCode::SUCCESS {
        return Ok(shown);
    }
    if !args.yes && !is_wanted(&plans)? {
        complain("nothing is changed");
        return Ok(ExitCode::from(EXIT_FOUND));
    }
    for plan in &plans {
        write(plan, way)?;
        note(plan, way, journal);
    }
    Ok(say(&outcome(&plans, way)))
}

/// The files that are meant, and the servers.
fn meant(args: &Change) -> Result<(Vec<Found>, Wanted<'_>), String> {
    let scope = if args.project { Scope::Project } else { Scope::User };
    let (found, names) = match (&args.config, args.words.split_first()) {
        (Some(path), _) => {
            let path = std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))?;
            let known = Found::at(&path);
            // Somebody who says whose file it is knows better than the table.
            let own =
                known.into_iter().map(|found| if args.project { Found { scope, ..found } } else { found });
            (own.collect(), &args.words[..])
        }
        (None, Some((client, names))) => {
            let all = places(Some(client))?;
            (all.into_iter().filter(|found| found.scope == scope && found.path.exists()).collect(), names)
        }
        (None, None) => {
            return Err(
                "say which client, or give a file with --config; `mcptop clients list` shows them".to_owned()
            );
        }
    };
    let found: Vec<Found> = found;
    if found.is_empty() {
        let whose = args.words.first().map_or("", String::as_str);
        return Err(format!("{whose} has no configuration file of a {} here", scope.as_str()));
    }
    match (names.is_empty(), args.all) {
        (true, false) => Err("say which servers, or --all".to_owned()),
        (false, true) => Err("name servers, or say --all, not both".to_owned()),
        (true, true) => Ok((found, Wanted::All)),
        (false, false) => Ok((found, Wanted::Named(names))),
    }
}

/// How the client starts mcptop: in a user's files by its path, because clients of the desktop do not have the path of the shell.
fn program(scope: Scope) -> Result<String, String> {
    let own = env::current_exe().map_err(|error| format!("mcptop does not know its own path: {error}"))?;
    if !own.file_stem().is_some_and(|stem| stem.eq_ignore_ascii_case("mcptop")) {
        return Err(format!(
            "{} has to be called mcptop to be found again in a configuration",
            own.display()
        ));
    }
    match scope {
        Scope::Project => Ok("mcptop".to_owned()),
        Scope::User => {
            let path = as_installed(&own).unwrap_or(own);
            path.into_os_string().into_string().map_err(|_| "the path of mcptop is not UTF-8".to_owned())
        }
    }
}

/// The link in the search path that leads to this program: it stays right when a package manager replaces the program.
fn as_installed(own: &Path) -> Option<PathBuf> {
    let own = fs::canonicalize(own).ok()?;
    let name = own.file_name()?;
    let folders = env::var_os("PATH")?;
    let mut links =
        env::split_paths(&folders).filter(|folder| folder.is_absolute()).map(|folder| folder.join(name));
    links.find(|link| fs::canonicalize(link).is_ok_and(|to| to == own))
}

fn is_wanted(plans: &[Plan]) -> Result<bool, String> {
    if !io::stdin().is_terminal() {
        return Err("nothing is changed unasked: say --yes, or --dry-run to only look".to_owned());
    }
    let files =
        if plans.len() == 1 { "this file".to_owned() } else { format!("these {} files", plans.len()) };
    let mut err = io::stderr().lock();
    let asked = write!(err, "Change {files}? [y/N] ").and_then(|()| err.flush());
    let mut answer = String::new();
    asked.and_then(|()| io::stdin().read_line(&mut answer)).map_err(|error| error.to_string())?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Nothing that was written in the meantime is written over.
fn write(plan: &Plan, way: Way) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("{} is not changed: {error}", plan.path.display());
    if text_of(&plan.path).map_err(|why| failed(&why))? != plan.before {
        return Err(format!(
            "{} is not changed: its client has just written it. Try again",
            plan.path.display()
        ));
    }
    if way == Way::Wrap {
        backup::keep(&plan.path, &plan.before).map_err(|error| failed(&error))?;
    }
    replace(&plan.path, &plan.after).map_err(|error| failed(&error))
}

fn note(plan: &Plan, way: Way, journal: &mut Journal) {
    for (group, name) in &plan.servers {
        match way {
            Way::Wrap => journal.put(&plan.path, group.as_deref(), name),
            Way::Unwrap => {
                journal.forget(&plan.path, group.as_deref(), name);
            }
        }
    }
    keep(journal);
}

fn keep(journal: &Journal) {
    if let Err(error) = journal.keep() {
        complain(&format!("it will not be noticed if a client drops mcptop: {error}"));
    }
}

/// Servers that a client has already dropped mcptop from are not mentioned again. How many there were.
fn forget(found: &[Found], wanted: Wanted<'_>, journal: &mut Journal) -> usize {
    let mut count = 0;
    for found in found {
        let servers = text_of(&found.path).ok().and_then(|text| found.servers(&text).ok());
        for server in servers.into_iter().flatten() {
            let is_without = matches!(server.launch, Launch::Command(_) | Launch::Address(_));
            let is_meant = match wanted {
                Wanted::All => true,
                Wanted::Named(names) => names.contains(&server.name),
                Wanted::Dropped(_) => false,
            };
            if is_without && is_meant && journal.forget(&found.path, server.group.as_deref(), &server.name) {
                count += 1;
            }
        }
    }
    count
}

fn outcome(plans: &[Plan], way: Way) -> String {
    let mut out = String::new();
    for plan in plans {
        let servers = match &plan.servers[..] {
            [_] => "1 server".to_owned(),
            servers => format!("{} servers", servers.len()),
        };
        let what = match way {
            Way::Wrap => format!("mcptop is in front of {servers}"),
            Way::Unwrap => format!("mcptop is taken away from {servers}"),
        };
        let _ = writeln!(out, "{what} in {}", plan.path.display());
        if way == Way::Wrap {
            let _ = writeln!(out, "  before the first change: {}", backup::path_of(&plan.path).display());
        }
        if let Some(restart) = plan.restart {
            let _ = writeln!(out, "  to take effect: {restart}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_between_reading_and_writing_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mcp.json");
        let plan = Plan {
            path: path.clone(),
            before: "{}".to_owned(),
            after: "{\"a\": 1}".to_owned(),
            restart: None,
            servers: Vec::new(),
        };
        fs::write(&path, "{\"b\": 2}").unwrap();
        assert!(write(&plan, Way::Wrap).unwrap_err().contains("its client has just written it"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"b\": 2}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no backup of what nobody looked at");
        fs::write(&path, "{}").unwrap();
        write(&plan, Way::Wrap).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), plan.after);
    }
}
