//! For every file of every client a fixture as the client writes it: whatever is done to it comes back to the byte.

use std::fs;
use std::path::{Path, PathBuf};

use mcptop::clients::edit::{Document, Format, Launch, Server, Which, unwrap, wrap};
use mcptop::clients::{CLIENTS, Client, Place, Platform, Surroundings};

/// Servers of the fixtures that stay as they are, and why.
const LEFT: [(&str, &str); 5] = [
    ("old", "the transport of 2024"),
    ("googleCloudServer", "`authProviderType`"),
    ("With options", "`requestOptions`"),
    ("mcp-server-context7", "starts nothing"),
    ("timeout", "starts nothing"),
];
/// What a client brings along itself.
const BUILT_IN: &str = "developer";

fn tree(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name)
}

/// The fixture of a place: the path it has on Linux, with something for each `*`.
fn fixture(place: &Place) -> Option<String> {
    let (home, project) = (tree("home"), tree("project"));
    let surroundings =
        Surroundings { platform: Platform::Linux, home: &home, project: &project, variable: &|_| None };
    let path = place
        .path_in(&surroundings)?
        .to_str()
        .unwrap()
        .replace("profiles/*", "profiles/-1a2b3c4d")
        .replace(".config/*", ".config/Code");
    let path = path
        .replace("mcpServers/*", "mcpServers/playwright")
        .replace("cli-agents/*", "cli-agents/default")
        .replace("agents/*", "agents/reviewer");
    Some(fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}")))
}

/// As it is; as an editor on Windows leaves it; in a line, with tabs, and with members nobody knows.
fn variants(text: &str, format: Format) -> Vec<String> {
    let windows = format!("\u{FEFF}{}", text.replace('\n', "\r\n"));
    let tabs = text.replace("  ", "\t");
    let unknown = text.replacen('{', "{ \"unknown\\u0020key\": [1e400, {\"command\": null}] ,", 1);
    match format {
        Format::Json if !text.starts_with("//") => vec![text.to_owned(), windows, tabs, unknown],
        Format::Json | Format::Toml => vec![text.to_owned(), windows, tabs],
        // Tabs do not indent there.
        Format::Yaml => vec![text.to_owned(), windows, format!("zz: [1, 'unknown']\n{text}")],
    }
}

/// Wraps one server of a text and takes it back, and says what stood there in between.
fn there_and_back(client: &Client, place: &Place, text: &str, server: &Server) -> Result<String, String> {
    let which = Which { keys: place.keys, group: server.group.as_deref(), name: &server.name };
    let wrapped = wrap(text, place.format(), which, &client.shape, "/opt/mcptop");
    let wrapped = wrapped.map_err(|problem| problem.to_string())?;
    assert_ne!(wrapped, text);
    assert_eq!(unwrap(&wrapped, place.format(), which).unwrap(), text, "{}: {}", client.id, server.name);
    Ok(wrapped)
}

#[test]
fn every_server_in_every_file_of_every_client_is_wrapped_and_taken_back_to_the_byte() {
    let mut wrapped = 0;
    for (client, place) in
        CLIENTS.iter().flat_map(|client| client.places.iter().map(move |place| (client, place)))
    {
        let Some(text) = fixture(place) else { continue };
        for text in variants(&text, place.format()) {
            let servers = Document::parse(&text, place.format()).unwrap().servers(place.keys);
            for server in &servers {
                let left = LEFT.iter().find(|(name, _)| *name == server.name);
                match (there_and_back(client, place, &text, server), left) {
                    (Ok(_), None) => wrapped += 1,
                    (Err(why), Some((_, expected))) => assert!(why.contains(expected), "{why}"),
                    (Err(_), None) if server.name == BUILT_IN => {}
                    (outcome, _) => panic!("{}: {}: {outcome:?}", client.id, server.name),
                }
            }
        }
    }
    assert!(wrapped > 200, "{wrapped}");
}

#[test]
fn in_every_file_there_are_servers_of_its_client() {
    for client in CLIENTS {
        for place in client.places {
            let Some(text) = fixture(place) else { continue };
            let document = Document::parse(&text, place.format()).unwrap();
            let same = client.places.iter().filter(|other| other.path == place.path);
            let servers: usize = same.map(|place| document.servers(place.keys).len()).sum();
            assert!(servers > 0, "{}: {}", client.id, place.path);
        }
    }
}

#[test]
fn all_servers_of_a_file_can_be_wrapped_at_once_and_taken_back_in_any_order() {
    for (client, place) in
        CLIENTS.iter().flat_map(|client| client.places.iter().map(move |place| (client, place)))
    {
        let Some(text) = fixture(place) else { continue };
        let mut servers = Document::parse(&text, place.format()).unwrap().servers(place.keys);
        let mut now = text.clone();
        servers.retain(|server| {
            let done = there_and_back(client, place, &now, server);
            done.map(|wrapped| now = wrapped).is_ok()
        });
        let after = Document::parse(&now, place.format()).unwrap().servers(place.keys);
        let is_in_front = |server: &&Server| matches!(server.launch, Launch::Wrapped(_) | Launch::Fronted(_));
        assert_eq!(after.iter().filter(is_in_front).count(), servers.len(), "{}: {now}", client.id);
        let half = servers.len() / 2;
        servers.rotate_left(half);
        for server in &servers {
            let which = Which { keys: place.keys, group: server.group.as_deref(), name: &server.name };
            now = unwrap(&now, place.format(), which).unwrap();
        }
        assert_eq!(now, text, "{}", client.id);
    }
}

#[test]
fn the_page_on_clients_names_every_client_and_its_files() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/clients.md")).unwrap();
    for client in CLIENTS {
        let row =
            page.lines().find(|line| line.starts_with(&format!("| {} | `{}` |", client.title, client.id)));
        let row = row.unwrap_or_else(|| panic!("{} is not in docs/clients.md", client.id));
        for place in client.places.iter().filter(|place| place.on.contains(&Platform::Linux)) {
            let name = place.path.rsplit('/').next().unwrap();
            let name = if name == "opencode.jsonc" { "opencode.json" } else { name };
            assert!(row.contains(name), "{}: {} is not in docs/clients.md", client.id, place.path);
        }
    }
}

#[test]
fn the_examples_of_the_page_on_clients_are_what_happens() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/clients.md")).unwrap();
    let blocks: Vec<&str> =
        page.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap().trim()).collect();
    assert_eq!(blocks.len(), 4);
    for pair in blocks.chunks(2) {
        let [before, after] = [pair[0], pair[1]].map(|entry| format!("{{\"mcpServers\": {{\n{entry}\n}}}}"));
        let name = Document::parse(&before, Format::Json).unwrap().servers(&["mcpServers"])[0].name.clone();
        let which = Which { keys: &["mcpServers"], group: None, name: &name };
        let shape = CLIENTS[0].shape;
        let wrapped = wrap(&before, Format::Json, which, &shape, "/home/me/.cargo/bin/mcptop").unwrap();
        assert_eq!(wrapped, after);
    }
}
