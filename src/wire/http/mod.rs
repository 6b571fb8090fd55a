//! HTTP/1.1 as far as a proxy must understand it: heads, and where a body ends.
//!
//! Strict, because two readers of one message that disagree about its end can be made to see different messages
//! ("request smuggling", RFC 9112 section 11.2). Knows nothing of sockets.

mod body;
mod framing;
mod head;

pub use body::{Body, BodyError};
pub use framing::{Framing, is_hop_by_hop};
pub use head::{HEAD_BYTES_MAX, HEADERS_MAX, HeadError, Headers, Request, Response, request, response};
