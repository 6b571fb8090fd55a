//! Sessions made for tests, call by call; tokens are entered and not counted.

use super::Look;
use crate::model::tests::header;
use crate::model::{DefinitionTokens, OperationTokens, Session};
use crate::trace::{Event, Fact, Micros, Nanos, Payload, Place};
use crate::wire::Direction::{self, ToClient, ToServer};

/// How a call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::insight) enum Ends {
    Well,
    ToolError,
    ProtocolError,
    Never,
}

/// A session in the making.
pub(in crate::insight) struct Made {
    session: Session,
    now: u64,
    offset_bytes: u64,
    next_id: u64,
}

impl Made {
    /// After the handshake.
    pub(in crate::insight) fn new() -> Self {
        let mut made = Self { session: Session::new(header()), now: 0, offset_bytes: 0, next_id: 0 };
        made.ask("initialize", r#"{"protocolVersion":"2025-11-25","capabilities":{}}"#, 5_000);
        made.pass(ToClient, r#"{"id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{}}}"#);
        made
    }

    /// A message passes as it stands.
    pub(in crate::insight) fn pass(&mut self, to: Direction, text: &str) -> &mut Self {
        let payload = Payload::of_frame(text.as_bytes());
        let fact = Fact::Message { to, own: Nanos(0), payload, parts: 0, exchange: None };
        let place = Place { offset_bytes: self.offset_bytes, len_bytes: 1 };
        self.session.apply(&Event { at: Micros(self.now), fact }, place);
        self.offset_bytes += 2;
        self
    }

    fn ask(&mut self, method: &str, params: &str, took_us: u64) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.now += 1_000;
        self.pass(ToServer, &format!(r#"{{"id":{id},"method":"{method}","params":{params}}}"#));
        self.now += took_us;
        id
    }

    /// The server lists these tools, each with what its definition costs the model.
    pub(in crate::insight) fn list(&mut self, tools: &[(&str, u32)]) -> &mut Self {
        let id = self.ask("tools/list", "{}", 2_000);
        let json: Vec<String> = tools.iter().map(|(name, _)| format!(r#"{{"name":"{name}"}}"#)).collect();
        self.pass(ToClient, &format!(r#"{{"id":{id},"result":{{"tools":[{}]}}}}"#, json.join(",")));
        for (position, ((_, model), json)) in tools.iter().zip(&json).enumerate() {
            let tokens = DefinitionTokens { model: *model, wire: *model + 1, ..DefinitionTokens::default() };
            self.session.set_definition_tokens(position, json, tokens);
        }
        self
    }

    /// A tool is called, and its result costs so many tokens.
    pub(in crate::insight) fn call(
        &mut self,
        tool: &str,
        took_us: u64,
        tokens: u32,
        ends: Ends,
    ) -> &mut Self {
        let id = self.ask("tools/call", &format!(r#"{{"name":"{tool}"}}"#), took_us);
        let call = self.session.pending().next_back().unwrap();
        let answer = match ends {
            Ends::Well => r#""result":{"content":[]}"#,
            Ends::ToolError => r#""result":{"content":[],"isError":true}"#,
            Ends::ProtocolError => r#""error":{"code":-32603,"message":"no"}"#,
            Ends::Never => return self,
        };
        self.pass(ToClient, &format!(r#"{{"id":{id},{answer}}}"#));
        let tokens = OperationTokens { model: tokens, wire: tokens * 2, ..OperationTokens::default() };
        self.session.set_tokens(call, tokens);
        self
    }

    /// Lets go of what is settled, once that is looked at.
    pub(in crate::insight) fn let_go(&mut self, look: &mut Look) {
        self.session.let_go(|session, id| look.take(session, id, session.operation(id).unwrap()));
    }

    /// The session, going on.
    pub(in crate::insight) fn so_far(&self) -> &Session {
        &self.session
    }

    /// The session, over.
    pub(in crate::insight) fn done(mut self) -> Session {
        self.session.end_of_recording();
        self.session
    }
}
