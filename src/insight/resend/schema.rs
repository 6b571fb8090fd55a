//! Whether a text that is being written is a JSON object, and what a schema says of it.
//!
//! References within the schema are followed, others are not: nothing is fetched. Knows nothing of editors.

use std::fmt::{self, Write as _};

use jsonschema::Validator;
use jsonschema::paths::LocationSegment;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::insight::difference::printable;
use crate::tokens::push_name;
use crate::wire::member;

/// Problems that are told; further ones are counted.
const PROBLEMS_MAX: usize = 20;
/// What is wrong is told in at most this many bytes.
const WHAT_BYTES_MAX: usize = 300;

/// What arguments are measured against.
pub enum Schema {
    /// A schema that is understood.
    Known(Box<Validator>),
    /// There is none, or it is not understood; why, for people.
    Unknown(Box<str>),
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(_) => f.write_str("Known"),
            Self::Unknown(why) => write!(f, "Unknown({why})"),
        }
    }
}

/// What is to be said of a text.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It is no JSON, or no object.
    NotJson(Problem),
    /// It is an object.
    Object(Judged),
}

/// An object, measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judged {
    /// Where it does not fit the schema, in the schema's order.
    pub problems: Vec<Problem>,
    /// Problems beyond those.
    pub more: usize,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, as a `JSONPath`; `None` if the text cannot be read.
    pub at: Option<Box<str>>,
    /// The line of that, counted from one.
    pub line: usize,
    /// The character of that line, counted from one.
    pub column: usize,
    /// What is wrong, for people: printable, and cut if it is long.
    pub what: Box<str>,
}

impl Verdict {
    /// Everything that is wrong.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::NotJson(problem) => std::slice::from_ref(problem),
            Self::Object(judged) => &judged.problems,
        }
    }

    /// How much is wrong.
    #[must_use]
    pub fn count(&self) -> usize {
        match self {
            Self::NotJson(_) => 1,
            Self::Object(judged) => judged.problems.len() + judged.more,
        }
    }
}

impl Schema {
    /// From a schema as JSON; 2020-12 where it names no dialect, as the protocol says (2025-11-25, "JSON Schema Usage").
    #[must_use]
    pub fn of(schema: Option<&Value>) -> Self {
        let Some(schema) = schema else { return Self::Unknown("no definition was recorded".into()) };
        match jsonschema::options().offline().build(schema) {
            Ok(validator) => Self::Known(Box::new(validator)),
            Err(error) => {
                let why = printable(&error.to_string()).into_owned();
                Self::Unknown(format!("its schema is not understood: {}", cut(&why)).into())
            }
        }
    }

    /// Why nothing is measured, if nothing is.
    #[must_use]
    pub fn unknown(&self) -> Option<&str> {
        match self {
            Self::Known(_) => None,
            Self::Unknown(why) => Some(why),
        }
    }

    /// Measures a text.
    #[must_use]
    pub fn judge(&self, text: &str) -> Verdict {
        let value: Value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(error) => return Verdict::NotJson(unreadable(text, &error)),
        };
        if !value.is_object() {
            let what = "this has to be an object: {…}".into();
            return Verdict::NotJson(Problem { at: None, line: 1, column: 1, what });
        }
        let Self::Known(validator) = self else { return Verdict::Object(Judged::default()) };
        let mut judged = Judged::default();
        for error in validator.iter_errors(&value) {
            if judged.problems.len() == PROBLEMS_MAX {
                judged.more += 1;
                continue;
            }
            let (at, here) = place(text, error.instance_path().into_iter());
            let (line, column) = position(text, here);
            // The value itself stands in the editor.
            let what = printable(&error.masked_with("this").to_string()).into_owned();
            judged.problems.push(Problem { at: Some(at.into()), line, column, what: cut(&what).into() });
        }
        Verdict::Object(judged)
    }
}

/// A text that is no JSON.
fn unreadable(text: &str, error: &serde_json::Error) -> Problem {
    let line = error.line().max(1);
    let before = text.lines().nth(line - 1).unwrap_or_default();
    // Told in bytes, up to the one that is wrong.
    let before = &before[..before.floor_char_boundary(error.column().saturating_sub(1))];
    let column = before.chars().count() + 1;
    let what = error.to_string();
    let what = what.rsplit_once(" at line ").map_or(&*what, |(what, _)| what);
    Problem { at: None, line, column, what: what.into() }
}

/// A place within JSON as a path, and the byte where it begins in the text.
fn place<'s>(text: &str, steps: impl Iterator<Item = LocationSegment<'s>>) -> (String, usize) {
    let mut path = String::from("$");
    let mut value = Some(text.trim());
    let mut begins = value;
    for step in steps {
        value = match step {
            LocationSegment::Property(name) => {
                push_name(&mut path, &name);
                value.and_then(|value| member(value, &name))
            }
            LocationSegment::Index(index) => {
                write!(path, "[{index}]").expect("a String takes every write");
                value.and_then(|value| {
                    let items: Vec<&RawValue> = serde_json::from_str(value).ok()?;
                    Some(items.get(index)?.get())
                })
            }
        };
        begins = value.or(begins);
    }
    let begins = begins.map_or(0, |value| value.as_ptr().addr() - text.as_ptr().addr());
    (path, begins)
}

/// The line and the character of a byte, counted from one.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(at)];
    let line = before.rfind('\n').map_or(0, |end| end + 1);
    (before.matches('\n').count() + 1, before[line..].chars().count() + 1)
}

fn cut(what: &str) -> String {
    if what.len() <= WHAT_BYTES_MAX {
        return what.to_owned();
    }
    format!("{}…", &what[..what.floor_char_boundary(WHAT_BYTES_MAX)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema(schema: &Value) -> Schema {
        Schema::of(Some(schema))
    }

    #[test]
    fn what_is_no_json_is_told_with_its_line_and_character() {
        let verdict = schema(&json!({})).judge("{\n  \"ä\": é\n}");
        let Verdict::NotJson(problem) = verdict else { panic!("{verdict:?}") };
        assert_eq!((problem.line, problem.column, &*problem.what), (2, 8, "expected value"));
        let Verdict::NotJson(problem) = schema(&json!({})).judge("[1]") else { panic!() };
        assert!(problem.what.contains("object"));
        assert_eq!(schema(&json!({})).judge("").count(), 1);
    }

    #[test]
    fn what_does_not_fit_is_told_at_its_path_and_its_place_in_the_text() {
        let schema = schema(&json!({
            "type": "object",
            "required": ["path"],
            "properties": {
                "n": { "type": "integer", "minimum": 1 },
                "list": { "type": "array", "items": { "enum": ["a", "b"] } },
                "na me": { "$ref": "#/$defs/text" },
            },
            "$defs": { "text": { "type": "string" } },
        }));
        assert_eq!(schema.judge(r#"{"path":"x","n":1,"list":["a"],"na me":"y"}"#).count(), 0);
        let text = "{\n  \"n\": \"one\",\n  \"list\": [\"a\", \"c\"],\n  \"na me\": 3\n}";
        let verdict = schema.judge(text);
        let mut told: Vec<_> = verdict
            .problems()
            .iter()
            .map(|problem| (problem.at.as_deref().unwrap(), problem.line, problem.column))
            .collect();
        told.sort_unstable();
        assert_eq!(told, [("$", 1, 1), ("$.list[1]", 3, 17), ("$.n", 2, 8), ("$['na me']", 4, 12)]);
        let words: Vec<&str> = verdict.problems().iter().map(|problem| &*problem.what).collect();
        assert!(words.iter().any(|what| what.contains("\"path\" is a required property")), "{words:?}");
        assert!(words.iter().any(|what| what.contains("is not of type \"integer\"")), "{words:?}");
    }

    #[test]
    fn a_schema_that_cannot_be_used_is_said_and_holds_nothing_up() {
        assert!(Schema::of(None).unknown().is_some());
        for bad in
            [json!({ "type": 7 }), json!({ "$ref": "https://example.com/x.json" }), json!({ "pattern": "(" })]
        {
            let schema = schema(&bad);
            assert!(schema.unknown().unwrap().contains("not understood"), "{bad}");
            assert_eq!(schema.judge("{}").count(), 0);
            assert_eq!(schema.judge("{").count(), 1);
        }
    }

    #[test]
    fn schemas_that_go_in_circles_end_nothing() {
        for circle in [
            json!({ "$ref": "#" }),
            json!({ "allOf": [{ "$ref": "#" }] }),
            json!({ "$ref": "#/$defs/a", "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "$ref": "#/$defs/a" } } }),
            json!({ "properties": { "next": { "$ref": "#" } } }),
        ] {
            let verdict = schema(&circle).judge(r#"{"next":{"next":{}}}"#);
            assert_eq!(verdict.count(), 0, "{circle}");
        }
    }

    #[test]
    fn however_much_is_wrong_only_so_much_is_told() {
        let schema = schema(&json!({ "additionalProperties": { "type": "string", "maxLength": 1 } }));
        let members: Vec<String> = (0..100).map(|number| format!("\"{number}\":{number}")).collect();
        let verdict = schema.judge(&format!("{{{}}}", members.join(",")));
        assert_eq!((verdict.problems().len(), verdict.count()), (PROBLEMS_MAX, 100));
        let long = "x".repeat(100_000);
        let verdict = schema.judge(&format!("{{\"a\":\"{long}\"}}"));
        assert!(verdict.problems()[0].what.len() < 2 * WHAT_BYTES_MAX);
    }
}
