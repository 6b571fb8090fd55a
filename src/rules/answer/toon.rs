//! JSON as Token-Oriented Object Notation, in the order in which it was written.
//!
//! TOON writes numbers in its own way and takes names as distinct; a text that would lose by that is refused.

use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::{Id, Tree};
use crate::tokens::ValueKind;

/// Readers of TOON refuse what is deeper than 128 levels.
const DEPTH_MAX: usize = 100;

/// A decimal number of so many digits is the same after it has been a float.
const FLOAT_DIGITS: usize = 15;

/// A text as TOON.
///
/// # Errors
/// Why it would lose something.
pub(in crate::rules) fn toon(tree: &Tree<'_>) -> Result<String, &'static str> {
    if tree.depth() > DEPTH_MAX {
        return Err("it is nested too deeply for TOON");
    }
    for id in tree.subtree(Tree::ROOT) {
        if tree.kind(id) == ValueKind::Number && !is_exact(tree.value(id)) {
            return Err("it has numbers that TOON would round");
        }
        if !tree.has_distinct_names(id) {
            return Err("it has names that occur twice");
        }
    }
    serde_toon::to_string(&Written { tree, id: Tree::ROOT }).map_err(|_| "TOON cannot say it")
}

/// Whether a number is the same after it has been an integer or a float.
fn is_exact(number: &str) -> bool {
    if number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok() {
        return true;
    }
    let mantissa = number.split(['e', 'E']).next().unwrap_or(number);
    let digits = mantissa.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
    let value: f64 = number.parse().unwrap_or(f64::NAN);
    let is_ordinary = value == 0.0 || (1e-300..1e300).contains(&value.abs());
    digits <= FLOAT_DIGITS && is_ordinary && !(value == 0.0 && digits > 0)
}

/// A value of a tree, for serde.
struct Written<'t, 'a> {
    tree: &'t Tree<'a>,
    id: Id,
}

impl Serialize for Written<'_, '_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let Self { tree, id } = *self;
        let raw = tree.value(id);
        match tree.kind(id) {
            ValueKind::Object => {
                let mut map = out.serialize_map(Some(tree.children(id).count()))?;
                for member in tree.children(id) {
                    map.serialize_entry(&tree.name(member), &Written { tree, id: member })?;
                }
                map.end()
            }
            ValueKind::Array => {
                let mut seq = out.serialize_seq(Some(tree.children(id).count()))?;
                for item in tree.children(id) {
                    seq.serialize_element(&Written { tree, id: item })?;
                }
                seq.end()
            }
            ValueKind::String => match tree.text(id) {
                Some(text) => out.serialize_str(&text),
                None => Err(S::Error::custom("no text")),
            },
            ValueKind::Number => number(raw, out),
            ValueKind::Bool => out.serialize_bool(raw == "true"),
            ValueKind::Null => out.serialize_unit(),
        }
    }
}

fn number<S: Serializer>(raw: &str, out: S) -> Result<S::Ok, S::Error> {
    if let Ok(integer) = raw.parse::<i64>() {
        out.serialize_i64(integer)
    } else if let Ok(integer) = raw.parse::<u64>() {
        out.serialize_u64(integer)
    } else {
        out.serialize_f64(raw.parse().map_err(S::Error::custom)?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::tests::{cell, rows};
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn of(text: &str) -> Result<String, &'static str> {
        toon(&Tree::of(text).unwrap())
    }

    #[test]
    fn members_keep_their_order() {
        assert_eq!(
            of(r#"{"z":1,"a":[{"y":1.50,"b":"x"},{"y":2,"b":"5"}]}"#).unwrap(),
            "z: 1\na[2]{y,b}:\n  1.5,x\n  2,\"5\""
        );
    }

    #[test]
    fn what_would_lose_something_is_refused() {
        for text in [
            "[123456789012345678901234567890]",
            "[0.12345678901234567890]",
            "[1e400]",
            "[1e-400]",
            r#"{"a":1,"a":2}"#,
            r#"{"a":"\ud800"}"#,
        ] {
            assert!(of(text).is_err(), "{text}");
        }
        assert!(of(&("[".repeat(1_000) + &"]".repeat(1_000))).is_err());
        assert_eq!(of("[18446744073709551615,-0.0,1e2]").unwrap(), "[3]: 18446744073709551615,0,100");
    }

    fn any_json() -> impl Strategy<Value = Value> {
        prop_oneof![cell(), rows()].prop_recursive(2, 12, 3, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                proptest::collection::btree_map("[a-c: .\"\n-]{0,3}", inner, 0..3)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn toon_reads_back_as_what_it_was(value in any_json()) {
            let Ok(text) = of(&value.to_string()) else { return Ok(()) };
            let read: Value = serde_toon::from_str_with_options(&text, serde_toon::DecodeOptions::strict()).unwrap();
            prop_assert_eq!(read, value, "{}", text);
        }
    }
}
