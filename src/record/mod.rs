//! Recordings: written behind the tap, read back while they grow, found again later.
//!
//! Knows files and folders; knows nothing of where the traffic came from or what it means.

mod bodies;
mod compact;
mod exchanges;
mod fresh;
mod raw;
mod reader;
mod recorder;
pub mod redact;
mod sample;
mod spool;
mod store;
mod unpack;
mod writer;

pub use bodies::Bodies;
pub use compact::{CompactError, Compacted, compact};
pub use fresh::{fresh, fresh_named};
pub use raw::{Raw, RawLines};
pub use reader::{Damage, OpenError, Progress, Reader, peek};
pub use recorder::{Recorder, Recording, Report};
pub use store::{
    Catalogue, Entry, Folders, HOME_VARIABLE, Listed, Live, Registered, StoreError, file_name, list, live,
    refused,
};
pub use writer::{Limits, RecordError};
