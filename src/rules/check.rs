//! What a rule may say beyond its form: a table of what must hold, each with where it is about and what to do.

use std::collections::HashSet;

use super::transform::{Concurrency, Delay, KINDS, Limit, Rate, Spread};
use super::{Bytes, Rule, Ruleset, Span};

/// Something that no rule can do.
#[derive(Debug)]
pub(super) struct Fault {
    /// The rule's position, and the keys that lead to it.
    pub(super) path: (usize, Vec<&'static str>),
    /// What is wrong, and what to do.
    pub(super) what: String,
}

type Check = (&'static [&'static str], fn(&Rule) -> bool, &'static str);

/// What must hold for every rule: where, whether it does not, and what to say then.
const CHECKS: [Check; 25] = [
    (&["match", "tool"], |rule| is_nothing(rule.select.tool.as_ref()), NOTHING_MATCHED),
    (&["match", "server"], |rule| is_nothing(rule.select.server.as_ref()), NOTHING_MATCHED),
    (&["match", "method"], |rule| is_nothing(rule.select.method.as_ref()), NOTHING_MATCHED),
    (
        &["tools", "hide"],
        |rule| is_nothing(rule.tools.as_ref().and_then(|tools| tools.hide.as_ref())),
        "an empty list hides nothing: name tools as in hide = [\"delete_*\"], or leave it out",
    ),
    (&["name"], |rule| rule.name.trim().is_empty(), "a rule needs a name"),
    (
        &[],
        |rule| !KINDS.iter().any(|kind| (kind.is_in)(rule)),
        "this rule does nothing: give it one of tools, trim, empty, twin, shape, limit, cache, coalesce, rate, concurrency, timeout, delay, fault",
    ),
    (
        &["trim"],
        |rule| rule.trim.as_ref().is_some_and(|trim| trim.keep.is_empty() && trim.drop.is_empty()),
        "name what to keep or drop: trim = { drop = [\"$.path\"] }",
    ),
    (
        &["limit"],
        |rule| rule.limit.is_some_and(|limit| limit.tokens.is_some() == limit.bytes.is_some()),
        "a limit needs one of tokens and bytes",
    ),
    (
        &["limit", "tokens"],
        |rule| matches!(rule.limit, Some(Limit { tokens: Some(0), .. })),
        "this has to be more than 0",
    ),
    (
        &["limit", "bytes"],
        |rule| matches!(rule.limit, Some(Limit { bytes: Some(Bytes(0)), .. })),
        "this has to be more than 0",
    ),
    (
        &["cache", "ttl"],
        |rule| rule.cache.as_ref().is_some_and(|cache| cache.ttl == Span::default()),
        "this has to be more than 0",
    ),
    (
        &["cache", "entries"],
        |rule| rule.cache.as_ref().is_some_and(|cache| cache.entries == 0),
        "this has to be more than 0",
    ),
    (
        &["cache", "bytes"],
        |rule| rule.cache.as_ref().is_some_and(|cache| cache.bytes == Bytes(0)),
        "this has to be more than 0",
    ),
    (
        &["cache", "store"],
        |rule| store_of(rule).is_some_and(|store| TLS_STORES.iter().any(|scheme| store.starts_with(scheme))),
        "stores behind TLS (rediss://) cannot be used: name one as in \"redis://127.0.0.1:6379/0\", such as the near end of a TLS tunnel",
    ),
    (
        &["cache", "store"],
        |rule| !is_store(rule),
        "a store is an address as in \"redis://127.0.0.1:6379/0\" or \"redis+unix:///run/redis.sock\"",
    ),
    (
        &["rate"],
        |rule| rule.rate.is_some_and(|rate| speeds(rate).count() != 1),
        "a rate needs one of per_second, per_minute and per_hour",
    ),
    (
        &["rate", "per_second"],
        |rule| is_no_speed(rule.rate, |rate| rate.per_second),
        "this has to be more than 0",
    ),
    (
        &["rate", "per_minute"],
        |rule| is_no_speed(rule.rate, |rate| rate.per_minute),
        "this has to be more than 0",
    ),
    (
        &["rate", "per_hour"],
        |rule| is_no_speed(rule.rate, |rate| rate.per_hour),
        "this has to be more than 0",
    ),
    (&["rate", "burst"], |rule| rule.rate.is_some_and(|rate| rate.burst == 0), "this has to be more than 0"),
    (
        &["concurrency"],
        |rule| matches!(rule.concurrency, Some(Concurrency::Max(0) | Concurrency::Full { max: 0, .. })),
        "this has to be more than 0",
    ),
    (&["timeout"], |rule| rule.timeout == Some(Span::default()), "this has to be more than 0"),
    (
        &["delay"],
        |rule| matches!(rule.delay, Some(Delay::Between(Spread { min, max })) if min > max),
        "min is longer than max",
    ),
    (
        &["fault", "rate"],
        |rule| rule.fault.as_ref().is_some_and(|fault| !(0.0..=1.0).contains(&fault.rate)),
        "this has to be between 0 and 1",
    ),
    (
        &["tools"],
        |rule| rule.tools.as_ref().is_some_and(|tools| *tools == super::Tools::default()),
        "say what to do: hide, describe, texts, strip or lazy",
    ),
];

const NOTHING_MATCHED: &str =
    "an empty list names nothing: name some as in [\"get_*\"], or leave it out to mean all";

fn is_nothing(globs: Option<&super::Globs>) -> bool {
    globs.is_some_and(|globs| globs.written().is_empty())
}

/// The first thing that is wrong with a set of rules.
pub(super) fn first_fault(set: &Ruleset) -> Option<Fault> {
    let mut names = HashSet::new();
    set.rules.iter().enumerate().find_map(|(position, rule)| {
        let wrong = CHECKS.iter().find(|(_, is_wrong, _)| is_wrong(rule));
        if let Some((keys, _, what)) = wrong {
            return Some(Fault { path: (position, keys.to_vec()), what: (*what).to_owned() });
        }
        let is_known = !names.insert(&rule.name);
        let what = || format!("two rules are called \"{}\": each needs a name of its own", rule.name);
        is_known.then(|| Fault { path: (position, vec!["name"]), what: what() })
    })
}

fn speeds(rate: Rate) -> impl Iterator<Item = f64> {
    [rate.per_second, rate.per_minute, rate.per_hour].into_iter().flatten()
}

fn is_no_speed(rate: Option<Rate>, speed: fn(Rate) -> Option<f64>) -> bool {
    rate.and_then(speed).is_some_and(|speed| !(speed > 0.0 && speed.is_finite()))
}

/// Addresses of stores that are spoken to in the clear, and of those that are not.
const PLAIN_STORES: [&str; 4] = ["redis://", "valkey://", "redis+unix://", "unix://"];
const TLS_STORES: [&str; 2] = ["rediss://", "valkeys://"];

fn store_of(rule: &Rule) -> Option<&str> {
    rule.cache.as_ref()?.store.as_deref()
}

fn is_store(rule: &Rule) -> bool {
    store_of(rule).is_none_or(|store| {
        PLAIN_STORES.iter().any(|scheme| store.len() > scheme.len() && store.starts_with(scheme))
    })
}
