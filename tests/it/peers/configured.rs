//! A client that starts just what `mcptop clients wrap` has written into its configuration sees no difference, and is recorded
//! under the name its user has given the server.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::clients::{Client, Era};
use super::http::start;
use super::recordings;
use super::run::{MCPTOP, nothing_runs_in};
use super::scenario::Scenario;
use crate::rig::recordings_below;

/// The folders of one user.
struct Desk {
    root: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let root = tempfile::Builder::new().prefix("mcptop-peers-").tempdir().unwrap();
        for name in ["home", "home-direct"] {
            fs::create_dir(root.path().join(name)).unwrap();
        }
        Self { root }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.root.path().join(name)
    }

    fn play(&self, scenario: &Scenario, client: Client, home: &str, server: &[String]) -> String {
        scenario.make_folder(&self.path("project"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (dir, home) = (self.path("project"), self.path(home));
        runtime.block_on(client.play(Era::Legacy, scenario, &dir, &home, server))
    }

    /// Writes an entry named `tides` into the configuration, wraps it, and gives the words that start it.
    fn wrapped(&self, entry: &Value) -> Vec<String> {
        let folder = self.path("home/.config/Claude");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("claude_desktop_config.json");
        let text = format!("{:#}", json!({ "mcpServers": { "tides": entry } }));
        fs::write(&path, &text).unwrap();
        self.clients("wrap");
        let config: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        self.clients("unwrap");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        words(&config["mcpServers"]["tides"])
    }

    fn clients(&self, way: &str) {
        let mut command = Command::new(MCPTOP);
        command.args(["clients", way, "claude-desktop", "--all", "--yes"]);
        command.env_clear().env("HOME", self.path("home"));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn is_recorded(&self, scenario: &Scenario) {
        nothing_runs_in(&self.path("home"));
        let recorded = recordings_below(&self.path("home/.local/share/mcptop/recordings"));
        let [recording] = &recorded[..] else { panic!("{recorded:?}") };
        let session = recordings::read(recording);
        assert_eq!(session.header.label, "tides");
        assert!(session.totals().calls >= scenario.calls_at_least());
    }
}

/// As a client starts it: the variables, the program, the arguments.
fn words(entry: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let variables = entry["env"].as_object().into_iter().flatten();
    let variables = variables.map(|(name, value)| format!("{name}={}", text(value)));
    let arguments = entry["args"].as_array().unwrap().iter().map(text);
    let program = text(&entry["command"]);
    assert!(Path::new(&program).is_absolute(), "{program}");
    ["env".to_owned()].into_iter().chain(variables).chain([program]).chain(arguments).collect()
}

#[test]
fn a_wrapped_command_of_a_configuration_serves_the_official_clients() {
    for client in [Client::TypeScript1, Client::Python] {
        let (desk, scenario) = (Desk::new(), Scenario::load("filesystem"));
        let server = scenario.command(&desk.path("project"));
        let direct = desk.play(&scenario, client, "home-direct", &server);
        let wrapped =
            desk.wrapped(&json!({ "command": server[0], "args": server[1..], "env": { "A": "b" } }));
        assert_eq!(desk.play(&scenario, client, "home", &wrapped), direct);
        desk.is_recorded(&scenario);
    }
}

#[test]
fn a_wrapped_address_of_a_configuration_serves_the_official_client_over_stdio() {
    let (desk, scenario) = (Desk::new(), Scenario::load("everything"));
    scenario.make_folder(&desk.path("project"));
    let (_server, url) = start(|port| scenario.over_http(port, &desk.path("project")));
    let direct = desk.play(&scenario, Client::TypeScript1, "home-direct", std::slice::from_ref(&url));
    let entry =
        json!({ "type": "http", "url": url, "headers": { "X-Team": "blue", "Accept": "text/plain" } });
    let wrapped = desk.wrapped(&entry);
    assert!(wrapped.contains(&"X-Team=X-Team".to_owned()), "{wrapped:?}");
    assert_eq!(desk.play(&scenario, Client::TypeScript1, "home", &wrapped), direct);
    desk.is_recorded(&scenario);
}
