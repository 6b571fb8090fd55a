//! Proposes rules by what a recording shows, each with what it would have saved in it.
//!
//! Two passes over the events of one session, both in bounded memory:
//!
//! ```text
//! let mut advisor = Advisor::new(label, profile);      the first: evidence
//! advisor.apply(&event) …
//! let mut trial = advisor.finish();                    what to try
//! trial.apply(&event) …                                the second: every rule tried on the same events
//! let proposals: Vec<Proposal> = trial.finish();       what saved something, most first, and what is only told
//! ```
//! Pure: knows nothing of files, terminals or running proxies.

mod draft;
mod evidence;
mod kinds;
mod meter;
mod trial;
mod words;

pub use meter::Saving;
pub use trial::Trial;

use crate::rules::Rule;
use crate::tokens::Profile;
use crate::trace::Event;
use evidence::Evidence;

/// Which reading of a recording it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// The first: evidence is gathered.
    Looking,
    /// The second: every rule that may be proposed is tried.
    Trying,
}

/// Advice on a session.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// Which kind of advice it is, as a word for programs.
    pub kind: &'static str,
    /// What is advised, in a line.
    pub title: String,
    /// What was seen, in numbers.
    pub evidence: String,
    /// What may go wrong; for what is only told, what to do.
    pub risk: String,
    /// The rule as it is proposed: what may cost the model something it needs only observes. `None` for what is only told,
    /// because no rule can do it or none should unasked.
    pub rule: Option<Rule>,
    /// What the rule, switched on alone, would have saved in this recording.
    pub saving: Saving,
    /// Where it stands among rules that act one after the other.
    order: usize,
}

impl Proposal {
    /// The rule as the text of a rules file; `None` for what is only told.
    #[must_use]
    pub fn rule_text(&self) -> Option<String> {
        // The rule was made of parts that may all stand in a file, and tried; a text that could not be read is none.
        self.rule.as_ref().and_then(|rule| crate::rules::edit::text_of(rule).ok())
    }

    /// The names of the rules that have to act after this one's, so that it is put before them.
    #[must_use]
    pub fn later<'p>(&self, proposals: &'p [Self]) -> Vec<&'p str> {
        let later = proposals.iter().filter(|other| other.order > self.order);
        later.filter_map(|other| other.rule.as_ref()).map(|rule| rule.name.as_str()).collect()
    }

    /// The rules of proposals in the order in which they have to stand in a file: what trims before what cuts.
    #[must_use]
    pub fn rules(proposals: &[Self]) -> Vec<&Rule> {
        let mut ordered: Vec<&Self> = proposals.iter().collect();
        ordered.sort_by_key(|proposal| proposal.order);
        ordered.into_iter().filter_map(|proposal| proposal.rule.as_ref()).collect()
    }
}

/// The first pass: what there is to be advised.
#[derive(Debug)]
pub struct Advisor {
    evidence: Evidence,
}

impl Advisor {
    /// On a session with a server of this label; tokens are counted for a family of models.
    #[must_use]
    pub fn new(label: &str, profile: &Profile) -> Self {
        Self { evidence: Evidence::new(label, profile.clone()) }
    }

    /// Takes the next event of the recording.
    pub fn apply(&mut self, event: &Event<'_>) {
        self.evidence.apply(event);
    }

    /// What is to be tried in the second pass.
    #[must_use]
    pub fn finish(self) -> Trial {
        Trial::new(&self.evidence)
    }
}
