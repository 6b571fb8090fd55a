//! Which fields of a request certainly say nothing about who asks.
//!
//! Pure.

/// In the order of their names.
const HARMLESS: [&str; 23] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "baggage",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "host",
    "keep-alive",
    "last-event-id",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "mcp-session-id",
    "origin",
    "referer",
    "traceparent",
    "tracestate",
    "transfer-encoding",
    "user-agent",
    "x-correlation-id",
    "x-request-id",
];

/// Whether a field, named in lower case, says nothing about who asks. Any other may be a credential.
pub(super) fn is_harmless(name: &str) -> bool {
    HARMLESS.binary_search(&name).is_ok() || name.starts_with("sec-") || name.starts_with("mcp-param-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_searched() {
        assert!(HARMLESS.is_sorted());
        assert!(is_harmless("accept") && is_harmless("x-request-id") && is_harmless("mcp-param-region"));
        assert!(!is_harmless("authorization") && !is_harmless("x-api-key") && !is_harmless("mcp-token"));
    }
}
