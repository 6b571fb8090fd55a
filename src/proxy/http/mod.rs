//! Stands between HTTP clients and an HTTP server: forwards requests and responses as they come.
//!
//! One task per client connection owns that connection and one to the server, so that nothing is shared and nothing
//! waits for others. Bodies pass as bytes; only heads are read and written anew. Knows nothing of recordings.

mod ahead;
mod client;
mod connection;
mod fields;
mod front;
pub(super) mod gear;
mod harmless;
mod head;
mod instances;
mod links;
pub(super) mod listener;
pub(super) mod observation;
mod passing;
mod pooled;
mod refusal;
pub(super) mod ruled;
mod server;
mod stall;
mod target;
mod tls;
mod upstream;

pub use fields::{FieldError, Fields};
pub use front::{Front, Rejected};
pub use listener::ListenError;
pub use pooled::Pooling;
pub(super) use refusal::UNREACHABLE;
pub use server::{Serve, Wishes};
pub use target::{Target, TargetError};
pub(super) use tls::client_config;
pub use tls::{TlsError, Trust};
pub use upstream::Dialer;
