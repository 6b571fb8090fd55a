//! Changes to the text of a rules file: comments, order and layout of everything else stay as they are.
//!
//! Works on text so that what a person wrote stays theirs. Knows nothing of files.

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

use super::{Mode, Problem, Rule, Ruleset};

/// Sets the mode of a rule.
///
/// # Errors
/// If the text is no rules file, or has no rule of this name.
pub fn set_mode(text: &str, name: &str, mode: Mode) -> Result<String, Problem> {
    change(text, name, |table| match mode {
        // As it is without saying.
        Mode::On => {
            table.remove("mode");
        }
        Mode::Observe | Mode::Off => table["mode"] = value(mode.as_str()),
    })
}

/// Takes a rule out.
///
/// # Errors
/// If the text is no rules file, or has no rule of this name.
pub fn remove(text: &str, name: &str) -> Result<String, Problem> {
    let mut document = open(text)?;
    let position = position(&document, name).ok_or_else(|| unknown(name))?;
    if let Some(rules) = document.get_mut("rule").and_then(Item::as_array_of_tables_mut) {
        rules.remove(position);
    }
    finish(&document)
}

/// Puts a rule in: in the place of the one with its name, or at the end. Of one that is there already, only the keys whose
/// values differ are touched.
///
/// # Errors
/// If the text is no rules file, or the rule is none that may stand in one.
pub fn upsert(text: &str, rule: &Rule) -> Result<String, Problem> {
    upsert_before(text, rule, &[])
}

/// Puts a rule in as [`upsert`] does; a new one before the first of those named `later`, because rules act in their order.
///
/// # Errors
/// If the text is no rules file, or the rule is none that may stand in one.
pub fn upsert_before(text: &str, rule: &Rule, later: &[&str]) -> Result<String, Problem> {
    let wanted = table_of(rule)?;
    let mut document = open(text)?;
    let said = Ruleset::parse(text)?.rule(&rule.name).map(table_of).transpose()?;
    let known = position(&document, &rule.name);
    let rules = document.entry("rule").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    let Some(rules) = rules.as_array_of_tables_mut() else {
        let what =
            "the rules of this file stand in one array: write each as [[rule]] so that it can be changed";
        return Err(Problem { line: 1, column: 1, what: what.to_owned() });
    };
    match (known.and_then(|position| rules.get_mut(position)), said) {
        (Some(table), Some(said)) => merge(table, &said, &wanted),
        _ => insert(rules, wanted, later),
    }
    finish(&document)
}

fn insert(rules: &mut ArrayOfTables, wanted: Table, later: &[&str]) {
    let is_later =
        |table: &Table| table.get("name").and_then(Item::as_str).is_some_and(|name| later.contains(&name));
    let at = rules.iter().position(is_later);
    match at {
        None => rules.push(wanted),
        // Without a position of its own it is written behind the one before it.
        Some(at) => rules.insert(at, wanted),
    }
}

/// A rule as the text of a rules file.
///
/// # Errors
/// If the rule is none that may stand in a file.
pub fn text_of(rule: &Rule) -> Result<String, Problem> {
    upsert("", rule)
}

fn change(text: &str, name: &str, change: impl FnOnce(&mut Table)) -> Result<String, Problem> {
    let mut document = open(text)?;
    let position = position(&document, name).ok_or_else(|| unknown(name))?;
    let rules = document.get_mut("rule").and_then(Item::as_array_of_tables_mut);
    if let Some(table) = rules.and_then(|rules| rules.get_mut(position)) {
        change(table);
    }
    finish(&document)
}

fn open(text: &str) -> Result<DocumentMut, Problem> {
    Ruleset::parse(text)?;
    text.parse().map_err(|error: toml_edit::TomlError| {
        Problem::at(text, error.span().map_or(0, |span| span.start), error.message().to_owned())
    })
}

/// What is left has to be a rules file as well.
fn finish(document: &DocumentMut) -> Result<String, Problem> {
    let text = document.to_string();
    Ruleset::parse(&text)?;
    Ok(text)
}

fn position(document: &DocumentMut, name: &str) -> Option<usize> {
    let rules = document.get("rule")?.as_array_of_tables()?;
    rules.iter().position(|table| table.get("name").and_then(Item::as_str) == Some(name))
}

fn unknown(name: &str) -> Problem {
    Problem {
        line: 1,
        column: 1,
        what: format!("there is no rule \"{name}\" in the rules file, or not as [[rule]]"),
    }
}

/// A rule as a table: its parts as inline tables, one a line.
fn table_of(rule: &Rule) -> Result<Table, Problem> {
    let wrong = |what: String| Problem { line: 1, column: 1, what };
    let text = toml::to_string(rule).map_err(|error| wrong(error.to_string()))?;
    let document: DocumentMut =
        text.parse().map_err(|error: toml_edit::TomlError| wrong(error.to_string()))?;
    let mut table = Table::new();
    // What it is about stands before what it does.
    let first = ["name", "mode", "match"];
    let rest = document.iter().map(|(key, _)| key).filter(|key| !first.contains(key));
    for key in first.into_iter().chain(rest) {
        let Some(mut item) = document.get(key).cloned() else { continue };
        item.make_value();
        if let Some(value) = item.as_value_mut() {
            value.decor_mut().clear();
        }
        table.insert(key, item);
    }
    Ok(table)
}

/// Makes a table that says `known` say `wanted`, and leaves alone what is the same in both.
fn merge(table: &mut Table, known: &Table, wanted: &Table) {
    let plain = |item: Option<&Item>| item.map(Item::to_string);
    for (key, _) in known {
        if !wanted.contains_key(key) {
            table.remove(key);
        }
    }
    for (key, item) in wanted {
        if plain(known.get(key)) != plain(Some(item)) {
            // Taken out first: the layout of its key may be that of a table.
            table.remove(key);
            table.insert(key, item.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# what we do\n\n[[rule]] # first\nname = \"a\" # its name\ncoalesce = true\n\n# the second\n[[rule]]\nname = \"b\"\n[rule.cache]\nttl = \"5m\" # long enough\n";

    fn rule(text: &str) -> Rule {
        Ruleset::parse(text).unwrap().rules.remove(0)
    }

    #[test]
    fn a_mode_is_set_and_taken_back_and_comments_stay() {
        let off = set_mode(FILE, "a", Mode::Off).unwrap();
        assert_eq!(off, FILE.replacen("coalesce = true\n", "coalesce = true\nmode = \"off\"\n", 1));
        assert_eq!(Ruleset::parse(&off).unwrap().rules[0].mode, Mode::Off);
        assert_eq!(set_mode(&off, "a", Mode::On).unwrap(), FILE);
        assert!(set_mode(FILE, "c", Mode::Off).unwrap_err().what.contains("no rule \"c\""));
    }

    #[test]
    fn a_new_rule_comes_last_and_an_old_one_is_changed_where_it_differs() {
        let new = rule("[[rule]]\nname = \"c\"\nmatch = { tool = \"x\" }\ntrim = { drop = [\"$.a\"] }\n");
        let text = upsert(FILE, &new).unwrap();
        assert!(text.starts_with(FILE), "{text}");
        assert_eq!(Ruleset::parse(&text).unwrap().rules[2], new);
        assert!(text.contains("trim = { drop = [\"$.a\"] }\n"), "{text}");
        let mut second = Ruleset::parse(FILE).unwrap().rules.remove(1);
        second.mode = Mode::Observe;
        let text = upsert(FILE, &second).unwrap();
        assert!(text.contains("ttl = \"5m\" # long enough"), "{text}");
        assert_eq!(Ruleset::parse(&text).unwrap().rules[1], second);
    }

    #[test]
    fn a_new_rule_stands_before_those_that_act_after_it() {
        let new = rule("[[rule]]\nname = \"c\"\ntrim = { drop = [\"$.a\"] }\n");
        let names = |text: &str| -> Vec<String> {
            Ruleset::parse(text).unwrap().rules.into_iter().map(|rule| rule.name).collect()
        };
        let text = upsert_before(FILE, &new, &["b", "z"]).unwrap();
        assert_eq!(names(&text), ["a", "c", "b"], "{text}");
        assert!(
            text.contains("# the second\n[[rule]]\nname = \"b\"") && text.contains("# long enough"),
            "{text}"
        );
        let text = upsert_before(FILE, &new, &["a"]).unwrap();
        assert_eq!(names(&text), ["c", "a", "b"], "{text}");
        let with_pool = format!("{FILE}\n[pool] # last\nsize = 2\n");
        let text = upsert_before(&with_pool, &new, &["b"]).unwrap();
        assert_eq!(names(&text), ["a", "c", "b"], "{text}");
        assert!(text.contains("[pool] # last"), "{text}");
        assert_eq!(names(&upsert_before(FILE, &new, &["z"]).unwrap()), ["a", "b", "c"]);
        // One that is there stays where it is.
        let first = Ruleset::parse(FILE).unwrap().rules.remove(1);
        assert_eq!(names(&upsert_before(FILE, &first, &["a"]).unwrap()), ["a", "b"]);
    }

    #[test]
    fn a_rule_is_taken_out() {
        let text = remove(FILE, "a").unwrap();
        let left = Ruleset::parse(&text).unwrap().rules;
        assert_eq!(left.iter().map(|rule| rule.name.as_str()).collect::<Vec<_>>(), ["b"]);
        assert!(text.contains("# long enough"));
    }

    #[test]
    fn a_rule_alone_is_a_file() {
        let one = rule(FILE);
        assert_eq!(Ruleset::parse(&text_of(&one).unwrap()).unwrap().rules, [one]);
    }

    #[test]
    fn a_broken_file_is_not_touched() {
        let problem = upsert("[[rule]]\nnme = \"a\"", &rule(FILE)).unwrap_err();
        assert_eq!((problem.line, problem.column), (2, 1));
    }
}
