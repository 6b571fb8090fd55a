//! The HTTP client: one pool of connections to one server, with no time limit but for connecting.
//!
//! Redirects are followed within the server's own origin only, where method and body stay (307, 308); nothing is
//! decompressed. Knows nothing of MCP.

use std::error::Error as _;
use std::time::Duration;

use reqwest::redirect::{Attempt, Policy};
use thiserror::Error;
use url::Url;

use crate::proxy::http::{TlsError, Trust, client_config};

/// How long a connection may take to come about: as with `serve`.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections kept for the next request: a client has a handful of requests at once.
const IDLE_MAX: usize = 8;
/// So soon a connection that died without a word is noticed, on a stream that may be silent for hours.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// Redirects of one request.
const REDIRECTS_MAX: usize = 5;

/// Why there is no client.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The client cannot be built.
    #[error("cannot use HTTP: {0}")]
    Build(#[from] reqwest::Error),
}

/// A client for the server at `url`, which follows redirects within its origin.
pub(super) fn for_server(url: &Url, trust: &Trust) -> Result<reqwest::Client, ClientError> {
    let origin = url.origin();
    let stay = move |attempt: Attempt<'_>| {
        let is_same = matches!(attempt.status().as_u16(), 307 | 308) && attempt.url().origin() == origin;
        if is_same && attempt.previous().len() <= REDIRECTS_MAX { attempt.follow() } else { attempt.stop() }
    };
    let builder = with_trust(trust)?.redirect(Policy::custom(stay)).pool_max_idle_per_host(IDLE_MAX);
    // A proxy of the environment is for what is far away.
    Ok(if is_near(url) { builder.no_proxy() } else { builder }.build()?)
}

/// Whether a server is on this machine.
pub(super) fn is_near(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The beginning of every client: whom it believes, and how it connects.
pub(super) fn with_trust(trust: &Trust) -> Result<reqwest::ClientBuilder, ClientError> {
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(client_config(trust)?)
        .http1_only()
        .user_agent(concat!("mcptop/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_keepalive(KEEPALIVE)
        .tcp_keepalive_interval(KEEPALIVE)
        .referer(false);
    Ok(builder)
}

/// What went wrong, without the address: it may hold a credential, and is named elsewhere.
pub(super) fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} s", CONNECT_TIMEOUT.as_secs());
    }
    let mut innermost: &dyn std::error::Error = error;
    if error.source().is_none() {
        return "the request cannot be sent".to_owned();
    }
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_went_wrong_is_said_without_the_address() {
        let url = Url::parse("http://127.0.0.1:1/mcp?token=secret").unwrap();
        let client = for_server(&url, &Trust::Roots(None)).unwrap();
        let error = client.get(url).send().await.unwrap_err();
        let reason = reason(&error);
        assert!(reason.contains("refused") && !reason.contains("secret"), "{reason}");
    }
}
