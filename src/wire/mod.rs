//! What travels: bytes cut into frames, and a shallow view of each frame.
//!
//! Pure: knows nothing of files, clocks, sockets or of what the messages mean together.

pub mod block;
mod cacheable;
mod direction;
mod edit;
mod envelope;
pub mod http;
mod id;
mod lines;
pub mod sse;

pub use cacheable::CACHEABLE;
pub use direction::{Direction, Peer};
pub use edit::{Edit, messages, one_line};
pub use envelope::{Contents, Message, contents, member, string_value};
pub use id::same_id;
pub use lines::{LineEnd, Piece, Splitter};
