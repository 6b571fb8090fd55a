//! What the two sides told each other about themselves.
//!
//! Knows both ways of doing so: the `initialize` exchange (until 2025-11-25), and `server/discover` with `_meta` in
//! every request (from 2026-07-28).

use std::sync::Arc;

use crate::trace::Place;

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

/// What the two sides told each other about themselves.
#[derive(Clone, Debug, Default)]
pub struct Handshake {
    /// Which family of revisions they speak.
    pub era: Era,
    /// The revision the client asked for.
    pub requested: Option<Box<str>>,
    /// The revision in force: the server's answer to `initialize`, or what the modern client names in each request.
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
