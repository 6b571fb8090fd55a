//! One call in full: how it stands, where its time went, step by step, and its messages with the heat of their tokens.
//!
//! Knows nothing of the list beside it.

mod failure;
mod message;
mod spent;
mod step_line;
mod steps;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use self::message::MessagePane;
use self::spent::Spent;
use super::columns;
use super::index::CallId;
use crate::model::{Client, Half, Operation, State};
use crate::tokens::Count;
use crate::ui::keys::Action;
use crate::ui::panels::{CopyWhat, Copyable, Cx, Opened, marks};
use crate::ui::theme::Role;
use crate::ui::widgets::bar::{Part, gauge};
use crate::ui::widgets::clip;
use crate::ui::widgets::columns::Align;
use crate::ui::widgets::json::view::TreeView;
use crate::ui::widgets::number::{DURATION_WIDTH, bytes, duration, moment, tokens_grouped};
use crate::ui::widgets::table::put;
use crate::ui::widgets::wrap::wrapped;

/// From this height on request and answer are shown together.
const TALL: u16 = 34;
/// Messages of one call whose trees are kept.
const PANES_MAX: usize = 6;

/// Lines of a failure's own words.
const FAILURE_LINES: usize = 3;

/// A call in full.
#[derive(Debug)]
pub(super) struct Detail {
    pub(super) call: CallId,
    /// Which message has the keys.
    at: Option<usize>,
    panes: Vec<MessagePane>,
    pub(super) show_raw: bool,
}

/// One message of a call, or what a rule made of one.
#[derive(Clone, Debug)]
struct Piece<'a> {
    label: String,
    half: &'a Half,
    /// What the message was before, where this shows the difference.
    before: Option<&'a Half>,
    is_request: bool,
    cost: Option<Count>,
    /// What of it a model gets, where that is less.
    model: Option<Count>,
}

impl Detail {
    pub(super) fn new(call: CallId, show_raw: bool) -> Self {
        Self { call, at: None, panes: Vec::new(), show_raw }
    }

    /// Draws the call; it must be of an opened session.
    pub(super) fn draw(&mut self, cx: &Cx<'_>, area: Rect, buf: &mut Buffer, is_focused: bool) {
        let Some((opened, operation)) = self.find(cx) else { return };
        let messages = messages(operation);
        let at = self.focused(&messages);
        let mut top = Cursor { area, y: area.y };
        top.line(buf, &heading(opened, operation, usize::from(area.width), cx));
        let spent = spent::spent(opened, operation);
        let is_running = operation.state == State::Pending;
        top.line(buf, &spent_line(&spent, is_running, area.width, cx));
        if let Some(line) = http_line(opened, operation, cx) {
            top.line(buf, &line);
        }
        if let Some(line) = rules_line(opened, operation, cx) {
            top.line(buf, &line);
        }
        let steps = steps::steps(opened, operation);
        let room = usize::from(area.height / 3).max(4);
        for step in step_line::shortened(steps, room) {
            top.line(buf, &step_line::line(&step, cx));
        }
        self.draw_failure(operation, cx, &mut top, buf);
        top.y += u16::from(area.height >= 20);
        let rest = top.rest();
        if rest.height >= TALL - 8 && messages.len() > 1 {
            self.draw_pair(&messages, at, rest, cx, buf, is_focused);
        } else {
            let tabs = Rect { height: 1, ..rest };
            put(buf, tabs.x, tabs.y, tabs.width, Align::Left, &tab_line(&messages, at, cx));
            let below = Rect { y: rest.y + 1, height: rest.height.saturating_sub(1), ..rest };
            self.draw_message(&messages[at], below, cx, buf, is_focused);
        }
    }

    /// The request and the answer of the exchange whose message has the keys.
    fn draw_pair(
        &mut self,
        messages: &[Piece<'_>],
        at: usize,
        area: Rect,
        cx: &Cx<'_>,
        buf: &mut Buffer,
        is_focused: bool,
    ) {
        let first = messages[..=at].iter().rposition(|message| message.is_request).unwrap_or(0);
        let second = if at > first { at } else { first + 1 };
        let mut y = area.y;
        for (shown, index) in [first, second].into_iter().filter(|index| *index < messages.len()).enumerate()
        {
            let pane = self.pane_index(&messages[index]);
            let wanted = u16::try_from(self.panes[pane].lines() + 2).unwrap_or(u16::MAX);
            let height = if shown == 0 { wanted.clamp(6, area.height * 2 / 5) } else { area.bottom() - y };
            let has_keys = is_focused && index == at;
            put(
                buf,
                area.x,
                y,
                area.width,
                Align::Left,
                &tab_line(&messages[index..=index], usize::from(!has_keys), cx),
            );
            let below = Rect { y: y + 1, height: height.saturating_sub(1), ..area };
            self.draw_message(&messages[index], below, cx, buf, has_keys);
            y += height;
        }
    }

    fn draw_message(
        &mut self,
        message: &Piece<'_>,
        area: Rect,
        cx: &Cx<'_>,
        buf: &mut Buffer,
        is_focused: bool,
    ) {
        let show_raw = self.show_raw;
        let index = self.pane_index(message);
        self.panes[index].draw(cx, area, buf, show_raw, is_focused);
    }

    /// The failure's own words, below the steps.
    fn draw_failure(&mut self, operation: &Operation, cx: &Cx<'_>, top: &mut Cursor, buf: &mut Buffer) {
        let (true, Some(answer)) = (marks::is_error(operation), operation.answer()) else { return };
        let session = self.call.session;
        let text = match cx.bodies.get((session, answer.place)) {
            crate::ui::fetched::Answer::Ready(text) => failure::failure(&text),
            crate::ui::fetched::Answer::Waiting | crate::ui::fetched::Answer::Failed(_) => None,
        };
        let Some(text) = text else { return };
        let style = cx.theme.style(Role::Bad);
        let words = marks::state(operation, &cx.theme.glyphs);
        let text = format!("{} {}: {text}", words.glyph, words.word);
        let room = usize::from(top.area.width);
        // An answer may be megabytes long; no more of it is looked at than could be shown.
        let text = clip::head(&text, room * (FAILURE_LINES + 1));
        let mut lines = wrapped(&clip::visible(text), room).peekable();
        for shown in 1..=FAILURE_LINES {
            let Some(mut line) = lines.next() else { break };
            if shown == FAILURE_LINES && lines.peek().is_some() {
                line = clip::end(&format!("{line} …"), room).into_owned();
            }
            top.line(buf, &Line::styled(line, style));
        }
    }

    fn find<'a>(&self, cx: &Cx<'a>) -> Option<(&'a Opened<'a>, &'a Operation)> {
        let opened = cx.sessions.iter().find(|opened| opened.id == self.call.session)?;
        Some((opened, opened.session.operation(self.call.operation)?))
    }

    /// The message with the keys: the answer, until another one is chosen.
    fn focused(&self, messages: &[Piece<'_>]) -> usize {
        let last = messages.len().saturating_sub(1);
        self.at.map_or(last, |at| at.min(last))
    }

    fn pane_index(&mut self, message: &Piece<'_>) -> usize {
        let session = self.call.session;
        let (place, before) = (message.half.place, message.before.map(|half| half.place));
        if let Some(at) = self.panes.iter().position(|pane| pane.is_of(session, place, before)) {
            return at;
        }
        if self.panes.len() == PANES_MAX {
            self.panes.remove(0);
        }
        self.panes.push(MessagePane::new(session, place, before));
        self.panes.len() - 1
    }

    fn pane(&mut self, cx: &Cx<'_>) -> Option<&mut MessagePane> {
        let (_, operation) = self.find(cx)?;
        let messages = messages(operation);
        let at = self.pane_index(messages.get(self.focused(&messages))?);
        self.panes.get_mut(at)
    }

    /// Does what an action asks; says whether it was one for the detail.
    pub(super) fn act(&mut self, action: Action, cx: &Cx<'_>) -> bool {
        match action {
            Action::NextView => {
                let Some((_, operation)) = self.find(cx) else { return false };
                let messages = messages(operation);
                self.at = Some((self.focused(&messages) + 1) % messages.len().max(1));
            }
            Action::Raw => self.show_raw = !self.show_raw,
            other => {
                let show_raw = self.show_raw;
                return self.pane(cx).is_some_and(|pane| pane.act(other, show_raw));
            }
        }
        true
    }

    /// The tree with the keys, if there is one.
    pub(super) fn tree(&mut self, cx: &Cx<'_>) -> Option<&mut TreeView> {
        let show_raw = self.show_raw;
        self.pane(cx)?.tree(show_raw)
    }

    /// A click; says whether it was on a message.
    pub(super) fn click(&mut self, at: Position, cx: &Cx<'_>) -> bool {
        let show_raw = self.show_raw;
        let Some(hit) = self.panes.iter_mut().position(|pane| pane.click(at, show_raw)) else { return false };
        let Some((_, operation)) = self.find(cx) else { return false };
        let pane = &self.panes[hit];
        self.at = messages(operation).iter().position(|message| {
            pane.is_of(self.call.session, message.half.place, message.before.map(|half| half.place))
        });
        true
    }

    /// The wheel; says whether it was over a message.
    pub(super) fn wheel(&mut self, at: Position, lines: i16) -> bool {
        let show_raw = self.show_raw;
        self.panes.iter_mut().any(|pane| pane.wheel(at, lines, show_raw))
    }

    /// What can be copied beyond what every call offers: the value selected in the tree.
    pub(super) fn copyables(&self) -> Vec<Copyable> {
        let text = self.panes.iter().rev().find_map(|pane| pane.text().and(pane.selected_text()));
        text.map(|text| Copyable { name: "selected value", what: CopyWhat::Text(text) }).into_iter().collect()
    }
}

/// Where the next line goes.
struct Cursor {
    area: Rect,
    y: u16,
}

impl Cursor {
    fn line(&mut self, buf: &mut Buffer, line: &Line<'_>) {
        if self.y < self.area.bottom() {
            put(buf, self.area.x, self.y, self.area.width, Align::Left, line);
            self.y += 1;
        }
    }

    fn rest(&self) -> Rect {
        let y = self.y.min(self.area.bottom());
        Rect { y, height: self.area.bottom() - y, ..self.area }
    }
}

fn messages(operation: &Operation) -> Vec<Piece<'_>> {
    let mut all = Vec::new();
    let rounds = operation.exchanges().count();
    for (round, exchange) in operation.exchanges().enumerate() {
        let number = if rounds > 1 { format!(" {}", round + 1) } else { String::new() };
        all.push(Piece {
            label: format!("request{number}"),
            half: &exchange.request,
            before: None,
            is_request: true,
            cost: None,
            model: None,
        });
        if let Some(response) = &exchange.response {
            add_answer(&mut all, operation, response, &number);
        }
    }
    if let Some(tokens) = operation.tokens {
        let count = |number: u32| Some(Count { tokens: u64::from(number), accuracy: tokens.accuracy });
        let request = Count { tokens: u64::from(tokens.request), accuracy: tokens.request_accuracy };
        all[0].cost = Some(request);
        if let Some(half) = operation.answer()
            && let Some(answer) =
                all.iter_mut().rev().find(|piece| piece.half.place == half.place && piece.before.is_none())
        {
            answer.cost = count(tokens.wire);
            answer.model = count(tokens.model).filter(|_| tokens.model != tokens.wire);
        }
    }
    all
}

/// An answer; where a rule changed it, as it was delivered, as the server wrote it, and what changed.
fn add_answer<'a>(all: &mut Vec<Piece<'a>>, operation: &'a Operation, response: &'a Half, number: &str) {
    let piece = |label: String, half, before| Piece {
        label,
        half,
        before,
        is_request: false,
        cost: None,
        model: None,
    };
    let delivered = operation.delivered(response);
    if response.by_rule {
        all.push(piece(format!("answer by a rule{number}"), response, None));
        let late = operation.ruled().and_then(|ruled| ruled.late());
        all.extend(late.map(|late| piece(format!("what the server said later{number}"), late, None)));
    } else if delivered.place == response.place {
        all.push(piece(format!("answer{number}"), response, None));
    } else {
        all.push(piece(format!("original{number}"), response, None));
        all.push(piece(format!("changes{number}"), delivered, Some(response)));
        all.push(piece(format!("delivered{number}"), delivered, None));
    }
}

fn heading(opened: &Opened<'_>, operation: &Operation, width: usize, cx: &Cx<'_>) -> Line<'static> {
    let mark = marks::state(operation, &cx.theme.glyphs);
    let dim = cx.theme.style(Role::Dim);
    let mut spans = vec![Span::styled(format!("{} ", mark.glyph), cx.theme.style(mark.role))];
    let name = columns::name(opened, operation, width / 2, cx).spans.into_iter();
    spans.extend(name.map(|span| span.style(cx.theme.style(Role::Strong))));
    spans.push(Span::styled(format!("  {}", mark.word), cx.theme.style(mark.role)));
    let dot = cx.theme.glyphs.dot;
    let label = clip::middle(&opened.session.header.label, 20);
    let id = clip::middle(operation.id().as_str(), 16);
    spans.push(Span::styled(
        format!("  {label} {dot} id {id} {dot} at {}", moment(operation.started().0)),
        dim,
    ));
    Line::from(spans)
}

/// One line that shows where the time went, as a bar and in words.
fn spent_line(spent: &Spent, is_running: bool, width: u16, cx: &Cx<'_>) -> Line<'static> {
    // While it runs a time is as wide as it may get, so that no word moves.
    let cells = if is_running { usize::from(DURATION_WIDTH) } else { 0 };
    let duration = |us: u64| format!("{:>cells$}", duration(us));
    let style = |role| cx.theme.style(role);
    let share = |us: u64| us as f64 / spent.all_us.max(1) as f64;
    let stream_us = spent.first_byte_us.map_or(0, |first| spent.responder_us - first);
    let parts = [
        Part { share: share(spent.responder_us - stream_us), style: style(Role::Bar), fill: None },
        Part { share: share(stream_us), style: style(Role::Accent), fill: Some(cx.theme.glyphs.eighths[3]) },
        Part {
            share: share(spent.human_us),
            style: style(Role::BarSecond),
            fill: Some(cx.theme.glyphs.second),
        },
        Part { share: share(spent.held_us), style: style(Role::Accent), fill: Some(cx.theme.glyphs.ruled) },
    ];
    let mut spans = gauge(&parts, (width / 4).clamp(8, 40), style(Role::BarEmpty), &cx.theme.glyphs);
    spans.push(Span::styled(format!(" {}", duration(spent.all_us)), style(Role::Strong)));
    let parts_of = spent.first_byte_us.map_or(String::new(), |first| {
        format!(" (first byte {}, then {})", duration(first), duration(stream_us))
    });
    let mut words = vec![format!("server {}{parts_of}", duration(spent.responder_us))];
    if spent.human_us > 0 {
        words.push(format!("human or model {}", duration(spent.human_us)));
    }
    if spent.held_us > 0 {
        words.push(format!("rules {}", duration(spent.held_us)));
    }
    words.push(format!("mcptop {}", duration(spent.own_us)));
    let dot = format!(" {} ", cx.theme.glyphs.dot);
    spans.push(Span::styled(format!("  {}", words.join(&dot)), style(Role::Dim)));
    Line::from(spans)
}

/// Whose call it is and which way it came, over HTTP.
fn http_line(opened: &Opened<'_>, operation: &Operation, cx: &Cx<'_>) -> Option<Line<'static>> {
    let http = opened.session.http().get(operation.first().request.exchange()?)?;
    let dot = format!(" {} ", cx.theme.glyphs.dot);
    let client = opened.session.client_of(operation).map(Client::shown_name).filter(|name| !name.is_empty());
    let session = Some(opened.session.name(http.session)).filter(|name| !name.is_empty());
    let words: Vec<String> = client
        .into_iter()
        .chain(session.map(|session| format!("session {session}")))
        .chain([format!("connection {}", http.connection), format!("exchange {}", http.id.0)])
        .collect();
    Some(Line::styled(words.join(&dot), cx.theme.style(Role::Dim)))
}

/// Which rules acted on it, and what that saved.
fn rules_line(opened: &Opened<'_>, operation: &Operation, cx: &Cx<'_>) -> Option<Line<'static>> {
    let ruled = operation.ruled()?;
    let style = |role| cx.theme.style(role);
    let acting = columns::acting(opened, operation);
    if acting.is_empty() {
        let names: Vec<&str> = ruled.rules().into_iter().map(|rule| opened.session.name(rule)).collect();
        let text = format!("{} matched by {}, and left as it was", cx.theme.glyphs.dot, names.join(", "));
        return Some(Line::styled(text, style(Role::Dim)));
    }
    let mut words = Vec::new();
    if let Some(tokens) = ruled.tokens().filter(|_| !ruled.changed().is_empty()) {
        words.push(columns::change(tokens.before, tokens.after, cx));
    }
    if ruled.held_us() > 0 {
        words.push(format!("held {}", duration(ruled.held_us())));
    }
    let took_us = ruled.answered_by().and_then(|_| ruled.marks().iter().find_map(|mark| mark.took_us));
    if let Some(took_us) = took_us {
        words.push(format!("the server took {} for this answer", duration(took_us)));
    }
    let dot = format!(" {} ", cx.theme.glyphs.dot);
    Some(Line::from(vec![
        Span::styled(format!("{} {}", cx.theme.glyphs.ruled, acting.join(", ")), style(Role::Accent)),
        Span::styled(
            if words.is_empty() { String::new() } else { format!("{dot}{}", words.join(&dot)) },
            style(Role::Text),
        ),
    ]))
}

/// The messages' names, sizes and tokens; the one with the keys set off.
fn tab_line(messages: &[Piece<'_>], at: usize, cx: &Cx<'_>) -> Line<'static> {
    let mut spans = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let role = if index == at { Role::TabOpen } else { Role::Tab };
        spans.push(Span::styled(format!(" {} ", message.label), cx.theme.style(role)));
        if message.before.is_some() {
            spans.push(Span::raw("   "));
            continue;
        }
        let mut words = bytes(u64::from(message.half.bytes));
        if let Some(cost) = message.cost {
            let model = message.model.map(|model| format!(" ({} to the model)", tokens_grouped(model)));
            words = format!("{} tokens{}, {words}", tokens_grouped(cost), model.unwrap_or_default());
        }
        spans.push(Span::styled(format!(" {words}   "), cx.theme.style(Role::Dim)));
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests;
