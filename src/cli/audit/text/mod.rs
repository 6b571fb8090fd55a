//! An audit for people in front of a terminal.

mod bill;
mod drifted;
mod found;
mod servers;

use std::io::{IsTerminal as _, stdout};

use super::audited::Report;
use crate::cli::ink::Ink;
use crate::tokens::Count;
use crate::ui::widgets::clip;
use crate::ui::widgets::number::tokens_grouped;

pub(super) use found::summary;

/// Columns where there is no terminal, and at least.
const COLUMNS_MIN: usize = 80;
/// A table that is wider is hard to follow.
const COLUMNS_MAX: usize = 140;

/// How many columns tables may have.
pub(super) fn columns() -> usize {
    let known = stdout().is_terminal().then(crossterm::terminal::size).and_then(Result::ok);
    known.map_or(COLUMNS_MIN, |(columns, _)| usize::from(columns).clamp(COLUMNS_MIN, COLUMNS_MAX))
}

/// What is drawn with, and how much of it.
#[derive(Clone, Copy)]
struct Style {
    ink: Ink,
    columns: usize,
    /// Everything, however long.
    is_all: bool,
}

/// The whole report. Ends with a newline.
pub(super) fn tables(report: &Report, is_all: bool, columns: usize) -> String {
    write(report, Style { ink: Ink::of_stdout(), columns, is_all })
}

fn write(report: &Report, style: Style) -> String {
    let mut out = String::new();
    if report.is_many {
        servers::write(&mut out, report, style);
    }
    // What has changed is why somebody compares: it comes before what was there all along.
    for (label, known) in report.known() {
        if let Some(drift) = &known.drift {
            drifted::write(&mut out, label, drift, style);
        }
    }
    drifted::gone(&mut out, report, style);
    let is_detailed = !report.is_many || style.is_all || report.servers.len() == 1;
    for (label, known) in report.known().filter(|_| is_detailed) {
        bill::write(&mut out, report, label, known, style);
        found::write(&mut out, known, style);
    }
    out
}

/// Text in so many cells, to the left of what follows.
fn left(text: &str, cells: usize) -> String {
    let text = clip::middle(text, cells);
    format!("{text}{}", " ".repeat(cells.saturating_sub(clip::width(&text))))
}

/// Text in so many cells, to the right.
fn right(text: &str, cells: usize) -> String {
    format!("{}{text}", " ".repeat(cells.saturating_sub(clip::width(text))))
}

/// A count; nothing for nothing.
fn some(count: Count) -> String {
    if count == Count::ZERO { String::new() } else { tokens_grouped(count) }
}

/// One of something, or many.
fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", crate::ui::widgets::number::grouped(count as u64), if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::super::audited::{Audited, Known};
    use super::*;
    use crate::insight::audit::{Bill, List, Offer, findings};
    use crate::tokens::{Counter, Effort, Profile};

    fn report(labels: &[&str]) -> Report {
        let tools = r#"{"tools":[{"name":"a_tool_with_a_name_that_is_much_longer_than_any_column_has_room_for_it","description":"A.",
            "inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}},{"name":"b\u001b[2J","outputSchema":{"type":"object"}}]}"#;
        let profile = Profile::named("claude-4.7+").unwrap();
        let server = |label: &&str| {
            let mut offer = Offer::default();
            offer.take_page(List::Tools, tools).unwrap();
            offer.take_page(List::Prompts, r#"{"prompts":[{"name":"p"}]}"#).unwrap();
            let bill = Bill::of(&mut Counter::new(Effort::OnRequest), &profile, &offer);
            let findings = findings(&offer, &bill, label);
            Audited {
                label: (*label).to_owned(),
                back: None,
                outcome: Ok(Known { offer, bill, findings, drift: None }),
            }
        };
        Report {
            servers: labels.iter().map(server).collect(),
            is_many: labels.len() > 1,
            window_tokens: 200_000,
            price: crate::cli::price::Price::default(),
            gone: Vec::new(),
            is_compared: false,
            profile,
        }
    }

    #[test]
    fn tables_fit_into_the_columns_there_are() {
        for labels in [&["one"][..], &["one", "a server with a very long name indeed"]] {
            for columns in [80, 99, 100, 140] {
                for is_all in [false, true] {
                    let told = write(&report(labels), Style { ink: Ink::NONE, columns, is_all });
                    for line in told.lines() {
                        assert!(clip::width(line) <= columns, "{columns}: {line}");
                    }
                    let has_column =
                        told.lines().any(|line| line.starts_with("tool ") && line.contains(" annot"));
                    assert_eq!(has_column, columns >= 100 && (labels.len() == 1 || is_all));
                    assert!(!told.contains('\u{1b}'), "what a server writes reaches no terminal as it is");
                    assert!(told.contains('~'), "calibrated counts say so");
                }
            }
        }
    }
}
