//! What two handshakes must have in common so that the session one opened can serve the other.
//!
//! Pure.

use http::{HeaderMap, Uri};
use serde_json::Value;
use xxhash_rust::xxh3::Xxh3;

use crate::proxy::http::harmless::is_harmless;
use crate::proxy::pool::Key;

/// What a client says of itself: what opens its session, and what it can do for a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hello {
    /// The parameters, in one form whatever their order and spacing.
    params: String,
    /// Whether a server may ask it for something.
    is_asked: bool,
}

impl Hello {
    /// The `initialize` request with these parameters.
    pub(super) fn new(params: Option<&str>) -> Option<Self> {
        let params: Value = serde_json::from_str(params?).ok()?;
        let capabilities = params.get("capabilities").and_then(Value::as_object);
        let is_asked = capabilities
            .is_some_and(|it| ["sampling", "elicitation", "roots"].iter().any(|ask| it.contains_key(*ask)));
        Some(Self { params: canonical(params), is_asked })
    }

    /// Sessions opened with equal keys serve each other's clients: the same parameters but for `_meta` (protocol
    /// revision, capabilities and name of the client), the same address, which may hold a credential too, and the same
    /// credentials in the fields.
    pub(super) fn key(&self, uri: &Uri, headers: &HeaderMap) -> Key {
        let mut hasher = Xxh3::new();
        let address = uri.to_string();
        let mut fields: Vec<(&str, &[u8])> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .filter(|(name, _)| !is_harmless(name))
            .collect();
        fields.sort_unstable();
        let fields = fields.iter().flat_map(|(name, value)| [name.as_bytes(), value]);
        for piece in [self.params.as_bytes(), address.as_bytes()].into_iter().chain(fields) {
            hasher.update(&(piece.len() as u64).to_le_bytes());
            hasher.update(piece);
        }
        hasher.digest128()
    }

    /// Whether the client can do without a session of its own: a server that may ask it something has to know whom.
    pub(super) fn can_share(&self) -> bool {
        !self.is_asked
    }
}

/// JSON in one form: without `_meta`, members in the order of their names, which is how `serde_json` keeps them.
fn canonical(mut params: Value) -> String {
    if let Some(params) = params.as_object_mut() {
        params.remove("_meta");
    }
    params.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn at(path: &'static str) -> Uri {
        Uri::from_static(path)
    }

    fn hello(params: &str) -> Hello {
        Hello::new(Some(params)).unwrap()
    }

    fn with(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    const PARAMS: &str =
        r#"{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"a","version":"1"}}"#;

    #[test]
    fn equal_handshakes_have_equal_keys_however_they_are_written() {
        let other = r#"{"clientInfo": {"version":"1", "name":"a"}, "_meta":{"x":1}, "capabilities":{}, "protocolVersion":"2025-11-25"}"#;
        let (one, two) =
            (with(&[("accept", "a"), ("x-key", "1")]), with(&[("x-key", "1"), ("user-agent", "b")]));
        assert_eq!(hello(PARAMS).key(&at("/mcp"), &one), hello(other).key(&at("/mcp"), &two));
    }

    #[test]
    fn what_may_be_a_credential_or_changes_the_session_keeps_clients_apart() {
        let key = hello(PARAMS).key(&at("/mcp"), &with(&[("authorization", "Bearer a")]));
        for fields in [
            &[][..],
            &[("authorization", "Bearer b")],
            &[("authorization", "Bearer a"), ("x-tenant", "t")],
            &[("cookie", "Bearer a")],
        ] {
            assert_ne!(hello(PARAMS).key(&at("/mcp"), &with(fields)), key, "{fields:?}");
        }
        let authorised = with(&[("authorization", "Bearer a")]);
        for other in ["/mcp?api_key=a", "/mcp/", "/other/mcp"] {
            assert_ne!(hello(PARAMS).key(&at(other), &authorised), key, "{other}");
        }
        for params in [
            PARAMS.replace("2025-11-25", "2025-06-18"),
            PARAMS.replace("{},", r#"{"roots":{}},"#),
            PARAMS.replace("\"a\"", "\"b\""),
        ] {
            assert_ne!(
                hello(&params).key(&at("/mcp"), &with(&[("authorization", "Bearer a")])),
                key,
                "{params}"
            );
        }
    }

    #[test]
    fn only_who_is_asked_nothing_can_share() {
        assert!(hello(PARAMS).can_share());
        for ask in ["sampling", "elicitation", "roots"] {
            assert!(!hello(&PARAMS.replace("{},", &format!(r#"{{"{ask}":{{}}}},"#))).can_share(), "{ask}");
        }
    }
}
