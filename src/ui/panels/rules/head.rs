//! The head of the Rules panel: which rules are in force, what they have saved, and what those shown would save.
//!
//! Knows nothing of single rules.

use ratatui::text::{Line, Span};

use crate::model::Saved;
use crate::tokens::Count;
use crate::ui::fetched::Answer;
use crate::ui::panels::{Cx, Opened};
use crate::ui::preview::Preview;
use crate::ui::ruling::Standing;
use crate::ui::theme::Role;
use crate::ui::widgets::clip;
use crate::ui::widgets::number::{duration, grouped, moment, percent, signed, tokens_grouped};

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

fn standing(opened: &Opened<'_>, rules: usize, cx: &Cx<'_>) -> Line<'static> {
    let style = |role| cx.theme.style(role);
    let word = if rules == 1 { "rule" } else { "rules" };
    let mut spans = vec![
        Span::styled(clip::end(&opened.session.header.label, 30).into_owned(), style(Role::Title)),
        Span::styled(format!("  {rules} {word}"), style(Role::Strong)),
    ];
    let (text, role) = match cx.rulings.standing(opened) {
        Standing::InForce => match opened.session.rules().in_force() {
            Some(rules) => (
                format!(" in force since {} from {}", moment(rules.at.0), clip::visible(&rules.source)),
                Role::Dim,
            ),
            None => (" in force".to_owned(), Role::Dim),
        },
        Standing::Sent => (" on their way to the proxy".to_owned(), Role::Pending),
        Standing::Trial => {
            (" tried on this recording: nothing is in force, u takes back".to_owned(), Role::Accent)
        }
    };
    spans.push(Span::styled(text, style(role)));
    let standing = cx.rulings.standing(opened);
    match cx.rulings.is_kept(opened).filter(|_| standing == Standing::InForce) {
        Some(true) => spans.push(Span::styled(", kept in the rules file", style(Role::Dim))),
        Some(false) => spans.push(Span::styled(", for this session alone: K keeps them", style(Role::Note))),
        None => {}
    }
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
            (hits, 0) => format!("{} calls answered from caches", grouped(hits)),
            (0, rest) => format!("{} calls answered by rules", grouped(rest)),
            (hits, rest) => {
                format!("{} calls answered from caches, {} by other rules", grouped(hits), grouped(rest))
            }
        };
        words.push(by);
    }
    let dot = format!(" {} ", cx.theme.glyphs.dot);
    Line::styled(format!("saved since the start: {}", words.join(&dot)), cx.theme.style(Role::Text))
}

/// `12,449 of 40,123 tokens (31.0 %) and 3.24 s`.
fn saved_words(saved: Saved, before: u64, cx: &Cx<'_>) -> String {
    let number = if cx.wire { saved.wire } else { saved.model };
    let short = |value: u64| tokens_grouped(Count::exact(value));
    let share = match u64::try_from(number) {
        Ok(number) if number > 0 => format!(" ({})", percent(number, before)),
        _ => String::new(),
    };
    format!(
        "{} of {} tokens{share} and {}",
        signed(number, short),
        short(before),
        signed(saved.time_us, duration)
    )
}

/// What rules would have saved, in a line.
#[must_use]
pub fn preview_words(preview: &Preview, cx: &Cx<'_>) -> String {
    let (_, before) = preview.tokens(cx.wire);
    let mut words = vec![format!("on this recording they save {}", saved_words(preview.saved, before, cx))];
    if preview.by_rules > 0 {
        words.push(format!(
            "{} of {} calls answered by rules",
            grouped(preview.by_rules),
            grouped(preview.calls)
        ));
    }
    if preview.stale > 0 {
        words.push(format!(
            "{} {} answers would have been outdated",
            cx.theme.glyphs.warn,
            grouped(preview.stale)
        ));
    }
    words.join(&format!(" {} ", cx.theme.glyphs.dot))
}
