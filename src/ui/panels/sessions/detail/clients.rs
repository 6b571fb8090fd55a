//! The clients of an HTTP server, a row for each.

use std::cmp::Reverse;

use ratatui::text::{Line, Span};

use super::capability_names;
use super::lines::Lines;
use crate::model::{Client, ClientEnd, Session};
use crate::trace::{Micros, PoolTake, SessionEnd};
use crate::ui::panels::{Cx, Opened};
use crate::ui::theme::Role;
use crate::ui::widgets::clip;
use crate::ui::widgets::columns::{Align, Place, Want, arrange};
use crate::ui::widgets::number::{COUNT_WIDTH, DURATION_WIDTH, count, duration, grouped};

/// Clients that are shown, those with something under way first, then the ones seen last.
const SHOWN_MAX: usize = 200;
/// Cells between two columns.
const GAP: u16 = 2;

/// A column: its heading, its width and importance, where its texts stand.
type Column = (&'static str, Want, Align);

const COLUMNS: [Column; 9] = [
    ("", Want::fixed(1, 0), Align::Left),
    ("client", Want::growing(14, 30, 4, 0), Align::Left),
    ("revision", Want::fixed(10, 6), Align::Left),
    ("session", Want::fixed(17, 4), Align::Left),
    ("streams", Want::fixed(7, 2), Align::Right),
    ("in flight", Want::fixed(9, 1), Align::Right),
    ("calls", Want::fixed(COUNT_WIDTH, 1), Align::Right),
    ("seen", Want::fixed(DURATION_WIDTH + 5, 3), Align::Right),
    ("", Want::growing(19, 44, 3, 5), Align::Left),
];

/// The clients, or as many as one reads.
pub(super) fn lines(lines: &mut Lines<'_>, open: &Opened<'_>) {
    let (cx, now) = (lines.cx, open.now);
    let mut all: Vec<&Client> = open.session.http().clients().real().collect();
    if all.is_empty() {
        return;
    }
    let here = all.iter().filter(|client| client.is_here(now)).count();
    let named =
        if all.len() == 1 { "1 client".to_owned() } else { format!("{} clients", grouped(all.len() as u64)) };
    lines.rule(&format!("{named}, {} here", grouped(here as u64)));
    let order =
        |client: &&Client| (Reverse(client.traffic.open > 0), Reverse(client.last_seen), client.first_seen);
    let more = all.len().saturating_sub(SHOWN_MAX);
    if more > 0 {
        all.select_nth_unstable_by_key(SHOWN_MAX, order);
        all.truncate(SHOWN_MAX);
    }
    all.sort_by_key(order);
    let wants: Vec<Want> = COLUMNS.iter().map(|(_, want, _)| *want).collect();
    let width = u16::try_from(lines.width.saturating_sub(2)).unwrap_or(u16::MAX);
    let places = arrange(&wants, width, GAP);
    let heading = |index: usize| Span::styled(COLUMNS[index].0, cx.theme.style(Role::Heading));
    lines.done.push(row(&places, heading));
    for client in all {
        lines.done.push(row(&places, |index| cell(index, client, open.session, now, cx)));
    }
    if more > 0 {
        lines.hint(&format!("and {} that were seen before these", grouped(more as u64)));
    }
}

fn row(places: &[Place], cell: impl Fn(usize) -> Span<'static>) -> Line<'static> {
    let mut spans = vec![Span::raw(" ")];
    let mut at = 0;
    for place in places {
        let span = cell(place.index);
        // Names differ at their ends as much as at their beginnings.
        let is_name = COLUMNS[place.index].0 == "client";
        let cut = if is_name { clip::middle } else { clip::end };
        let text = cut(&span.content, usize::from(place.width)).into_owned();
        let free = usize::from(place.width).saturating_sub(clip::width(&text));
        let left = match COLUMNS[place.index].2 {
            Align::Left => 0,
            Align::Right => free,
        };
        spans.push(Span::raw(" ".repeat(usize::from(place.x - at) + left)));
        spans.push(Span::styled(text, span.style));
        spans.push(Span::raw(" ".repeat(free - left)));
        at = place.x + place.width;
    }
    Line::from(spans)
}

fn cell(index: usize, client: &Client, session: &Session, now: Micros, cx: &Cx<'_>) -> Span<'static> {
    let glyphs = &cx.theme.glyphs;
    let text = |text: String, role| Span::styled(text, cx.theme.style(role));
    let is_here = client.is_here(now);
    let plain = if is_here { Role::Text } else { Role::Dim };
    let number = |value: u64| match value {
        0 => text(glyphs.none.to_owned(), Role::Dim),
        value => text(count(value), plain),
    };
    match index {
        0 if is_here => text(glyphs.live.to_owned(), Role::Good),
        0 => text(glyphs.ended.to_owned(), Role::Dim),
        1 if client.name.is_none() => text("has not told its name".to_owned(), Role::Dim),
        1 => text(client.shown_name(), if is_here { Role::Strong } else { Role::Dim }),
        2 => text(client.revision().unwrap_or(glyphs.none).to_owned(), plain),
        3 if client.session.is_none() => text(glyphs.none.to_owned(), Role::Dim),
        3 => text(session.name(client.session).to_owned(), Role::Dim),
        4 => number(client.traffic.streams_open),
        5 if client.traffic.in_flight > 0 => text(count(client.traffic.in_flight), Role::Pending),
        5 => number(0),
        6 => number(client.traffic.calls),
        7 => text(seen(client, now), plain),
        _ => remark(client, cx),
    }
}

fn seen(client: &Client, now: Micros) -> String {
    match (now - client.last_seen).0 {
        _ if client.traffic.in_flight > 0 => "now".to_owned(),
        0..1_000_000 => "now".to_owned(),
        ago => format!("{} ago", duration(ago)),
    }
}

/// How its session ended; else how many of its requests failed, how it got its place in the pool, or what it can.
fn remark(client: &Client, cx: &Cx<'_>) -> Span<'static> {
    let text = |text: String, role| Span::styled(text, cx.theme.style(role));
    if let Some((_, why)) = client.ended {
        let (words, role) = match why {
            ClientEnd::Deleted | ClientEnd::Told(SessionEnd::Deleted) => ("ended by the client", Role::Dim),
            ClientEnd::Told(SessionEnd::TimedOut) => ("timed out", Role::Void),
            ClientEnd::Told(SessionEnd::ServerLeft) => ("the server left", Role::Bad),
            ClientEnd::Told(SessionEnd::ProxyLeft) => ("mcptop left", Role::Void),
            ClientEnd::Forgotten => ("unknown to server", Role::Warn),
        };
        return text(words.to_owned(), role);
    }
    match (client.traffic.errors, client.took) {
        (0, None) => match client.capabilities.as_deref().map(capability_names) {
            Some(names) if !names.is_empty() => text(format!("can {names}"), Role::Dim),
            Some(_) | None => text(String::new(), Role::Dim),
        },
        (0, Some((how, waited_us))) => {
            let word = match how {
                PoolTake::Started => "started for it",
                PoolTake::Prepared => "prepared",
                PoolTake::Reused => "reused",
                PoolTake::Shared => "shared",
                PoolTake::GaveUp => "got none",
            };
            text(format!("{word}, waited {}", duration(u64::from(waited_us))), Role::Dim)
        }
        (errors, _) => text(format!("{} failed", grouped(errors)), Role::Bad),
    }
}
