//! Which item of one array stands for which of another.
//!
//! Knows nothing of paths, nor of what differs within two items that belong together.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::alike::Skipped;

/// Members that tell items apart, the first that all items have.
const IDENTITIES: [&str; 5] = ["name", "uri", "uriTemplate", "id", "key"];
/// Of longer arrays that differ throughout, items at the same place belong together: the shortest edit takes the product
/// of their lengths.
const EDITED_MAX: usize = 2_000;

/// What belongs together, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pair {
    /// These two, which are not the same.
    Both(usize, usize),
    /// Only the first array has this.
    Removed(usize),
    /// Only the second array has this.
    Added(usize),
    /// What both have comes in another order.
    Order,
}

type Item<'v> = (usize, &'v Value);

/// Everything about two arrays that is not the same.
pub(super) fn pairs(before: &[Item<'_>], after: &[Item<'_>], skipped: &Skipped) -> Vec<Pair> {
    let digests = |items: &[Item<'_>]| items.iter().map(|item| skipped.digest(item.1)).collect::<Vec<_>>();
    let (a, b) = (digests(before), digests(after));
    let head = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let rest = a.len().min(b.len()) - head;
    let tail = a.iter().rev().zip(b.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let (before, a) = (&before[head..before.len() - tail], &a[head..a.len() - tail]);
    let (after, b) = (&after[head..after.len() - tail], &b[head..b.len() - tail]);
    if a.is_empty() && b.is_empty() {
        return Vec::new();
    }
    let (left, right) = leftovers(a, b);
    if left.is_empty() && right.is_empty() {
        return if skipped.unordered { Vec::new() } else { vec![Pair::Order] };
    }
    if let Some(pairs) = by_identity(before, after, (a, b), skipped.unordered) {
        return pairs;
    }
    if skipped.unordered {
        let pick =
            |items: &[Item<'_>], places: &[usize]| places.iter().map(|at| items[*at].0).collect::<Vec<_>>();
        return in_order(&pick(before, &left), &pick(after, &right));
    }
    let indexes = |items: &[Item<'_>]| items.iter().map(|item| item.0).collect::<Vec<_>>();
    edited((&indexes(before), a), (&indexes(after), b))
}

/// The places of those that have no equal on the other side.
fn leftovers(a: &[u128], b: &[u128]) -> (Vec<usize>, Vec<usize>) {
    let mut places: HashMap<u128, VecDeque<usize>> = HashMap::new();
    for (at, digest) in b.iter().enumerate() {
        places.entry(*digest).or_default().push_back(at);
    }
    let is_left = |digest| places.get_mut(digest).and_then(VecDeque::pop_front).is_none();
    let left = a.iter().enumerate().filter_map({
        let mut is_left = is_left;
        move |(at, digest)| is_left(digest).then_some(at)
    });
    let left: Vec<usize> = left.collect();
    let mut right: Vec<usize> = places.into_values().flatten().collect();
    right.sort_unstable();
    (left, right)
}

/// Pairs by what identifies items; `None` if nothing does.
fn by_identity(
    before: &[Item<'_>],
    after: &[Item<'_>],
    (a, b): (&[u128], &[u128]),
    unordered: bool,
) -> Option<Vec<Pair>> {
    let (left, right) =
        IDENTITIES.iter().find_map(|name| Some((identities(before, name)?, identities(after, name)?)))?;
    let mut found = Vec::new();
    let mut shared = Vec::new();
    for (at, identity) in left.iter().enumerate() {
        match right.iter().position(|other| other == identity) {
            Some(other) => {
                shared.push(other);
                if a[at] != b[other] {
                    found.push(Pair::Both(before[at].0, after[other].0));
                }
            }
            None => found.push(Pair::Removed(before[at].0)),
        }
    }
    let new = (0..right.len()).filter(|at| !left.contains(&right[*at]));
    found.extend(new.map(|at| Pair::Added(after[at].0)));
    if !unordered && !shared.is_sorted() {
        found.push(Pair::Order);
    }
    Some(found)
}

/// What this member says of each item; `None` if one has none, or two the same.
fn identities<'v>(items: &[Item<'v>], name: &str) -> Option<Vec<&'v str>> {
    if items.len() > EDITED_MAX {
        return None;
    }
    let names: Vec<&str> = items.iter().map(|item| item.1.get(name)?.as_str()).collect::<Option<_>>()?;
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    (sorted.len() == names.len()).then_some(names)
}

fn in_order(before: &[usize], after: &[usize]) -> Vec<Pair> {
    let shared = before.len().min(after.len());
    let both = before.iter().zip(after).map(|(a, b)| Pair::Both(*a, *b));
    let removed = before[shared..].iter().map(|at| Pair::Removed(*at));
    both.chain(removed).chain(after[shared..].iter().map(|at| Pair::Added(*at))).collect()
}

/// Pairs by the shortest edit that makes one array of the other.
fn edited((before, a): (&[usize], &[u128]), (after, b): (&[usize], &[u128])) -> Vec<Pair> {
    if a.len() > EDITED_MAX && b.len() > EDITED_MAX {
        let differs = |pair: &Pair| match pair {
            Pair::Both(at, other) => {
                let place = |indexes: &[usize], index| indexes.partition_point(|other| *other < index);
                a[place(before, *at)] != b[place(after, *other)]
            }
            Pair::Removed(_) | Pair::Added(_) | Pair::Order => true,
        };
        return in_order(before, after).into_iter().filter(differs).collect();
    }
    let mut found = Vec::new();
    for step in capture_diff_slices(Algorithm::Myers, a, b) {
        match step {
            DiffOp::Equal { .. } => {}
            DiffOp::Delete { old_index, old_len, .. } => {
                found.extend(before[old_index..old_index + old_len].iter().map(|at| Pair::Removed(*at)));
            }
            DiffOp::Insert { new_index, new_len, .. } => {
                found.extend(after[new_index..new_index + new_len].iter().map(|at| Pair::Added(*at)));
            }
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                let (old, new) =
                    (&before[old_index..old_index + old_len], &after[new_index..new_index + new_len]);
                found.extend(in_order(old, new));
            }
        }
    }
    found
}
