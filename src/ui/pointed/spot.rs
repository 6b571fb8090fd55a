//! Where in a result somebody points, and the `JSONPath`s that mean it.
//!
//! Knows nothing of trees on the screen, nor of what rules do with a path.

use crate::tokens::push_name;
use crate::ui::widgets::json::way::Step;

/// A value within a result: the steps from the root of its `structuredContent`, or of a text block that is JSON.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spot {
    steps: Vec<Step>,
}

/// Which values a path means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// The value at this place, in every item of the arrays on the way to it.
    Here,
    /// Every member of this name, wherever it stands.
    Everywhere,
}

/// Why no rule can be about a place of a message.
pub const NO_SPOT: &str = "Point at a field of the result: in structuredContent, or in a text of JSON";

impl Spot {
    /// The value that some steps from the root of an answer lead to.
    ///
    /// # Errors
    /// If it is no part of what rules change, in words for the user.
    pub fn of(steps: &[Step]) -> Result<Self, &'static str> {
        let named =
            |step: Option<&Step>, wanted: &str| matches!(step, Some(Step::Name(name)) if name == wanted);
        if !named(steps.first(), "result") {
            return Err(NO_SPOT);
        }
        let rest = if named(steps.get(1), "structuredContent") {
            &steps[2..]
        } else if named(steps.get(1), "content")
            && matches!(steps.get(2), Some(Step::Index(_)))
            && named(steps.get(3), "text")
            && matches!(steps.get(4), Some(Step::Inside))
        {
            &steps[5..]
        } else {
            return Err(NO_SPOT);
        };
        // What a string within the result holds is text to rules: they mean the whole string.
        let end = rest.iter().position(|step| *step == Step::Inside).unwrap_or(rest.len());
        if end == 0 {
            return Err(NO_SPOT);
        }
        Ok(Self { steps: rest[..end].to_vec() })
    }

    /// The path that means it, as in RFC 9535.
    #[must_use]
    pub fn path(&self, reach: Reach) -> String {
        let mut path = String::from("$");
        match (reach, self.steps.last()) {
            (Reach::Everywhere, Some(Step::Name(name))) => {
                let mut member = String::new();
                push_name(&mut member, name);
                // `$..name`, and `$..['na me']`.
                path.push_str(if member.starts_with('.') { "." } else { ".." });
                path.push_str(&member);
            }
            _ => {
                for step in &self.steps {
                    match step {
                        Step::Name(name) => push_name(&mut path, name),
                        Step::Index(_) => path.push_str("[*]"),
                        Step::Inside => {}
                    }
                }
            }
        }
        path
    }

    /// Whether its name can be looked for everywhere, and that means more than this place.
    #[must_use]
    pub fn has_name(&self) -> bool {
        matches!(self.steps.last(), Some(Step::Name(_)))
            && self.path(Reach::Here) != self.path(Reach::Everywhere)
    }

    /// Whether it stands within an array, so that a path means the same in all of its items.
    #[must_use]
    pub fn is_in_items(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Index(_)))
    }

    /// What people call it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self.steps.last() {
            Some(Step::Name(name)) => name,
            _ => "item",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Path;

    fn name(text: &str) -> Step {
        Step::Name(text.to_owned())
    }

    #[test]
    fn paths_begin_where_rules_begin_and_mean_all_items() {
        let rest = [name("items"), Step::Index(3), name("meta data")];
        let structured = [&[name("result"), name("structuredContent")], &rest[..]].concat();
        let text = [name("result"), name("content"), Step::Index(1), name("text"), Step::Inside];
        for steps in [structured, [&text, &rest[..]].concat()] {
            let spot = Spot::of(&steps).unwrap();
            assert_eq!(spot.path(Reach::Here), "$.items[*]['meta data']");
            assert_eq!(spot.path(Reach::Everywhere), "$..['meta data']");
            assert!(spot.is_in_items() && spot.has_name());
        }
        let spot = Spot::of(&[name("result"), name("structuredContent"), name("mrr")]).unwrap();
        assert_eq!((spot.path(Reach::Here), spot.path(Reach::Everywhere)), ("$.mrr".into(), "$..mrr".into()));
        for path in ["$.items[*]['meta data']", "$..['meta data']", "$..mrr"] {
            assert!(path.parse::<Path>().is_ok(), "{path}");
        }
    }

    #[test]
    fn whatever_a_member_is_called_its_path_means_it() {
        for member in ["a", "ä b", "it's", "back\\slash", "", "0", "tab\there", "日本"] {
            let spot = Spot::of(&[name("result"), name("structuredContent"), name(member)]).unwrap();
            let value = serde_json::json!({ member: 1, "other": { member: 2 } });
            for (reach, found) in [(Reach::Here, 1), (Reach::Everywhere, 2)] {
                let path: Path = spot.path(reach).parse().unwrap();
                assert_eq!(path.query().query(&value).len(), found, "{path}");
            }
        }
    }

    #[test]
    fn json_in_a_string_of_the_result_is_a_string_to_rules() {
        let steps = [name("result"), name("structuredContent"), name("log"), Step::Inside, name("level")];
        assert_eq!(Spot::of(&steps).unwrap().path(Reach::Here), "$.log");
    }

    #[test]
    fn what_rules_do_not_change_cannot_be_pointed_at() {
        for steps in [
            vec![],
            vec![name("id")],
            vec![name("result"), name("structuredContent")],
            vec![name("result"), name("isError")],
            vec![name("result"), name("content"), Step::Index(0), name("type")],
            vec![name("result"), name("content"), Step::Index(0), name("text")],
        ] {
            assert!(Spot::of(&steps).is_err(), "{steps:?}");
        }
    }
}
