//! Everything that the command line can complain of, on one page: what is wrong, what was typed, what is said.
//!
//! The cases stand in `messages/cases.txt`: a heading (`## …`), a trigger (`# …`), and what a shell runs. Knows nothing of the
//! code, but that every text in it with which something is refused is on the page.

mod bench;
mod exceptions;
mod texts;

use std::fmt::Write as _;
use std::path::Path;

use bench::Bench;

/// A way to do something wrong.
struct Case {
    heading: &'static str,
    trigger: &'static str,
    script: String,
}

fn cases() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/messages/cases.txt");
    let text: &'static str = std::fs::read_to_string(path).unwrap().leak();
    let (mut found, mut heading) = (Vec::<Case>::new(), "");
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(text) = line.strip_prefix("## ") {
            heading = text;
        } else if let Some(trigger) = line.strip_prefix("# ") {
            found.push(Case { heading, trigger, script: String::new() });
        } else {
            let script = &mut found.last_mut().unwrap().script;
            script.push_str(line);
            script.push('\n');
        }
    }
    found
}

/// The page. Cases run beside each other: most of the time of each is the start of a process.
fn page() -> String {
    let cases = cases();
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let share = cases.len().div_ceil(threads);
    let told: Vec<String> = std::thread::scope(|scope| {
        let run = |cases: &[Case]| -> Vec<String> {
            cases.iter().map(|case| Bench::new().told(&case.script)).collect()
        };
        let workers: Vec<_> = cases.chunks(share).map(|cases| scope.spawn(move || run(cases))).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let (mut page, mut heading) = (String::new(), "");
    for (case, told) in cases.iter().zip(told) {
        if case.heading != heading {
            heading = case.heading;
            let _ = writeln!(page, "\n## {heading}");
        }
        let script: String =
            case.script.lines().fold(String::new(), |text, line| text + "  $ " + line + "\n");
        let _ = write!(page, "\n{}\n{script}{told}", case.trigger);
    }
    page
}

#[test]
fn every_message_says_what_is_wrong_and_what_to_do() {
    let page = page();
    insta::assert_snapshot!("messages", page);
    // What no message may hold: what a program looks like from inside, and names that nobody has chosen.
    for inside in
        ["Error {", "Os {", "kind: ", "Some(", "panicked", "RUST_BACKTRACE", "/.tmp", "mcptop: mcptop "]
    {
        assert!(!page.contains(inside), "{inside}");
    }
    texts::are_all_on(&page);
}
