//! How a session is opened with a client that may speak another revision than the one that was recorded.
//!
//! Knows nothing of frames: results in, results out.

use super::dress::{quoted, with_members};
use crate::wire::{member, string_value};

/// The revisions that open with `initialize`.
const LEGACY: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
/// The newest of them.
const LEGACY_NEWEST: &str = LEGACY[LEGACY.len() - 1];
/// The revisions in which every request speaks for itself.
pub(super) const MODERN: [&str; 1] = ["2026-07-28"];

const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";

/// What the recording says of the server.
#[derive(Clone, Debug)]
pub(super) enum Recorded {
    /// The result of `initialize`.
    Initialize(String),
    /// The result of `server/discover`.
    Discover(String),
    /// Neither: what it was called, and the capabilities that its answers show.
    Nothing { label: String, capabilities: String },
}

impl Recorded {
    /// The result of `initialize` for a client that asks for this revision (as JSON).
    pub(super) fn initialize(&self, asked: Option<&str>) -> String {
        match self {
            Self::Initialize(result) => {
                let recorded = member(result, "protocolVersion").and_then(string_value);
                let version = agreed(asked, recorded.as_deref());
                with_replaced(result, "protocolVersion", &quoted(&version))
            }
            Self::Discover(result) => self.opened(
                &agreed(asked, None),
                member(result, "capabilities").unwrap_or("{}"),
                member(result, "_meta").and_then(|meta| member(meta, SERVER_INFO)),
                member(result, "instructions"),
            ),
            Self::Nothing { capabilities, .. } => self.opened(&agreed(asked, None), capabilities, None, None),
        }
    }

    /// The result of `server/discover`.
    pub(super) fn discover(&self) -> String {
        let (capabilities, info, instructions) = match self {
            Self::Discover(result) => return result.clone(),
            Self::Initialize(result) => (
                member(result, "capabilities").unwrap_or("{}"),
                member(result, "serverInfo").map(str::to_owned),
                member(result, "instructions"),
            ),
            Self::Nothing { capabilities, .. } => (capabilities.as_str(), None, None),
        };
        let info = info.unwrap_or_else(|| self.info());
        let instructions = instructions.map(|text| format!(r#","instructions":{text}"#)).unwrap_or_default();
        let versions = serde_json::Value::from(MODERN.map(str::to_owned).to_vec());
        format!(
            r#"{{"resultType":"complete","supportedVersions":{versions},"capabilities":{capabilities}{instructions},"ttlMs":0,"cacheScope":"private","_meta":{{"{SERVER_INFO}":{info}}}}}"#
        )
    }

    fn opened(
        &self,
        version: &str,
        capabilities: &str,
        info: Option<&str>,
        instructions: Option<&str>,
    ) -> String {
        let info = info.map_or_else(|| self.info(), str::to_owned);
        let instructions = instructions.map(|text| format!(r#","instructions":{text}"#)).unwrap_or_default();
        let version = quoted(version);
        format!(
            r#"{{"protocolVersion":{version},"capabilities":{capabilities},"serverInfo":{info}{instructions}}}"#
        )
    }

    fn info(&self) -> String {
        let label = match self {
            Self::Nothing { label, .. } => label.as_str(),
            Self::Initialize(_) | Self::Discover(_) => "recording",
        };
        format!(r#"{{"name":{},"version":"recorded"}}"#, quoted(label))
    }
}

/// The revision that is spoken: the client's, if there is such a one; else that of the recording, or the newest.
fn agreed(asked: Option<&str>, recorded: Option<&str>) -> String {
    let asked = asked.and_then(string_value).filter(|asked| LEGACY.contains(&&**asked));
    asked
        .as_deref()
        .or(recorded.filter(|recorded| LEGACY.contains(recorded)))
        .unwrap_or(LEGACY_NEWEST)
        .to_owned()
}

fn with_replaced(object: &str, name: &str, value: &str) -> String {
    if member(object, name) == Some(value) {
        return object.to_owned();
    }
    with_members(object, &[name], &[(name, value)])
}
