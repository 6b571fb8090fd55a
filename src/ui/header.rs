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
use super::widgets::number::{Price, duration, grouped, percent, signed, tokens};
use crate::model::{Latency, Totals};
use crate::tokens::{Count, Profile};
use crate::trace::Exit;
use crate::wire::Direction;

/// What a recording that is being played is called instead of its path.
pub const PLAYBACK: &str = "playback";

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
    fitting(state_pieces(cx), left.width, "  ").right_aligned().render(left, buf);
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
    let separator = if area.width < 110 { "  " } else { "   " };
    fitting(pieces, area.width, separator).render(area, buf);
}

/// A piece of a line; the lower its rank, the sooner it is shown.
struct Piece {
    rank: u8,
    spans: Vec<Span<'static>>,
}

impl Piece {
    fn new(rank: u8, spans: Vec<Span<'static>>) -> Self {
        Self { rank, spans }
    }

    fn width(&self) -> usize {
        self.spans.iter().map(Span::width).sum()
    }
}

/// The line of those pieces that fit, in their order, chosen by rank.
fn fitting(pieces: Vec<Piece>, width: u16, separator: &'static str) -> Line<'static> {
    let mut by_rank: Vec<usize> = (0..pieces.len()).collect();
    by_rank.sort_by_key(|position| pieces[*position].rank);
    let mut chosen = vec![false; pieces.len()];
    let mut used = 0;
    for position in by_rank {
        let more = pieces[position].width() + if used > 0 { separator.len() } else { 0 };
        if used + more <= usize::from(width) {
            chosen[position] = true;
            used += more;
        }
    }
    let mut spans = Vec::new();
    for (piece, _) in pieces.into_iter().zip(chosen).filter(|(_, chosen)| *chosen) {
        if !spans.is_empty() {
            spans.push(Span::raw(separator));
        }
        spans.extend(piece.spans);
    }
    Line::from(spans)
}

/// What stands at the right of the tabs: held or not, live or not, recorded or not, whose session it is.
fn state_pieces(cx: &Cx<'_>) -> Vec<Piece> {
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
        pieces.push(Piece::new(4, vec![Span::styled("reading", style(Role::Pending))]));
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
        pieces.push(Piece::new(4, spans));
    }
    pieces.push(label_piece(cx, 40));
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
    let text = format!("reading {:2.0}% ", (loaded * 100.0).floor().min(99.0));
    let cells = usize::from(area.width).saturating_sub(text.len());
    let mut spans = vec![Span::styled(text, cx.theme.style(Role::Pending))];
    spans.extend(gauge(cx.theme, loaded, 0.0, cells));
    Line::from(spans).render(area, buf);
}

/// The totals of all opened sessions.
struct Sum {
    totals: Totals,
    own_ns: Latency,
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
            rss_bytes: None,
            cpu_permille: None,
        };
        for open in sessions {
            let (totals, session) = (open.session.totals(), open.session);
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

    fn pieces(&self, cx: &Cx<'_>, width: u16) -> Vec<Piece> {
        let style = |role| cx.theme.style(role);
        let dim = |text: &str| Span::styled(text.to_owned(), style(Role::Dim));
        let plain = |text: String| Span::styled(text, style(Role::Text));
        let (totals, glyphs) = (&self.totals, &cx.theme.glyphs);
        let mut pieces = vec![Self::context(cx, width)];
        // Numbers of another family must not be taken for the usual ones.
        let is_usual = cx.profile.id == Profile::default().id;
        let rank = if is_usual { 10 } else { 1 };
        pieces.push(Piece::new(rank, vec![dim("tokens "), plain(cx.profile.label.to_owned())]));
        if totals.dropped_messages > 0 {
            let text = format!("{} {} not observed", glyphs.error, grouped(totals.dropped_messages));
            pieces.push(Piece::new(0, vec![Span::styled(text, style(Role::Bad))]));
        }
        let running = if totals.in_flight > 0 { Role::Pending } else { Role::Text };
        let flight = Span::styled(grouped(totals.in_flight), style(running));
        pieces.push(Piece::new(3, vec![dim("in flight "), flight]));
        pieces.push(Piece::new(8, vec![dim("calls "), plain(grouped(totals.calls))]));
        if totals.errors() > 0 {
            let text = format!("{} {}", glyphs.error, grouped(totals.errors()));
            pieces.push(Piece::new(4, vec![dim("errors "), Span::styled(text, style(Role::Bad))]));
        }
        if let Some((saved, time_us)) = self.saved.filter(|saved| *saved != (0, 0)) {
            let short = |value| tokens(Count::exact(value));
            let role = if saved < 0 { Role::Warn } else { Role::Good };
            let money = |price: &Price| format!(" {}", signed(saved, |tokens| price.told(tokens)));
            let money = cx.price.map_or_else(String::new, money);
            let mut spans = vec![
                dim("saved "),
                Span::styled(format!("{} tok{money}", signed(saved, short)), style(role)),
            ];
            if time_us != 0 {
                spans.push(Span::styled(format!(" {}", signed(time_us, duration)), style(role)));
            }
            pieces.push(Piece::new(2, spans));
        }
        if let (Some(p50), Some(p99)) = (self.own_ns.p50(), self.own_ns.p99()) {
            let text = format!("{}/{} {}s", micros(p50), micros(p99), glyphs.micro);
            let name = if width < 110 { "own " } else { "own p50/p99 " };
            pieces.push(Piece::new(6, vec![dim(name), plain(text)]));
        }
        if let Some(rss) = self.rss_bytes {
            let text = format!("{} MB", (rss + 500_000) / 1_000_000);
            pieces.push(Piece::new(7, vec![dim("server "), plain(text)]));
        }
        if let Some(cpu) = self.cpu_permille {
            pieces.push(Piece::new(9, vec![dim("cpu "), plain(format!("{:.0}%", f64::from(cpu) / 10.0))]));
        }
        pieces
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
            70..110 => 10,
            110..160 => 16,
            _ => 24,
        };
        let mut spans = vec![Span::styled("context ", style(Role::Dim))];
        spans.extend(gauge(cx.theme, share_of(context.definitions), share_of(context.results), cells));
        let total = context.total();
        let (used, share) = (tokens(total), percent(total.tokens, cx.window_tokens));
        let money = cx.price.map_or_else(String::new, |price| format!(" {}", price.told(total.tokens)));
        let text = format!(" {used} of {} {share}{money}", short(window));
        spans.push(Span::styled(text, style(role)));
        if width >= 140 {
            let (definitions, results) = (tokens(context.definitions), tokens(context.results));
            let text = format!("  definitions {definitions} + results {results}");
            spans.push(Span::styled(text, style(Role::Dim)));
        }
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

/// Nanoseconds as microseconds, with a decimal where it says something.
fn micros(ns: u64) -> String {
    let us = ns as f64 / 1_000.0;
    if us < 10.0 { format!("{us:.1}") } else { format!("{us:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_times_have_a_decimal_where_it_says_something() {
        assert_eq!((micros(4_200), micros(12_600)), ("4.2".into(), "13".into()));
    }

    #[test]
    fn what_does_not_fit_is_left_out_by_rank() {
        let pieces = || vec![(5, "label"), (0, "dropped"), (9, "cpu")];
        let line = |width| {
            let pieces = pieces().into_iter().map(|(rank, text)| Piece::new(rank, vec![Span::raw(text)]));
            fitting(pieces.collect(), width, " ").to_string()
        };
        assert_eq!(line(40), "label dropped cpu");
        assert_eq!(line(13), "label dropped");
        assert_eq!(line(9), "dropped");
        assert_eq!(line(3), "cpu");
        assert_eq!(line(0), "");
    }
}
