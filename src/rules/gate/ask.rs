//! What the gate reads of a request: whatever decides how it is treated, and what its answer is held against.
//!
//! Knows nothing of rules.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use super::peek::members;
use super::speak::quoted;
use crate::rules::Path;
use crate::rules::transform::cache::{About, NoKey, canonical, canonical_parts, canonical_without};
use crate::wire::string_value;

/// The member of `_meta` by which requests of the newest revision are told (its section on `_meta`).
const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";

/// A request.
#[derive(Clone, Debug, Default)]
pub(super) struct Ask {
    pub(super) method: Box<str>,
    /// The tool of a `tools/call`.
    pub(super) tool: Option<Box<str>>,
    pub(super) params: Option<Box<str>>,
    /// Its progress token as it was written.
    pub(super) token: Option<Box<str>>,
    /// The revision that the request names: only the newest ones do.
    pub(super) version: Option<Box<str>>,
    /// It asks for a task.
    pub(super) is_task: bool,
    /// It answers what the server had asked back.
    pub(super) is_retry: bool,
    /// It asks for more of a list.
    pub(super) has_cursor: bool,
}

impl Ask {
    pub(super) fn read(method: &str, params: Option<&str>) -> Self {
        let mut ask = Self { method: method.into(), params: params.map(Into::into), ..Self::default() };
        for (name, value) in params.into_iter().flat_map(members) {
            match &*name {
                "name" if method == "tools/call" => {
                    ask.tool = string_value(value).map(|tool| tool.into_owned().into_boxed_str());
                }
                "_meta" => ask.read_meta(value),
                "task" => ask.is_task = true,
                "inputResponses" | "requestState" => ask.is_retry = true,
                "cursor" => ask.has_cursor = value != "null",
                _ => {}
            }
        }
        ask
    }

    fn read_meta(&mut self, meta: &str) {
        for (name, value) in members(meta) {
            match &*name {
                "progressToken" => self.token = Some(value.into()),
                VERSION => self.version = Some(value.into()),
                _ => {}
            }
        }
    }

    pub(super) fn is_modern(&self) -> bool {
        self.version.is_some()
    }

    pub(super) fn is_call(&self) -> bool {
        &*self.method == "tools/call"
    }

    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.params
            .as_deref()
            .into_iter()
            .flat_map(members)
            .filter(|(key, _)| key == name)
            .last()
            .map(|found| found.1)
    }

    /// The `_meta` that a request of our own needs to be one of the same client.
    pub(super) fn own_meta(&self) -> Option<String> {
        self.version.as_ref()?;
        let kept = |(name, _): &(Cow<'_, str>, &str)| {
            name.starts_with("io.modelcontextprotocol/") && name != LOG_LEVEL
        };
        let kept: Vec<_> = members(self.param("_meta")?)
            .filter(kept)
            .map(|(name, value)| format!("{}:{value}", quoted(&name)))
            .collect();
        Some(format!("{{{}}}", kept.join(",")))
    }

    /// What a kept answer to it is about.
    pub(super) fn about(&self) -> About {
        match &*self.method {
            "tools/call" => About::Call,
            "resources/read" => {
                let uri = self.param("uri").and_then(string_value).unwrap_or_default();
                About::Resource(uri.into())
            }
            method => About::Method(method.into()),
        }
    }

    /// What makes it equal to another request to the same server: all it asks for, or the parts that `paths` find.
    ///
    /// # Errors
    /// If that cannot be said.
    pub(super) fn key(&self, server: &str, protocol: &str, paths: &[Path]) -> Result<Arc<str>, NoKey> {
        let mut key = String::with_capacity(128);
        let version = self.version.as_deref().unwrap_or(protocol);
        write!(key, "{server:?} {version} {:?} ", self.method).expect("a String takes every write");
        if self.is_modern()
            && let Some(capabilities) =
                self.param("_meta").and_then(|meta| crate::wire::member(meta, CAPABILITIES))
        {
            key.push_str(&canonical(capabilities)?);
        }
        let params = self.params.as_deref().unwrap_or("{}");
        if paths.is_empty() {
            key.push_str(&canonical_without(params, "_meta")?);
        } else {
            write!(key, " {:?} ", self.tool).expect("a String takes every write");
            let (subject, without) = if self.is_call() {
                (self.param("arguments").unwrap_or("{}"), "")
            } else {
                (params, "_meta")
            };
            key.push_str(&canonical_parts(subject, without, paths)?);
        }
        Ok(key.into())
    }
}

/// What decides whether a result may be kept, shared and changed.
#[expect(clippy::struct_excessive_bools, reason = "what a result says in four places, read as it stands")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) is_error: bool,
    /// It is neither a question back nor a handle of a task.
    pub(super) is_complete: bool,
    pub(super) ttl_ms: Option<u64>,
    pub(super) is_public: bool,
    pub(super) is_private: bool,
}

impl Told {
    pub(super) fn read(result: &str) -> Self {
        let mut told = Self { is_complete: true, ..Self::default() };
        for (name, value) in members(result) {
            match &*name {
                "isError" => told.is_error = value != "false",
                "resultType" => told.is_complete &= value == "\"complete\"",
                // The handle of a task as the revision 2025-11-25 gives it.
                "task" => told.is_complete = false,
                "ttlMs" => told.ttl_ms = Some(value.parse().unwrap_or(0)),
                "cacheScope" => {
                    told.is_public = value == "\"public\"";
                    told.is_private = !told.is_public;
                }
                _ => {}
            }
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_for_what_decides() {
        let params = r#"{"name":"g\u0065t","arguments":{"cursor":"x"},"_meta":{"progressToken":1.0,
            "io.modelcontextprotocol/protocolVersion":"2026-07-28","traceparent":"t"}}"#;
        let ask = Ask::read("tools/call", Some(params));
        assert_eq!(ask.tool.as_deref(), Some("get"));
        assert_eq!(ask.token.as_deref(), Some("1.0"));
        assert!(ask.is_modern() && !ask.is_task && !ask.is_retry && !ask.has_cursor);
        assert_eq!(
            ask.own_meta().as_deref(),
            Some(r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#)
        );
        assert!(Ask::read("tools/call", Some(r#"{"name":"a","requestState":"x"}"#)).is_retry);
        assert!(Ask::read("tools/call", Some(r#"{"name":"a","task":{"ttl":1}}"#)).is_task);
        assert!(Ask::read("tools/list", Some(r#"{"cursor":""}"#)).has_cursor);
    }

    #[test]
    fn equal_requests_have_equal_keys_whatever_their_meta() {
        let key = |params: &str| Ask::read("tools/call", Some(params)).key("s", "", &[]);
        let one = key(r#"{"name":"a","arguments":{"x":1,"y":2},"_meta":{"progressToken":1}}"#);
        assert_eq!(one, key(r#"{"_meta":{"progressToken":2},"arguments":{"y":2.0,"x":1e0},"name":"a"}"#));
        assert_ne!(one, key(r#"{"name":"b","arguments":{"x":1,"y":2}}"#));
        assert_ne!(
            Ask::read("tools/call", Some("{}")).key("s", "", &[]),
            Ask::read("tools/call", Some("{}")).key("other", "", &[])
        );
    }

    #[test]
    fn a_result_is_read_for_what_decides() {
        assert!(Told::read(r#"{"content":[],"isError":true}"#).is_error);
        assert!(Told::read(r#"{"content":[{"isError":true}]}"#).is_complete);
        assert!(!Told::read(r#"{"resultType":"input_required","requestState":"x"}"#).is_complete);
        let told = Told::read(r#"{"resultType":"complete","ttlMs":1500,"cacheScope":"public"}"#);
        assert!(told.is_complete && told.is_public && told.ttl_ms == Some(1_500));
        assert!(!Told::read(r#"{"task":{"taskId":"1"}}"#).is_complete);
    }
}
