//! What the documentation says to type is typed: every line of its shell blocks runs, and every configuration it shows is
//! taken.
//!
//! Knows nothing of what a line is about: [`tables`] says what cannot run here, and what a line ends with.

mod examples;
mod pages;
mod sandbox;
mod tables;

use std::fmt::Write as _;

use pages::{Line, every_page, help, lines};
use sandbox::Sandbox;
use tables::{AFRESH, ASKED, CANNOT, ENDS_WITH, FIRST, STANDS_FOR};

/// Runs the lines of a page one after the other; what went wrong with any of them is the failure.
fn run(page: &str, lines: &[Line]) {
    let mut sandbox = Sandbox::new();
    let mut wrong = String::new();
    for line in lines.iter().filter(|line| !is_one_of(line, CANNOT)) {
        if line.is_first || is_one_of(line, AFRESH) {
            sandbox = Sandbox::new();
        }
        if let Some((_, before)) = FIRST.iter().find(|(start, _)| line.text.starts_with(start)) {
            let prepared = sandbox.run(&Line { text: (*before).to_owned(), ..line.clone() });
            assert_eq!(prepared.is_as(0), Ok(()), "{before}");
        }
        let ended = if is_one_of(line, ASKED) { sandbox.run_asked(line) } else { sandbox.run(line) };
        let wanted = ENDS_WITH.iter().find(|(start, ..)| line.text.starts_with(start)).map_or(0, |row| row.1);
        if let Err(why) = ended.is_as(wanted) {
            let _ = writeln!(wrong, "{page}:{}: {}\n{why}\n", line.number, line.text);
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn is_one_of(line: &Line, table: &[(&str, &str)]) -> bool {
    table.iter().any(|(start, _)| line.text.starts_with(start))
}

/// One test a page, so that they run beside each other.
macro_rules! pages {
    ($($name:ident: $page:literal,)*) => {
        const PAGES: &[&str] = &[$($page),*];

        $(
            #[test]
            fn $name() {
                run($page, &lines($page));
            }
        )*
    };
}

pages! {
    the_readme_runs: "README.md",
    what_contributors_are_told_runs: "CONTRIBUTING.md",
    the_page_on_audits_runs: "docs/audit.md",
    the_page_on_ci_runs: "docs/ci.md",
    the_page_on_clients_runs: "docs/clients.md",
    the_page_on_the_configuration_runs: "docs/configuration.md",
    the_page_on_exports_runs: "docs/export.md",
    the_page_on_http_runs: "docs/http.md",
    the_page_on_performance_runs: "docs/performance.md",
    the_page_on_the_format_of_recordings_runs: "docs/recording.md",
    the_page_on_recordings_runs: "docs/recordings.md",
    the_page_on_replays_runs: "docs/replay.md",
    the_page_on_reports_runs: "docs/report.md",
    the_page_on_rules_runs: "docs/rules.md",
    the_page_on_the_viewer_runs: "docs/viewer.md",
}

#[test]
fn the_examples_of_the_help_run() {
    run("help", &help());
}

#[test]
fn every_page_with_something_to_type_is_run() {
    let with_lines: Vec<String> = every_page().into_iter().filter(|page| !lines(page).is_empty()).collect();
    assert_eq!(with_lines, PAGES, "the pages that have shell blocks, and those that run");
}

#[test]
fn the_tables_hold_nothing_that_no_page_has() {
    let mut every: Vec<Line> = every_page().iter().flat_map(|page| lines(page)).collect();
    every.extend(help());
    assert!(every.len() > 90, "{}", every.len());
    let starts = [CANNOT, AFRESH, ASKED, FIRST].concat().into_iter().map(|(start, _)| start);
    let starts = starts.chain(ENDS_WITH.iter().map(|(start, ..)| *start));
    for start in starts {
        assert!(every.iter().any(|line| line.text.starts_with(start)), "no page has a line `{start}…`");
    }
    for (told, _) in STANDS_FOR {
        assert!(every.iter().any(|line| line.text.contains(told)), "no page speaks of `{told}`");
    }
}
