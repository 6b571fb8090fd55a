//! JSON that is rows - an array of objects, alone or beside single values in an object - written as a table.
//!
//! Nothing is lost: a cell is a value's JSON, except that a string which could be nothing else stands as it is. An empty
//! cell is a member that is not there. Beside the rows an object's single values stand in front as `name: value`, one a
//! line, and the name of the rows with a colon; a blank line parts the two. Knows nothing of tokens.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::{Id, Tree, compact};
use crate::tokens::ValueKind;
use crate::wire::string_value;

/// Rows with little in common would make a table that is mostly empty: cells at most, per value that is there.
const CELLS_PER_VALUE_MAX: usize = 4;

/// An array of objects, by columns.
pub(in crate::rules) struct Rows<'t, 'a> {
    tree: &'t Tree<'a>,
    /// Single values beside the rows.
    beside: Vec<Id>,
    /// The member that the rows are, if they stand in an object.
    owner: Option<Id>,
    columns: Vec<Cow<'a, str>>,
    /// For each row the value in each column.
    cells: Vec<Vec<Option<Id>>>,
}

impl<'t, 'a> Rows<'t, 'a> {
    /// The rows of a text; `None` if it has none.
    pub(in crate::rules) fn of(tree: &'t Tree<'a>) -> Option<Self> {
        let (owner, array, beside) = match tree.kind(Tree::ROOT) {
            ValueKind::Array => (None, Tree::ROOT, Vec::new()),
            ValueKind::Object => {
                let (containers, single): (Vec<_>, Vec<_>) =
                    tree.children(Tree::ROOT).partition(|&member| tree.is_container(member));
                let [array] = containers[..] else { return None };
                (Some(array), array, single)
            }
            ValueKind::String | ValueKind::Number | ValueKind::Bool | ValueKind::Null => return None,
        };
        let is_table = tree.kind(array) == ValueKind::Array
            && tree.children(array).all(|row| tree.kind(row) == ValueKind::Object);
        if !is_table || !tree.has_distinct_names(Tree::ROOT) {
            return None;
        }
        let (columns, cells) = columns(tree, array)?;
        Some(Self { tree, beside, owner, columns, cells })
    }

    /// Between tabs, a line for each row under a line of names.
    pub(in crate::rules) fn tsv(&self) -> String {
        let row = |cells: Vec<Cow<'_, str>>| cells.join("\t");
        let names = row(self.columns.iter().map(|name| name_cell(name)).collect());
        let rows = self.cells.iter().map(|cells| row(cells.iter().map(|&id| self.cell(id)).collect()));
        self.behind_what_is_beside(&lines(std::iter::once(names).chain(rows)))
    }

    /// Comma-separated values (RFC 4180), with line feeds alone at the ends of lines.
    pub(in crate::rules) fn csv(&self) -> String {
        let terminator = csv::Terminator::Any(b'\n');
        let mut out = csv::WriterBuilder::new().terminator(terminator).from_writer(Vec::new());
        let names: Vec<_> = self.columns.iter().map(|name| name_cell(name)).collect();
        let rows = self.cells.iter().map(|cells| cells.iter().map(|&id| self.cell(id)).collect());
        for row in std::iter::once(names).chain(rows) {
            out.write_record(row.iter().map(|cell| cell.as_bytes()))
                .expect("memory takes every write, and rows are as long as the names");
        }
        let bytes = out.into_inner().expect("memory takes every write");
        let text = String::from_utf8(bytes).expect("cells are text");
        self.behind_what_is_beside(text.strip_suffix('\n').unwrap_or(&text))
    }

    /// A Markdown table.
    pub(in crate::rules) fn markdown(&self) -> String {
        let row = |cells: Vec<Cow<'_, str>>| {
            let cells: Vec<String> = cells.iter().map(|cell| in_markdown(cell)).collect();
            format!("|{}|", cells.join("|"))
        };
        let names = row(self.columns.iter().map(|name| name_cell(name)).collect());
        let rule = format!("|{}", "-|".repeat(self.columns.len()));
        let rows = self.cells.iter().map(|cells| row(cells.iter().map(|&id| self.cell(id)).collect()));
        self.behind_what_is_beside(&lines([names, rule].into_iter().chain(rows)))
    }

    fn behind_what_is_beside(&self, table: &str) -> String {
        let Some(owner) = self.owner else { return table.to_owned() };
        let mut out = String::new();
        for &id in &self.beside {
            let name = self.tree.name(id);
            out.extend([&field_name(&name), ": ", &self.cell(Some(id)), "\n"]);
        }
        if !self.beside.is_empty() {
            out.push('\n');
        }
        out + &field_name(&self.tree.name(owner)) + ":\n" + table
    }

    fn cell(&self, id: Option<Id>) -> Cow<'a, str> {
        let Some(id) = id else { return Cow::Borrowed("") };
        let raw = self.tree.value(id);
        match self.tree.kind(id) {
            ValueKind::String => {
                string_value(raw).filter(|text| is_plain(text)).unwrap_or(Cow::Borrowed(raw))
            }
            ValueKind::Object | ValueKind::Array => Cow::Owned(compact(raw)),
            ValueKind::Number | ValueKind::Bool | ValueKind::Null => Cow::Borrowed(raw),
        }
    }
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}

type Columns<'a> = (Vec<Cow<'a, str>>, Vec<Vec<Option<Id>>>);

/// The names of all rows in the order in which they come up, and the values under them.
fn columns<'a>(tree: &Tree<'a>, array: Id) -> Option<Columns<'a>> {
    let mut places: HashMap<Cow<'a, str>, usize> = HashMap::new();
    let mut names = Vec::new();
    let mut cells: Vec<Vec<Option<Id>>> = Vec::new();
    let mut values = 0;
    for row in tree.children(array) {
        let mut line = vec![None; names.len()];
        for member in tree.children(row) {
            let name = tree.name(member);
            let place = *places.entry(name.clone()).or_insert(names.len());
            if place == names.len() {
                names.push(name);
                line.push(None);
            }
            // A name that comes twice cannot be told apart in a table.
            if line[place].replace(member).is_some() {
                return None;
            }
            values += 1;
        }
        cells.push(line);
        if names.len() * cells.len() > CELLS_PER_VALUE_MAX * values + 64 {
            return None;
        }
    }
    for line in &mut cells {
        line.resize(names.len(), None);
    }
    (!names.is_empty()).then_some((names, cells))
}

/// Whether a string in a cell can be nothing but that string: no JSON, no blanks at its ends, no line breaks or tabs.
fn is_plain(text: &str) -> bool {
    let is_word = matches!(text, "" | "null" | "true" | "false");
    let is_number = || serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    let has_control =
        || text.chars().any(|letter| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}'));
    let starts_container = text.starts_with(['"', '{', '[']);
    !is_word && text.trim() == text && !has_control() && !starts_container && !is_number()
}

/// A name in the first line: as it is, unless it could be misread.
fn name_cell(name: &str) -> Cow<'_, str> {
    if is_plain(name) { Cow::Borrowed(name) } else { Cow::Owned(super::quoted(name)) }
}

/// A name in front of a colon.
fn field_name(name: &str) -> Cow<'_, str> {
    if name.contains(':') { Cow::Owned(super::quoted(name)) } else { name_cell(name) }
}

/// A cell between bars. In JSON a bar can be written otherwise; elsewhere it gets a backslash, as Markdown has it.
fn in_markdown(cell: &str) -> String {
    if !cell.contains('|') && !cell.ends_with('\\') {
        return cell.to_owned();
    }
    if cell.starts_with(['"', '{', '[']) {
        cell.replace('|', "\\u007c")
    } else if cell.contains('\\') {
        super::quoted(cell).replace('|', "\\u007c")
    } else {
        cell.replace('|', "\\|")
    }
}

impl Tree<'_> {
    /// Whether no two members of an object share a name.
    pub(in crate::rules) fn has_distinct_names(&self, id: Id) -> bool {
        let mut names = HashSet::new();
        self.kind(id) != ValueKind::Object || self.children(id).all(|member| names.insert(self.name(member)))
    }
}

#[cfg(test)]
#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "a method's own lifetimes are not general enough"
)]
pub(in crate::rules) mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    fn rows_of<T>(text: &str, read: impl FnOnce(&Rows<'_, '_>) -> T) -> T {
        read(&Rows::of(&Tree::of(text).unwrap()).unwrap())
    }

    #[test]
    fn rows_stand_under_their_names() {
        let text = r#"[{"id":1,"name":"Ada","tags":["a", "b"]},{"id":2.0,"name":"5","more":null}]"#;
        assert_eq!(
            rows_of(text, |rows| rows.tsv()),
            "id\tname\ttags\tmore\n1\tAda\t[\"a\",\"b\"]\t\n2.0\t\"5\"\t\tnull"
        );
        assert_eq!(
            rows_of(text, |rows| rows.csv()),
            "id,name,tags,more\n1,Ada,\"[\"\"a\"\",\"\"b\"\"]\",\n2.0,\"\"\"5\"\"\",,null"
        );
        assert_eq!(
            rows_of(text, |rows| rows.markdown()),
            "|id|name|tags|more|\n|-|-|-|-|\n|1|Ada|[\"a\",\"b\"]||\n|2.0|\"5\"||null|"
        );
    }

    #[test]
    fn single_values_stand_in_front_of_the_rows_they_come_with() {
        let text = r#"{"total": 2, "items": [{"a":1},{"a":2}], "next:": "x y"}"#;
        assert_eq!(rows_of(text, |rows| rows.tsv()), "total: 2\n\"next:\": x y\n\nitems:\na\n1\n2");
        assert_eq!(rows_of(r#"{"items":[{"a":1}]}"#, |rows| rows.tsv()), "items:\na\n1");
    }

    #[test]
    fn tabs_breaks_and_bars_stay_within_their_cell() {
        let text = r#"[{"a":"x\ty","b":"p|q","c":"l\\|m","d":"end\\","e":"1\n2"}]"#;
        assert_eq!(
            rows_of(text, |rows| rows.tsv()),
            "a\tb\tc\td\te\n\"x\\ty\"\tp|q\tl\\|m\tend\\\t\"1\\n2\""
        );
        assert_eq!(
            rows_of(text, |rows| rows.markdown()),
            "|a|b|c|d|e|\n|-|-|-|-|-|\n|\"x\\ty\"|p\\|q|\"l\\\\\\u007cm\"|\"end\\\\\"|\"1\\n2\"|"
        );
    }

    #[test]
    fn what_is_no_table_is_none() {
        for text in [
            "[]",
            "{}",
            "[1]",
            "[{}]",
            "[{},{}]",
            r#"{"a":[{"b":1}],"c":{}}"#,
            r#"[{"a":1,"a":2}]"#,
            r#"{"a":1}"#,
            "[{\"a\":1},2]",
        ] {
            assert!(Rows::of(&Tree::of(text).unwrap()).is_none(), "{text}");
        }
        let sparse: Vec<_> = (0..100).map(|n| format!(r#"{{"column {n}":1}}"#)).collect();
        assert!(Rows::of(&Tree::of(&format!("[{}]", sparse.join(","))).unwrap()).is_none());
    }

    /// Reads a cell as the head of this file says.
    fn read_cell(cell: &str) -> Option<Value> {
        if cell.is_empty() {
            return None;
        }
        Some(serde_json::from_str(cell).unwrap_or_else(|_| Value::from(cell)))
    }

    fn read_name(cell: &str) -> String {
        if cell.starts_with('"') { serde_json::from_str(cell).unwrap() } else { cell.to_owned() }
    }

    fn read_rows(mut lines: impl Iterator<Item = Vec<String>>) -> Value {
        let names: Vec<String> = lines.next().unwrap().iter().map(|name| read_name(name)).collect();
        lines
            .map(|cells| -> Value {
                assert_eq!(cells.len(), names.len());
                names
                    .iter()
                    .zip(cells)
                    .filter_map(|(name, cell)| Some((name.clone(), read_cell(&cell)?)))
                    .collect::<Map<_, _>>()
                    .into()
            })
            .collect()
    }

    fn split(text: &str, by: char) -> Vec<String> {
        text.split(by).map(str::to_owned).collect()
    }

    pub(in crate::rules) fn read_tsv(text: &str) -> Value {
        read_rows(text.split('\n').map(|line| split(line, '\t')))
    }

    fn read_csv(text: &str) -> Value {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        read_rows(reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()))
    }

    /// As GitHub reads tables: a bar with a backslash in front is no border.
    fn read_markdown(text: &str) -> Value {
        let line = |line: &str| {
            let inner = line.strip_prefix('|').unwrap().strip_suffix('|').unwrap();
            split(&inner.replace("\\|", "\u{0}"), '|').iter().map(|cell| cell.replace('\u{0}', "|")).collect()
        };
        let lines: Vec<Vec<String>> = text.split('\n').map(line).collect();
        assert!(lines[1].iter().all(|cell| cell == "-"));
        read_rows(lines.into_iter().enumerate().filter(|(n, _)| *n != 1).map(|(_, line)| line))
    }

    pub(in crate::rules) fn cell() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-c|\\\\\t\n\r ,\"':;\u{85}\u{2028}é{}\\[\\]0-9.eE+-]{0,8}".prop_map(Value::from),
            prop_oneof![Just("null"), Just("true"), Just("1e3"), Just("-0"), Just("{}"), Just("\\|")]
                .prop_map(Value::from),
            proptest::collection::vec("[|a\\\\\t]{0,3}", 0..3).prop_map(Value::from),
            Just(json!({"x": {"y|": [1, "|"]}})),
        ]
    }

    pub(in crate::rules) fn rows() -> impl Strategy<Value = Value> {
        let row = proptest::collection::btree_map("[ab|:\" \t\\\\1]{0,2}", cell(), 1..5);
        proptest::collection::vec(row, 1..5)
            .prop_map(|rows| rows.into_iter().map(|row| Value::Object(row.into_iter().collect())).collect())
    }

    proptest! {
        #[test]
        fn every_table_reads_back_as_what_it_was(value in rows()) {
            let text = serde_json::to_string_pretty(&value).unwrap();
            let tree = Tree::of(&text).unwrap();
            let Some(rows) = Rows::of(&tree) else { return Ok(()) };
            prop_assert_eq!(read_tsv(&rows.tsv()), value.clone(), "{}", rows.tsv());
            prop_assert_eq!(read_csv(&rows.csv()), value.clone(), "{}", rows.csv());
            prop_assert_eq!(read_markdown(&rows.markdown()), value, "{}", rows.markdown());
        }

        #[test]
        fn what_stands_beside_the_rows_reads_back(beside in proptest::collection::btree_map("[a-c: \n\"]{0,3}", cell(), 0..4), value in rows()) {
            let mut object: Map<String, Value> = beside.into_iter().filter(|(_, value)| !value.is_object() && !value.is_array()).collect();
            object.insert("rows".to_owned(), value);
            let text = Value::Object(object.clone()).to_string();
            let tree = Tree::of(&text).unwrap();
            let Some(rows) = Rows::of(&tree) else { return Ok(()) };
            let written = rows.tsv();
            let mut read = Map::new();
            let mut rest = written.as_str();
            loop {
                let line;
                (line, rest) = rest.split_once('\n').unwrap();
                if line == "rows:" {
                    break;
                }
                if line.is_empty() {
                    continue;
                }
                let (name, value) = if line.starts_with('"') {
                    let mut names = serde_json::Deserializer::from_str(line).into_iter::<String>();
                    let name = names.next().unwrap().unwrap();
                    (name, &line[names.byte_offset() + 2..])
                } else {
                    let (name, value) = line.split_once(": ").unwrap();
                    (name.to_owned(), value)
                };
                read.insert(name, read_cell(value).unwrap());
            }
            read.insert("rows".to_owned(), read_tsv(rest));
            prop_assert_eq!(read, object);
        }
    }
}
