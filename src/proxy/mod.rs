//! Stands between a client and a server: moves bytes, starts and ends the server's process.
//!
//! Forwarding comes first, looking afterwards, through the tap; knows nothing of recordings, viewers or statistics.

mod clock;
mod ends;
mod group;
pub mod guard;
mod relay;
mod session;

pub use clock::Clock;
pub use session::{Command, Grace, Observer, StartError, Wrapped, start};
