//! Stands between a client and a server: moves bytes, starts and ends the server's process.
//!
//! Forwarding comes first, looking afterwards, through the tap; knows nothing of recordings, viewers or statistics.

pub mod bridge;
mod clock;
mod ends;
mod gauge;
mod group;
pub mod guard;
pub mod http;
mod pool;
mod relay;
pub mod remote;
mod rulebook;
mod session;
mod spill;
mod store;

pub use clock::{Clock, stopwatch};
pub use gauge::{PoolGauge, PoolTotals};
pub use rulebook::{Regulated, Rulebook, ruling};
pub use session::{Command, Grace, Observer, StartError, Wrapped, start};
pub use store::{StoreTotals, Stores};

/// Waits until mcptop is told to end; says by what.
pub async fn until_asked_to_end() -> &'static str {
    match group::Signals::listen() {
        Ok(mut signals) => signals.next().await.name(),
        // Then the default of the system ends us, as it would without a proxy.
        Err(_) => std::future::pending().await,
    }
}
