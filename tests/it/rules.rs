//! Rules on the traffic of a wrapped server: as files, as orders, and while everything is running.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mcptop::control::{Order, Reply, ask};
use mcptop::record::{Folders, live};
use mcptop::trace::{Fact, Outcome};

use crate::rig::{Rig, within_patience};

/// A server in a few lines of shell: answers every request with its id and how many it has had.
pub(crate) const COUNTING: &str = r#"
n=0
while read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/.*"id":\("[^"]*"\|[0-9.]*\),.*/\1/p')
  [ -n "$id" ] || continue
  n=$((n + 1))
  case $line in
    *'"initialize"'*) echo '{"jsonrpc":"2.0","id":'$id',"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"counting","version":"1"}}}' ;;
    *'"tools/list"'*) echo '{"jsonrpc":"2.0","id":'$id',"result":{"tools":[{"name":"lookup","annotations":{"readOnlyHint":true},"inputSchema":{"type":"object"}}]}}' ;;
    *) echo '{"jsonrpc":"2.0","id":'$id',"result":{"content":[{"type":"text","text":"{\"n\":'$n',\"blank\":null'$FILLING'}"}]}}' ;;
  esac
done"#;

const CACHE: &str =
    "[[rule]]\nname = \"kept\"\nmatch = { tool = \"lookup\" }\ncache = { ttl = \"5m\", unsafe = true }\n";
const EMPTY: &str = "[[rule]]\nname = \"lean\"\nmatch = { tool = \"*\" }\nempty = \"drop\"\n";

pub(crate) struct Session {
    pub(crate) rig: Rig,
    home: PathBuf,
}

impl Session {
    fn start(options: &[&str], rules: Option<&str>) -> Self {
        Self::running(COUNTING, options, rules)
    }

    pub(crate) fn running(script: &str, options: &[&str], rules: Option<&str>) -> Self {
        Self::with(script, options, rules, &[])
    }

    pub(crate) fn with(
        script: &str,
        options: &[&str],
        rules: Option<&str>,
        variables: &[(&str, &str)],
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        fs::create_dir_all(home.join("config")).unwrap();
        if let Some(rules) = rules {
            fs::write(home.join("config/rules.toml"), rules).unwrap();
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
        command.args(["wrap", "--label", "counting"]).args(options).args(["--", "sh", "-c", script]);
        command.envs(variables.iter().copied());
        Self { rig: Rig::start(command, folder), home }
    }

    fn rules_file(&self) -> PathBuf {
        self.home.join("config/rules.toml")
    }

    fn call(&mut self, id: &str) -> String {
        self.rig.send(request(id).as_bytes());
        self.rig.receive_line()
    }

    pub(crate) fn order(&self, order: &Order) -> Reply {
        let control = within_patience("the control socket", {
            let folders = Folders::below(&self.home);
            move || loop {
                if let Some(control) = live(&folders).into_iter().find_map(|entry| entry.control) {
                    return control;
                }
            }
        });
        ask(&control, order).unwrap()
    }

    /// Calls until an answer is as wanted: a file that changes counts soon, not at once.
    fn call_until(&mut self, is_so: impl Fn(&str) -> bool) -> String {
        for id in 1_000..60_000 {
            let answer = self.call(&id.to_string());
            if is_so(&answer) {
                return answer;
            }
        }
        panic!("it never was");
    }

    /// Waits until standard error says so.
    fn wait_said(&self, words: &str) {
        while !self.rig.stderr().contains(words) {
            std::thread::yield_now();
        }
    }

    pub(crate) fn end(mut self) -> Vec<Fact<'static>> {
        self.rig.close_stdin();
        assert!(self.rig.wait().success(), "{}", self.rig.stderr());
        self.rig.events().into_iter().map(|event| event.fact).collect()
    }
}

fn request(id: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"lookup","arguments":{{}}}}}}"#
    ) + "\n"
}

fn outcomes(facts: &[Fact<'_>]) -> Vec<Outcome> {
    facts
        .iter()
        .filter_map(|fact| if let Fact::Ruled(ruling) = fact { Some(ruling.outcome) } else { None })
        .collect()
}

fn texts<'a>(facts: &'a [Fact<'_>]) -> Vec<&'a str> {
    facts
        .iter()
        .filter_map(|fact| if let Fact::Rules { text, .. } = fact { Some(&**text) } else { None })
        .collect()
}

#[test]
fn equal_calls_are_answered_from_memory_under_the_ids_that_the_client_sent() {
    let mut session = Session::start(&[], Some(CACHE));
    assert!(session.call("1").contains(r#"\"n\":1"#));
    for id in ["2", "\"2\"", "3.0"] {
        let answer = session.call(id);
        assert!(answer.contains(&format!("\"id\":{id},")) && answer.contains(r#"\"n\":1"#), "{answer}");
    }
    let facts = session.end();
    assert_eq!(texts(&facts), [CACHE]);
    let answered: Vec<_> = facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Ruled(ruling) if ruling.outcome == Outcome::Answered => Some(ruling),
            _ => None,
        })
        .collect();
    assert_eq!(answered.len(), 3, "{:?}", outcomes(&facts));
    assert!(
        answered.iter().all(|ruling| ruling.payload.is_some() && ruling.marks.iter().any(|mark| mark.hit))
    );
    // What the rules did stands behind what they did it to.
    let first = facts
        .iter()
        .position(|fact| matches!(fact, Fact::Ruled(ruling) if ruling.id.as_deref() == Some("\"2\"")));
    let before = facts.iter().position(|fact| matches!(fact, Fact::Message { payload, .. } if payload.text.starts_with(br#"{"jsonrpc":"2.0","id":"2""#)));
    assert!(before.unwrap() < first.unwrap());
}

#[test]
fn an_order_reaches_a_running_proxy_at_once_and_is_recorded() {
    let mut session = Session::start(&[], None);
    assert!(session.call("1").contains("blank"));
    let set = |text: &str| Order::SetRules { text: text.to_owned(), keep: false };
    assert_eq!(session.order(&set(EMPTY)), Reply::Done);
    assert!(!session.call("2").contains("blank"));
    assert!(
        matches!(session.order(&Order::Rules), Reply::Rules { text, source: None, is_kept: false } if text == EMPTY)
    );
    let Reply::Refused { why } = session.order(&set("[[rule]]\nname = \"x\"\nmach = {}\n")) else { panic!() };
    assert!(why.contains("line 3"), "{why}");
    assert!(!session.call("3").contains("blank"));
    assert_eq!(session.order(&set("")), Reply::Done);
    assert!(session.call("4").contains("blank"));
    assert!(!session.rules_file().exists());
    let facts = session.end();
    assert_eq!(texts(&facts), [EMPTY, ""]);
    assert!(
        facts.iter().any(|fact| matches!(fact, Fact::RulesRefused { why, .. } if why.contains("line 3")))
    );
    assert_eq!(outcomes(&facts).iter().filter(|outcome| **outcome == Outcome::Changed).count(), 2);
}

#[test]
fn an_order_that_is_to_be_kept_is_in_the_file_and_its_comments_with_it() {
    let mut session = Session::start(&[], None);
    session.call("1");
    let text = format!("# why this is here\n{EMPTY}");
    assert_eq!(session.order(&Order::SetRules { text: text.clone(), keep: true }), Reply::Done);
    assert_eq!(fs::read_to_string(session.rules_file()).unwrap(), text);
    assert!(!session.call("2").contains("blank"));
    let Reply::Rules { source: Some(source), is_kept: true, .. } = session.order(&Order::Rules) else {
        panic!()
    };
    assert_eq!(source, session.rules_file());
    let broken = Order::SetRules { text: "[[rule]".to_owned(), keep: true };
    assert!(matches!(session.order(&broken), Reply::Refused { .. }));
    assert_eq!(fs::read_to_string(session.rules_file()).unwrap(), text);
    session.end();
}

#[test]
fn a_cache_is_emptied_by_an_order() {
    let mut session = Session::start(&[], Some(CACHE));
    session.call("1");
    assert!(session.call("2").contains(r#"\"n\":1"#));
    assert_eq!(session.order(&Order::ClearCache { rule: Some("kept".into()) }), Reply::Done);
    let answer = session.call("3");
    assert!(!answer.contains(r#"\"n\":1,"#), "{answer}");
    assert!(matches!(
        session.order(&Order::ClearCache { rule: Some("other".into()) }),
        Reply::Refused { .. }
    ));
    session.end();
}

#[test]
fn a_file_that_changes_counts_without_a_restart_and_one_that_is_broken_changes_nothing() {
    let mut session = Session::start(&[], None);
    assert!(session.call("1").contains("blank"));
    // As editors do it: a new file in the place of the old one.
    let beside = session.home.join("config/.rules.toml.swp");
    fs::write(&beside, EMPTY).unwrap();
    fs::rename(&beside, session.rules_file()).unwrap();
    session.call_until(|answer| !answer.contains("blank"));
    fs::write(session.rules_file(), "[[rule]]\nname = 7\n").unwrap();
    session.wait_said("line 2, column");
    assert!(!session.call("2").contains("blank"));
    fs::remove_file(session.rules_file()).unwrap();
    session.call_until(|answer| answer.contains("blank"));
    let facts = session.end();
    assert_eq!(texts(&facts), [EMPTY, ""]);
    assert!(
        facts
            .iter()
            .any(|fact| matches!(fact, Fact::RulesRefused { source, .. } if source.ends_with("rules.toml")))
    );
}

#[test]
fn a_file_that_is_broken_at_the_start_is_named_and_the_session_runs_without_rules() {
    let mut session = Session::start(&[], Some("[[rule]]\nname = \"a\"\nempy = \"drop\"\n"));
    assert!(session.call("1").contains("blank"));
    session.wait_said("rules.toml, line 3, column 1");
    assert!(session.rig.stderr().contains("this session runs without rules"));
    let facts = session.end();
    assert!(texts(&facts).is_empty());
    assert!(facts.iter().any(|fact| matches!(fact, Fact::RulesRefused { .. })));
}

#[test]
fn the_profile_of_a_label_comes_before_the_common_file_and_a_named_one_before_both() {
    let profile = |home: &Path, name: &str, text: &str| {
        fs::create_dir_all(home.join("config/rules")).unwrap();
        fs::write(home.join(format!("config/rules/{name}.toml")), text).unwrap();
    };
    let start = |options: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        profile(&home, "counting", EMPTY);
        profile(&home, "strict", CACHE);
        fs::write(home.join("config/rules.toml"), "").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
        command.args(["wrap", "--label", "counting"]).args(options).args(["--", "sh", "-c", COUNTING]);
        let mut session = Session { rig: Rig::start(command, folder), home };
        session.call("1");
        session.end()
    };
    assert_eq!(texts(&start(&[])), [EMPTY]);
    assert_eq!(texts(&start(&["--rules", "strict"])), [CACHE]);
    assert!(texts(&start(&["--no-rules"])).is_empty());
}

#[test]
fn requests_that_are_held_when_the_client_closes_its_side_are_still_sent_and_answered() {
    let rules = "[[rule]]\nname = \"slow\"\nmatch = { tool = \"lookup\" }\ndelay = \"300ms\"\n";
    let mut session = Session::start(&[], Some(rules));
    session.rig.send(request("1").as_bytes());
    session.rig.send(request("2").as_bytes());
    session.rig.close_stdin();
    let rest = String::from_utf8(session.rig.receive_rest()).unwrap();
    assert!(rest.contains("\"id\":1,") && rest.contains("\"id\":2,"), "{rest}");
    let facts = session.end();
    let held = outcomes(&facts);
    assert_eq!(held.iter().filter(|outcome| **outcome == Outcome::Released).count(), 2, "{held:?}");
}

#[test]
fn for_a_client_that_is_gone_nothing_that_a_rule_holds_back_is_called_any_more() {
    let rules = "[[rule]]\nname = \"hourly\"\nrate = { per_hour = 1 }\n";
    let mut session = Session::start(&["--grace", "0.2"], Some(rules));
    assert!(session.call("1").contains("\"id\":1"));
    for id in 2..=4 {
        session.rig.send(request(&id.to_string()).as_bytes());
    }
    session.rig.client_dies();
    session.rig.wait();
    let facts: Vec<Fact<'_>> = session.rig.events().into_iter().map(|event| event.fact).collect();
    let outcomes = outcomes(&facts);
    assert!(!outcomes.contains(&Outcome::Released), "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Dropped).count(), 3, "{outcomes:?}");
}

#[test]
fn a_result_that_is_too_long_is_in_a_file_before_the_client_is_told_of_it() {
    let rules = "[[rule]]\nname = \"long\"\nmatch = { tool = \"lookup\" }\nlimit = { bytes = \"3KB\", over = \"spill\" }\n";
    let filling = format!("FILLING=',\\\\\"filling\\\\\":\\\\\"{}\\\\\"'\n", "long ".repeat(2_000));
    let mut session = Session::running(&format!("{filling}{COUNTING}"), &[], Some(rules));
    let answer = session.call("1");
    let results = session.home.join("results");
    let files: Vec<PathBuf> = fs::read_dir(results)
        .unwrap()
        .flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1, "{answer}");
    assert!(answer.contains(files[0].to_str().unwrap()), "{answer}");
    assert!(fs::read_to_string(&files[0]).unwrap().contains("blank"));
    session.end();
}
