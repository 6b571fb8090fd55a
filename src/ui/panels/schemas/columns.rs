//! The columns of the Schemas panel: heading, width, importance, order and text of each.
//!
//! Knows nothing of which tools there are.

use std::cmp::Reverse;

use ratatui::text::{Line, Span};

use super::costs::PartOf;
use super::items::Item;
use super::ruled::Ruled;
use crate::tokens::Count;
use crate::ui::panels::Cx;
use crate::ui::theme::Role;
use crate::ui::widgets::bar::{Part, gauge};
use crate::ui::widgets::clip;
use crate::ui::widgets::columns::{Align, Want};
use crate::ui::widgets::number::{COUNT_WIDTH, PERCENT_WIDTH, count, percent, tokens};
use crate::ui::widgets::sort::Sortable;
use crate::ui::widgets::table::{Column, Order};

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// Whether it is left out for trial.
    Kept,
    /// The tool.
    Name,
    /// Its server.
    Server,
    /// How often it was called.
    Calls,
    /// What a model is shown of it.
    Model,
    /// All of its JSON.
    Wire,
    /// The parts as a bar.
    Bar,
    /// One of the parts.
    Part(PartOf),
    /// Share of all definitions.
    Share,
    /// Share of the context window.
    Window,
}

/// The columns, left to right.
pub(super) const FIELDS: [Field; 14] = [
    Field::Kept,
    Field::Name,
    Field::Server,
    Field::Calls,
    Field::Model,
    Field::Wire,
    Field::Share,
    Field::Bar,
    Field::Part(PartOf::Description),
    Field::Part(PartOf::Input),
    Field::Part(PartOf::Output),
    Field::Part(PartOf::Hints),
    Field::Part(PartOf::Rest),
    Field::Window,
];

/// What all items together tell a cell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    /// Tokens of the costliest definition, in the unit shown.
    pub(super) max: u64,
    /// Tokens of all definitions, in the unit shown.
    pub(super) sum: u64,
}

impl Sortable for Field {
    const ALL: &'static [Self] = &FIELDS;

    fn natural_order(self) -> Order {
        if matches!(self, Self::Name | Self::Server) { Order::Ascending } else { Order::Descending }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Name => "name",
            Self::Server => "server",
            Self::Calls => "calls",
            Self::Model => "model",
            Self::Wire => "wire",
            Self::Bar => "bar",
            Self::Part(PartOf::Description) => "description",
            Self::Part(PartOf::Input) => "input",
            Self::Part(PartOf::Output) => "output",
            Self::Part(PartOf::Hints) => "annotations",
            Self::Part(PartOf::Rest) => "other",
            Self::Share => "share",
            Self::Window => "window",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Kept => "",
            Self::Name => "tool",
            Self::Server => "server",
            Self::Calls => "called",
            Self::Model => "model",
            Self::Wire => "wire",
            Self::Share => "share",
            Self::Bar => "█text ▓input ░rest",
            Self::Part(PartOf::Description) => "descr",
            Self::Part(PartOf::Input) => "input",
            Self::Part(PartOf::Output) => "output",
            Self::Part(PartOf::Hints) => "hints",
            Self::Part(PartOf::Rest) => "other",
            Self::Window => "window",
        }
    }

    fn meaning(self) -> (&'static str, &'static str) {
        match self {
            Self::Kept => ("", "Left out for trial, or ruled: a mark"),
            Self::Name => ("", "The tool"),
            Self::Server => ("", "Its server"),
            Self::Calls => ("calls", "How often it was called"),
            Self::Model => ("tokens", "What a model is shown of it"),
            Self::Wire => ("tokens", "All its JSON"),
            Self::Share => ("%", "Its share of all definitions"),
            Self::Bar => ("tokens", "The parts, as long as they are costly"),
            Self::Part(PartOf::Description) => ("tokens", "Of wire: its description"),
            Self::Part(PartOf::Input) => ("tokens", "Of wire: the schema of its arguments"),
            Self::Part(PartOf::Output) => ("tokens", "Of wire: the schema of its results"),
            Self::Part(PartOf::Hints) => ("tokens", "Of wire: its annotations"),
            Self::Part(PartOf::Rest) => ("tokens", "Of wire: name, title and what else there is"),
            Self::Window => ("%", "Its share of the context window"),
        }
    }
}

impl Field {
    /// Its heading, width and importance; `servers` is how many sessions are open, `names` what the names
    /// ask for.
    pub(super) fn column(self, servers: usize, names: Want) -> Column {
        let right = |want| Column { title: self.title(), want, align: Align::Right };
        let left = |want| Column { title: self.title(), want, align: Align::Left };
        match self {
            Self::Kept => left(Want::fixed(1, 0)),
            Self::Name => left(names),
            Self::Server if servers < 2 => left(Want::fixed(u16::MAX, u8::MAX)),
            Self::Server => left(Want::growing(8, 16, 1, 6)),
            Self::Calls => right(Want::fixed(COUNT_WIDTH + 1, 1)),
            Self::Model => right(Want::fixed(7, 0)),
            Self::Wire => right(Want::fixed(6, 2)),
            Self::Share => right(Want::fixed(PERCENT_WIDTH, 4)),
            Self::Bar => left(Want::growing(18, 48, 2, 3)),
            Self::Part(PartOf::Description | PartOf::Input) => right(Want::fixed(6, 5)),
            Self::Part(PartOf::Output) => right(Want::fixed(6, 7)),
            Self::Part(PartOf::Hints) => right(Want::fixed(6, 8)),
            Self::Part(PartOf::Rest) => right(Want::fixed(6, 9)),
            Self::Window => right(Want::fixed(PERCENT_WIDTH, 10)),
        }
    }

    /// Sorts the items; equal ones stay in the order in which they were listed.
    pub(super) fn sort(self, order: Order, wire: bool, items: &mut [Item<'_>]) {
        let number = |count: Option<Count>| count.map_or(0, |count| count.tokens + 1);
        let weight = |item: &Item<'_>| match self {
            Self::Kept => u64::from(!item.is_gone()),
            Self::Name | Self::Server => 0,
            Self::Calls => item.calls,
            Self::Model => number(item.model),
            Self::Wire => number(item.wire),
            Self::Part(part) => number(item.parts.map(|parts| part.of(&parts))),
            Self::Share | Self::Bar | Self::Window => number(item.shown(wire)),
        };
        match (self, order) {
            (Self::Name, _) => items.sort_by(|a, b| a.name.cmp(b.name)),
            (Self::Server, _) => items.sort_by(|a, b| (a.session, a.name).cmp(&(b.session, b.name))),
            (_, Order::Ascending) => items.sort_by_key(weight),
            (_, Order::Descending) => items.sort_by_key(|item| Reverse(weight(item))),
        }
        if matches!(self, Self::Name | Self::Server) && order == Order::Descending {
            items.reverse();
        }
    }

    /// The text of an item in so many cells.
    pub(super) fn cell(self, item: &Item<'_>, width: u16, scale: Scale, cx: &Cx<'_>) -> Line<'static> {
        let glyphs = &cx.theme.glyphs;
        let is_gone = item.is_gone();
        let plain = if is_gone { Role::Removed } else { Role::Text };
        let text = |text: String, role: Role| Line::styled(text, cx.theme.style(role));
        let number = |count: Option<Count>, role: Role| match count {
            Some(count) if count.tokens == 0 => text(glyphs.none.to_owned(), Role::Dim),
            Some(count) => text(tokens(count), role),
            None => text(glyphs.ellipsis.to_owned(), Role::Dim),
        };
        let shown = item.shown(cx.wire);
        let heat = |part: u64, whole: u64| {
            let share = part as f64 / whole.max(1) as f64;
            if is_gone { Role::Removed } else { Role::heat(share) }
        };
        match self {
            Self::Kept if is_gone => text(glyphs.cancelled.to_owned(), Role::Removed),
            Self::Kept if item.ruled.is_some() => text(glyphs.descending.to_owned(), Role::Accent),
            Self::Kept => text(" ".to_owned(), Role::Text),
            Self::Name => name(item, usize::from(width), plain, cx),
            Self::Server => text(clip::middle(item.session, usize::from(width)).into_owned(), Role::Dim),
            Self::Calls if item.calls == 0 => text("never".to_owned(), Role::Warn),
            Self::Calls => text(count(item.calls), plain),
            Self::Model => number(item.model, if cx.wire { Role::Dim } else { plain }),
            Self::Wire => number(item.wire, if cx.wire { plain } else { Role::Dim }),
            Self::Share => shown.map_or_else(
                || text(glyphs.ellipsis.to_owned(), Role::Dim),
                |count| text(percent(count.tokens, scale.sum), heat(count.tokens, scale.sum)),
            ),
            Self::Bar => bar(item, width, scale, cx),
            Self::Part(part) => number(item.parts.map(|parts| part.of(&parts)), Role::Dim),
            Self::Window => shown.map_or_else(
                || text(glyphs.ellipsis.to_owned(), Role::Dim),
                |count| text(percent(count.tokens, cx.window_tokens), Role::Dim),
            ),
        }
    }
}

/// The tool, and what rules do to it.
fn name(item: &Item<'_>, width: usize, role: Role, cx: &Cx<'_>) -> Line<'static> {
    let word = item.ruled.map_or("", Ruled::word);
    let room = width.saturating_sub(clip::width(word) + usize::from(!word.is_empty())).max(1);
    let mut spans = vec![Span::styled(clip::middle(item.name, room).into_owned(), cx.theme.style(role))];
    if !word.is_empty() && room > 8 {
        spans.push(Span::styled(format!(" {word}"), cx.theme.style(Role::Accent)));
    }
    Line::from(spans)
}

/// The parts side by side, all together as long as the definition is costly in the unit shown.
fn bar(item: &Item<'_>, width: u16, scale: Scale, cx: &Cx<'_>) -> Line<'static> {
    let (Some(parts), Some(whole)) = (item.parts, item.shown(cx.wire)) else { return Line::default() };
    // A model is shown name, description and input schema, written in another way: each has of the whole what it has
    // of the three on the wire.
    let all = if cx.wire { parts.sum() } else { parts.name + parts.description + parts.input_schema };
    let share =
        |part: u64| part as f64 / all.tokens.max(1) as f64 * whole.tokens as f64 / scale.max.max(1) as f64;
    let role = |role| cx.theme.style(if item.is_gone() { Role::Removed } else { role });
    let [text, input] = [parts.description.tokens, parts.input_schema.tokens];
    let rest = all.tokens.saturating_sub(text + input);
    let glyphs = &cx.theme.glyphs;
    let stacked = [
        Part { share: share(text), style: role(Role::Bar), fill: None },
        Part { share: share(input), style: role(Role::BarSecond), fill: Some(glyphs.second) },
        Part { share: share(rest), style: role(Role::Dim), fill: Some(glyphs.gauge_empty) },
    ];
    let mut spans = gauge(&stacked, width, cx.theme.style(Role::BarEmpty), glyphs);
    // What is not filled stays blank here: a bar is not a gauge.
    if whole.tokens < scale.max
        && let Some(last) = spans.last_mut()
        && last.style == cx.theme.style(Role::BarEmpty)
    {
        *last = Span::raw(" ".repeat(last.width()));
    }
    Line::from(spans)
}
