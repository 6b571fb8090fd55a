//! The cells of the stretch on screen, kept from drawing to drawing: only new and open calls are looked at again.
//!
//! Knows which calls are drawn and where, not how cells look.

use super::lanes::Lanes;
use super::raster::{Raster, Span};
use super::scale::Scale;
use super::{Placed, is_tool};
use crate::model::{Matcher, Operation, OperationId};
use crate::ui::panels::{Cx, OpenId};
use crate::ui::watch::may_change;

/// What the picture depends on; when it changes, the picture is made anew.
#[derive(Clone, Debug, PartialEq)]
struct Basis {
    cell_us: u64,
    first: u64,
    width: u16,
    filter: String,
    recounts: u32,
    /// The last row can get another lane, and no row begins elsewhere for it.
    lanes: usize,
    /// Each session with the first lanes of its rows.
    rows: Vec<(OpenId, Vec<usize>)>,
}

/// The cells of the stretch on screen.
#[derive(Debug, Default)]
pub(super) struct Picture {
    basis: Option<Basis>,
    /// The calls that stay as they are.
    settled: Raster,
    /// How many calls of each session have been looked at.
    seen: Vec<usize>,
    /// Calls that may still change, by the place of their session.
    open: Vec<(usize, OperationId)>,
}

impl Picture {
    /// The cells as they are now.
    pub(super) fn refresh(
        &mut self,
        placed: &[Placed<'_, '_>],
        lanes: &[(OpenId, Lanes)],
        lane_count: usize,
        scale: Scale,
        width: u16,
        cx: &Cx<'_>,
    ) -> Raster {
        let basis = Basis {
            cell_us: scale.cell_us(),
            first: scale.first,
            width,
            filter: cx.filter_text.to_owned(),
            recounts: cx.recounts(),
            lanes: lane_count,
            rows: placed.iter().map(|place| (place.opened.id, place.rows.clone())).collect(),
        };
        let is_new = self.basis.as_ref() != Some(&basis);
        if is_new {
            self.settled = Raster::new(lane_count, width);
            self.seen = vec![0; placed.len()];
            self.open.clear();
            self.basis = Some(basis);
        }
        let by_tokens = cx.filter.asks_for_tokens();
        let matchers: Vec<Matcher<'_>> =
            placed.iter().map(|place| cx.filter.on(place.opened.session)).collect();
        let draw = |raster: &mut Raster, at: usize, id: OperationId, operation: &Operation| {
            let (place, (_, lanes)) = (&placed[at], &lanes[at]);
            if matchers[at].matches(operation, place.opened.now) {
                let column = |at_us: u64| scale.column(at_us + place.offset_us);
                let span = Span::of(operation, is_tool(place.opened, operation), place.opened.now, column);
                raster.add(place.lane(lanes, id, operation), &span);
            }
        };
        for (at, place) in placed.iter().enumerate() {
            let session = place.opened.session;
            let (from_us, to_us) = (scale.moment_us(0), scale.moment_us(u64::from(width)));
            let (from, to) = (from_us.saturating_sub(place.offset_us), to_us.saturating_sub(place.offset_us));
            let seen = std::mem::replace(&mut self.seen[at], session.operations().len());
            let new: Box<dyn Iterator<Item = OperationId>> = if is_new {
                Box::new(lanes[at].1.between(session, from, to))
            } else {
                let new = seen..session.operations().len();
                Box::new(new.filter_map(|index| u32::try_from(index).ok()).map(OperationId))
            };
            for id in new {
                match session.operation(id) {
                    Some(operation) if may_change(operation, by_tokens) => self.open.push((at, id)),
                    Some(operation) => draw(&mut self.settled, at, id, operation),
                    None => {}
                }
            }
        }
        let mut raster = Raster::default();
        let settled = &mut self.settled;
        self.open.retain(|(at, id)| {
            let Some(operation) = placed[*at].opened.session.operation(*id) else { return false };
            if !may_change(operation, by_tokens) {
                draw(settled, *at, *id, operation);
            }
            may_change(operation, by_tokens)
        });
        raster.clone_from(&self.settled);
        for (at, id) in &self.open {
            if let Some(operation) = placed[*at].opened.session.operation(*id) {
                draw(&mut raster, *at, *id, operation);
            }
        }
        raster
    }
}
