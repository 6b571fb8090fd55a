//! Stands between a client on our standard streams and a server over Streamable HTTP.
//!
//! Each line of the client is a request of its own; what the server says to it, line by line, goes back as it comes. The
//! session, resumption and the fields that HTTP wants are ours; bodies pass as they are. Knows nothing of recordings.

mod client;
mod event;
mod handshake;
mod input;
mod journal;
mod link;
mod live;
mod login;
mod mirror;
mod post;
mod renew;
mod reply;
mod resume;
mod ruled;
mod run;
mod said;
mod stay;
mod stream;
mod talk;
mod way;
mod writer;

pub use client::ClientError;
pub use login::{LoginOptions, Say};
pub use run::{Options, Remote};

/// Media types of answers.
const EVENT_STREAM: &str = "text/event-stream";
const JSON: &str = "application/json";
