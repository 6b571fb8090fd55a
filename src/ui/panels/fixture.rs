//! Sessions for the panels' tests: recordings as text, read and counted as the viewer does it, but on the spot.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Cx, OpenId, Opened, Panel, Targets};
use crate::model::{DefinitionTokens, Filter, OperationId, OperationTokens, Session};
use crate::tokens::{Counter, Effort, Encoding, Profile, attribute, message, tool_definition, wire};
use crate::trace::{Fact, Micros, Place, read_event, read_header};
use crate::ui::fetched::{Answer, Attributions, Bodies, Subject, ToolCosts};
use crate::ui::theme::{Depth, Glyphs, Theme, Themes};

/// A recording with everything known of it.
pub(crate) struct Fixture {
    pub(crate) session: Session,
    text: String,
    pub(crate) is_live: bool,
    pub(crate) now: Micros,
    pub(crate) loaded: f64,
}

impl Fixture {
    /// Reads a recording and counts all its tokens.
    pub(crate) fn read(text: &str, is_live: bool) -> Self {
        let mut lines = text.lines();
        let header = read_header(lines.next().unwrap().as_bytes()).unwrap();
        let mut session = Session::new(header);
        let mut offset_bytes = text.find('\n').unwrap() as u64 + 1;
        for line in lines {
            let place = Place { offset_bytes, len_bytes: u32::try_from(line.len()).unwrap() };
            session.apply(&read_event(line.as_bytes()).unwrap(), place);
            offset_bytes += line.len() as u64 + 1;
        }
        if !is_live {
            session.end_of_recording();
        }
        let now = session.last_event();
        let mut fixture = Self { session, text: text.to_owned(), is_live, now, loaded: 1.0 };
        fixture.count();
        fixture
    }

    fn body(&self, place: Place) -> Vec<u8> {
        let start = usize::try_from(place.offset_bytes).unwrap();
        let line = &self.text.as_bytes()[start..start + place.len_bytes as usize];
        match read_event(line).unwrap().fact {
            Fact::Message { payload, .. } => payload.text.into_owned(),
            other => panic!("no message: {other:?}"),
        }
    }

    fn count(&mut self) {
        let profile = Profile::builtin()[0].clone();
        let mut counter = Counter::new(Effort::Worker);
        for index in 0..self.session.operations().len() {
            let id = OperationId(u32::try_from(index).unwrap());
            let operation = self.session.operation(id).unwrap();
            let Some(answer) = operation.answer() else { continue };
            let request = String::from_utf8(self.body(operation.first().request.place)).unwrap();
            let answer = String::from_utf8(self.body(answer.place)).unwrap();
            let request = wire(&mut counter, &profile, &request);
            let answer = message(&mut counter, &profile, &answer);
            let number = |count: u64| u32::try_from(count).unwrap();
            let tokens = OperationTokens {
                request: number(request.tokens),
                wire: number(answer.wire.tokens),
                model: number(answer.model.tokens),
                accuracy: answer.wire.accuracy.max(answer.model.accuracy),
            };
            self.session.set_tokens(id, tokens);
        }
        let tools: Vec<Arc<str>> =
            self.session.definitions().tools().iter().map(|tool| tool.json.clone()).collect();
        for (position, json) in tools.iter().enumerate() {
            let tokens = tool_definition(&mut counter, &profile, json);
            let number = |count: u64| u32::try_from(count).unwrap();
            let tokens = DefinitionTokens {
                wire: number(tokens.wire.tokens),
                model: number(tokens.model.tokens),
                accuracy: tokens.wire.accuracy.max(tokens.model.accuracy),
            };
            self.session.set_definition_tokens(position, json, tokens);
        }
    }
}

/// The viewer's state around the panels.
pub(crate) struct Stage {
    pub(crate) fixtures: Vec<Fixture>,
    bodies: Bodies,
    attributions: Attributions,
    tool_costs: ToolCosts,
    pub(crate) theme: Theme,
    pub(crate) wire: bool,
    filter: Filter,
    filter_text: String,
}

impl Stage {
    pub(crate) fn new(fixtures: Vec<Fixture>) -> Self {
        let theme = Themes::default().theme("dark", Depth::True, Glyphs::UNICODE).unwrap();
        let (bodies, attributions) = (Bodies::default(), Attributions::default());
        let (filter, filter_text) = (Filter::default(), String::new());
        let tool_costs = ToolCosts::default();
        Self { fixtures, bodies, attributions, tool_costs, theme, wire: false, filter, filter_text }
    }

    /// Sets the filter.
    pub(crate) fn filter(&mut self, text: &str) {
        self.filter = Filter::parse(text).unwrap();
        self.filter_text = text.to_owned();
    }

    /// Calls with the context that panels see.
    pub(crate) fn with<R>(&self, run: impl FnOnce(&Cx<'_>) -> R) -> R {
        let sessions: Vec<Opened<'_>> = (1..)
            .zip(&self.fixtures)
            .map(|(id, fixture)| Opened {
                id: OpenId(id),
                session: &fixture.session,
                path: Path::new("recording.mcp.jsonl"),
                is_live: fixture.is_live,
                now: fixture.now,
                loaded: fixture.loaded,
            })
            .collect();
        run(&Cx {
            sessions: &sessions,
            listed: &[],
            has_searched: true,
            filter: &self.filter,
            filter_text: &self.filter_text,
            bodies: &self.bodies,
            attributions: &self.attributions,
            tool_costs: &self.tool_costs,
            uncounted: &RefCell::default(),
            theme: &self.theme,
            targets: Targets::default(),
            window_tokens: 200_000,
            profile: &Profile::builtin()[0],
            wire: self.wire,
            focused: true,
            wall: "2026-11-21T10:02:00Z".parse().unwrap(),
            is_paused: false,
            tick: 0,
        })
    }

    /// Draws until everything that was asked for is there.
    pub(crate) fn buffer(&self, panel: &mut dyn Panel, width: u16, height: u16) -> Buffer {
        loop {
            let area = Rect::new(0, 0, width, height);
            let mut buf = Buffer::empty(area);
            buf.set_style(area, self.theme.style(crate::ui::theme::Role::Text));
            self.with(|cx| panel.view(cx, area, &mut buf));
            if !self.fetch() {
                return buf;
            }
        }
    }

    /// The screen as text.
    pub(crate) fn draw(&self, panel: &mut dyn Panel, width: u16, height: u16) -> String {
        let buf = self.buffer(panel, width, height);
        let mut text = String::new();
        for line in buf.content.chunks(usize::from(width)) {
            let mut skip = 0;
            let mut row = String::new();
            for cell in line {
                if skip == 0 {
                    row.push_str(cell.symbol());
                    skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).max(1);
                }
                skip -= 1;
            }
            writeln!(text, "{}", row.trim_end()).unwrap();
        }
        text
    }

    /// Makes what was asked for; says whether there was anything.
    fn fetch(&self) -> bool {
        let bodies = self.bodies.take_wanted();
        let texts = self.attributions.take_wanted();
        for key in &bodies {
            self.bodies.put(*key, Answer::Ready(Arc::new(self.fixture(key.0).body(key.1))));
        }
        for key in &texts {
            let fixture = self.fixture(key.0);
            let text = match key.1 {
                Subject::Message(place) => String::from_utf8(fixture.body(place)).unwrap(),
                Subject::Definition { position, .. } => {
                    fixture.session.definitions().tools()[position as usize].json.to_string()
                }
            };
            let costs = attribute(&mut Counter::new(Effort::Worker), Encoding::O200kBase, &text);
            let answer = match costs {
                Ok(costs) => Answer::Ready(Arc::new(costs)),
                Err(error) => Answer::Failed(error.to_string().into()),
            };
            self.attributions.put(*key, answer);
        }
        let tools = self.tool_costs.take_wanted();
        for key in &tools {
            let definition = &self.fixture(key.0).session.definitions().tools()[key.1 as usize];
            let profile = &Profile::builtin()[0];
            let costs = tool_definition(&mut Counter::new(Effort::Worker), profile, &definition.json);
            self.tool_costs.put(*key, Answer::Ready(Arc::new(costs)));
        }
        !bodies.is_empty() || !texts.is_empty() || !tools.is_empty()
    }

    fn fixture(&self, id: OpenId) -> &Fixture {
        &self.fixtures[id.0 as usize - 1]
    }
}

/// Writes a recording as text.
pub(crate) struct Script {
    lines: Vec<(u64, String)>,
    header: String,
    seed: u64,
}

impl Script {
    pub(crate) fn new(label: &str, started: &str) -> Self {
        let header = format!(
            r#"{{"mcptop":1,"session":"{label}","started":"{started}","version":"0.1.0","label":"{label}","front":{{"kind":"stdio"}},"back":{{"kind":"command","argv":["npx","-y","@modelcontextprotocol/server-{label}","/home/me/my notes"]}},"platform":"linux-x86_64"}}"#
        );
        Self { lines: Vec::new(), header, seed: 7 }
    }

    /// A number below `below`, the same ones in the same order for ever.
    pub(crate) fn any(&mut self, below: u64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % below
    }

    pub(crate) fn to_server(&mut self, at_us: u64, body: &str) -> &mut Self {
        self.line(at_us, &format!(r#""kind":"message","to":"server","own_ns":11200,"body":{body}"#))
    }

    pub(crate) fn to_client(&mut self, at_us: u64, body: &str) -> &mut Self {
        self.line(at_us, &format!(r#""kind":"message","to":"client","own_ns":9400,"body":{body}"#))
    }

    pub(crate) fn line(&mut self, at_us: u64, rest: &str) -> &mut Self {
        self.lines.push((at_us, format!(r#"{{"t":{at_us},{rest}}}"#)));
        self
    }

    /// A request and, `took_us` later, what follows `"id"` in its answer.
    pub(crate) fn asked(&mut self, at_us: u64, id: u64, rest: &str, took_us: u64, answer: &str) -> &mut Self {
        self.to_server(at_us, &format!(r#"{{"jsonrpc":"2.0","id":{id},{rest}}}"#));
        self.to_client(at_us + took_us, &format!(r#"{{"jsonrpc":"2.0","id":{id},{answer}}}"#))
    }

    pub(crate) fn text(&self) -> String {
        let mut lines = self.lines.clone();
        lines.sort_by_key(|(at, _)| *at);
        let mut text = self.header.clone() + "\n";
        for (_, line) in lines {
            text.push_str(&line);
            text.push('\n');
        }
        text
    }
}

fn call(tool: &str, arguments: &str) -> String {
    format!(r#""method":"tools/call","params":{{"name":"{tool}","arguments":{arguments}}}"#)
}

fn text_result(text: &str) -> String {
    let text = serde_json::to_string(text).unwrap();
    format!(r#""result":{{"content":[{{"type":"text","text":{text}}}],"isError":false}}"#)
}

const TOOLS: &str = r#"{"name":"read_text_file","title":"Read Text File","description":"Read the complete contents of a file from the file system as text. Handles various text encodings and provides detailed error messages if the file cannot be read. Use this tool when you need to examine the contents of a single file. Only works within allowed directories.","inputSchema":{"type":"object","properties":{"path":{"type":"string"},"tail":{"description":"If provided, returns only the last N lines of the file","type":"number"},"head":{"description":"If provided, returns only the first N lines of the file","type":"number"}},"required":["path"],"$schema":"http://json-schema.org/draft-07/schema#"},"annotations":{"readOnlyHint":true},"outputSchema":{"type":"object","properties":{"content":{"type":"string"}},"required":["content"],"additionalProperties":false}},{"name":"list_directory","description":"Get a detailed listing of all files and directories in a specified path.","inputSchema":{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]},"annotations":{"readOnlyHint":true}},{"name":"search_files","description":"Recursively search for files and directories matching a pattern. The patterns should be glob-style patterns that match paths relative to the working directory.","inputSchema":{"type":"object","properties":{"path":{"type":"string"},"pattern":{"type":"string"},"excludePatterns":{"type":"array","items":{"type":"string"},"default":[]}},"required":["path","pattern"]},"annotations":{"readOnlyHint":true}},{"name":"edit_file","description":"Make line-based edits to a text file. Each edit replaces exact line sequences with new content. Returns a git-style diff showing the changes made.","inputSchema":{"type":"object","properties":{"path":{"type":"string"},"edits":{"type":"array","items":{"type":"object","properties":{"oldText":{"type":"string","description":"Text to search for - must match exactly"},"newText":{"type":"string","description":"Text to replace with"}},"required":["oldText","newText"]}},"dryRun":{"type":"boolean","default":false}},"required":["path","edits"]},"annotations":{"readOnlyHint":false,"idempotentHint":false,"destructiveHint":true}},{"name":"get_file_info","description":"Retrieve detailed metadata about a file or directory.","inputSchema":{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}},{"name":"list_allowed_directories","description":"Returns the list of directories that this server is allowed to access.","inputSchema":{"type":"object","properties":{}}}"#;

fn opening(script: &mut Script) {
    script.line(0, r#""kind":"started","pid":4711"#);
    script.asked(
        1_000,
        0,
        r#""method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"roots":{}},"clientInfo":{"name":"claude-code","version":"2.1.0"}}"#,
        412_000,
        r#""result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true}},"serverInfo":{"name":"secure-filesystem-server","version":"0.2.0"}}"#,
    );
    script.to_server(414_000, r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
}

/// Two minutes of a file server: ordinary calls, errors, one slow with progress, one cancelled, one still open.
pub(crate) fn files() -> String {
    let mut script = Script::new("filesystem", "2026-11-21T10:00:00Z");
    opening(&mut script);
    script.asked(
        420_000,
        1,
        r#""method":"tools/list""#,
        3_100,
        &format!(r#""result":{{"tools":[{TOOLS}]}}"#),
    );
    let mut at = 1_500_000;
    for id in 2..80 {
        let path = format!("/home/me/notes/{}/day-{id}.md", ["work", "travel", "recipes"][(id % 3) as usize]);
        let (tool, took, text) = match script.any(10) {
            0..5 => {
                let lines = script.any(60) + 3;
                let text: String =
                    (0..lines).map(|n| format!("- [ ] item {n} of the list in {path}\n")).collect();
                ("read_text_file", 900 + script.any(4_000), text)
            }
            5..8 => {
                let rows = script.any(20) + 1;
                let text: Vec<String> = (0..rows)
                    .map(|n| format!(r#"{{"name":"day-{n}.md","size":{},"kind":"file"}}"#, 100 + n * 37))
                    .collect();
                ("list_directory", 600 + script.any(1_500), format!("[{}]", text.join(",")))
            }
            8 => ("search_files", 60_000 + script.any(900_000), format!("{path}\n{path}.bak\n")),
            _ => (
                "edit_file",
                2_000 + script.any(150_000),
                format!("--- {path}\n+++ {path}\n@@ -1 +1 @@\n-a\n+b\n"),
            ),
        };
        script.asked(at, id, &call(tool, &format!(r#"{{"path":"{path}"}}"#)), took, &text_result(&text));
        at += took + 300_000 + script.any(1_800_000);
    }
    script.asked(
        at,
        80,
        &call("read_text_file", r#"{"path":"/etc/shadow"}"#),
        1_240,
        r#""result":{"content":[{"type":"text","text":"Access denied - path outside allowed directories: /etc/shadow not in /home/me/my notes"}],"isError":true}"#,
    );
    script.asked(
        at + 400_000,
        81,
        &call("delete_file", r#"{"path":"/home/me"}"#),
        640,
        r#""error":{"code":-32602,"message":"Unknown tool: delete_file"}"#,
    );
    slow_search(&mut script, at + 900_000);
    script.to_server(
        at + 3_400_000,
        &format!(r#"{{"jsonrpc":"2.0","id":83,{}}}"#, call("search_files", r#"{"path":"/","pattern":"**"}"#)),
    );
    script.to_server(
        at + 5_400_000,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":83,"reason":"user"}}"#,
    );
    script.to_server(
        at + 6_000_000,
        &format!(
            r#"{{"jsonrpc":"2.0","id":84,{}}}"#,
            call("edit_file", r#"{"path":"/home/me/notes/big.md","edits":[{"oldText":"a","newText":"b"}]}"#)
        ),
    );
    script.line(at + 7_250_000, r#""kind":"note","text":"now""#);
    script.text()
}

fn slow_search(script: &mut Script, at: u64) {
    script.to_server(at, r#"{"jsonrpc":"2.0","id":82,"method":"tools/call","params":{"name":"search_files","arguments":{"path":"/home/me","pattern":"**/*.md","excludePatterns":["node_modules"]},"_meta":{"progressToken":"s82"}}}"#);
    for step in 1..=4 {
        script.to_client(at + step * 480_000, &format!(r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":"s82","progress":{step},"total":5,"message":"folder {step}"}}}}"#));
    }
    script.to_client(at + 2_310_000, r#"{"jsonrpc":"2.0","id":82,"result":{"content":[{"type":"text","text":"[{\"path\":\"/home/me/notes/a.md\",\"size\":1024,\"modified\":\"2026-11-20T10:00:00Z\"},{\"path\":\"/home/me/notes/b.md\",\"size\":2048,\"modified\":\"2026-11-19T08:30:00Z\"}]"}],"structuredContent":{"matches":2,"ratio":1.0},"isError":false}}"#);
}

/// A few calls of another server at the same time, some of them side by side.
pub(crate) fn git() -> String {
    let mut script = Script::new("git", "2026-11-21T10:00:20Z");
    opening(&mut script);
    let tools = r#"{"name":"git_status","description":"Shows the working tree status","inputSchema":{"type":"object","properties":{"repo_path":{"type":"string"}},"required":["repo_path"]}},{"name":"git_log","description":"Shows the commit logs","inputSchema":{"type":"object","properties":{"repo_path":{"type":"string"},"max_count":{"type":"integer","default":10}},"required":["repo_path"]}},{"name":"git_diff","description":"Shows differences between branches or commits","inputSchema":{"type":"object","properties":{"repo_path":{"type":"string"},"target":{"type":"string"}},"required":["repo_path","target"]}}"#;
    script.asked(
        420_000,
        1,
        r#""method":"tools/list""#,
        2_400,
        &format!(r#""result":{{"tools":[{tools}]}}"#),
    );
    let mut at = 2_000_000;
    for id in (2..26).step_by(3) {
        for (tool, more, took) in
            [("git_status", 0, 31_000), ("git_log", 1, 140_000), ("git_diff", 2, 260_000)]
        {
            let took = took + script.any(90_000);
            let lines = 4 + script.any(40);
            let text: String =
                (0..lines).map(|n| format!("commit {n:07x} Fix the thing number {n}\n")).collect();
            let arguments = r#"{"repo_path":"/home/me/project"}"#;
            script.asked(at + more * 20_000, id + more, &call(tool, arguments), took, &text_result(&text));
        }
        at += 4_000_000;
    }
    script.line(at, r#""kind":"ended","exit":0,"why":"client closed""#);
    script.text()
}
