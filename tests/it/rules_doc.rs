//! The examples of `docs/rules.md`, played.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mcptop::rules::{Act, Gate, KINDS, Lane, Ruleset, Setting, Span, Verdict};
use mcptop::trace::Micros;
use mcptop::wire::Direction;

fn document() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md")).unwrap()
}

/// The fenced blocks of a document with what stands behind the fence, and their line.
fn blocks(text: &str) -> Vec<(String, String, usize)> {
    let mut found = Vec::new();
    let mut open: Option<(String, String, usize)> = None;
    for (number, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(kind), None) => open = Some((kind.to_owned(), String::new(), number + 1)),
            (Some(_), Some(_)) => found.extend(open.take()),
            (None, Some((_, block, _))) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

/// A session of the document under its rules.
struct Play {
    gate: Gate,
    now: Micros,
    /// What each side got and nobody has asked for yet.
    got: BTreeMap<&'static str, Vec<String>>,
    last: String,
    place: String,
}

impl Play {
    fn new(rules: &Ruleset, place: String) -> Self {
        let spill = PathBuf::from("/tmp/mcptop");
        let setting = Setting { server: "docs".to_owned(), identity: 0, spill, stopwatch: || 0, seed: 7 };
        let got = BTreeMap::from([("to server", Vec::new()), ("to client", Vec::new())]);
        Self { gate: Gate::new(setting, rules), now: Micros(1_000), got, last: String::new(), place }
    }

    fn step(&mut self, line: &str) {
        if let Some(time) = line.strip_prefix('+') {
            self.nothing_left();
            self.now.0 += time.trim().parse::<Span>().unwrap().micros();
            while self.gate.due().is_some_and(|due| due <= self.now) {
                self.gate.time(self.now);
            }
            return self.drain();
        }
        let (who, text) = line.split_once(':').unwrap();
        let text = text.trim();
        match who {
            "client" => self.say(text, Direction::ToServer),
            "server" => self.say(text, Direction::ToClient),
            side => self.expect(side, text),
        }
    }

    fn say(&mut self, text: &str, to: Direction) {
        self.nothing_left();
        text.clone_into(&mut self.last);
        let frame = format!("{text}\n");
        if self.gate.frame(self.now, Lane(0), to, frame.as_bytes()) == Verdict::Pass {
            self.put(to, text.to_owned());
        }
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.gate.take() {
            match output.act {
                Act::Send { to, frame } => {
                    self.put(to, String::from_utf8(frame).unwrap().trim_end().to_owned());
                }
                Act::Lookup { ticket, .. } => self.gate.found(self.now, ticket, None),
                Act::Note { .. } | Act::Spill { .. } | Act::Store { .. } | Act::Forget { .. } => {}
            }
        }
    }

    fn put(&mut self, to: Direction, text: String) {
        // A question of mcptop's own: what tools there are, if no client has asked before a rule has to know.
        if text.contains("\"id\":\"mcptop-list-") {
            return;
        }
        let side = if to == Direction::ToServer { "to server" } else { "to client" };
        self.got.get_mut(side).unwrap().push(text);
    }

    fn expect(&mut self, side: &str, text: &str) {
        let got = self.got.get_mut(side).unwrap();
        if text == "-" {
            assert_eq!(got.len(), 0, "{}: {side} {got:?}", self.place);
            return;
        }
        assert!(!got.is_empty(), "{}: nothing {side}, but expected {text}", self.place);
        let got = got.remove(0);
        match text {
            "?" => {}
            "=" => assert_eq!(got, self.last, "{}", self.place),
            text => assert_eq!(got, text, "{}", self.place),
        }
    }

    fn nothing_left(&self) {
        for (side, got) in &self.got {
            assert!(got.is_empty(), "{}: not told that {side} went {got:?}", self.place);
        }
    }
}

#[test]
fn every_example_does_what_the_document_says() {
    let (mut rules, mut sessions) = (None, 0);
    for (kind, block, line) in blocks(&document()) {
        let place = format!("docs/rules.md:{line}");
        match kind.as_str() {
            "toml rules" => {
                rules = Some(Ruleset::parse(&block).unwrap_or_else(|problem| panic!("{place}: {problem}")));
            }
            "session" => {
                let rules = rules.as_ref().unwrap();
                let mut play = Play::new(rules, place.clone());
                for (number, step) in block.lines().enumerate().filter(|(_, step)| !step.starts_with('#')) {
                    play.place = format!("docs/rules.md:{}", line + number + 1);
                    play.step(step);
                }
                play.nothing_left();
                sessions += 1;
            }
            _ => {}
        }
    }
    assert!(sessions >= KINDS.len(), "{sessions} examples");
}

#[test]
fn every_key_has_a_section_with_an_example() {
    let text = document();
    for kind in KINDS {
        let heading = format!("\n## {}\n", kind.key);
        let section = text.split(&heading).nth(1).unwrap_or_else(|| panic!("no section about {}", kind.key));
        let section = section.split("\n## ").next().unwrap();
        assert!(section.contains("```toml rules") && section.contains("```session"), "{}", kind.key);
    }
}
