//! Notifications: cancellations, progress, and what makes kept answers void.

use super::item::{Item, ItemId, Origin, Stay};
use super::{Gate, Lane, Verdict};
use crate::rules::transform::cache::About;
use crate::trace::{Micros, Outcome};
use crate::wire::{Direction, Edit, member, string_value};

impl Gate {
    /// Whether a notification to the client has to be read.
    pub(super) fn hears(&self, method: &str) -> bool {
        match method {
            "notifications/progress" => !self.groups.is_empty(),
            "notifications/tools/list_changed"
            | "notifications/prompts/list_changed"
            | "notifications/resources/list_changed"
            | "notifications/resources/updated" => true,
            _ => false,
        }
    }

    pub(super) fn client_notice(
        &mut self,
        now: Micros,
        lane: Lane,
        method: &str,
        params: Option<&str>,
    ) -> Verdict {
        match method {
            "notifications/initialized" => {
                let caller = self.sessions.caller(lane);
                let session = self.sessions.get(&caller);
                session.lane = lane;
                session.is_open = true;
                self.warm(now, &caller);
                Verdict::Pass
            }
            "notifications/cancelled" => {
                let id = params.and_then(|params| member(params, "requestId"));
                match id.and_then(|id| self.asked(lane, id)) {
                    Some(number) => self.cancel(now, lane, number),
                    None => Verdict::Pass,
                }
            }
            _ => Verdict::Pass,
        }
    }

    /// The request with this id of who speaks in a lane. Over HTTP a cancellation comes in another exchange of the session.
    fn asked(&self, lane: Lane, id: &str) -> Option<ItemId> {
        self.items.find(lane, id).or_else(|| {
            let caller = self.sessions.caller(lane);
            if caller.session.is_empty() {
                return None;
            }
            self.items.find_of(&caller, id)
        })
    }

    fn cancel(&mut self, now: Micros, lane: Lane, number: ItemId) -> Verdict {
        let Some(item) = self.items.get(number).filter(|item| item.origin == Origin::Client) else {
            return Verdict::Pass;
        };
        let of_notice = (lane, Direction::ToServer, None);
        match item.stay {
            Stay::Cancelled => Verdict::Pass,
            // The server was told when it was given up.
            Stay::Late => {
                self.note(of_notice, Outcome::Dropped, None, Vec::new());
                Verdict::Taken
            }
            Stay::Flying if !item.followers.is_empty() => {
                if let Some(item) = self.items.get_mut(number) {
                    item.is_orphan = true;
                }
                self.note(of_notice, Outcome::Dropped, None, Vec::new());
                Verdict::Taken
            }
            Stay::Flying => {
                if let Some(mut item) = self.items.take(number) {
                    self.vacate(&mut item);
                    item.fills.clear();
                    item.deadline = None;
                    item.stay = Stay::Cancelled;
                    self.items.put(number, item);
                    self.seat_next(now);
                }
                Verdict::Pass
            }
            Stay::Delay(_) | Stay::Lookup(_) | Stay::Follow(_) | Stay::Rate(_) | Stay::Slot(_) => {
                self.forsake(now, number);
                self.note(of_notice, Outcome::Dropped, None, Vec::new());
                Verdict::Taken
            }
        }
    }

    /// A request that waits will not be sent.
    fn forsake(&mut self, now: Micros, number: ItemId) {
        let Some(item) = self.items.take(number) else { return };
        self.unqueue(number, &item);
        let place = (item.lane, Direction::ToServer, Some(&*item.id));
        self.note(place, Outcome::Dropped, None, Vec::new());
        if let Stay::Follow(leader) = item.stay {
            self.leave_alone(now, leader, number);
        }
        self.abandon(now, item);
    }

    /// One who waited for a leader's answer does no more. A leader whom nobody waits for, not even its client, is taken
    /// back.
    pub(super) fn leave_alone(&mut self, now: Micros, leader: ItemId, number: ItemId) {
        let Some(item) = self.items.get_mut(leader) else { return };
        item.followers.retain(|follower| *follower != number);
        if !item.is_orphan || !item.followers.is_empty() {
            return;
        }
        if item.stay == Stay::Flying
            && let Some(mut item) = self.items.take(leader)
        {
            self.take_back(&item, "nobody waits for it any more");
            self.vacate(&mut item);
            item.fills.clear();
            item.deadline = None;
            item.stay = Stay::Late;
            self.items.put(leader, item);
            self.seat_next(now);
        }
    }

    /// Takes a request out of the line it stands in.
    pub(super) fn unqueue(&mut self, number: ItemId, item: &Item) {
        match item.stay {
            Stay::Rate(uid) => {
                if let Some(active) = self.plan.get(uid) {
                    active.rate_queue.retain(|waiting| *waiting != number);
                }
            }
            Stay::Slot(uid) => {
                if let Some(active) = self.plan.get(uid) {
                    active.slot_queue.retain(|waiting| *waiting != number);
                }
            }
            Stay::Lookup(ticket) => drop(self.tickets.remove(&ticket)),
            Stay::Delay(_) | Stay::Follow(_) | Stay::Flying | Stay::Late | Stay::Cancelled => {}
        }
    }

    pub(super) fn server_notice(
        &mut self,
        now: Micros,
        lane: Lane,
        frame: &[u8],
        method: &str,
        params: Option<&str>,
    ) -> Verdict {
        let marks = match method {
            "notifications/progress" => return self.progress(lane, frame, params),
            "notifications/tools/list_changed" => {
                let caller = self.sessions.caller(lane);
                self.sessions.unlearn(&caller);
                self.forget("a changed list", |about| is_method(about, &["tools/list"]))
            }
            "notifications/prompts/list_changed" => {
                self.forget("a changed list", |about| is_method(about, &["prompts/list"]))
            }
            "notifications/resources/list_changed" => self.forget("a changed list", |about| {
                is_method(about, &["resources/list", "resources/templates/list"])
            }),
            "notifications/resources/updated" => {
                let uri = params.and_then(|params| member(params, "uri")).and_then(string_value);
                let uri = uri.unwrap_or_default();
                self.forget("a changed resource", |about| match about {
                    // What has changed may be a part of what was read.
                    About::Resource(read) => uri.starts_with(&**read),
                    About::Call | About::Method(_) => false,
                })
            }
            _ => Vec::new(),
        };
        let _ = now;
        if !marks.is_empty() {
            self.note((lane, Direction::ToClient, None), Outcome::Passed, None, marks);
        }
        Verdict::Pass
    }

    /// Progress of a request that others wait for is told to them as well, each with its own token.
    fn progress(&mut self, lane: Lane, frame: &[u8], params: Option<&str>) -> Verdict {
        let Some(token) = params.and_then(|params| member(params, "progressToken")) else {
            return Verdict::Pass;
        };
        let Some(leader) = self.items.leader_of_token(lane, token) else { return Verdict::Pass };
        let is_orphan = leader.is_orphan;
        let followers = leader.followers.iter().filter_map(|follower| self.items.get(*follower));
        let told: Vec<_> = followers
            .filter_map(|follower| {
                let mut edit = Edit::of(std::str::from_utf8(frame).ok()?);
                edit.replace(token, &**follower.ask.token.as_ref()?);
                Some((follower.lane, follower.id.clone(), edit.finish().into_bytes()))
            })
            .collect();
        for (lane, id, frame) in told {
            let place = (lane, Direction::ToClient, Some(&*id));
            self.send(place, Outcome::Sent, (Direction::ToClient, frame), Vec::new());
        }
        if !is_orphan {
            return Verdict::Pass;
        }
        self.note((lane, Direction::ToClient, None), Outcome::Dropped, None, Vec::new());
        Verdict::Taken
    }
}

fn is_method(about: &About, methods: &[&str]) -> bool {
    match about {
        About::Method(method) => methods.contains(&&**method),
        About::Call | About::Resource(_) => false,
    }
}
