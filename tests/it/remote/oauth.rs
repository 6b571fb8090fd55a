//! `mcptop wrap URL` in front of a server that wants to know who asks: the browser, the file, and what nobody may see.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use mcptop::model::Session;

use super::authority::{Authority, browse, get};
use super::{INITIALIZE, JSON, OPENED, call, error, read_recording, result, send};
use crate::rig::{Rig, recordings_below, within_patience};

/// What OAuth calls an error, which is none of JSON-RPC.
const STILL_NOT: &str = r#"{"error":"insufficient_scope","error_description":"never"}"#;

/// A user whose browser brings every address to the test.
struct User {
    folder: tempfile::TempDir,
}

impl User {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        assert!(Command::new("mkfifo").arg(folder.path().join("address")).status().unwrap().success());
        let browser = folder.path().join("browser");
        fs::write(&browser, "#!/bin/sh\necho \"$1\" > \"${0%/*}/address\"\n").unwrap();
        fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    fn wrap(&self, flags: &[&str], url: &str) -> Rig {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
        command.arg("wrap").args(flags).arg(url);
        command.env("BROWSER", self.folder.path().join("browser")).env("SECRET", "top-secret");
        Rig::start_below(command, &self.home())
    }

    /// The address that the browser was opened with.
    fn address(&self) -> String {
        let path = self.folder.path().join("address");
        within_patience("the browser", move || fs::read_to_string(path).unwrap().trim().to_owned())
    }

    /// The one file with a log-in.
    fn file(&self) -> PathBuf {
        let all = fs::read_dir(self.home().join("logins")).unwrap().map(|entry| entry.unwrap().path());
        let kept: Vec<_> = all.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
        assert_eq!(kept.len(), 1, "{kept:?}");
        kept.into_iter().next().unwrap()
    }

    fn recordings(&self) -> Vec<PathBuf> {
        recordings_below(&self.home().join("recordings"))
    }

    fn recorded(&self) -> Session {
        let all = self.recordings();
        assert_eq!(all.len(), 1);
        read_recording(&all[0])
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A call that is answered once the server has seen this token.
fn answered(client: &mut Rig, server: &Authority, id: u32, token: &str) {
    server.expect(&call(id), Some(token)).json(&result(id));
    assert_eq!(client.receive_line(), format!("{}\n", result(id)));
}

fn leave(client: &mut Rig) {
    client.close_stdin();
    assert!(client.wait().success());
}

/// A first call, for which the user logs in.
fn log_in(client: &mut Rig, server: &Authority, user: &User) {
    send(client, &call(1));
    server.expect(&call(1), None).answer("401 Unauthorized", &server.who(), "");
    let page = browse(&user.address());
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n") && page.contains("mcptop is logged in"), "{page}");
    answered(client, server, 1, "access-1");
}

#[test]
fn the_user_logs_in_with_a_browser_while_the_first_request_waits() {
    let (server, user) = (Authority::start(), User::new());
    let mut client = user.wrap(&[], &server.url());
    send(&mut client, INITIALIZE);
    server.expect(INITIALIZE, None).answer("401 Unauthorized", &server.who(), "");
    let address = user.address();
    browse(&address);
    server.expect(INITIALIZE, Some("access-1")).answer(
        "200 OK",
        &format!("{JSON}Mcp-Session-Id: s1\r\n"),
        OPENED,
    );
    assert_eq!(client.receive_line(), format!("{OPENED}\n"));
    client.close_stdin();
    let end = server.next();
    assert_eq!((&*end.method, end.field("authorization")), ("DELETE", Some("Bearer access-1")));
    end.accept();
    assert!(client.wait().success());
    assert!(client.stderr().contains(&address), "the address is also printed: {}", client.stderr());

    let notes = server.notes.lock().unwrap();
    let (visit, (token, _)) = (&notes.visits[0], &notes.tokens[0]);
    let of = |name: &str| &*visit[name];
    assert_eq!(
        (of("response_type"), of("code_challenge_method"), of("client_id")),
        ("code", "S256", "client-1")
    );
    assert_eq!((of("resource"), of("scope")), (&*server.url(), "read offline_access"));
    assert!(of("redirect_uri").starts_with("http://127.0.0.1:"), "{}", of("redirect_uri"));
    assert_eq!(notes.registered[0]["redirect_uris"][0], of("redirect_uri"));
    assert_eq!(
        (&*token["code"], &*token["resource"], &*token["redirect_uri"]),
        ("code-1", &*server.url(), of("redirect_uri"))
    );
    assert!(token["code_verifier"].len() >= 43);

    assert_eq!((mode(&user.file()), mode(user.file().parent().unwrap())), (0o600, 0o700));
    let session = user.recorded();
    assert_eq!(
        (session.totals().calls, session.totals().ok, session.totals().orphans),
        (1, 1, 0),
        "one call, sent twice"
    );
    let text = fs::read_to_string(&user.recordings()[0]).unwrap() + &client.stderr();
    for secret in ["access-1", "refresh-1", "code-1", &token["code_verifier"]] {
        assert!(!text.contains(secret), "{secret} is told");
    }
}

#[test]
fn a_log_in_is_kept_for_the_next_time() {
    let (server, user) = (Authority::start(), User::new());
    let mut client = user.wrap(&[], &server.url());
    log_in(&mut client, &server, &user);
    leave(&mut client);
    let mut client = user.wrap(&[], &server.url());
    send(&mut client, &call(2));
    answered(&mut client, &server, 2, "access-1");
    leave(&mut client);
    assert_eq!(server.notes.lock().unwrap().visits.len(), 1);
}

#[test]
fn a_token_is_renewed_before_it_ends_and_when_the_server_does_not_know_it_any_more() {
    let (server, user) = (Authority::start(), User::new());
    let mut client = user.wrap(&[], &server.url());
    send(&mut client, &call(1));
    server.expect(&call(1), None).answer("401 Unauthorized", &server.who(), "");
    server.notes.lock().unwrap().lasts_s = 10;
    browse(&user.address());
    answered(&mut client, &server, 1, "access-2");
    server.notes.lock().unwrap().lasts_s = 3600;
    send(&mut client, &call(2));
    answered(&mut client, &server, 2, "access-3");
    send(&mut client, &call(3));
    let who = server.who().replace("Bearer ", "Bearer error=\"invalid_token\", ");
    server.expect(&call(3), Some("access-3")).answer("401 Unauthorized", &who, "");
    answered(&mut client, &server, 3, "access-4");
    {
        let notes = server.notes.lock().unwrap();
        let renewal = &notes.tokens[3].0;
        assert_eq!((&*renewal["grant_type"], &*renewal["refresh_token"]), ("refresh_token", "refresh-3"));
        assert_eq!((notes.visits.len(), notes.registered.len()), (1, 1));
    }
    // What can be renewed no more is asked for again, as the same client.
    server.notes.lock().unwrap().is_renewing_refused = true;
    send(&mut client, &call(4));
    server.expect(&call(4), Some("access-4")).answer("401 Unauthorized", &who, "");
    browse(&user.address());
    answered(&mut client, &server, 4, "access-6");
    leave(&mut client);
    assert_eq!(mode(&user.file()), 0o600);
    let notes = server.notes.lock().unwrap();
    assert_eq!((notes.visits.len(), notes.registered.len()), (2, 1));
}

#[test]
fn rights_that_are_missing_are_asked_for_beside_those_there_are() {
    let (server, user) = (Authority::start(), User::new());
    let mut client = user.wrap(&[], &server.url());
    log_in(&mut client, &server, &user);
    send(&mut client, &call(2));
    let narrow = "WWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"write\"\r\n";
    server.expect(&call(2), Some("access-1")).answer("403 Forbidden", narrow, "");
    browse(&user.address());
    answered(&mut client, &server, 2, "access-2");
    let scope = server.notes.lock().unwrap().visits[1]["scope"].clone();
    let scopes: HashSet<_> = scope.split(' ').collect();
    assert_eq!(scopes, ["read", "write", "offline_access"].into());
    // A server that is never satisfied is not asked for ever.
    send(&mut client, &call(3));
    server.expect(&call(3), Some("access-2")).answer("403 Forbidden", narrow, "");
    browse(&user.address());
    server.expect(&call(3), Some("access-3")).answer("403 Forbidden", narrow, STILL_NOT);
    let (_, code, message) = error(&client.receive_line());
    assert!(code == 40_300 && message.contains("insufficient_scope"), "{message}");
    leave(&mut client);
}

#[test]
fn a_user_who_refuses_is_not_asked_again_at_once() {
    let (server, user) = (Authority::start(), User::new());
    let mut client = user.wrap(&[], &server.url());
    send(&mut client, &call(1));
    server.expect(&call(1), None).answer("401 Unauthorized", &server.who(), "");
    let address = url::Url::parse(&user.address()).unwrap();
    let of = |name| address.query_pairs().find(|(known, _)| known == name).unwrap().1.into_owned();
    let (back, state) = (of("redirect_uri"), of("state"));
    // Who does not know the state is not the one who was asked.
    let page = get(&format!("{back}?code=forged&state=other"));
    assert!(page.starts_with("HTTP/1.1 400 "), "{page}");
    assert!(get(&back.replace("/callback", "/favicon.ico")).starts_with("HTTP/1.1 404 "));
    let page = get(&format!("{back}?error=access_denied&error_description=%3Cno%3E&state={state}"));
    assert!(page.contains("access_denied: &lt;no&gt;"), "{page}");
    let (id, code, message) = error(&client.receive_line());
    assert_eq!((&*id, code), ("1", 40_101));
    assert!(message.contains("asks for authorization") && message.contains("access_denied"), "{message}");
    send(&mut client, &call(2));
    server.expect(&call(2), None).answer("401 Unauthorized", &server.who(), "");
    assert_eq!(error(&client.receive_line()).1, 40_101);
    leave(&mut client);
    assert_eq!(user.recorded().pending().count(), 0);
}

#[test]
fn an_answer_in_the_name_of_another_authorization_server_is_refused() {
    let (server, user) = (Authority::start(), User::new());
    server.notes.lock().unwrap().calls_itself = Some("https://evil.example".to_owned());
    let mut client = user.wrap(&[], &server.url());
    send(&mut client, &call(1));
    server.expect(&call(1), None).answer("401 Unauthorized", &server.who(), "");
    let page = browse(&user.address());
    assert!(page.starts_with("HTTP/1.1 400 "), "{page}");
    let (_, code, message) = error(&client.receive_line());
    assert!(code == 40_101 && message.contains("issuer mismatch"), "{message}");
    assert!(server.notes.lock().unwrap().tokens.is_empty());
    leave(&mut client);
}

#[test]
fn a_registered_client_is_used_and_the_browser_is_the_users_own() {
    let (server, user) = (Authority::start(), User::new());
    let flags = ["--oauth-client-id", "mine", "--oauth-client-secret-env", "SECRET", "--no-browser"];
    let mut client = user.wrap(&flags, &server.url());
    send(&mut client, &call(1));
    server.expect(&call(1), None).answer("401 Unauthorized", &server.who(), "");
    let stderr = client.path("stderr");
    let address = within_patience("the address", move || {
        loop {
            let said = fs::read_to_string(&stderr).unwrap();
            if let Some(line) =
                said.lines().find(|line| line.starts_with("http") && said.contains(&format!("{line}\n")))
            {
                return line.to_owned();
            }
            std::thread::yield_now();
        }
    });
    browse(&address);
    answered(&mut client, &server, 1, "access-1");
    leave(&mut client);
    let notes = server.notes.lock().unwrap();
    assert_eq!((&*notes.visits[0]["client_id"], notes.registered.len()), ("mine", 0));
    let proof = notes.tokens[0].1.as_deref().unwrap();
    assert_eq!(proof, "Basic bWluZTp0b3Atc2VjcmV0", "mine:top-secret");
    assert!(!client.stderr().contains("top-secret"));
}

#[test]
fn of_two_proxies_one_asks_the_user_and_both_are_let_in() {
    let (server, user) = (Authority::start(), User::new());
    let mut clients = [user.wrap(&[], &server.url()), user.wrap(&[], &server.url())];
    for client in &mut clients {
        send(client, &call(1));
        server.expect(&call(1), None).answer("401 Unauthorized", &server.who(), "");
    }
    browse(&user.address());
    for _ in 0..2 {
        server.expect(&call(1), Some("access-1")).json(&result(1));
    }
    for client in &mut clients {
        assert_eq!(client.receive_line(), format!("{}\n", result(1)));
        leave(client);
    }
    assert_eq!(server.notes.lock().unwrap().visits.len(), 1);
}

#[test]
fn requests_that_come_meanwhile_wait_for_the_same_log_in() {
    let (server, user) = (Authority::start(), User::new());
    let mut client = user.wrap(&[], &server.url());
    for id in 1..=5 {
        send(&mut client, &call(id));
    }
    for _ in 1..=5 {
        server.next().answer("401 Unauthorized", &server.who(), "");
    }
    browse(&user.address());
    for _ in 1..=5 {
        let request = server.next();
        assert_eq!(request.field("authorization"), Some("Bearer access-1"));
        request.json(&result(1));
    }
    for _ in 1..=5 {
        client.receive_line();
    }
    leave(&mut client);
    assert_eq!(server.notes.lock().unwrap().visits.len(), 1);
}

#[test]
fn a_token_that_is_given_needs_no_log_in() {
    let (server, user) = (Authority::start(), User::new());
    let mut client = user.wrap(&["--header-env", "authorization=SECRET"], &server.url());
    send(&mut client, &call(1));
    let request = server.next();
    assert_eq!(request.field("authorization"), Some("top-secret"));
    request.answer("401 Unauthorized", &server.who(), "");
    assert_eq!(error(&client.receive_line()).1, 40_100);
    leave(&mut client);
    assert!(server.notes.lock().unwrap().registered.is_empty() && !user.home().join("logins").exists());
}

#[test]
fn a_log_in_beforehand_is_there_for_the_client() {
    let (server, user) = (Authority::start(), User::new());
    let mut first = user.wrap(&["--login"], &server.url());
    let knock = server.next();
    assert!(knock.body.contains("initialize") && knock.field("authorization").is_none());
    knock.answer("401 Unauthorized", &server.who(), "");
    browse(&user.address());
    let knock = server.next();
    assert_eq!(knock.field("authorization"), Some("Bearer access-1"));
    knock.answer("200 OK", &format!("{JSON}Mcp-Session-Id: s1\r\n"), OPENED);
    let end = server.next();
    assert_eq!((&*end.method, end.field("mcp-session-id")), ("DELETE", Some("s1")));
    end.accept();
    assert!(first.wait().success());
    assert!(first.stderr().contains("logged in to"), "{}", first.stderr());
    let mut client = user.wrap(&[], &server.url());
    send(&mut client, &call(1));
    answered(&mut client, &server, 1, "access-1");
    leave(&mut client);
}

#[test]
fn a_server_that_wants_a_log_in_and_then_wider_rights_gets_both() {
    let (server, user) = (Authority::start(), User::new());
    let mut client = user.wrap(&[], &server.url());
    send(&mut client, &call(1));
    server.expect(&call(1), None).answer("401 Unauthorized", &server.who(), "");
    browse(&user.address());
    let narrow = "WWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"write\"\r\n";
    server.expect(&call(1), Some("access-1")).answer("403 Forbidden", narrow, STILL_NOT);
    browse(&user.address());
    answered(&mut client, &server, 1, "access-2");
    leave(&mut client);
}
