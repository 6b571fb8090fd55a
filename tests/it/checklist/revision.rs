//! A request in the words of a revision without sessions, with whatever else it says left as it is.
//!
//! Knows nothing of how messages travel.

use mcptop::wire::{Contents, Message, contents, member, string_value};

use crate::bridge::rig::META;

/// What kind of revision a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Era {
    /// One of those until 2025-11-25.
    Sessions,
    /// 2026-07-28.
    Modern,
}

/// What a request is, as a client that wrote it knows.
pub(super) struct Request<'a> {
    pub(super) id: &'a str,
    pub(super) method: String,
    params: Option<&'a str>,
}

impl<'a> Request<'a> {
    pub(super) fn read(text: &'a str) -> Self {
        let Contents::One(Message::Request { id, method, params }) = contents(text.as_bytes()) else {
            panic!("{text}")
        };
        Self { id, method: method.into_owned(), params }
    }

    fn meta(&self, name: &str) -> Option<&'a str> {
        member(member(self.params?, "_meta")?, name)
    }

    pub(super) fn progress_token(&self) -> Option<&'a str> {
        self.meta("progressToken")
    }

    pub(super) fn era(&self) -> Era {
        let revision = self.meta("io.modelcontextprotocol/protocolVersion");
        if revision.is_some() { Era::Modern } else { Era::Sessions }
    }

    /// What it calls, if that is named beside the message.
    pub(super) fn name(&self) -> Option<String> {
        let is_named = matches!(&*self.method, "tools/call" | "prompts/get");
        let name = is_named.then(|| member(self.params?, "name"))??;
        string_value(name).map(std::borrow::Cow::into_owned)
    }
}

/// Where a part of a text begins in it.
pub(super) fn place(part: &str, whole: &str) -> usize {
    part.as_ptr().addr() - whole.as_ptr().addr()
}

/// A request with what 2026-07-28 wants of each; one that opens a session has no place there and stays what it is.
pub(super) fn in_2026(text: &str) -> String {
    let request = Request::read(text);
    if request.method == "initialize" || request.era() == Era::Modern {
        return text.to_owned();
    }
    let members = META.strip_prefix(r#""_meta":{"#).and_then(|rest| rest.strip_suffix('}')).unwrap();
    let (at, added) = match (request.params, request.params.and_then(|params| member(params, "_meta"))) {
        (_, Some(meta)) => (place(meta, text) + 1, format!("{members},")),
        (Some("{}"), None) => (place(request.params.unwrap(), text) + 1, META.to_owned()),
        (Some(params), None) => (place(params, text) + 1, format!("{META},")),
        (None, None) => (text.rfind('}').unwrap(), format!(r#","params":{{{META}}}"#)),
    };
    [&text[..at], &added, &text[at..]].concat()
}
