use super::*;

#[test]
fn an_address_moves_into_the_arguments_and_its_fields_become_variables() {
    let text = r#"{"mcpServers": {
    "files": {
      "type": "http", // remote
      "url": /* here */ "https://h/mcp\u002fx",
      "headers": { "Authorization": "Bearer ${TOKEN}", "Accept": "text/plain", "X-Team": "a" },
      "disabled": false
    }
  }}"#;
    let expected = r#"{"mcpServers": {
    "files": {
      "type": "stdio", // remote
      "command": "/opt/mcptop",
      "args": /* here */ ["wrap", "--label", "files", "--was=url,type=http,headers", "--header-env", "Authorization=Authorization", "--header-env", "X-Team=X-Team", "https://h/mcp\u002fx"],
      "env": { "Authorization": "Bearer ${TOKEN}", "Accept": "text/plain", "X-Team": "a" },
      "disabled": false
    }
  }}"#;
    for newline in ["\n", "\r\n"] {
        let [text, expected] =
            [text, expected].map(|text| format!("\u{FEFF}{}", text.replace('\n', newline)));
        assert_eq!(there_and_back(&text, Format::Json, KEYS), expected);
    }
}

#[test]
fn every_shape_of_an_address_has_its_counterpart() {
    for (text, keys, expected) in [
        (r#"{"mcpServers":{"files":{"serverUrl":"https://h"}}}"#, KEYS, r#"{"command":"#),
        (
            r#"{"servers": {"files": {"url": "https://h", "type": "http"}}}"#,
            &["servers"],
            r#""type": "stdio""#,
        ),
        (
            r#"{"mcp": {"files": {"type": "remote", "url": "https://h", "headers": {"A": "b"}, "enabled": true}}}"#,
            &["mcp"],
            r#"{"type": "local", "command": ["/opt/mcptop", "wrap", "--label", "files", "--was=url,type=remote,headers", "--header-env", "A=A", "https://h"], "environment": {"A": "b"}, "enabled": true}"#,
        ),
    ] {
        // A name and a colon are not written closer than this project writes them.
        let expected = expected.replace("{\"command\":", "{\"command\": \"/opt/mcptop\", \"args\":[");
        let wrapped = there_and_back(text, Format::Json, keys);
        assert!(wrapped.contains(&expected), "{wrapped}");
    }
}

#[test]
fn codex_passes_its_token_on_in_a_variable() {
    let keys: &[&str] = &["mcp_servers"];
    let args = r#"args = ["wrap", "--label", "files", "--was=url,"#;
    for (text, expected) in [
        (
            "[mcp_servers.files] # mine\nurl = 'https://h' # far\nbearer_token_env_var = \"TOKEN\"\n\n[mcp_servers.files.http_headers]\nX-A = \"b\"\n",
            format!(
                "[mcp_servers.files] # mine\ncommand = \"/opt/mcptop\"\n{args}http_headers,bearer_token_env_var\", \"--header-env\", \"X-A=X-A\", \"--bearer-env\", \"TOKEN\", 'https://h'] # far\nenv_vars = [\"TOKEN\"]\n\n[mcp_servers.files.env]\nX-A = \"b\"\n"
            ),
        ),
        (
            "mcp_servers.files.url = \"https://h\"\r\nmcp_servers.files.http_headers = { 'A' = 'b' }\r\n",
            format!(
                "mcp_servers.files.command = \"/opt/mcptop\"\r\nmcp_servers.files.{args}http_headers\", \"--header-env\", \"A=A\", \"https://h\"]\r\nmcp_servers.files.env = {{ 'A' = 'b' }}\r\n"
            ),
        ),
        (
            "mcp_servers.files = { url = \"https://h\", startup_timeout_sec = 20 }\n",
            format!(
                "mcp_servers.files = {{ command = \"/opt/mcptop\", {}\", \"https://h\"], startup_timeout_sec = 20 }}\n",
                args.trim_end_matches(',')
            ),
        ),
    ] {
        assert_eq!(there_and_back(text, Format::Toml, keys), expected);
    }
}

#[test]
fn goose_and_continue_keep_their_lines() {
    let goose = "extensions:\n  files:\n    enabled: true\n    type: streamable_http\n    name: files\n    uri: https://h/mcp # far\n    envs: {}\n    env_keys: []\n    headers:\n      Authorization: Bearer x\n    timeout: 300\n";
    let wrapped = there_and_back(goose, Format::Yaml, &["extensions"]);
    assert_eq!(
        wrapped,
        "extensions:\n  files:\n    enabled: true\n    type: \"stdio\"\n    name: files\n    cmd: \"/opt/mcptop\"\n    args: [\"wrap\", \"--label\", \"files\", \"--was=uri,type=streamable_http,headers\", \"--header-env\", \"Authorization=Authorization\", https://h/mcp] # far\n    headers: {}\n    env_keys: []\n    envs:\n      Authorization: Bearer x\n    timeout: 300\n"
    );
    // As Goose writes it when it saves its settings.
    let saved = wrapped.replace(
        "    args: [\"wrap\", \"--label\", \"files\", \"--was=uri,type=streamable_http,headers\", \"--header-env\", \"Authorization=Authorization\", https://h/mcp] # far\n",
        "    args:\n    - wrap\n    - --label\n    - files\n    - --was=uri,type=streamable_http,headers\n    - --header-env\n    - Authorization=Authorization\n    - https://h/mcp\n",
    );
    let back = unwrap(&saved, Format::Yaml, files(&["extensions"])).unwrap();
    assert_eq!(back, goose.replace(" # far", ""));

    let list = "mcpServers:\n  - url: https://h\n    name: files\n    type: streamable-http\n";
    let wrapped = there_and_back(list, Format::Yaml, KEYS);
    assert!(
        wrapped.starts_with("mcpServers:\n  - command: \"/opt/mcptop\"\n    args: [\"wrap\","),
        "{wrapped}"
    );
}

#[test]
fn a_client_may_have_sorted_the_names_of_a_wrapped_entry() {
    let sorted = "{\n  \"mcpServers\": {\n    \"files\": {\n      \"args\": [\n        \"wrap\",\n        \"--label\",\n        \"files\",\n        \"--was=url,headers\",\n        \"--header-env\",\n        \"A=A\",\n        \"https://h\"\n      ],\n      \"command\": \"/opt/mcptop\",\n      \"env\": {\n        \"A\": \"b\"\n      }\n    }\n  }\n}";
    assert_eq!(
        unwrap(sorted, Format::Json, files(KEYS)).unwrap(),
        "{\n  \"mcpServers\": {\n    \"files\": {\n      \"url\": \"https://h\",\n      \"headers\": {\n        \"A\": \"b\"\n      }\n    }\n  }\n}"
    );
}

#[test]
fn what_has_no_counterpart_beside_a_command_is_refused() {
    for (entry, why) in [
        (r#"{"type": "sse", "url": "https://h"}"#, "the transport of 2024"),
        (r#"{"type": "h,ttp", "url": "https://h"}"#, "none that is known"),
        (r#"{"url": "https://h", "serverUrl": "https://h"}"#, "twice"),
        (r#"{"url": "https://h", "oauth": {}}"#, "how to log in"),
        (r#"{"url": "https://h", "headers": {"A": "b"}, "env": {"C": "d"}}"#, "both headers and variables"),
        (r#"{"url": "https://h", "headers": {"A": 1}}"#, "no text"),
        (r#"{"url": "https://h", "headers": "A: b"}"#, "not written as a map"),
        (r#"{"url": "ws://h"}"#, "http:// or https://"),
        (r#"{"url": ""}"#, "http:// or https://"),
        (r#"{"url": "https://h", "args": []}"#, "both an address and `args`"),
        (r#"{"\u0075rl": "https://h"}"#, "escapes"),
    ] {
        let text = format!("{{\"mcpServers\": {{\"files\": {entry}}}}}");
        let refused = wrap(&text, Format::Json, files(KEYS), &Shape::COMMON, "mcptop").unwrap_err();
        assert!(refused.to_string().contains(why), "{entry}: {refused}");
    }
    for (entry, is_taken) in [
        (r#"{"url": "https://h"}"#, false),
        (r#"{"url": "https://h", "type": "http"}"#, true),
        (r#"{"httpUrl": "https://h"}"#, true),
    ] {
        let text = format!("{{\"mcpServers\": {{\"files\": {entry}}}}}");
        let wrapped = wrap(&text, Format::Json, files(KEYS), &Shape::GEMINI, "mcptop");
        assert_eq!(wrapped.is_ok(), is_taken, "{entry}");
    }
    let goose = "extensions:\n  files: {uri: https://h, headers: {A: $TOKEN}}\n";
    let refused = wrap(goose, Format::Yaml, files(&["extensions"]), &Shape::GOOSE, "mcptop").unwrap_err();
    assert!(refused.to_string().contains("names a variable"), "{refused}");
}

#[test]
fn a_variable_that_was_added_since_never_becomes_a_header() {
    let text = r#"{"mcpServers": {"files": {"url": "https://h", "headers": {"A": "b"}}}}"#;
    let wrapped = wrap(text, Format::Json, files(KEYS), &Shape::COMMON, "mcptop").unwrap();
    let added = wrapped.replace(r#"{"A": "b"}"#, r#"{"A": "b", "MY_SECRET": "s"}"#);
    assert_ne!(added, wrapped);
    let refused = unwrap(&added, Format::Json, files(KEYS)).unwrap_err();
    assert!(refused.to_string().contains("would become a header"), "{refused}");
    assert_eq!(unwrap(&wrapped, Format::Json, files(KEYS)).unwrap(), text);
}

#[test]
fn what_somebody_has_made_of_the_wrapping_by_hand_is_refused_if_it_makes_no_sense() {
    for was in [
        "url,headers,headers",
        "url,env",
        "url,type=http",
        "url,bearer_token_env_var",
        "command",
        "",
        "url,a=b",
    ] {
        let text = format!(
            "{{\"mcpServers\": {{\"files\": {{\"command\": \"mcptop\", \"args\": [\"wrap\", \"--was={was}\", \"https://h\"], \"env\": {{\"A\": \"b\"}}}}}}}}"
        );
        let refused = unwrap(&text, Format::Json, files(KEYS));
        assert!(
            matches!(refused, Err(Problem::NotRestorable | Problem::NotWrapped | Problem::Form(_))),
            "{was}: {refused:?}"
        );
    }
}

#[test]
fn the_fields_of_a_request_are_the_same_before_and_after() {
    for (text, format, keys) in [
        (r#"{"mcpServers": {"files": {"url": "https://h", "headers": {"A": "b"}}}}"#, Format::Json, KEYS),
        (
            "[mcp_servers.files]\nurl = 'https://h'\nbearer_token_env_var = 'T'\nhttp_headers = {A = 'b'}\n",
            Format::Toml,
            &["mcp_servers"],
        ),
    ] {
        let wrapped = there_and_back(text, format, keys);
        let [before, after] =
            [text, &wrapped].map(|text| Document::parse(text, format).unwrap().servers(keys)[0].clone());
        assert_eq!(before.launch, Launch::Address("https://h".to_owned()));
        assert_eq!(after.launch, Launch::Fronted("https://h".to_owned()));
        assert!(!before.fields.is_empty() && before.fields == after.fields, "{:?}", after.fields);
    }
}
