//! What is said to a fresh copy of a server: the opening as it was recorded, then one request.
//!
//! It is a recording of its own, made of what was recorded, so that whoever drives recordings drives it too. Knows nothing of
//! how a server is reached.

use std::collections::HashMap;

use serde_json::json;

use super::subject::Part;
use crate::insight::replay::Reading;
use crate::insight::rerun::{Rerunner, Wishes};
use crate::trace::{Event, Fact, Micros, Nanos, Payload, Place};
use crate::wire::Direction::{self, ToClient, ToServer};
use crate::wire::{Contents, Edit, Message, contents, member};

/// The revision to ask for where the recording does not say which was spoken.
const REVISION: &str = "2025-11-25";

/// The messages that a conversation is made of, each one request or response as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    /// The recorded `initialize`, if there was one.
    pub opening: Option<String>,
    /// The request, edited.
    pub request: String,
    /// Requests of the server, each with what the client answered.
    pub replies: Vec<(String, String)>,
}

/// What of a request is edited, as it was written; `{}` where it has none.
#[must_use]
pub fn part_of(request: &str, part: Part) -> Option<String> {
    let Contents::One(Message::Request { .. }) = contents(request.as_bytes()) else { return None };
    Some(part_as_written(request, part).unwrap_or(NONE).to_owned())
}

/// How a part that is not there is shown.
const NONE: &str = "{}";

fn part_as_written(request: &str, part: Part) -> Option<&str> {
    let Contents::One(Message::Request { params, .. }) = contents(request.as_bytes()) else { return None };
    match part {
        Part::Arguments => params.and_then(|params| member(params, "arguments")),
        Part::Params => params,
    }
}

/// The request with this in the place of what is edited. `None` if it is no request.
#[must_use]
pub fn edited(request: &str, part: Part, text: &str) -> Option<String> {
    let Contents::One(Message::Request { id, params, .. }) = contents(request.as_bytes()) else {
        return None;
    };
    let has_none = part_as_written(request, part).is_none();
    if has_none && text.split_whitespace().collect::<String>() == NONE {
        // Shown as empty because there were none: none they stay.
        return Some(request.to_owned());
    }
    let mut edit = Edit::of(request);
    match (part, params.map(|params| (params, member(params, "arguments")))) {
        (Part::Arguments, Some((_, Some(arguments)))) => edit.replace(arguments, text),
        (Part::Arguments, Some((params, None))) => {
            let inside = params.trim().strip_prefix('{')?;
            let comma = if inside.trim_start().starts_with('}') { "" } else { "," };
            edit.replace(params, format!("{{\"arguments\":{text}{comma}{inside}"));
        }
        (Part::Arguments, None) => edit.replace(id, format!("{id},\"params\":{{\"arguments\":{text}}}")),
        (Part::Params, Some((params, _))) => edit.replace(params, text),
        (Part::Params, None) => edit.replace(id, format!("{id},\"params\":{text}")),
    }
    Some(edit.finish())
}

/// Drives these messages: opens a session, sends the request, answers the server as it was answered then. Each answer may
/// take `timeout_us`.
#[must_use]
pub fn conversation(texts: &Texts, timeout_us: u64) -> Rerunner {
    let mut script = Making::default();
    if !speaks_for_itself(&texts.request) {
        let opening = texts.opening.clone().unwrap_or_else(own_opening);
        script.say(ToServer, &opening);
        script.say(ToClient, &answer_to(&opening));
        script.say(ToServer, r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    }
    script.say(ToServer, &texts.request);
    for (asked, reply) in &texts.replies {
        script.say(ToClient, asked);
        script.say(ToServer, reply);
    }
    script.say(ToClient, &answer_to(&texts.request));
    let Making { reading, bodies } = script;
    let wishes = Wishes { pace: false, allow_writes: true, timeout_us };
    let load = move |place: Place| bodies.get(&place.offset_bytes).cloned();
    Rerunner::new(reading.finish(), wishes, Box::new(load))
}

/// A recording in the making.
struct Making {
    reading: Reading,
    bodies: HashMap<u64, Vec<u8>>,
}

impl Default for Making {
    fn default() -> Self {
        Self { reading: Reading::new("", &[], false), bodies: HashMap::new() }
    }
}

impl Making {
    fn say(&mut self, to: Direction, text: &str) {
        let number = self.bodies.len() as u64;
        let payload = Payload::of_frame(text.as_bytes());
        let fact = Fact::Message { to, own: Nanos(0), payload, parts: 0, exchange: None };
        let place = Place { offset_bytes: number, len_bytes: 0 };
        self.reading.apply(&Event { at: Micros(number), fact }, place);
        self.bodies.insert(number, text.as_bytes().to_vec());
    }
}

/// An answer, so that one is waited for. What it says is not looked at.
fn answer_to(request: &str) -> String {
    let id = match contents(request.as_bytes()) {
        Contents::One(Message::Request { id, .. }) => id,
        _ => "null",
    };
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#)
}

/// Whether a request says itself who speaks, so that no session is opened (from 2026-07-28 on).
fn speaks_for_itself(request: &str) -> bool {
    let Contents::One(Message::Request { params: Some(params), .. }) = contents(request.as_bytes()) else {
        return false;
    };
    let meta = member(params, "_meta");
    meta.is_some_and(|meta| member(meta, "io.modelcontextprotocol/protocolVersion").is_some())
}

/// Where no opening was recorded.
fn own_opening() -> String {
    json!({
        "jsonrpc": "2.0",
        "id": "mcptop-initialize",
        "method": "initialize",
        "params": {
            "protocolVersion": REVISION,
            "capabilities": {},
            "clientInfo": { "name": "mcptop", "version": env!("CARGO_PKG_VERSION") },
        },
    })
    .to_string()
}
