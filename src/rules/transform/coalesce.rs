//! `coalesce`: lets equal calls in flight share an answer.

use crate::rules::answer::Definition;

/// Why equal calls of a tool must not be made one; `None` if they may.
///
/// A rule that asks for it is believed, unless the tool itself says that a second call changes something more.
pub(in crate::rules) fn objection(definition: Option<&Definition>) -> Option<&'static str> {
    let definition = definition?;
    if definition.read_only || definition.idempotent {
        return None;
    }
    let annotations = crate::wire::member(&definition.text, "annotations")?;
    let says_it_writes = crate::wire::member(annotations, "readOnlyHint") == Some("false")
        || crate::wire::member(annotations, "destructiveHint") == Some("true");
    says_it_writes.then_some("the tool says that each call changes something")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::answer::Catalog;

    #[test]
    fn two_calls_that_each_change_something_stay_two() {
        let mut catalog = Catalog::default();
        let list = r#"{"tools":[{"name":"plain"},{"name":"reads","annotations":{"readOnlyHint":true}},
            {"name":"again","annotations":{"readOnlyHint":false,"idempotentHint":true}},
            {"name":"writes","annotations":{"readOnlyHint":false}},
            {"name":"destroys","annotations":{"destructiveHint":true}}]}"#;
        catalog.learn(list, true);
        for tool in ["plain", "reads", "again", "unknown"] {
            assert_eq!(objection(catalog.get(tool)), None, "{tool}");
        }
        for tool in ["writes", "destroys"] {
            assert!(objection(catalog.get(tool)).is_some(), "{tool}");
        }
    }
}
