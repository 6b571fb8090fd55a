//! What each key of a TOML file takes: a table, by which a value of the wrong kind is found and told from what was meant.
//!
//! Knows nothing of what a file may say beyond the kinds of values. The table of rules files is here; other files that
//! people write bring their own.

use toml_edit::{Document, Item, TableLike, Value};

/// What a key takes.
#[derive(Clone, Copy, Debug)]
pub enum Takes {
    /// Any text.
    Text,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A glob, or a list of them.
    Globs,
    /// A list of `JSONPath`s.
    Paths,
    /// A list of texts.
    Words,
    /// True or false.
    Flag,
    /// A number without a fraction, from 0 to this.
    Whole(i64),
    /// Any number.
    Number,
    /// Any text, or any number.
    TextOrNumber,
    /// A time, as in "5m".
    Span,
    /// A size, as in "64MB".
    Size,
    /// With these keys at least.
    Table(&'static [&'static str]),
    /// One of the others, or a table with these keys at least.
    Or(&'static Takes, &'static [&'static str]),
    /// A list of tables with these keys at least.
    Tables(&'static [&'static str]),
    /// Texts by names that are the user's.
    Texts,
    /// A table of whatever the user wants.
    Free,
}

use Takes::{
    Flag, Free, Globs, Number, OneOf, Or, Paths, Size, Span, Table, Tables, Text, TextOrNumber, Texts, Whole,
    Words,
};

/// A key with all that it stands in, what it takes, and how that may look.
pub type KeyRow = (&'static str, Takes, &'static str);

type Row = KeyRow;

/// All keys of one kind of file.
pub type Keys = &'static [KeyRow];

const BIG: i64 = i64::MAX;
const SMALL: i64 = u32::MAX as i64;
const WAIT: Takes = OneOf(&["wait", "error"]);

/// The keys of a rules file.
pub(super) const RULES: Keys = &[
    ("rule", Tables(&["name"]), "[[rule]] and name = \"customer records\""),
    ("rule.name", Text, "\"customer records\""),
    ("rule.mode", OneOf(&["on", "observe", "off"]), "\"observe\""),
    ("rule.match", Table(&[]), "{ server = \"crm\", tool = \"get_*\" }"),
    ("rule.match.server", Globs, "\"crm\""),
    ("rule.match.tool", Globs, "[\"get_*\", \"!get_raw\"]"),
    ("rule.match.method", Globs, "\"tools/call\""),
    ("rule.trim", Table(&[]), "{ drop = [\"$.id\"] }"),
    ("rule.trim.keep", Paths, "[\"$.name\", \"$.items[*].sku\"]"),
    ("rule.trim.drop", Paths, "[\"$.id\", \"$..metadata\"]"),
    ("rule.empty", OneOf(&["drop"]), "\"drop\""),
    ("rule.shape", OneOf(&["compact", "table", "csv", "toon", "markdown", "auto"]), "\"table\""),
    ("rule.twin", OneOf(&["keep", "shape", "drop-text", "drop-structured"]), "\"drop-text\""),
    ("rule.limit", Table(&[]), "{ tokens = 8000, over = \"page\" }"),
    ("rule.limit.tokens", Whole(SMALL), "8000"),
    ("rule.limit.bytes", Size, "\"64KB\""),
    ("rule.limit.over", OneOf(&["page", "truncate", "spill", "error"]), "\"page\""),
    ("rule.tools", Table(&[]), "{ hide = [\"delete_*\"] }"),
    ("rule.tools.hide", Globs, "[\"delete_*\"]"),
    ("rule.tools.describe", OneOf(&["first-sentence", "first-line", "none"]), "\"first-sentence\""),
    ("rule.tools.texts", Texts, "{ get_user = \"Gets a user by id.\" }"),
    ("rule.tools.strip", Words, "[\"title\", \"$schema\"]"),
    ("rule.tools.lazy", Flag, "true"),
    ("rule.cache", Table(&["ttl"]), "{ ttl = \"5m\" }"),
    ("rule.cache.ttl", Span, "\"5m\""),
    ("rule.cache.entries", Whole(BIG), "1000"),
    ("rule.cache.bytes", Size, "\"64MB\""),
    ("rule.cache.scope", OneOf(&["session", "shared"]), "\"shared\""),
    ("rule.cache.key", Paths, "[\"$.city\"]"),
    ("rule.cache.idempotent", Flag, "true"),
    ("rule.cache.unsafe", Flag, "true"),
    ("rule.cache.invalidate_on", Globs, "[\"create_*\"]"),
    ("rule.cache.warm", Tables(&["tool"]), "[{ tool = \"get_forecast\", arguments = { city = \"Oslo\" } }]"),
    ("rule.cache.warm.tool", Text, "\"get_forecast\""),
    ("rule.cache.warm.arguments", Free, "{ city = \"Oslo\" }"),
    ("rule.cache.store", Text, "\"redis://127.0.0.1:6379/0\""),
    ("rule.coalesce", Flag, "true"),
    ("rule.rate", Table(&[]), "{ per_minute = 60, burst = 10 }"),
    ("rule.rate.per_second", Number, "0.5"),
    ("rule.rate.per_minute", Number, "60"),
    ("rule.rate.per_hour", Number, "1000"),
    ("rule.rate.burst", Whole(SMALL), "10"),
    ("rule.rate.over", WAIT, "\"error\""),
    ("rule.concurrency", Or(&Whole(BIG), &["max"]), "10, or { max = 10, over = \"error\" }"),
    ("rule.concurrency.max", Whole(BIG), "10"),
    ("rule.concurrency.over", WAIT, "\"error\""),
    ("rule.timeout", Span, "\"30s\""),
    ("rule.delay", Or(&Span, &["min", "max"]), "\"200ms\", or { min = \"100ms\", max = \"2s\" }"),
    ("rule.delay.min", Span, "\"100ms\""),
    ("rule.delay.max", Span, "\"2s\""),
    ("rule.fault", Table(&["rate"]), "{ rate = 0.1, kind = \"error\" }"),
    ("rule.fault.rate", Number, "0.1"),
    ("rule.fault.kind", OneOf(&["tool-error", "error", "silence"]), "\"error\""),
    ("rule.fault.message", Text, "\"the disk is on fire\""),
    ("rule.fault.seed", Whole(BIG), "7"),
    ("pool", Table(&[]), "{ size = 10, idle = \"90s\" }"),
    ("pool.size", Whole(BIG), "10"),
    ("pool.idle", Span, "\"90s\""),
];

/// Where a value is that a key does not take, in bytes of the text, and what it takes. `None` if all have what they take,
/// or the text is no TOML.
pub(super) fn misfit(text: &str, keys: Keys) -> Option<(usize, String)> {
    let document = Document::parse(text).ok()?;
    self::keys(Look { text, rows: keys }, "", document.as_table())
}

/// A text, and what its keys take.
#[derive(Clone, Copy)]
struct Look<'a> {
    text: &'a str,
    rows: Keys,
}

/// The first misfit among the keys of a table.
fn keys(look: Look<'_>, path: &str, table: &dyn TableLike) -> Option<(usize, String)> {
    table.iter().find_map(|(key, item)| {
        let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        match look.rows.iter().find(|(known, _, _)| *known == path) {
            Some(row) => value(look, *row, item),
            None => unknown(look.rows, &path, key, place(table, key, item)),
        }
    })
}

fn unknown(rows: Keys, path: &str, key: &str, place: usize) -> Option<(usize, String)> {
    let above = path.strip_suffix(key)?;
    let beside = |(known, _, _): &Row| known.strip_prefix(above).filter(|rest| !rest.contains('.'));
    let known: Vec<String> = rows.iter().filter_map(beside).map(|known| format!("`{known}`")).collect();
    let said = format!("unknown field `{key}`, expected one of {}", known.join(", "));
    Some((place, super::file::with_suggestion(&said)))
}

fn place(table: &dyn TableLike, key: &str, item: &Item) -> usize {
    let span = table.key(key).and_then(toml_edit::Key::span).or_else(|| item.span());
    span.map_or(0, |span| span.start)
}

/// What is wrong with the value of a key.
fn value(look: Look<'_>, row: Row, item: &Item) -> Option<(usize, String)> {
    let (path, takes, _) = row;
    let misfits = |item: &Item| Some((start(item), told(look.text, row, item)));
    match takes {
        Table(needs) | Or(_, needs) => match (item.as_table_like(), takes) {
            (Some(table), _) => keys(look, path, table).or_else(|| lacks(row, table, needs, start(item))),
            (None, Or(other, _)) if fits(*other, item) => None,
            (None, _) => misfits(item),
        },
        Tables(needs) => {
            if let Some(tables) = item.as_array_of_tables() {
                return tables.iter().find_map(|table| {
                    let place = table.span().map_or(0, |span| span.start);
                    keys(look, path, table).or_else(|| lacks(row, table, needs, place))
                });
            }
            let Some(array) = item.as_array() else { return misfits(item) };
            array.iter().find_map(|value| {
                let item = Item::Value(value.clone());
                match value.as_inline_table() {
                    Some(table) => {
                        let place = value.span().map_or(0, |span| span.start);
                        keys(look, path, table).or_else(|| lacks(row, table, needs, place))
                    }
                    None => misfits(&item),
                }
            })
        }
        Globs | Paths | Words if item.is_array() => {
            let items = item.as_array()?.iter().filter(|value| !value.is_str());
            items.map(|value| Item::Value(value.clone())).find_map(|item| misfits(&item))
        }
        OneOf(words) => match item.as_str() {
            Some(word) if !words.contains(&word) => {
                let known: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
                let said = format!("unknown variant `{word}`, expected one of {}", known.join(", "));
                Some((start(item), super::file::with_suggestion(&said)))
            }
            Some(_) => None,
            None => misfits(item),
        },
        Texts => match item.as_table_like() {
            Some(table) => table.iter().find(|(_, item)| !item.is_str()).and_then(|(_, item)| misfits(item)),
            None => misfits(item),
        },
        Text | TextOrNumber | Globs | Paths | Words | Flag | Whole(_) | Number | Span | Size | Free => {
            if fits(takes, item) { None } else { misfits(item) }
        }
    }
}

/// Whether a value that is no table has the kind.
fn fits(takes: Takes, item: &Item) -> bool {
    match takes {
        Text | Globs | OneOf(_) | Span | Size => item.is_str(),
        Paths | Words => item.is_array(),
        Flag => item.is_bool(),
        Whole(max) => item.as_integer().is_some_and(|number| (0..=max).contains(&number)),
        Number => item.is_integer() || item.is_float(),
        TextOrNumber => item.is_str() || fits(Number, item),
        Free | Texts | Table(_) | Or(..) => item.is_table_like(),
        Tables(_) => item.is_array_of_tables() || item.is_array(),
    }
}

/// What a table is without. Said last: a key that is misspelt is likely to be the one.
fn lacks(
    (path, _, example): Row,
    table: &dyn TableLike,
    needs: &[&str],
    place: usize,
) -> Option<(usize, String)> {
    let lacking = needs.iter().find(|need| !table.contains_key(need))?;
    Some((place, format!("{} lacks {lacking}{}", label(path), as_in(path, example))))
}

fn start(item: &Item) -> usize {
    item.span().map_or(0, |span| span.start)
}

/// A key as people know it: that it stands in a rule, or in a budget, goes without saying.
fn label(path: &str) -> &str {
    ["rule.", "budget."].iter().find_map(|above| path.strip_prefix(above)).unwrap_or(path)
}

fn as_in(path: &str, example: &str) -> String {
    let key = path.rsplit('.').next().unwrap_or(path);
    if example.starts_with("[[") {
        format!(" (as in {example})")
    } else {
        format!(" (as in {key} = {example})")
    }
}

fn told(text: &str, (path, takes, example): Row, item: &Item) -> String {
    if let (Tables(_), Item::Table(_)) = (takes, item) {
        return format!("write [[{path}]] in place of [{path}]: there can be several");
    }
    format!("{} takes {}{}, found {}", label(path), words(takes), as_in(path, example), found(text, item))
}

fn words(takes: Takes) -> String {
    let plain = match takes {
        Text => "a text",
        Globs => "a glob or a list of globs",
        Paths => "a list of JSONPaths",
        Words => "a list of texts",
        Flag => "true or false",
        Whole(SMALL) => "a whole number from 0 to 4294967295",
        Whole(_) => "a whole number from 0",
        Number => "a number",
        TextOrNumber => "a text or a number",
        Span => "a time",
        Size => "a size",
        Table(_) | Free => "a table",
        Tables(_) => "a list of tables",
        Texts => "a table of texts",
        Or(other, _) => return format!("{} or a table", words(*other)),
        OneOf(known) => {
            let known: Vec<String> = known.iter().map(|word| format!("\"{word}\"")).collect();
            return match known.split_last() {
                Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
                _ => known.concat(),
            };
        }
    };
    plain.to_owned()
}

/// What is shown of a value.
const FOUND_CHARS: usize = 40;

/// A value as it was written, on one line.
fn found(text: &str, item: &Item) -> String {
    if let Item::Table(_) | Item::ArrayOfTables(_) = item {
        return "a table".to_owned();
    }
    let written = item.span().and_then(|span| text.get(span));
    let written =
        written.map_or_else(|| item.as_value().map(Value::to_string).unwrap_or_default(), str::to_owned);
    let line = written.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(FOUND_CHARS) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Ruleset;

    /// A file in which a key has this value.
    fn file_with(path: &str, value: &str) -> String {
        let keys: Vec<&str> = label(path).split('.').collect();
        let (first, rest) = keys.split_first().unwrap();
        let inner = rest.iter().rev().fold(value.to_owned(), |inner, key| format!("{{ {key} = {inner} }}"));
        match (path, *first) {
            ("rule", _) => format!("rule = {value}\n"),
            (_, "pool") => format!("pool = {inner}\n"),
            (_, "name") => format!("[[rule]]\nname = {inner}\n"),
            (path, _) if path.starts_with("rule.cache.warm.") => {
                format!("[[rule]]\nname = \"a\"\ncache = {{ ttl = \"1m\", warm = [{{ tool = \"x\", {} = {value} }}] }}\n", keys[2])
                    .replace("tool = \"x\", tool", "tool")
            }
            (_, "cache") if rest.len() == 1 && rest[0] != "ttl" => {
                format!("[[rule]]\nname = \"a\"\ncache = {{ ttl = \"1m\", {} = {value} }}\n", rest[0])
            }
            _ => format!("[[rule]]\nname = \"a\"\n{first} = {inner}\n"),
        }
    }

    #[test]
    fn every_key_says_what_it_takes_where_something_else_stands() {
        for (path, _, _) in RULES {
            for wrong in ["true", "3.5", "-1", "\"?\"", "[]", "[1]", "{ nothing = 1 }", "1979-05-27"] {
                let Err(problem) = Ruleset::parse(&file_with(path, wrong)) else { continue };
                let what = &problem.what;
                for serde in
                    ["invalid type", "wanted", "expected", "untagged", "missing field", "data did not match"]
                {
                    assert!(!what.contains(serde), "{path} = {wrong}: {what}");
                }
            }
        }
    }

    #[test]
    fn every_example_is_one() {
        for (path, _, example) in RULES.iter().filter(|(path, _, _)| *path != "rule") {
            for example in example.split(", or ") {
                // Some need another key beside them; what they take they have.
                assert_eq!(misfit_of(path, example), None, "{path} = {example}");
            }
        }
    }

    fn misfit_of(path: &str, example: &str) -> Option<String> {
        misfit(&file_with(path, example), RULES)
            .map(|(_, what)| what)
            .filter(|what| !what.contains(" lacks "))
    }

    #[test]
    fn what_is_lacking_is_named() {
        for (line, wanted) in [
            ("cache = {}", "line 3, column 9: cache lacks ttl (as in cache = { ttl = \"5m\" })"),
            ("fault = { kind = \"error\" }", "line 3, column 9: fault lacks rate (as in "),
            ("delay = { min = \"1s\" }", "line 3, column 9: delay lacks max (as in "),
            ("concurrency = { over = \"wait\" }", "line 3, column 15: concurrency lacks max (as in "),
            ("cache = { ttl = \"1m\", warm = [{}] }", "line 3, column 31: cache.warm lacks tool (as in "),
        ] {
            let told = Ruleset::parse(&format!("[[rule]]\nname = \"a\"\n{line}\n")).unwrap_err().to_string();
            assert!(told.starts_with(wanted), "{line}: {told}");
        }
        let told = Ruleset::parse("[[rule]]\ncoalesce = true\n").unwrap_err().to_string();
        assert!(told.starts_with("line 1, column 1: rule lacks name"), "{told}");
    }
}
