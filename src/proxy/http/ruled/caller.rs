//! Who asks, as rules may tell callers apart: by a digest of everything in a request that may be a credential.
//!
//! Pure. Nothing that is kept here can be turned back into what the client sent.

use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;

use crate::proxy::http::gear::{Asked, SESSION};
use crate::proxy::http::harmless::is_harmless;
use crate::proxy::identity::digest;
use crate::rules::Caller;

/// How callers are told apart in front of one server.
#[derive(Clone, Debug, Default)]
pub(in crate::proxy) struct Callers {
    /// The path of the server's endpoint: any other, and any query, may hold a credential.
    path: String,
    /// Whether the client's token is for us, and says nothing of who asks the server.
    takes_token: bool,
}

impl Callers {
    pub(in crate::proxy) fn new(path: &str, takes_token: bool) -> Self {
        Self { path: path.to_owned(), takes_token }
    }

    /// Who asks this.
    pub(super) fn of(&self, asked: &Asked) -> Caller {
        let session = asked.fields.get(SESSION).map(|id| session(id.as_bytes())).unwrap_or_default();
        let address = asked.uri.path_and_query().map_or("", |address| address.as_str());
        let address = if address == self.path { "" } else { address };
        Caller { session, credentials: self.credentials(address, &asked.fields) }
    }

    fn credentials(&self, address: &str, fields: &HeaderMap) -> Option<u128> {
        let mut may_be: Vec<(&str, &[u8])> = fields
            .iter()
            .filter(|(name, _)| !(is_harmless(name.as_str()) || self.takes_token && **name == AUTHORIZATION))
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        if may_be.is_empty() && address.is_empty() {
            return None;
        }
        may_be.sort_unstable();
        let fields = may_be.iter().flat_map(|(name, value)| [name.as_bytes(), value]);
        Some(digest(&[b"mcptop caller", address.as_bytes()], fields))
    }
}

/// The name of a session: not its id, which speaks for the client.
pub(super) fn session(id: &[u8]) -> Box<str> {
    format!("{:032x}", digest(&[b"mcptop session", id], [].into_iter())).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::{HeaderName, HeaderValue};

    fn credentials(address: &str, fields: &[(&'static str, &'static str)]) -> Option<u128> {
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        Callers::new("/mcp", false).credentials(if address == "/mcp" { "" } else { address }, &map)
    }

    #[test]
    fn whatever_may_be_a_credential_tells_callers_apart() {
        assert_eq!(
            credentials("/mcp", &[("accept", "a"), ("mcp-param-city", "b"), ("traceparent", "c")]),
            None
        );
        let all = [
            credentials("/mcp", &[("authorization", "Bearer a")]),
            credentials("/mcp", &[("authorization", "Bearer b")]),
            credentials("/mcp", &[("authorization", "DPoP a"), ("dpop", "proof")]),
            credentials("/mcp", &[("cookie", "Bearer a")]),
            credentials("/mcp", &[("x-api-key", "Bearer a")]),
            credentials("/mcp?key=a", &[]),
            credentials("/mcp?key=b", &[]),
            credentials("/tenant/mcp", &[]),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(one.is_some() && !all[..at].contains(one), "{at}");
        }
        assert_eq!(
            credentials("/mcp", &[("cookie", "a"), ("authorization", "b")]),
            credentials("/mcp", &[("authorization", "b"), ("accept", "x"), ("cookie", "a")]),
        );
    }

    #[test]
    fn our_own_token_says_nothing_of_who_asks_the_server() {
        let mut fields = HeaderMap::new();
        fields.insert(AUTHORIZATION, HeaderValue::from_static("Bearer ours"));
        assert_eq!(Callers::new("/mcp", true).credentials("", &fields), None);
    }

    #[test]
    fn the_name_of_a_session_does_not_give_its_id_away() {
        let name = session(b"0123456789abcdef");
        assert!(name.len() == 32 && !"0123456789abcdef".contains(&name[..8]));
        assert_ne!(name, session(b"0123456789abcdeg"));
    }
}
