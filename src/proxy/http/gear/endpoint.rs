//! A back that is an MCP server at one path: what the specification says of paths, methods and media types.

use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{Method, StatusCode};

use super::{Answer, Asked, Back};

/// The path at which the server is reached.
pub(in crate::proxy) const ENDPOINT: &str = "/mcp";

/// An MCP server of ours.
pub(in crate::proxy) trait Endpoint: Send + Sync + 'static {
    /// A client posts a message, or a batch of them.
    fn post(&self, asked: Asked) -> impl Future<Output = Answer> + Send;
    /// A client asks for a stream of what the server says on its own.
    fn get(&self, asked: Asked) -> impl Future<Output = Answer> + Send;
    /// A client ends its session.
    fn delete(&self, asked: Asked) -> impl Future<Output = Answer> + Send;
}

impl<E: Endpoint> Back for E {
    async fn answer(&self, asked: Asked) -> Answer {
        if asked.uri.path() != ENDPOINT {
            let why = format!("there is nothing here; the MCP server is at {ENDPOINT}\n");
            return Answer::plain(StatusCode::NOT_FOUND, why);
        }
        match asked.method {
            Method::POST if !is_json(&asked) => Answer::plain(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "a message is posted as application/json\n".to_owned(),
            ),
            Method::POST => self.post(asked).await,
            Method::GET => self.get(asked).await,
            Method::DELETE => self.delete(asked).await,
            _ => Answer::plain(
                StatusCode::METHOD_NOT_ALLOWED,
                "an MCP server knows POST, GET and DELETE\n".to_owned(),
            )
            .with(ALLOW, HeaderValue::from_static("POST, GET, DELETE")),
        }
    }
}

fn is_json(asked: &Asked) -> bool {
    let media = asked.text(CONTENT_TYPE.as_str()).and_then(|media| media.split(';').next());
    media.is_some_and(|media| media.trim().eq_ignore_ascii_case("application/json"))
}
