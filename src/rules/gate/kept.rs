//! Caches at work: what may be kept, what is found, what is forgotten.
//!
//! An answer is kept as the server gave it, beside the form in which it left, so that rules may change. What a cache
//! keeps is for those who asked in the same session with the same credentials; a shared one is for all that have no
//! credentials, and for everybody where the server says `public`.

use std::sync::Arc;

use super::ask::Told;
use super::asked::Progress;
use super::item::{Fill, Group, Item, ItemId, Stay, Step};
use super::session::Effect;
use super::speak::Reply;
use super::steps::observe;
use super::trust::why_not_kept;
use super::{Act, Caller, Gate, Ticket};
use crate::rules::transform::cache::{About, Delivered, Entry, Key, NoKey, Shelf};
use crate::rules::{Cache, Scope};
use crate::trace::{Mark, Micros};
use crate::wire::{Direction, Edit, member};

/// What looking into a shelf gave.
enum Found {
    Entry(Box<Entry>),
    Nothing,
    /// It is not for a cache.
    Refused,
}

impl Gate {
    /// The word of a cache on a request.
    pub(super) fn look_up(
        &mut self,
        now: Micros,
        number: ItemId,
        step: Step,
        item: &mut Item,
    ) -> Option<Progress> {
        let stopwatch = self.setting.stopwatch;
        let known = self.sessions.known(&item.caller, item.ask.tool.as_deref());
        let server = &self.setting.server;
        let active = self.plan.get(step.uid)?;
        let is_observed = active.is_observed;
        let (ask, caller) = (&item.ask, &item.caller);
        let (found, mark) = active.run("cache", stopwatch, |active, mark| {
            let cache = active.rule.cache.as_ref()?;
            let key = match why_not_kept(cache, ask, &known) {
                Some(why) => Err(why),
                None => ask.key(server, known.protocol, &cache.key).map_err(NoKey::why),
            };
            let text = match key {
                Ok(text) => text,
                Err(why) => {
                    mark.why = Some(why.into());
                    return Some((Found::Refused, None));
                }
            };
            let key = Key { caller: (cache.scope == Scope::Session).then(|| (**caller).clone()), text };
            let stock = active.shelf.as_mut()?;
            let entry =
                stock.get(now, &key).filter(|entry| may_have(cache.scope, caller, entry.is_public)).cloned();
            mark.store = Some(stock.state());
            let Some(entry) = entry else {
                mark.why = Some("not in the cache".into());
                return Some((Found::Nothing, Some(key)));
            };
            mark.hit = true;
            mark.took_us = Some(entry.took_us);
            mark.age_us = Some(entry.age_us(now));
            Some((Found::Entry(Box::new(entry)), Some(key)))
        });
        item.marks.push(mark);
        match found?? {
            (Found::Entry(entry), Some(key)) if is_observed => {
                let progress = Progress::Answered(Reply::Result(entry.result));
                observe(item, &progress);
                item.fills.retain(|fill| fill.key != key);
                None
            }
            (Found::Entry(entry), Some(key)) => {
                let cost = stopwatch();
                let reply = self.serve(now, step.uid, &key, &entry, item);
                if let Some(mark) = item.marks.iter_mut().rev().find(|mark| mark.by == "cache") {
                    mark.cost_ns += u32::try_from(stopwatch().saturating_sub(cost)).unwrap_or(u32::MAX);
                }
                Some(Progress::Answered(reply))
            }
            (Found::Nothing, Some(key)) => {
                // Asked anew, it has what it is to be kept under now.
                item.fills.retain(|fill| fill.uid != step.uid);
                let epoch = self.plan.get(step.uid)?.shelf.as_ref().map(Shelf::epoch);
                item.fills.push(Fill { uid: step.uid, key: key.clone(), epoch });
                if is_observed { None } else { self.look_further(number, step, item, &key) }
            }
            (Found::Refused | Found::Entry(_) | Found::Nothing, _) => None,
        }
    }

    /// How the answer to a call ahead would be kept; `None` if it would not be, or is already.
    pub(super) fn fill_for(&mut self, now: Micros, step: Step, item: &mut Item) -> Option<Fill> {
        let known = self.sessions.known(&item.caller, item.ask.tool.as_deref());
        let active = self.plan.get(step.uid)?;
        let cache = active.rule.cache.as_ref()?;
        if why_not_kept(cache, &item.ask, &known).is_some() {
            return None;
        }
        let text = item.ask.key(&self.setting.server, known.protocol, &cache.key).ok()?;
        let caller = (cache.scope == Scope::Session).then(|| (*item.caller).clone());
        let key = Key { caller, text };
        let stock = active.shelf.as_mut()?;
        stock.get(now, &key).is_none().then(|| Fill { uid: step.uid, epoch: Some(stock.epoch()), key })
    }

    /// Asks the second level, once for all equal requests, if there is one.
    fn look_further(&mut self, number: ItemId, step: Step, item: &mut Item, key: &Key) -> Option<Progress> {
        let store = self.store_of(step.uid, &item.caller)?;
        // Those with credentials share what is under way only among themselves.
        let is_alone = key.caller.is_none() && item.caller.credentials.is_some();
        let caller = if is_alone { Some((*item.caller).clone()) } else { key.caller.clone() };
        let group = Group { uid: step.uid, key: Key { caller, text: key.text.clone() } };
        if let Some(stays) = self.join(number, item, group, false) {
            return Some(stays);
        }
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        let key = self.store_key(step.uid, key)?;
        self.tickets.insert(ticket, number);
        self.silently(item.lane, Direction::ToServer, Act::Lookup { ticket, store, key });
        Some(Progress::Stays(Stay::Lookup(ticket)))
    }

    /// The second level that a rule may use for somebody.
    pub(super) fn store_of(&mut self, uid: u64, caller: &Caller) -> Option<String> {
        let cache = self.plan.get(uid)?.rule.cache.as_ref()?;
        // A session without a name cannot be told from those of other processes.
        let is_named = !caller.session.is_empty() || caller.credentials.is_some();
        cache.store.clone().filter(|_| cache.scope == Scope::Shared || is_named)
    }

    /// An entry as an answer: as rules make it now, and with the time that it stays fresh.
    pub(super) fn serve(
        &mut self,
        now: Micros,
        uid: u64,
        key: &Key,
        entry: &Entry,
        item: &mut Item,
    ) -> Reply {
        let mut result = entry.result.clone();
        if self.is_dressed(&item.ask, &item.rules) {
            let stamp = self.stamp(&item.caller);
            let is_list = &*item.ask.method == "tools/list";
            if let Some(delivered) =
                entry.delivered.as_ref().filter(|delivered| delivered.stamp == stamp && !is_list)
            {
                result = delivered.result.clone();
            } else {
                let dressed = self.dress(&item.ask, &item.caller, &item.rules, &result);
                let is_lasting = !dressed.is_cut && dressed.spills.is_empty();
                for (path, text) in dressed.spills {
                    self.silently(item.lane, Direction::ToServer, Act::Spill { path, text });
                }
                item.marks.extend(dressed.marks);
                if let Some(text) = dressed.text {
                    result = text.into();
                }
                let stock = self.plan.get(uid).and_then(|active| active.shelf.as_mut());
                if let Some(stock) = stock.filter(|_| is_lasting && !is_list) {
                    stock.note_delivered(key, Delivered { stamp, result: result.clone() });
                }
            }
        }
        Reply::Result(match entry.fresh_until {
            Some(until) => with_ttl(&result, (until - now).0 / 1_000).into(),
            None => result,
        })
    }

    /// Keeps an answer in the caches of the rules that wait for it. A mark says for each what is kept, or why not.
    pub(super) fn keep(
        &mut self,
        now: Micros,
        item: &Item,
        result: &str,
        delivered: Option<&str>,
        is_cut: bool,
    ) -> Vec<Mark<'static>> {
        if item.fills.is_empty() {
            return Vec::new();
        }
        let told = Told::read(result);
        let whole: Arc<str> = result.into();
        let took_us = (now - item.sent).0;
        let stamp = self.stamp(&item.caller);
        let is_dressed = self.is_dressed(&item.ask, &item.rules);
        let delivered = is_dressed
            .then(|| Delivered { stamp, result: delivered.map_or_else(|| whole.clone(), Into::into) });
        let stopwatch = self.setting.stopwatch;
        let mut marks = Vec::new();
        for fill in &item.fills {
            let Some(active) = self.plan.get(fill.uid).filter(|active| active.is_sound("cache")) else {
                continue;
            };
            let (kept, mut mark) = active.run("cache", stopwatch, |active, mark| {
                let (cache, stock) = (active.rule.cache.as_ref()?, active.shelf.as_mut()?);
                let is_void = fill.epoch != Some(stock.epoch());
                let ttl_us = match lifetime_us(cache, item, fill, told, is_cut, is_void) {
                    Ok(ttl_us) => ttl_us,
                    Err(why) => {
                        mark.why = Some(why.into());
                        mark.store = Some(stock.state());
                        return None;
                    }
                };
                let later = |us: u64| Micros(now.0.saturating_add(us));
                let entry = Entry {
                    result: whole.clone(),
                    delivered: delivered.clone(),
                    about: item.ask.about(),
                    stored: now,
                    age_us: 0,
                    expires: later(ttl_us),
                    fresh_until: told.ttl_ms.map(|ms| later(ms.saturating_mul(1_000))),
                    took_us,
                    is_public: told.is_public,
                };
                let is_kept = stock.put(fill.key.clone(), entry.clone());
                mark.why = Some(if is_kept { "kept" } else { "larger than the whole cache" }.into());
                mark.store = Some(stock.state());
                is_kept.then_some((entry, ttl_us))
            });
            mark.took_us = kept.as_ref().map(|_| Some(took_us)).unwrap_or_default();
            marks.push(mark);
            if let Some(Some((entry, ttl_us))) = kept {
                self.store(item, fill, &entry, ttl_us);
            }
        }
        marks
    }

    /// Whether some cache keeps something.
    pub(super) fn keeps_anything(&self) -> bool {
        self.plan.actives.iter().filter_map(|active| active.shelf.as_ref()).any(|stock| !stock.is_empty())
    }

    /// Whether a call of a tool makes void what some cache keeps.
    pub(super) fn empties(&mut self, caller: &Arc<Caller>, tool: &str) -> bool {
        let reads = self.sessions.effect(caller, tool).reads;
        let caches = self.plan.actives.iter().filter_map(|active| active.rule.cache.as_ref());
        caches.into_iter().any(|cache| {
            cache.invalidate_on.as_ref().is_some_and(|globs| globs.matches(tool))
                || !reads && !cache.is_unsafe
        })
    }

    /// Forgets the calls that a call of this tool makes void: all, in caches whose rule names it, and in those that trust
    /// what tools say of themselves if it does not say so to anybody that it only reads. Calls that a cache itself keeps, because its
    /// rule takes tools that may be called twice, do not empty it. Gives what each has forgotten.
    pub(super) fn empty_for(&mut self, caller: &Arc<Caller>, tool: &str) -> Vec<Mark<'static>> {
        if !self.plan.has_cache {
            return Vec::new();
        }
        let Effect { reads, is_idempotent } = self.sessions.effect(caller, tool);
        let mut emptied = Vec::new();
        for active in &mut self.plan.actives {
            let (Some(cache), Some(stock)) = (&active.rule.cache, &mut active.shelf) else { continue };
            let is_named = cache.invalidate_on.as_ref().is_some_and(|globs| globs.matches(tool));
            let is_own =
                cache.idempotent && is_idempotent && active.rule.select.is_request("tools/call", Some(tool));
            if is_named || !reads && !cache.is_unsafe && !is_own {
                let count = stock.forget(|about| *about == About::Call);
                emptied.push((active.uid, count));
            }
        }
        self.emptied(emptied, &format!("a call of {tool}"))
    }

    /// Forgets what is about something that has changed.
    pub(super) fn forget(&mut self, what: &str, is_meant: impl Fn(&About) -> bool) -> Vec<Mark<'static>> {
        let shelves = self.plan.actives.iter_mut();
        let emptied = shelves
            .filter_map(|active| Some((active.uid, active.shelf.as_mut()?.forget(&is_meant))))
            .collect();
        self.emptied(emptied, what)
    }

    /// Empties what the rule with this name keeps, or every rule, in both levels.
    pub(super) fn empty(&mut self, rule: Option<&str>) {
        let mut emptied = Vec::new();
        for active in &mut self.plan.actives {
            if let Some(shelf) = &mut active.shelf
                && rule.is_none_or(|name| name == active.rule.name)
            {
                shelf.forget(|_| true);
                emptied.push(active.uid);
            }
        }
        for uid in emptied {
            self.forget_stored(uid);
        }
    }

    /// Empties the second level of the same rules, and gives a mark for each that had something.
    fn emptied(&mut self, emptied: Vec<(u64, usize)>, what: &str) -> Vec<Mark<'static>> {
        let mut marks = Vec::new();
        for (uid, count) in emptied {
            self.forget_stored(uid);
            let Some(active) = self.plan.get(uid).filter(|_| count > 0) else { continue };
            let store = active.shelf.as_ref().map(Shelf::state);
            let word = if count == 1 { "answer" } else { "answers" };
            let why = Some(format!("{what} made {count} {word} void").into());
            marks.push(Mark { store, why, ..active.mark("cache") });
        }
        marks
    }
}

/// Whether somebody may have an entry of a cache.
pub(super) fn may_have(scope: Scope, caller: &Caller, is_public: bool) -> bool {
    scope == Scope::Session || is_public || caller.credentials.is_none()
}

/// How long an answer may be kept, in microseconds.
fn lifetime_us(
    cache: &Cache,
    item: &Item,
    fill: &Fill,
    told: Told,
    is_cut: bool,
    is_void: bool,
) -> Result<u64, &'static str> {
    let ttl_us = told.ttl_ms.map_or(u64::MAX, |ms| ms.saturating_mul(1_000)).min(cache.ttl.micros());
    if told.is_error {
        Err("not kept: the result is an error")
    } else if !told.is_complete {
        Err("not kept: the result is not complete")
    } else if is_cut {
        Err("not kept: the result was cut by a limit")
    } else if fill.key.caller.as_ref().is_some_and(|caller| *caller != *item.caller) {
        Err("not kept: who asks has changed while it was under way")
    } else if is_void {
        Err("not kept: something changed while it was under way")
    } else if cache.scope == Scope::Shared && told.is_private {
        Err("not kept: the server says that it is private")
    } else if !may_have(cache.scope, &item.caller, told.is_public) {
        Err("not kept: the request carried credentials")
    } else if ttl_us == 0 {
        Err("not kept: the server says that it is not fresh for any time")
    } else {
        Ok(ttl_us)
    }
}

/// A result with another `ttlMs`: what is left of it, so that nobody behind us keeps it for longer than the server said.
pub(super) fn with_ttl(result: &str, ttl_ms: u64) -> String {
    let mut edit = Edit::of(result);
    if let Some(old) = member(result, "ttlMs") {
        edit.replace(old, ttl_ms.to_string());
    }
    edit.finish()
}
