//! `cache`: answers equal calls from memory.

mod key;
mod shelf;

use serde::{Deserialize, Serialize};

pub(in crate::rules) use key::{NoKey, canonical, canonical_parts, canonical_without};
pub(in crate::rules) use shelf::{About, Delivered, Entry, Epoch, Key, Shelf, Stamp};

use crate::rules::{Bytes, Globs, Path, Span};

/// How answers are kept.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// How long.
    pub ttl: Span,
    /// How many at most.
    #[serde(default = "entries", skip_serializing_if = "is_entries")]
    pub entries: usize,
    /// How much memory at most.
    #[serde(default = "bytes", skip_serializing_if = "is_bytes")]
    pub bytes: Bytes,
    /// Who shares them.
    #[serde(default, skip_serializing_if = "is_session")]
    pub scope: Scope,
    /// Calls are equal if these parts of their arguments are; by default if all are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<Path>,
    /// Also for tools that say `idempotentHint` and not `readOnlyHint`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub idempotent: bool,
    /// Also for tools that do not say that they only read.
    #[serde(default, rename = "unsafe", skip_serializing_if = "std::ops::Not::not")]
    pub is_unsafe: bool,
    /// A call of one of these tools empties it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalidate_on: Option<Globs>,
    /// Calls that are made ahead, as soon as the session is open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warm: Vec<Warm>,
    /// A second level that several instances of mcptop share, as `redis://host:6379/0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
}

/// Who shares what is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Calls of the same session.
    #[default]
    Session,
    /// Calls of all sessions, unless they carried credentials.
    Shared,
}

/// A call that is made ahead.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Warm {
    /// The tool.
    pub tool: String,
    /// Its arguments.
    #[serde(default)]
    pub arguments: serde_json::Map<String, serde_json::Value>,
}

fn entries() -> usize {
    1_000
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
fn is_entries(number: &usize) -> bool {
    *number == entries()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
fn is_bytes(number: &Bytes) -> bool {
    *number == bytes()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
fn is_session(scope: &Scope) -> bool {
    *scope == Scope::Session
}

fn bytes() -> Bytes {
    Bytes(64 << 20)
}
