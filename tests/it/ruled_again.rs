//! The sessions of `recordings/` run again through a proxy with rules, against a server that says what it said then: the
//! simulation has to have foretold it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;

use mcptop::insight::{Advisor, Proposal, Simulation};
use mcptop::rules::{Mode, Rule, Ruleset, edit};
use mcptop::tokens::{self, Counter, Effort, Profile};
use mcptop::trace::{Event, Fact, Outcome, Payload, read_event, write_event};
use mcptop::wire::{Contents, Direction, Message, contents};

use crate::rig::{Rig, read_all, within_patience};

/// A server that says what is written to one named pipe, and writes what it hears to another.
const PUPPET: &str = r#"cat "$0/say" & exec cat > "$0/heard""#;

/// Where a line came out.
enum Heard {
    ByServer,
    ByClient(String),
}

/// A client and a server with mcptop between them; both are played here.
struct Stage {
    rig: Rig,
    client: File,
    server: File,
    heard: mpsc::Receiver<Heard>,
}

impl Stage {
    fn open(label: &str, rules: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pipes = ["say", "heard"].map(|name| folder.path().join(name));
        assert!(Command::new("mkfifo").args(&pipes).status().unwrap().success());
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
        command.args(["wrap", "--label", label, "--rules"]).arg(rules);
        command.args(["--", "sh", "-c", PUPPET]).arg(folder.path());
        let mut rig = Rig::start(command, folder);
        let [say, heard_at] = pipes;
        // Opening a named pipe waits for its other end.
        let [server, from_server] = within_patience("the server's start", move || {
            [File::options().write(true).open(say).unwrap(), File::open(heard_at).unwrap()]
        });
        let client = File::from(OwnedFd::from(rig.take_stdin()));
        let from_client = File::from(OwnedFd::from(rig.take_stdout()));
        let (tell, heard) = mpsc::channel();
        let listen = |from: File, tell: mpsc::Sender<Heard>, as_what: fn(String) -> Heard| {
            std::thread::spawn(move || {
                for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
                    if tell.send(as_what(String::from_utf8_lossy(&line).into_owned())).is_err() {
                        return;
                    }
                }
            });
        };
        listen(from_server, tell.clone(), |_| Heard::ByServer);
        listen(from_client, tell, Heard::ByClient);
        Self { rig, client, server, heard }
    }

    /// The recorded session, message by message. A request that the server does not hear is answered by mcptop, and what
    /// the server said to it then is not said.
    fn play(&mut self, events: &[Event<'_>]) {
        let mut unheard: HashMap<String, usize> = HashMap::new();
        for event in events {
            let Fact::Message { to, payload, .. } = &event.fact else { continue };
            match to {
                Direction::ToServer => {
                    write(&mut self.client, payload);
                    if !self.arrives(payload, true)
                        && let Some(id) = asked(payload)
                    {
                        *unheard.entry(id).or_default() += 1;
                    }
                }
                Direction::ToClient => {
                    if let Some(left) =
                        answered(payload).and_then(|id| unheard.get_mut(&id)).filter(|left| **left > 0)
                    {
                        *left -= 1;
                        continue;
                    }
                    write(&mut self.server, payload);
                    self.arrives(payload, false);
                }
            }
        }
    }

    /// Waits until what was said came out: on the other side, or, for a request, as an answer.
    fn arrives(&mut self, payload: &Payload<'_>, is_request: bool) -> bool {
        let id = asked(payload);
        loop {
            let heard =
                self.heard.recv_timeout(std::time::Duration::from_mins(1)).expect("what was said arrives");
            match (heard, is_request) {
                (Heard::ByServer, true) | (Heard::ByClient(_), false) => return true,
                (Heard::ByClient(line), true) => {
                    let Contents::One(Message::Result { id: of, .. } | Message::Error { id: Some(of), .. }) =
                        contents(line.as_bytes())
                    else {
                        continue;
                    };
                    if Some(of) == id.as_deref() {
                        return false;
                    }
                }
                // Something of mcptop's own.
                (Heard::ByServer, false) => {}
            }
        }
    }

    /// Ends the session; the recording of it.
    fn end(mut self) -> Vec<Event<'static>> {
        drop((self.client, self.server));
        self.rig.wait();
        read_all(&self.rig.recording()).1
    }
}

fn write(to: &mut File, payload: &Payload<'_>) {
    let mut bytes = payload.text.to_vec();
    bytes.push(b'\n');
    to.write_all(&bytes).unwrap();
}

fn asked(payload: &Payload<'_>) -> Option<String> {
    match contents(&payload.text) {
        Contents::One(Message::Request { id, .. }) => Some(id.to_owned()),
        _ => None,
    }
}

fn answered(payload: &Payload<'_>) -> Option<String> {
    match contents(&payload.text) {
        Contents::One(Message::Result { id, .. } | Message::Error { id: Some(id), .. }) => {
            Some(id.to_owned())
        }
        _ => None,
    }
}

/// Every answer that the client got, by the request's id in the order of its answers, with what the server said of it: `None`
/// if that was not asked.
type Answers = HashMap<String, Vec<(Option<String>, String)>>;

fn answers(events: &[Event<'_>]) -> Answers {
    let mut answers = Answers::new();
    for event in events {
        match &event.fact {
            Fact::Message { to: Direction::ToClient, payload, .. } => {
                if let Some(id) = answered(payload).filter(|id| !id.starts_with("\"mcptop-")) {
                    answers.entry(id).or_default().push((Some(text(payload)), text(payload)));
                }
            }
            Fact::Ruled(ruling) if ruling.marks.iter().any(|mark| !mark.observed) => {
                let (Some(id), Some(payload)) = (&ruling.id, &ruling.payload) else { continue };
                match (ruling.to, ruling.outcome) {
                    (Direction::ToClient, Outcome::Changed) => {
                        answers.get_mut(&**id).unwrap().last_mut().unwrap().1 = text(payload);
                    }
                    (Direction::ToServer, Outcome::Answered) => {
                        answers.entry(id.to_string()).or_default().push((None, text(payload)));
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
    answers
}

fn text(payload: &Payload<'_>) -> String {
    String::from_utf8_lossy(&payload.text).into_owned()
}

/// What all answers cost a model, as they were and as they were delivered.
fn tokens(answers: &Answers) -> [u64; 2] {
    let mut counter = Counter::new(Effort::Worker);
    let profile = &Profile::builtin()[0];
    let mut sums = [0, 0];
    for (original, delivered) in answers.values().flatten() {
        let mut count = |text: &str| tokens::message(&mut counter, profile, text).model.tokens;
        sums[0] += original.as_deref().map_or(0, &mut count);
        sums[1] += count(delivered);
    }
    sums
}

/// A rule that acts whenever the session is run: time passes faster here than it did then.
fn acting(rule: &Rule) -> Rule {
    let mut rule = Rule { mode: Mode::On, ..rule.clone() };
    if let Some(cache) = &mut rule.cache {
        cache.ttl = "1h".parse().unwrap();
    }
    rule
}

/// The rules that are advised for a recording, and its events under them.
fn simulated(label: &str, events: &[Event<'_>]) -> (String, Vec<Event<'static>>) {
    let mut advisor = Advisor::new(label, &Profile::builtin()[0]);
    for event in events {
        advisor.apply(event);
    }
    let mut trial = advisor.finish();
    for event in events {
        trial.apply(event);
    }
    let proposals = trial.finish();
    let text = Proposal::rules(&proposals)
        .into_iter()
        // What is risky is proposed to observe only: here all of it acts.
        .map(acting)
        .fold(String::new(), |text, rule| edit::upsert(&text, &rule).unwrap());
    let rules = Ruleset::parse(&text).unwrap();
    let mut lines = Vec::new();
    let mut simulation =
        Simulation::new(label, &rules, &text, || 0, |event: &Event<'_>| write_event(&mut lines, event));
    for event in events {
        simulation.apply(event);
    }
    let _ = simulation.finish();
    let lines: &'static [u8] = lines.leak();
    let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    (text, lines.map(|line| read_event(line).unwrap()).collect())
}

#[test]
fn what_the_simulation_of_advised_rules_claims_comes_true_to_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let mut advised = 0;
    for path in recordings() {
        let (header, events) = read_all(&path);
        let (rules, foretold) = simulated(&header.label, &events);
        advised += rules.matches("[[rule]]").count();
        let file = folder.path().join("rules.toml");
        std::fs::write(&file, &rules).unwrap();
        let mut stage = Stage::open(&header.label, &file);
        stage.play(&events);
        let (foretold, came) = (answers(&foretold), answers(&stage.end()));
        for (id, answers) in &foretold {
            assert_eq!(Some(answers), came.get(id), "{}, request {id}, under\n{rules}", path.display());
        }
        assert_eq!(foretold.len(), came.len(), "{}", path.display());
        assert_eq!(tokens(&foretold), tokens(&came), "{}", path.display());
        println!("{}: {:?} tokens before and after", header.label, tokens(&came));
    }
    assert!(advised > 8, "{advised} rules were advised");
}

/// The recordings that come with the program.
fn recordings() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> =
        entries.filter(|path| path.to_string_lossy().ends_with(".mcp.jsonl")).collect();
    found.sort();
    assert!(found.len() >= 8, "{found:?}");
    found
}
