//! Advice before it has been measured.

use std::collections::BTreeSet;

use super::evidence::{Definition, Evidence};
use crate::rules::{Globs, Mode, Over, Rule, Select, Twin};

/// Advice: what was seen, and the rule that would act on it, if one can.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// What is advised, in a line.
    pub(super) title: String,
    /// What was seen, in numbers.
    pub(super) evidence: String,
    /// What may go wrong, or what to do where no rule can.
    pub(super) risk: String,
    /// The rule as it is to be written; `None` for what is only told.
    pub(super) rule: Option<Rule>,
    /// What the rule has to do with: rules that have nothing in common can be measured together.
    pub(super) touches: BTreeSet<String>,
}

impl Draft {
    /// Something that no rule can do, or none should unasked.
    pub(super) fn told(title: String, evidence: String, risk: impl Into<String>) -> Self {
        Self { title, evidence, risk: risk.into(), rule: None, touches: BTreeSet::new() }
    }

    /// A rule about the results of one tool.
    pub(super) fn of_tool(
        evidence: &Evidence,
        tool: &str,
        what: &str,
        mode: Mode,
        set: impl FnOnce(&mut Rule),
    ) -> Self {
        let mut rule = Rule {
            name: format!("{}: {what} {tool}", evidence.label),
            mode,
            select: select(evidence, Some(tool), None),
            ..Rule::default()
        };
        set(&mut rule);
        let mut touches = BTreeSet::from([format!("tool {tool}")]);
        let changes_structure = rule.trim.is_some() || rule.empty.is_some() || rule.twin != Twin::Keep;
        let has_schema = evidence.definitions.get(tool).is_some_and(|tool| tool.has_output_schema);
        let pages = rule.limit.is_some_and(|limit| limit.over == Over::Page);
        if (changes_structure && has_schema) || pages {
            // The output schema is relaxed; the tool that reads on is added.
            touches.insert("tools/list".to_owned());
        }
        Self::with(rule, touches)
    }

    /// A rule about the results of a method.
    pub(super) fn of_method(
        evidence: &Evidence,
        method: &str,
        what: &str,
        set: impl FnOnce(&mut Rule),
    ) -> Self {
        let mut rule = Rule {
            name: format!("{}: {what} {method}", evidence.label),
            select: select(evidence, None, Some(method)),
            ..Rule::default()
        };
        set(&mut rule);
        Self::with(rule, BTreeSet::from([method.to_owned()]))
    }

    /// A rule about the tool list.
    pub(super) fn of_list(evidence: &Evidence, what: &str, mode: Mode, set: impl FnOnce(&mut Rule)) -> Self {
        let mut rule = Rule {
            name: format!("{}: {what}", evidence.label),
            mode,
            select: select(evidence, None, None),
            ..Rule::default()
        };
        set(&mut rule);
        Self::with(rule, BTreeSet::from(["tools/list".to_owned()]))
    }

    fn with(rule: Rule, touches: BTreeSet<String>) -> Self {
        Self { title: String::new(), evidence: String::new(), risk: String::new(), rule: Some(rule), touches }
    }

    /// With what is said of it.
    pub(super) fn saying(mut self, title: String, evidence: String, risk: impl Into<String>) -> Self {
        (self.title, self.evidence, self.risk) = (title, evidence, risk.into());
        self
    }
}

fn select(evidence: &Evidence, tool: Option<&str>, method: Option<&str>) -> Select {
    let one = |name: &str| Globs::new(vec![name.to_owned()]);
    Select { server: Some(one(&evidence.label)), tool: tool.map(one), method: method.map(one) }
}

/// Globs that mean the wanted tools of the list and no other: the shorter way of saying it. `None` if none is wanted.
pub(super) fn globs(evidence: &Evidence, is_wanted: impl Fn(&Definition) -> bool) -> Option<Globs> {
    let (wanted, others): (Vec<&Definition>, Vec<&Definition>) =
        evidence.definitions.tools.iter().partition(|tool| is_wanted(tool));
    if wanted.is_empty() {
        return None;
    }
    if wanted.len() <= others.len() + 1 {
        return Some(Globs::new(wanted.iter().map(|tool| tool.name.to_string()).collect()));
    }
    let but = others.iter().map(|tool| format!("!{}", tool.name));
    Some(Globs::new(std::iter::once("*".to_owned()).chain(but).collect()))
}
