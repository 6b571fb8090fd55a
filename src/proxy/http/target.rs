//! The server's address, as the user gives it.

use std::fmt;

use http::Uri;
use thiserror::Error;

use crate::trace::url_without_secrets;

/// Where the server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Whether it is reached over https.
    pub is_tls: bool,
    /// The host to connect to, without the brackets of an IPv6 address.
    pub host: String,
    /// The port to connect to.
    pub port: u16,
    /// Host and port as the `Host` field names them: without the port where it is the usual one.
    pub authority: String,
    /// The path of its endpoint, `/` if none was given.
    pub path: String,
}

/// Why something is no address of a server.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{}` is no address of an MCP server: {why}", url_without_secrets(url))]
pub struct TargetError {
    /// What was given.
    pub url: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl Target {
    /// Reads `http://host:port/path`.
    ///
    /// # Errors
    /// If it is no such address.
    pub fn parse(url: &str) -> Result<Self, TargetError> {
        let wrong = |why| TargetError { url: url.to_owned(), why };
        if !url.contains("://") {
            return Err(wrong("it has no scheme; write http:// in front of it"));
        }
        let uri: Uri = url.parse().map_err(|_| wrong("it is not a URL such as http://localhost:3000/mcp"))?;
        let is_tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            Some(_) | None => return Err(wrong("only http:// and https:// are understood")),
        };
        let authority = uri.authority().ok_or(wrong("it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("credentials do not belong into an address"));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err(wrong("it names no host"));
        }
        Ok(Self {
            is_tls,
            host,
            port: authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 }),
            authority: authority.as_str().to_owned(),
            path: uri.path().to_owned(),
        })
    }

    /// The path, query and fragment of an address within this server's origin, as a reference relative to it.
    pub(super) fn path_of_own<'a>(&self, address: &'a str) -> Option<&'a str> {
        let (scheme, rest) = address.split_once("://")?;
        let is_tls = if scheme.eq_ignore_ascii_case("https") {
            true
        } else if scheme.eq_ignore_ascii_case("http") {
            false
        } else {
            return None;
        };
        let (authority, path) = rest.split_at(rest.find('/')?);
        let authority: http::uri::Authority = authority.parse().ok()?;
        let port = authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let is_named = authority.host().trim_matches(['[', ']']).eq_ignore_ascii_case(&self.host);
        // What begins with two slashes names another host.
        let is_path = !path.starts_with("//") && !authority.as_str().contains('@');
        (is_tls == self.is_tls && port == self.port && is_named && is_path).then_some(path)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        let target = Target::parse("http://Example.org:3000/a/mcp?x=1").unwrap();
        assert_eq!((&*target.host, target.port, &*target.path), ("Example.org", 3000, "/a/mcp"));
        assert_eq!(target.authority, "Example.org:3000");
        let target = Target::parse("http://[::1]/mcp").unwrap();
        assert_eq!((&*target.host, target.port, &*target.authority), ("::1", 80, "[::1]"));
        assert_eq!(Target::parse("http://h").unwrap().path, "/");
        let target = Target::parse("https://h/mcp").unwrap();
        assert_eq!((target.is_tls, target.port, target.to_string()), (true, 443, "https://h/mcp".to_owned()));
    }

    #[test]
    fn addresses_within_the_servers_origin_become_paths() {
        let target = Target::parse("http://Example.org/mcp").unwrap();
        for own in ["http://example.org/a/?b=c#d", "HTTP://example.org:80/a/?b=c#d"] {
            assert_eq!(target.path_of_own(own), Some("/a/?b=c#d"), "{own}");
        }
        for other in [
            "https://example.org/a",
            "http://example.org:81/a",
            "http://example.org.evil/a",
            "http://user@example.org/a",
            "http://example.org//evil/a",
            "http://example.org",
            "//example.org/a",
            "/a",
            "mailto://x",
            "",
        ] {
            assert_eq!(target.path_of_own(other), None, "{other}");
        }
        assert_eq!(
            Target::parse("https://[::1]:8443/").unwrap().path_of_own("https://[::1]:8443/a"),
            Some("/a")
        );
    }

    #[test]
    fn what_is_no_address_is_refused_with_a_reason() {
        for (url, why) in [
            ("localhost:3000/mcp", "no scheme"),
            ("/mcp", "no scheme"),
            ("ftp://h/mcp", "only http"),
            ("http://user:secret@h/mcp", "credentials"),
            ("http://", "not a URL"),
            ("http://a b", "not a URL"),
        ] {
            let error = Target::parse(url).unwrap_err().to_string();
            assert!(error.contains(why), "{url}: {error}");
            assert!(!error.contains("secret@"), "{error}");
        }
    }
}
