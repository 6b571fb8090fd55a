//! `mcptop recordings` as people call it: the real binary, on the recordings that come with it and on live sessions.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use mcptop::record::Reader;
use mcptop::trace::{Fact, read_event};
use serde_json::{Value, json};

use crate::rig::Rig;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn mcptop(home: &Path, folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command.env("MCPTOP_HOME", home).current_dir(folder).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What a command prints that has to end with this status.
fn said(home: &Path, folder: &Path, arguments: &[&str], status: i32) -> String {
    let output = mcptop(home, folder, arguments);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// A folder with copies of recordings in it, each last written so many days ago.
fn folder_of(ages: &[(&str, u64)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, days) in ages {
        let from = repository().join("recordings").join(format!("{name}.mcp.jsonl"));
        let to = folder.path().join(format!("{name}.mcp.jsonl"));
        fs::copy(from, &to).unwrap();
        let then = SystemTime::now() - Duration::from_hours(24) * u32::try_from(*days).unwrap();
        File::options().write(true).open(&to).unwrap().set_modified(then).unwrap();
    }
    folder
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn recordings_are_listed_newest_first_with_what_is_in_them() {
    let home = tempfile::tempdir().unwrap();
    insta::assert_snapshot!(said(home.path(), repository(), &["recordings", "list", "recordings"], 0));
    let told: Value = serde_json::from_str(&said(
        home.path(),
        repository(),
        &["recordings", "list", "recordings/git.mcp.jsonl", "--json"],
        0,
    ))
    .unwrap();
    assert_eq!((&told[0]["label"], &told[0]["live"]), (&json!("git"), &json!(false)));
    assert!(told[0]["calls"].as_u64().unwrap() > 0 && told[0]["length_us"].as_u64().unwrap() > 0);
    assert!(said(home.path(), repository(), &["recordings"], 0).starts_with("no recordings"));
    said(home.path(), repository(), &["recordings", "list", "Cargo.toml"], 2);
}

#[test]
fn a_live_recording_is_shown_as_such_and_never_removed_or_compressed() {
    let mut rig = Rig::shell("cat");
    rig.send(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"a\"}}\n");
    rig.receive_line();
    let home = rig.path("home");
    let list = || -> Value {
        serde_json::from_str(&said(&home, &home, &["recordings", "list", "--json"], 0)).unwrap()
    };
    assert_eq!(list()[0]["state"], "live");
    let recording = rig.recording();
    let path = recording.to_str().unwrap();
    let told = said(&home, &home, &["recordings", "prune", "--keep", "0", "--yes"], 0);
    assert!(told.contains("No recordings to be removed"), "{told}");
    said(&home, &home, &["recordings", "prune", "--keep", "0", "--yes", path], 0);
    assert!(recording.exists());
    let refused = mcptop(&home, &home, &["recordings", "compact", "--replace", path]);
    assert!(text(&refused.stderr).contains("is live"), "{}", text(&refused.stderr));
    assert_eq!(refused.status.code(), Some(2));
    rig.close_stdin();
    rig.wait();
    assert_eq!(list()[0]["state"], "ended");
    said(&home, &home, &["recordings", "prune", "--keep", "0", "--yes"], 0);
    assert!(!recording.exists() && !recording.parent().unwrap().exists(), "its day goes with it");
}

#[test]
fn what_is_to_go_is_told_before_and_removed_only_when_agreed() {
    let folder = folder_of(&[("git", 40), ("memory", 2), ("time", 50)]);
    let all = names(folder.path());
    let prune = |more: &[&str]| {
        let arguments = [&["recordings", "prune", "--older-than", "30d", "--keep", "1", "."], more].concat();
        mcptop(folder.path(), folder.path(), &arguments)
    };
    let dry = text(&prune(&["--dry-run"]).stdout);
    assert!(dry.contains("git.mcp.jsonl") && dry.contains("2 recordings to be removed"), "{dry}");
    let unasked = prune(&[]);
    assert_eq!(unasked.status.code(), Some(2));
    assert!(text(&unasked.stderr).contains("--yes"), "{}", text(&unasked.stderr));
    assert_eq!(names(folder.path()), all);
    let done = text(&prune(&["--yes"]).stdout);
    assert!(done.contains("2 recordings removed"), "{done}");
    assert_eq!(names(folder.path()), ["memory.mcp.jsonl"]);
}

#[test]
fn what_is_kept_can_be_compressed_on_the_way() {
    let folder = folder_of(&[("git", 1), ("memory", 2)]);
    let plain = said(folder.path(), folder.path(), &["open", "git.mcp.jsonl"], 0);
    said(
        folder.path(),
        folder.path(),
        &["recordings", "prune", "--older-than", "30d", "--compact", "--yes", "."],
        0,
    );
    assert_eq!(names(folder.path()), ["git.mcp.jsonl.zst", "memory.mcp.jsonl.zst"]);
    assert_eq!(said(folder.path(), folder.path(), &["open", "git.mcp.jsonl.zst"], 0), plain);
    let told: Value =
        serde_json::from_str(&said(folder.path(), folder.path(), &["recordings", "list", ".", "--json"], 0))
            .unwrap();
    assert_eq!(told.as_array().unwrap().len(), 2);
}

#[test]
fn a_compressed_recording_is_the_same_recording_and_nothing_is_overwritten() {
    let folder = folder_of(&[("git", 3)]);
    let (plain, packed) = (folder.path().join("git.mcp.jsonl"), folder.path().join("git.mcp.jsonl.zst"));
    let compact = ["recordings", "compact", "git.mcp.jsonl"];
    said(folder.path(), folder.path(), &compact, 0);
    assert!(fs::metadata(&packed).unwrap().len() * 3 < fs::metadata(&plain).unwrap().len());
    assert_eq!(zstd::decode_all(File::open(&packed).unwrap()).unwrap(), fs::read(&plain).unwrap());
    let modified = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
    assert_eq!(modified(&packed), modified(&plain), "it is as old as the original");
    said(folder.path(), folder.path(), &compact, 2);
    said(folder.path(), folder.path(), &["recordings", "compact", "git.mcp.jsonl.zst"], 2);
}

#[test]
fn a_copy_without_secrets_never_takes_the_place_of_anything() {
    let folder = folder_of(&[("git", 0)]);
    let before = fs::read(folder.path().join("git.mcp.jsonl")).unwrap();
    for out in ["git.mcp.jsonl", "./git.mcp.jsonl"] {
        said(folder.path(), folder.path(), &["recordings", "redact", "git.mcp.jsonl", "-o", out], 2);
    }
    assert_eq!(fs::read(folder.path().join("git.mcp.jsonl")).unwrap(), before);
    let wrong = mcptop(
        folder.path(),
        folder.path(),
        &["recordings", "redact", "git.mcp.jsonl", "-o", "x", "--pattern", "("],
    );
    assert_eq!(wrong.status.code(), Some(2));
    assert_eq!(names(folder.path()), ["git.mcp.jsonl"], "{}", text(&wrong.stderr));
}

/// What stands in a session and must stand in nothing made of it.
pub(crate) const PLANTED: [(&str, &str); 14] = [
    ("an OpenAI key", "sk-proj-Zm9vYmFyYmF6cXV4MDEyMzQ1Njc4OQ"),
    ("a GitHub token", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
    ("an AWS access key", "AKIAIOSFODNN7EXAMPLE"),
    ("an AWS secret key", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ("a web token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N"),
    ("a bearer token", "opaque-bearer-2f9c7e51"),
    ("a private key", "MIIBVAIBADANBgkqhkiG9w0BAQEFAASCAT4wggE6AgEAAkEAq7BFUpkGp3"),
    ("a password in an address", "hunter2-in-address"),
    ("an argument by its name", "argument-s3cret-771"),
    ("a cookie", "sid=c00kie-99ab12"),
    ("a webhook", "https://hooks.slack.com/services/T024BE7LD/B024BE7LD/xoxbXoxbXoxbXoxbXoxb"),
    ("a variable of the environment", "environment-s3cret-42"),
    ("a secret in JSON in a string", "nested-s3cret-8841"),
    ("a flag of a command", "flagged-s3cret-5150"),
];

/// A server that repeats what it is given, on standard error as well, and tells of its environment.
const TELLING: &str = r#"
printf 'starting with token %s\n' "$SERVICE_TOKEN" >&2
printf -- '-----BEGIN PRIVATE KEY-----\nMIIBVAIBADANBgkqhkiG9w0BAQEFAASCAT4wggE6AgEAAkEAq7BFUpkGp3\n-----END PRIVATE KEY-----\n' >&2
while read -r line; do
  printf 'got %s\n' "$line" >&2
  arguments=${line#*\"arguments\":}; arguments=${arguments%\}\}}
  printf '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"SERVICE_TOKEN=%s; argument-s3cret-771 was used, then nested-s3cret-8841"}],"structuredContent":%s}}\n' "$SERVICE_TOKEN" "$arguments"
done"#;

/// A recording of a session with all of them in arguments, results, standard error and the environment.
pub(crate) fn session_with_secrets() -> (Rig, PathBuf) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command.args([
        "wrap",
        "--label",
        "telling",
        "--",
        "sh",
        "-c",
        TELLING,
        "server",
        "--api-token",
        "flagged-s3cret-5150",
    ]);
    command.env("SERVICE_TOKEN", "environment-s3cret-42");
    let mut rig = Rig::start(command, tempfile::tempdir().unwrap());
    let nested = json!({ "client_secret": "nested-s3cret-8841" }).to_string();
    let arguments = json!({
        "openai": PLANTED[0].1,
        "text": format!("clone with {} please", PLANTED[1].1),
        "env": format!("AWS_ACCESS_KEY_ID={} AWS_SECRET_ACCESS_KEY={}", PLANTED[2].1, PLANTED[3].1),
        "jwt": PLANTED[4].1,
        "headers": [{ "name": "Authorization", "value": "Bearer opaque-bearer-2f9c7e51" }, { "name": "Cookie", "value": PLANTED[9].1 }],
        "curl": format!("curl -H 'Cookie: {}' -H 'Authorization: Bearer {}'", PLANTED[9].1, PLANTED[5].1),
        "pem": format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", PLANTED[6].1),
        "database": "postgres://app:hunter2-in-address@db:5432/app",
        "api_key": PLANTED[8].1,
        "webhook": PLANTED[10].1,
        "body": nested,
        "command": "deploy --api-token flagged-s3cret-5150 --now",
    });
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "deploy", "arguments": arguments } });
    rig.send(format!("{call}\n").as_bytes());
    rig.receive_line();
    rig.close_stdin();
    rig.wait();
    let recording = rig.recording();
    (rig, recording)
}

pub(crate) fn assert_clean(what: &str, bytes: &[u8]) {
    for (kind, secret) in PLANTED {
        let escaped = secret.replace('/', "\\/");
        let leaks =
            [secret, &escaped].iter().any(|secret| memchr::memmem::find(bytes, secret.as_bytes()).is_some());
        assert!(!leaks, "{what} holds {kind}: {}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn planted_secrets_of_many_kinds_stand_in_no_copy() {
    let (rig, recording) = session_with_secrets();
    let before = fs::read(&recording).unwrap();
    for (kind, secret) in &PLANTED[..8] {
        assert!(
            memchr::memmem::find(&before, secret.as_bytes()).is_some(),
            "{kind} is not there to be found"
        );
    }
    let home = rig.path("home");
    let out = rig.path("clean.mcp.jsonl");
    let told = said(
        &home,
        &home,
        &["recordings", "redact", recording.to_str().unwrap(), "-o", out.to_str().unwrap()],
        0,
    );
    let clean = fs::read(&out).unwrap();
    assert_clean("the copy", &clean);
    assert!(told.contains("api-key") && told.contains("private-key"), "{told}");
    assert_eq!(fs::read(&recording).unwrap(), before, "the input stays as it was");
    let count = |bytes: &[u8]| memchr::memchr_iter(b'\n', bytes).count();
    assert_eq!(count(&clean), count(&before), "every line is still there");
    let mut reader = Reader::open(&out).unwrap();
    while !reader.read(usize::MAX, &mut |_, _| ()).unwrap().at_end {}
    assert_eq!(reader.damaged().in_words(), None);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // The same secret is the same wherever it stands.
    let text = text(&clean);
    let name = |after: &str| {
        let start = text.find(after).unwrap_or_else(|| panic!("{after}: {text}")) + after.len();
        text[start..].split_inclusive(']').next().unwrap().to_owned()
    };
    assert_eq!(name(r#""text":"SERVICE_TOKEN="#), name(r#""text":"starting with token "#));
}

#[test]
fn a_clean_recording_answers_the_clean_requests() {
    let (rig, recording) = session_with_secrets();
    let home = rig.path("home");
    let out = rig.path("clean.mcp.jsonl.zst");
    let file = out.to_str().unwrap();
    said(&home, &home, &["recordings", "redact", recording.to_str().unwrap(), "-o", file], 0);
    let lines = zstd::decode_all(File::open(&out).unwrap()).unwrap();
    let mut requests = Vec::new();
    for line in lines.split(|byte| *byte == b'\n').skip(1).filter(|line| !line.is_empty()) {
        if let Fact::Message { to: mcptop::wire::Direction::ToServer, payload, .. } =
            read_event(line).unwrap().fact
        {
            payload.write_to(&mut requests);
        }
    }
    let input = rig.path("requests");
    fs::write(&input, &requests).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command.env("MCPTOP_HOME", &home).args(["replay", "--strict", file]).stdin(File::open(&input).unwrap());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("[secret:"), "{}", text(&output.stdout));
}

#[test]
fn real_sessions_without_secrets_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["azure", "everything", "filesystem", "git", "memory", "playwright", "time", "time-probe"] {
        let file = repository().join("recordings").join(format!("{name}.mcp.jsonl"));
        let out = format!("{name}.mcp.jsonl");
        let told = said(
            folder.path(),
            folder.path(),
            &["recordings", "redact", file.to_str().unwrap(), "-o", &out],
            0,
        );
        assert!(told.contains("no secrets found"), "{told}");
        assert!(fs::read(folder.path().join(&out)).unwrap() == fs::read(&file).unwrap(), "{name}");
    }
}
