//! A report as tables, for people at a terminal.

use super::gather::Told;
use super::words::{self, HEADINGS};
use crate::cli::layout::{paragraph, push_line};
use crate::insight::figures::CallFigures;
use crate::ui::widgets::clip;
use crate::ui::widgets::number::percent;

/// Columns of a tool's name; longer ones are cut in the middle.
const NAME_COLUMNS: usize = 22;
/// Columns of each figure.
const WIDTHS: [usize; 9] = [6, 6, 7, 7, 7, 8, 8, 6, 7];
/// Places that are listed of each tool.
const PLACES_MAX: usize = 4;
/// Tools whose places are listed.
const TOOLS_MAX: usize = 8;

/// The whole report. Ends with a newline.
pub(super) fn document(told: &Told<'_>, columns: usize) -> String {
    let mut out = String::new();
    let session = told.figures.session;
    paragraph(
        &mut out,
        &format!("{}: {}", clip::visible(&session.header.label), words::session(told)),
        0,
        columns,
    );
    let note = format!("Tokens as counted for {}, as the model sees them.", told.profile.label);
    paragraph(&mut out, &note, 0, columns);
    out.push('\n');
    for fact in words::facts(told) {
        let line = format!("{:>20}  {:<12} {}", fact.name, fact.value, fact.more);
        push_line(&mut out, line.trim_end(), 0);
    }
    tools(&mut out, told);
    places(&mut out, told);
    rules(&mut out, told);
    calls(&mut out, "The slowest calls", told.slowest());
    calls(&mut out, "The calls that cost most", told.fattest());
    out
}

fn heading(out: &mut String, text: &str) {
    out.push('\n');
    push_line(out, text, 0);
}

fn name(text: &str, columns: usize) -> String {
    let text = clip::visible(text);
    let shown = clip::middle(&text, columns);
    let room = columns - clip::width(&shown);
    format!("{shown}{}", " ".repeat(room))
}

fn tools(out: &mut String, told: &Told<'_>) {
    let tools = words::tools(told);
    if tools.is_empty() {
        return heading(out, "No tool was listed or called.");
    }
    out.push('\n');
    let line = |out: &mut String, first: &str, cells: &[&str; 9]| {
        let mut text = name(first, NAME_COLUMNS);
        for (cell, width) in cells.iter().zip(WIDTHS) {
            let room = width.saturating_sub(clip::width(cell));
            text.extend([" ", &" ".repeat(room), cell]);
        }
        push_line(out, text.trim_end(), 0);
    };
    line(out, "Tools", &HEADINGS);
    for tool in tools {
        let cells = words::cells(tool);
        line(out, tool.name(), &std::array::from_fn(|at| &*cells[at]));
    }
}

fn places(out: &mut String, told: &Told<'_>) {
    let mut lines = Vec::new();
    for tool in words::tools(told).into_iter().take(TOOLS_MAX) {
        let Some(places) = told.places.get(tool.name()).filter(|places| places.tokens > 0) else { continue };
        let sampled = words::sampled(told, tool.name()).unwrap_or_default();
        lines.push(format!("{}  ({sampled})", clip::visible(tool.name())));
        lines.extend(words::heavy(places, PLACES_MAX).into_iter().map(|place| {
            format!("{:>8}  {}", percent(place.tokens, places.tokens), clip::visible(&place.path))
        }));
    }
    if !lines.is_empty() {
        heading(out, "Where the tokens of answers stand");
        for line in lines {
            push_line(out, &line, 0);
        }
    }
}

fn rules(out: &mut String, told: &Told<'_>) {
    let rules = words::rules(told);
    if rules.is_empty() {
        return;
    }
    heading(out, "Rules                           matches    hits  tokens saved  time saved");
    for rule in rules {
        let shown = name(&rule.name, 30);
        let line =
            format!("{shown} {:>8} {:>7} {:>13} {:>11}", rule.matches, rule.hits, rule.saved, rule.time);
        push_line(out, &line, 0);
    }
}

fn calls(out: &mut String, title: &str, calls: &[CallFigures<'_>]) {
    if calls.is_empty() {
        return;
    }
    heading(out, title);
    for call in calls {
        let [at, took, tokens, ended] = words::call(call);
        let line = format!("{at:>12} {took:>8} {tokens:>9}  {} {ended}", name(&words::about(call), 34));
        push_line(out, &line, 0);
    }
}
