//! The facts of a session and how one fact is one line of text.
//!
//! Everything mcptop shows is derived from these events; this module knows nothing of what they mean together,
//! nor of files: it turns events into bytes and bytes into events.

mod codec;
mod event;
mod header;
mod payload;
mod pool;
mod ruling;
mod secrets;

pub use codec::{LineError, read_event, read_header, write_event, write_header};
pub use event::{Event, ExchangeId, Exit, Fact, HttpEnd, Micros, Nanos, Place};
pub use header::{Back, FORMAT_VERSION, Front, Header};
pub use payload::Payload;
pub use pool::{PoolReturn, PoolState, PoolTake, SessionEnd};
pub use ruling::{BY_VIEWER, Mark, Outcome, Ruling, StoreState};
pub use secrets::{session_name, url_without_secrets, without_secrets};
