//! The second level of a cache: what is put there, what comes back, under which names.
//!
//! Names are `mcptop:<version>:<server>:<identity>:<rule>:<digest>`, where the identity is that of what is behind the gate and
//! how it is reached; a value holds the whole key, so that the last digest need not be trusted, and until when it is good.
//! A rule that begins to keep answers while traffic passes, or keeps others than before, has the second level emptied first:
//! what was made void meanwhile nobody has told it. One that only observes empties it as well, and puts nothing in. Knows nothing of where the second level is, nor how it is asked.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_128;

use super::ask::Told;
use super::item::{Fill, Item, ItemId, Stay};
use super::kept::may_have;
use super::{Act, Gate};
use crate::rules::transform::cache::{Entry, Key, Shelf};
use crate::trace::Micros;
use crate::wire::Direction;

/// Counts the forms that values have had. Values of another form are not found.
const VERSION: u8 = 2;

/// An entry as it is stored.
#[derive(Serialize, Deserialize)]
struct Value<'a> {
    /// Whom it may be told, and what was asked.
    key: String,
    took_us: u64,
    /// The world's time when the server gave it, in microseconds since 1970.
    stored_us: Option<u64>,
    /// For how long it was good then.
    ttl_us: u64,
    #[serde(borrow)]
    result: &'a RawValue,
}

impl Gate {
    fn prefix(&mut self, uid: u64) -> Option<String> {
        let server = plain(&self.setting.server);
        let identity = self.setting.identity;
        let rule = &self.plan.get(uid)?.rule.name;
        Some(format!("mcptop:{VERSION}:{server}:{identity:032x}:{}:", plain(rule)))
    }

    pub(super) fn store_key(&mut self, uid: u64, key: &Key) -> Option<String> {
        Some(format!("{}{:032x}", self.prefix(uid)?, xxh3_128(whole(key).as_bytes())))
    }

    /// Puts an entry into the second level, if there is one.
    pub(super) fn store(&mut self, item: &Item, fill: &Fill, entry: &Entry, ttl_us: u64) {
        if self.plan.get(fill.uid).is_none_or(|active| active.is_observed) {
            return;
        }
        let Some(store) = self.store_of(fill.uid, &item.caller) else { return };
        let Some(key) = self.store_key(fill.uid, &fill.key) else { return };
        let Ok(result) = serde_json::from_str(&entry.result) else { return };
        let stored_us = self.epoch_us.map(|epoch| epoch.saturating_add(entry.stored.0));
        let value = Value { key: whole(&fill.key), took_us: entry.took_us, stored_us, ttl_us, result };
        let Ok(value) = serde_json::to_vec(&value) else { return };
        let ttl = Duration::from_micros(ttl_us);
        self.silently(item.lane, Direction::ToServer, Act::Store { store, key, value, ttl });
    }

    /// Empties the second level of what a rule keeps there.
    pub(super) fn forget_stored(&mut self, uid: u64) {
        let Some(active) = self.plan.get(uid) else { return };
        let Some(store) = active.rule.cache.as_ref().and_then(|cache| cache.store.clone()) else { return };
        if let Some(prefix) = self.prefix(uid) {
            self.silently(super::Lane::default(), Direction::ToServer, Act::Forget { store, prefix });
        }
    }

    /// The second level has answered: the request is, or goes on to the server.
    pub(super) fn looked_up(&mut self, now: Micros, number: ItemId, value: Option<&[u8]>) {
        let Some(item) = self.items.get(number).filter(|item| matches!(item.stay, Stay::Lookup(_))) else {
            return;
        };
        let Some(step) = item.steps.front().copied() else { return };
        let caller = item.caller.clone();
        let fill = item.fills.iter().find(|fill| fill.uid == step.uid).cloned();
        let entry = fill.as_ref().zip(value).and_then(|(fill, value)| {
            let active = self.plan.get(fill.uid)?;
            let cache = active.rule.cache.as_ref()?;
            // What was forgotten meanwhile may be this.
            let is_void = active.shelf.as_ref().map(Shelf::epoch) != fill.epoch;
            let is_whose = fill.key.caller.as_ref().is_none_or(|owner| *owner == *caller);
            let (ttl_us, scope) = (cache.ttl.micros(), cache.scope);
            let entry = self.read(now, ttl_us, fill, &item_about(&self.items, number)?, value)?;
            (!is_void && is_whose && may_have(scope, &caller, entry.is_public)).then_some(entry)
        });
        let Some((fill, entry)) = fill.zip(entry) else { return self.resume(now, number) };
        let Some(mut item) = self.items.take(number) else { return };
        let mark = self.hit_mark(now, fill.uid, &entry);
        item.put_mark(mark);
        let reply = self.serve(now, fill.uid, &fill.key, &entry, &mut item);
        // Without the world's time there is no saying how old it is: it stays where its age is known.
        if self.epoch_us.is_some()
            && let Some(shelf) = self.plan.get(fill.uid).and_then(|active| active.shelf.as_mut())
        {
            shelf.put(fill.key, entry);
        }
        self.answer_held(now, item, &reply);
    }

    fn hit_mark(&mut self, now: Micros, uid: u64, entry: &Entry) -> crate::trace::Mark<'static> {
        let has_age = self.epoch_us.is_some();
        let Some(active) = self.plan.get(uid) else { return crate::trace::Mark::default() };
        crate::trace::Mark {
            hit: true,
            took_us: Some(entry.took_us),
            age_us: has_age.then(|| entry.age_us(now)),
            why: Some("from the second level".into()),
            ..active.mark("cache")
        }
    }

    /// A value as an entry; `None` if it is none, of another question, or over its time, which is what the rule says now if
    /// that is shorter.
    fn read(
        &self,
        now: Micros,
        ttl_us: u64,
        fill: &Fill,
        about: &crate::rules::transform::cache::About,
        value: &[u8],
    ) -> Option<Entry> {
        let value: Value<'_> = serde_json::from_slice(value).ok()?;
        if value.key != whole(&fill.key) {
            return None;
        }
        let result: Arc<str> = value.result.get().into();
        let told = Told::read(&result);
        if told.is_error || !told.is_complete {
            return None;
        }
        let ttl_us = value.ttl_us.min(ttl_us);
        let known = self.epoch_us.zip(value.stored_us);
        let age_us = known.map(|(epoch, stored)| epoch.saturating_add(now.0).saturating_sub(stored));
        let left =
            |ttl_us: u64| Micros(now.0.saturating_add(age_us.map_or(0, |age| ttl_us.saturating_sub(age))));
        if age_us.is_some_and(|age| age >= ttl_us) {
            return None;
        }
        Some(Entry {
            delivered: None,
            about: about.clone(),
            stored: now,
            age_us: age_us.unwrap_or(0),
            expires: left(ttl_us),
            fresh_until: told.ttl_ms.map(|ms| left(ms.saturating_mul(1_000))),
            took_us: value.took_us,
            is_public: told.is_public,
            result,
        })
    }
}

fn item_about(items: &super::item::Items, number: ItemId) -> Option<crate::rules::transform::cache::About> {
    Some(items.get(number)?.ask.about())
}

/// All that a key says, in one text. Of a session only a digest is written down: whoever knows its name is in it.
fn whole(key: &Key) -> String {
    let caller = key.caller.as_ref().map(|caller| {
        let session = xxh3_128(caller.session.as_bytes());
        format!("{session:032x} {:032x} ", caller.credentials.unwrap_or(0))
    });
    format!("{}{}", caller.unwrap_or_default(), key.text)
}

/// A name without what would end it or mean more than itself where keys are looked for.
fn plain(name: &str) -> String {
    let is_plain = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
    if name.chars().all(|c| is_plain(&c)) {
        return name.to_owned();
    }
    let kept: String = name.chars().map(|c| if is_plain(&c) { c } else { '_' }).collect();
    // Two names that differ only in what was left out stay two.
    format!("{kept}~{:08x}", xxhash_rust::xxh3::xxh3_64(name.as_bytes()) >> 32)
}
