//! The servers of one audit with all that was found out about each.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::args::{Audit, Source};
use super::configured::{self, Configured};
use super::target::{Target, Ways};
use super::{listing, recorded};
use crate::cli::price::Price;
use crate::cli::progress::Progress;
use crate::insight::audit::{
    Baseline, Bill, Drift, Finding, ItemTokens, KeptServer, Offer, Severity, drift, findings,
};
use crate::tokens::{Count, Counter, Effort, Profile};
use crate::trace::Back;
use crate::ui::widgets::number::{grouped, percent};

/// Servers that are listed at once: some of them take a second of a processor to start.
const AT_ONCE_MAX: usize = 4;

/// All servers of one audit.
pub(super) struct Report {
    pub(super) profile: Profile,
    pub(super) window_tokens: u64,
    pub(super) price: Price,
    /// The servers come from a configuration, so that even one of them is a row among others.
    pub(super) is_many: bool,
    pub(super) servers: Vec<Audited>,
    /// Servers of the baseline that are not there any more.
    pub(super) gone: Vec<String>,
    /// There was a baseline.
    pub(super) is_compared: bool,
}

/// One server.
pub(super) struct Audited {
    pub(super) label: String,
    /// Where it was, if it was asked itself.
    pub(super) back: Option<Back>,
    /// What it offers; why that is not known, for people.
    pub(super) outcome: Result<Known, String>,
}

/// What is known of a server's offer.
pub(super) struct Known {
    pub(super) offer: Offer,
    pub(super) bill: Bill,
    pub(super) findings: Vec<Finding>,
    /// What has changed, if there is a baseline.
    pub(super) drift: Option<Drift>,
}

impl Report {
    /// Lists and counts everything.
    ///
    /// # Errors
    /// If what is asked for makes no sense.
    pub(super) fn of(args: &Audit, source: Source, ways: Ways, profile: Profile) -> Result<Self, String> {
        let (patience, ways) = (Duration::from_secs_f64(args.timeout), Arc::new(ways));
        let (listed, is_many) = match source {
            Source::Recording(file) => {
                (vec![recorded::read(&file).map(|(label, offer)| (label, None, Ok(offer)))?], false)
            }
            Source::One(target) => {
                // What cannot be an address is a mistake of who typed it, and no server's.
                drop(target.callee(&ways)?);
                let label = target.label();
                (list(vec![Configured { name: label, target: Ok(target) }], ways, patience)?, false)
            }
            Source::Configuration(file) => {
                let file = file.or_else(|client| configured::file_of(&client))?;
                let servers = chosen(configured::read(&file)?, &args.server)?;
                (list(servers, ways, patience)?, true)
            }
        };
        let mut counter = Counter::new(Effort::OnRequest);
        let mut bar = Progress::of("counting");
        let count = listed.len() as u64;
        let servers = (0..).zip(listed).map(|(at, (label, back, offer))| {
            bar.at(at, count);
            let label = args.label.clone().unwrap_or(label);
            let outcome = offer.map(|offer| Known::of(&mut counter, &profile, offer, &label));
            Audited { label, back, outcome }
        });
        let servers = servers.collect();
        Ok(Self {
            profile,
            window_tokens: args.window,
            price: args.price.clone(),
            is_many,
            servers,
            gone: Vec::new(),
            is_compared: false,
        })
    }

    /// What so many tokens in every request are of the window, and in money if there is a price.
    pub(super) fn weight(&self, tokens: u64) -> String {
        let share = format!("{} of {}", percent(tokens, self.window_tokens), grouped(self.window_tokens));
        match self.price.told(tokens) {
            Some(cost) => format!("{share}, {cost} each"),
            None => share,
        }
    }

    /// Compares every server with what was approved of.
    pub(super) fn compare(&mut self, base: &Baseline) {
        let now = self.baseline();
        self.is_compared = true;
        let mut seen = Vec::new();
        for server in &mut self.servers {
            let kept = if self.is_many {
                base.servers.iter().find(|kept| kept.label == server.label)
            } else {
                base.server(&server.label)
            };
            seen.extend(kept.map(|kept| kept.label.clone()));
            let Ok(known) = &mut server.outcome else { continue };
            // What was never approved of is new from its first word.
            let nothing = KeptServer::default();
            let is = now.servers.iter().find(|is| is.label == server.label);
            known.drift = is.map(|is| drift(kept.unwrap_or(&nothing), is));
        }
        self.gone = base
            .servers
            .iter()
            .map(|kept| kept.label.clone())
            .filter(|label| !seen.contains(label))
            .collect();
    }

    /// What is offered now, to be approved of.
    pub(super) fn baseline(&self) -> Baseline {
        let known = self.known().map(|(label, known)| (label, &known.offer, &known.bill));
        Baseline::of(self.profile.id, known)
    }

    /// The servers that were listed.
    pub(super) fn known(&self) -> impl Iterator<Item = (&str, &Known)> {
        self.servers.iter().filter_map(|server| Some((&*server.label, server.outcome.as_ref().ok()?)))
    }

    /// All servers together, without the preamble.
    pub(super) fn total(&self) -> ItemTokens {
        let totals = || self.known().map(|(_, known)| known.bill.total());
        ItemTokens {
            wire: totals().map(|total| total.wire).sum(),
            model: totals().map(|total| total.model).sum(),
        }
    }

    /// What is added once for all of them.
    pub(super) fn preamble(&self) -> Count {
        self.known()
            .map(|(_, known)| known.bill.preamble)
            .max_by_key(|count| count.tokens)
            .unwrap_or_default()
    }

    /// Whether any server says what nobody has approved of.
    pub(super) fn is_unapproved(&self) -> bool {
        self.known().filter_map(|(_, known)| known.drift.as_ref()).any(Drift::is_unapproved)
    }
}

impl Known {
    fn of(counter: &mut Counter, profile: &Profile, offer: Offer, label: &str) -> Self {
        let bill = Bill::of(counter, profile, &offer);
        let findings = findings(&offer, &bill, label);
        Self { offer, bill, findings, drift: None }
    }

    /// Rules broken of one severity.
    pub(super) fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.rule.severity == severity).count()
    }
}

/// Those of these names; all if there are none.
fn chosen(mut servers: Vec<Configured>, names: &[String]) -> Result<Vec<Configured>, String> {
    if let Some(missing) = names.iter().find(|name| servers.iter().all(|server| server.name != **name)) {
        let known: Vec<&str> = servers.iter().map(|server| &*server.name).collect();
        return Err(format!("the configuration names no server `{missing}`; it has {}", known.join(", ")));
    }
    if !names.is_empty() {
        servers.retain(|server| names.contains(&server.name));
    }
    Ok(servers)
}

/// A server's name, where it was, and what it offers or why that is not known.
type Listed = (String, Option<Back>, Result<Offer, String>);

/// Lists servers side by side, and returns them in their order.
fn list(servers: Vec<Configured>, ways: Arc<Ways>, patience: Duration) -> Result<Vec<Listed>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
    runtime.block_on(async move {
        let (mut bar, count) = (Progress::of("listing"), servers.len());
        let turns = Arc::new(Semaphore::new(AT_ONCE_MAX));
        let mut tasks = JoinSet::new();
        for (at, server) in servers.into_iter().enumerate() {
            let (ways, turns) = (ways.clone(), turns.clone());
            tasks.spawn(async move {
                // Nobody closes it.
                let _turn = turns.acquire().await;
                let Configured { name, target } = server;
                let back = target.as_ref().ok().map(Target::back);
                let offer = match target {
                    Ok(target) => listing::offer(|| target.callee(&ways), patience)
                        .await
                        .map_err(|error| error.to_string()),
                    Err(why) => Err(why),
                };
                (at, (name, back, offer))
            });
        }
        let mut done = Vec::with_capacity(count);
        while let Some(joined) = tasks.join_next().await {
            done.push(joined.map_err(|error| format!("a server could not be listed: {error}"))?);
            bar.at(done.len() as u64, count as u64);
        }
        done.sort_by_key(|(at, _)| *at);
        Ok(done.into_iter().map(|(_, listed)| listed).collect())
    })
}
