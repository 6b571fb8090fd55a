//! Orders to a running proxy, over its local socket: one JSON line asks, one answers.
//!
//! Knows the words, not what they do: the proxy's wiring carries them out.

mod client;
mod order;
mod server;

pub use client::{AskError, ask};
pub use order::{Order, PoolStatus, Reply, Status, StoreStatus};
pub use server::{Listener, ServeError};
