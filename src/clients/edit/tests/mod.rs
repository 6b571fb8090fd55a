mod address;
mod property;

use super::*;

const KEYS: &[&str] = &["mcpServers"];

fn files<'a>(keys: &'a [&'a str]) -> Which<'a> {
    Which { keys, group: None, name: "files" }
}

fn shape(keys: &[&str]) -> Shape {
    Shape::below(keys)
}

/// Wraps `files`, takes it back, and gives what stood there in between.
fn there_and_back(text: &str, format: Format, keys: &[&str]) -> String {
    let wrapped = wrap(text, format, files(keys), &shape(keys), "/opt/mcptop")
        .unwrap_or_else(|why| panic!("{why}: {text}"));
    assert_ne!(wrapped, text);
    assert_eq!(wrap(&wrapped, format, files(keys), &shape(keys), "/opt/mcptop"), Err(Problem::Wrapped));
    assert_eq!(unwrap(&wrapped, format, files(keys)).unwrap(), text);
    assert_eq!(unwrap(text, format, files(keys)), Err(Problem::NotWrapped));
    wrapped
}

#[test]
fn a_command_moves_behind_mcptop_and_everything_else_stays() {
    let text = "{\r\n\t// mine\r\n  \"mcpServers\" : {\r\n    \"files\": {\r\n      \"command\": \"npx\", // why\r\n      \"args\": [\r\n        \"-y\",\r\n        \"server\\u002dfiles\", /* here */ \".\",\r\n      ],\r\n      \"env\": {\"KEY\": \"a\"},\r\n    },\r\n  },\r\n}\r\n";
    let wrapped = there_and_back(text, Format::Json, KEYS);
    let expected = text.replace("\"npx\"", "\"/opt/mcptop\"").replace(
        "        \"-y\"",
        "        \"wrap\",\r\n        \"--label\",\r\n        \"files\",\r\n        \"--\",\r\n        \"npx\",\r\n        \"-y\"",
    );
    assert_eq!(wrapped, expected);
    let with_mark = format!("\u{FEFF}{text}");
    assert_eq!(there_and_back(&with_mark, Format::Json, KEYS), format!("\u{FEFF}{expected}"));
}

#[test]
fn a_command_without_arguments_gets_some_and_loses_them_again() {
    for (text, expected) in [
        (
            r#"{"mcpServers":{"files":{"command":"a b"}}}"#,
            r#"{"mcpServers":{"files":{"command":"/opt/mcptop", "args": ["wrap", "--label=files", "--", "a b"]}}}"#,
        ),
        (
            r#"{"mcpServers":{"files":{"args":[ ],"command":"x"}}}"#,
            r#"{"mcpServers":{"files":{"args":["wrap", "--label", "files", "--", "x" ],"command":"/opt/mcptop"}}}"#,
        ),
        (
            "{\"mcpServers\":{\"files\":{\n  \"command\": \"x\" /* c */, // d\n  \"env\": {}}}}",
            "{\"mcpServers\":{\"files\":{\n  \"command\": \"/opt/mcptop\",\n  \"args\": [\"wrap\", \"--label=files\", \"--\", \"x\"] /* c */, // d\n  \"env\": {}}}}",
        ),
    ] {
        assert_eq!(there_and_back(text, Format::Json, KEYS), expected);
    }
}

#[test]
fn the_shapes_of_zed_and_opencode_are_known() {
    for (text, keys, expected) in [
        (
            r#"{"mcp": {"files": {"type": "local", "command": ["npx", "-y"]}}}"#,
            &["mcp"],
            r#"{"mcp": {"files": {"type": "local", "command": ["/opt/mcptop", "wrap", "--label", "files", "--", "npx", "-y"]}}}"#,
        ),
        (
            r#"{"context_servers": {"files": {"command": {"path": "npx", "args": ["-y"]}}}}"#,
            &["context_servers"],
            r#"{"context_servers": {"files": {"command": {"path": "/opt/mcptop", "args": ["wrap", "--label", "files", "--", "npx", "-y"]}}}}"#,
        ),
    ] {
        assert_eq!(there_and_back(text, Format::Json, keys), expected);
    }
}

#[test]
fn toml_is_changed_in_its_line() {
    let keys: &[&str] = &["mcp_servers"];
    for (text, expected) in [
        (
            "# top\nmodel = 'x'\n\n[mcp_servers.files] # mine\ncommand = 'npx' # why\nargs = [ # these\n  \"-y\",\n]\nenv = { A = \"b\" }\n\n[mcp_servers.other]\ncommand = \"y\"\n",
            "# top\nmodel = 'x'\n\n[mcp_servers.files] # mine\ncommand = \"/opt/mcptop\" # why\nargs = [ # these\n  \"wrap\", \"--label\", \"files\", \"--\", 'npx', \"-y\",\n]\nenv = { A = \"b\" }\n\n[mcp_servers.other]\ncommand = \"y\"\n",
        ),
        (
            "[mcp_servers.files]\r\n  command = \"x\"",
            "[mcp_servers.files]\r\n  args = [\"wrap\", \"--label=files\", \"--\", \"x\"]\r\n  command = \"/opt/mcptop\"",
        ),
        (
            "mcp_servers.files.command = \"x\"\n",
            "mcp_servers.files.args = [\"wrap\", \"--label=files\", \"--\", \"x\"]\nmcp_servers.files.command = \"/opt/mcptop\"\n",
        ),
        (
            "[mcp_servers]\nfiles = { command = \"x\", env = {} }\n",
            "[mcp_servers]\nfiles = { command = \"/opt/mcptop\", args = [\"wrap\", \"--label=files\", \"--\", \"x\"], env = {} }\n",
        ),
    ] {
        assert_eq!(there_and_back(text, Format::Toml, keys), expected);
    }
}

#[test]
fn yaml_is_changed_in_its_lines_or_between_its_brackets() {
    let keys: &[&str] = &["extensions"];
    for (text, expected) in [
        (
            "# ünï\nextensions:\n  files:\n    cmd: npx # why\n    args:\n    # these\n    - -y\n    - 'x'\n    envs: {A: b}\n  other: {cmd: y}\n",
            "# ünï\nextensions:\n  files:\n    cmd: \"/opt/mcptop\" # why\n    args:\n    # these\n    - \"wrap\"\n    - \"--label\"\n    - \"files\"\n    - \"--\"\n    - npx\n    - -y\n    - 'x'\n    envs: {A: b}\n  other: {cmd: y}\n",
        ),
        (
            "extensions:\r\n  files:\r\n    type: stdio\r\n    cmd: x\r\n",
            "extensions:\r\n  files:\r\n    type: stdio\r\n    args:\r\n      - \"wrap\"\r\n      - \"--label=files\"\r\n      - \"--\"\r\n      - x\r\n    cmd: \"/opt/mcptop\"\r\n",
        ),
        (
            "extensions: {files: {cmd: x, args: [a, 'b']}}",
            "extensions: {files: {cmd: \"/opt/mcptop\", args: [\"wrap\", \"--label\", \"files\", \"--\", x, a, 'b']}}",
        ),
        (
            "extensions: {files: {cmd: x}}",
            "extensions: {files: {cmd: \"/opt/mcptop\", args: [\"wrap\", \"--label=files\", \"--\", x]}}",
        ),
    ] {
        assert_eq!(there_and_back(text, Format::Yaml, keys), expected);
    }
}

#[test]
fn entries_of_a_list_are_found_by_their_name() {
    let text = "mcpServers:\n  - name: other\n    command: y\n  - command: x\n    name: files\n";
    let wrapped = there_and_back(text, Format::Yaml, KEYS);
    assert!(wrapped.contains("  - args:\n      - \"wrap\"\n"), "{wrapped}");
    assert!(wrapped.contains("      - x\n    command: \"/opt/mcptop\"\n    name: files\n"), "{wrapped}");
}

#[test]
fn servers_of_several_projects_are_told_apart() {
    let text = r#"{"projects": {"/a": {"mcpServers": {"files": {"command": "x"}}}, "/b": {"mcpServers": {"files": {"command": "y"}}}}}"#;
    let keys: &[&str] = &["projects", "*", "mcpServers"];
    let servers = Document::parse(text, Format::Json).unwrap().servers(keys);
    assert_eq!(
        servers.iter().map(|server| server.group.as_deref()).collect::<Vec<_>>(),
        [Some("/a"), Some("/b")]
    );
    let which = Which { keys, group: Some("/b"), name: "files" };
    let wrapped = wrap(text, Format::Json, which, &Shape::COMMON, "mcptop").unwrap();
    assert!(wrapped.contains(r#""/a": {"mcpServers": {"files": {"command": "x"}}}"#), "{wrapped}");
    assert_eq!(unwrap(&wrapped, Format::Json, which).unwrap(), text);
}

#[test]
fn what_a_person_adds_to_the_wrapping_goes_with_it() {
    let text = r#"{"mcpServers": {"files": {"command": "npx", "args": ["-y"]}}}"#;
    let wrapped = there_and_back(text, Format::Json, KEYS);
    let with_rules = wrapped.replace(r#""--label""#, r#""--rules", "strict", "--label""#);
    assert_eq!(unwrap(&with_rules, Format::Json, files(KEYS)).unwrap(), text);
}

#[test]
fn a_file_its_client_has_written_anew_is_unwrapped_all_the_same() {
    // As serde_yaml and JSON.stringify write it.
    let yaml = "extensions:\n  files:\n    args:\n    - wrap\n    - --label\n    - files\n    - --\n    - npx\n    cmd: /opt/mcptop\n";
    let back = unwrap(yaml, Format::Yaml, files(&["extensions"])).unwrap();
    assert_eq!(back, "extensions:\n  files:\n    args: []\n    cmd: npx\n");
    let json = "{\n  \"mcpServers\": {\n    \"files\": {\n      \"args\": [\n        \"wrap\",\n        \"--label=files\",\n        \"--\",\n        \"npx\"\n      ],\n      \"command\": \"C:\\\\mcptop.EXE\"\n    }\n  }\n}";
    let back = unwrap(json, Format::Json, files(KEYS)).unwrap();
    assert_eq!(back, "{\n  \"mcpServers\": {\n    \"files\": {\n      \"command\": \"npx\"\n    }\n  }\n}");
}

#[test]
fn what_cannot_be_restored_or_read_is_left_alone() {
    let wrapped = |text: &str, format| {
        wrap(text, format, files(KEYS), &Shape::COMMON, "mcptop").unwrap_err().to_string()
    };
    for (text, why) in [
        (r#"{"mcpServers": {"files": {"command": "x",}}"#, "line 1, column"),
        ("{'mcpServers': {}}", "line 1, column"),
        (r#"{"mcpServers": {}}"#, "no server \"files\""),
        (r#"{"mcpServers": {"files": {"command": "x"}, "files": {"command": "y"}}}"#, "more than one server"),
        (r#"{"mcpServers": {"files": {"command": "x", "command": "y"}}}"#, "twice"),
        (r#"{"mcpServers": {"files": {"command": "x", "args": "-y"}}}"#, "no list"),
        (r#"{"mcpServers": {"files": {"command": 7}}}"#, "no text"),
        (r#"{"mcpServers": {"files": {"command": []}}}"#, "starts nothing"),
        (r#"{"mcpServers": {"files": {"command": "mcptop", "args": ["wrap", "x"]}}}"#, "already"),
        ("", "it is empty"),
    ] {
        let said = wrapped(text, Format::Json);
        assert!(said.contains(why), "{text}: {said}");
    }
    for (text, why) in [
        ("mcpServers:\n  files:\n    command: &c x\n", "anchor"),
        ("mcpServers:\n  files:\n    command: >\n      x\n", "more than one line"),
        ("mcpServers:\n  files: {command: x}\n---\n{}\n", "more than one document"),
        ("mcpServers:\n  files:\n    command: a,b\n    args: []\n", "quotes"),
        ("mcpServers: [\n", "line"),
    ] {
        let said = wrapped(text, Format::Yaml);
        assert!(said.contains(why), "{text}: {said}");
    }
    assert!(wrapped("[mcpServers\n", Format::Toml).contains("line 1"));
    let dashed = Which { keys: KEYS, group: None, name: "-x" };
    let said =
        wrap(r#"{"mcpServers": {"-x": {"command": "y"}}}"#, Format::Json, dashed, &Shape::COMMON, "mcptop");
    assert!(said.unwrap_err().to_string().contains("dash"));
}

#[test]
fn every_kind_of_server_is_told_apart() {
    let text = r#"{"mcpServers": {
        "a": {"command": "npx", "args": ["-y", 8080]}, "b": {"url": "https://h/mcp", "disabled": true},
        "c": {"command": "mcptop", "args": ["wrap", "--label", "c", "--", "npx"]},
        "d": {"command": "/x/mcptop", "args": ["wrap", "https://h/mcp"]}, "e": {}}}"#;
    let servers = Document::parse(text, Format::Json).unwrap().servers(KEYS);
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let expected = [
        Launch::Command(words(&["npx", "-y", "8080"])),
        Launch::Address("https://h/mcp".to_owned()),
        Launch::Wrapped(words(&["npx"])),
        Launch::ByHand(words(&["wrap", "https://h/mcp"])),
        Launch::Nothing,
    ];
    assert_eq!(servers.iter().map(|server| server.launch.clone()).collect::<Vec<_>>(), expected);
    assert_eq!(
        servers.iter().map(|server| server.is_on).collect::<Vec<_>>(),
        [true, false, true, true, true]
    );
}
