//! The head of the screen: tabs, which session this is, and the totals of all opened sessions.
//!
//! Drawn from the context alone. What does not fit is left out, the least important first.

use std::path::Path;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::panels::{Cx, Opened, PanelId};
use super::theme::Role;
use super::widgets::clip;
use super::widgets::gauge::gauge;
use super::widgets::number::{
    COUNT_WIDTH, DURATION_WIDTH, PERCENT_WIDTH, TOKENS_WIDTH, count, duration, grouped, percent,
    progress as progress_of, signed, tokens,
};
use crate::model::{Latency, Totals};
use crate::tokens::{Count, Profile};
use crate::trace::{Back, Exit};
use crate::wire::Direction;

/// What a recording that is being played is called instead of its path.
pub const PLAYBACK: &str = "playback";

/// From how many columns on there are words for what is a hint below, and from how many on the parts of what is a sum.
const WIDE: u16 = 110;
const WIDEST: u16 = 170;

/// What is between the pieces of a line.
const GAP: &str = "  ";

/// Draws the tabs, the open one marked; returns where each stands.
pub fn tabs(
    cx: &Cx<'_>,
    panels: impl Iterator<Item = PanelId>,
    open: PanelId,
    area: Rect,
    buf: &mut Buffer,
) -> Vec<(Rect, PanelId)> {
    let mut places = Vec::new();
    let mut x = area.x;
    for panel in panels {
        let text = cx.keys.tab(panel).map_or(String::new(), |key| format!("{key} ")) + panel.title();
        let text = if area.width < 84 { text } else { format!(" {text} ") };
        let width = Line::raw(text.as_str()).width();
        let width = u16::try_from(width).unwrap_or(0).min(area.right().saturating_sub(x));
        let place = Rect { x, y: area.y, width, height: 1 };
        let role = if panel == open { Role::TabOpen } else { Role::Tab };
        Line::styled(text, cx.theme.style(role)).render(place, buf);
        places.push((place, panel));
        x = (x + width + 1).min(area.right());
    }
    let left = Rect { x, width: area.right().saturating_sub(x), ..area };
    fitting(state_pieces(cx, left.width), left.width).right_aligned().render(left, buf);
    places
}

/// Draws the totals.
pub fn totals(cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    if cx.sessions.is_empty() {
        return;
    }
    let sum = Sum::of(cx.sessions, cx.wire);
    let mut pieces = sum.pieces(cx, area.width);
    if area.width < 76 {
        pieces.insert(0, Piece { rank: 5, ..label_piece(cx, 24) });
    }
    fitting(pieces, area.width).render(area, buf);
}

/// A piece of a line; the lower its rank, the sooner it is shown.
struct Piece {
    rank: u8,
    spans: Vec<Span<'static>>,
    /// The cells it takes at least, so that what follows stays in its place while its value changes.
    slot: usize,
}

impl Piece {
    fn new(rank: u8, spans: Vec<Span<'static>>) -> Self {
        Self { rank, spans, slot: 0 }
    }

    /// A value behind its name, in a slot as wide as the widest value usual there.
    fn named(rank: u8, name: Span<'static>, value: Span<'static>, widest: usize) -> Self {
        let slot = name.width() + 1 + widest;
        Self { rank, spans: vec![name, Span::raw(" "), value], slot }
    }

    fn text_width(&self) -> usize {
        self.spans.iter().map(Span::width).sum()
    }

    fn width(&self) -> usize {
        self.text_width().max(self.slot)
    }
}

/// The line of those pieces that fit, in their order, chosen by rank. What is chosen and where it stands depend on the
/// room and the slots alone, as long as no value is wider than its slot.
fn fitting(pieces: Vec<Piece>, width: u16) -> Line<'static> {
    let mut by_rank: Vec<usize> = (0..pieces.len()).collect();
    by_rank.sort_by_key(|position| pieces[*position].rank);
    let mut chosen = vec![false; pieces.len()];
    let mut used = 0;
    for position in by_rank {
        let more = pieces[position].width() + if used > 0 { GAP.len() } else { 0 };
        if used + more <= usize::from(width) {
            chosen[position] = true;
            used += more;
        }
    }
    let mut spans = Vec::new();
    for (piece, _) in pieces.into_iter().zip(chosen).filter(|(_, chosen)| *chosen) {
        if !spans.is_empty() {
            spans.push(Span::raw(GAP));
        }
        let rest = piece.width() - piece.text_width();
        spans.extend(piece.spans);
        if rest > 0 {
            spans.push(Span::raw(" ".repeat(rest)));
        }
    }
    Line::from(spans)
}

/// What stands at the right of the tabs: held or not, live or not, recorded or not, whose session it is.
///
/// A long name gives way to what is said of the session, and never the other way round.
fn state_pieces(cx: &Cx<'_>, width: u16) -> Vec<Piece> {
    let (theme, glyphs) = (cx.theme, &cx.theme.glyphs);
    let style = |role| theme.style(role);
    let mut pieces = Vec::new();
    if cx.is_paused {
        pieces.push(Piece::new(0, vec![Span::styled(" PAUSED ", style(Role::TabOpen))]));
    }
    if cx.sessions.is_empty() {
        let text = if cx.has_searched { "no session open" } else { "looking for sessions" };
        pieces.push(Piece::new(2, vec![Span::styled(text, style(Role::Dim))]));
        return pieces;
    }
    let live = cx.sessions.iter().filter(|open| open.is_live).count();
    let is_played = cx.sessions.iter().any(|open| open.playback.is_some());
    if is_played {
        pieces.push(Piece::new(0, vec![Span::styled(" PLAYBACK ", style(Role::TabOpen))]));
    } else if live == 0 && loading(cx).is_some() {
        pieces.push(Piece::new(3, vec![Span::styled("reading", style(Role::Pending))]));
    } else if live > 0 {
        pieces.extend(recording_piece(cx));
        let text = if live == 1 { "LIVE".to_owned() } else { format!("LIVE {live}") };
        // Where there is little room, whose session it is says more: only what is live is being recorded.
        pieces.push(Piece::new(5, vec![Span::styled(text, style(Role::Good))]));
    } else {
        let spans = vec![
            Span::styled(glyphs.ended, style(Role::Dim)),
            Span::styled(format!(" {}", how_it_ended(cx.sessions)), style(Role::Dim)),
        ];
        pieces.push(Piece::new(3, spans));
    }
    let said: usize =
        pieces.iter().filter(|piece| piece.rank < 4).map(|piece| piece.width() + GAP.len()).sum();
    pieces.push(label_piece(cx, usize::from(width).saturating_sub(said).min(40)));
    if let [only] = cx.sessions
        && let Some(revision) = &only.session.handshake().negotiated
    {
        pieces.push(Piece::new(6, vec![Span::styled(revision.to_string(), style(Role::Dim))]));
    }
    pieces
}

/// Whether what is live is being recorded; nothing for a stream, which is not recorded here.
fn recording_piece(cx: &Cx<'_>) -> Option<Piece> {
    let is_listed =
        |path: &Path| cx.listed.iter().any(|listed| listed.is_live && listed.path.as_deref() == Some(path));
    let mut recorded = cx.sessions.iter().filter(|open| open.is_live && is_listed(open.path)).peekable();
    recorded.peek()?;
    let (text, role) = if recorded.all(|open| open.session.stopped().is_none()) {
        ("REC", Role::Recording)
    } else {
        ("recording stopped", Role::Warn)
    };
    let style = cx.theme.style(role);
    let spans = vec![Span::styled(cx.theme.glyphs.live, style), Span::styled(format!(" {text}"), style)];
    Some(Piece::new(3, spans))
}

fn label_piece(cx: &Cx<'_>, columns: usize) -> Piece {
    let text = match cx.sessions {
        [only] => clip::end(&only.session.header.label, columns).into_owned(),
        sessions => format!("{} sessions", sessions.len()),
    };
    Piece::new(4, vec![Span::styled(text, cx.theme.style(Role::Title))])
}

fn how_it_ended(sessions: &[Opened<'_>]) -> String {
    let [only] = sessions else { return "ended".to_owned() };
    match only.session.end().map(|end| end.exit) {
        Some(Some(Exit::Code(code))) if code != 0 => format!("ended with {code}"),
        Some(Some(Exit::Signal(signal))) => format!("ended by signal {signal}"),
        Some(Some(Exit::Code(_) | Exit::Unknown) | None) | None => "ended".to_owned(),
    }
}

/// How much of the recordings has been read, between 0 and 1, while one that is not live is being read.
#[must_use]
pub fn loading(cx: &Cx<'_>) -> Option<f64> {
    let is_read = |open: &&Opened<'_>| !open.is_live && open.playback.is_none();
    let loaded = cx.sessions.iter().filter(is_read).filter(|open| open.session.end().is_none());
    loaded.map(|open| open.loaded).min_by(f64::total_cmp).filter(|loaded| *loaded < 1.0)
}

/// Draws how much has been read as a bar over the whole width.
pub fn progress(cx: &Cx<'_>, loaded: f64, area: Rect, buf: &mut Buffer) {
    // A hundred is shown only when it is done.
    let text = format!("reading {:>6} ", progress_of(loaded.min(0.99)));
    let cells = usize::from(area.width).saturating_sub(text.len());
    let mut spans = vec![Span::styled(text, cx.theme.style(Role::Pending))];
    spans.extend(gauge(cx.theme, loaded, 0.0, cells));
    Line::from(spans).render(area, buf);
}

/// The totals of all opened sessions.
struct Sum {
    totals: Totals,
    own_ns: Latency,
    /// Whether a server among them is a program of this machine, whose memory and processor can be measured.
    has_child: bool,
    rss_bytes: Option<u64>,
    cpu_permille: Option<u32>,
    /// Tokens and microseconds that rules saved; `None` where there are no rules.
    saved: Option<(i64, i64)>,
}

impl Sum {
    fn of(sessions: &[Opened<'_>], wire: bool) -> Self {
        let mut sum = Self {
            saved: None,
            totals: Totals::default(),
            own_ns: Latency::default(),
            has_child: false,
            rss_bytes: None,
            cpu_permille: None,
        };
        for open in sessions {
            let (totals, session) = (open.session.totals(), open.session);
            sum.has_child |= matches!(session.header.back, Back::Command { .. });
            sum.totals.in_flight += totals.in_flight;
            sum.totals.calls += totals.calls;
            sum.totals.tool_errors += totals.tool_errors;
            sum.totals.protocol_errors += totals.protocol_errors;
            sum.totals.dropped_messages += totals.dropped_messages;
            if !session.rules().is_empty() {
                let (all, own) = (sum.saved.get_or_insert_default(), session.saved());
                all.0 += if wire { own.wire } else { own.model };
                all.1 += own.time_us;
            }
            for direction in [Direction::ToServer, Direction::ToClient] {
                sum.own_ns.merge(session.own_ns(direction));
            }
            if let Some(samples) = session.samples().filter(|_| open.is_live || sessions.len() == 1) {
                *sum.rss_bytes.get_or_insert(0) += samples.rss_bytes;
                if let Some(cpu) = samples.cpu_permille {
                    *sum.cpu_permille.get_or_insert(0) += cpu;
                }
            }
        }
        sum
    }

    /// A slot for every value, whether there is one yet or not: what stands where changes only with the terminal's width.
    fn pieces(&self, cx: &Cx<'_>, width: u16) -> Vec<Piece> {
        let style = |role| cx.theme.style(role);
        let dim = |text: &str| Span::styled(text.to_owned(), style(Role::Dim));
        let plain = |text: String| Span::styled(text, style(Role::Text));
        let (totals, glyphs) = (&self.totals, &cx.theme.glyphs);
        let measured = |text: Option<String>| text.map_or_else(|| dim(glyphs.none), plain);
        let is_wide = width >= WIDE;
        let running = if totals.in_flight > 0 { Role::Pending } else { Role::Text };
        let flight = Span::styled(count(totals.in_flight), style(running));
        let mut pieces = vec![Self::context(cx, width)];
        if width >= WIDEST {
            let context = cx.context();
            for (name, part) in [("definitions", context.definitions), ("results", context.results)] {
                let value = Span::styled(tokens(part), style(Role::Dim));
                pieces.push(Piece::named(2, dim(name), value, usize::from(TOKENS_WIDTH)));
            }
        }
        pieces.push(Piece::named(5, dim("in flight"), flight, 3));
        // Where there is room, they are seen to be counted one by one.
        let (requests, widest) = if is_wide {
            (grouped(totals.calls), 6)
        } else {
            (count(totals.calls), usize::from(COUNT_WIDTH))
        };
        // Not only those of tools, which the table sums up.
        pieces.push(Piece::named(8, dim("requests"), plain(requests), widest));
        let errors = match totals.errors() {
            0 => plain("0".to_owned()),
            some => Span::styled(count(some), style(Role::Bad)),
        };
        pieces.push(Piece::named(4, dim("errors"), errors, usize::from(COUNT_WIDTH)));
        if let Some(saved) = self.saved {
            pieces.push(Self::saving(cx, saved, is_wide));
        }
        let (p50, p99) = (self.own_ns.p50().map(span_ns), self.own_ns.p99().map(span_ns));
        let name = if is_wide { "overhead" } else { "own" };
        if width < WIDEST {
            pieces.push(Piece::named(6, dim(name), measured(p50), SPAN_WIDTH));
        } else {
            let both = p50.zip(p99).map(|(p50, p99)| format!("{p50:>SPAN_WIDTH$} p99 {p99}"));
            pieces.push(Piece::named(6, dim(name), measured(both), 2 * SPAN_WIDTH + " p99 ".len()));
        }
        if self.has_child {
            let rss = self.rss_bytes.map(|rss| format!("{} MB", (rss + 500_000) / 1_000_000));
            pieces.push(Piece::named(7, dim("server"), measured(rss), 7));
            let cpu = self.cpu_permille.map(|cpu| percent(cpu.into(), 1_000));
            pieces.push(Piece::named(9, dim("cpu"), measured(cpu), usize::from(PERCENT_WIDTH)));
        }
        // Numbers of another family must not be taken for the usual ones.
        let is_usual = cx.profile.id == Profile::default().id;
        let rank = if is_usual { 10 } else { 1 };
        pieces.push(Piece::new(rank, vec![dim("tokens "), plain(cx.profile.label.to_owned())]));
        if totals.dropped_messages > 0 {
            let text = format!("{} {} not observed", glyphs.error, grouped(totals.dropped_messages));
            pieces.push(Piece::new(0, vec![Span::styled(text, style(Role::Bad))]));
        }
        pieces
    }

    /// The tokens that rules saved, what they are worth, and the time.
    fn saving(cx: &Cx<'_>, (saved, time_us): (i64, i64), is_wide: bool) -> Piece {
        let role = match saved {
            ..0 => Role::Warn,
            0 => Role::Text,
            1.. => Role::Good,
        };
        let mut text = signed(saved, |value| tokens(Count::exact(value)));
        let mut widest = usize::from(TOKENS_WIDTH) + "-".len();
        if is_wide {
            let unit = " tok";
            let money = cx.price.map_or_else(String::new, |price| {
                format!(" {:<MONEY_WIDTH$}", signed(saved, |tokens| price.told(tokens)))
            });
            text = format!("{text}{unit:<0$}{money} ", unit.len() + widest - text.len());
            widest = text.len() + usize::from(DURATION_WIDTH);
            text += &signed(time_us, duration);
        }
        let name = Span::styled("saved", cx.theme.style(Role::Dim));
        Piece::named(2, name, Span::styled(text, cx.theme.style(role)), widest)
    }

    /// The share of the context window: definitions first, results behind them.
    fn context(cx: &Cx<'_>, width: u16) -> Piece {
        let style = |role| cx.theme.style(role);
        let context = cx.context();
        let window = cx.window_tokens.max(1);
        let share_of = |part: Count| part.tokens as f64 / window as f64;
        let share = share_of(context.total());
        let role = match share {
            share if share >= 0.9 => Role::Bad,
            share if share >= 0.5 => Role::Warn,
            _ => Role::Text,
        };
        let cells = match width {
            0..70 => 6,
            70..84 => 8,
            84..240 => 12,
            _ => 24,
        };
        let mut spans = vec![Span::styled("context ", style(Role::Dim))];
        spans.extend(gauge(cx.theme, share_of(context.definitions), share_of(context.results), cells));
        let total = context.total();
        let (used, share) = (tokens(total), percent(total.tokens, cx.window_tokens));
        let money =
            cx.price.map_or_else(String::new, |price| format!(" {:<MONEY_WIDTH$}", price.told(total.tokens)));
        let text = format!(" {used:>5} of {} {share:>6}{money}", short(window));
        spans.push(Span::styled(text, style(role)));
        Piece::new(2, spans)
    }
}

/// A round number without needless digits: `200k`, `1M`.
fn short(value: u64) -> String {
    match value {
        _ if value > 0 && value.is_multiple_of(1_000_000) => format!("{}M", value / 1_000_000),
        _ if value > 0 && value.is_multiple_of(1_000) => format!("{}k", value / 1_000),
        _ => value.to_string(),
    }
}

/// The widest usual amount of money, with a minus, in cells.
const MONEY_WIDTH: usize = 8;

/// The widest text of [`span_ns`] below ten minutes, in cells.
const SPAN_WIDTH: usize = 6;

/// Nanoseconds as a span of time, with a decimal where it says something: `4.2 µs`, `18 µs`, `3.1 ms`.
fn span_ns(ns: u64) -> String {
    if ns < 9_950 { format!("{:.1} µs", ns as f64 / 1_000.0) } else { duration((ns + 500) / 1_000) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::panels::fixture::{BROWSER, Fixture, Stage};
    use super::*;

    #[test]
    fn own_times_have_a_decimal_where_it_says_something() {
        let told = [0, 4_200, 9_949, 9_950, 12_600, 3_123_000].map(span_ns);
        assert_eq!(told, ["0.0 µs", "4.2 µs", "9.9 µs", "10 µs", "13 µs", "3.1 ms"]);
    }

    const NAMES: [&str; 11] = [
        "context",
        "definitions",
        "results",
        "flight",
        "requests",
        "errors",
        "saved",
        "own",
        "overhead",
        "server",
        "cpu",
    ];

    /// The names in a line, each with where it begins.
    fn places(line: &str) -> Vec<(usize, &'static str)> {
        let words = line.split(' ').scan(0, |at, word| {
            let begin = *at;
            *at += Line::raw(word).width() + 1;
            Some((begin, word))
        });
        words.filter_map(|(at, word)| Some((at, *NAMES.iter().find(|name| **name == word)?))).collect()
    }

    fn line(stage: &Stage, sum: Option<&Sum>, width: u16) -> String {
        stage.with(|cx| {
            let of = Sum::of(cx.sessions, cx.wire);
            fitting(sum.unwrap_or(&of).pieces(cx, width), width).to_string()
        })
    }

    const WIDTHS: [u16; 7] = [60, 80, 100, 120, 140, 200, 260];

    #[test]
    fn nothing_moves_while_a_session_grows() {
        for width in WIDTHS {
            let mut stage = Stage::new(vec![Fixture::unread(BROWSER)]);
            let first = places(&line(&stage, None, width));
            assert!(first.iter().any(|(_, word)| *word == "errors"), "{first:?}");
            for number in 1..stage.fixtures[0].lines() {
                stage.fixtures[0].grow(number..number + 1);
                let drawn = line(&stage, None, width);
                assert_eq!(places(&drawn), first, "{drawn}");
            }
            let whole = line(&Stage::new(vec![Fixture::read(BROWSER, true)]), None, width);
            assert_eq!(places(&whole), first, "{whole}");
        }
    }

    proptest! {
        #[test]
        fn nothing_moves_whatever_the_numbers_are(
            (calls, errors, in_flight) in (0u64..100_000, 0u64..10_000, 0u64..1_000),
            (rss, cpu) in (0u64..9_999_000_000, 0u32..9_000),
            saved in (-999_999i64..9_999_999, -59_000_000i64..3_000_000_000),
            owns in proptest::collection::vec(0u64..9_000_000_000, 0..4),
        ) {
            let sum_of = |totals, own_ns, rss, cpu, saved| Sum {
                totals,
                own_ns,
                has_child: true,
                rss_bytes: rss,
                cpu_permille: cpu,
                saved: Some(saved),
            };
            let totals = Totals { calls, tool_errors: errors, in_flight, ..Totals::default() };
            let none = sum_of(Totals::default(), Latency::default(), None, None, (0, 0));
            let mut own = Latency::default();
            for ns in owns {
                own.record(ns);
            }
            let some = sum_of(totals, own, Some(rss), Some(cpu), saved);
            let stage = Stage::new(vec![Fixture::unread(BROWSER)]);
            for width in WIDTHS {
                let (before, after) = (line(&stage, Some(&none), width), line(&stage, Some(&some), width));
                prop_assert_eq!(places(&before), places(&after), "{}\n{}", before, after);
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_left_out_by_rank() {
        let pieces = || vec![(5, "label"), (0, "dropped"), (9, "cpu")];
        let line = |width| {
            let pieces = pieces().into_iter().map(|(rank, text)| Piece::new(rank, vec![Span::raw(text)]));
            fitting(pieces.collect(), width).to_string()
        };
        assert_eq!(line(40), "label  dropped  cpu");
        assert_eq!(line(14), "label  dropped");
        assert_eq!(line(9), "dropped");
        assert_eq!(line(3), "cpu");
        assert_eq!(line(0), "");
    }
}
