//! What came of a rerun, for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, stdout};

use super::Report;
use super::sides::{Row, Side};
use super::verdict::{Verdict, What};
use crate::cli::layout::{paragraph, push_line};
use crate::insight::difference::{Role, lines, printable};
use crate::ui::widgets::clip;
use crate::ui::widgets::number::duration;

/// Requests whose differences are shown; JSON has all.
const SHOWN_MAX: usize = 12;
/// Differences of one request that are shown.
const LINES_MAX: usize = 24;
/// Columns of a name; longer ones are cut in the middle.
const NAME_COLUMNS: usize = 26;

/// The whole report. Ends with a newline.
pub(super) fn report(report: &Report, columns: usize) -> String {
    let mut out = String::new();
    paragraph(&mut out, &head(report), 0, columns);
    let skipped = skipped_tools(&report.verdicts);
    if !skipped.is_empty() {
        let text = format!(
            "Skipped, because the server does not mark these tools as only reading (--allow-writes calls them), with what follows from them: {skipped}.",
        );
        paragraph(&mut out, &text, 0, columns);
        if report.verdicts.iter().any(Verdict::is_finding) {
            paragraph(&mut out, "What later requests find may differ because of that.", 0, columns);
        }
    }
    findings(&mut out, &report.verdicts);
    table(&mut out, &report.rows);
    slower(&mut out, report, columns);
    let recordings: Vec<String> = report.recordings.iter().map(|path| path.display().to_string()).collect();
    if !recordings.is_empty() {
        out.push('\n');
        push_line(&mut out, &format!("Recorded in {}", recordings.join(", ")), 0);
    }
    out
}

/// What there was, and what became of it.
fn head(report: &Report) -> String {
    let count = |is: fn(&What) -> bool| report.verdicts.iter().filter(|verdict| is(&verdict.what)).count();
    let mut head = format!(
        "{} against {}: {} requests, {} answered as they were",
        printable(&report.file),
        printable(&report.server),
        report.verdicts.len(),
        count(|what| *what == What::Same),
    );
    for (count, words) in [
        (count(|what| matches!(what, What::Differs(_))), "answered otherwise"),
        (count(|what| matches!(what, What::Silence | What::Lost | What::Unreached(_))), "not answered"),
        (count(|what| *what == What::Skipped), "skipped"),
        (count(|what| *what == What::NotCompared), "without a recorded answer"),
    ] {
        if count > 0 {
            write!(head, ", {count} {words}").expect("a String takes every write");
        }
    }
    head.push_str(if report.verdicts.iter().any(Verdict::is_finding) { "." } else { ". Nothing differs." });
    head
}

/// The tools that were not called, with how often.
fn skipped_tools(verdicts: &[Verdict]) -> String {
    let mut tools: BTreeMap<&str, u64> = BTreeMap::new();
    for verdict in verdicts.iter().filter(|verdict| verdict.what == What::Skipped) {
        *tools.entry(verdict.name.as_deref().unwrap_or(&verdict.method)).or_default() += 1;
    }
    let tools = tools.into_iter().map(|(tool, times)| format!("{} ({times}×)", printable(tool)));
    tools.collect::<Vec<_>>().join(", ")
}

fn findings(out: &mut String, verdicts: &[Verdict]) {
    let is_coloured =
        stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let mut shown: Vec<&What> = Vec::new();
    let mut is_more = 0;
    for verdict in verdicts.iter().filter(|verdict| verdict.is_finding()) {
        if shown.len() >= SHOWN_MAX || shown.contains(&&verdict.what) && verdict.is_heard() {
            is_more += 1;
            continue;
        }
        shown.push(&verdict.what);
        let name = verdict.name.as_deref().map(|name| format!(" of {}", printable(name))).unwrap_or_default();
        let head = format!(
            "{}{name}, request {} at {}",
            printable(&verdict.method),
            printable(&verdict.id),
            duration(verdict.at.0)
        );
        out.push('\n');
        push_line(out, &head, 0);
        match &verdict.what {
            What::Differs(differences) => {
                let all = lines(differences);
                for line in all.iter().take(LINES_MAX) {
                    push_line(out, &painted(line.role, &line.text, is_coloured), 2);
                }
                if all.len() > LINES_MAX {
                    push_line(out, &format!("… {} more lines; --json has all", all.len() - LINES_MAX), 2);
                }
            }
            What::Silence => push_line(out, "no answer came in time", 2),
            What::Lost => push_line(out, "the connection ended before it was answered", 2),
            What::Unreached(why) => push_line(out, &printable(why), 2),
            What::Same | What::Skipped | What::NotCompared => {}
        }
    }
    if is_more > 0 {
        out.push('\n');
        push_line(
            out,
            &format!("{is_more} more requests are answered otherwise, most in the same way; --json has all"),
            0,
        );
    }
}

fn painted(role: Role, text: &str, is_coloured: bool) -> String {
    let code = match role {
        Role::Place => "1",
        Role::Removed => "31",
        Role::Added => "32",
        Role::Same => return text.to_owned(),
    };
    if is_coloured { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

fn table(out: &mut String, rows: &[Row]) {
    if rows.is_empty() {
        return;
    }
    out.push('\n');
    let head = ["calls", "p50 then", "now", "p95 then", "now", "tokens then", "now"];
    line(out, "", &head.map(str::to_owned));
    for row in rows {
        let took = |side: &Side, part| side.quantile(part).map_or_else(|| "-".to_owned(), duration);
        let tokens =
            |side: &Side| side.tokens_mean().map_or_else(|| "-".to_owned(), |mean| format!("{mean:.0}"));
        let cells = [
            row.now.took_us.len().to_string(),
            took(&row.then, 0.5),
            took(&row.now, 0.5),
            took(&row.then, 0.95),
            took(&row.now, 0.95),
            tokens(&row.then),
            tokens(&row.now),
        ];
        line(out, &clip::middle(&printable(row.name()), NAME_COLUMNS), &cells);
    }
}

fn line(out: &mut String, name: &str, cells: &[String; 7]) {
    let mut text = format!("{name:NAME_COLUMNS$}");
    for (cell, width) in cells.iter().zip([5, 9, 8, 9, 8, 12, 7]) {
        write!(text, " {cell:>width$}").expect("a String takes every write");
    }
    push_line(out, text.trim_end(), 0);
}

fn slower(out: &mut String, report: &Report, columns: usize) {
    for row in report.rows.iter().filter(|row| row.is_slower) {
        let took = |side: &Side| side.quantile(0.5).map(duration).unwrap_or_default();
        let p = row.rank.map_or(1.0, |rank| rank.p_greater);
        let fails = if report.counts_latency { "" } else { "; --latency makes that a failure" };
        let text = format!(
            "slower: {}, median {} then and {} now (rank test, p = {p:.2e}{fails})",
            printable(row.name()),
            took(&row.then),
            took(&row.now),
        );
        out.push('\n');
        paragraph(out, &text, 0, columns);
    }
}
