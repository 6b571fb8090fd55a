//! A `JSONPath` (RFC 9535) with the text it was written as.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json_path::JsonPath;

/// A `JSONPath` (RFC 9535).
#[derive(Clone, Debug)]
pub struct Path {
    text: Box<str>,
    query: JsonPath,
}

impl Path {
    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it asks.
    #[must_use]
    pub fn query(&self) -> &JsonPath {
        &self.query
    }
}

impl PartialEq for Path {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl FromStr for Path {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong =
            |error| format!("\"{text}\" is no JSONPath, as in \"$.items[*].id\" or \"$..metadata\": {error}");
        JsonPath::parse(text).map(|query| Self { text: text.into(), query }).map_err(wrong)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        String::deserialize(source)?.parse().map_err(D::Error::custom)
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Path;
    use crate::tokens::push_name;

    proptest! {
        #[test]
        fn every_name_that_is_written_into_a_path_is_found_by_it(name in "\\PC{0,8}|[\\x00-\\x7f]{0,6}|[a-zé_0-9]{1,6}") {
            let mut text = "$".to_owned();
            push_name(&mut text, &name);
            let value = serde_json::json!({ name: 1, "another name": 2 });
            let path: Path = text.parse().unwrap();
            let found: Vec<_> = path.query().query(&value).all().into_iter().cloned().collect();
            prop_assert_eq!(found, [serde_json::json!(1)], "{}", text);
        }
    }
}
