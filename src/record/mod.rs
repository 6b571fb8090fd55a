//! Recordings: written behind the tap, read back while they grow, found again later.
//!
//! Knows files and folders; knows nothing of where the traffic came from or what it means.

mod bodies;
mod exchanges;
mod reader;
mod recorder;
mod sample;
mod store;
mod unpack;
mod writer;

pub use bodies::Bodies;
pub use reader::{Damage, OpenError, Progress, Reader, peek};
pub use recorder::{Recorder, Recording, Report};
pub use store::{
    Catalogue, Entry, Folders, HOME_VARIABLE, Listed, Live, Registered, StoreError, file_name, list, live,
};
pub use writer::{Limits, RecordError};
