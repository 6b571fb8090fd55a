//! Recording in, screen out: the shell around the panels at several sizes, and what keys do to it.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use mcptop::model::Session;
use mcptop::record::{Bodies, Reader};
use mcptop::tokens::{Counter, Effort, Profile, attribute, tool_definition};
use mcptop::ui::app::{App, Looks, Moment};
use mcptop::ui::feed::{advice, count_all, load, preview};
use mcptop::ui::fetched::{Answer, Subject};
use mcptop::ui::memory::Memory;
use mcptop::ui::open::{OpenSession, Shared};
use mcptop::ui::panels::{Listed, OpenId, PanelId, Targets};
use mcptop::ui::side_by_side::Order;
use mcptop::ui::theme::{Depth, Glyphs, Themes};
use mcptop::ui::update::{Effect, Input};
use mcptop::ui::view::view;
use mcptop::ui::widgets::number::Price;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

/// A viewer without a terminal and without threads: everything asked for is there at the next drawing.
pub(crate) struct Stage {
    /// The viewer.
    pub(crate) app: App,
    files: Vec<(OpenId, Bodies)>,
    up: Duration,
}

/// How the terminal of a stage is.
#[derive(Clone, Copy)]
pub(crate) struct Terminal {
    /// The theme.
    pub(crate) theme: &'static str,
    /// Its colours.
    pub(crate) depth: Depth,
    /// Its characters.
    pub(crate) glyphs: Glyphs,
}

/// A terminal with everything.
pub(crate) const FULL: Terminal = Terminal { theme: "dark", depth: Depth::True, glyphs: Glyphs::UNICODE };

impl Stage {
    /// A viewer with nothing open.
    pub(crate) fn empty(terminal: &Terminal) -> Self {
        Self::with_memory(terminal, Memory::default())
    }

    /// A viewer that remembers something.
    pub(crate) fn with_memory(terminal: &Terminal, memory: Memory) -> Self {
        let looks = Looks {
            themes: Themes::default(),
            theme: terminal.theme.to_owned(),
            depth: terminal.depth,
            glyphs: terminal.glyphs,
        };
        let mut app = App::new(looks, memory, Targets::default(), None).unwrap();
        app.state.has_searched = true;
        Self { app, files: Vec::new(), up: Duration::ZERO }
    }

    /// A viewer with these recordings open, on its first panel.
    pub(crate) fn of(terminal: &Terminal, recordings: &[&str]) -> Self {
        let mut stage = Self::empty(terminal);
        for recording in recordings {
            stage.open(recording, false);
        }
        stage.app.panels.show(PanelId::Top);
        stage
    }

    /// Opens a recording.
    pub(crate) fn open(&mut self, recording: &str, is_live: bool) {
        let mut reader = Reader::from_stream(Cursor::new(recording.as_bytes().to_vec())).unwrap();
        let session = load(&mut reader, Profile::default()).unwrap();
        let id = OpenId(u32::try_from(self.files.len()).unwrap());
        let path = PathBuf::from(format!("/recordings/{}-{}.mcp.jsonl", session.header.label, id.0));
        self.files.push((id, reader.bodies()));
        let shared = Shared::new(session, is_live);
        shared.set_progress(1, 1);
        shared.set_counted(u32::MAX);
        self.app.state.opens.push(OpenSession { id, path, shared: Arc::new(shared) });
    }

    /// Opens the beginning of a recording that goes on.
    pub(crate) fn open_so_far(&mut self, recording: &str) {
        let mut reader = Reader::from_stream(Cursor::new(recording.as_bytes().to_vec())).unwrap();
        let mut session = Session::new(reader.header().clone());
        while !reader.read(1 << 20, &mut |event, place| session.apply(event, place)).unwrap().at_end {}
        count_all(&mut session, &reader.bodies(), Profile::default());
        let id = OpenId(u32::try_from(self.files.len()).unwrap());
        let path = PathBuf::from(format!("/recordings/{}-{}.mcp.jsonl", session.header.label, id.0));
        self.files.push((id, reader.bodies()));
        let shared = Shared::new(session, false);
        shared.set_progress(1, 1);
        self.app.state.opens.push(OpenSession { id, path, shared: Arc::new(shared) });
    }

    pub(crate) fn now(&self) -> Moment {
        Moment { up: self.up, wall: "2026-11-21T12:00:00Z".parse().unwrap() }
    }

    /// Some time passes.
    pub(crate) fn wait(&mut self, time: Duration) {
        self.up += time;
    }

    /// Gives an input to the viewer.
    pub(crate) fn input(&mut self, input: Input) -> Vec<Effect> {
        let at = self.now();
        self.app.update(input, at)
    }

    /// Presses keys: single characters, or names in angle brackets such as `<enter>`.
    pub(crate) fn keys(&mut self, keys: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        let mut rest = keys;
        while let Some(first) = rest.chars().next() {
            let named = rest.strip_prefix('<').and_then(|after| after.split_once('>'));
            let code = if let Some(code) = named.and_then(|(name, _)| key_named(name)) {
                rest = named.map_or("", |(_, after)| after);
                code
            } else {
                rest = &rest[first.len_utf8()..];
                KeyCode::Char(first)
            };
            effects.extend(self.input(Input::Key(KeyEvent::from(code))));
            self.draw(80, 24);
        }
        effects
    }

    /// Draws until everything that was asked for is there.
    pub(crate) fn draw(&mut self, width: u16, height: u16) -> Buffer {
        loop {
            let area = Rect::new(0, 0, width, height);
            let mut buf = Buffer::empty(area);
            let at = self.now();
            view(&mut self.app, at, area, &mut buf);
            if !self.fetch() {
                return buf;
            }
        }
    }

    /// Presses keys and shows what the screen is then.
    fn keys_and_screen(&mut self, keys: &str, width: u16, height: u16) -> String {
        self.keys(keys);
        self.screen(width, height)
    }

    /// The screen as text.
    pub(crate) fn screen(&mut self, width: u16, height: u16) -> String {
        text_of(&self.draw(width, height))
    }

    fn file(&self, wanted: OpenId) -> &Bodies {
        &self.files.iter().find(|(id, _)| *id == wanted).unwrap().1
    }

    fn fetch(&mut self) -> bool {
        let inquiry = self.app.state.advices.take_wanted();
        if let Some(inquiry) = &inquiry {
            let answer = advice(self.file(inquiry.session), &self.app.state.profile, inquiry);
            self.app.state.advices.put(inquiry, answer);
        }
        let orders = self.app.take_orders();
        let compares = !orders.is_empty();
        for (ticket, found) in orders.into_iter().map(Order::compare) {
            self.app.put_compared(&ticket, found);
        }
        let (state, mut counter) = (&self.app.state, Counter::new(Effort::Worker));
        let (bodies, costs) = (state.bodies.take_wanted(), state.tool_costs.take_wanted());
        let attributions = state.attributions.take_wanted();
        let rules = state.rulings.take_wanted();
        let tries = !rules.is_empty() || inquiry.is_some() || compares;
        for (id, text) in rules {
            state.rulings.put_preview(id, &text, preview(self.file(id), &text, &state.profile));
        }

        let any = tries || bodies.len() + costs.len() + attributions.len() > 0;
        let definition = |id: OpenId, position: u32| {
            let session = state.open(id).unwrap().shared.see();
            session.definitions().tools()[position as usize].json.to_string()
        };
        for (id, place) in bodies {
            let body = self.file(id).load(place).unwrap();
            state.bodies.put((id, place), Answer::Ready(Arc::new(body)));
        }
        for (id, position, revision) in costs {
            let cost = tool_definition(&mut counter, &state.profile, &definition(id, position));
            state.tool_costs.put((id, position, revision), Answer::Ready(Arc::new(cost)));
        }
        for (id, subject) in attributions {
            let text = match subject {
                Subject::Message(place) => String::from_utf8(self.file(id).load(place).unwrap()).unwrap(),
                Subject::Definition { position, .. } => definition(id, position),
            };
            let answer = match attribute(&mut counter, state.profile.encoding, &text) {
                Ok(attribution) => Answer::Ready(Arc::new(attribution)),
                Err(error) => Answer::Failed(error.to_string().into()),
            };
            state.attributions.put((id, subject), answer);
        }
        any
    }
}

fn key_named(name: &str) -> Option<KeyCode> {
    Some(match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "tab" => KeyCode::Tab,
        "backspace" => KeyCode::Backspace,
        _ => return None,
    })
}

/// A buffer's text, line by line, without the blanks at the ends.
pub(crate) fn text_of(buf: &Buffer) -> String {
    let rows = (buf.area.top()..buf.area.bottom()).map(|y| {
        let row: String = (buf.area.left()..buf.area.right()).map(|x| buf[(x, y)].symbol()).collect();
        row.trim_end().to_owned()
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// Whether any cell has a colour.
fn has_colour(buf: &Buffer) -> bool {
    let plain = [Style::default().fg, Some(ratatui::style::Color::Reset)];
    buf.content.iter().any(|cell| !plain.contains(&cell.style().fg) || !plain.contains(&cell.style().bg))
}

/// A small session: six calls of two tools, one of them failing, one cancelled, one still open.
pub(crate) fn small(label: &str) -> String {
    let header = format!(
        r#"{{"mcptop":1,"session":"{label}","started":"2026-11-21T11:58:00Z","version":"0.1.0","label":"{label}","front":{{"kind":"stdio"}},"back":{{"kind":"command","argv":["npx","-y","@scope/{label}"]}},"platform":"linux-x86_64"}}"#
    );
    let mut lines = vec![header, r#"{"t":0,"kind":"started","pid":4711}"#.to_owned()];
    let mut message = |at_us: u64, to: &str, body: &str| {
        lines.push(format!(r#"{{"t":{at_us},"kind":"message","to":"{to}","own_ns":4200,"body":{body}}}"#));
    };
    let call = |id: u32, tool: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{tool}","arguments":{{"path":"/work/notes.md"}}}}}}"#
        )
    };
    let answer = |id: u32, text: &str, is_error: bool| {
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[{{"type":"text","text":"{text}"}}],"isError":{is_error}}}}}"#
        )
    };
    message(
        1_000,
        "server",
        r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"sampling":{}},"clientInfo":{"name":"claude-ai","version":"1.0"}}}"#,
    );
    message(
        201_000,
        "client",
        r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true}},"serverInfo":{"name":"notes","version":"2.1.0"}}}"#,
    );
    message(202_000, "server", r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    message(203_000, "server", r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#);
    message(
        205_000,
        "client",
        r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"read","description":"Reads a file.","inputSchema":{"type":"object","properties":{"path":{"type":"string"}}}},{"name":"search","description":"Searches all files for a text.","inputSchema":{"type":"object","properties":{"text":{"type":"string"}}}}]}}"#,
    );
    for id in 2..6_u32 {
        let at_us = u64::from(id) * 1_000_000;
        message(at_us, "server", &call(id, if id % 2 == 0 { "read" } else { "search" }));
        message(at_us + 40_000 * u64::from(id), "client", &answer(id, "some notes about something", id == 5));
    }
    message(6_500_000, "server", &call(6, "search"));
    message(
        6_900_000,
        "server",
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":6}}"#,
    );
    lines.push(r#"{"t":7000000,"kind":"sample","rss_bytes":83000000,"cpu_us":400000}"#.to_owned());
    lines.push(r#"{"t":8000000,"kind":"stderr","text":"\u001b[33mwarning\u001b[0m: slow disk"}"#.to_owned());
    lines.push(r#"{"t":9000000,"kind":"ended","exit":0,"why":"the client closed its side"}"#.to_owned());
    lines.join("\n") + "\n"
}

/// A session that was found and is not open.
pub(crate) fn listed(label: &str, started: &str, size_bytes: u64, is_live: bool) -> Listed {
    let mut reader = Reader::from_stream(Cursor::new(small(label).into_bytes())).unwrap();
    reader.read(1, &mut |_, _| ()).unwrap();
    let mut header = reader.header().clone();
    header.started = started.parse().unwrap();
    Listed { path: Some(Path::new("/recordings").join(label)), header, size_bytes, is_live }
}

const SIZES: [(u16, u16); 4] = [(60, 15), (80, 24), (120, 40), (200, 60)];

/// The last number with a percent sign in a line that is about the context window.
fn share(line: &str) -> &str {
    let line = line.split("  definitions ").next().unwrap();
    line.rsplit(" %").nth(1).and_then(|before| before.split_whitespace().last()).unwrap()
}

#[test]
fn the_share_of_the_context_window_is_the_same_wherever_it_is_shown() {
    let mut stage = Stage::of(&FULL, &[include_str!("../../recordings/memory.mcp.jsonl")]);
    for unit in ["", "w"] {
        stage.keys(unit);
        let top = stage.keys_and_screen("1", 200, 60);
        let total = top.lines().find(|line| line.contains("unlisted")).unwrap();
        let shares = [top.lines().nth(1).unwrap(), total].map(share);
        assert_eq!(shares[0], shares[1], "{top}");
    }
}

#[test]
fn keys_typed_ahead_of_the_drawing_are_not_lost() {
    let recording = include_str!("../../recordings/memory.mcp.jsonl");
    let (mut slow, mut fast) = (Stage::of(&FULL, &[recording]), Stage::of(&FULL, &[recording]));
    for stage in [&mut slow, &mut fast] {
        stage.draw(120, 40);
    }
    for code in [KeyCode::Char('2'), KeyCode::Char('G'), KeyCode::Char('k'), KeyCode::Enter] {
        slow.input(Input::Key(KeyEvent::from(code)));
        slow.draw(120, 40);
        fast.input(Input::Key(KeyEvent::from(code)));
    }
    let screen = fast.screen(120, 40);
    assert!(screen.contains("arguments"), "{screen}");
    assert_eq!(screen, slow.screen(120, 40));
}

#[test]
fn a_failed_part_of_the_viewer_is_not_hidden() {
    let mut stage = Stage::of(&FULL, &[&small("notes")]);
    stage.input(Input::Broken("mcptop-read failed: index out of bounds".to_owned()));
    for _ in 0..2 {
        let screen = stage.screen(100, 24);
        assert!(screen.contains("a fault of mcptop. mcptop-read failed: index out of bounds"), "{screen}");
        stage.wait(Duration::from_mins(1));
    }
}

#[test]
fn tokens_are_counted_as_the_models_of_the_client_do_until_somebody_chooses() {
    let mut stage = Stage::of(&FULL, &[&small("notes")]);
    let at = stage.now();
    assert_eq!(stage.app.memory().profile, None);
    assert_eq!(stage.app.fit_profile(at), [Effect::Recount]);
    assert_eq!(stage.app.state.profile.id, "claude-4.7+");
    let screen = stage.screen(120, 40);
    assert!(
        screen.contains("Tokens as claude-4.7+ counts them, because the client is claude-ai"),
        "{screen}"
    );
    assert!(screen.contains("tokens claude-4.7+"), "{screen}");
    assert_eq!(stage.app.fit_profile(at), []);
    // A client of many providers' models says nothing.
    let mut other = Stage::of(&FULL, &[&small("notes").replace("claude-ai", "cursor-vscode")]);
    assert_eq!(other.app.fit_profile(at), []);
    // Whoever chooses is obeyed, now and the next time.
    other.keys("p");
    let chosen = other.app.state.profile.clone();
    assert_eq!(other.app.memory().profile.as_deref(), Some(chosen.id));
    other.open(&small("more"), false);
    other.app.state.opens.reverse();
    assert_eq!((other.app.fit_profile(at), other.app.state.profile.id), (vec![], chosen.id));
}

#[test]
fn the_families_own_name_is_shown_and_a_factor_is_one_of_them() {
    let mut stage = Stage::of(&FULL, &[&small("notes")]);
    assert!(stage.screen(200, 60).contains("tokens openai-o200k"));
    let own = Profile::custom(mcptop::tokens::Factors::uniform(1.5), None);
    let looks = Looks {
        themes: Themes::default(),
        theme: "dark".to_owned(),
        depth: Depth::True,
        glyphs: Glyphs::UNICODE,
    };
    stage.app = App::new(looks, Memory::default(), Targets::default(), Some(own.clone())).unwrap();
    stage.open(&small("notes"), false);
    assert!(stage.screen(80, 24).contains("tokens custom"));
    for _ in 0..stage.app.state.profiles.len() {
        stage.keys("p");
    }
    assert_eq!(stage.app.state.profile, own);
}

#[test]
fn ctrl_c_leaves_whatever_lies_over_the_panel() {
    for open in ["6D", ":", "6y", "/"] {
        let mut stage = Stage::empty(&FULL);
        stage.input(Input::Found(vec![listed("notes", "2026-11-20T12:00:00Z", 5_000, false)]));
        stage.keys(open);
        let cancel = || Input::Key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL));
        assert_eq!(stage.input(cancel()), []);
        assert_eq!(stage.input(cancel()), [Effect::Quit], "after {open}");
    }
}

#[test]
fn a_text_that_is_no_filter_yet_leaves_the_list_as_it_was() {
    let mut stage = Stage::of(&FULL, &[&small("notes")]);
    let whole = stage.keys_and_screen("2", 80, 24);
    let rows = |screen: &str| screen.lines().skip(4).take(7).map(str::to_owned).collect::<Vec<_>>();
    let typed = stage.keys_and_screen("/dur:>x", 80, 24);
    assert_eq!(rows(&typed), rows(&whole), "{typed}");
    assert!(typed.contains("500ms"), "{typed}");
}

#[test]
fn the_empty_screen_says_what_to_paste() {
    for (width, height) in SIZES {
        let screen = Stage::empty(&FULL).screen(width, height);
        insta::assert_snapshot!(format!("empty_{width}x{height}"), screen);
    }
}

#[test]
fn a_live_session_without_a_recording_is_listed_and_says_why_it_cannot_be_opened() {
    let mut stage = Stage::empty(&FULL);
    let secret = Listed { path: None, ..listed("secret", "2026-11-21T11:58:00Z", 0, true) };
    stage.input(Input::Found(vec![secret, listed("notes", "2026-11-20T12:00:00Z", 5_000, false)]));
    stage.keys("6");
    insta::assert_snapshot!("unrecorded_80x24", stage.screen(80, 24));
    for key in ["<enter>", "R"] {
        assert_eq!(stage.keys(key), []);
        assert!(stage.screen(80, 24).contains("is not recorded, so there is nothing to show"));
        stage.wait(Duration::from_secs(9));
    }
    assert!(!stage.keys_and_screen(":", 80, 24).contains("Session: secret"));
}

#[test]
fn the_sessions_are_listed_with_what_is_known_of_them() {
    for (width, height) in SIZES {
        let mut stage = Stage::empty(&FULL);
        stage.open(&small("notes"), false);
        stage.input(Input::Found(vec![
            listed("git", "2026-11-21T11:59:50Z", 12_345, true),
            listed("memory", "2026-11-20T12:00:00Z", 1_234_567, false),
            listed("files", "2026-10-01T12:00:00Z", 512, false),
        ]));
        stage.keys("6<down>");
        insta::assert_snapshot!(format!("sessions_{width}x{height}"), stage.screen(width, height));
    }
}

#[test]
fn help_lists_every_key_in_columns_that_fit() {
    for (width, height) in SIZES {
        let mut stage = Stage::of(&FULL, &[&small("notes")]);
        stage.keys("?");
        insta::assert_snapshot!(format!("help_{width}x{height}"), stage.screen(width, height));
    }
}

#[test]
fn the_palette_the_filter_and_the_copy_menu_lie_over_the_panel() {
    let mut stage = Stage::of(&FULL, &[&small("notes")]);
    stage.keys(":theme");
    insta::assert_snapshot!("palette_80x24", stage.screen(80, 24));
    stage.keys("<esc>/tool:read dur:>");
    insta::assert_snapshot!("filter_wrong_80x24", stage.screen(80, 24));
    stage.keys("50ms");
    insta::assert_snapshot!("filter_counted_80x24", stage.screen(80, 24));
    stage.keys("<enter>2<down>y");
    insta::assert_snapshot!("copy_menu_80x24", stage.screen(80, 24));
}

#[test]
fn a_theme_is_seen_before_it_is_chosen_and_taken_back_by_giving_up() {
    let mut stage = Stage::of(&FULL, &[&small("notes")]);
    stage.keys("T");
    insta::assert_snapshot!("themes_80x24", stage.screen(80, 24));
    let before = stage.draw(80, 24)[(0, 23)].bg;
    stage.keys("<down>");
    assert_eq!(stage.app.state.theme.name(), "light");
    assert_ne!(stage.draw(80, 24)[(0, 23)].bg, before);
    stage.keys("<esc>");
    let after = stage.draw(80, 24)[(0, 23)].bg;
    assert_eq!((stage.app.state.theme.name(), after), ("dark", before));
    assert_eq!(stage.app.memory().theme, None);
    stage.keys(":theme nord");
    assert_eq!(stage.app.state.theme.name(), "dark");
    stage.keys("<enter>");
    assert_eq!(stage.app.memory().theme.as_deref(), Some("nord"));
}

#[test]
fn tokens_are_money_too_where_somebody_has_said_what_they_cost() {
    let mut stage = Stage::of(&FULL, &[&small("notes")]);
    stage.app.state.price = Some(Price { per_million: 3.0, currency: "$".to_owned() });
    let screen = stage.screen(120, 40);
    assert!(screen.contains("57 of 200k <0.1 % $0.00017"), "{screen}");
}

#[test]
fn no_color_paints_no_colour_and_still_marks_the_selection() {
    let plain = Terminal { theme: "monochrome", depth: Depth::None, glyphs: Glyphs::UNICODE };
    let mut stage = Stage::of(&plain, &[&small("notes")]);
    for panel in ["1", "2", "3", "4", "5", "6", "7"] {
        stage.keys(panel);
        assert!(!has_colour(&stage.draw(120, 40)), "panel {panel}");
    }
    stage.keys("6");
    let buf = stage.draw(80, 24);
    assert!(buf.content.iter().any(|cell| cell.style().add_modifier.contains(Modifier::REVERSED)));
}

#[test]
fn ascii_draws_nothing_but_ascii() {
    let ascii = Terminal { theme: "dark", depth: Depth::True, glyphs: Glyphs::ASCII };
    let mut stage = Stage::of(&ascii, &[&small("nötes")]);
    for keys in ["1", "2", "<enter>", "<esc>3", "4", "5", "6", "7", ":", "<esc>/ü", "<esc>"] {
        stage.keys(keys);
        for (width, height) in SIZES {
            let screen = stage.screen(width, height);
            let strange: Vec<char> = screen.chars().filter(|c| !c.is_ascii()).collect();
            assert!(strange.is_empty(), "after {keys} at {width}x{height}: {strange:?}\n{screen}");
        }
    }
}

#[test]
fn no_size_is_too_small_to_be_survived() {
    let mut stage = Stage::of(&FULL, &[&small("notes"), &small("git")]);
    for keys in ["1", "2", "<enter>", "<esc>3", "4", "5", "6", "7", ":", "<esc>/x", "<esc>"] {
        stage.keys(keys);
        for (width, height) in [(1, 1), (10, 3), (29, 7), (30, 8), (31, 40), (300, 8), (500, 200)] {
            stage.draw(width, height);
        }
    }
}

#[test]
fn the_filter_is_in_force_while_it_is_typed_and_gone_when_given_up() {
    let mut stage = Stage::of(&FULL, &[&small("notes")]);
    stage.keys("/tool:read");
    assert_eq!(stage.app.state.filter_text, "tool:read");
    stage.keys("<esc>");
    assert_eq!(stage.app.state.filter_text, "");
    stage.keys("/tool:read<enter>");
    assert_eq!(stage.app.state.filter_text, "tool:read");
    assert_eq!(stage.app.memory().filters, ["tool:read"]);
    stage.keys("<esc>");
    assert_eq!(stage.app.state.filter_text, "");
}

#[test]
fn a_filter_that_is_not_understood_stays_open() {
    let mut stage = Stage::of(&FULL, &[&small("notes")]);
    stage.keys("/dur:>soon<enter>");
    assert!(stage.app.overlay.is_some());
    assert!(stage.screen(80, 24).contains("expected"));
    stage.keys("<esc>");
    assert_eq!(stage.app.state.filter_text, "");
}

#[test]
fn keys_lead_from_panel_to_panel_and_back() {
    let mut stage = Stage::of(&FULL, &[&small("notes")]);
    stage.keys("2?");
    assert_eq!(stage.app.panels.open, PanelId::Help);
    stage.keys("<esc>");
    assert_eq!(stage.app.panels.open, PanelId::Calls);
    stage.keys("<tab>");
    assert_eq!(stage.app.panels.open, PanelId::Schemas);
    assert_eq!(stage.keys("q"), [Effect::Quit]);
}

#[test]
fn a_click_on_a_tab_opens_its_panel() {
    let mut stage = Stage::of(&FULL, &[&small("notes")]);
    stage.draw(80, 24);
    let (place, panel) = stage.app.places.tabs[1];
    let (column, row) = (place.x + 2, place.y);
    let kind = MouseEventKind::Down(MouseButton::Left);
    stage.input(Input::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
    assert_eq!(stage.app.panels.open, panel);
}

#[test]
fn pausing_holds_the_screen_and_the_reading() {
    let mut stage = Stage::empty(&FULL);
    stage.open(&small("notes"), true);
    stage.app.panels.show(PanelId::Top);
    assert_eq!(stage.keys(" "), [Effect::Hold(true)]);
    assert!(stage.screen(120, 40).contains("PAUSED"));
    assert_eq!(stage.keys(" "), [Effect::Hold(false)]);
    assert!(!stage.screen(120, 40).contains("PAUSED"));
}

#[test]
fn deleting_asks_first() {
    let mut stage = Stage::empty(&FULL);
    stage.input(Input::Found(vec![listed("old", "2026-10-01T12:00:00Z", 512, false)]));
    stage.keys("6");
    stage.draw(80, 24);
    assert_eq!(stage.keys("Dn"), []);
    let effects = stage.keys("Dy");
    assert!(matches!(effects.as_slice(), [Effect::Deed(_)]), "{effects:?}");
}

#[test]
fn a_live_session_that_appears_is_opened_and_shown() {
    let mut stage = Stage::empty(&FULL);
    let path = PathBuf::from("/recordings/new.mcp.jsonl");
    assert_eq!(stage.input(Input::Appeared(path.clone())), [Effect::Open(path)]);
    assert_eq!(stage.app.panels.open, PanelId::Top);
}

#[test]
fn a_remark_goes_to_the_session() {
    let mut stage = Stage::of(&FULL, &[&small("notes")]);
    assert_eq!(stage.keys("mhere it begins<enter>"), [Effect::Mark(OpenId(0), "here it begins".into())]);
}

#[test]
fn what_the_user_chose_is_remembered() {
    let mut stage = Stage::of(&FULL, &[&small("notes")]);
    stage.keys("3Tlight<enter>/status:error<enter>wWp");
    let memory = stage.app.memory();
    let again = Stage::with_memory(&FULL, memory.clone());
    assert_eq!(memory.panel.as_deref(), Some("Schemas"));
    assert_eq!(memory.theme.as_deref(), Some("light"));
    assert_eq!(again.app.state.filter_text, "status:error");
    assert_eq!((again.app.state.wire, again.app.state.window_tokens), (true, 1_000_000));
    assert_eq!(again.app.state.profile.id, stage.app.state.profile.id);
}

#[test]
fn a_word_to_the_user_goes_away() {
    let mut stage = Stage::of(&FULL, &[&small("notes")]);
    stage.input(Input::Say("Hello".into()));
    assert!(stage.screen(80, 24).contains("Hello"));
    stage.wait(Duration::from_secs(5));
    assert!(!stage.screen(80, 24).contains("Hello"));
}

/// The last line of a screen.
fn foot(screen: &str) -> &str {
    screen.lines().last().unwrap_or_default()
}

#[test]
fn a_footer_names_only_keys_that_do_something() {
    let mut nothing = Stage::empty(&FULL);
    for panel in ["1", "2", "3", "4", "5"] {
        let screen = nothing.keys_and_screen(panel, 200, 60);
        assert_eq!(foot(&screen).split("  ").next(), Some(" y copy"), "{screen}");
        for word in ["exclude", "zoom", "sort", "send again", "filter", "pause"] {
            assert!(!foot(&screen).contains(word), "{word} in {screen}");
        }
        assert!(matches!(nothing.keys("y").as_slice(), [Effect::Copy(text)] if text.contains("mcpServers")));
    }
    let mut stage = Stage::of(&FULL, &[include_str!("../../recordings/memory.mcp.jsonl")]);
    let answer = stage.keys_and_screen("2/tool:search_nodes<enter><enter>", 200, 60);
    assert!(foot(&answer).contains("b table"), "{answer}");
    let request = stage.keys_and_screen("v", 200, 60);
    assert!(!foot(&request).contains("d drop") && !foot(&request).contains("t tick"), "{request}");
    let filtered = stage.keys_and_screen("<esc>/tool:nobody<enter>", 80, 24);
    assert!(!foot(&filtered).contains("open") && !foot(&filtered).contains("sort"), "{filtered}");
}

#[test]
fn while_something_lies_over_the_panel_the_last_line_has_its_keys() {
    for (keys, named) in [
        (":", "enter do it"),
        ("T", "enter use this theme"),
        ("/", "enter keep it"),
        ("?/", "enter keep what is found"),
        ("m", "enter mark this moment"),
        ("2y", "1-3 copy that"),
        ("2c", "enter try it"),
        ("2R", "ctrl-s what will run"),
        ("4e", "ctrl-s try on this recording"),
        ("a", "esc back"),
    ] {
        let mut stage = Stage::of(&FULL, &[&small("notes")]);
        let screen = stage.keys_and_screen(keys, 80, 24);
        assert!(foot(&screen).contains(named) && !foot(&screen).contains("help"), "{keys}: {screen}");
    }
}

#[test]
fn the_answer_to_a_key_goes_with_the_next_one_that_does_something() {
    let mut stage = Stage::of(&FULL, &[&small("notes")]);
    assert!(foot(&stage.keys_and_screen("2u", 80, 24)).contains("taken back"));
    assert!(foot(&stage.keys_and_screen("#", 80, 24)).contains("taken back"), "# is no key");
    assert!(!foot(&stage.keys_and_screen("<up>", 80, 24)).contains("taken back"));
    stage.input(Input::Say("from elsewhere".into()));
    assert!(foot(&stage.keys_and_screen("<up>", 80, 24)).contains("from elsewhere"), "it stays its time");
}

#[test]
fn an_editor_without_a_rule_opens_with_an_example_that_is_never_saved() {
    let mut stage = Stage::of(&FULL, &[&small("notes")]);
    stage.app.state.opens.clear();
    stage.open(&small("notes"), true);
    let ctrl = |c| Input::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL));
    let opened = stage.keys_and_screen("4e", 80, 24);
    assert!(opened.contains("# [[rule]]") && !opened.contains("changed"), "{opened}");
    for save in ['s', 'o'] {
        assert_eq!(stage.input(ctrl(save)), []);
        assert!(stage.screen(80, 24).contains("only an example"));
    }
    stage.input(Input::Key(KeyEvent::new(KeyCode::End, KeyModifiers::CONTROL)));
    stage.input(Input::Paste("\n[[rule]]\nname = \"x\"\ncache = { ttl = \"5m\", unsafe = true }\n".into()));
    let effects = stage.input(ctrl('s'));
    let [Effect::Rule(proposal)] = effects.as_slice() else { panic!("{effects:?}{}", stage.screen(80, 24)) };
    assert_eq!(&*proposal.text, "[[rule]]\nname = \"x\"\ncache = { ttl = \"5m\", unsafe = true }\n");
    let mut other = Stage::of(&FULL, &[&small("notes")]);
    other.keys("4e<esc>");
    assert!(other.app.overlay.is_none(), "nothing is lost by leaving the example");
}

#[test]
fn help_of_top_says_what_its_marks_and_colours_mean() {
    let mut stage = Stage::of(&FULL, &[&small("notes")]);
    let help = stage.keys_and_screen("1?/target", 120, 40);
    for meaning in ["p50 up to 100 ms, p95, p99 up to 500 ms", "Above twice its target", "0.1 %"] {
        assert!(help.contains(meaning), "{help}");
    }
}

#[test]
fn the_summary_is_a_table_of_tools() {
    let mut reader = Reader::from_stream(Cursor::new(small("notes").into_bytes())).unwrap();
    let session = load(&mut reader, Profile::default()).unwrap();
    insta::assert_snapshot!("summary", mcptop::ui::summary::summary(&[&session], &Profile::default()));
}
