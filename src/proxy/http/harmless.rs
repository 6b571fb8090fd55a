//! Which fields of a request certainly say nothing about who asks.
//!
//! Pure.

/// Whether a field, named in lower case, says nothing about who asks. Any other may be a credential.
pub(super) fn is_harmless(name: &str) -> bool {
    matches!(
        name,
        "accept"
            | "accept-encoding"
            | "accept-language"
            | "baggage"
            | "cache-control"
            | "connection"
            | "content-length"
            | "content-type"
            | "host"
            | "keep-alive"
            | "last-event-id"
            | "mcp-method"
            | "mcp-name"
            | "mcp-protocol-version"
            | "mcp-session-id"
            | "origin"
            | "referer"
            | "traceparent"
            | "tracestate"
            | "transfer-encoding"
            | "user-agent"
            | "x-correlation-id"
            | "x-request-id"
    ) || name.starts_with("sec-")
        || name.starts_with("mcp-param-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_is_harmless() {
        assert!(is_harmless("accept") && is_harmless("x-request-id") && is_harmless("mcp-param-region"));
        assert!(!is_harmless("authorization") && !is_harmless("x-api-key") && !is_harmless("mcp-token"));
    }
}
