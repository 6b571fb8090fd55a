//! Stands between a client and a server: moves bytes, starts and ends the server's process.
//!
//! Forwarding comes first, looking afterwards, through the tap; knows nothing of recordings, viewers or statistics.

pub mod bridge;
mod clock;
pub mod dial;
mod ends;
mod gauge;
mod group;
pub mod guard;
pub mod http;
pub mod identity;
mod pool;
mod relay;
pub mod remote;
mod results;
mod rulebook;
mod session;
mod spill;
mod store;

pub use clock::{Clock, stopwatch};
pub use gauge::{PoolGauge, PoolTotals};
pub use results::{Bounds, sweep};
pub use rulebook::{Regulated, Rulebook, ruling};
pub use session::{Command, Grace, Observer, StartError, Wrapped, start};
pub use store::{StoreTotals, Stores};

/// Waits until mcptop is told to end; says by what. It is heard from the call on, and not only from when the future is first
/// polled. Call inside a tokio runtime.
pub fn until_asked_to_end() -> impl Future<Output = &'static str> {
    let signals = group::Signals::listen();
    async {
        match signals {
            Ok(mut signals) => signals.next().await.name(),
            // Then the default of the system ends us, as it would without a proxy.
            Err(_) => std::future::pending().await,
        }
    }
}
