//! Cuts the bodies of HTTP exchanges into messages: a whole body is one, an event stream holds many; what is compressed is
//! unpacked first.
//!
//! Knows nothing of files and queues, nor of what messages say.

use std::collections::HashMap;

use super::recorder::FRAME_BYTES_MAX;
use super::unpack::{Budget, UnpackError, Unpacker};
use crate::trace::{ExchangeId, Fact, Nanos, Payload};
use crate::wire::Direction;
use crate::wire::sse::{SseEvent, SseSplitter};

/// The media type of an event stream, as the head of the response names it.
const EVENT_STREAM: &str = "text/event-stream";
/// Exchanges followed at once. The bodies of those beyond are kept as they come, without being joined.
const OPEN_MAX: usize = 65_536;

/// The exchanges whose bodies have not ended.
#[derive(Debug, Default)]
pub(super) struct Exchanges {
    open: HashMap<ExchangeId, Bodies>,
    budget: Budget,
}

/// The two bodies of an exchange.
#[derive(Debug, Default)]
struct Bodies {
    request: Body,
    response: Body,
}

#[derive(Debug, Default)]
struct Body {
    packing: Packing,
    content: Content,
}

/// How a body is compressed.
#[derive(Debug, Default)]
enum Packing {
    #[default]
    None,
    /// So, but nothing of it has come: there may be no body at all.
    Named(String),
    /// And is being unpacked.
    Open(Box<Unpacker>),
    /// What follows cannot be understood.
    Lost,
}

#[derive(Debug)]
enum Content {
    Whole(Whole),
    Stream(SseSplitter),
    /// Something of it was not observed: what follows cannot be told apart.
    Broken,
}

impl Default for Content {
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
    /// The head of a request passed: its body will be compressed so.
    pub(super) fn on_request(&mut self, exchange: ExchangeId, encoding: &str) {
        if !encoding.is_empty() {
            self.bodies(exchange).request.packing = Packing::Named(encoding.to_owned());
        }
    }

    /// The head of a response passed: its body will be of this media type, and compressed so.
    pub(super) fn on_response(&mut self, exchange: ExchangeId, media: &str, encoding: &str) {
        let is_stream = media.eq_ignore_ascii_case(EVENT_STREAM);
        if !is_stream && encoding.is_empty() {
            return;
        }
        let body = &mut self.bodies(exchange).response;
        if is_stream {
            body.content = Content::Stream(SseSplitter::default());
        }
        if !encoding.is_empty() {
            body.packing = Packing::Named(encoding.to_owned());
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
        let budget = self.budget.clone();
        self.bodies(exchange).of(to).take(chunk, is_last, Lane { exchange, to, own }, &budget, see);
    }

    /// Something of a body was not observed.
    pub(super) fn gap(&mut self, exchange: ExchangeId, to: Direction) {
        let body = self.bodies(exchange).of(to);
        if !matches!(body.packing, Packing::None) {
            body.packing = Packing::Lost;
        }
        match &mut body.content {
            Content::Whole(whole) => whole.give_up(),
            content @ (Content::Stream(_) | Content::Broken) => *content = Content::Broken,
        }
    }

    /// The exchange is over; what was cut off in it is told as it stands.
    pub(super) fn end(&mut self, exchange: ExchangeId, see: See<'_>) {
        let Some(mut bodies) = self.open.remove(&exchange) else { return };
        for to in Direction::BOTH {
            bodies.of(to).content.finish(Lane { exchange, to, own: Nanos(0) }, see);
        }
    }

    /// Everything is over.
    pub(super) fn end_all(&mut self, see: See<'_>) {
        let mut open: Vec<ExchangeId> = self.open.keys().copied().collect();
        open.sort_unstable();
        for exchange in open {
            self.end(exchange, see);
        }
    }

    fn bodies(&mut self, exchange: ExchangeId) -> &mut Bodies {
        if self.open.len() >= OPEN_MAX && !self.open.contains_key(&exchange) {
            // Their ends were not observed, or there would be a connection for each of them.
            self.open.clear();
        }
        self.open.entry(exchange).or_default()
    }
}

impl Bodies {
    fn of(&mut self, to: Direction) -> &mut Body {
        match to {
            Direction::ToServer => &mut self.request,
            Direction::ToClient => &mut self.response,
        }
    }
}

impl Body {
    fn take(&mut self, chunk: &[u8], is_last: bool, lane: Lane, budget: &Budget, see: See<'_>) {
        if let (Packing::Named(encoding), false) = (&self.packing, chunk.is_empty()) {
            self.packing = match Unpacker::new(encoding, budget) {
                Ok(unpacker) => Packing::Open(Box::new(unpacker)),
                Err(error) => lane.lost(&error, see),
            };
        }
        match &mut self.packing {
            Packing::None => return self.content.take(chunk, is_last, lane, see),
            Packing::Named(_) | Packing::Lost => {}
            Packing::Open(unpacker) => {
                let content = &mut self.content;
                let fed = unpacker.feed(chunk, &mut |plain| content.take(plain, false, lane, see));
                let outcome = if is_last { fed.and_then(|()| unpacker.finish()) } else { fed };
                if let Err(error) = outcome {
                    self.packing = lane.lost(&error, see);
                }
            }
        }
        if is_last {
            // Memory for unpacking is dear, and an exchange may stay open for longer than its bodies.
            self.packing = Packing::Lost;
            self.content.finish(lane, see);
        }
    }
}

impl Content {
    fn take(&mut self, chunk: &[u8], is_last: bool, lane: Lane, see: See<'_>) {
        match self {
            Self::Whole(whole) => whole.take(chunk, is_last, lane, see),
            Self::Stream(events) => {
                events.feed(chunk, |event| lane.event(&event, see));
                if is_last {
                    events.finish(|event| lane.event(&event, see));
                }
            }
            Self::Broken => {}
        }
    }

    fn finish(&mut self, lane: Lane, see: See<'_>) {
        match self {
            Self::Whole(whole) => whole.finish(lane, see),
            Self::Stream(events) => events.finish(|event| lane.event(&event, see)),
            Self::Broken => {}
        }
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
    /// Says why the rest of a body is not recorded.
    fn lost(self, why: &UnpackError, see: See<'_>) -> Packing {
        let whose = match self.to {
            Direction::ToServer => "the request's body",
            Direction::ToClient => "the answer's body",
        };
        let number = self.exchange.0;
        see(Fact::Note {
            text: format!("exchange {number}: {whose} {why}; what is left of it is not recorded").into(),
        });
        Packing::Lost
    }

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
    use std::io::Write as _;

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
                Fact::Note { text } => text.into_owned(),
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
            exchanges.on_response(ONE, "text/event-stream", "");
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

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn compressed_bodies_are_told_as_what_they_say() {
        let stream = b"id: 7\ndata: {\"id\":1}\n\ndata: {}\n\n";
        for piece in [1, 5, 1_000] {
            let said = told(|exchanges, said| {
                exchanges.on_request(ONE, "gzip");
                exchanges.on_response(ONE, "text/event-stream", "gzip");
                let bodies =
                    [(Direction::ToServer, gzip(b"{\"id\":1}")), (Direction::ToClient, gzip(stream))];
                for (to, packed) in bodies {
                    for bytes in packed.chunks(piece) {
                        exchanges.chunk(ONE, to, bytes, Nanos(1), false, &mut say(said));
                    }
                    exchanges.chunk(ONE, to, b"", Nanos(1), true, &mut say(said));
                }
            });
            let wanted = ["1 server: {\"id\":1}", "event \"id: 7\"", "1 client: {\"id\":1}", "1 client: {}"];
            assert_eq!(said, wanted, "by {piece}");
        }
    }

    #[test]
    fn what_cannot_be_unpacked_is_noted_once_and_is_no_message() {
        let said = told(|exchanges, said| {
            exchanges.on_response(ONE, "application/json", "compress");
            for is_last in [false, false, true] {
                exchanges.chunk(ONE, Direction::ToClient, b"\x1f\x9d", Nanos(1), is_last, &mut say(said));
            }
            // A body that never comes is no loss.
            exchanges.on_response(ExchangeId(2), "", "compress");
            exchanges.chunk(ExchangeId(2), Direction::ToClient, b"", Nanos(1), true, &mut say(said));
        });
        let why = "is compressed with \"compress\", which mcptop does not undo";
        assert_eq!(
            said,
            [format!("exchange 1: the answer's body {why}; what is left of it is not recorded")]
        );
    }

    #[test]
    fn what_was_unpacked_before_the_damage_stands() {
        let mut packed = gzip(b"{\"id\":1}");
        packed.extend_from_slice(b"<!-- served by -->");
        let said = told(|exchanges, said| {
            exchanges.on_response(ONE, "application/json", "gzip");
            exchanges.chunk(ONE, Direction::ToClient, &packed, Nanos(1), true, &mut say(said));
        });
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].contains("goes on behind the end"), "{}", said[0]);
        assert_eq!(said[1], "1 client: {\"id\":1}");
    }

    #[test]
    fn what_follows_a_gap_in_a_compressed_body_is_lost() {
        let packed = gzip(b"{\"id\":1}");
        let said = told(|exchanges, said| {
            exchanges.on_response(ONE, "application/json", "gzip");
            exchanges.chunk(ONE, Direction::ToClient, &packed[..4], Nanos(1), false, &mut say(said));
            exchanges.gap(ONE, Direction::ToClient);
            exchanges.chunk(ONE, Direction::ToClient, &packed[9..], Nanos(1), true, &mut say(said));
        });
        assert!(said.is_empty(), "{said:?}");
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
