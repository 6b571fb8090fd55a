//! What `mcptop audit` says real servers cost, against a count made here: the lists as the servers write them, and the
//! reference tokenizer on the JSON of each part.
//!
//! Shares no code with what it checks.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::rust_server;
use super::scenario::Scenario;

/// The parts of a tool as they are shown, and the member each of them is.
const PARTS: [(&str, &str); 5] = [
    ("name", "name"),
    ("description", "description"),
    ("input_schema", "inputSchema"),
    ("output_schema", "outputSchema"),
    ("annotations", "annotations"),
];

/// The bytes of every token of the reference tokenizer, in order.
fn tokens(text: &str) -> Vec<usize> {
    let bpe = tiktoken_rs::o200k_base_singleton();
    let tokens = bpe.encode_ordinary(text);
    tokens.into_iter().map(|token| bpe.decode_bytes(&[token]).unwrap().len()).collect()
}

/// Where each member of an object ends, its comma included, by the name of the member.
fn ends(json: &str) -> Vec<(usize, String)> {
    #[derive(Deserialize)]
    struct Object<'a>(#[serde(borrow)] BTreeMap<String, &'a RawValue>);
    let Object(members) = serde_json::from_str(json).unwrap();
    let mut ends: Vec<(usize, String)> = members
        .into_iter()
        .map(|(name, value)| {
            let end = value.get().as_ptr() as usize - json.as_ptr() as usize + value.get().len();
            let comma = json[end..].find([',', '}']).unwrap();
            let is_last = json.as_bytes()[end + comma] == b'}';
            (if is_last { end } else { end + comma + 1 }, name)
        })
        .collect();
    ends.sort();
    ends
}

/// The wire tokens of a tool by part: a token counts where its first byte stands.
fn counted(json: &str) -> BTreeMap<&'static str, u64> {
    let ends = ends(json);
    let mut parts: BTreeMap<&'static str, u64> =
        PARTS.iter().map(|(part, _)| (*part, 0)).chain([("other", 0)]).collect();
    let mut at = 0;
    for len in tokens(json) {
        let member = ends.iter().find(|(end, _)| at < *end).filter(|_| at > 0).map(|(_, name)| name.as_str());
        let part = PARTS.iter().find(|(_, name)| Some(*name) == member).map_or("other", |(part, _)| part);
        *parts.get_mut(part).unwrap() += 1;
        at += len;
    }
    parts
}

/// JSON with each string written in the shortest way; servers escape what they need not.
fn plain(json: &str) -> String {
    let (mut out, mut rest) = (String::new(), json);
    while let Some(start) = rest.find('"') {
        out.extend(rest[..start].chars().filter(|c| !c.is_whitespace()));
        let mut escaped = false;
        let end = rest[start + 1..]
            .find(|c| {
                let is_end = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                is_end
            })
            .unwrap();
        let literal = &rest[start..start + end + 2];
        out += &serde_json::to_string(&serde_json::from_str::<String>(literal).unwrap()).unwrap();
        rest = &rest[start + end + 2..];
    }
    out.extend(rest.chars().filter(|c| !c.is_whitespace()));
    out
}

/// What Gemini is shown of a tool, in its own tokens: 1.05 for each of the reference tokenizer's on schemas.
fn shown(json: &str) -> u64 {
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(json).unwrap();
    let pairs: Vec<String> = ["name", "description", "inputSchema"]
        .into_iter()
        .filter_map(|name| Some(format!("\"{name}\":{}", plain(members.get(name)?.get()))))
        .collect();
    let count = tokens(&format!("{{{}}}", pairs.join(","))).len();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some thousands")]
    let scaled = (count as f64 * 1.05).round() as u64;
    scaled
}

/// The answer to a question for tools.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    result: Tools<'a>,
}

/// Its result.
#[derive(Deserialize)]
struct Tools<'a> {
    #[serde(borrow)]
    tools: Vec<&'a RawValue>,
}

/// The tools as the server writes them.
fn listed(scenario: &Scenario, dir: &Path) -> Vec<String> {
    let words = scenario.command(dir);
    let mut server = Command::new(&words[0])
        .args(&words[1..])
        .envs(scenario.env(dir))
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut stdin, mut lines) =
        (server.stdin.take().unwrap(), BufReader::new(server.stdout.take().unwrap()).lines());
    let mut answer = |stdin: &mut ChildStdin, id: u64| -> String {
        loop {
            let line = lines.next().unwrap().unwrap();
            let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
            if message["method"] == "roots/list" {
                let id = &message["id"];
                writeln!(stdin, r#"{{"jsonrpc":"2.0","id":{id},"result":{{"roots":[]}}}}"#).unwrap();
            } else if message["id"] == id {
                return line;
            }
        }
    };
    let hello = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"roots":{},"sampling":{},"elicitation":{}},"clientInfo":{"name":"test","version":"1"}}}"#;
    writeln!(stdin, "{hello}").unwrap();
    answer(&mut stdin, 1);
    writeln!(stdin, r#"{{"jsonrpc":"2.0","method":"notifications/initialized"}}"#).unwrap();
    writeln!(stdin, r#"{{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{{}}}}"#).unwrap();
    let line = answer(&mut stdin, 2);
    drop(stdin);
    let _ = server.kill();
    server.wait().unwrap();
    let answer: Answer<'_> = serde_json::from_str(&line).unwrap();
    answer.result.tools.into_iter().map(|tool| tool.get().to_owned()).collect()
}

/// What the program says, as JSON.
fn audit(dir: &Path, flags: &[&str], scenario: &Scenario) -> Value {
    let mut command = Command::new(super::run::MCPTOP);
    command.current_dir(dir).env("MCPTOP_HOME", dir.join("home")).envs(scenario.env(dir));
    command.args(["audit", "--json", "--timeout", "120"]).args(flags).arg("--").args(scenario.command(dir));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn every_figure_of_eight_real_servers_is_what_the_reference_tokenizer_counts() {
    let mut most = 0;
    for name in Scenario::NAMES {
        let scenario = Scenario::load(name);
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("project");
        scenario.make_folder(&dir);
        let tools = listed(&scenario, &dir);
        most = most.max(tools.len());
        let exact = audit(&dir, &[], &scenario);
        let gemini = audit(&dir, &["--profile", "gemini"], &scenario);
        assert_eq!((&exact["accuracy"], &exact["profile"]), (&"exact".into(), &"openai-o200k".into()));
        let of = |report: &Value| report["servers"][0]["tools"].as_array().unwrap().clone();
        let (exact_tools, gemini_tools) = (of(&exact), of(&gemini));
        assert_eq!((exact_tools.len(), gemini_tools.len()), (tools.len(), tools.len()), "{name}");
        let (mut wire, mut model) = (0, 0);
        for ((json, exact), gemini) in tools.iter().zip(&exact_tools).zip(&gemini_tools) {
            let tool = format!("{name}: {}", exact["name"]);
            let whole = tokens(json).len() as u64;
            assert_eq!(exact["wire"], whole, "{tool}");
            for (part, count) in counted(json) {
                assert_eq!(exact["parts"][part], count, "{tool}: {part}");
            }
            assert_eq!(gemini["model"], shown(json), "{tool}");
            wire += whole;
            model += shown(json);
        }
        assert_eq!(exact["servers"][0]["all_tools"]["wire"], wire, "{name}");
        assert_eq!(gemini["servers"][0]["all_tools"]["model"], model, "{name}");
        let members = exact["servers"][0]["by_member"].as_array().unwrap();
        let sum: u64 = members.iter().map(|member| member["wire"].as_u64().unwrap()).sum();
        assert_eq!(sum, wire, "{name}: every token stands somewhere");
    }
    assert!(most > 50, "{most}");
}

#[test]
fn a_server_behind_a_url_is_audited_as_it_is() {
    let root = tempfile::tempdir().unwrap();
    let output = Command::new(super::run::MCPTOP)
        .args(["audit", "--json", rust_server::url()])
        .env("MCPTOP_HOME", root.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let server = &told["servers"][0];
    assert_eq!(server["revision"], "2025-11-25");
    assert!(!server["tools"].as_array().unwrap().is_empty());
    assert!(server["prompts"]["count"].as_u64() > Some(0) && server["resources"]["count"].as_u64() > Some(0));
}
