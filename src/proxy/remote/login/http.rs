//! How OAuth's own requests are sent where the user has said whom to believe: with the same trust as all others.

use std::time::Duration;

use reqwest::redirect::Policy;
use rmcp::transport::auth::{
    OAuthHttpClient, OAuthHttpClientError, OAuthHttpClientFuture, OAuthHttpRedirectPolicy, OAuthHttpRequest,
};

use crate::proxy::http::Trust;
use crate::proxy::remote::client::{ClientError, with_trust};
use crate::proxy::remote::stream::whole;

/// No answer of an authorization server is longer.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Nor later.
const TIMEOUT: Duration = Duration::from_secs(30);
const REDIRECTS_MAX: usize = 5;

/// Two clients, for a client's redirects are its own for good.
pub(super) struct Http {
    following: reqwest::Client,
    stopping: reqwest::Client,
}

impl Http {
    pub(super) fn new(trust: &Trust) -> Result<Self, ClientError> {
        let client =
            |policy| Ok::<_, ClientError>(with_trust(trust)?.timeout(TIMEOUT).redirect(policy).build()?);
        Ok(Self { following: client(Policy::limited(REDIRECTS_MAX))?, stopping: client(Policy::none())? })
    }
}

impl OAuthHttpClient for Http {
    fn execute(&self, request: OAuthHttpRequest) -> OAuthHttpClientFuture<'_> {
        Box::pin(async move {
            let client = match request.redirect_policy {
                OAuthHttpRedirectPolicy::Follow => &self.following,
                // Whatever else there will be: the careful one.
                _ => &self.stopping,
            };
            let response = client.execute(reqwest::Request::try_from(request.request)?).await?;
            let mut answer = http::Response::builder().status(response.status()).version(response.version());
            for (name, value) in response.headers() {
                answer = answer.header(name, value);
            }
            let body = whole(response, BODY_BYTES_MAX).await.map_err(OAuthHttpClientError::from)?;
            Ok(answer.body(body)?)
        })
    }
}
