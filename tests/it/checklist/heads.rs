//! What a proxy can break in the heads of requests and responses, and in the bodies that are no MCP.

use crate::serve::{CALL, RESULT, Served, Wire, answer, call};

/// The head that the server gets of a request with these fields, and the connections it went over.
fn head_at_server(proxy: &Served, fields: &str) -> (String, Wire, Wire) {
    let mut client = proxy.client();
    client.send(
        proxy.request(&format!(
            "POST /mcp HTTP/1.1\nHost: {{us}}\n{fields}Content-Length: {}\n\n",
            CALL.len()
        )),
    );
    client.send(CALL);
    let mut server = proxy.accept();
    let head = server.head();
    server.expect(CALL);
    (head, client, server)
}

/// The head that the client gets of a response with these fields.
fn head_at_client(proxy: &Served, fields: &str) -> String {
    let (_, mut client, mut server) = head_at_server(proxy, "");
    server.send(answer("200 OK", fields, RESULT));
    let head = client.head();
    client.expect(RESULT);
    head
}

#[test]
fn unknown_header_fields_are_not_dropped() {
    let proxy = Served::start(&[]);
    let fields = "X-Unknown: 1\r\nMcp-Unheard-Of: é\r\nMcp-Param-City: Oslo\r\ntraceparent: 00-a-b-01\r\nDPoP: x\r\n\
                  Cookie: a=b; c\r\nEmpty: \r\nAuthorization: Bearer x y\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n\
                  WWW-Authenticate: Bearer resource_metadata=\"x\", scope=\"y\"\r\nX-Accel-Buffering: no\r\n\
                  Cache-Control: no-cache\r\nAccess-Control-Allow-Origin: *\r\nVary: Origin\r\n";
    let (head, ..) = head_at_server(&proxy, &fields.replace("\r\n", "\n"));
    assert!(head.contains(fields), "{head}");
    let head = head_at_client(&proxy, fields);
    assert!(head.contains(fields), "{head}");
}

#[test]
fn last_event_id_is_not_lost() {
    let proxy = Served::start(&[]);
    for id in ["7", "7:a_b/c==", "é \"x\"", "0"] {
        let mut client = proxy.client();
        client.send(proxy.request(&format!("GET /mcp HTTP/1.1\nHost: {{us}}\nLast-Event-ID: {id}\n\n")));
        let head = proxy.accept().head();
        assert!(head.contains(&format!("\r\nLast-Event-ID: {id}\r\n")), "{head}");
    }
}

/// What clients tell eras, sessions and rights by: the status with its fields, and the body whatever it is.
const ANSWERS: [(&str, &str, &str); 11] = [
    ("202 Accepted", "", ""),
    (
        "404 Not Found",
        "Content-Type: application/json\r\n",
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}"#,
    ),
    ("405 Method Not Allowed", "Allow: POST, DELETE\r\n", "Method Not Allowed"),
    ("401 Unauthorized", "WWW-Authenticate: Bearer resource_metadata=\"https://a.example/x\"\r\n", ""),
    ("403 Forbidden", "WWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"a b\"\r\n", "no"),
    (
        "400 Bad Request",
        "Content-Type: application/json\r\n",
        r#"{"id":1,"error":{"code":-32020,"message":"x"}}"#,
    ),
    (
        "415 Unsupported Media Type",
        "Content-Type: text/plain; charset=utf-8\r\n",
        "fail to deserialize request body",
    ),
    ("421 Misdirected Request", "", "Invalid Host header"),
    ("429 Too Many Requests", "Retry-After: 3\r\n", "{"),
    ("500 Internal Server Error", "Content-Type: text/html\r\n", "<p>\u{1F4A5}"),
    ("503 Come Back Later", "", "\n"),
];

/// The server's answers as they are at the client.
fn answers_at_client() -> Vec<(String, String)> {
    let proxy = Served::start(&[]);
    let answered = |(status, fields, body): &(&str, &str, &str)| {
        let (_, mut client, mut server) = head_at_server(&proxy, "");
        server.send(answer(status, fields, body));
        (client.head(), client.take(body.len()))
    };
    ANSWERS.iter().map(answered).collect()
}

#[test]
fn the_statuses_202_404_405_401_and_403_are_not_remapped() {
    for ((head, _), (status, fields, body)) in answers_at_client().iter().zip(ANSWERS) {
        assert_eq!(*head, format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\n\r\n", body.len()));
    }
}

#[test]
fn error_bodies_in_plain_text_are_not_turned_into_json() {
    for ((_, received), (status, _, body)) in answers_at_client().iter().zip(ANSWERS) {
        assert_eq!(received, body, "{status}");
    }
}

/// Everything MCP says in fields, in spellings of the specification's revisions and of clients.
const MCP_FIELDS: [(&str, &str); 9] = [
    ("Mcp-Session-Id", "AbC-0"),
    ("MCP-Protocol-Version", "2026-07-28"),
    ("Mcp-Method", "tools/call"),
    ("mcp-name", "Get_Weather"),
    ("Mcp-Param-City", "=?base64?w6k=?="),
    ("Mcp-Param-Padded", "=?base64?IHg=?="),
    ("Mcp-Param-Lookalike", "=?base64?PT9iYXNlNjQ/eD89?="),
    ("MCP-PARAM-Flag", "TRUE"),
    ("Mcp-Param-Count", "007"),
];

fn mcp_fields() -> String {
    MCP_FIELDS.map(|(name, value)| format!("{name}: {value}\r\n")).concat()
}

#[test]
fn mcp_headers_are_not_duplicated() {
    let proxy = Served::start(&[]);
    let (head, ..) = head_at_server(&proxy, &mcp_fields().replace("\r\n", "\n"));
    for (name, _) in MCP_FIELDS {
        let is_it = |line: &&str| {
            line.split(':').next().is_some_and(|name_here| name_here.eq_ignore_ascii_case(name))
        };
        assert_eq!(head.lines().filter(is_it).count(), 1, "{name}: {head}");
    }
    // A client's own duplicate is for the server to refuse, which it cannot if it does not see it.
    let (head, ..) = head_at_server(&proxy, "Mcp-Method: tools/call\nMcp-Method: tools/list\n");
    assert!(head.contains("\r\nMcp-Method: tools/call\r\nMcp-Method: tools/list\r\n"), "{head}");
    // One that the client did not send does not appear.
    let (head, ..) = head_at_server(&proxy, "");
    assert!(!head.to_ascii_lowercase().contains("mcp-"), "{head}");
}

#[test]
fn the_case_of_header_values_and_their_base64_sentinel_are_not_altered() {
    let proxy = Served::start(&[]);
    let fields = mcp_fields();
    let (head, ..) = head_at_server(&proxy, &fields.replace("\r\n", "\n"));
    assert!(head.contains(&fields), "{head}");
    let head = head_at_client(&proxy, &fields);
    assert!(head.contains(&fields), "{head}");
}

#[test]
fn host_names_the_server_and_origin_passes_and_neither_may_be_a_strangers() {
    let proxy = Served::start(&[]);
    let server = proxy.server.local_addr().unwrap();
    for origin in ["http://localhost:6274", "https://127.0.0.1"] {
        let (head, ..) = head_at_server(&proxy, &format!("Origin: {origin}\n"));
        assert!(head.contains(&format!("\r\nHost: {server}\r\n")), "{head}");
        assert!(head.contains(&format!("\r\nOrigin: {origin}\r\n")), "{head}");
    }
    let own = format!("Host: {}\r\n", proxy.address);
    for (line, by) in [
        (own.as_str(), "Host: evil.example\r\n"),
        (&own, ""),
        ("Content-Length", "Origin: http://evil.example\r\nContent-Length"),
        ("Content-Length", "Origin: null\r\nContent-Length"),
    ] {
        let mut client = proxy.client();
        client.send(call(&proxy).replacen(line, by, 1));
        assert!(client.head().starts_with("HTTP/1.1 403 "), "{by}");
        assert!(proxy.is_left_alone(), "{by}");
    }
}
