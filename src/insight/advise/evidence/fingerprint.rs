//! Whether two JSON values say the same, whatever the order of their members and the form of their numbers.
//!
//! Knows nothing of what they mean.

use serde_json::Value;
use xxhash_rust::xxh3::Xxh3;

/// 128 bits make an accidental collision less likely than a memory error.
pub(in crate::insight::advise) type Fingerprint = u128;

/// The fingerprint of a value.
pub(in crate::insight::advise) fn fingerprint(value: &Value) -> Fingerprint {
    without(value, &[])
}

/// The fingerprint of a value, as if an object had none of these members.
pub(in crate::insight::advise) fn without(value: &Value, names: &[&str]) -> Fingerprint {
    let mut hash = Xxh3::new();
    write(&mut hash, value, names);
    hash.digest128()
}

fn write(hash: &mut Xxh3, value: &Value, leave_out: &[&str]) {
    match value {
        Value::Null => hash.update(b"n"),
        Value::Bool(true) => hash.update(b"t"),
        Value::Bool(false) => hash.update(b"f"),
        // `1`, `1.0` and `1e0` are one number; integers beyond 2^53 keep their digits.
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(whole), ..) => hash.update(format!("#{whole}").as_bytes()),
            (_, Some(whole), _) => hash.update(format!("#{whole}").as_bytes()),
            (.., float) => hash.update(format!("#{}", float.unwrap_or(f64::NAN)).as_bytes()),
        },
        Value::String(text) => write_text(hash, text),
        Value::Array(items) => {
            hash.update(b"[");
            for item in items {
                write(hash, item, &[]);
            }
            hash.update(b"]");
        }
        Value::Object(members) => {
            let mut names: Vec<&String> =
                members.keys().filter(|name| !leave_out.contains(&name.as_str())).collect();
            names.sort_unstable();
            hash.update(b"{");
            for name in names {
                write_text(hash, name);
                write(hash, &members[name], &[]);
            }
            hash.update(b"}");
        }
    }
}

/// With its length, so that what follows cannot be taken for a part of it.
fn write_text(hash: &mut Xxh3, text: &str) {
    hash.update(b"\"");
    hash.update(&text.len().to_le_bytes());
    hash.update(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Fingerprint {
        fingerprint(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn the_order_of_members_and_the_form_of_numbers_do_not_matter() {
        assert_eq!(of(r#"{"a":1,"b":[2.0]}"#), of(r#"{ "b" : [2], "a" : 1.0 }"#));
        assert_ne!(of(r#"{"a":1}"#), of(r#"{"a":"1"}"#));
        assert_ne!(of("[[1],2]"), of("[1,[2]]"));
        assert_ne!(of(r#"["a","b"]"#), of(r#"["ab",""]"#));
        assert_ne!(of("9007199254740993"), of("9007199254740992"));
    }

    #[test]
    fn members_that_are_left_out_do_not_count() {
        let (a, b) = (serde_json::json!({"_meta": 1, "x": 2}), serde_json::json!({"x": 2}));
        assert_eq!(without(&a, &["_meta"]), fingerprint(&b));
    }
}
