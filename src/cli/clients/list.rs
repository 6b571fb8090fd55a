//! `mcptop clients list`: the clients of this machine and their servers, for people and for programs.
//!
//! Changes nothing and starts nothing.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::args::List;
use super::costs::{Cost, Costs, From};
use super::found::{Found, is_gone, is_installed, places, text_of};
use super::journal::Journal;
use crate::cli::settings::Settings;
use crate::cli::{EXIT_USAGE, complain, passes, say};
use crate::clients::edit::{Launch, Server};
use crate::clients::{CLIENTS, Client, Scope};
use crate::trace::{url_without_secrets, without_secrets};
use crate::ui::widgets::clip;
use crate::ui::widgets::number::{counted, tokens_grouped};

/// What one file holds.
struct Shown {
    found: Found,
    servers: Result<Vec<Row>, String>,
}

/// One server of a file.
struct Row {
    server: Server,
    state: State,
    cost: Option<Cost>,
}

/// How a server is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Through mcptop.
    Wrapped,
    /// Through a mcptop that is not there: it cannot be started.
    Gone,
    /// Through mcptop, which a person put there.
    ByHand,
    /// By its command.
    Direct,
    /// It is reached by its address.
    Address,
    /// Without mcptop, which was put there and is gone.
    Dropped,
    /// Not at all.
    Nothing,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Wrapped => "wrapped",
            Self::Gone => "mcptop gone",
            Self::ByHand => "by hand",
            Self::Direct => "direct",
            Self::Address => "address",
            Self::Dropped => "dropped",
            Self::Nothing => "no server",
        }
    }
}

/// Prints the list.
pub(super) fn run(args: &List, settings: &Settings) -> ExitCode {
    match listed(args, settings) {
        Ok(text) => say(&text),
        Err(why) => {
            complain(&why);
            ExitCode::from(EXIT_USAGE)
        }
    }
}

fn listed(args: &List, settings: &Settings) -> Result<String, String> {
    let (shown, absent) = match &args.config {
        Some(path) => {
            let path = std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))?;
            let found = Found::at(&path);
            check(&found)?;
            (found, Vec::new())
        }
        None => there(args.client.as_deref())?,
    };
    let (journal, mut costs) =
        (Journal::of_user(), Costs::of_user(passes::profile(settings.profile().as_deref())?));
    let shown = shown.into_iter().map(|found| read(found, &journal, &mut costs)).collect();
    let shown = worth_showing(shown);
    if args.json {
        let absent = absent.iter().map(|client| absent_in_json(client));
        return Ok(format!("{:#}\n", shown.iter().map(in_json).chain(absent).collect::<Value>()));
    }
    Ok(text(&shown, &absent))
}

/// Whether a file that somebody names can be read and holds servers: where they were looked for in vain, that is no list.
fn check(found: &[Found]) -> Result<(), String> {
    let wrong = |found: &Found| {
        let named = |why: String| format!("{}: {why}", found.path.display());
        text_of(&found.path).and_then(|text| found.servers(&text)).map(drop).map_err(named)
    };
    let results: Vec<Result<(), String>> = found.iter().map(wrong).collect();
    if results.iter().any(Result::is_ok) { Ok(()) } else { results.into_iter().collect() }
}

/// The files there are, and the clients that have none.
fn there(client: Option<&str>) -> Result<(Vec<Found>, Vec<&'static Client>), String> {
    let mut found = places(client)?;
    found.retain(|found| found.path.exists());
    let has_file =
        |client: &Client| found.iter().any(|found| found.client.is_some_and(|known| known.id == client.id));
    let asked = CLIENTS.iter().filter(|known| client.is_none_or(|id| known.id == id));
    let absent = asked.filter(|client| !has_file(client)).collect();
    Ok((found, absent))
}

fn read(found: Found, journal: &Journal, costs: &mut Costs) -> Shown {
    let text = text_of(&found.path).map_err(|error| format!("cannot be read: {error}"));
    let servers = text.and_then(|text| found.servers(&text));
    let mut row = |server: Server| {
        let was_wrapped = journal.knows(&found.path, server.group.as_deref(), &server.name);
        let state = match (&server.launch, was_wrapped) {
            (Launch::Command(_) | Launch::Address(_), true) => State::Dropped,
            (Launch::Command(_), false) => State::Direct,
            (Launch::Address(_), false) => State::Address,
            (Launch::Wrapped(_) | Launch::Fronted(_), _) if is_gone(&server) => State::Gone,
            (Launch::Wrapped(_) | Launch::Fronted(_), _) => State::Wrapped,
            (Launch::ByHand(_), _) => State::ByHand,
            (Launch::Nothing, _) => State::Nothing,
        };
        let cost = costs.of(&server);
        Row { server, state, cost }
    };
    let servers = servers.map(|servers| servers.into_iter().map(&mut row).collect());
    Shown { found, servers }
}

/// A file in which servers may stand in several places comes once for each: one in which there are none says nothing more.
fn worth_showing(shown: Vec<Shown>) -> Vec<Shown> {
    let mut kept: Vec<Shown> = Vec::new();
    for one in shown {
        let is_more = |other: &Shown| {
            other.found.path == one.found.path
                && other.found.client.map(|client| client.id) == one.found.client.map(|client| client.id)
        };
        match kept.iter().position(is_more) {
            Some(at) if kept[at].servers.as_ref().is_ok_and(Vec::is_empty) => kept[at] = one,
            Some(_) if one.servers.as_ref().map_or(true, Vec::is_empty) => {}
            _ => kept.push(one),
        }
    }
    kept
}

fn text(shown: &[Shown], absent: &[&Client]) -> String {
    let mut out = String::new();
    let mut last: Option<(Option<&str>, &Path)> = None;
    for Shown { found, servers } in shown {
        let title = found.client.map(|client| client.title);
        let head = (title, found.path.as_path());
        let is_more = last == Some(head);
        if !is_more {
            let name = title.map_or(String::new(), |title| format!("{title}, {}: ", found.scope.as_str()));
            let _ = writeln!(out, "{name}{}", found.path.display());
            last = Some(head);
        }
        match servers {
            Ok(servers) if servers.is_empty() => out.push_str("  no servers\n"),
            Ok(servers) => lines(&mut out, servers),
            Err(why) => {
                let _ = writeln!(out, "  {why}");
            }
        }
    }
    ending(&mut out, shown, absent);
    out
}

fn lines(out: &mut String, rows: &[Row]) {
    let cells = |row: &Row| {
        let cost = row.cost.as_ref();
        let tokens = cost.map_or_else(|| "–".to_owned(), |cost| tokens_grouped(cost.tokens));
        let tools = cost.map_or_else(String::new, |cost| counted(cost.tools as u64, "tool"));
        [clip::visible(&row.server.name).into_owned(), row.state.as_str().to_owned(), tokens, tools]
    };
    let cells: Vec<[String; 4]> = rows.iter().map(cells).collect();
    let widest = |column: usize| cells.iter().map(|row| clip::width(&row[column])).max().unwrap_or(0);
    let widths = [0, 1, 2, 3].map(widest);
    let pad = |text: &str, column: usize| " ".repeat(widths[column].saturating_sub(clip::width(text)));
    let mut group = None;
    for (Row { server, .. }, [name, state, tokens, tools]) in rows.iter().zip(&cells) {
        if server.group != group {
            group.clone_from(&server.group);
            let _ = writeln!(out, "  in {}", group.as_deref().unwrap_or_default());
        }
        let off = if server.is_on { "" } else { " (off)" };
        let line = format!(
            "  {name}{}  {state}{}  {}{tokens} tokens  {tools}{}  {}{off}",
            pad(name, 0),
            pad(state, 1),
            pad(tokens, 2),
            pad(tools, 3),
            starts(&server.launch)
        );
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

fn ending(out: &mut String, shown: &[Shown], absent: &[&Client]) {
    let rows = || shown.iter().filter_map(|shown| shown.servers.as_ref().ok()).flatten();
    let dropped = rows().filter(|row| row.state == State::Dropped).count();
    if dropped > 0 {
        let servers = counted(dropped as u64, "server");
        let _ = writeln!(
            out,
            "\nClients have written their files anew and dropped mcptop from {servers}: `mcptop clients wrap --again` puts \
             it back, `mcptop clients unwrap` lets it be"
        );
    } else if rows().any(|row| matches!(row.state, State::Direct | State::Address)) {
        out.push_str("\n`mcptop clients wrap CLIENT --all` puts mcptop in front\n");
    }
    let (installed, missing): (Vec<&Client>, Vec<&Client>) =
        absent.iter().partition(|client| is_installed(client));
    let titles =
        |clients: &[&Client]| clients.iter().map(|client| client.title).collect::<Vec<_>>().join(", ");
    if !installed.is_empty() {
        let _ = writeln!(out, "\nWithout a configuration of servers: {}", titles(&installed));
    }
    if !missing.is_empty() {
        let _ = writeln!(out, "\nNot found here: {}", titles(&missing));
    }
}

/// What is started, without secrets.
fn starts(launch: &Launch) -> String {
    let text = match launch {
        Launch::Command(words) | Launch::Wrapped(words) => without_secrets(words).join(" "),
        Launch::ByHand(words) => format!("mcptop {}", without_secrets(words).join(" ")),
        Launch::Address(url) | Launch::Fronted(url) => url_without_secrets(url),
        Launch::Nothing => String::new(),
    };
    clip::visible(&text).into_owned()
}

fn in_json(shown: &Shown) -> Value {
    let rows = shown.servers.as_deref().unwrap_or_default();
    let row = |Row { server, state, cost }: &Row| {
        json!({
            "name": server.name,
            "group": server.group,
            "on": server.is_on,
            "state": state.as_str(),
            "starts": starts(&server.launch),
            "tokens": cost.as_ref().map(|cost| cost.tokens.tokens),
            "tokens_accuracy": cost.as_ref().map(|cost| cost.tokens.accuracy.label()),
            "tools": cost.as_ref().map(|cost| cost.tools),
            "tokens_from": cost.as_ref().map(|cost| match &cost.from {
                From::Audit(at) => json!({ "audit": at }),
                From::Session(session) => json!({ "session": session }),
            }),
        })
    };
    let client = shown.found.client;
    json!({
        "client": client.map(|client| client.id),
        "title": client.map(|client| client.title),
        "installed": true,
        "scope": shown.found.scope.as_str(),
        "path": shown.found.path.display().to_string(),
        "servers": rows.iter().map(row).collect::<Vec<_>>(),
        "problem": shown.servers.as_ref().err(),
    })
}

fn absent_in_json(client: &Client) -> Value {
    let path: Option<PathBuf> =
        places(Some(client.id)).ok().and_then(|found| Some(found.into_iter().next()?.path));
    json!({
        "client": client.id,
        "title": client.title,
        "installed": is_installed(client),
        "scope": Scope::User.as_str(),
        "path": path.map(|path| path.display().to_string()),
        "servers": [],
        "problem": null,
    })
}
