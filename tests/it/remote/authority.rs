//! A server that wants to know who asks, and the authorization server it trusts, in one: the second answers by itself and
//! notes what it was asked; what goes to the first is the test's to answer.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use url::Url;

use super::server::{Request, Server};

/// Nothing here takes a tenth of this; a test that waits longer has found a hang.
const PATIENCE: Duration = Duration::from_mins(1);

/// Both servers.
pub(crate) struct Authority {
    origin: String,
    /// What came to `/mcp`.
    calls: Receiver<Request>,
    pub(crate) notes: Arc<Mutex<Notes>>,
}

/// What the authorization server does and was asked.
#[derive(Default)]
pub(crate) struct Notes {
    /// The parameters of each visit of a browser.
    pub(crate) visits: Vec<HashMap<String, String>>,
    /// The parameters of each request for a token, and how the client proved who it is.
    pub(crate) tokens: Vec<(HashMap<String, String>, Option<String>)>,
    /// What clients wanted to be registered as.
    pub(crate) registered: Vec<Value>,
    /// How long tokens last from now on.
    pub(crate) lasts_s: u64,
    /// Whether tokens can be renewed no more.
    pub(crate) is_renewing_refused: bool,
    /// How it names itself to a browser that goes back, if not by its name.
    pub(crate) calls_itself: Option<String>,
}

impl Authority {
    pub(crate) fn start() -> Self {
        let server = Server::start();
        let origin = server.origin();
        let (sender, calls) = channel();
        let notes = Arc::new(Mutex::new(Notes { lasts_s: 3600, ..Notes::default() }));
        let (own, seen) = (origin.clone(), notes.clone());
        thread::spawn(move || {
            while let Some(request) = server.try_next() {
                if request.target == "/mcp" {
                    if sender.send(request).is_err() {
                        return;
                    }
                } else {
                    answer(&own, request, &mut seen.lock().unwrap());
                }
            }
        });
        Self { origin, calls, notes }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/mcp", self.origin)
    }

    pub(crate) fn next(&self) -> Request {
        self.calls.recv_timeout(PATIENCE).expect("waited in vain for a request")
    }

    /// The next request must be a POST that shows this token, or none.
    pub(crate) fn expect(&self, body: &str, token: Option<&str>) -> Request {
        let request = self.next();
        assert_eq!((&*request.method, &*request.body), ("POST", body));
        assert_eq!(request.field("authorization"), token.map(|token| format!("Bearer {token}")).as_deref());
        request
    }

    /// The field with which the server asks who it is.
    pub(crate) fn who(&self) -> String {
        let origin = &self.origin;
        format!(
            "WWW-Authenticate: Bearer resource_metadata=\"{origin}/.well-known/oauth-protected-resource/mcp\", scope=\"read\"\r\n"
        )
    }
}

fn answer(origin: &str, request: Request, notes: &mut Notes) {
    let url = Url::parse(origin).unwrap().join(&request.target).unwrap();
    let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
    let form = || url::form_urlencoded::parse(request.body.as_bytes()).into_owned().collect();
    match url.path() {
        "/.well-known/oauth-protected-resource/mcp" => {
            let metadata = json!({ "resource": format!("{origin}/mcp"), "authorization_servers": [origin], "scopes_supported": ["read", "write"] });
            request.json(&metadata.to_string());
        }
        "/.well-known/oauth-authorization-server" => {
            let at = |path: &str| format!("{origin}{path}");
            let metadata = json!({
                "issuer": origin, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
                "registration_endpoint": at("/register"), "response_types_supported": ["code"],
                "code_challenge_methods_supported": ["S256"], "scopes_supported": ["read", "write", "offline_access"],
                "authorization_response_iss_parameter_supported": true,
            });
            request.json(&metadata.to_string());
        }
        "/register" => {
            let wanted: Value = serde_json::from_str(&request.body).unwrap();
            notes.registered.push(wanted.clone());
            let client = json!({ "client_id": format!("client-{}", notes.registered.len()), "redirect_uris": wanted["redirect_uris"] });
            request.answer("201 Created", "Content-Type: application/json\r\n", &client.to_string());
        }
        "/authorize" => {
            let mut back = Url::parse(&query["redirect_uri"]).unwrap();
            let issuer = notes.calls_itself.as_deref().unwrap_or(origin);
            let code = format!("code-{}", notes.visits.len() + 1);
            back.query_pairs_mut()
                .append_pair("code", &code)
                .append_pair("state", &query["state"])
                .append_pair("iss", issuer);
            notes.visits.push(query);
            request.answer("302 Found", &format!("Location: {back}\r\n"), "");
        }
        "/token" => {
            let client = request.field("authorization").map(str::to_owned);
            notes.tokens.push((form(), client));
            let asked = &notes.tokens.last().unwrap().0;
            if asked["grant_type"] == "refresh_token" && notes.is_renewing_refused {
                return request.answer(
                    "400 Bad Request",
                    "Content-Type: application/json\r\n",
                    r#"{"error":"invalid_grant"}"#,
                );
            }
            let number = notes.tokens.len();
            let token = json!({
                "access_token": format!("access-{number}"), "refresh_token": format!("refresh-{number}"),
                "token_type": "Bearer", "expires_in": notes.lasts_s,
            });
            request.json(&token.to_string());
        }
        _ => request.answer("404 Not Found", "", ""),
    }
}

/// Goes where a browser would: to the address, and on to where that leads. Returns the last page.
pub(crate) fn browse(address: &str) -> String {
    let page = get(address);
    match page.split("\r\n").find_map(|line| line.strip_prefix("Location: ")) {
        Some(next) => get(next),
        None => page,
    }
}

/// A page with its head.
pub(crate) fn get(address: &str) -> String {
    let url = Url::parse(address).unwrap();
    let mut stream = TcpStream::connect((url.host_str().unwrap(), url.port().unwrap())).unwrap();
    let query = url.query().unwrap_or_default();
    write!(stream, "GET {}?{query} HTTP/1.1\r\nHost: {}\r\n\r\n", url.path(), url.authority()).unwrap();
    let (mut page, mut bytes) = (Vec::new(), [0; 4096]);
    // The first of the two keeps the connection open behind a page without a body.
    while !page.ends_with(b"Content-Length: 0\r\n\r\n") {
        match stream.read(&mut bytes).unwrap() {
            0 => break,
            len_bytes => page.extend_from_slice(&bytes[..len_bytes]),
        }
    }
    String::from_utf8(page).unwrap()
}
