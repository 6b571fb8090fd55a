//! What a recording knows of a call that is to be sent again: the request, the server, the schema, and how it went then.
//!
//! Says where messages stand, not what is in them. Knows nothing of how a server is started.

use serde_json::{Value, json};
use thiserror::Error;

use crate::model::{Definition, Exchange, Half, Operation, OperationId, Session, State};
use crate::trace::Back;
use crate::wire::Peer;

/// How what stands in a command line in place of a secret begins.
const SECRET: &str = "[secret";
/// Answers of the client to requests of the server that are given again; who asks more often gets the last one again.
const REPLIES_MAX: usize = 64;

/// A call that can be sent again.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The method.
    pub method: Box<str>,
    /// The tool, prompt or resource.
    pub target: Box<str>,
    /// The server, as it was recorded.
    pub back: Back,
    /// What users call it.
    pub label: Box<str>,
    /// What is edited of the request.
    pub part: Part,
    /// What that is measured against, as JSON Schema.
    pub schema: Option<Value>,
    /// What the call may do.
    pub marked: Marked,
    /// The request.
    pub request: Half,
    /// The request that opened the session, where there is one.
    pub opening: Option<Half>,
    /// The revision in force, if it is known.
    pub revision: Option<Box<str>>,
    /// Requests of the server with what the client answered, in order.
    pub replies: Vec<(Half, Half)>,
    /// How it went.
    pub then: Recorded,
}

/// What is edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `params.arguments`.
    Arguments,
    /// All of `params`.
    Params,
}

/// What the server says that a call may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marked {
    /// It only reads: the tool is marked so (`readOnlyHint`), or the method is made for it.
    Reads,
    /// The tool is not marked as only reading.
    MayChange {
        /// Whether it says that it destroys nothing (`destructiveHint: false`).
        only_adds: bool,
    },
    /// The tool's definition was not recorded.
    Unknown,
}

/// How a call went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Where it stands.
    pub state: State,
    /// What the server took, in microseconds; `None` if it did not answer itself.
    pub took_us: Option<u64>,
    /// Whether that holds the server's start.
    pub is_cold: bool,
    /// Its first answer, as the server wrote it.
    pub answer: Option<Half>,
}

/// Why a call cannot be sent again.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotAgain {
    /// There is no such call.
    #[error("This call is not in the recording")]
    Missing,
    /// The server asked it.
    #[error("The server asked this: only what a client asked can be sent again")]
    Servers,
    /// The method is none of those.
    #[error("{0} cannot be sent again: tools/call, prompts/get, resources/read and completion/complete can")]
    Method(Box<str>),
    /// The recording does not tell of the server.
    #[error(
        "This recording does not say how its server is started or reached. \
         Record a session with `mcptop wrap -- COMMAND`, and send the call again from there"
    )]
    NoServer,
    /// The server's command line holds a secret.
    #[error(
        "A recording keeps no secrets, and this server needs one: {0}. Give it the secret in a variable of its \
         environment instead, record a session so, and send the call again from there"
    )]
    Secret(Box<str>),
    /// The server's address holds a secret.
    #[error(
        "A recording keeps no secrets, and this address holds one: {0}. `mcptop rerun FILE URL` takes the address as \
         it is, and sends all recorded calls that only read"
    )]
    SecretAddress(Box<str>),
}

impl Subject {
    /// A call of a session.
    ///
    /// # Errors
    /// Why it cannot be sent again, for people.
    pub fn of(session: &Session, call: OperationId) -> Result<Self, NotAgain> {
        let operation = session.operation(call).ok_or(NotAgain::Missing)?;
        if operation.from != Peer::Client {
            return Err(NotAgain::Servers);
        }
        let (method, target) = (session.name(operation.method), session.name(operation.target));
        let tool = tool(session, target).filter(|_| method == "tools/call");
        let (part, schema, marked) = match method {
            "tools/call" => (
                Part::Arguments,
                tool.as_ref().map(|tool| tool["inputSchema"].clone()),
                marked(tool.as_ref()),
            ),
            "prompts/get" => (Part::Arguments, Some(prompt_schema()), Marked::Reads),
            "resources/read" => (Part::Params, Some(resource_schema()), Marked::Reads),
            "completion/complete" => (Part::Params, Some(completion_schema()), Marked::Reads),
            other => return Err(NotAgain::Method(other.into())),
        };
        check(&session.header.back)?;
        Ok(Self {
            method: method.into(),
            target: target.into(),
            back: session.header.back.clone(),
            label: session.header.label.as_str().into(),
            part,
            schema: schema.filter(|schema| !schema.is_null()),
            marked,
            request: operation.first().request,
            opening: opening(session, operation),
            revision: session.handshake().negotiated.clone(),
            replies: replies(session, operation, call),
            then: Recorded::of(operation),
        })
    }
}

impl Recorded {
    fn of(operation: &Operation) -> Self {
        let first = operation.first();
        let has_one = operation.exchanges().count() == 1 && operation.task().is_none();
        let took_us = if has_one && first.response.is_some_and(|response| !response.by_rule) {
            Some(operation.responder_us())
        } else {
            first.responder_us()
        };
        Self { state: operation.state, took_us, is_cold: operation.is_cold(), answer: first.response }
    }
}

/// Whether the server can be started or reached with what was recorded.
fn check(back: &Back) -> Result<(), NotAgain> {
    let (is_there, hides) = match back {
        Back::Command { argv } => (
            argv.first().is_some_and(|program| !program.is_empty()),
            argv.iter().any(|word| word.contains(SECRET)),
        ),
        Back::Url { url, .. } => (url.contains("://"), url.contains(SECRET)),
    };
    match (is_there, hides) {
        (false, _) => Err(NotAgain::NoServer),
        (true, true) => Err(match back {
            Back::Command { .. } => NotAgain::Secret(back.display().into()),
            Back::Url { url, .. } => NotAgain::SecretAddress(url.as_str().into()),
        }),
        (true, false) => Ok(()),
    }
}

/// A tool's definition, as the server wrote it.
fn tool(session: &Session, name: &str) -> Option<Value> {
    let definitions = session.definitions();
    let is_it = |definition: &&Definition| *definition.name == *name;
    let found = definitions.offered().iter().find(is_it).or_else(|| definitions.tool(name))?;
    serde_json::from_str(&found.json).ok()
}

fn marked(tool: Option<&Value>) -> Marked {
    match tool {
        None => Marked::Unknown,
        Some(tool) if tool["annotations"]["readOnlyHint"] == Value::Bool(true) => Marked::Reads,
        Some(tool) => {
            Marked::MayChange { only_adds: tool["annotations"]["destructiveHint"] == Value::Bool(false) }
        }
    }
}

/// A prompt's arguments are texts (`GetPromptRequest`).
fn prompt_schema() -> Value {
    json!({ "type": "object", "additionalProperties": { "type": "string" } })
}

/// `ReadResourceRequest`.
fn resource_schema() -> Value {
    json!({ "type": "object", "required": ["uri"], "properties": { "uri": { "type": "string" } } })
}

/// `CompleteRequest`.
fn completion_schema() -> Value {
    json!({
        "type": "object",
        "required": ["ref", "argument"],
        "properties": {
            "ref": { "type": "object", "required": ["type"] },
            "argument": {
                "type": "object",
                "required": ["name", "value"],
                "properties": { "name": { "type": "string" }, "value": { "type": "string" } },
            },
        },
    })
}

/// The request that opened the conversation a call belongs to.
fn opening(session: &Session, call: &Operation) -> Option<Half> {
    let is_it = |operation: &&Operation| {
        operation.from == Peer::Client
            && operation.started() <= call.started()
            && session.name(operation.method) == "initialize"
    };
    let mut all = session.operations().iter().filter(is_it);
    let own = all.clone().rfind(|operation| operation.client() == call.client());
    own.or_else(|| all.next_back()).map(|operation| operation.first().request)
}

/// What the client answered the server: everything that was asked for this call, and its folders whenever they were asked
/// for. What was said to questions of other calls would be no answer to the same question.
fn replies(session: &Session, call: &Operation, id: OperationId) -> Vec<(Half, Half)> {
    let answered = |exchange: &Exchange| Some((exchange.request, exchange.response?));
    let all = session.operations().iter().filter(|asked| asked.from == Peer::Server);
    let fitting = all.filter(|asked| {
        asked.serves() == Some(id)
            || (session.name(asked.method) == "roots/list" && asked.client() == call.client())
    });
    fitting.filter_map(|asked| answered(asked.first())).take(REPLIES_MAX).collect()
}
