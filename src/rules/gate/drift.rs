//! Answers that come in another conversation than their request: until 2025-11-25 an event stream that broke off, or that
//! the server closed, is taken up again by another exchange of the session.

use super::item::{Item, ItemId, Origin, Stay};
use super::{Gate, Lane};
use crate::trace::Micros;

/// How long a request is followed whose stream nobody has taken up again.
const FORGET_AFTER_US: u64 = 5 * 60 * 1_000_000;
/// Requests followed so; the one that has been for longest is forgotten first.
pub(super) const ADRIFT_MAX: usize = 256;

impl Gate {
    /// A conversation is over, but what the server has been asked in it may be answered in another one of its session.
    /// Without a session there is no other one. The client has [left](Self::client_left) in any case, and whether the
    /// conversation is over is said as there.
    #[must_use]
    pub fn drift(&mut self, now: Micros, lane: Lane) -> bool {
        let mut adrift = Vec::new();
        for number in self.items.of_lane(lane) {
            let drifts = |item: &Item| {
                item.stay == Stay::Flying && item.origin == Origin::Client && !item.caller.session.is_empty()
            };
            if self.items.get(number).is_some_and(drifts) {
                adrift.extend(self.items.take(number).map(|item| (number, item)));
            }
        }
        for (_, item) in &mut adrift {
            // Nobody is to wait for what may never come.
            self.vacate(item);
            item.forget_at = Some(Micros(now.0.saturating_add(FORGET_AFTER_US)));
            item.is_adrift = true;
        }
        let is_over = self.client_left(now, lane);
        for (number, mut item) in adrift {
            let followers = std::mem::take(&mut item.followers);
            self.items.put(number, item);
            for follower in followers {
                self.retry(now, follower);
            }
        }
        self.seat_next(now);
        while let Some(oldest) = self.items.oldest_adrift(ADRIFT_MAX) {
            self.forget_adrift(now, oldest);
        }
        is_over
    }

    /// A conversation takes up what others of its session have left.
    pub fn resume_in(&mut self, lane: Lane) {
        let caller = self.sessions.caller(lane);
        for number in self.items.adrift_of(&caller) {
            if let Some(mut item) = self.items.take(number) {
                item.lane = lane;
                item.forget_at = None;
                self.items.put(number, item);
            }
        }
    }

    /// The request that an answer in this conversation is for.
    pub(super) fn awaited(&self, lane: Lane, id: &str) -> Option<ItemId> {
        self.items.find(lane, id).or_else(|| {
            if !self.items.has_adrift() {
                return None;
            }
            self.items.find_adrift(&self.sessions.caller(lane), id)
        })
    }

    pub(super) fn is_to_be_forgotten(&self, now: Micros, number: ItemId) -> bool {
        let forget_at = self.items.get(number).and_then(|item| item.forget_at);
        forget_at.is_some_and(|forget_at| forget_at <= now)
    }

    /// Nobody has taken it up again.
    pub(super) fn forget_adrift(&mut self, now: Micros, number: ItemId) {
        if let Some(item) = self.items.take(number) {
            self.empty_after(&item);
            self.abandon(now, item);
        }
    }
}
