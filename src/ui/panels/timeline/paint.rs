//! How the timeline's cells, axis and foot look; knows nothing of where calls stand.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span as Text};

use super::raster::{Cell, Span, Standing};
use super::scale::{Motion, Scale};
use crate::model::Operation;
use crate::tokens::Count;
use crate::ui::header::loading;
use crate::ui::panels::{Cx, Opened, marks};
use crate::ui::theme::Role;
use crate::ui::widgets::columns::Align;
use crate::ui::widgets::number::{DURATION_WIDTH, duration, moment, tokens};
use crate::ui::widgets::table::put;
use crate::ui::widgets::{clip, time_axis};
use crate::wire::Peer;

/// Cells between two labels of the axis.
const APART: u64 = 14;

/// The labels, each right of a tick at its moment.
pub(super) fn axis(scale: Scale, area: Rect, buf: &mut Buffer, cx: &Cx<'_>) {
    time_axis::draw(&scale.ticks(area.width, APART), Role::Heading, area, buf, cx.theme);
}

/// Cells of the longest name beside a lane.
pub(super) fn longest_name(cx: &Cx<'_>) -> u16 {
    let names = cx.sessions.iter().flat_map(|opened| {
        let session = opened.session;
        session.rows().iter().map(|row| {
            let name = if row.key.target.is_none() { row.key.method } else { row.key.target };
            clip::width(session.name(name)) + usize::from(cx.sessions.len() > 1)
        })
    });
    u16::try_from(names.max().unwrap_or(0)).unwrap_or(u16::MAX - 2).min(1_000)
}

/// A session's name above its lanes.
pub(super) fn session_name(opened: &Opened<'_>, area: Rect, buf: &mut Buffer, cx: &Cx<'_>) {
    let label = clip::middle(&opened.session.header.label, usize::from(area.width)).into_owned();
    put(buf, area.x, area.y, area.width, Align::Left, &Line::styled(label, cx.theme.style(Role::Strong)));
}

/// The name of a tool or method beside its first lane.
pub(super) fn row_name(opened: &Opened<'_>, row: usize, area: Rect, buf: &mut Buffer, cx: &Cx<'_>) {
    let Some(row) = opened.session.rows().get(row) else { return };
    let is_tool = !row.key.target.is_none();
    let name = opened.session.name(if is_tool { row.key.target } else { row.key.method });
    let indent = usize::from(cx.sessions.len() > 1);
    let mark = match row.key.from {
        Peer::Client => String::new(),
        Peer::Server => format!("{} ", cx.theme.glyphs.to_client),
    };
    let room = usize::from(area.width).saturating_sub(indent + clip::width(&mark));
    let role = if is_tool { Role::Text } else { Role::Dim };
    let text = format!("{}{mark}{}", " ".repeat(indent), clip::middle(name, room));
    let line = Line::styled(text, cx.theme.style(role));
    put(buf, area.x, area.y, area.width, Align::Left, &line);
}

/// What stands beside a lane below the first one of a tool or method: its calls run while those above do.
pub(super) fn further_lane(
    opened: &Opened<'_>,
    row: usize,
    is_last: bool,
    is_first_on_screen: bool,
    area: Rect,
    buf: &mut Buffer,
    cx: &Cx<'_>,
) {
    let Some(row) = opened.session.rows().get(row) else { return };
    let branch = cx.theme.glyphs.tree[usize::from(is_last)];
    let indent = " ".repeat(usize::from(cx.sessions.len() > 1));
    let room = usize::from(area.width).saturating_sub(indent.len() + 2);
    let words = if is_first_on_screen {
        let name = if row.key.target.is_none() { row.key.method } else { row.key.target };
        clip::middle(opened.session.name(name), room).into_owned()
    } else {
        clip::fitting(["at the same time", "same time"].map(str::to_owned), room)
    };
    let line = Line::styled(format!("{indent}{branch} {words}"), cx.theme.style(Role::Dim));
    put(buf, area.x, area.y, area.width, Align::Left, &line);
}

/// The cells of a lane.
pub(super) fn lane(cells: &[Cell], area: Rect, buf: &mut Buffer, cx: &Cx<'_>) {
    for (x, cell) in (area.x..area.right()).zip(cells) {
        if cell.calls > 0 {
            let (glyph, role) = look(cell, cx);
            buf[(x, area.y)].set_symbol(glyph).set_style(cx.theme.style(role));
        }
    }
}

fn look(cell: &Cell, cx: &Cx<'_>) -> (&'static str, Role) {
    let glyphs = &cx.theme.glyphs;
    let role = match cell.worst {
        Standing::Quiet => Role::Dim,
        Standing::Good => Role::Bar,
        Standing::Open => Role::Pending,
        Standing::Lost | Standing::Cancelled => Role::Void,
        Standing::Failed => Role::Bad,
    };
    let bar = match cell.calls {
        1 => glyphs.spark[4],
        2..=4 => glyphs.spark[6],
        _ => glyphs.spark[8],
    };
    match cell.ends {
        Some(Standing::Failed) => (glyphs.error, Role::Bad),
        Some(Standing::Cancelled) => (glyphs.cancelled, Role::Void),
        Some(Standing::Lost) => (glyphs.abandoned, Role::Void),
        Some(Standing::Open) => (glyphs.pending, Role::Pending),
        _ if cell.retries => (glyphs.folded, Role::Accent),
        _ if cell.progress => (glyphs.note, Role::Accent),
        _ if cell.waits => (glyphs.dot, Role::Dim),
        Some(Standing::Quiet | Standing::Good) | None => (bar, role),
    }
}

/// Sets off the selected call and the name beside it, with brackets around the call where there is room.
pub(super) fn selection(span: &Span, name: Rect, area: Rect, buf: &mut Buffer, cx: &Cx<'_>) {
    let style = cx.theme.style(Role::Selection);
    buf.set_style(name, style);
    // A bar turned round would look like another one.
    let is_reversed = style.add_modifier.contains(Modifier::REVERSED);
    let style = if is_reversed { cx.theme.style(Role::Accent) } else { style };
    let width = i64::from(area.width);
    let cell =
        |column: i64| u16::try_from(column).ok().filter(|_| column < width).map(|column| area.x + column);
    for column in span.first.max(0)..=span.last.min(width - 1) {
        if let Some(x) = cell(column) {
            buf[(x, area.y)].set_style(style);
        }
    }
    for (column, bracket) in [(span.first - 1, "["), (span.last + 1, "]")] {
        if let Some(x) = cell(column) {
            buf[(x, area.y)].set_symbol(bracket).set_style(cx.theme.style(Role::Accent));
        }
    }
}

/// The selected call in words, and what the glyphs mean.
pub(super) fn foot(
    scale: Scale,
    selected: Option<(&Opened<'_>, &Operation)>,
    most: usize,
    area: Rect,
    buf: &mut Buffer,
    cx: &Cx<'_>,
) {
    let rule = cx.theme.glyphs.horizontal.repeat(usize::from(area.width));
    put(buf, area.x, area.y, area.width, Align::Left, &Line::styled(rule, cx.theme.style(Role::Border)));
    let motion = match scale.motion {
        Motion::Fit if loading(cx).is_some() => "what has been read so far",
        Motion::Fit => "the whole session",
        Motion::Follow => "the newest is followed",
        Motion::Still => "the picture stands still",
    };
    let side =
        if most <= 1 { "one call at a time".to_owned() } else { format!("up to {most} calls at a time") };
    let words = format!("a cell is {} · {motion} · {side}", duration(scale.cell_us()));
    let words = Line::styled(words, cx.theme.style(Role::Dim));
    let call = selected.map(|(opened, operation)| call_line(opened, operation, cx));
    // Where there is no room for all, the selected call is worth more than what its glyph means.
    let legend = (area.height > 3 || call.is_none()).then(|| legend(cx));
    let lines = call.into_iter().chain(legend).chain([words]);
    for (y, line) in (area.y + 1..area.bottom()).zip(lines) {
        put(buf, area.x, y, area.width, Align::Left, &line);
    }
}

fn call_line(opened: &Opened<'_>, operation: &Operation, cx: &Cx<'_>) -> Line<'static> {
    let mark = marks::state(operation, &cx.theme.glyphs);
    let session = opened.session;
    let target = session.name(operation.target);
    let name = if target.is_empty() { session.name(operation.method) } else { target };
    let mut words = vec![
        opened.session.header.label.clone(),
        format!("at {}", moment(operation.started().0)),
        // As wide as it may get, so that what follows stays while a call runs.
        format!("{:<1$}", duration(operation.elapsed_us(opened.now)), usize::from(DURATION_WIDTH)),
    ];
    if let Some(counted) = operation.tokens.filter(|_| operation.answer().is_some()) {
        let number = if cx.wire { counted.wire } else { counted.model };
        words.push(format!(
            "{} tokens",
            tokens(Count { tokens: u64::from(number), accuracy: counted.accuracy })
        ));
    }
    if operation.retries() > 0 {
        words.push(format!(
            "{} retries, human took {}",
            operation.retries(),
            duration(operation.human_wait_us())
        ));
    }
    let dot = format!(" {} ", cx.theme.glyphs.dot);
    Line::from(vec![
        Text::styled(format!("{} ", mark.glyph), cx.theme.style(mark.role)),
        Text::styled(clip::middle(name, 40).into_owned(), cx.theme.style(Role::Strong)),
        Text::styled(format!(" {}", mark.word), cx.theme.style(mark.role)),
        Text::styled(format!("{dot}{}", words.join(&dot)), cx.theme.style(Role::Dim)),
    ])
}

fn legend(cx: &Cx<'_>) -> Line<'static> {
    let glyphs = &cx.theme.glyphs;
    let entries = [
        (glyphs.spark[4], "call", Role::Bar),
        (glyphs.spark[6], "several", Role::Bar),
        (glyphs.spark[8], "many", Role::Bar),
        (glyphs.error, "failed", Role::Bad),
        (glyphs.cancelled, "cancelled", Role::Void),
        (glyphs.pending, "open", Role::Pending),
        (glyphs.note, "progress", Role::Accent),
        (glyphs.folded, "retry", Role::Accent),
    ];
    let spans = entries.into_iter().flat_map(|(glyph, word, role)| {
        [
            Text::styled(glyph, cx.theme.style(role)),
            Text::styled(format!(" {word}  "), cx.theme.style(Role::Dim)),
        ]
    });
    Line::from(spans.collect::<Vec<_>>())
}
