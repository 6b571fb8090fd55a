use super::edit::{Launch, Which, unwrap, wrap};
use super::*;

fn surroundings(platform: Platform) -> Surroundings<'static> {
    Surroundings {
        platform,
        home: Path::new("/home/me"),
        project: Path::new("/work"),
        variable: &|name| (name == "CODEX_HOME").then(|| "/codex".to_owned()),
    }
}

fn paths(id: &str, platform: Platform) -> Vec<String> {
    let places = client(id).unwrap().places.iter();
    let paths = places.filter_map(|place| place.path_in(&surroundings(platform)));
    paths.map(|path| path.to_str().unwrap().replace('\\', "/")).collect()
}

#[test]
fn every_client_has_a_file_of_its_user_on_every_platform() {
    for client in CLIENTS {
        for platform in [Platform::Linux, Platform::MacOs, Platform::Windows] {
            let is_users = |place: &&Place| place.scope == Scope::User && place.on.contains(&platform);
            assert!(client.places.iter().any(|place| is_users(&place)), "{} on {platform:?}", client.id);
        }
        assert!(client.source.starts_with("https://") && !client.restart.is_empty());
    }
    let mut ids: Vec<&str> = CLIENTS.iter().map(|client| client.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), CLIENTS.len());
}

#[test]
fn paths_are_those_of_the_platform() {
    for (id, platform, expected) in [
        ("claude-desktop", Platform::Linux, "/home/me/.config/Claude/claude_desktop_config.json"),
        (
            "claude-desktop",
            Platform::MacOs,
            "/home/me/Library/Application Support/Claude/claude_desktop_config.json",
        ),
        ("claude-desktop", Platform::Windows, "/home/me/AppData/Roaming/Claude/claude_desktop_config.json"),
        (
            "claude-desktop",
            Platform::Windows,
            "/home/me/AppData/Local/Packages/Claude_*/LocalCache/Roaming/Claude/claude_desktop_config.json",
        ),
        ("claude-code", Platform::Linux, "/home/me/.claude.json"),
        ("claude-code", Platform::Linux, "/work/.mcp.json"),
        ("codex", Platform::MacOs, "/codex/config.toml"),
        ("zed", Platform::MacOs, "/home/me/.config/zed/settings.json"),
        ("zed", Platform::Windows, "/home/me/AppData/Roaming/Zed/settings.json"),
        ("goose", Platform::Windows, "/home/me/AppData/Roaming/Block/goose/config/config.yaml"),
        ("vscode", Platform::MacOs, "/home/me/Library/Application Support/Code/User/profiles/*/mcp.json"),
    ] {
        assert!(paths(id, platform).contains(&expected.to_owned()), "{id}: {:?}", paths(id, platform));
    }
    assert_eq!(paths("claude-desktop", Platform::Linux).len(), 1);
    assert!(client("netscape").unwrap_err().contains("claude-desktop, claude-code, cursor"));
}

/// An entry in the shape of a client, as its documentation shows it.
fn entry(shape: Shape) -> &'static str {
    match shape {
        Shape::COMMON | Shape::CODEX => r#"{"command": "npx", "args": ["-y", "x"], "env": {"A": "b"}}"#,
        Shape::GOOSE => r#"{"type": "stdio", "cmd": "npx", "args": ["-y", "x"], "envs": {"A": "b"}}"#,
        _ => r#"{"type": "local", "command": ["npx", "-y", "x"], "environment": {"A": "b"}}"#,
    }
}

/// A file of a place in which one server stands where the table says.
fn file(place: &Place, shape: Shape) -> String {
    let entry = entry(shape);
    match place.format() {
        Format::Toml => {
            let json: serde_json::Value = serde_json::from_str(entry).unwrap();
            let text = toml::to_string(&json).unwrap().replace("[env]", "[mcp_servers.files.env]");
            format!("# mine\n[{}.files]\n{text}", place.keys.join("."))
        }
        Format::Json | Format::Yaml => {
            let keys = place.keys.iter().map(|key| if *key == "*" { "/a/project" } else { key });
            let (open, close): (String, String) = keys.map(|key| (format!("{{\"{key}\": "), "}")).unzip();
            format!("{open}{{\"files\": {entry}}}{close}\n")
        }
    }
}

#[test]
fn for_every_row_a_server_is_found_wrapped_and_taken_back_to_the_byte() {
    for client in CLIENTS {
        for place in client.places {
            let text = file(place, client.shape);
            for text in [text.clone(), format!("\u{FEFF}{}", text.replace('\n', "\r\n"))] {
                let servers = Document::parse(&text, place.format()).unwrap().servers(place.keys);
                let [server] = &servers[..] else { panic!("{}: {text}", client.id) };
                let words = ["npx", "-y", "x"].map(str::to_owned).to_vec();
                assert_eq!(server.launch, Launch::Command(words.clone()), "{}", client.id);
                let which = Which { keys: place.keys, group: server.group.as_deref(), name: "files" };
                let wrapped = wrap(&text, place.format(), which, &client.shape, "/opt/mcptop").unwrap();
                let after = Document::parse(&wrapped, place.format()).unwrap().servers(place.keys);
                assert_eq!(after[0].launch, Launch::Wrapped(words), "{}", client.id);
                assert_eq!(unwrap(&wrapped, place.format(), which).unwrap(), text, "{}", client.id);
            }
        }
    }
}

#[test]
fn in_the_file_of_an_unknown_client_servers_are_looked_for_under_the_known_names() {
    for key in ["mcpServers", "servers", "context_servers", "mcp_servers", "extensions", "mcp"] {
        let text = format!("{{\"x\": 1, \"{key}\": {{}}}}");
        assert_eq!(keys_of(&Document::parse(&text, Format::Json).unwrap()), Some(&[key][..]));
    }
    let nested = Document::parse("{\"mcp\": {\"servers\": {}}}", Format::Json).unwrap();
    assert_eq!(keys_of(&nested), Some(&["mcp", "servers"][..]));
    assert_eq!(keys_of(&Document::parse("{}", Format::Json).unwrap()), None);
}
