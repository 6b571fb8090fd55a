//! Picks named members out of JSON text in one pass, without building values.
//!
//! Knows nothing of what the members mean.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::wire::string_value;

/// The JSON text of the members `names` of the object `raw`, the last occurrence of each; all `None` if it is no object.
pub(super) fn members<'a, const N: usize>(raw: &'a str, names: [&str; N]) -> [Option<&'a str>; N] {
    struct Pick<'n, const N: usize>([&'n str; N]);
    impl<'de, const N: usize> Visitor<'de> for Pick<'_, N> {
        type Value = [Option<&'de str>; N];
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut found = [None; N];
            while let Some(key) = map.next_key::<Key<'de>>()? {
                match self.0.iter().position(|name| *name == key.0) {
                    Some(slot) => found[slot] = Some(map.next_value::<&RawValue>()?.get()),
                    None => {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
            }
            Ok(found)
        }
    }
    if !raw.trim_ascii_start().starts_with('{') {
        return [None; N];
    }
    let mut source = serde_json::Deserializer::from_str(raw);
    source.deserialize_map(Pick(names)).unwrap_or([None; N])
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// The text of a JSON string, cut at `bytes_max` on a character's border; `None` if it is no string.
pub(super) fn text(raw: Option<&str>, bytes_max: usize) -> Option<Box<str>> {
    string_value(raw?).map(|text| Box::from(cut(&text, bytes_max)))
}

/// The beginning of `text`, at most `bytes_max` bytes, cut on a character's border.
pub(super) fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

/// JSON text that is worth keeping as it is; `None` above `bytes_max`.
pub(super) fn json(raw: Option<&str>, bytes_max: usize) -> Option<Arc<str>> {
    raw.filter(|raw| raw.len() <= bytes_max).map(Arc::from)
}

/// A JSON number.
pub(super) fn number(raw: Option<&str>) -> Option<f64> {
    raw?.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The elements of a JSON array; `None` if it is none.
pub(super) fn elements(raw: &str) -> Option<Vec<&str>> {
    let items: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
    Some(items.into_iter().map(RawValue::get).collect())
}

/// How many elements a JSON array has.
pub(super) fn element_count(raw: Option<&str>) -> Option<u32> {
    let items: Vec<IgnoredAny> = serde_json::from_str(raw?).ok()?;
    u32::try_from(items.len()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_in_any_order_and_the_last_one_counts() {
        let raw = r#"{"b":[1,{"a":9}],"x":0,"a":"q","a":null}"#;
        assert_eq!(members(raw, ["a", "b", "c"]), [Some("null"), Some(r#"[1,{"a":9}]"#), None]);
        assert_eq!(members("[1]", ["a"]), [None]);
        assert_eq!(members("7", ["a"]), [None]);
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(text(Some("\"aé\""), 2).as_deref(), Some("a"));
        assert_eq!(text(Some("\"a\\u00e9\""), 3).as_deref(), Some("aé"));
        assert_eq!(text(Some("7"), 3), None);
    }
}
