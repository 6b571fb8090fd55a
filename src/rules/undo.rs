//! A change to a rules file taken back, also where other things have changed since.
//!
//! What is taken back is what the change did to rules, one by one: what somebody else did to other rules and every comment
//! stay. Knows nothing of who made a change.

use thiserror::Error;

use super::{Problem, Rule, Ruleset, edit};

/// Why a change cannot be taken back.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UndoError {
    /// The rule it was about has been changed again.
    #[error("the rule \"{0}\" has been changed since, so it is left as it is")]
    ChangedSince(String),
    /// It was about something else than rules: comments, their order, the pool.
    #[error(
        "the rules have been changed since, and what was changed here before is no single rule: they are left as they are"
    )]
    NoRule,
    /// One of the texts is no rules file.
    #[error(transparent)]
    Problem(#[from] Problem),
}

/// The text `now` without what was changed from `before` to `after`.
///
/// # Errors
/// If what was changed then has been changed again since, or one of the texts is no rules file.
pub fn take_back(now: &str, before: &str, after: &str) -> Result<String, UndoError> {
    if now == after {
        return Ok(before.to_owned());
    }
    let [current, old, new] = [Ruleset::parse(now)?, Ruleset::parse(before)?, Ruleset::parse(after)?];
    if old.pool != new.pool {
        return Err(UndoError::NoRule);
    }
    let is_as_made = |name: &str| current.rule(name) == new.rule(name);
    let differs = |rule: &&Rule| new.rule(&rule.name) != Some(*rule);
    let is_added = |rule: &&Rule| old.rule(&rule.name).is_none();
    let touched = old.rules.iter().filter(differs).chain(new.rules.iter().filter(is_added));
    let names: Vec<&str> = touched.map(|rule| rule.name.as_str()).collect();
    if names.is_empty() {
        return Err(UndoError::NoRule);
    }
    if let Some(name) = names.iter().find(|name| !is_as_made(name)) {
        return Err(UndoError::ChangedSince((*name).to_owned()));
    }
    let mut text = now.to_owned();
    for rule in new.rules.iter().filter(is_added) {
        text = edit::remove(&text, &rule.name)?;
    }
    // From the last to the first, so that each finds those before which it stood.
    for (at, rule) in old.rules.iter().enumerate().rev().filter(|(_, rule)| differs(rule)) {
        let later: Vec<&str> = old.rules[at + 1..].iter().map(|rule| rule.name.as_str()).collect();
        text = edit::upsert_before(&text, rule, &later)?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "[[rule]]\nname = \"a\"\ndelay = \"100ms\"\n";
    const B: &str = "[[rule]]\nname = \"b\"\ncoalesce = true\n";

    fn names(text: &str) -> Vec<String> {
        Ruleset::parse(text).unwrap().rules.into_iter().map(|rule| rule.name).collect()
    }

    #[test]
    fn a_change_that_was_the_last_is_taken_back_to_the_byte() {
        let before = format!("# mine\n{A}");
        assert_eq!(take_back(&format!("{A}{B}"), &before, &format!("{A}{B}")).unwrap(), before);
    }

    #[test]
    fn what_others_did_to_the_file_since_stays() {
        let by_hand = format!("# slower\n{}{B}# end\n", A.replace("100ms", "200ms"));
        let text = take_back(&by_hand, A, &format!("{A}{B}")).unwrap();
        assert_eq!(names(&text), ["a"]);
        assert!(text.starts_with("# slower\n") && text.contains("200ms"), "{text}");
        // A rule that was taken out comes back in its place.
        let text = take_back(&format!("# note\n{B}"), &format!("{A}{B}"), B).unwrap();
        assert_eq!(names(&text), ["a", "b"]);
        assert!(text.contains("# note"), "{text}");
        let off = A.replace("delay", "mode = \"off\"\ndelay");
        let text = take_back(&format!("{off}# more\n{B}"), A, &off).unwrap();
        assert_eq!(Ruleset::parse(&text).unwrap(), Ruleset::parse(&format!("{A}{B}")).unwrap());
    }

    #[test]
    fn a_rule_that_was_changed_again_is_left_alone() {
        let since = format!("{A}{}", B.replace("true", "true\nmode = \"observe\""));
        let error = take_back(&since, A, &format!("{A}{B}")).unwrap_err();
        assert_eq!(error, UndoError::ChangedSince("b".to_owned()));
        assert_eq!(take_back(&format!("# by hand\n{A}"), A, &format!("{A}# end\n")), Err(UndoError::NoRule));
    }
}
