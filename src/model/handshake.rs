//! What the two sides told each other about themselves.
//!
//! Knows both ways of doing so: the `initialize` exchange (until 2025-11-25), and `server/discover` with `_meta` in
//! every request (from 2026-07-28).

use std::sync::Arc;

use super::read::{members, text};
use crate::trace::Place;
use crate::wire::string_value;

/// Which of the two families of revisions a session speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Era {
    /// Nothing that tells has passed yet.
    #[default]
    Unknown,
    /// Up to 2025-11-25: `initialize`, server requests.
    Legacy,
    /// From 2026-07-28: stateless, `_meta` in every request, `input_required`.
    Modern,
}

/// A program as it names itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Implementation {
    /// `name`.
    pub name: Box<str>,
    /// `version`.
    pub version: Box<str>,
    /// `title`, for people.
    pub title: Option<Box<str>>,
}

/// The server's `instructions`, which clients put into the model's context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instructions {
    /// The text, cut at 256 KB.
    pub text: Arc<str>,
    /// Its whole length in bytes.
    pub len_bytes: usize,
    /// The event that holds it.
    pub place: Place,
}

/// How many bytes of one side's capabilities are kept.
pub(super) const CAPABILITIES_MAX: usize = 64 * 1024;
/// How many bytes of instructions are kept.
const INSTRUCTIONS_MAX: usize = 256 * 1024;
const NAME_MAX: usize = 256;

impl Implementation {
    pub(super) fn read(raw: &str) -> Option<Self> {
        let [name, version, title] = members(raw, ["name", "version", "title"]);
        let version = text(version, NAME_MAX).unwrap_or_default();
        Some(Self { name: text(name, NAME_MAX)?, version, title: text(title, NAME_MAX) })
    }
}

impl Instructions {
    pub(super) fn read(raw: Option<&str>, place: Place) -> Option<Self> {
        let whole = string_value(raw?)?;
        let kept = &whole[..whole.floor_char_boundary(INSTRUCTIONS_MAX)];
        Some(Self { text: Arc::from(kept), len_bytes: whole.len(), place })
    }
}

/// What the two sides told each other about themselves.
#[derive(Clone, Debug, Default)]
pub struct Handshake {
    /// Which family of revisions they speak.
    pub era: Era,
    /// The revision the client asked for, in `initialize` or last in a request's `_meta`.
    pub requested: Option<Box<str>>,
    /// The revision in force: the server's answer to `initialize`, or what the modern client names in requests that are
    /// answered with a result.
    pub negotiated: Option<Box<str>>,
    /// The revisions the server says it speaks (`server/discover`).
    pub supported: Vec<Box<str>>,
    /// The client.
    pub client: Option<Implementation>,
    /// The server.
    pub server: Option<Implementation>,
    /// The client's capabilities as JSON text.
    pub client_capabilities: Option<Arc<str>>,
    /// The server's capabilities as JSON text.
    pub server_capabilities: Option<Arc<str>>,
    /// The server's instructions.
    pub instructions: Option<Instructions>,
}
