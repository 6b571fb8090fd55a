//! A back that is the server itself: every request is passed on whole, and its answer as it comes.
//!
//! What the observing gear does with bytes, for the gear in which messages are understood. Knows nothing of messages.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;

use super::gear::{Answer, Asked, Back, Cut, Piece, SESSION, Source};
use super::instances::{Busy, Instances};
use super::links::{Lines, LinkError, Linked};
use super::pooled::{Added, innermost, strip};
use super::refusal::Refusal;
use crate::proxy::Observer;

/// The server at the end of a URL, with all of its instances.
pub(super) struct Passing {
    lines: Lines,
    added: Added,
}

/// The body of its answer, and what it keeps busy.
struct Passed {
    body: Linked,
    _busy: Busy,
}

impl Passing {
    pub(super) fn new(instances: Arc<Instances>, added: Added, observer: Observer) -> Self {
        Self { lines: Lines { instances, observer }, added }
    }

    /// Sends a request where it belongs. While nothing of it has been sent, another instance may have it.
    async fn send(&self, asked: Asked) -> Result<(Response<Linked>, usize, Busy), Refusal> {
        let instances = &self.lines.instances;
        let bound = asked.fields.get(SESSION).cloned();
        let mut session = bound.as_ref().map(HeaderValue::as_bytes);
        let mut request = Request::new(Full::new(asked.body.clone()));
        (*request.method_mut(), *request.uri_mut()) = (asked.method, asked.uri);
        *request.headers_mut() = asked.fields;
        let mut failed = Vec::new();
        let mut last = None;
        while let Some(choice) = instances.choose(session, Instant::now(), &failed) {
            let (at, busy) = (choice.instance, instances.busy(choice.instance));
            let authority = HeaderValue::from_str(&instances.get(at).dialer.target().authority);
            let authority = authority.expect("it was read as the authority of a URL");
            request.headers_mut().insert(header::HOST, authority);
            match self.lines.send(asked.client.links(), at, asked.exchange, request).await {
                Ok(response) => {
                    instances.get(at).worked();
                    return Ok((response, at, busy));
                }
                Err(error) => {
                    instances.get(at).failed(Instant::now());
                    last = Some((at, innermost(&error)));
                    match error {
                        LinkError::Unreachable { request: unsent, .. } if !choice.is_bound => {
                            request = *unsent;
                        }
                        LinkError::Unreachable { .. } | LinkError::Broken(_) => break,
                    }
                    failed.push(at);
                    session = None;
                }
            }
        }
        let (at, why) = last.unwrap_or((0, "no instance of it is left".to_owned()));
        Err(Refusal::unreachable(&instances.get(at).dialer.target().to_string(), &why, &asked.body))
    }

    /// What of a response's head is not the client's, or must name us.
    fn rewrite(&self, status: StatusCode, fields: &mut HeaderMap, at: usize) {
        strip(fields);
        let location = fields.get(header::LOCATION).filter(|_| status.is_redirection());
        let server = self.lines.instances.get(at).dialer.target();
        let path = location.and_then(|location| server.path_of_own(location.to_str().ok()?));
        if let Some(path) = path.and_then(|path| HeaderValue::from_str(path).ok()) {
            fields.insert(header::LOCATION, path);
        }
    }
}

impl Back for Passing {
    async fn answer(&self, mut asked: Asked) -> Answer {
        if let Some(refusal) = not_done(&asked) {
            return Answer::from(&refusal);
        }
        strip(&mut asked.fields);
        self.added.apply(&mut asked.fields);
        let (response, at, busy) = match self.send(asked).await {
            Ok(sent) => sent,
            Err(refusal) => return Answer::from(&refusal),
        };
        if let Some(session) = response.headers().get(SESSION) {
            self.lines.instances.bind(session.as_bytes(), at);
        }
        let (mut head, body) = response.into_parts();
        self.rewrite(head.status, &mut head.headers, at);
        Answer::passed(head.status, head.headers, Passed { body, _busy: busy })
    }
}

impl Source for Passed {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Piece, Cut>>> {
        self.body.poll_piece(cx)
    }
}

/// What no gear passes on.
fn not_done(asked: &Asked) -> Option<Refusal> {
    if asked.method == Method::CONNECT {
        return Some(Refusal::not_done("tunnels (CONNECT)"));
    }
    let mut offers = asked.fields.get_all(header::UPGRADE).iter().filter_map(|value| value.to_str().ok());
    let is_websocket =
        |offer: &str| offer.split(',').any(|word| word.trim().eq_ignore_ascii_case("websocket"));
    offers.any(is_websocket).then(|| Refusal::not_done("WebSocket connections (Upgrade)"))
}
