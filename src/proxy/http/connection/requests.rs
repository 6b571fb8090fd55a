//! What the client sends: heads are checked and written anew, bodies pass.

use super::{AHEAD_BYTES, Answering, Asking, Client, Connection, Dialing, Exchange, Shared};
use crate::proxy::http::front::Rejected;
use crate::proxy::http::head::{Ours, write_request};
use crate::proxy::http::refusal::Refusal;
use crate::proxy::http::upstream::Upstream;
use crate::trace::{Fact, session_name, url_without_secrets};
use crate::wire::http::{Body, Framing, HeadError, Request, request};

/// The field that names a session.
pub(super) const SESSION: &str = "mcp-session-id";
/// So much of a request is kept while it is under way. The id of a longer one is not known any more when the answer
/// has to be ours.
const ASKED_BYTES: usize = 4 * 1024;
/// The field that names the protocol's revision.
const REVISION: &str = "mcp-protocol-version";

/// Up to this length a request is read to its end before it is decided who serves it: so much fits into what is read ahead.
const WHOLE_BYTES: usize = AHEAD_BYTES / 2;

/// What the rules say of a request.
enum Word {
    /// They have nothing to do with it.
    Passes,
    /// It has to be understood.
    Minds,
    /// It has not been read to its end.
    Undecided,
}

impl<C, U, D> Connection<C, U, D>
where
    C: Client,
    U: Upstream,
    D: FnMut(usize) -> Dialing<U> + Unpin,
{
    /// Takes what the client sent; returns whether something came of it.
    pub(super) fn take_requests(&mut self, bytes: &[u8]) -> bool {
        let mut gathered = std::mem::take(&mut self.up.rest);
        gathered.extend_from_slice(if gathered.is_empty() { &[] } else { bytes });
        let mut bytes = if gathered.is_empty() { bytes } else { &gathered };
        let before = bytes.len();
        while !bytes.is_empty() && !self.is_closing {
            match self.asking {
                Asking::Head => match request(bytes) {
                    Ok(Some((head, len_bytes))) => match self.rules_on(&head, len_bytes, &bytes[len_bytes..])
                    {
                        Word::Passes => {
                            self.begin(&head);
                            bytes = &bytes[len_bytes..];
                        }
                        // Whatever has been read of it, and of the next ones, goes along.
                        Word::Minds => self.asking = Asking::Elsewhere,
                        Word::Undecided => break,
                    },
                    Ok(None) => break,
                    Err(error) => self.refuse(&Refusal::unreadable(error)),
                },
                Asking::Body(mut body) => {
                    let Some(id) = self.exchange.as_ref().map(|exchange| exchange.id) else { break };
                    match self.up.take_body(&mut body, bytes, id, |data| {
                        let room = ASKED_BYTES - self.asked.len();
                        self.asked.extend_from_slice(&data[..room.min(data.len())]);
                    }) {
                        Ok(taken) => {
                            bytes = &bytes[taken..];
                            self.asking = if body.is_over() { Asking::Nothing } else { Asking::Body(body) };
                        }
                        Err(_) => {
                            self.refuse(&Refusal::unreadable(HeadError::Malformed("its chunks are none")));
                        }
                    }
                }
                Asking::Discarded(mut body) => {
                    // Where a body ends whose chunks are none cannot be told: nothing behind it is a request.
                    bytes = &bytes[body.take(bytes, |_| ()).unwrap_or(bytes.len())..];
                    self.asking = if body.is_over() { Asking::Nothing } else { Asking::Discarded(body) };
                }
                Asking::Nothing | Asking::Elsewhere => break,
            }
        }
        let has_moved = bytes.len() < before || self.is_closing;
        self.up.rest = if self.is_closing { Vec::new() } else { bytes.to_vec() };
        has_moved
    }

    /// What the rules have to do with a request. A long one, and one whose length is not known before its end, is for
    /// those who can hold it back.
    fn rules_on(&self, head: &Request<'_>, head_bytes: usize, behind: &[u8]) -> Word {
        if !self.shared.desk.is_awake() {
            return Word::Passes;
        }
        // One that cannot be read is refused as it begins.
        let Ok(framing) = head.framing() else { return Word::Passes };
        let len_bytes = match framing {
            Framing::Length(len_bytes) if head.method == "POST" && head.headers.count("expect") == 0 => {
                len_bytes
            }
            Framing::Length(_) | Framing::Empty | Framing::Chunked | Framing::UntilClose => {
                return Word::Minds;
            }
        };
        let len_bytes = usize::try_from(len_bytes).unwrap_or(usize::MAX);
        if !head.headers.encoding().is_empty() || head_bytes.saturating_add(len_bytes) > WHOLE_BYTES {
            return Word::Minds;
        }
        match behind.get(..len_bytes) {
            Some(body) if self.shared.desk.minds(body) => Word::Minds,
            Some(_) => Word::Passes,
            None => Word::Undecided,
        }
    }

    /// A request begins.
    fn begin(&mut self, head: &Request<'_>) {
        self.exchange = Some(Exchange {
            id: self.shared.numbers.next(),
            busy: None,
            is_bound: true,
            method: head.method.to_owned(),
            client_stays: head.keeps_alive() && head.minor > 0,
            server_stays: true,
        });
        self.note_request(head);
        match self.shared.front.check(head) {
            Ok(()) => {}
            Err(Rejected::Foreign(why)) => return self.refuse(&Refusal::forbidden(&why)),
            Err(Rejected::Unknown) => return self.refuse(&Refusal::unauthorized()),
        }
        if head.method == "CONNECT" {
            return self.refuse(&Refusal::not_done("tunnels (CONNECT)"));
        }
        // Any other offer may be ignored (RFC 9110 section 7.8), and is: it is not passed on.
        if head.headers.words("upgrade").any(|protocol| protocol.eq_ignore_ascii_case("websocket")) {
            return self.refuse(&Refusal::not_done("WebSocket connections (Upgrade)"));
        }
        let framing = match head.framing() {
            Ok(framing) => framing,
            Err(error) => return self.refuse(&Refusal::unreadable(error)),
        };
        self.turn_to(head.headers.first(SESSION));
        let Shared { fields, front, .. } = &*self.shared;
        let authority = &self.shared.instances.get(self.to).dialer.target().authority;
        let ours = Ours { fields, keeps_token: front.takes_token() };
        self.named_at = write_request(&mut self.up.out, head, authority, &ours);
        let body = Body::new(framing);
        self.asking = if body.is_over() { Asking::Nothing } else { Asking::Body(body) };
        self.answering = Answering::Head;
        self.asked.clear();
        self.last_piece = None;
        self.connect();
    }

    fn note_request(&mut self, head: &Request<'_>) {
        let Some(Exchange { id, .. }) = &self.exchange else { return };
        let (exchange, connection) = (*id, self.number);
        self.up.notes.fact(|| Fact::HttpRequest {
            exchange,
            connection,
            method: head.method.to_owned().into(),
            target: url_without_secrets(head.target).into(),
            session: head.headers.text(SESSION).map(|id| session_name(id).into()),
            revision: head.headers.text(REVISION).map(|revision| revision.to_owned().into()),
            encoding: head.headers.encoding().into(),
            resumes: head.headers.count("last-event-id") > 0,
        });
    }
}
