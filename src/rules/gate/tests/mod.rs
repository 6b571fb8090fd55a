//! What the gate promises, as a driver sees it: frames and time in, outputs out.

mod bounds;
mod cache;
mod change;
mod doubt;
mod drift;
mod guards;
mod ids;
mod invalidation;
mod observe;
mod pages;
mod property;
mod scopes;
mod share;
mod store;
mod warm;

use super::*;
use crate::trace::Mark;

pub(super) const LIST: &str = r#"{"tools":[{"name":"get","annotations":{"readOnlyHint":true}},{"name":"find","annotations":{"readOnlyHint":true}},{"name":"put","annotations":{"readOnlyHint":false,"idempotentHint":true}},{"name":"make","annotations":{"readOnlyHint":false}},{"name":"plain"}]}"#;

/// A gate with a clock, and a short way to say things.
pub(super) struct Rig {
    pub(super) gate: Gate,
    pub(super) now: u64,
}

pub(super) fn setting() -> Setting {
    Setting {
        server: "crm".to_owned(),
        identity: 10,
        spill: PathBuf::from("/nowhere"),
        stopwatch: || 0,
        seed: 7,
    }
}

pub(super) fn rules(text: &str) -> Ruleset {
    Ruleset::parse(text).unwrap()
}

/// One rule that matches all tools, with this in it.
pub(super) fn rule(what: &str) -> String {
    format!("[[rule]]\nname = \"r\"\n{what}\n")
}

pub(super) fn call(id: &str, tool: &str, arguments: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{tool}","arguments":{arguments}}}}}"#
    )
}

pub(super) fn result(id: &str, text: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[{{"type":"text","text":"{text}"}}]}}}}"#)
}

impl Rig {
    /// With these rules, and a session that has listed its tools.
    pub(super) fn new(text: &str) -> Self {
        let mut rig = Self::bare(text);
        rig.list(Lane(0));
        rig
    }

    pub(super) fn bare(text: &str) -> Self {
        Self { gate: Gate::new(setting(), &rules(text)), now: 1_000_000 }
    }

    /// Somebody lists the tools.
    pub(super) fn list(&mut self, lane: Lane) {
        self.up(lane, r#"{"jsonrpc":"2.0","id":"list","method":"tools/list"}"#);
        self.down(lane, &format!(r#"{{"jsonrpc":"2.0","id":"list","result":{LIST}}}"#));
        self.outputs();
    }

    pub(super) fn up(&mut self, lane: Lane, text: &str) -> Verdict {
        self.gate.frame(Micros(self.now), lane, Direction::ToServer, format!("{text}\n").as_bytes())
    }

    pub(super) fn down(&mut self, lane: Lane, text: &str) -> Verdict {
        self.gate.frame(Micros(self.now), lane, Direction::ToClient, format!("{text}\n").as_bytes())
    }

    /// Over stdio, with what comes of it.
    pub(super) fn asks(&mut self, text: &str) -> (Verdict, Vec<Output>) {
        (self.up(Lane(0), text), self.outputs())
    }

    pub(super) fn says(&mut self, text: &str) -> (Verdict, Vec<Output>) {
        (self.down(Lane(0), text), self.outputs())
    }

    /// A call that the server answers with this.
    pub(super) fn round(&mut self, lane: Lane, id: &str, tool: &str, arguments: &str, text: &str) {
        assert_eq!(self.up(lane, &call(id, tool, arguments)), Verdict::Pass, "{tool} {arguments}");
        assert_eq!(self.down(lane, &result(id, text)), Verdict::Pass);
        self.outputs();
    }

    /// What the client is given for a call at once, if anything.
    pub(super) fn served(&mut self, lane: Lane, id: &str, tool: &str, arguments: &str) -> Option<String> {
        let verdict = self.up(lane, &call(id, tool, arguments));
        let outputs = self.outputs();
        let sent = sent(&outputs, Direction::ToClient).into_iter().next();
        assert_eq!(verdict == Verdict::Taken, sent.is_some());
        if sent.is_none() {
            // The call is not to stay under way.
            self.down(lane, &format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":1,"message":"x"}}}}"#));
            self.outputs();
        }
        sent
    }

    pub(super) fn wait(&mut self, us: u64) -> Vec<Output> {
        self.now += us;
        self.gate.time(Micros(self.now));
        self.outputs()
    }

    pub(super) fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.gate.take()).collect()
    }
}

/// The frames that are sent a side.
pub(super) fn sent(outputs: &[Output], way: Direction) -> Vec<String> {
    let of_way = |output: &Output| match &output.act {
        Act::Send { to, frame } if *to == way => Some(String::from_utf8(frame.clone()).unwrap()),
        _ => None,
    };
    outputs.iter().filter_map(of_way).collect()
}

pub(super) fn marks(outputs: &[Output]) -> Vec<Mark<'static>> {
    outputs.iter().flat_map(|output| output.marks.clone()).collect()
}

pub(super) fn outcomes(outputs: &[Output]) -> Vec<Outcome> {
    outputs.iter().map(|output| output.outcome).collect()
}

pub(super) fn why(outputs: &[Output]) -> String {
    marks(outputs).iter().filter_map(|mark| mark.why.as_deref()).collect::<Vec<_>>().join("; ")
}
