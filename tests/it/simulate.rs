//! Sessions played again under rules that were not there.

use std::path::{Path, PathBuf};

use mcptop::insight::Simulation;
use mcptop::record::Reader;
use mcptop::rules::Ruleset;
use mcptop::trace::{Event, Fact, Micros, write_event};

/// The recordings that come with the program.
fn recordings() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings");
    let mut found: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    found.sort();
    assert!(found.len() >= 8, "{found:?}");
    found
}

/// Every event of a recording, as a line.
fn lines(path: &Path, mut see: impl FnMut(&Event<'_>)) -> Vec<String> {
    let mut reader = Reader::open(path).unwrap();
    let mut lines = Vec::new();
    loop {
        let progress = reader
            .read(usize::MAX, &mut |event, _| {
                lines.push(line(event));
                see(event);
            })
            .unwrap();
        if progress.at_end {
            return lines;
        }
    }
}

fn line(event: &Event<'_>) -> String {
    let mut out = Vec::new();
    write_event(&mut out, event);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_session_under_no_rules_is_the_session() {
    for path in recordings() {
        let mut again = Vec::new();
        let rules = Ruleset::default();
        let mut simulation =
            Simulation::new("x", &rules, "", || 0, |event: &Event<'_>| again.push(line(event)));
        let then = lines(&path, |event| simulation.apply(event));
        let found = simulation.finish();
        assert_eq!(found.stale_count, 0);
        let start =
            line(&Event { at: Micros(0), fact: Fact::Rules { text: "".into(), source: "simulated".into() } });
        assert_eq!(
            again.remove(0).split_once(",\"kind\"").unwrap().1,
            start.split_once(",\"kind\"").unwrap().1
        );
        assert!(again == then, "{}", path.display());
    }
}
