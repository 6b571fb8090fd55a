//! One event, one line of JSON, in both directions.
//!
//! A frame that is a JSON object or array stands in the line verbatim, so that `jq` and friends read it; any other
//! bytes stand in it as a string or, when they are not UTF-8, as base64. Either way the exact bytes come back.
//! `docs/recording.md` describes the format for readers in other languages.

mod read;
mod write;

#[cfg(test)]
mod tests;

use serde::Deserialize;
use thiserror::Error;

use super::{ExchangeId, FORMAT_VERSION, Header};
use crate::wire::LineEnd;

pub use read::read_event;
pub use write::write_event;

/// Why a line could not be read.
#[derive(Debug, Error)]
pub enum LineError {
    /// There is nothing in the file.
    #[error("it is empty")]
    Empty,
    /// The file does not begin with a header line.
    #[error("this is not an mcptop recording: its first line has no \"mcptop\" format version")]
    NotARecording,
    /// The header is damaged.
    #[error("the recording's header cannot be read: {0}")]
    Header(#[source] serde_json::Error),
    /// The file is newer than this program.
    #[error(
        "this recording has format version {found}{}, and this release reads up to version {FORMAT_VERSION}: use {}",
        if release.is_empty() { String::new() } else { format!(", written by mcptop {release}") },
        if release.is_empty() { "a newer mcptop".to_owned() } else { format!("mcptop {release} or later") }
    )]
    Newer {
        /// The file's version.
        found: u32,
        /// The release that wrote it.
        release: String,
    },
    /// The line is not JSON of the expected shape.
    #[error("not an event: {0}")]
    Json(#[from] serde_json::Error),
    /// A message without its bytes, or with bytes that do not decode.
    #[error("the event's payload is missing or damaged")]
    Payload,
    /// A field that tells how or why lacks its word, or has one that its kind of event does not know.
    #[error("the event does not say how or why in a word that is known")]
    Word,
}

/// Appends the header as a line.
pub fn write_header(out: &mut Vec<u8>, header: &Header) {
    // A header is plain data and memory takes every write: there is no error to report.
    let _ = serde_json::to_writer(&mut *out, header);
    out.push(b'\n');
}

/// Reads the header line.
///
/// # Errors
/// If the line is no header, or one of a format newer than this release reads.
pub fn read_header(line: &[u8]) -> Result<Header, LineError> {
    #[derive(Deserialize)]
    struct Version {
        mcptop: u32,
        #[serde(default)]
        version: String,
    }
    if line.is_empty() {
        return Err(LineError::Empty);
    }
    let version: Version = serde_json::from_slice(line).map_err(|_| LineError::NotARecording)?;
    if version.mcptop > FORMAT_VERSION {
        return Err(LineError::Newer { found: version.mcptop, release: version.version });
    }
    serde_json::from_slice(line).map_err(LineError::Header)
}

/// How messages usually end: over stdio with a newline, in the body of an HTTP exchange with the body.
fn line_end(exchange: Option<ExchangeId>) -> LineEnd {
    if exchange.is_some() { LineEnd::None } else { LineEnd::Lf }
}
