//! The message gear: requests are read whole, understood, and answered by a back that deals in messages.
//!
//! Where the observing gear passes bytes, this one is an HTTP server of its own (hyper). It checks who asks, reads bodies
//! within bounds and shows everything to the tap as it happens; what stands behind it is a [`Back`]. Knows nothing of
//! sessions and processes.

mod answer;
mod back;
mod endpoint;
mod exchange;
mod server;

pub(in crate::proxy) use answer::{Answer, Body, Cut, Piece, Source, Told, code, error_text};
pub(in crate::proxy) use back::{Asked, Back, Presence, Trace};
pub(in crate::proxy) use endpoint::{ENDPOINT, Endpoint};
pub(in crate::proxy) use exchange::{REVISION, SESSION};
pub(in crate::proxy) use server::Gear;
