//! JSON over several lines, to be written in.
//!
//! Names, numbers and strings stay as they were written, in their order. Knows nothing of what they mean.

/// Blanks of one step inwards.
const STEP: usize = 2;

/// The same JSON with every member and item on a line of its own. Text that is no JSON comes back as it is.
#[must_use]
pub fn pretty(json: &str) -> String {
    if serde_json::from_str::<serde::de::IgnoredAny>(json).is_err() {
        return json.to_owned();
    }
    let mut out = String::with_capacity(json.len() * 2);
    let mut level = 0;
    let mut rest = json.trim();
    while let Some(c) = rest.chars().next() {
        let mut taken = c.len_utf8();
        match c {
            '"' => {
                taken = string_len(rest);
                out.push_str(&rest[..taken]);
            }
            '{' | '[' => {
                let inside = rest[1..].trim_start();
                out.push(c);
                if inside.starts_with(['}', ']']) {
                    out.push_str(&inside[..1]);
                    taken = rest.len() - inside.len() + 1;
                } else {
                    level += STEP;
                    new_line(&mut out, level);
                }
            }
            '}' | ']' => {
                level = level.saturating_sub(STEP);
                new_line(&mut out, level);
                out.push(c);
            }
            ',' => {
                out.push(c);
                new_line(&mut out, level);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
        }
        rest = &rest[taken..];
    }
    out
}

/// The length of the string literal that a text begins with, quotes included, in bytes.
fn string_len(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn new_line(out: &mut String, level: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', level));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    #[test]
    fn names_keep_their_order_and_numbers_their_digits() {
        let written = pretty(r#"{"b" :1.0,"a":[ ],"c":{"d":"x\"}",  "e":[1e2,null]}}"#);
        let lines = [
            "{",
            r#"  "b": 1.0,"#,
            r#"  "a": [],"#,
            r#"  "c": {"#,
            r#"    "d": "x\"}","#,
            r#"    "e": ["#,
            "      1e2,",
            "      null",
            "    ]",
            "  }",
            "}",
        ];
        assert_eq!(written, lines.join("\n"));
        assert_eq!(pretty("{ no"), "{ no");
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(".*", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_out_means_the_same(value in values()) {
            let read: Value = serde_json::from_str(&pretty(&value.to_string())).unwrap();
            prop_assert_eq!(read, value);
        }
    }
}
