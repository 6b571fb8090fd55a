//! `mcptop simulate`: a recorded session under other rules.

mod json;
mod text;

use std::process::ExitCode;

use super::args::Simulate;
use super::{EXIT_USAGE, complain, layout, passes, rulesfile, say};
use crate::insight::{Found, Simulation};
use crate::model::Session;
use crate::rules::Ruleset;
use crate::tokens::Profile;
use crate::ui::feed::{Played, stopwatch};

/// A cache that hits less often is probably not worth what it may get wrong.
const HIT_RATE_MIN: f64 = crate::model::CacheUse::HIT_RATE_LOW;

/// What there is to be told.
struct Report {
    /// The session as it would have been, without its calls.
    session: Session,
    /// Its calls that reached the server then.
    found: Found,
    rules: Ruleset,
    /// The rules file, as it was named.
    source: String,
    profile: Profile,
}

/// Plays the session again and prints what came of it.
pub(super) fn run(args: &Simulate) -> ExitCode {
    match simulate(args) {
        Ok(text) => say(&text),
        Err(why) => {
            complain(&why);
            ExitCode::from(EXIT_USAGE)
        }
    }
}

fn simulate(args: &Simulate) -> Result<String, String> {
    let profile = passes::profile(args.profile.as_deref())?;
    let path = rulesfile::named(&args.rules);
    let (rules, text) = rulesfile::read(&path)?;
    let mut reader = passes::open(&args.file)?;
    let mut played = Played::new(reader.header(), args.write.as_deref(), profile.clone())?;
    let label = reader.header().label.clone();
    let mut simulation = Simulation::new(&label, &rules, &text, stopwatch, |event| played.take(event));
    passes::through(&mut reader, "playing it again", |event| simulation.apply(event))
        .map_err(|error| format!("cannot read {}: {error}", args.file.display()))?;
    let found = simulation.finish();
    let session = played.finish()?;
    let report = Report { session, found, rules, source: path.display().to_string(), profile };
    Ok(if args.json {
        format!("{:#}\n", json::document(&report))
    } else {
        text::table(&report, layout::columns())
    })
}

impl Report {
    /// The names of the rules that are about other servers.
    fn for_others(&self) -> Vec<&str> {
        let label = &self.session.header.label;
        let others = self.rules.rules.iter().filter(|rule| !rule.select.is_server(label));
        others.map(|rule| rule.name.as_str()).collect()
    }
}
