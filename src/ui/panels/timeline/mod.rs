//! The Timeline panel: calls as bars over time, those at the same time below one another.
//!
//! Looks only at the calls of the stretch on screen. Does not know how a call looks in full: it opens it in Calls.

mod lanes;
mod paint;
mod picture;
mod raster;
mod scale;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use self::lanes::Lanes;
use self::picture::Picture;
use self::raster::Span;
use self::scale::{Motion, Scale};
use super::{CopyWhat, Copyable, Cx, Focus, Mouse, OpenId, Opened, Panel, PanelId, Reply, empty, marks};
use crate::model::{Operation, OperationId};
use crate::ui::keys::{Action, Turn};
use crate::ui::widgets::ascii;
use crate::wire::Peer;

/// A call of an opened session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CallId {
    session: OpenId,
    operation: OperationId,
}

/// Who chose the selected call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Choice {
    /// Nobody: it is the newest one.
    #[default]
    Newest,
    /// The user, or another panel; or the user wants none.
    Made,
}

/// Calls that are looked at for the newest one that passes the filter.
const NEWEST_LOOKED_AT: usize = 1_000;

/// The panel's state.
#[derive(Debug, Default)]
pub struct Timeline {
    scale: Scale,
    lanes: Vec<(OpenId, Lanes)>,
    picture: Picture,
    selected: Option<CallId>,
    /// Who chose it.
    choice: Choice,
    /// Whether the selection must come into view at the next drawing.
    reveal: bool,
    top_lane: usize,
    /// Where the bars were drawn last.
    bars: Rect,
    /// Rows of the screen for one lane.
    rows_per_lane: u16,
}

/// From this height on the glyphs are explained while a call is selected.
const TALL: u16 = 14;

/// A session with its place among the others in time.
struct Placed<'a, 'c> {
    opened: &'c Opened<'a>,
    /// How much later than the first session it began, in microseconds.
    offset_us: u64,
    /// Its first lane among all lanes; with several sessions the line of its name.
    first_lane: usize,
    /// The first lane of each of its rows among all lanes.
    rows: Vec<usize>,
}

impl Placed<'_, '_> {
    /// The lane of a call among all lanes.
    fn lane(&self, lanes: &Lanes, id: OperationId, operation: &Operation) -> usize {
        self.rows.get(operation.row as usize).map_or(self.first_lane, |row| row + lanes.of(id))
    }
}

impl Timeline {
    fn refresh(&mut self, cx: &Cx<'_>) {
        let is_same = self.lanes.iter().map(|(id, _)| *id).eq(cx.sessions.iter().map(|opened| opened.id));
        if !is_same {
            self.lanes = cx.sessions.iter().map(|opened| (opened.id, Lanes::default())).collect();
        }
        for ((_, lanes), opened) in self.lanes.iter_mut().zip(cx.sessions) {
            lanes.refresh(opened.session);
        }
        let exists = |call: &CallId| find(*call, cx).is_some();
        self.selected = self.selected.filter(exists);
        if self.choice == Choice::Newest {
            self.selected = newest(cx);
        }
    }

    /// Selects a call, or none, because the user wants it.
    fn choose(&mut self, call: Option<CallId>) {
        (self.selected, self.choice) = (call, Choice::Made);
    }

    fn placed<'a, 'c>(&self, cx: &'c Cx<'a>) -> Vec<Placed<'a, 'c>> {
        let started = |opened: &Opened<'_>| opened.session.header.started.as_microsecond();
        let origin = cx.sessions.iter().map(started).min().unwrap_or(0);
        let mut next_lane = 0;
        let place = |(opened, (_, lanes)): (&'c Opened<'a>, &(OpenId, Lanes))| {
            let offset_us = u64::try_from(started(opened) - origin).unwrap_or(0);
            let first_lane = next_lane;
            let first_row = first_lane + usize::from(cx.sessions.len() > 1);
            let rows = lanes.first_of_rows().into_iter().map(|lane| first_row + lane).collect();
            next_lane = first_row + lanes.len();
            Placed { opened, offset_us, first_lane, rows }
        };
        cx.sessions.iter().zip(&self.lanes).map(place).collect()
    }

    /// How many lanes there are, the lines of the sessions' names included.
    fn lane_count(&self) -> usize {
        let names = if self.lanes.len() > 1 { self.lanes.len() } else { 0 };
        names + self.lanes.iter().map(|(_, lanes)| lanes.len()).sum::<usize>()
    }

    /// The lane of the selected call among all lanes, and its columns.
    fn selected_span(&self, placed: &[Placed<'_, '_>]) -> Option<(usize, Span)> {
        let call = self.selected?;
        let at = placed.iter().position(|place| place.opened.id == call.session)?;
        let place = &placed[at];
        let operation = place.opened.session.operation(call.operation)?;
        let column = |at_us: u64| self.scale.column(at_us + place.offset_us);
        let span = Span::of(operation, true, place.opened.now, column);
        Some((place.lane(&self.lanes[at].1, call.operation, operation), span))
    }

    /// The end of everything there is, on the common clock.
    fn now_us(placed: &[Placed<'_, '_>]) -> u64 {
        placed.iter().map(|place| place.opened.now.0 + place.offset_us).max().unwrap_or(0)
    }

    /// Brings the selection into view, if it has moved.
    fn bring_into_view(&mut self, placed: &[Placed<'_, '_>], cells: u16, rows: u16) {
        if !std::mem::take(&mut self.reveal) {
            return;
        }
        let Some(call) = self.selected else { return };
        let Some(place) = placed.iter().find(|place| place.opened.id == call.session) else { return };
        let Some(operation) = place.opened.session.operation(call.operation) else { return };
        if self.scale.motion != Motion::Fit {
            let begun_us = operation.started().0 + place.offset_us;
            self.scale.show(begun_us, begun_us + operation.elapsed_us(place.opened.now), cells);
            self.scale.motion = Motion::Still;
        }
        if let Some((lane, _)) = self.selected_span(placed) {
            let shown = usize::from(rows / self.rows_per_lane.max(1)).max(1);
            self.top_lane = self.top_lane.clamp((lane + 1).saturating_sub(shown), lane);
        }
    }

    /// The calls that pass the filter in the order of time, one step from the selected one.
    fn step(&mut self, forward: bool, cx: &Cx<'_>, wanted: impl Fn(&Operation) -> bool) -> bool {
        let passes =
            |call: CallId| passes(call, cx) && find(call, cx).is_some_and(|(_, operation)| wanted(operation));
        let mut at = self.selected;
        loop {
            let next = neighbour(at, forward, cx);
            if let Some(call) = next
                && passes(call)
            {
                self.choose(next);
                self.reveal = true;
                return true;
            }
            if next.is_none() {
                return false;
            }
            at = next;
        }
    }

    fn open(&self) -> Reply {
        let Some(call) = self.selected else { return Reply::Ignored };
        let focus =
            Focus { session: Some(call.session), operation: Some(call.operation), ..Focus::default() };
        Reply::Show(PanelId::Calls, focus)
    }

    /// What stands beside a lane: the name of a tool or method beside its first one, what they are beside its others.
    fn draw_name(&self, placed: &[Placed<'_, '_>], lane: usize, area: Rect, buf: &mut Buffer, cx: &Cx<'_>) {
        let Some(place) = placed.iter().rfind(|place| place.first_lane <= lane) else { return };
        // Rows without a call have no lane: of several with the same first lane the last one has it.
        let row = place.rows.iter().rposition(|first| *first <= lane);
        match row {
            None => paint::session_name(place.opened, area, buf, cx),
            Some(row) if place.rows[row] == lane => paint::row_name(place.opened, row, area, buf, cx),
            Some(row) => {
                let is_last = placed
                    .iter()
                    .flat_map(|place| place.rows.iter().chain([&place.first_lane]))
                    .any(|first| *first == lane + 1)
                    || lane + 1 == self.lane_count();
                // Whose lane it is, where the first one is above the screen.
                let is_first = lane == self.top_lane;
                paint::further_lane(place.opened, row, is_last, is_first, area, buf, cx);
            }
        }
    }

    /// The call drawn at a position of the screen; of several the last one.
    fn call_at(&self, at: Position, cx: &Cx<'_>) -> Option<CallId> {
        if !self.bars.contains(at) {
            return None;
        }
        let lane = self.top_lane + usize::from((at.y - self.bars.y) / self.rows_per_lane.max(1));
        let column = i64::from(at.x - self.bars.x);
        let placed = self.placed(cx);
        let (from_us, to_us) = (self.scale.moment_us(0), self.scale.moment_us(u64::from(self.bars.width)));
        let mut found = None;
        for (place, (_, lanes)) in placed.iter().zip(&self.lanes) {
            let (from, to) = (from_us.saturating_sub(place.offset_us), to_us.saturating_sub(place.offset_us));
            for id in lanes.between(place.opened.session, from, to) {
                let Some(operation) = place.opened.session.operation(id) else { continue };
                let to_column = |at_us: u64| self.scale.column(at_us + place.offset_us);
                let span = Span::of(operation, true, place.opened.now, to_column);
                if place.lane(lanes, id, operation) == lane && (span.first..=span.last).contains(&column) {
                    found = Some(CallId { session: place.opened.id, operation: id });
                }
            }
        }
        found
    }
}

/// Whether a call is one of a tool, rather than of the protocol.
fn is_tool(opened: &Opened<'_>, operation: &Operation) -> bool {
    operation.from == Peer::Client && opened.session.name(operation.method) == "tools/call"
}

fn find<'a>(call: CallId, cx: &Cx<'a>) -> Option<(&'a Opened<'a>, &'a Operation)> {
    let opened = cx.sessions.iter().find(|opened| opened.id == call.session)?;
    Some((opened, opened.session.operation(call.operation)?))
}

/// Whether a call passes the filter.
fn passes(call: CallId, cx: &Cx<'_>) -> bool {
    find(call, cx).is_some_and(|(opened, operation)| cx.filter.matches(opened.session, operation, opened.now))
}

/// The newest call that passes the filter, if it is not too far back.
fn newest(cx: &Cx<'_>) -> Option<CallId> {
    let backwards =
        std::iter::successors(neighbour(None, false, cx), |call| neighbour(Some(*call), false, cx));
    backwards.take(NEWEST_LOOKED_AT).find(|call| passes(*call, cx))
}

/// The call asked next after, or last before, the given one over all sessions; without one the first or the last.
fn neighbour(call: Option<CallId>, forward: bool, cx: &Cx<'_>) -> Option<CallId> {
    let wall = |opened: &Opened<'_>, index: usize| {
        let at = opened.session.operations().get(index)?.started().0;
        Some(opened.session.header.started.as_microsecond().saturating_add(i64::try_from(at).ok()?))
    };
    let here = call.and_then(|call| {
        let (opened, _) = find(call, cx)?;
        Some((wall(opened, call.operation.index())?, opened.id, call.operation))
    });
    let candidates = cx.sessions.iter().filter_map(|opened| {
        let operations = opened.session.operations();
        let started = opened.session.header.started.as_microsecond();
        let index = match here {
            None if forward => 0,
            None => operations.len().checked_sub(1)?,
            Some((at, id, operation)) => {
                let key = |index: usize| (wall(opened, index).unwrap_or(i64::MAX), opened.id, index);
                let here = (at, id, operation.index());
                let guess = operations.partition_point(|other| {
                    started.saturating_add(i64::try_from(other.started().0).unwrap_or(i64::MAX)) < at
                });
                let mut after = guess;
                while after < operations.len() && key(after) <= here {
                    after += 1;
                }
                let mut before = after;
                while before > 0 && key(before - 1) >= here {
                    before -= 1;
                }
                if forward { after } else { before.checked_sub(1)? }
            }
        };
        let operation = OperationId(u32::try_from(index).ok()?);
        Some((wall(opened, index)?, opened.id, operation))
    });
    let chosen = if forward { candidates.min() } else { candidates.max() };
    chosen.map(|(_, session, operation)| CallId { session, operation })
}

impl Panel for Timeline {
    fn view(&mut self, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
        let nothing = cx.sessions.iter().all(|opened| opened.session.operations().is_empty());
        if nothing || area.height < 5 || area.width < 20 {
            self.bars = Rect::default();
            return empty::draw(cx, area, buf, "No calls yet");
        }
        self.refresh(cx);
        let names = (paint::longest_name(cx) + 2).min(area.width * 3 / 10).max(12);
        let foot = if area.height >= TALL { 4 } else { 3 };
        let bars = Rect {
            x: area.x + names,
            y: area.y + 1,
            width: area.width - names,
            height: area.height - 1 - foot,
        };
        let placed = self.placed(cx);
        self.scale.settle(Self::now_us(&placed), bars.width);
        let lanes = self.lane_count();
        self.rows_per_lane = if lanes * 2 <= usize::from(bars.height) { 2 } else { 1 };
        self.bring_into_view(&placed, bars.width, bars.height);
        let shown = usize::from(bars.height / self.rows_per_lane);
        self.top_lane = self.top_lane.min(lanes.saturating_sub(shown));
        self.bars = bars;
        let raster = self.picture.refresh(&placed, &self.lanes, lanes, self.scale, bars.width, cx);
        paint::axis(self.scale, Rect { y: area.y, height: 1, ..bars }, buf, cx);
        for (row, lane) in (self.top_lane..lanes.min(self.top_lane + shown)).enumerate() {
            let y = bars.y + u16::try_from(row).unwrap_or(0) * self.rows_per_lane;
            paint::lane(raster.lane(lane), Rect { y, height: 1, ..bars }, buf, cx);
            let left = Rect { x: area.x, y, width: names.saturating_sub(2), height: 1 };
            self.draw_name(&placed, lane, left, buf, cx);
        }
        if let Some((lane, span)) = self.selected_span(&placed)
            && let Some(row) = lane.checked_sub(self.top_lane).filter(|row| *row < shown)
        {
            let y = bars.y + u16::try_from(row).unwrap_or(0) * self.rows_per_lane;
            let name = Rect { x: area.x, y, width: names.saturating_sub(2), height: 1 };
            paint::selection(&span, name, Rect { y, height: 1, ..bars }, buf, cx);
        }
        let foot = Rect { y: area.bottom() - foot, height: foot, ..area };
        let most = self.lanes.iter().map(|(_, lanes)| lanes.most()).max().unwrap_or(0);
        paint::foot(self.scale, self.selected.and_then(|call| find(call, cx)), most, foot, buf, cx);
        ascii::reduce(buf, area, &cx.theme.glyphs);
    }

    fn act(&mut self, action: Action, cx: &Cx<'_>) -> Reply {
        let screen = i64::from(self.bars.width.max(8));
        match action {
            Action::Left => self.scale.pan(-screen / 8),
            Action::Right => self.scale.pan(screen / 8),
            Action::PageUp => self.scale.pan(-screen),
            Action::PageDown => self.scale.pan(screen),
            Action::ZoomIn | Action::ZoomOut => {
                let middle = self.scale.moment_us(u64::from(self.bars.width / 2));
                let placed = self.placed(cx);
                let around = self.selected.and_then(|call| {
                    let place = placed.iter().find(|place| place.opened.id == call.session)?;
                    let started = place.opened.session.operation(call.operation)?.started();
                    let at_us = started.0 + place.offset_us;
                    (0..i64::from(self.bars.width)).contains(&self.scale.column(at_us)).then_some(at_us)
                });
                self.scale.zoom(action == Action::ZoomIn, around.unwrap_or(middle));
                self.reveal = around.is_some();
            }
            Action::Fit => self.scale.motion = Motion::Fit,
            Action::Follow => {
                let follows = self.scale.motion == Motion::Follow;
                self.scale.motion = if follows { Motion::Still } else { Motion::Follow };
                return Reply::Say(
                    if follows { "Staying here" } else { "Following the newest call" }.to_owned(),
                );
            }
            Action::Down => drop(self.step(true, cx, |_| true)),
            Action::Up => drop(self.step(false, cx, |_| true)),
            Action::First | Action::Last => {
                self.selected = None;
                self.step(action == Action::First, cx, |_| true);
            }
            Action::NextError => {
                let before = self.selected;
                if !self.step(true, cx, marks::is_error) {
                    self.selected = None;
                    if !self.step(true, cx, marks::is_error) {
                        self.selected = before;
                        return Reply::Say("No call failed".to_owned());
                    }
                }
            }
            Action::Back if self.choice == Choice::Made && self.selected.is_some() => self.choose(None),
            Action::Open | Action::Related => return self.open(),
            Action::Playback(Turn::Here) => {
                return match self.selected.and_then(|call| find(call, cx)) {
                    Some((opened, operation)) => Reply::Seek(opened.id, operation.started()),
                    None => Reply::Ignored,
                };
            }
            _ => return Reply::Ignored,
        }
        Reply::Done
    }

    fn mouse(&mut self, mouse: Mouse, cx: &Cx<'_>) -> Reply {
        match mouse {
            Mouse::Click(at) | Mouse::DoubleClick(at) => {
                let Some(call) = self.call_at(at, cx) else { return Reply::Ignored };
                self.choose(Some(call));
                if matches!(mouse, Mouse::DoubleClick(_)) {
                    return self.open();
                }
            }
            Mouse::Wheel(at, lines) => {
                let column = u64::from(at.x.saturating_sub(self.bars.x));
                self.scale.zoom(lines < 0, self.scale.moment_us(column));
            }
        }
        Reply::Done
    }

    fn focus(&mut self, focus: &Focus, cx: &Cx<'_>) {
        let session = focus.session.or_else(|| cx.sessions.first().map(|opened| opened.id));
        if let (Some(session), Some(operation)) = (session, focus.operation) {
            self.choose(Some(CallId { session, operation }));
            self.reveal = true;
        }
    }

    fn session(&self, _cx: &Cx<'_>) -> Option<OpenId> {
        self.selected.map(|call| call.session)
    }

    fn hints(&self) -> &'static [Action] {
        &[Action::Open, Action::ZoomIn, Action::ZoomOut, Action::Fit, Action::Follow, Action::NextError]
    }

    fn offers(&mut self, action: Action, _cx: &Cx<'_>) -> bool {
        match action {
            Action::Open | Action::Related | Action::Copy | Action::Playback(Turn::Here) => {
                self.selected.is_some()
            }
            Action::ZoomIn | Action::ZoomOut | Action::Fit => !self.bars.is_empty(),
            _ => true,
        }
    }

    fn copyables(&self, cx: &Cx<'_>) -> Vec<Copyable> {
        let Some(call) = self.selected else { return Vec::new() };
        let Some((_, operation)) = find(call, cx) else { return Vec::new() };
        let (session, request) = (call.session, operation.first().request.place);
        let part = |name, place| Copyable {
            name,
            what: CopyWhat::Message { session, place, pointer: String::new() },
        };
        let mut all = vec![part("request as JSON", request)];
        all.extend(operation.answer().map(|answer| part("answer as JSON", answer.place)));
        all.push(Copyable { name: "command line", what: CopyWhat::CommandLine { session, place: request } });
        all
    }
}

#[cfg(test)]
mod tests;
