//! What is wrong with a server's offer, as paragraphs.

use super::{Style, counted};
use crate::cli::audit::audited::Known;
use crate::cli::layout::{paragraph, push_line};
use crate::insight::audit::{Finding, Severity, Spot};
use crate::ui::widgets::clip;

/// Places of one finding shown without `--all`.
const SPOTS_SHOWN: usize = 3;
/// Characters of one place.
const SPOT_CHARS: usize = 120;

pub(super) fn write(out: &mut String, known: &Known, style: Style) {
    out.push('\n');
    if known.findings.is_empty() {
        push_line(out, &style.ink.bold("No findings"), 0);
        return;
    }
    push_line(out, &format!("{}: {}", style.ink.bold("Findings"), summary(known)), 0);
    for finding in &known.findings {
        one(out, finding, style);
    }
}

/// How many there are of each kind.
pub(in crate::cli::audit) fn summary(known: &Known) -> String {
    let kinds = [
        (Severity::Error, "error", "errors"),
        (Severity::Warning, "warning", "warnings"),
        (Severity::Note, "note", "notes"),
    ];
    let counts = kinds.into_iter().map(|(severity, one, many)| (known.count(severity), one, many));
    let words: Vec<String> =
        counts.filter(|(count, ..)| *count > 0).map(|(count, one, many)| counted(count, one, many)).collect();
    words.join(", ")
}

fn one(out: &mut String, finding: &Finding, style: Style) {
    let rule = finding.rule;
    out.push('\n');
    let kind = style.ink.severity(rule.severity, rule.severity.as_str());
    push_line(out, &format!("{kind} {}", style.ink.bold(rule.id)), 0);
    paragraph(out, rule.sentence, 2, style.columns);
    let shown = if style.is_all { finding.spots.len() } else { SPOTS_SHOWN };
    let mut spots: Vec<String> = finding.spots.iter().take(shown).filter_map(spot).collect();
    let left = finding.spots.len().saturating_sub(shown);
    if left > 0 {
        spots.push(format!("and {left} more"));
    }
    if !spots.is_empty() {
        paragraph(out, &format!("{}.", spots.join("; ")), 2, style.columns);
    }
    paragraph(out, &format!("→ {}", rule.remedy), 2, style.columns);
}

/// `None` where there is nothing to be said beyond the rule.
fn spot(spot: &Spot) -> Option<String> {
    let detail = clip::visible(&spot.detail);
    let detail = clip::end(&detail, SPOT_CHARS);
    match (spot.tool.as_deref(), &*detail) {
        (None, "") => None,
        (None, detail) => Some(detail.to_owned()),
        (Some(tool), "") => Some(clip::visible(tool).into_owned()),
        (Some(tool), detail) => Some(format!("{}: {detail}", clip::visible(tool))),
    }
}
