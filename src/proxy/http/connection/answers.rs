//! What the server sends: heads lose what concerns one connection, bodies pass.

use std::time::Instant;

use super::requests::SESSION;
use super::{Answering, Asking, Client, Connection, Dialing, End, Link};
use crate::proxy::http::head::write_response;
use crate::proxy::http::upstream::Upstream;
use crate::trace::{Fact, HttpEnd, session_name};
use crate::wire::http::{Body, Framing, Response, response};

impl<C, U, D> Connection<C, U, D>
where
    C: Client,
    U: Upstream,
    D: FnMut(usize) -> Dialing<U> + Unpin,
{
    /// Takes what the server sent.
    pub(super) fn take_answers(&mut self, bytes: &[u8]) {
        let mut gathered = std::mem::take(&mut self.down.rest);
        gathered.extend_from_slice(if gathered.is_empty() { &[] } else { bytes });
        let mut bytes = if gathered.is_empty() { bytes } else { &gathered };
        while !bytes.is_empty() && !self.is_closing && self.end.is_none() {
            match self.answering {
                // Nobody asked for this, so whose answer it is cannot be known.
                Answering::Nothing => {
                    self.link = Link::None;
                    return;
                }
                Answering::Head => match response(bytes) {
                    Ok(Some((head, len_bytes))) => {
                        self.answer(&head);
                        bytes = &bytes[len_bytes..];
                    }
                    Ok(None) => break,
                    Err(error) => self.give_up(&format!("what it answers is not HTTP: {error}")),
                },
                Answering::Body(mut body) => {
                    let Some(id) = self.exchange.as_ref().map(|exchange| exchange.id) else { return };
                    match self.down.take_body(&mut body, bytes, id, |_| ()) {
                        Ok(taken) => bytes = &bytes[taken..],
                        Err(_) => return self.end = Some(End::Abort),
                    }
                    self.answering = Answering::Body(body);
                    if body.is_over() {
                        self.complete();
                    }
                }
            }
        }
        self.down.rest = bytes.to_vec();
    }

    /// The head of a response.
    fn answer(&mut self, head: &Response<'_>) {
        let Some(exchange) = &mut self.exchange else { return };
        let framing = match head.framing(&exchange.method) {
            Ok(framing) if head.status != 101 => framing,
            Ok(_) => return self.give_up("it changes to a protocol that nobody asked for"),
            Err(error) => return self.give_up(&format!("its answer cannot be read: {error}")),
        };
        if head.is_interim() {
            return self.write_head(head, false);
        }
        exchange.server_stays = head.keeps_alive();
        exchange.client_stays &= framing != Framing::UntilClose;
        let (id, status, closes) = (exchange.id, head.status, !exchange.client_stays);
        self.write_head(head, closes);
        if let Some(session) = head.headers.first(SESSION) {
            self.shared.instances.bind(session, self.to);
        }
        self.down.notes.fact(|| Fact::HttpResponse {
            exchange: id,
            status,
            media: media_type(head).to_ascii_lowercase().into(),
            session: head.headers.text(SESSION).map(|id| session_name(id).into()),
            encoding: head.headers.encoding().into(),
        });
        let body = Body::new(framing);
        self.answering = Answering::Body(body);
        if body.is_over() {
            self.complete();
        }
    }

    fn write_head(&mut self, head: &Response<'_>, closes: bool) {
        let server = self.shared.instances.get(self.to).dialer.target();
        write_response(&mut self.down.out, head, server, closes);
    }

    /// The response has been taken to its end.
    fn complete(&mut self) {
        let Some(exchange) = self.exchange.take() else { return };
        if exchange.method == "POST" {
            self.shared.desk.unseen_ended();
        }
        self.down.notes.fact(|| Fact::HttpEnd { exchange: exchange.id, how: HttpEnd::Complete });
        self.answering = Answering::Nothing;
        // A server that answered before it had the whole request does not want the rest, and no next one behind it.
        let is_asked = self.asking == Asking::Nothing;
        if !exchange.server_stays || !is_asked {
            self.link = Link::None;
        }
        if exchange.client_stays && is_asked {
            self.asking = Asking::Head;
        } else {
            self.is_closing = true;
            self.discard_request();
        }
    }

    /// The server closed its side, or the connection broke: then no body is whole, not even one that ends with it.
    pub(super) fn on_server_end(&mut self, is_broken: bool) {
        match self.answering {
            Answering::Nothing => self.link = Link::None,
            Answering::Head => {
                self.instance().failed(Instant::now());
                self.give_up("it closed the connection before it had answered");
            }
            Answering::Body(_) if is_broken => self.end = Some(End::Abort),
            Answering::Body(mut body) => match body.close() {
                Ok(()) => {
                    if let Some(exchange) = &self.exchange {
                        self.down.notes.last(exchange.id);
                    }
                    self.complete();
                    self.link = Link::None;
                    if self.down.out.is_empty() {
                        self.down.notes.forwarded(&[]);
                        self.end = Some(End::Closed);
                    }
                }
                Err(_) => self.end = Some(End::Abort),
            },
        }
    }
}

fn media_type<'a>(head: &Response<'a>) -> &'a str {
    head.headers.text("content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim()
}
