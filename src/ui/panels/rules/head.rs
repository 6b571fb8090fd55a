//! The head of the Rules panel: which rules are in force, what they have saved, and what those shown would save.
//!
//! Knows nothing of single rules.

use ratatui::text::{Line, Span};

use crate::model::Saved;
use crate::rules::Ruleset;
use crate::tokens::Count;
use crate::trace::BY_VIEWER;
use crate::ui::fetched::Answer;
use crate::ui::keys::Action;
use crate::ui::panels::{Cx, Opened, PanelId};
use crate::ui::preview::Preview;
use crate::ui::ruling::Standing;
use crate::ui::theme::Role;
use crate::ui::widgets::clip;
use crate::ui::widgets::number::{counted, duration, grouped, moment, percent, signed, tokens_grouped};

/// The lines of a session's head; two, and a third where there is something to try or to tell.
pub(super) fn lines(opened: &Opened<'_>, rules: usize, cx: &Cx<'_>) -> Vec<Line<'static>> {
    let mut lines = vec![standing(opened, rules, cx), saved(opened, cx)];
    let refused = opened.session.rules().refused().next_back();
    let newest = opened.session.rules().in_force().map(|rules| rules.at);
    if let Some(refused) = refused.filter(|refused| Some(refused.at) > newest) {
        let text = format!(
            "{} not taken at {}: {} ({})",
            cx.theme.glyphs.error,
            moment(refused.at.0),
            clip::visible(&refused.why),
            clip::visible(&refused.source)
        );
        lines.push(Line::styled(text, cx.theme.style(Role::Bad)));
    }
    lines.extend(ended_line(opened, cx));
    if cx.rulings.standing(opened) == Standing::Trial {
        lines.push(match cx.rulings.preview(opened.id, &cx.rulings.text(opened)) {
            Answer::Ready(preview) => Line::styled(preview_words(&preview, cx), cx.theme.style(Role::Accent)),
            Answer::Waiting => {
                Line::styled("playing the recording under these rules", cx.theme.style(Role::Pending))
            }
            Answer::Failed(why) => Line::styled(format!("no preview: {why}"), cx.theme.style(Role::Dim)),
        });
    }
    lines
}

/// What had held for the session alone until the rules file was read again.
fn ended_line(opened: &Opened<'_>, cx: &Cx<'_>) -> Option<Line<'static>> {
    if cx.rulings.standing(opened) != Standing::InForce {
        return None;
    }
    let mut history = opened.session.rules().history().rev();
    let (now, before) = (history.next()?, history.next()?);
    if *before.source != *BY_VIEWER || *now.source == *BY_VIEWER {
        return None;
    }
    let [now, before] = [&now.text, &before.text].map(|text| Ruleset::parse(text).unwrap_or_default());
    let ended: Vec<String> =
        before.rules.into_iter().map(|rule| rule.name).filter(|name| now.rule(name).is_none()).collect();
    if ended.is_empty() {
        return None;
    }
    let text = format!(
        "{} ended when the rules file was read again: {}",
        cx.theme.glyphs.warn,
        clip::visible(&ended.join(", "))
    );
    Some(Line::styled(text, cx.theme.style(Role::Warn)))
}

fn standing(opened: &Opened<'_>, rules: usize, cx: &Cx<'_>) -> Line<'static> {
    let style = |role| cx.theme.style(role);
    let key = |action| cx.keys.label(action, PanelId::Rules);
    let word = if rules == 1 { "rule" } else { "rules" };
    let mut spans = vec![
        Span::styled(clip::end(&opened.session.header.label, 30).into_owned(), style(Role::Title)),
        Span::styled(format!("  {rules} {word}"), style(Role::Strong)),
    ];
    let (text, role) = match cx.rulings.standing(opened) {
        Standing::InForce => match opened.session.rules().in_force() {
            Some(rules) => {
                let since = format!("since {} from {}", moment(rules.at.0), clip::visible(&rules.source));
                match cx.rulings.is_kept(opened) {
                    // What can be done about it stands first, where it is seen on any screen.
                    Some(false) => {
                        spans.push(Span::styled(
                            format!(" for this session alone: {} keeps them", key(Action::KeepRules)),
                            style(Role::Note),
                        ));
                        (format!(", in force {since}"), Role::Dim)
                    }
                    Some(true) => (format!(" in force {since}, kept in the rules file"), Role::Dim),
                    None => (format!(" in force {since}"), Role::Dim),
                }
            }
            None => (" in force".to_owned(), Role::Dim),
        },
        Standing::Sent => {
            let whose = if rules == 1 { "its" } else { "their" };
            (format!(" on {whose} way to the proxy"), Role::Pending)
        }
        Standing::Trial => {
            let undo = key(Action::Undo);
            (format!(" tried on this recording: nothing is in force, {undo} takes back"), Role::Accent)
        }
    };
    spans.push(Span::styled(text, style(role)));
    Line::from(spans)
}

fn saved(opened: &Opened<'_>, cx: &Cx<'_>) -> Line<'static> {
    let saved = opened.session.saved();
    let totals = opened.session.totals();
    let after = opened.session.context(cx.wire).total().tokens;
    let before = after.saturating_add_signed(if cx.wire { saved.wire } else { saved.model });
    let mut words = vec![saved_words(saved, before, cx)];
    if totals.by_rules > 0 {
        let rest = totals.by_rules - totals.cache_hits;
        let by = match (totals.cache_hits, rest) {
            (hits, 0) => format!("{} answered from caches", counted(hits, "call")),
            (0, rest) => format!("{} answered by rules", counted(rest, "call")),
            (hits, rest) => {
                format!("{} answered from caches, {} by other rules", counted(hits, "call"), grouped(rest))
            }
        };
        words.push(by);
    }
    let dot = format!(" {} ", cx.theme.glyphs.dot);
    Line::styled(format!("saved since the start: {}", words.join(&dot)), cx.theme.style(Role::Text))
}

/// `12,449 of 40,123 tokens (31.0 %) and 3.24 s`; nothing of time where there is none.
fn saved_words(saved: Saved, before: u64, cx: &Cx<'_>) -> String {
    let number = if cx.wire { saved.wire } else { saved.model };
    let short = |value: u64| tokens_grouped(Count::exact(value));
    let share = match u64::try_from(number) {
        Ok(number) if number > 0 => format!(" ({})", percent(number, before)),
        _ => String::new(),
    };
    let time = match saved.time_us {
        0 => String::new(),
        time_us => format!(" and {}", signed(time_us, duration)),
    };
    format!("{} of {} tokens{share}{time}", signed(number, short), short(before))
}

/// What rules would have saved, in a line.
#[must_use]
pub fn preview_words(preview: &Preview, cx: &Cx<'_>) -> String {
    let (_, before) = preview.tokens(cx.wire);
    let mut words = vec![format!("on this recording they save {}", saved_words(preview.saved, before, cx))];
    if preview.by_rules > 0 {
        words.push(format!(
            "{} of {} answered by rules",
            grouped(preview.by_rules),
            counted(preview.calls, "call")
        ));
    }
    if preview.stale > 0 {
        words.push(format!(
            "{} {} would have been outdated",
            cx.theme.glyphs.warn,
            counted(preview.stale, "answer")
        ));
    }
    words.join(&format!(" {} ", cx.theme.glyphs.dot))
}
