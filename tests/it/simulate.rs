//! Sessions played again under rules that were not there.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use mcptop::insight::{Advisor, Found, Simulation};
use mcptop::model::Session;
use mcptop::record::{Bodies, Reader};
use mcptop::rules::{Mode, Rule, Ruleset, edit};
use mcptop::tokens::Profile;
use mcptop::trace::{Event, ExchangeId, Fact, HttpEnd, Micros, Nanos, Outcome, Payload, Place, write_event};
use mcptop::ui::feed::count_all;
use mcptop::wire::{Contents, Direction, LineEnd, Message, contents};

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

/// A recording played again: the events of the session under the rules, and what else was found.
fn play(path: &Path, rules: &str, mut see: impl FnMut(&Event<'_>)) -> Found {
    let mut reader = Reader::open(path).unwrap();
    let label = reader.header().label.clone();
    let parsed = Ruleset::parse(rules).unwrap();
    let mut simulation = Simulation::new(&label, &parsed, rules, || 0, &mut see);
    while !reader.read(usize::MAX, &mut |event, _| simulation.apply(event)).unwrap().at_end {}
    simulation.finish()
}

/// How often the client asked under each id, and how often it was answered under it.
#[derive(Default)]
struct Answers {
    asked: BTreeMap<String, u32>,
    answered: BTreeMap<String, u32>,
    /// The newest message of the server, until it is known what became of it.
    arrived: Option<Vec<u8>>,
    newest: Micros,
}

impl Answers {
    fn take(&mut self, event: &Event<'_>) {
        assert!(event.at >= self.newest, "time goes back at {:?}", event.at);
        self.newest = event.at;
        match &event.fact {
            Fact::Message { to: Direction::ToServer, payload, .. } => {
                self.settle();
                if let Contents::One(Message::Request { id, .. }) = contents(&payload.text) {
                    *self.asked.entry(id.to_owned()).or_default() += 1;
                }
            }
            Fact::Message { to: Direction::ToClient, payload, .. } => {
                self.settle();
                self.arrived = Some(payload.text.to_vec());
            }
            Fact::Ruled(ruling) => {
                let is_observed = !ruling.marks.is_empty() && ruling.marks.iter().all(|mark| mark.observed);
                match (ruling.outcome, &ruling.payload) {
                    _ if is_observed => {}
                    (Outcome::Changed, Some(left)) if ruling.to == Direction::ToClient => {
                        self.arrived = None;
                        self.deliver(&left.text);
                    }
                    (Outcome::Dropped, _) if ruling.to == Direction::ToClient => self.arrived = None,
                    (Outcome::Answered, Some(left)) => {
                        self.settle();
                        self.deliver(&left.text);
                    }
                    _ => {}
                }
            }
            _ => self.settle(),
        }
    }

    fn settle(&mut self) {
        if let Some(arrived) = self.arrived.take() {
            self.deliver(&arrived);
        }
    }

    fn deliver(&mut self, text: &[u8]) {
        if let Contents::One(Message::Result { id, .. } | Message::Error { id: Some(id), .. }) =
            contents(text)
        {
            *self.answered.entry(id.to_owned()).or_default() += 1;
        }
    }
}

/// A rules file for each thing that rules can do, and one with all of it.
const RULES: [&str; 13] = [
    "[[rule]]\nname = \"a\"\ntrim = { drop = [\"$..id\", \"$..name\"] }",
    "[[rule]]\nname = \"a\"\nempty = \"drop\"",
    "[[rule]]\nname = \"a\"\nshape = \"auto\"\ntwin = \"shape\"",
    "[[rule]]\nname = \"a\"\ntwin = \"drop-structured\"",
    "[[rule]]\nname = \"a\"\nlimit = { tokens = 500, over = \"page\" }",
    "[[rule]]\nname = \"a\"\nlimit = { bytes = \"1KB\", over = \"spill\" }",
    "[[rule]]\nname = \"a\"\ncache = { ttl = \"1m\", unsafe = true }\ncoalesce = true",
    "[[rule]]\nname = \"a\"\nmatch = { method = \"*\" }\ncache = { ttl = \"1h\" }",
    "[[rule]]\nname = \"a\"\ntools = { hide = \"*e*\", describe = \"first-sentence\", strip = [\"title\"] }",
    "[[rule]]\nname = \"a\"\ntools = { lazy = true }\ntimeout = \"20ms\"",
    "[[rule]]\nname = \"a\"\nrate = { per_second = 2, burst = 1 }\nconcurrency = 1",
    "[[rule]]\nname = \"a\"\nrate = { per_second = 1, over = \"error\" }\ndelay = { min = \"5ms\", max = \"2s\" }",
    "[[rule]]\nname = \"a\"\nfault = { rate = 0.5, kind = \"error\" }\nconcurrency = { max = 1, over = \"error\" }",
];

#[test]
fn under_any_rules_every_request_is_answered_once_under_its_id_and_in_time() {
    for path in recordings() {
        let mut then = Answers::default();
        play(&path, "", |event| then.take(event));
        then.settle();
        for rules in RULES {
            let mut now = Answers::default();
            play(&path, rules, |event| now.take(event));
            now.settle();
            let place = format!("{} under {rules}", path.display());
            assert_eq!(now.asked, then.asked, "{place}");
            for (id, answered) in &then.answered {
                assert_eq!(now.answered.get(id), Some(answered), "{place}: id {id}");
            }
            // One that the server never answered a rule may answer: the call was too slow, or an equal one was known.
            for (id, answered) in &now.answered {
                assert!(*answered <= now.asked.get(id).copied().unwrap_or(1), "{place}: id {id}");
            }
        }
    }
}

/// What the model says of a recording under rules.
fn modelled(path: &Path, rules: &str) -> (Session, Found) {
    let out = tempfile::tempfile().unwrap();
    let mut writer = std::io::BufWriter::new(out.try_clone().unwrap());
    let mut session = Session::new(Reader::open(path).unwrap().header().clone());
    let mut offset_bytes = 0;
    let found = play(path, rules, |event| {
        let line = line(event);
        let len_bytes = u32::try_from(line.len() - 1).unwrap();
        session.apply(event, Place { offset_bytes, len_bytes });
        writer.write_all(line.as_bytes()).unwrap();
        offset_bytes += line.len() as u64;
    });
    writer.flush().unwrap();
    session.end_of_recording();
    count_all(&mut session, &Bodies::of(out), Profile::default());
    (session, found)
}

#[test]
fn what_advice_claims_to_save_is_what_the_model_says_of_the_rule_alone() {
    let mut compared = 0;
    for path in recordings() {
        let mut reader = Reader::open(&path).unwrap();
        let mut advisor = Advisor::new(&reader.header().label.clone(), &Profile::default());
        while !reader.read(usize::MAX, &mut |event, _| advisor.apply(event)).unwrap().at_end {}
        let mut trial = advisor.finish();
        let mut reader = Reader::open(&path).unwrap();
        while !reader.read(usize::MAX, &mut |event, _| trial.apply(event)).unwrap().at_end {}
        for proposal in trial.finish() {
            let Some(rule) = &proposal.rule else { continue };
            let text = edit::text_of(&Rule { mode: Mode::On, ..rule.clone() }).unwrap();
            let (session, found) = modelled(&path, &text);
            let place = format!("{}: {}", path.display(), rule.name);
            let saved = session.saved();
            assert_eq!((proposal.saving.model, proposal.saving.wire), (saved.model, saved.wire), "{place}");
            assert_eq!(proposal.saving.time_us, saved.time_us, "{place}");
            // What a rule refuses is spared the server as well, but nobody is served by that.
            assert_eq!(proposal.saving.answered, session.totals().cache_hits, "{place}");
            assert_eq!(proposal.saving.stale, found.stale_count, "{place}");
            compared += 1;
        }
    }
    assert!(compared > 20, "{compared}");
}

/// Calls of one tool over HTTP, 100 ms apart, each answered after 10 ms; what became of each exchange, in order.
fn over_http(rules: &str, calls: u32) -> Vec<Vec<&'static str>> {
    let mut events = Vec::new();
    let tools = r#"{"tools":[{"name":"find","inputSchema":{},"annotations":{"readOnlyHint":true}}]}"#;
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"find","arguments":{}}}"#;
    let said = r#"{"content":[{"type":"text","text":"a"}]}"#;
    let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    let rounds = std::iter::once((list, tools)).chain((0..calls).map(|_| (call, said)));
    for (number, (request, result)) in (1_u32..).zip(rounds) {
        let exchange = ExchangeId(number);
        let at = |after_us: u64| Micros(u64::from(number) * 100_000 + after_us);
        let message = |to, text: String| Fact::Message {
            to,
            own: Nanos(0),
            payload: Payload { text: text.into_bytes().into(), end: LineEnd::None },
            parts: 0,
            exchange: Some(exchange),
        };
        let answer = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{result}}}"#);
        let media = "application/json";
        events.extend([
            (
                at(0),
                Fact::HttpRequest {
                    exchange,
                    connection: 1,
                    method: "POST".into(),
                    target: "/mcp".into(),
                    session: Some("s".into()),
                    revision: None,
                    encoding: "".into(),
                    resumes: false,
                },
            ),
            (at(0), message(Direction::ToServer, request.to_owned())),
            (
                at(10_000),
                Fact::HttpResponse {
                    exchange,
                    status: 200,
                    media: media.into(),
                    session: None,
                    encoding: "".into(),
                },
            ),
            (at(10_000), message(Direction::ToClient, answer)),
            (at(10_000), Fact::HttpEnd { exchange, how: HttpEnd::Complete }),
        ]);
    }
    let mut told: BTreeMap<u32, Vec<&'static str>> = BTreeMap::new();
    let parsed = Ruleset::parse(rules).unwrap();
    let mut simulation = Simulation::new(
        "x",
        &parsed,
        rules,
        || 0,
        |event: &Event<'_>| {
            let (exchange, what) = match &event.fact {
                Fact::HttpRequest { exchange, .. } => (*exchange, "request"),
                Fact::HttpResponse { exchange, .. } => (*exchange, "head"),
                Fact::HttpEnd { exchange, .. } => (*exchange, "end"),
                Fact::Message { to: Direction::ToServer, exchange: Some(exchange), .. } => {
                    (*exchange, "asked")
                }
                Fact::Message { exchange: Some(exchange), .. } => (*exchange, "said"),
                Fact::Ruled(ruling) => match (ruling.exchange, ruling.outcome) {
                    (Some(exchange), Outcome::Answered) => (exchange, "answered"),
                    (Some(exchange), Outcome::Dropped) => (exchange, "dropped"),
                    _ => return,
                },
                _ => return,
            };
            told.entry(exchange.0).or_default().push(what);
        },
    );
    for (at, fact) in events {
        simulation.apply(&Event { at, fact });
    }
    let _ = simulation.finish();
    told.into_values().collect()
}

#[test]
fn heads_and_ends_of_exchanges_stand_around_the_answer_wherever_it_came_from() {
    let whole = ["request", "asked", "head", "said", "end"];
    assert_eq!(over_http("", 2), [whole; 3]);
    let cached = over_http("[[rule]]\nname = \"a\"\ncache = { ttl = \"1m\" }", 2);
    assert_eq!(cached[1], whole);
    assert_eq!(cached[2], ["request", "asked", "answered", "head", "end"]);
    // Held until its turn, an answer comes when the recorded exchange was long over.
    let held = over_http("[[rule]]\nname = \"a\"\ndelay = \"1s\"", 2);
    assert_eq!(held[1..], [whole; 2]);
    let late = over_http("[[rule]]\nname = \"a\"\ntimeout = \"5ms\"", 1);
    assert_eq!(late[1][..5], ["request", "asked", "answered", "head", "end"], "{late:?}");
    assert_eq!(late[1].iter().filter(|what| **what == "end").count(), 1);
}
