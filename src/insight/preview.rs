//! What one rule makes of one answer, or of a tool list: exact, because the recorded messages pass the same gate.
//!
//! For the figure under the cursor before a rule is confirmed. Knows nothing of the session around the messages, nor of
//! the other rules in force.

use std::path::PathBuf;

use crate::rules::{Act, Gate, Lane, Mode, Output, Rule, Ruleset, Setting};
use crate::tokens::{Count, Counter, Profile, message, tool_list};
use crate::trace::{Micros, Outcome};
use crate::wire::{Contents, Direction, Message, contents};

/// What a rule makes of a message, in tokens of a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// As it arrived: what the model gets, and all JSON.
    pub original: Size,
    /// As it would leave.
    pub delivered: Size,
    /// What the rule's parts have to say of it, for people.
    pub why: Option<String>,
}

/// How large a message is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// What the model gets.
    pub model: Count,
    /// All JSON.
    pub wire: Count,
    /// Its bytes.
    pub bytes: usize,
}

/// Steps in which what waits is let go: far more than one request can wait for.
const STEPS_MAX: usize = 1_000;

/// What `rule` makes of the answer to a request of a server with this label. `lists` are the pages of the tool list as
/// the server sent them: the client is taken to have read the one that goes with the rule, as it has when the rule is
/// in force for a while.
#[must_use]
pub fn preview(
    (counter, profile): (&mut Counter, &Profile),
    label: &str,
    rule: &Rule,
    lists: &[Vec<u8>],
    request: &[u8],
    answer: &[u8],
) -> Preview {
    let mut play = Play::new(label, rule);
    for list in lists {
        play.list(list);
    }
    play.why.clear();
    play.request(request);
    let delivered = play.answer(answer);
    let mut size = |frame: &[u8]| {
        let text = String::from_utf8_lossy(frame);
        let tokens = message(counter, profile, text.trim_end());
        Size { model: tokens.model, wire: tokens.wire, bytes: text.trim_end().len() }
    };
    Preview { original: size(answer), delivered: size(&delivered), why: play.words() }
}

/// What `rule` makes of the pages of a tool list.
#[must_use]
pub fn preview_list(
    (counter, profile): (&mut Counter, &Profile),
    label: &str,
    rule: &Rule,
    lists: &[Vec<u8>],
) -> Preview {
    let mut play = Play::new(label, rule);
    let mut preview = Preview::default();
    for list in lists {
        let delivered = play.list(list);
        preview.original = preview.original.and(list_size(counter, profile, list));
        preview.delivered = preview.delivered.and(list_size(counter, profile, &delivered));
    }
    preview.why = play.words();
    preview
}

/// The definitions of a page, each counted alone.
fn list_size(counter: &mut Counter, profile: &Profile, frame: &[u8]) -> Size {
    let Contents::One(Message::Result { result, .. }) = contents(frame) else { return Size::default() };
    let tools = tool_list(counter, profile, result).tools;
    Size {
        model: tools.iter().map(|tool| tool.model).sum(),
        wire: tools.iter().map(|tool| tool.wire).sum(),
        bytes: result.len(),
    }
}

impl Size {
    fn and(self, other: Self) -> Self {
        Self {
            model: self.model + other.model,
            wire: self.wire + other.wire,
            bytes: self.bytes + other.bytes,
        }
    }

    /// Its tokens in the unit shown.
    #[must_use]
    pub fn tokens(self, wire: bool) -> Count {
        if wire { self.wire } else { self.model }
    }
}

/// Messages on their way through a gate with one rule.
struct Play {
    gate: Gate,
    now: Micros,
    /// Pages of the tool list so far.
    pages: usize,
    delivered: Option<Vec<u8>>,
    why: Vec<String>,
}

impl Play {
    fn new(label: &str, rule: &Rule) -> Self {
        let setting = Setting {
            server: label.to_owned(),
            identity: 0,
            spill: PathBuf::from("spilled"),
            // What the rule costs is not asked here.
            stopwatch: || 0,
            seed: 0,
        };
        let rule = Rule { mode: Mode::On, ..rule.clone() };
        let rules = Ruleset { rules: vec![rule], ..Ruleset::default() };
        Self { gate: Gate::new(setting, &rules), now: Micros(0), pages: 0, delivered: None, why: Vec::new() }
    }

    /// The next page of the tool list, as if it had just been asked for; what the client gets.
    fn list(&mut self, answer: &[u8]) -> Vec<u8> {
        if let Contents::One(Message::Result { id, .. }) = contents(answer) {
            // Without a cursor it would be another list, which makes the pages before it void.
            let params = match self.pages {
                0 => String::new(),
                page => format!(",\"params\":{{\"cursor\":\"page {page}\"}}"),
            };
            self.pages += 1;
            let request = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"tools/list\"{params}}}\n");
            self.request(request.as_bytes());
        }
        self.answer(answer)
    }

    fn request(&mut self, frame: &[u8]) {
        self.delivered = None;
        self.show(Direction::ToServer, frame);
        for _ in 0..STEPS_MAX {
            let Some(due) = self.gate.due().filter(|_| self.gate.holds()) else { break };
            self.now = self.now.max(due);
            self.gate.time(self.now);
            self.drain();
        }
    }

    fn answer(&mut self, frame: &[u8]) -> Vec<u8> {
        self.show(Direction::ToClient, frame);
        self.delivered.take().unwrap_or_else(|| frame.to_vec())
    }

    fn show(&mut self, to: Direction, frame: &[u8]) {
        let mut line = frame.to_vec();
        if !line.ends_with(b"\n") {
            line.push(b'\n');
        }
        self.gate.frame(self.now, Lane::default(), to, &line);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(Output { outcome, act, marks, .. }) = self.gate.take() {
            self.why.extend(marks.into_iter().filter_map(|mark| mark.failed.or(mark.why)).map(Into::into));
            match act {
                Act::Send { to: Direction::ToClient, frame }
                    if matches!(outcome, Outcome::Changed | Outcome::Answered) =>
                {
                    self.delivered = Some(frame);
                }
                Act::Lookup { ticket, .. } => self.gate.found(self.now, ticket, None),
                Act::Send { .. }
                | Act::Note { .. }
                | Act::Spill { .. }
                | Act::Store { .. }
                | Act::Forget { .. } => {}
            }
        }
    }

    fn words(&mut self) -> Option<String> {
        self.why.dedup();
        (!self.why.is_empty()).then(|| self.why.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::Effort;

    const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"get_customer","description":"Reads a customer. Slow.","inputSchema":{"type":"object"},"outputSchema":{"type":"object","properties":{"name":{"type":"string"},"metadata":{"type":"object"}},"required":["name","metadata"]}},{"name":"other","inputSchema":{"type":"object"}}]}}"#;
    const REQUEST: &str =
        r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"get_customer","arguments":{}}}"#;
    const ANSWER: &str = r#"{"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"{\"name\":\"Ada\",\"metadata\":{\"a\":\"0123456789\",\"b\":\"0123456789\"}}"}],"structuredContent":{"name":"Ada","metadata":{"a":"0123456789","b":"0123456789"}}}}"#;

    fn rule(text: &str) -> Rule {
        Ruleset::parse(&format!("[[rule]]\nname = \"r\"\n{text}")).unwrap().rules.remove(0)
    }

    fn counter() -> Counter {
        Counter::new(Effort::Worker)
    }

    fn of_answer(text: &str, lists: &[Vec<u8>]) -> Preview {
        let profile = Profile::default();
        preview((&mut counter(), &profile), "crm", &rule(text), lists, REQUEST.as_bytes(), ANSWER.as_bytes())
    }

    #[test]
    fn a_dropped_field_is_counted_out_of_text_and_structured_content() {
        let preview = of_answer("trim = { drop = [\"$.metadata\"] }\n", &[LIST.as_bytes().to_vec()]);
        let without = r#"{"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"{\"name\":\"Ada\"}"}],"structuredContent":{"name":"Ada"}}}"#;
        let counted = message(&mut counter(), &Profile::default(), without);
        assert_eq!(preview.delivered.model, counted.model);
        assert_eq!(preview.delivered.wire, counted.wire);
        assert_eq!(preview.delivered.bytes, without.len());
        let original = message(&mut counter(), &Profile::default(), ANSWER);
        assert_eq!(preview.original.model, original.model);
    }

    #[test]
    fn a_rule_about_another_tool_or_server_changes_nothing() {
        for about in ["match = { tool = \"other\" }", "match = { server = \"github\" }"] {
            let preview = of_answer(&format!("{about}\ntrim = {{ drop = [\"$.metadata\"] }}\n"), &[]);
            assert_eq!(preview.delivered, preview.original, "{about}");
        }
    }

    #[test]
    fn a_rule_that_holds_requests_back_does_not_hold_the_figure_back() {
        let preview = of_answer("delay = \"10s\"\ntrim = { drop = [\"$.metadata\"] }\n", &[]);
        assert!(preview.delivered.wire.tokens < preview.original.wire.tokens);
    }

    /// The same tools on two pages, in this order.
    fn paged() -> [Vec<u8>; 2] {
        let (begin, tools) = LIST.split_once("[{\"name\"").unwrap();
        let (first, second) = tools.split_once(",{\"name\":\"other\"").unwrap();
        let first = format!("{begin}[{{\"name\"{first}],\"nextCursor\":\"2\"}}}}");
        let second = format!("{begin}[{{\"name\":\"other\"{second}").replace("\"id\":1,", "\"id\":3,");
        [first.into_bytes(), second.into_bytes()]
    }

    #[test]
    fn a_list_on_several_pages_is_one_list() {
        let profile = Profile::default();
        let whole = [LIST.as_bytes().to_vec()];
        for text in [
            "tools = { hide = [\"get_*\"] }\n",
            "tools = { hide = [\"o*\"] }\n",
            "tools = { describe = \"none\" }\n",
        ] {
            let of_list = |lists: &[Vec<u8>]| {
                let preview = preview_list((&mut counter(), &profile), "crm", &rule(text), lists);
                (preview.original.model, preview.delivered.model)
            };
            assert_eq!(of_list(&paged()), of_list(&whole), "{text}");
        }
        // A trim has to know the output schema, on whichever page it stood.
        let trim = "trim = { drop = [\"$.metadata\"] }\n";
        assert_eq!(of_answer(trim, &paged()), of_answer(trim, &whole));
        // What is asked for on demand needs one tool more, not one for each page.
        let lazy = rule("tools = { lazy = true }\n");
        let added = |lists: &[Vec<u8>]| {
            let mut play = Play::new("crm", &lazy);
            let pages: Vec<u8> = lists.iter().flat_map(|list| play.list(list)).collect();
            memchr::memmem::find_iter(&pages, b"\"mcptop_tool_schema\"").count()
        };
        assert_eq!((added(&paged()), added(&whole)), (1, 1));
    }

    #[test]
    fn a_hidden_tool_is_counted_out_of_the_list() {
        let profile = Profile::default();
        let lists = [LIST.as_bytes().to_vec()];
        let hide = rule("tools = { hide = [\"get_*\"] }\n");
        let preview = preview_list((&mut counter(), &profile), "crm", &hide, &lists);
        let other = r#"{"name":"other","inputSchema":{"type":"object"}}"#;
        let counted = crate::tokens::tool_definition(&mut counter(), &profile, other);
        assert_eq!(preview.delivered.model, counted.model);
        assert!(preview.original.model.tokens > counted.model.tokens);
    }
}
