//! `mcptop clients`: the configurations of clients, with mcptop put in front of their servers and taken away again.

mod args;
mod backup;
mod change;
mod costs;
pub(super) mod found;
mod journal;
mod list;
mod plan;

use std::collections::BTreeMap;
use std::process::ExitCode;

use super::settings::Settings;
pub(super) use args::Clients;
use args::{List, Todo};
use journal::Journal;

use crate::clients::edit::{Launch, Server};

/// That clients have dropped mcptop, if they have.
pub(super) fn notice() -> Option<String> {
    let dropped = Journal::of_user().dropped();
    let first = dropped.first()?;
    let more = match dropped.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let file = first.path.display();
    Some(format!(
        "{file} was written anew without mcptop: {}{more}. `mcptop clients wrap --again`",
        first.server
    ))
}

/// What a client's file is like.
pub(super) enum Health {
    /// It cannot be read: why.
    Broken(String),
    /// Its servers, and how many of them are started through mcptop.
    Servers {
        /// Through mcptop.
        wrapped: usize,
        /// All there are.
        all: usize,
        /// Those of them that start a mcptop that is not there.
        gone: usize,
    },
}

/// Every file of a client on this machine that has servers or cannot be read, by client and path.
pub(super) fn health() -> Vec<(String, Health)> {
    let mut known: BTreeMap<String, Health> = BTreeMap::new();
    for found in found::places(None).unwrap_or_default() {
        let (Some(client), true) = (found.client, found.path.exists()) else { continue };
        let name = format!("{}, {}", client.title, found.path.display());
        let text = found::text_of(&found.path).map_err(|error| format!("cannot be read: {error}"));
        match (text.and_then(|text| found.servers(&text)), known.get_mut(&name)) {
            (Ok(servers), known_so_far) => {
                let is_wrapped = |server: &&Server| {
                    matches!(server.launch, Launch::Wrapped(_) | Launch::Fronted(_) | Launch::ByHand(_))
                };
                let more = [
                    servers.iter().filter(is_wrapped).count(),
                    servers.len(),
                    servers.iter().filter(|server| found::is_gone(server)).count(),
                ];
                if let Some(Health::Servers { wrapped, all, gone }) = known_so_far {
                    (*wrapped, *all, *gone) = (*wrapped + more[0], *all + more[1], *gone + more[2]);
                } else {
                    known.insert(name, Health::Servers { wrapped: more[0], all: more[1], gone: more[2] });
                }
            }
            // A file may hold servers in one place and not in another.
            (Err(why), None) => {
                known.insert(name, Health::Broken(why));
            }
            (Err(_), Some(_)) => {}
        }
    }
    known.retain(|_, health| !matches!(health, Health::Servers { all: 0, .. }));
    known.into_iter().collect()
}

/// Lists or changes.
pub(super) fn run(args: &Clients, settings: &Settings) -> ExitCode {
    match &args.todo {
        None => list::run(&List::default(), settings),
        Some(Todo::List(args)) => list::run(args, settings),
        Some(Todo::Wrap(args)) => change::wrap(args),
        Some(Todo::Unwrap(args)) => change::unwrap(args),
    }
}
