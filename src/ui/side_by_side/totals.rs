//! Two sessions compared: every tool's figures on both sides, what differs beyond noise, and how the definitions have changed.
//!
//! Knows nothing of tests and margins (`insight::compare`), nor of how long others can wait.

use super::words;
use super::work::{Found, Side, Standing};
use crate::insight::compare::{Comparison, Sides, Tolerance, ToolComparison, Verdict};
use crate::insight::figures::Figures;
use crate::trace::Exit;
use crate::ui::theme::Role;
use crate::ui::widgets::clip;
use crate::ui::widgets::number::grouped;

/// All that is to be said of two sessions, of whose calls enough has been seen; with the family of models for which tokens are
/// counted.
pub(super) fn compare(sessions: [Side; 2], family: &str) -> Vec<Found> {
    let [before, after] = sessions;
    let standings = [before.standing, after.standing];
    let (before, after) =
        (Figures::seen(&before.session, before.look), Figures::seen(&after.session, after.look));
    let comparison = Comparison::of(&before, &after, &Tolerance::default(), Sides::Both, |_| false);
    let mut out = Vec::new();
    let mut text = |role, text: String| out.push(Found::Text(role, text));
    for ((side, figures), standing) in [("A", &before), ("B", &after)].into_iter().zip(&standings) {
        let header = &figures.session.header;
        let started = header.started.strftime("%F %R");
        text(
            Role::Text,
            format!("{side}: {}, {started}: {}", clip::visible(&header.label), words::session(figures)),
        );
        let (role, words) = stands(figures, standing);
        text(role, format!("  {words}"));
    }
    let told = "What is said of a tool differs beyond noise; where nothing is said, no difference is shown.";
    text(Role::Dim, format!("Tokens as counted for {family}. {told}"));
    text(Role::Dim, String::new());
    let heading = ["calls", "errors", "p50", "p95", "p99", "tokens"].map(str::to_owned);
    out.push(Found::Figures(Role::Heading, String::new(), " ", heading));
    for tool in &comparison.tools {
        push_tool(&mut out, tool);
    }
    push_drift(&mut out, &comparison);
    if !comparison.is_different() {
        out.push(Found::Text(Role::Note, "No difference is shown.".to_owned()));
    }
    out
}

/// How a session ended, what was never answered in it, and what of it could not be read.
fn stands(figures: &Figures<'_>, standing: &Standing) -> (Role, String) {
    let session = figures.session;
    let unanswered = figures.unanswered();
    let exit = session.end().map(|end| end.exit);
    let how = match exit {
        Some(Some(exit)) => exit.in_words(),
        None if standing.is_played => "played as far as this".to_owned(),
        None if standing.is_live => "still live".to_owned(),
        Some(None) | None if session.stopped().is_some() => "its recording was stopped".to_owned(),
        Some(None) | None => "its recording breaks off".to_owned(),
    };
    let answered = match unanswered {
        0 if standing.is_live => "no request was left unanswered so far".to_owned(),
        0 => "every request was answered or taken back".to_owned(),
        1 => "1 request was never answered".to_owned(),
        more => format!("{} requests were never answered", grouped(more)),
    };
    let is_well = unanswered == 0
        && standing.damage.is_none()
        && (matches!(exit, Some(Some(Exit::Code(0)))) || (exit.is_none() && standing.is_live));
    let words: Vec<String> = [how, answered].into_iter().chain(standing.damage.clone()).collect();
    (if is_well { Role::Dim } else { Role::Warn }, words.join("; "))
}

/// The figures of a tool that was called, and what is to be said of them.
fn push_tool(out: &mut Vec<Found>, tool: &ToolComparison<'_, '_>) {
    let is_called = [tool.before, tool.after].into_iter().flatten().any(|row| row.sums.calls > 0);
    if !is_called {
        return;
    }
    let name = clip::visible(tool.tool).into_owned();
    out.push(Found::Figures(Role::Text, name, "A", words::cells(tool.before)));
    out.push(Found::Figures(Role::Text, String::new(), "B", words::cells(tool.after)));
    for judged in &tool.judged {
        let role = match judged.verdict {
            Verdict::Worse => Role::Bad,
            Verdict::Better => Role::Good,
            Verdict::Same | Verdict::TooFew => continue,
        };
        out.push(Found::Text(role, format!("  {}", words::difference(judged))));
    }
    if !tool.judged.is_empty() && tool.judged.iter().all(|judged| judged.verdict == Verdict::TooFew) {
        out.push(Found::Text(Role::Dim, "  too few calls to tell".to_owned()));
    }
}

fn push_drift(out: &mut Vec<Found>, comparison: &Comparison<'_, '_>) {
    let mut text = |role, text: String| out.push(Found::Text(role, text));
    text(Role::Dim, String::new());
    let Some(drift) = &comparison.drift else {
        let why = "Tools were not listed in both sessions: definitions are not compared.";
        return text(Role::Dim, why.to_owned());
    };
    let (before, after) = drift.model;
    if !drift.is_some() {
        return text(Role::Dim, format!("Definitions are the same: {} tokens.", grouped(before)));
    }
    text(Role::Heading, format!("Definitions: {} to {} tokens", grouped(before), grouped(after)));
    if drift.instructions.is_some() {
        text(Role::Note, "  changed: the instructions".to_owned());
    }
    for tool in &drift.tools {
        text(Role::Note, format!("  {}", words::drifted(tool)));
    }
}
