//! The second pass: every rule that may be proposed, tried on the recording.
//!
//! Each rule is measured as if it stood alone. Rules that have nothing to do with the same messages cannot tell whether
//! they do, so those share a simulation. Knows nothing of why rules are tried.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;

use super::draft::Draft;
use super::evidence::Evidence;
use super::kinds::KINDS;
use super::meter::{Meter, Saving};
use super::words::counted;
use super::{Proposal, Rule};
use crate::insight::Simulation;
use crate::rules::{Mode, Ruleset};
use crate::tokens::Profile;
use crate::trace::Event;

/// Rules that are tried; there are no more than a few for each tool that was called.
const RULES_MAX: usize = 256;
/// Simulations at once. What would need more is left out: the last kinds of the busiest tool.
const SIMULATIONS_MAX: usize = 24;

/// Rules being tried.
pub struct Trial {
    drafts: Vec<(usize, Draft)>,
    groups: Vec<Group>,
}

/// Rules that share a simulation.
struct Group {
    simulation: Simulation<'static>,
    meter: Rc<RefCell<Meter>>,
    /// Positions of their drafts.
    members: Vec<usize>,
}

impl Trial {
    pub(super) fn new(evidence: &Evidence) -> Self {
        let mut drafts: Vec<(usize, Draft)> = Vec::new();
        let mut names = HashSet::new();
        for (order, kind) in KINDS.iter().enumerate() {
            for draft in (kind.propose)(evidence) {
                let is_new = draft.rule.as_ref().is_none_or(|rule| names.insert(rule.name.clone()));
                if is_new && (names.len() <= RULES_MAX || draft.rule.is_none()) {
                    drafts.push((order, draft));
                }
            }
        }
        let groups = grouped(&drafts)
            .into_iter()
            .map(|members| Group::new(members, &drafts, &evidence.label, &evidence.profile))
            .collect();
        Self { drafts, groups }
    }

    /// How many simulations each event is shown to.
    #[must_use]
    pub fn simulations(&self) -> usize {
        self.groups.len()
    }

    /// Takes the next event of the recording.
    pub fn apply(&mut self, event: &Event<'_>) {
        for group in &mut self.groups {
            group.simulation.apply(event);
        }
    }

    /// What saved something, the most worth first, and then what is only told.
    #[must_use]
    pub fn finish(self) -> Vec<Proposal> {
        let mut savings: Vec<Option<Saving>> = vec![None; self.drafts.len()];
        for Group { simulation, meter, members } in self.groups {
            let found = simulation.finish();
            for member in members {
                let Some(rule) = &self.drafts[member].1.rule else { continue };
                let freshness = found.rules.get(rule.name.as_str()).copied().unwrap_or_default();
                let saving = Saving {
                    stale: freshness.stale,
                    compared: freshness.compared,
                    ..meter.borrow().saving(&rule.name)
                };
                savings[member] = Some(saving);
            }
        }
        let mut proposals: Vec<Proposal> = self
            .drafts
            .into_iter()
            .zip(savings)
            .filter_map(|((order, draft), saving)| proposal(order, draft, saving))
            .collect();
        proposals.sort_by_key(|proposal| {
            let saving = proposal.saving;
            (proposal.rule.is_none(), std::cmp::Reverse((saving.worth(), saving.wire)), proposal.order)
        });
        proposals
    }
}

/// `None` if a rule saved nothing, or was not tried.
fn proposal(order: usize, draft: Draft, saving: Option<Saving>) -> Option<Proposal> {
    let Draft { title, evidence, mut risk, mut rule, .. } = draft;
    if let Some(rule) = &mut rule {
        let saving = saving.filter(Saving::is_worth_it)?;
        if saving.stale > 0 {
            // Evidence of two calls may not hold for a third.
            rule.mode = Mode::Observe;
            let stale = counted(saving.stale, "answer");
            risk = format!("{risk} In this recording {stale} would have been out of date.");
        }
    }
    let saving = saving.unwrap_or_default();
    Some(Proposal { kind: KINDS[order].key, title, evidence, risk, rule, saving, order })
}

/// Divides rules into groups whose members have nothing in common.
fn grouped(drafts: &[(usize, Draft)]) -> Vec<Vec<usize>> {
    let mut groups: Vec<(BTreeSet<&str>, Vec<usize>)> = Vec::new();
    for (position, (_, draft)) in drafts.iter().enumerate().filter(|(_, (_, draft))| draft.rule.is_some()) {
        let touches = || draft.touches.iter().map(String::as_str);
        match groups.iter().position(|(taken, _)| !touches().any(|touched| taken.contains(touched))) {
            Some(free) => {
                groups[free].0.extend(touches());
                groups[free].1.push(position);
            }
            None if groups.len() >= SIMULATIONS_MAX => {}
            None => groups.push((touches().collect(), vec![position])),
        }
    }
    groups.into_iter().map(|(_, members)| members).collect()
}

impl Group {
    fn new(members: Vec<usize>, drafts: &[(usize, Draft)], label: &str, profile: &Profile) -> Self {
        let of = |member: &usize| drafts[*member].1.rule.clone();
        // What it would save is measured with it on.
        let on = |rule: Rule| Rule { mode: Mode::On, ..rule };
        let rules = Ruleset { rules: members.iter().filter_map(of).map(on).collect(), ..Ruleset::default() };
        let meter = Rc::new(RefCell::new(Meter::new(profile.clone())));
        let weigh = {
            let meter = meter.clone();
            move |event: &Event<'_>| meter.borrow_mut().apply(event)
        };
        // Its own time is of no interest here, and a clock would make of a pure thing an impure one.
        let simulation = Simulation::new(label, &rules, "", || 0, weigh);
        Self { simulation, meter, members }
    }
}
