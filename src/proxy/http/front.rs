//! Whose requests are taken: those that name us as their host, from pages that are ours.
//!
//! A page in a browser can make any name point at this machine ("DNS rebinding") and then send requests here, but it
//! cannot choose the `Host` and `Origin` fields. The specification asks servers to check them (2025-11-25, Streamable
//! HTTP, "Security Warning"); in front of a server this is ours to do. Knows nothing of sockets.

use std::net::SocketAddr;

use crate::wire::http::Request;

/// The names under which we may be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Front {
    names: Vec<String>,
    port: u16,
    token: Option<String>,
}

/// Why a request may not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// It does not name us, or comes from somebody else's page.
    Foreign(String),
    /// It does not carry our token.
    Unknown,
}

/// The names of this machine that nobody else can have.
const OWN_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

impl Front {
    /// A front that listens at this address and port, goes by these further names, and asks for this token if there is
    /// one.
    #[must_use]
    pub fn new(address: &str, port: u16, names: &[String], token: Option<String>) -> Self {
        let own = OWN_NAMES.iter().copied().chain([address]);
        let names = own.chain(names.iter().map(String::as_str)).map(str::to_ascii_lowercase);
        Self { names: names.collect(), port, token }
    }

    /// The front of a socket that listens there.
    pub(in crate::proxy) fn of(listen: SocketAddr, names: &[String], token: Option<String>) -> Self {
        Self::new(&listen.ip().to_string(), listen.port(), names, token)
    }

    /// Whether a request may pass; what is wrong with it if not.
    pub(super) fn check(&self, request: &Request<'_>) -> Result<(), Rejected> {
        self.check_names(request).map_err(Rejected::Foreign)?;
        let Some(token) = &self.token else { return Ok(()) };
        let mut given = request.headers.all(TOKEN_FIELD);
        match (given.next(), given.next()) {
            (Some(field), None) if is_bearer(field, token) => Ok(()),
            _ => Err(Rejected::Unknown),
        }
    }

    /// Whether a client's token is for us, and so not for the server.
    pub(in crate::proxy) fn takes_token(&self) -> bool {
        self.token.is_some()
    }

    fn check_names(&self, request: &Request<'_>) -> Result<(), String> {
        // Servers believe a host in the target rather than the Host field (RFC 9112 section 3.2.2).
        let is_path = request.target.starts_with('/') || request.target == "*";
        if !is_path && request.method != "CONNECT" {
            return Err("it asks for a whole URL, as one asks a proxy to the web; ask for a path".to_owned());
        }
        if request.headers.count("host") > 1 {
            return Err("it has several Host fields".to_owned());
        }
        match request.headers.first("host") {
            Some(host) => self.check_host(&String::from_utf8_lossy(host))?,
            // HTTP/1.0 knows none, and no browser speaks it.
            None if request.minor == 0 => {}
            None => return Err("it has no Host field".to_owned()),
        }
        for origin in request.headers.all("origin") {
            self.check_origin(&String::from_utf8_lossy(origin))?;
        }
        Ok(())
    }

    fn check_host(&self, host: &str) -> Result<(), String> {
        let (name, port) = split(host);
        let is_ours = self.is_ours(name) && port.is_none_or(|port| self.is_our_port(port));
        let known =
            || format!("its Host is `{host}`, and this is {}; add other names with --allow-host", self.own());
        if is_ours { Ok(()) } else { Err(known()) }
    }

    fn check_origin(&self, origin: &str) -> Result<(), String> {
        let site = origin.split_once("://").map(|(_, site)| split(site).0);
        // The port may differ: an inspector on this machine is a page of this machine.
        if site.is_some_and(|name| self.is_ours(name)) {
            return Ok(());
        }
        Err(format!("its Origin is `{origin}`; pages of other sites are let in with --allow-host"))
    }

    fn is_ours(&self, name: &str) -> bool {
        self.names.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    fn is_our_port(&self, port: &str) -> bool {
        // Digits only: numbers are also read with a sign.
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse() == Ok(self.port)
    }

    fn own(&self) -> String {
        format!("{} at port {}", self.names[0], self.port)
    }
}

/// The field in which a client gives its token (RFC 6750 section 2.1).
pub(super) const TOKEN_FIELD: &str = "authorization";

/// Whether the field holds this token; how long that takes says nothing of where they differ.
fn is_bearer(field: &[u8], token: &str) -> bool {
    let Some((scheme, given)) = field.split_at_checked("Bearer ".len()) else { return false };
    let given = given.trim_ascii();
    let differ = given.iter().zip(token.bytes()).fold(0, |differ, (ours, theirs)| differ | (ours ^ theirs));
    scheme.eq_ignore_ascii_case(b"Bearer ") && given.len() == token.len() && differ == 0
}

/// A host name, without the brackets of an IPv6 address, and its port.
fn split(host: &str) -> (&str, Option<&str>) {
    if let Some(rest) = host.strip_prefix('[')
        && let Some((address, behind)) = rest.split_once(']')
        && (behind.is_empty() || behind.starts_with(':'))
    {
        return (address, behind.strip_prefix(':'));
    }
    match host.rsplit_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (host, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::http::request;

    fn check(fields: &str) -> Result<(), Rejected> {
        check_with(fields, None)
    }

    fn check_with(fields: &str, token: Option<&str>) -> Result<(), Rejected> {
        let head = format!("POST /mcp HTTP/1.1\r\n{fields}\r\n");
        let front =
            Front::new("192.168.0.7", 7080, &["mcp.example.org".to_owned()], token.map(str::to_owned));
        front.check(&request(head.as_bytes()).unwrap().unwrap().0)
    }

    #[test]
    fn our_own_names_are_let_in() {
        for host in [
            "localhost:7080",
            "LOCALHOST:7080",
            "127.0.0.1:7080",
            "[::1]:7080",
            "192.168.0.7:7080",
            "localhost",
            "mcp.example.org:7080",
            "mcp.example.org",
        ] {
            assert_eq!(check(&format!("Host: {host}\r\n")), Ok(()));
        }
        for origin in
            ["http://localhost:6274", "https://mcp.example.org", "http://[::1]:1", "http://127.0.0.1:7080"]
        {
            assert_eq!(check(&format!("Host: localhost:7080\r\nOrigin: {origin}\r\n")), Ok(()));
        }
    }

    #[test]
    fn who_has_our_token_is_let_in_and_nobody_else() {
        let with = |field: &str| check_with(&format!("Host: localhost:7080\r\n{field}"), Some("s3cret"));
        assert_eq!(with("Authorization: Bearer s3cret\r\n"), Ok(()));
        assert_eq!(with("authorization: bearer  s3cret \r\n"), Ok(()));
        for field in [
            "",
            "Authorization: Bearer s3cre\r\n",
            "Authorization: Bearer s3cret2\r\n",
            "Authorization: Bearer S3cret\r\n",
            "Authorization: Basic s3cret\r\n",
            "Authorization: Bearer\r\n",
            "Authorization: Bearer s3cret\r\nAuthorization: Bearer s3cret\r\n",
        ] {
            assert_eq!(with(field), Err(Rejected::Unknown), "{field}");
        }
    }

    #[test]
    fn names_of_others_are_not() {
        for fields in [
            "Host: evil.example:7080\r\n",
            "Host: localhost.evil.example:7080\r\n",
            "Host: localhost:80\r\n",
            "Host: localhost:7080\r\nHost: localhost:7080\r\n",
            "Host: [::1:7080\r\n",
            "Host: [::1]evil.example\r\n",
            "Host: localhost:+7080\r\n",
            "Host: localhost:\r\n",
            "Host: \r\n",
            "",
            "Host: localhost:7080\r\nOrigin: null\r\n",
            "Host: localhost:7080\r\nOrigin: http://evil.example\r\n",
            "Host: localhost:7080\r\nOrigin: http://localhost.evil.example:7080\r\n",
            "Host: localhost:7080\r\nOrigin: http://localhost\r\nOrigin: http://evil.example\r\n",
        ] {
            assert!(check(fields).is_err(), "{fields}");
        }
    }

    #[test]
    fn a_target_that_names_a_host_itself_is_not_let_in() {
        let front = Front::new("127.0.0.1", 7080, &[], None);
        for (line, passes) in [
            ("GET /mcp", true),
            ("GET /mcp?to=http://evil.example/", true),
            ("OPTIONS *", true),
            ("GET http://evil.example/mcp", false),
            ("GET HTTPS://localhost:7080/mcp", false),
            ("GET evil.example", false),
        ] {
            let head = format!("{line} HTTP/1.1\r\nHost: localhost:7080\r\n\r\n");
            let checked = front.check(&request(head.as_bytes()).unwrap().unwrap().0);
            assert_eq!(checked.is_ok(), passes, "{line}");
        }
    }
}
