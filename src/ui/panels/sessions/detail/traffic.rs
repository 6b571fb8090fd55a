//! What passed in a session, summed up, and where its time and its tokens went; knows nothing of single calls.

use ratatui::text::{Line, Span};

use super::lines::Lines;
use crate::model::{Latency, Row, Session};
use crate::tokens::Count;
use crate::ui::panels::Opened;
use crate::ui::theme::Role;
use crate::ui::widgets::bar::bar;
use crate::ui::widgets::clip;
use crate::ui::widgets::number::{
    COUNT_WIDTH, DURATION_WIDTH, PERCENT_WIDTH, TOKENS_WIDTH, bytes, count, duration, grouped, percent,
    tokens,
};
use crate::wire::Peer;

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Nothing.
    None,
    /// Sums, and the tools that cost most time and most tokens.
    Brief,
    /// More tools, and their definitions too.
    Full,
}

/// Tools that are named, those that cost most.
const SHOWN: usize = 10;
/// The same where it is told in brief.
const SHOWN_BRIEF: usize = 3;
/// Cells of a name.
const NAME: usize = 30;

/// What passed, and where it went.
pub(super) fn lines(lines: &mut Lines<'_>, open: &Opened<'_>, extent: Extent) {
    let session = open.session;
    if extent == Extent::None || session.totals().calls == 0 {
        return;
    }
    lines.rule("Traffic");
    sums(lines, session);
    let wire = lines.cx.wire;
    let shown = if extent == Extent::Full { SHOWN } else { SHOWN_BRIEF };
    let tools = || {
        let is_tool =
            |row: &&Row| row.key.from == Peer::Client && session.name(row.key.method) == "tools/call";
        session.rows().iter().filter(is_tool)
    };
    let called = |row: &Row, cost, words| Entry {
        name: session.name(row.key.target).to_owned(),
        cost,
        words,
        calls: Some(row.calls),
    };
    let time = tools().map(|row| called(row, row.latency_us.sum(), duration(row.latency_us.sum())));
    ranking(lines, "Where the time went", DURATION_WIDTH, shown, time.collect());
    let results = tools().map(|row| called(row, row.results(wire).tokens, tokens(row.results(wire))));
    ranking(lines, "Where the tokens of results went", TOKENS_WIDTH, shown, results.collect());
    if extent != Extent::Full {
        return;
    }
    let definitions = session.definitions().tools().iter().filter_map(|definition| {
        let counted = definition.tokens?;
        let number = u64::from(if wire { counted.wire } else { counted.model });
        let words = tokens(Count { tokens: number, accuracy: counted.accuracy });
        Some(Entry { name: definition.name.to_string(), cost: number, words, calls: None })
    });
    ranking(lines, "Where the tokens of definitions went", TOKENS_WIDTH, shown, definitions.collect());
}

fn sums(lines: &mut Lines<'_>, session: &Session) {
    let (totals, cx) = (session.totals(), lines.cx);
    let dot = format!(" {} ", cx.theme.glyphs.dot);
    let [asked, answered] = [totals.bytes_to_server, totals.bytes_to_client].map(bytes);
    lines.fact(
        "messages",
        &[grouped(totals.frames), format!("{asked} to the server"), format!("{answered} to the client")]
            .join(&dot),
    );
    let named = |count: u64, what: &str| (count > 0).then(|| format!("{} {what}", grouped(count)));
    let calls = [
        Some(grouped(totals.calls)),
        named(totals.tool_calls, "of tools"),
        named(totals.errors(), "failed"),
        named(totals.cancelled, "cancelled"),
        named(totals.in_flight, "in flight"),
    ];
    lines.fact("calls", &calls.into_iter().flatten().collect::<Vec<_>>().join(&dot));
    let mut all = Latency::default();
    session.rows().iter().for_each(|row| all.merge(&row.latency_us));
    if let (Some(p50), Some(p99), Some(max)) = (all.p50(), all.p99(), all.max()) {
        let [p50, p99, max] = [p50, p99, max].map(duration);
        lines.fact(
            "latency",
            &[format!("p50 {p50}"), format!("p99 {p99}"), format!("longest {max}")].join(&dot),
        );
    }
    let context = session.context(cx.wire);
    let share = |part: Count| format!("{} ({})", tokens(part), percent(part.tokens, cx.window_tokens));
    lines.fact(
        "context",
        &[
            format!("definitions {}", share(context.definitions)),
            format!("results {}", share(context.results)),
        ]
        .join(&dot),
    );
}

/// A tool in a ranking.
struct Entry {
    name: String,
    cost: u64,
    /// The cost to read.
    words: String,
    /// How often it was called, where that is what costs.
    calls: Option<u64>,
}

/// The tools by what they cost in one respect; its words take `width` cells, and `most` tools are named.
fn ranking(lines: &mut Lines<'_>, title: &str, width: u16, most: usize, mut entries: Vec<Entry>) {
    let cx = lines.cx;
    entries.retain(|entry| entry.cost > 0);
    let whole: u64 = entries.iter().map(|entry| entry.cost).sum();
    if whole == 0 {
        return;
    }
    entries.sort_by(|a, b| b.cost.cmp(&a.cost).then_with(|| a.name.cmp(&b.name)));
    lines.rule(title);
    let name = NAME.min(lines.width / 3);
    let numbers = usize::from(width + PERCENT_WIDTH + COUNT_WIDTH) + " calls".len() + 5;
    let cells = u16::try_from(lines.width.saturating_sub(name + numbers)).unwrap_or(0).min(40);
    let (width, percents) = (usize::from(width), usize::from(PERCENT_WIDTH));
    for entry in entries.iter().take(most) {
        let text = |text: String, role| Span::styled(text, cx.theme.style(role));
        let share = entry.cost as f64 / whole as f64;
        let shown = clip::middle(&entry.name, name);
        let pad = " ".repeat(name.saturating_sub(clip::width(&shown)));
        let called = entry.calls.map_or_else(String::new, |calls| {
            let word = if calls == 1 { "call" } else { "calls" };
            format!(" {:>1$} {word}", count(calls), usize::from(COUNT_WIDTH))
        });
        lines.done.push(Line::from(vec![
            text(format!(" {shown}{pad} "), Role::Text),
            text(bar(share, cells, &cx.theme.glyphs), Role::heat(share)),
            text(format!(" {:>width$}", entry.words), Role::Strong),
            text(format!(" {:>percents$}", percent(entry.cost, whole)), Role::Text),
            text(called, Role::Dim),
        ]));
    }
    if let more @ 1.. = entries.len().saturating_sub(most) {
        lines.hint(&format!("and {more} others"));
    }
}
