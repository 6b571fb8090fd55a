//! One proposal in full: what it saves, what was seen, what it risks, how it stands, and the rule as it is written.
//!
//! Lines of text, made anew for each drawing; knows nothing of the list beside it.

use ratatui::text::{Line, Span};

use super::board::known;
use super::words::{freshness_words, saved_words};
use crate::insight::Proposal;
use crate::rules::{Mode, Rule};
use crate::ui::keys::Action;
use crate::ui::panels::{Cx, Opened, PanelId};
use crate::ui::theme::Role;
use crate::ui::widgets::wrap::{toml_lines, wrapped};

/// Cells of the words at the left.
const LABEL: usize = 7;

/// All lines of a proposal in so many cells.
pub(super) fn lines(
    proposal: &Proposal,
    opened: &Opened<'_>,
    width: usize,
    cx: &Cx<'_>,
) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for text in wrapped(&proposal.title, width) {
        lines.push(Line::styled(text, cx.theme.style(Role::Strong)));
    }
    let Some(rule) = &proposal.rule else {
        said("seen", &proposal.evidence, Role::Text, width, cx, &mut lines);
        said("to do", &proposal.risk, Role::Accent, width, cx, &mut lines);
        return lines;
    };
    said("saves", &saved_words(&proposal.saving), Role::Good, width, cx, &mut lines);
    said("seen", &proposal.evidence, Role::Text, width, cx, &mut lines);
    if let Some(freshness) = freshness_words(&proposal.saving) {
        let tone = if proposal.saving.stale > 0 { Role::Bad } else { Role::Text };
        said("cache", &freshness, tone, width, cx, &mut lines);
    }
    let risk = format!("{}{}", risk_mark(rule, cx), proposal.risk);
    let tone = if is_risky(rule) { Role::Warn } else { Role::Text };
    said("risk", &risk, tone, width, cx, &mut lines);
    let (stands, tone) = standing(rule, opened, cx);
    said("now", &stands, tone, width, cx, &mut lines);
    lines.push(Line::default());
    if let Some(text) = proposal.rule_text() {
        for line in text.lines().filter(|line| !line.is_empty()) {
            lines.extend(toml_lines(line, width, cx.theme));
        }
    }
    lines
}

/// Whether it may cost the model something it needs, so that it only observes unless it is switched on.
pub(super) fn is_risky(rule: &Rule) -> bool {
    rule.mode == Mode::Observe
}

fn risk_mark(rule: &Rule, cx: &Cx<'_>) -> String {
    if is_risky(rule) { format!("{} ", cx.theme.glyphs.warn) } else { String::new() }
}

/// How it stands with the rules of the session.
fn standing(rule: &Rule, opened: &Opened<'_>, cx: &Cx<'_>) -> (String, Role) {
    let Some(known) = known(&cx.rulings.text(opened), &rule.name) else {
        let key = |action| cx.keys.label_over(action, PanelId::Rules);
        let [on, observe, keep, copy] =
            [Action::Open, Action::NextMode, Action::KeepRules, Action::Copy].map(key);
        let text = match (opened.is_live, is_risky(rule)) {
            (true, false) => {
                format!(
                    "Not in force. {on} switches it on for this session, {keep} keeps it in the file too."
                )
            }
            (true, true) => {
                format!("Not in force. {observe} lets it observe first: it counts, and changes nothing.")
            }
            (false, _) => {
                format!("The session has ended: {on} tries it on the recording, {copy} copies it.")
            }
        };
        return (text, Role::Dim);
    };
    let word = match (known.mode, opened.is_live) {
        (Mode::On, true) => "On in this session",
        (Mode::On, false) => "Tried on this recording; the Rules panel has the figures",
        (Mode::Observe, _) => "Observes: it counts what it would do, and changes nothing",
        (Mode::Off, _) => "There, and switched off",
    };
    let is_same = Rule { mode: rule.mode, ..known } == *rule;
    let differs = if is_same {
        ".".to_owned()
    } else {
        let on = cx.keys.label_over(Action::Open, PanelId::Rules);
        format!(". What is there reads otherwise: {on} puts this in its place.")
    };
    (format!("{word}{differs}"), Role::Accent)
}

/// A text behind its label, as many lines as it takes.
fn said(label: &str, text: &str, role: Role, width: usize, cx: &Cx<'_>, lines: &mut Vec<Line<'static>>) {
    for (at, text) in wrapped(text, width.saturating_sub(LABEL).max(8)).enumerate() {
        let label = if at == 0 { label } else { "" };
        lines.push(Line::from(vec![
            Span::styled(format!("{label:<LABEL$}"), cx.theme.style(Role::Dim)),
            Span::styled(text, cx.theme.style(role)),
        ]));
    }
}
