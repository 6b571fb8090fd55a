//! The configuration files of clients as text: their servers, and mcptop put in front of one and taken away again.
//!
//! Every other byte stays as it is: comments, order, layout, line ends, a mark at the beginning. What a change has done is read
//! again and taken back on trial before it is handed out. Knows nothing of where files are.

mod address;
mod entry;
mod jsonc;
mod splice;
#[cfg(test)]
mod tests;
mod toml;
mod tree;
mod yaml;

use serde_json::{Map, Value};

pub use entry::Launch;
use entry::Start;
use splice::{Sheet, apply};
use tree::{Kind, Layout, Node};

use super::Shape;

/// Some editors put this in front.
const MARK: char = '\u{FEFF}';

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON, with comments and trailing commas where the client takes them.
    Json,
    /// TOML 1.1.
    Toml,
    /// YAML 1.2.
    Yaml,
}

impl Format {
    /// By the end of a file's name.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        let end = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        match &*end {
            "toml" => Self::Toml,
            "yaml" | "yml" => Self::Yaml,
            _ => Self::Json,
        }
    }
}

/// Why a file is left alone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It is not what its name says. Lines and columns count from 1, columns in characters.
    #[error("line {line}, column {column}: {what}")]
    Syntax {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
        /// What is wrong there.
        what: String,
    },
    /// There is no such server.
    #[error("it has no server \"{0}\"")]
    Unknown(String),
    /// There are two.
    #[error("it has more than one server \"{0}\"")]
    Twice(String),
    /// mcptop is there already.
    #[error("mcptop is in front of it already")]
    Wrapped,
    /// mcptop is not there, or was put there by hand.
    #[error("mcptop was not put in front of it by `mcptop clients wrap`")]
    NotWrapped,
    /// The entry is written in a way that cannot be changed without a loss.
    #[error("{0}")]
    Form(&'static str),
    /// The trial has failed.
    #[error("its entry is written in a way that could not be restored exactly")]
    NotRestorable,
}

impl Problem {
    fn syntax(text: &str, at: usize, what: &str) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        Self::Syntax { line, column: before[line_start..].chars().count() + 1, what: what.to_owned() }
    }
}

/// A server of a file.
#[derive(Clone, Debug)]
pub struct Server {
    /// The name of the part of the file it stands in, where the file has several: for Claude Code the folder of a project.
    pub group: Option<String>,
    /// What its user calls it.
    pub name: String,
    /// What it starts.
    pub launch: Launch,
    /// Whether its client uses it.
    pub is_on: bool,
    /// Its entry.
    pub entry: Value,
    /// The fields that requests to its address are given, by name.
    pub fields: Map<String, Value>,
    /// The positions that lead to the entry.
    place: Vec<usize>,
}

impl Server {
    /// The program that its client starts, mcptop if that was put in front.
    #[must_use]
    pub fn program(&self) -> Option<&str> {
        let said = ["command", "cmd"].into_iter().find_map(|name| self.entry.get(name))?;
        said.as_str().or_else(|| said.get(0)?.as_str())
    }
}

/// A configuration file that has been read.
#[derive(Clone, Debug)]
pub struct Document<'t> {
    text: &'t str,
    format: Format,
    root: Node,
}

impl<'t> Document<'t> {
    /// Reads a text.
    ///
    /// # Errors
    /// If it does not parse.
    pub fn parse(text: &'t str, format: Format) -> Result<Self, Problem> {
        let text = text.strip_prefix(MARK).unwrap_or(text);
        let root = match format {
            Format::Json => jsonc::read(text)?,
            Format::Toml => toml::read(text)?,
            Format::Yaml => yaml::read(text)?,
        };
        Ok(Self { text, format, root })
    }

    /// The servers below these names, in the order of the file; `*` stands for every name, which then is the group. They stand
    /// by name, or in a list as entries with a `name`.
    #[must_use]
    pub fn servers(&self, keys: &[&str]) -> Vec<Server> {
        let mut found = Vec::new();
        collect(&self.root, keys, None, &mut Vec::new(), &mut found);
        found
    }

    /// Whether there is something below these names that may hold servers.
    #[must_use]
    pub fn has(&self, keys: &[&str]) -> bool {
        let mut node = Some(&self.root);
        for key in keys.iter().take_while(|key| **key != "*") {
            node = node.and_then(|node| node.get(key));
        }
        node.is_some_and(|node| matches!(node.kind, Kind::Map(..) | Kind::List(..)))
    }

    fn at(&self, place: &[usize]) -> Option<&Node> {
        place.iter().try_fold(&self.root, |node, index| match &node.kind {
            Kind::Map(members, _) => members.get(*index).map(|member| &member.value),
            Kind::List(items, _) => items.get(*index),
            Kind::Text(_) | Kind::Plain(_) | Kind::Tied => None,
        })
    }
}

fn collect(node: &Node, keys: &[&str], group: Option<&str>, place: &mut Vec<usize>, found: &mut Vec<Server>) {
    let members = node.members().map_or(&[][..], |(members, _)| members);
    if let [key, rest @ ..] = keys {
        for (index, member) in members.iter().enumerate() {
            let group = match *key {
                "*" => Some(&*member.key),
                key if key == member.key => group,
                _ => continue,
            };
            place.push(index);
            collect(&member.value, rest, group, place, found);
            place.pop();
        }
        return;
    }
    let mut add = |index: usize, name: &str, entry: &Node| {
        let place = place.iter().copied().chain([index]).collect();
        let group = group.map(str::to_owned);
        found.push(server(group, name, entry, place));
    };
    for (index, member) in members.iter().enumerate() {
        if !is_group(&member.value) {
            add(index, &member.key, &member.value);
        }
    }
    for (index, item) in node.items().map_or(&[][..], |(items, _)| items).iter().enumerate() {
        if let Some(name) = item.get("name").and_then(Node::text) {
            add(index, name, item);
        }
    }
}

/// Whether there are servers in this, so that it is none itself: `OpenCode` has them one name deeper since its second version.
fn is_group(entry: &Node) -> bool {
    let (members, _) = entry.members().unwrap_or((&[], Layout::Flow));
    let starts = |node: &Node| !matches!(Launch::of(node), Launch::Nothing);
    !starts(entry) && members.iter().any(|member| starts(&member.value))
}

fn server(group: Option<String>, name: &str, entry: &Node, place: Vec<usize>) -> Server {
    let value = entry.value();
    let is_on = value["disabled"] != true && value["enabled"] != false;
    let launch = Launch::of(entry);
    let fields = entry::fields(entry, &launch);
    Server { group, name: name.to_owned(), launch, is_on, entry: value, fields, place }
}

/// Which server of a file is meant.
#[derive(Clone, Copy, Debug)]
pub struct Which<'a> {
    /// The names that lead to the servers, as for [`Document::servers`].
    pub keys: &'a [&'a str],
    /// Its group.
    pub group: Option<&'a str>,
    /// Its name.
    pub name: &'a str,
}

/// Puts mcptop in front of the command or the address of one server; `program` is how the client starts mcptop.
///
/// # Errors
/// If the text does not parse, has no such server, or its entry cannot be changed so that [`unwrap`] gives the same bytes.
pub fn wrap(
    text: &str,
    format: Format,
    which: Which<'_>,
    shape: &Shape,
    program: &str,
) -> Result<String, Problem> {
    let document = Document::parse(text, format)?;
    let server = one(&document, which)?;
    if which.name.starts_with('-') {
        return Err(Problem::Form("its name begins with a dash and would be taken for a flag"));
    }
    let changed = edit(&document, &server, |sheet, entry| match &server.launch {
        Launch::Command(_) => sheet.wrap(start(entry)?, program, which.name),
        Launch::Address(_) => address::wrap(sheet, entry, shape, program, which.name),
        Launch::Wrapped(_) | Launch::Fronted(_) | Launch::ByHand(_) => Err(Problem::Wrapped),
        // Says why, if its command is written strangely.
        Launch::Nothing => start(entry).and(Err(Problem::Form("it starts nothing"))),
    })?;
    let with_mark = put_mark(text, changed);
    let after = one(&Document::parse(&with_mark, format).map_err(|_| Problem::NotRestorable)?, which);
    let is_wrapped = match (&server.launch, after.map(|after| after.launch)) {
        (Launch::Command(before), Ok(Launch::Wrapped(after))) => *before == after,
        (Launch::Address(before), Ok(Launch::Fronted(after))) => *before == after,
        _ => false,
    };
    let is_back = is_wrapped && unwrap(&with_mark, format, which).as_deref() == Ok(text);
    if is_back { Ok(with_mark) } else { Err(Problem::NotRestorable) }
}

/// Takes mcptop away from one server.
///
/// # Errors
/// If the text does not parse, has no such server, or mcptop is not there as [`wrap`] puts it.
pub fn unwrap(text: &str, format: Format, which: Which<'_>) -> Result<String, Problem> {
    let document = Document::parse(text, format)?;
    let server = one(&document, which)?;
    let changed = edit(&document, &server, |sheet, entry| match &server.launch {
        Launch::Wrapped(_) => sheet.unwrap(start(entry)?),
        Launch::Fronted(_) => address::unwrap(sheet, entry),
        Launch::Command(_) | Launch::ByHand(_) | Launch::Address(_) | Launch::Nothing => {
            Err(Problem::NotWrapped)
        }
    })?;
    let after = one(&Document::parse(&changed, format).map_err(|_| Problem::NotRestorable)?, which)?;
    let is_back = match (&server.launch, &after.launch) {
        (Launch::Wrapped(command), Launch::Command(now)) => now == command,
        // What mcptop stood in front of may be mcptop, which a person put there.
        (Launch::Wrapped(command), Launch::ByHand(rest)) => command.get(1..) == Some(&rest[..]),
        (Launch::Wrapped(_), Launch::Wrapped(_) | Launch::Fronted(_)) => true,
        (Launch::Fronted(address), Launch::Address(now)) => now == address,
        _ => false,
    };
    if is_back { Ok(put_mark(text, changed)) } else { Err(Problem::NotRestorable) }
}

/// Changes one entry; nothing else may say anything else afterwards.
fn edit<'t>(
    document: &Document<'t>,
    server: &Server,
    splices: impl FnOnce(Sheet<'t>, &Node) -> Result<Vec<splice::Splice>, Problem>,
) -> Result<String, Problem> {
    let entry = document.at(&server.place).ok_or(Problem::NotRestorable)?;
    let sheet = Sheet { text: document.text, format: document.format };
    let changed = apply(document.text, splices(sheet, entry)?).ok_or(Problem::NotRestorable)?;
    let after = Document::parse(&changed, document.format).map_err(|_| Problem::NotRestorable)?;
    if document.root.is_same_but_at(&after.root, Some(&server.place)) {
        Ok(changed)
    } else {
        Err(Problem::NotRestorable)
    }
}

fn start(entry: &Node) -> Result<Start<'_>, Problem> {
    Start::of(entry)?.ok_or(Problem::Form("it starts nothing"))
}

fn one(document: &Document<'_>, which: Which<'_>) -> Result<Server, Problem> {
    let is_meant = |server: &Server| server.name == which.name && server.group.as_deref() == which.group;
    let mut found = document.servers(which.keys).into_iter().filter(is_meant);
    let first = found.next().ok_or_else(|| Problem::Unknown(which.name.to_owned()))?;
    if found.next().is_some() { Err(Problem::Twice(which.name.to_owned())) } else { Ok(first) }
}

fn put_mark(before: &str, text: String) -> String {
    if before.starts_with(MARK) { format!("{MARK}{text}") } else { text }
}
