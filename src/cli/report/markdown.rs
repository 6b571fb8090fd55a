//! A report as Markdown: for the summary of a workflow, or an issue at the server's author.

use std::fmt::Write as _;

use super::gather::Told;
use super::words::{self, HEADINGS};
use crate::cli::markup::cell;
use crate::insight::figures::CallFigures;
use crate::ui::widgets::number::percent;

/// Places that are listed of each tool.
const PLACES_MAX: usize = 3;
/// Tools whose places are listed.
const TOOLS_MAX: usize = 10;

/// The whole report. Ends with a newline.
pub(super) fn document(told: &Told<'_>) -> String {
    let mut out = String::new();
    let label = &told.figures.session.header.label;
    let _ = writeln!(
        out,
        "### {}\n\n{}. Tokens as counted for {}.\n",
        cell(label),
        cell(&words::session(told)),
        cell(told.profile.label)
    );
    out.push_str("| | | |\n|-|-:|-|\n");
    for fact in words::facts(told) {
        let name = if fact.is_bad { format!("**{}**", fact.name) } else { fact.name.to_owned() };
        let _ = writeln!(out, "| {name} | {} | {} |", cell(&fact.value), cell(&fact.more));
    }
    tools(&mut out, told);
    places(&mut out, told);
    rules(&mut out, told);
    calls(&mut out, "The slowest calls", told.slowest());
    calls(&mut out, "The calls that cost most", told.fattest());
    out
}

fn tools(out: &mut String, told: &Told<'_>) {
    let tools = words::tools(told);
    if tools.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "\n#### Tools\n\n| tool | {} |\n|-|{}",
        HEADINGS.join(" | "),
        "-:|".repeat(HEADINGS.len())
    );
    for tool in tools {
        let cells = words::cells(tool).map(|text| cell(&text));
        let _ = writeln!(out, "| {} | {} |", cell(tool.name()), cells.join(" | "));
    }
}

fn places(out: &mut String, told: &Told<'_>) {
    let mut rows = String::new();
    for tool in words::tools(told).into_iter().take(TOOLS_MAX) {
        let Some(places) = told.places.get(tool.name()).filter(|places| places.tokens > 0) else { continue };
        for place in words::heavy(places, PLACES_MAX) {
            let share = percent(place.tokens, places.tokens);
            let _ = writeln!(rows, "| {} | {} | {share} |", cell(tool.name()), cell(&place.path));
        }
    }
    if !rows.is_empty() {
        let _ = write!(
            out,
            "\n#### Where the tokens of answers stand\n\n| tool | path | share |\n|-|-|-:|\n{rows}"
        );
    }
}

fn rules(out: &mut String, told: &Told<'_>) {
    let rules = words::rules(told);
    if rules.is_empty() {
        return;
    }
    out.push_str("\n#### Rules\n\n| rule | matches | hits | tokens saved | time saved |\n|-|-:|-:|-:|-:|\n");
    for rule in rules {
        let name = cell(&rule.name);
        let _ =
            writeln!(out, "| {name} | {} | {} | {} | {} |", rule.matches, rule.hits, rule.saved, rule.time);
    }
}

fn calls(out: &mut String, title: &str, calls: &[CallFigures<'_>]) {
    if calls.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n#### {title}\n\n| at | call | took | tokens | |\n|-|-|-:|-:|-|");
    for call in calls {
        let [at, took, tokens, ended] = words::call(call);
        let _ =
            writeln!(out, "| {at} | {} | {took} | {} | {ended} |", cell(&words::about(call)), cell(&tokens));
    }
}
