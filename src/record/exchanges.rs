//! Cuts the bodies of HTTP exchanges into messages: a whole body is one, an event stream holds many.
//!
//! Knows nothing of files and queues, nor of what messages say.

use std::collections::HashMap;

use super::recorder::FRAME_BYTES_MAX;
use crate::trace::{ExchangeId, Fact, Nanos, Payload};
use crate::wire::Direction;
use crate::wire::sse::{SseEvent, SseSplitter};

/// The media type of an event stream, as the head of the response names it.
const EVENT_STREAM: &str = "text/event-stream";
/// Exchanges followed at once. The bodies of those beyond are kept as they come, without being joined.
const OPEN_MAX: usize = 65_536;

/// The exchanges whose bodies have not ended.
#[derive(Debug, Default)]
pub(super) struct Exchanges(HashMap<ExchangeId, Bodies>);

/// The two bodies of an exchange.
#[derive(Debug, Default)]
struct Bodies {
    request: Whole,
    response: Response,
}

#[derive(Debug)]
enum Response {
    Whole(Whole),
    Stream(SseSplitter),
    /// Something of it was not observed: what follows cannot be told apart.
    Broken,
}

impl Default for Response {
    fn default() -> Self {
        Self::Whole(Whole::default())
    }
}

/// A body that is one message.
#[derive(Debug, Default)]
struct Whole {
    bytes: Vec<u8>,
    parts: u32,
    is_broken: bool,
}

/// What is told of a body: a fact at a time.
pub(super) type See<'a> = &'a mut dyn FnMut(Fact<'_>);

impl Exchanges {
    /// The head of a response passed: its body will be of this media type.
    pub(super) fn on_response(&mut self, exchange: ExchangeId, media: &str) {
        if media.eq_ignore_ascii_case(EVENT_STREAM) {
            self.bodies(exchange).response = Response::Stream(SseSplitter::default());
        }
    }

    /// The next piece of a body passed; with the last one the body is over.
    pub(super) fn chunk(
        &mut self,
        exchange: ExchangeId,
        to: Direction,
        chunk: &[u8],
        own: Nanos,
        is_last: bool,
        see: See<'_>,
    ) {
        let lane = Lane { exchange, to, own };
        let bodies = self.bodies(exchange);
        match (to, &mut bodies.response) {
            (Direction::ToServer, _) => bodies.request.take(chunk, is_last, lane, see),
            (Direction::ToClient, Response::Whole(whole)) => whole.take(chunk, is_last, lane, see),
            (Direction::ToClient, Response::Stream(events)) => {
                events.feed(chunk, |event| lane.event(&event, see));
                if is_last {
                    events.finish(|event| lane.event(&event, see));
                }
            }
            (Direction::ToClient, Response::Broken) => {}
        }
    }

    /// Something of a body was not observed.
    pub(super) fn gap(&mut self, exchange: ExchangeId, to: Direction) {
        let bodies = self.bodies(exchange);
        match (to, &mut bodies.response) {
            (Direction::ToServer, _) => bodies.request.give_up(),
            (Direction::ToClient, Response::Whole(whole)) => whole.give_up(),
            (Direction::ToClient, response @ (Response::Stream(_) | Response::Broken)) => {
                *response = Response::Broken;
            }
        }
    }

    /// The exchange is over; what was cut off in it is told as it stands.
    pub(super) fn end(&mut self, exchange: ExchangeId, see: See<'_>) {
        let Some(mut bodies) = self.0.remove(&exchange) else { return };
        let lane = |to| Lane { exchange, to, own: Nanos(0) };
        bodies.request.finish(lane(Direction::ToServer), see);
        match &mut bodies.response {
            Response::Whole(whole) => whole.finish(lane(Direction::ToClient), see),
            Response::Stream(events) => events.finish(|event| lane(Direction::ToClient).event(&event, see)),
            Response::Broken => {}
        }
    }

    /// Everything is over.
    pub(super) fn end_all(&mut self, see: See<'_>) {
        let mut open: Vec<ExchangeId> = self.0.keys().copied().collect();
        open.sort_unstable();
        for exchange in open {
            self.end(exchange, see);
        }
    }

    fn bodies(&mut self, exchange: ExchangeId) -> &mut Bodies {
        if self.0.len() >= OPEN_MAX && !self.0.contains_key(&exchange) {
            // Their ends were not observed, or there would be a connection for each of them.
            self.0.clear();
        }
        self.0.entry(exchange).or_default()
    }
}

/// Which body of which exchange.
#[derive(Clone, Copy)]
struct Lane {
    exchange: ExchangeId,
    to: Direction,
    own: Nanos,
}

impl Lane {
    fn message(self, bytes: &[u8], parts: u32, see: See<'_>) {
        let payload = Payload::of_frame(bytes);
        see(Fact::Message { to: self.to, own: self.own, payload, parts, exchange: Some(self.exchange) });
    }

    fn event(self, event: &SseEvent<'_>, see: See<'_>) {
        let beside = fields_beside_data(event.raw);
        if !beside.is_empty() {
            see(Fact::HttpEvent { exchange: self.exchange, text: beside.into() });
        }
        // A priming event has an empty data field and is no message.
        if let Some(data) = event.data.as_deref().filter(|data| !data.is_empty()) {
            self.message(data, 0, see);
        }
    }
}

/// The lines of an event that are not its data and say more than that it is a message.
fn fields_beside_data(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let is_beside = |line: &&str| {
        let field = line.split(':').next().unwrap_or_default();
        let is_usual = field == "event" && line["event".len()..].trim_start_matches(':').trim() == "message";
        !line.is_empty() && field != "data" && !is_usual
    };
    text.split(['\r', '\n']).filter(is_beside).collect::<Vec<_>>().join("\n")
}

impl Whole {
    fn take(&mut self, chunk: &[u8], is_last: bool, lane: Lane, see: See<'_>) {
        if self.is_broken {
            return;
        }
        let is_all = is_last && self.parts == 0 && self.bytes.is_empty();
        if is_all && !chunk.is_empty() && chunk.len() <= FRAME_BYTES_MAX {
            // As most bodies come: in one piece, so that nothing needs to be kept.
            return lane.message(chunk, 0, see);
        }
        for piece in chunk.chunks(FRAME_BYTES_MAX) {
            if self.bytes.len() + piece.len() > FRAME_BYTES_MAX {
                let (to, exchange) = (lane.to, Some(lane.exchange));
                see(Fact::Part { to, payload: Payload::of_frame(&self.bytes), exchange });
                self.parts += 1;
                self.bytes.clear();
            }
            self.bytes.extend_from_slice(piece);
        }
        if is_last {
            self.finish(lane, see);
        }
    }

    fn finish(&mut self, lane: Lane, see: See<'_>) {
        if !self.is_broken && (self.parts > 0 || !self.bytes.is_empty()) {
            lane.message(&self.bytes, self.parts, see);
        }
        *self = Self::default();
    }

    fn give_up(&mut self) {
        *self = Self { is_broken: true, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ONE: ExchangeId = ExchangeId(1);

    /// What is told of bodies, in words.
    fn told(run: impl FnOnce(&mut Exchanges, &mut Vec<String>)) -> Vec<String> {
        let (mut exchanges, mut said) = (Exchanges::default(), Vec::new());
        run(&mut exchanges, &mut said);
        exchanges.end_all(&mut say(&mut said));
        said
    }

    fn say(said: &mut Vec<String>) -> impl FnMut(Fact<'_>) {
        |fact| {
            said.push(match fact {
                Fact::Message { to, payload, parts, exchange, .. } => {
                    let text = String::from_utf8_lossy(&payload.text).into_owned();
                    let number = exchange.map_or(0, |exchange| exchange.0);
                    format!("{number} {}: {text}{}", to.as_str(), if parts > 0 { " in parts" } else { "" })
                }
                Fact::Part { .. } => "part".to_owned(),
                Fact::HttpEvent { text, .. } => format!("event {text:?}"),
                other => format!("{other:?}"),
            });
        }
    }

    #[test]
    fn a_body_is_one_message_however_it_comes() {
        let said = told(|exchanges, said| {
            let (up, down) = (Direction::ToServer, Direction::ToClient);
            exchanges.chunk(ONE, up, b"{\"id\":", Nanos(1), false, &mut say(said));
            exchanges.chunk(ExchangeId(2), up, b"{}", Nanos(1), true, &mut say(said));
            exchanges.chunk(ONE, up, b"1}", Nanos(1), true, &mut say(said));
            exchanges.chunk(ONE, down, b"cut o", Nanos(1), false, &mut say(said));
        });
        assert_eq!(said, ["2 server: {}", "1 server: {\"id\":1}", "1 client: cut o"]);
    }

    #[test]
    fn a_stream_holds_many_messages_and_what_is_none_is_kept_beside_them() {
        let stream =
            b"id: 7\ndata: \n\n: ping\n\nevent: message\nid: 8\ndata: {\"id\":1}\n\ndata: {}\n\ndata: to";
        let said = told(|exchanges, said| {
            exchanges.on_response(ONE, "text/event-stream");
            exchanges.chunk(ONE, Direction::ToClient, stream, Nanos(1), false, &mut say(said));
            exchanges.end(ONE, &mut say(said));
        });
        let wanted = [
            "event \"id: 7\"",
            "event \": ping\"",
            "event \"id: 8\"",
            "1 client: {\"id\":1}",
            "1 client: {}",
            "1 client: to",
        ];
        assert_eq!(said, wanted);
    }

    #[test]
    fn what_follows_a_gap_is_not_taken_for_a_message() {
        let said = told(|exchanges, said| {
            exchanges.chunk(ONE, Direction::ToServer, b"{\"a\":", Nanos(1), false, &mut say(said));
            exchanges.gap(ONE, Direction::ToServer);
            exchanges.chunk(ONE, Direction::ToServer, b"2}", Nanos(1), true, &mut say(said));
        });
        assert!(said.is_empty(), "{said:?}");
    }

    #[test]
    fn a_body_beyond_the_bound_comes_in_parts() {
        let piece = vec![b'x'; FRAME_BYTES_MAX];
        let said = told(|exchanges, said| {
            exchanges.chunk(ONE, Direction::ToClient, &piece, Nanos(1), false, &mut say(said));
            exchanges.chunk(ONE, Direction::ToClient, &piece, Nanos(1), false, &mut say(said));
            exchanges.chunk(ONE, Direction::ToClient, b"", Nanos(1), true, &mut say(said));
        });
        assert_eq!((said.len(), &*said[0]), (2, "part"));
        assert!(said[1].ends_with(" in parts"));
    }

    proptest! {
        #[test]
        fn the_pieces_of_a_body_make_no_difference(body in proptest::collection::vec(any::<u8>(), 1..80),
                                                   cut in 0..80_usize) {
            let cut = cut.min(body.len());
            let whole = told(|exchanges, said| {
                exchanges.chunk(ONE, Direction::ToServer, &body, Nanos(0), true, &mut say(said));
            });
            let split = told(|exchanges, said| {
                exchanges.chunk(ONE, Direction::ToServer, &body[..cut], Nanos(0), false, &mut say(said));
                exchanges.chunk(ONE, Direction::ToServer, &body[cut..], Nanos(0), true, &mut say(said));
            });
            prop_assert_eq!(whole, split);
        }
    }
}
