//! Calls as cells: how many touch each cell of each lane, how the worst of them stands, and what happened there.
//!
//! Knows nothing of glyphs and colours.

use crate::model::{Operation, Outcome, State};
use crate::trace::Micros;

/// How a call stands, the worse the later: the worst one decides what a cell looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// A call of the protocol that went well.
    #[default]
    Quiet,
    /// A tool's call that went well.
    Good,
    /// In flight.
    Open,
    /// Never answered, or nobody saw it.
    Lost,
    /// Taken back.
    Cancelled,
    /// Failed.
    Failed,
}

/// One cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    /// Calls that touch it.
    pub(super) calls: u32,
    /// How the worst of them stands.
    pub(super) worst: Standing,
    /// How the worst of those that end here stands.
    pub(super) ends: Option<Standing>,
    /// Whether progress was reported here.
    pub(super) progress: bool,
    /// Whether all that touches it waits for a human or a model.
    pub(super) waits: bool,
    /// Whether a retry begins here.
    pub(super) retries: bool,
}

/// A call as columns of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) standing: Standing,
    pub(super) progress: Vec<i64>,
    pub(super) waits: Vec<(i64, i64)>,
    pub(super) retries: Vec<i64>,
}

impl Span {
    /// The columns of a call; `column` turns a moment of its session into one.
    pub(super) fn of(operation: &Operation, is_tool: bool, now: Micros, column: impl Fn(u64) -> i64) -> Self {
        let first = column(operation.started().0);
        let standing = standing(operation, is_tool);
        let ended = match operation.state {
            State::Pending => now,
            State::Done(_) | State::Cancelled { .. } => operation.ended().unwrap_or(now),
            // Nobody knows how long it ran: only where it began is shown.
            State::Abandoned | State::Unknown => operation.ended().unwrap_or_else(|| operation.started()),
        };
        let progress = operation.progress().map(|progress| &progress.points[..]).unwrap_or_default();
        let mut waits = Vec::new();
        let mut retries = Vec::new();
        let mut answered: Option<Micros> = None;
        // The exchanges of a task only ask how far it is: no human has the word between them.
        let rounds = if operation.task().is_some() { 1 } else { usize::MAX };
        for exchange in operation.exchanges().take(rounds) {
            if let Some(answered) = answered {
                waits.push((column(answered.0), column(exchange.request.at.0)));
                retries.push(column(exchange.request.at.0));
            }
            answered = exchange.response.as_ref().map(crate::model::Half::forwarded);
        }
        Self {
            first,
            last: column(ended.0).max(first),
            standing,
            progress: progress.iter().map(|point| column(point.at.0)).collect(),
            waits,
            retries,
        }
    }
}

fn standing(operation: &Operation, is_tool: bool) -> Standing {
    match operation.state {
        State::Pending => Standing::Open,
        State::Done(Outcome::Ok) if is_tool => Standing::Good,
        State::Done(Outcome::Ok) => Standing::Quiet,
        State::Done(Outcome::ToolError | Outcome::ProtocolError { .. } | Outcome::HttpError { .. }) => {
            Standing::Failed
        }
        State::Cancelled { .. } => Standing::Cancelled,
        State::Abandoned | State::Unknown => Standing::Lost,
    }
}

/// The cells of some lanes.
#[derive(Clone, Debug, Default)]
pub(super) struct Raster {
    width: usize,
    cells: Vec<Cell>,
}

impl Raster {
    pub(super) fn new(lanes: usize, width: u16) -> Self {
        let width = usize::from(width);
        Self { width, cells: vec![Cell::default(); lanes * width] }
    }

    /// The cells of a lane.
    pub(super) fn lane(&self, lane: usize) -> &[Cell] {
        &self.cells[lane * self.width..(lane + 1) * self.width]
    }

    /// Draws a call into its lane.
    pub(super) fn add(&mut self, lane: usize, span: &Span) {
        let width = i64::try_from(self.width).unwrap_or(i64::MAX);
        let row = &mut self.cells[lane * self.width..(lane + 1) * self.width];
        let inside = |column: i64| usize::try_from(column).ok().filter(|_| column < width);
        for column in span.first.max(0)..=span.last.min(width - 1) {
            let Some(at) = inside(column) else { continue };
            let cell = &mut row[at];
            let waits = span.waits.iter().any(|(from, to)| *from < column && column < *to);
            cell.waits = if cell.calls == 0 { waits } else { cell.waits && waits };
            cell.calls = cell.calls.saturating_add(1);
            cell.worst = cell.worst.max(span.standing);
        }
        if let Some(at) = inside(span.last) {
            row[at].ends = row[at].ends.max(Some(span.standing));
        }
        // A mark would hide a call of one or two cells.
        if span.last - span.first >= 3 {
            span.progress.iter().filter_map(|at| inside(*at)).for_each(|at| row[at].progress = true);
            span.retries.iter().filter_map(|at| inside(*at)).for_each(|at| row[at].retries = true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(first: i64, last: i64, standing: Standing) -> Span {
        Span { first, last, standing, progress: vec![first + 1], waits: Vec::new(), retries: Vec::new() }
    }

    #[test]
    fn the_worst_call_decides_and_every_call_counts() {
        let mut raster = Raster::new(2, 10);
        raster.add(1, &span(-3, 4, Standing::Good));
        raster.add(1, &span(4, 4, Standing::Failed));
        raster.add(1, &span(8, 40, Standing::Open));
        let lane = raster.lane(1);
        assert_eq!(lane.iter().map(|cell| cell.calls).collect::<Vec<_>>(), [1, 1, 1, 1, 2, 0, 0, 0, 1, 1]);
        assert_eq!((lane[4].worst, lane[4].ends), (Standing::Failed, Some(Standing::Failed)));
        assert_eq!(lane[9].ends, None);
        assert!(lane[9].progress && !lane[4].progress);
        assert!(raster.lane(0).iter().all(|cell| *cell == Cell::default()));
    }
}
