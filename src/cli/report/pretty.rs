//! JSON on lines of its own, as it was written: members keep their order and numbers their digits.

/// The text, indented by two blanks for each level.
pub(super) fn indented(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let (mut depth, mut is_string, mut is_escaped) = (0_usize, false, false);
    let mut characters = json.chars().peekable();
    let newline = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    while let Some(c) = characters.next() {
        if is_string {
            out.push(c);
            is_string = is_escaped || c != '"';
            is_escaped = c == '\\' && !is_escaped;
            continue;
        }
        match c {
            '"' => {
                is_string = true;
                out.push(c);
            }
            '{' | '[' => {
                out.push(c);
                while characters.next_if(char::is_ascii_whitespace).is_some() {}
                if let Some(end) = characters.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(end);
                } else {
                    depth += 1;
                    newline(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                newline(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                newline(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    #[test]
    fn members_keep_their_order_and_numbers_their_digits() {
        assert_eq!(
            indented(r#"{"b":1.50,"a":[ ],"c":["x\\",{"y\"{":1e400}]}"#),
            "{\n  \"b\": 1.50,\n  \"a\": [],\n  \"c\": [\n    \"x\\\\\",\n    {\n      \"y\\\"{\": 1e400\n    }\n  ]\n}"
        );
    }

    proptest! {
        #[test]
        fn whatever_it_says_is_still_said(texts in proptest::collection::vec(".{0,12}", 0..5)) {
            let value = serde_json::json!({"a": texts, "b": {"c": [texts, {}]}});
            let text = indented(&value.to_string());
            prop_assert!(serde_json::from_str::<&RawValue>(&text).is_ok());
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
        }
    }
}
