//! Goes through two values side by side.
//!
//! Knows nothing of how items of arrays are paired.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::alike::{Numeral, Skipped};
use super::lists::{self, Pair};
use super::{Change, Difference};

/// Every difference of two values.
pub(super) fn compare(before: &Value, after: &Value, skipped: &Skipped) -> Vec<Difference> {
    let mut walk = Walk { skipped, at: "$".to_owned(), found: Vec::new() };
    if !skipped.has(before) && !skipped.has(after) {
        walk.values(before, after);
    }
    walk.found
}

struct Walk<'s> {
    skipped: &'s Skipped,
    /// The path of what is looked at.
    at: String,
    found: Vec<Difference>,
}

impl Walk<'_> {
    fn values(&mut self, before: &Value, after: &Value) {
        match (before, after) {
            (Value::Object(before), Value::Object(after)) => self.objects(before, after),
            (Value::Array(before), Value::Array(after)) => self.arrays(before, after),
            (Value::Number(a), Value::Number(b)) if Numeral::of(a) == Numeral::of(b) => {}
            (before, after) if before == after => {}
            (before, after) => {
                let (before_type, after_type) =
                    (std::mem::discriminant(before), std::mem::discriminant(after));
                let (before, after) = (before.clone(), after.clone());
                self.found(if before_type == after_type {
                    Change::Changed { before, after }
                } else {
                    Change::Type { before, after }
                });
            }
        }
    }

    fn objects(&mut self, before: &Map<String, Value>, after: &Map<String, Value>) {
        for (name, value) in before {
            match after.get(name) {
                _ if self.skipped.has(value) => {}
                Some(other) if self.skipped.has(other) => {}
                Some(other) => self.below_name(name, |walk| walk.values(value, other)),
                None => self.below_name(name, |walk| walk.found(Change::Removed(value.clone()))),
            }
        }
        for (name, value) in after {
            if !before.contains_key(name) && !self.skipped.has(value) {
                self.below_name(name, |walk| walk.found(Change::Added(value.clone())));
            }
        }
    }

    fn arrays(&mut self, before: &[Value], after: &[Value]) {
        let pairs = lists::pairs(&self.skipped.items(before), &self.skipped.items(after), self.skipped);
        for pair in pairs {
            match pair {
                Pair::Both(at, other) => self.below_index(at, |walk| walk.values(&before[at], &after[other])),
                Pair::Removed(at) => {
                    self.below_index(at, |walk| walk.found(Change::Removed(before[at].clone())));
                }
                Pair::Added(at) => self.below_index(at, |walk| walk.found(Change::Added(after[at].clone()))),
                Pair::Order => self.found(Change::Order),
            }
        }
    }

    fn found(&mut self, change: Change) {
        self.found.push(Difference { at: self.at.as_str().into(), change });
    }

    fn below_name(&mut self, name: &str, look: impl FnOnce(&mut Self)) {
        let len = self.at.len();
        let is_plain = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if is_plain {
            self.at.push('.');
            self.at.push_str(name);
        } else {
            self.at.push_str("['");
            for c in name.chars() {
                match c {
                    '\'' | '\\' => self.at.extend(['\\', c]),
                    c if c.is_control() => {
                        write!(self.at, "\\u{:04x}", u32::from(c)).expect("a String takes every write");
                    }
                    c => self.at.push(c),
                }
            }
            self.at.push_str("']");
        }
        look(self);
        self.at.truncate(len);
    }

    fn below_index(&mut self, index: usize, look: impl FnOnce(&mut Self)) {
        let len = self.at.len();
        write!(self.at, "[{index}]").expect("a String takes every write");
        look(self);
        self.at.truncate(len);
    }
}
