//! Calls that differ in one argument only, whose values one earlier result named: what could have been one call.
//!
//! Remembers fingerprints only. Knows nothing of tools but their names.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::fingerprint::{Fingerprint, fingerprint, without};

/// Values of results remembered, with the tool that named them first.
const VALUES_MAX: usize = 65_536;
/// Values of one result that are looked at.
const VALUES_OF_RESULT_MAX: usize = 4_096;
/// Families of calls remembered, and different values of the argument in which they differ.
const FAMILIES_MAX: usize = 4_096;
const MEMBERS_MAX: usize = 512;
/// Results that named values of one family.
const SOURCES_MAX: usize = 64;
/// Arguments of a call that are each taken for the one that varies.
const ARGUMENTS_MAX: usize = 8;
/// Shorter words and smaller numbers are in too many results to say where they came from.
const WORD_BYTES_MIN: usize = 3;
const NUMBER_MIN: i64 = 100;

/// Calls of one tool that differ in one argument.
#[derive(Clone, Debug)]
pub(in crate::insight::advise) struct Family {
    /// The tool.
    pub(in crate::insight::advise) tool: Box<str>,
    /// The argument.
    pub(in crate::insight::advise) argument: Box<str>,
    /// How many of its values each result had named, with the tool whose result it was.
    sources: HashMap<u32, (Box<str>, u64)>,
    values: HashSet<u64>,
}

impl Family {
    /// How many different values the argument had.
    pub(in crate::insight::advise) fn different(&self) -> u64 {
        self.values.len() as u64
    }

    /// The tool with the result that named most of the values, and how many it named.
    pub(in crate::insight::advise) fn source(&self) -> Option<(&str, u64)> {
        let most =
            self.sources.iter().max_by_key(|(result, (_, named))| (*named, std::cmp::Reverse(**result)))?;
        Some((&most.1.0, most.1.1))
    }
}

/// What is known of values and calls.
#[derive(Clone, Debug, Default)]
pub(in crate::insight::advise) struct Chains {
    /// Values, with the result that named them first.
    named: HashMap<u64, (u32, Box<str>)>,
    results: u32,
    families: HashMap<Fingerprint, Family>,
}

impl Chains {
    /// Takes note of a call.
    pub(in crate::insight::advise) fn asked(&mut self, tool: &str, arguments: &Value) {
        let Some(members) = arguments.as_object() else { return };
        for (name, value) in members.iter().take(ARGUMENTS_MAX) {
            let Some(word) = word(value) else { continue };
            let others = without(arguments, &[name.as_str()]);
            let key = others ^ fingerprint(&Value::from(vec![tool, name.as_str()]));
            let has_room = self.families.len() < FAMILIES_MAX;
            let family = match self.families.get_mut(&key) {
                Some(family) => family,
                None if !has_room => continue,
                None => self.families.entry(key).or_insert_with(|| Family {
                    tool: tool.into(),
                    argument: name.as_str().into(),
                    sources: HashMap::new(),
                    values: HashSet::new(),
                }),
            };
            if family.values.len() < MEMBERS_MAX
                && family.values.insert(word)
                && let Some((result, source)) = self.named.get(&word)
                && (family.sources.len() < SOURCES_MAX || family.sources.contains_key(result))
            {
                family.sources.entry(*result).or_insert_with(|| (source.clone(), 0)).1 += 1;
            }
        }
    }

    /// Takes note of a result's value: JSON, or the words of a text.
    pub(in crate::insight::advise) fn answered(&mut self, tool: &str, value: &Value) {
        self.results = self.results.wrapping_add(1);
        let mut left = VALUES_OF_RESULT_MAX;
        self.name(tool, value, &mut left);
    }

    /// The families, in order of tool and argument.
    pub(in crate::insight::advise) fn families(&self) -> Vec<&Family> {
        let mut families: Vec<&Family> = self.families.values().collect();
        families
            .sort_by_key(|family| (&family.tool, &family.argument, std::cmp::Reverse(family.different())));
        families
    }

    fn name(&mut self, tool: &str, value: &Value, left: &mut usize) {
        if *left == 0 || self.named.len() >= VALUES_MAX {
            return;
        }
        *left -= 1;
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.name(tool, item, left)),
            Value::Object(members) => members.values().for_each(|member| self.name(tool, member, left)),
            scalar => {
                if let Some(word) = word(scalar) {
                    self.named.entry(word).or_insert_with(|| (self.results, tool.into()));
                }
            }
        }
    }
}

fn word(value: &Value) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, reason = "half of a hash is a hash")]
    let short = |value: &Value| fingerprint(value) as u64;
    match value {
        Value::String(text) if text.len() >= WORD_BYTES_MIN => Some(short(value)),
        Value::Number(number) if number.as_i64().is_some_and(|number| number >= NUMBER_MIN) => {
            Some(short(value))
        }
        _ => None,
    }
}
