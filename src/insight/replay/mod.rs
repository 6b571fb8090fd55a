//! A recorded session played again by us in the server's part: frames of a client in, frames for it out, with due times.
//!
//! ```text
//! Reading::new(..).apply(event, place) .finish()  -> Script   what was asked, and what was said to it
//! Replayer::new(script, wishes, load)                         one conversation with a client
//!   .frame(now, text) .time(now) .due()                       what comes in, and when something is next to be said
//!   .take() -> Option<Output>                                 what goes out
//! ```
//! Pure: time is an argument, bodies are read by a function that is given. Knows nothing of pipes, ports and people.

mod caller;
mod dress;
mod handshake;
mod keys;
mod matcher;
mod misses;
mod opening;
mod reading;
mod replayer;
mod running;
mod script;
mod tally;
mod told;
mod wishes;

pub use matcher::{Level, Strictness};
pub use reading::Reading;
pub use replayer::{Load, Replayer};
pub use script::{Asked, Cue, CueKind, Scene, Script, Spot};
pub use tally::Tally;
pub use told::{Answered, Left, Miss, Output, Settled};
pub use wishes::Wishes;

#[cfg(test)]
mod tests;
