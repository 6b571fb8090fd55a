//! Requests of mcptop's own: calls that are made ahead, and the tool list where it went by before the rules came.
//!
//! Their ids begin with `mcptop-`, their answers reach nobody. Nothing is asked before a session is open. What limits the
//! calls of clients limits those that are made ahead, and what is hidden from clients is not called.

use std::sync::Arc;

use super::ask::Ask;
use super::item::{Fill, Item, ItemId, Origin, Stay, Step, StepKind};
use super::speak::{self, quoted};
use super::{Caller, Gate, Lane, Verdict};
use crate::trace::{Mark, Micros, Outcome};
use crate::wire::{Direction, member};

/// Calls made ahead for one session: a rules file that names more wants something else.
const WARM_MAX: usize = 100;

/// Pages of a tool list that are asked for.
const PAGES_MAX: u8 = 50;

impl Gate {
    /// Asks ahead what rules need, once a session shows that it is open.
    pub(super) fn look_ahead(&mut self, now: Micros, lane: Lane, caller: &Arc<Caller>) {
        let needs_list = self.plan.needs_list;
        let session = self.sessions.get(caller);
        session.lane = lane;
        // Revisions with `_meta` have no beginning: the first request shows that the server is there.
        if session.meta.is_some() || session.is_open {
            self.warm(now, caller);
        }
        let session = self.sessions.get(caller);
        // Whose beginning was seen reads the list on its own.
        if needs_list && !session.is_from_start && !session.is_listed && !session.has_asked {
            self.ask_list(now, caller, None);
        }
    }

    /// Makes the calls that rules want ahead. What tools say of themselves has to be known first.
    pub(super) fn warm(&mut self, now: Micros, caller: &Arc<Caller>) {
        if !self.plan.has_warm || self.sessions.get(caller).is_warmed {
            return;
        }
        let trusting = self.plan.actives.iter().filter_map(|active| active.rule.cache.as_ref());
        let needs_list = trusting.filter(|cache| !cache.warm.is_empty()).any(|cache| !cache.is_unsafe);
        let session = self.sessions.get(caller);
        if needs_list && !session.is_listed {
            if !session.has_asked {
                self.ask_list(now, caller, None);
            }
            return;
        }
        session.is_warmed = true;
        let wanted: Vec<(u64, Ask)> = self
            .plan
            .actives
            .iter()
            .filter(|active| !active.is_observed)
            .flat_map(|active| {
                let warm = active.rule.cache.iter().flat_map(|cache| &cache.warm);
                warm.map(|warm| {
                    let arguments = serde_json::Value::Object(warm.arguments.clone());
                    let params = format!("{{\"name\":{},\"arguments\":{arguments}}}", quoted(&warm.tool));
                    (active.uid, Ask::read("tools/call", Some(&params)))
                })
            })
            .take(WARM_MAX)
            .collect();
        for (uid, ask) in wanted {
            self.call_ahead(now, caller, uid, ask);
        }
    }

    fn call_ahead(&mut self, now: Micros, caller: &Arc<Caller>, uid: u64, mut ask: Ask) {
        let session = self.sessions.get(caller);
        let (meta, lane) = (session.meta.clone(), session.lane);
        let params = ask.params.take().unwrap_or_default();
        let inner = params.trim_start_matches('{').strip_suffix('}').unwrap_or_default().to_owned();
        let whole = match &meta {
            Some(meta) => format!("{{{inner},\"_meta\":{meta}}}"),
            None => params.into_string(),
        };
        let ask = Ask::read("tools/call", Some(&whole));
        let matched = self.plan.matched("tools/call", ask.tool.as_deref());
        let hidden_by = matched.hidden_by.map(|place| &self.plan.actives[place]);
        let is_hidden = hidden_by.is_some_and(|active| !active.is_observed);
        let id = self.own_id("warm");
        let mut item = own_item(lane, id, caller.clone(), Origin::Warm, ask);
        item.frame = speak::request(&item.id, "tools/call", &inner, meta.as_deref());
        let step = Step { uid, kind: StepKind::Cache };
        let is_room = self.items.has_room(item.frame.len());
        if is_hidden || !is_room || self.look_up_ahead(now, step, &mut item).is_none() {
            return;
        }
        item.steps = self.steps(&matched);
        item.steps.retain(|step| matches!(step.kind, StepKind::Rate | StepKind::Slot));
        let number = self.items.number();
        self.proceed(now, number, item, None);
    }

    /// Whether the answer to a call ahead would be kept, and is not already.
    fn look_up_ahead(&mut self, now: Micros, step: Step, item: &mut Item) -> Option<()> {
        let fill = self.fill_for(now, step, item)?;
        item.fills.push(fill);
        Some(())
    }

    fn ask_list(&mut self, now: Micros, caller: &Arc<Caller>, cursor: Option<&str>) {
        if !self.items.has_room(0) {
            return;
        }
        let session = self.sessions.get(caller);
        session.has_asked = true;
        let (meta, lane) = (session.meta.clone(), session.lane);
        let params = cursor.map(|cursor| format!("\"cursor\":{cursor}")).unwrap_or_default();
        let id = self.own_id("list");
        let frame = speak::request(&id, "tools/list", &params, meta.as_deref());
        let ask = Ask::read("tools/list", Some(&format!("{{{params}}}")));
        let mut item = own_item(lane, id, caller.clone(), Origin::List, ask);
        item.sent = now;
        let number = self.items.number();
        let place = (lane, Direction::ToServer, Some(&*item.id.clone()));
        self.items.put(number, item);
        self.send(place, Outcome::Sent, (Direction::ToServer, frame), Vec::new());
    }

    /// The client of a conversation has left: what waits in it for the client waits for nobody. What mcptop itself asks in
    /// it goes on. Whether it is over, as nothing goes on in it; else this is to be asked again.
    #[must_use]
    pub fn client_left(&mut self, now: Micros, lane: Lane) -> bool {
        let is_client = |item: &Item| item.origin == Origin::Client;
        let mut numbers = self.items.of_lane(lane);
        let all = numbers.len();
        numbers.retain(|number| self.items.get(*number).is_some_and(is_client));
        let is_over = numbers.len() == all;
        if is_over {
            self.close_lane(now, lane);
        } else {
            self.close_items(now, numbers);
        }
        is_over
    }

    /// A request of mcptop's own will not be answered any more, if it has not been.
    pub fn stop_asking(&mut self, now: Micros, lane: Lane, id: &str) {
        let numbers: Vec<ItemId> = self.items.find(lane, id).into_iter().collect();
        self.close_items(now, numbers);
    }

    fn own_id(&mut self, what: &str) -> Box<str> {
        self.last_own += 1;
        format!("\"mcptop-{what}-{}\"", self.last_own).into()
    }

    /// The answer to a request of ours.
    pub(super) fn own_answer(&mut self, now: Micros, item: &Item, said: Result<&str, &str>) -> Verdict {
        let marks: Vec<Mark<'static>> = match (item.origin, said) {
            (Origin::Warm, Ok(result)) => self.keep(now, item, result, None, false),
            (Origin::List, Ok(result)) => {
                self.learn_list(now, item, result);
                Vec::new()
            }
            (Origin::Client | Origin::Warm | Origin::List, _) => Vec::new(),
        };
        let place = (item.lane, Direction::ToClient, Some(&*item.id));
        self.note(place, Outcome::Dropped, None, marks);
        if item.origin == Origin::List {
            self.warm(now, &item.caller);
        }
        Verdict::Taken
    }

    fn learn_list(&mut self, now: Micros, item: &Item, result: &str) {
        let session = self.sessions.get(&item.caller);
        // The client may have asked in the meantime, and then knows better.
        if session.is_told {
            return;
        }
        self.sessions.learn(&item.caller, result, !item.ask.has_cursor);
        let session = self.sessions.get(&item.caller);
        session.list += 1;
        session.pages = if item.ask.has_cursor { session.pages + 1 } else { 1 };
        let is_more = session.pages < PAGES_MAX;
        match member(result, "nextCursor").filter(|cursor| is_more && cursor.starts_with('"')) {
            Some(cursor) => self.ask_list(now, &item.caller, Some(cursor)),
            None => session.is_listed = true,
        }
    }
}

fn own_item(lane: Lane, id: Box<str>, caller: Arc<Caller>, origin: Origin, ask: Ask) -> Item {
    Item {
        lane,
        id,
        caller,
        origin,
        ask,
        frame: Vec::new(),
        stay: Stay::Flying,
        sent: Micros(0),
        deadline: None,
        rules: Vec::new(),
        steps: std::collections::VecDeque::new(),
        fills: Vec::<Fill>::new(),
        slots: Vec::new(),
        leads: Vec::new(),
        followers: Vec::new(),
        is_adrift: false,
        forget_at: None,
        is_mixed: false,
        namesakes: 0,
        is_orphan: false,
        observed: None,
        marks: Vec::new(),
    }
}
