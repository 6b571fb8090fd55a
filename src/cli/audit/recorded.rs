//! What a server offered in a recorded session: the newest lists of the client that listed its tools last.

use std::path::Path;

use serde_json::Value;

use crate::cli::passes;
use crate::insight::audit::{List, Offer, ServerName};
use crate::model::{Half, Operation, Outcome, Session, State};
use crate::record::{Bodies, Reader};
use crate::wire::{Contents, Message, Peer, contents, member};

/// How much of a session counts as its beginning: lists of tools are asked for before anything is called.
const BEGINNING_BYTES: u64 = 4 * 1024 * 1024;
/// What is read at once.
const STEP_BYTES: usize = 256 * 1024;

/// The server's label, and what it offered.
///
/// # Errors
/// If the file cannot be read, or holds no list of tools.
pub(super) fn read(file: &Path) -> Result<(String, Offer), String> {
    let mut reader = passes::open(file)?;
    let mut session = Session::new(reader.header().clone());
    passes::through_places(&mut reader, "looking for lists", |event, place| session.apply(event, place))
        .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let offer = of_session(&session, &reader.bodies())
        .ok_or_else(|| format!("{}: nobody asked for the server's tools in this session", file.display()))?;
    Ok((session.header.label.clone(), offer))
}

/// What a server offered at the beginning of a session, without a word about anything that is not as it should be; `None`
/// if nothing is known.
pub(in crate::cli) fn at_beginning(file: &Path) -> Option<Offer> {
    let mut reader = Reader::open(file).ok()?;
    let mut session = Session::new(reader.header().clone());
    let mut known = None;
    while reader.position_bytes() < BEGINNING_BYTES {
        let progress = reader.read(STEP_BYTES, &mut |event, place| session.apply(event, place)).ok()?;
        let was_known = known.is_some();
        known = of_session(&session, &reader.bodies());
        // Further pages of a list follow at once: one step more has them.
        if progress.at_end || was_known {
            break;
        }
    }
    known
}

/// `None` if there is no list of tools in it.
fn of_session(session: &Session, bodies: &Bodies) -> Option<Offer> {
    let answered = |operation: &&Operation| {
        operation.from == Peer::Client && operation.state == State::Done(Outcome::Ok)
    };
    let asked_for = |operation: &Operation| {
        let method = session.name(operation.method);
        List::ALL.into_iter().find(|list| list.method() == method)
    };
    let done = || session.operations().iter().filter(answered);
    let newest = done().rfind(|operation| asked_for(operation) == Some(List::Tools))?;
    let mut offer = greeting(session);
    for operation in done().filter(|operation| operation.client() == newest.client()) {
        let Some(list) = asked_for(operation) else { continue };
        // What a rule made of it is not what the server offers.
        let Some(answer) = operation.original_answer() else { continue };
        if is_first_page(bodies, &operation.first().request) {
            offer.clear(list);
        }
        let taken = result(bodies, answer).map(|page| offer.take_page(list, &page));
        if let Some(Err(why)) = taken {
            offer.missing.push(why.to_string());
        }
    }
    Some(offer)
}

fn greeting(session: &Session) -> Offer {
    let known = session.handshake();
    let server = known
        .server
        .as_ref()
        .map(|server| ServerName { name: server.name.to_string(), version: server.version.to_string() });
    let mut offer = Offer::default();
    offer.server = server.unwrap_or_default();
    known.negotiated.as_deref().unwrap_or_default().clone_into(&mut offer.revision);
    offer.instructions = known.instructions.as_ref().map(|instructions| instructions.text.to_string());
    offer
}

fn is_first_page(bodies: &Bodies, request: &Half) -> bool {
    let Some(text) = message(bodies, request) else { return true };
    let params = match contents(&text) {
        Contents::One(message) => params(&message),
        Contents::Batch(messages) => messages.get(usize::from(request.index)).and_then(params),
        Contents::Noise => None,
    };
    let cursor = params.and_then(|params| member(params, "cursor"));
    cursor.is_none_or(|cursor| serde_json::from_str::<Value>(cursor).is_ok_and(|cursor| cursor.is_null()))
}

fn params<'a>(message: &Message<'a>) -> Option<&'a str> {
    match message {
        Message::Request { params, .. } => *params,
        Message::Notification { .. } | Message::Result { .. } | Message::Error { .. } => None,
    }
}

/// The `result` of an answer.
fn result(bodies: &Bodies, answer: &Half) -> Option<String> {
    let text = message(bodies, answer)?;
    let result = |message: &Message<'_>| match message {
        Message::Result { result, .. } => Some((*result).to_owned()),
        Message::Request { .. } | Message::Notification { .. } | Message::Error { .. } => None,
    };
    match contents(&text) {
        Contents::One(message) => result(&message),
        Contents::Batch(messages) => messages.get(usize::from(answer.index)).and_then(result),
        Contents::Noise => None,
    }
}

fn message(bodies: &Bodies, half: &Half) -> Option<Vec<u8>> {
    bodies.load(half.place).ok()
}
