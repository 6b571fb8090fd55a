//! How the entry of a server says what is started: found, and read back after mcptop was put in front.
//!
//! Knows nothing of files, nor of how an entry is changed.

use serde_json::{Map, Value};

use super::Problem;
use super::tree::{Kind, Layout, Member, Node};

/// The names that clients have for a program and for its arguments.
const PROGRAMS: [&str; 2] = ["command", "cmd"];
const ARGUMENTS: &str = "args";
/// What Zed called the program until 2025, below `command`.
const PROGRAM_BELOW: [&str; 1] = ["path"];
/// The names that clients have for an address.
pub(super) const ADDRESSES: [&str; 4] = ["url", "serverUrl", "httpUrl", "uri"];
/// The names that clients have for the variables of what is started.
pub(super) const ENVIRONMENTS: [&str; 3] = ["env", "envs", "environment"];
/// The names that clients have for the fields of requests.
const HEADERS: [&str; 2] = ["headers", "http_headers"];
/// What Codex calls the variable with a token.
pub(super) const TOKEN: &str = "bearer_token_env_var";
/// What the argument begins with that says what there was in the place of mcptop.
pub(super) const WAS: &str = "--was=";

/// What an entry starts or reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Launch {
    /// A command and its arguments.
    Command(Vec<String>),
    /// mcptop in front of this command and its arguments.
    Wrapped(Vec<String>),
    /// mcptop in front of this address.
    Fronted(String),
    /// mcptop, but not as it is put there by it: with these arguments.
    ByHand(Vec<String>),
    /// A server at this address.
    Address(String),
    /// Neither: an extension that the client brings along, or an entry that is not finished.
    Nothing,
}

/// Where in an entry the command is said.
#[derive(Clone, Copy, Debug)]
pub(super) enum Start<'t> {
    /// In one list: `OpenCode`.
    Whole { list: &'t Node },
    /// The program and its arguments under two names.
    Split { map: &'t [Member], layout: Layout, program: usize, arguments: Option<usize> },
}

impl<'t> Start<'t> {
    /// The command of an entry; `None` if it has none.
    ///
    /// # Errors
    /// If it says it twice, or in a form that is not edited.
    pub(super) fn of(entry: &'t Node) -> Result<Option<Self>, Problem> {
        Self::named(entry, &PROGRAMS)
    }

    fn named(entry: &'t Node, names: &[&str]) -> Result<Option<Self>, Problem> {
        let Some((map, layout)) = entry.members() else { return Ok(None) };
        let Some(program) = only(map, names)? else { return Ok(None) };
        match &map[program].value.kind {
            Kind::List(..) => Ok(Some(Self::Whole { list: &map[program].value })),
            Kind::Map(..) if names == PROGRAMS => Self::named(&map[program].value, &PROGRAM_BELOW),
            Kind::Text(_) => {
                let arguments = only(map, &[ARGUMENTS])?;
                if let Some(at) = arguments
                    && map[at].value.items().is_none()
                {
                    return Err(Problem::Form("its `args` are no list"));
                }
                Ok(Some(Self::Split { map, layout, program, arguments }))
            }
            Kind::Map(..) | Kind::Plain(_) => Err(Problem::Form("its command is no text")),
            Kind::Tied => Err(Problem::Form("its command is an anchor, an alias or has a tag")),
        }
    }

    /// The program and its arguments.
    pub(super) fn words(self) -> Vec<&'t Node> {
        match self {
            Self::Whole { list } => list.items().map_or(&[][..], |(items, _)| items).iter().collect(),
            Self::Split { map, program, arguments, .. } => {
                let arguments = arguments.and_then(|at| map[at].value.items());
                [&map[program].value]
                    .into_iter()
                    .chain(arguments.map_or(&[][..], |(items, _)| items))
                    .collect()
            }
        }
    }
}

/// The place of the one member that has one of these names.
pub(super) fn only(map: &[Member], names: &[&str]) -> Result<Option<usize>, Problem> {
    let mut found = map.iter().enumerate().filter(|(_, member)| names.contains(&&*member.key));
    let first = found.next().map(|(at, _)| at);
    if found.next().is_some() { Err(Problem::Form("it says twice what it starts")) } else { Ok(first) }
}

/// The position, among all words, of the command that mcptop was put in front of.
///
/// What stands between `wrap` and `--` are flags of mcptop's: whatever a person adds there later is part of the wrapping.
pub(super) fn wrapped_at(words: &[&Node]) -> Option<usize> {
    let text = |at: usize| words.get(at).and_then(|word| word.text());
    if !text(0).is_some_and(is_mcptop) || text(1) != Some("wrap") {
        return None;
    }
    let dashes = (2..words.len()).find(|at| text(*at) == Some("--"))?;
    (dashes + 1 < words.len()).then_some(dashes + 1)
}

/// The address that mcptop was put in front of.
fn fronted<'t>(words: &[&'t Node]) -> Option<&'t str> {
    let text = |at: usize| words.get(at).and_then(|word| word.text());
    let is_ours = text(0).is_some_and(is_mcptop) && text(1) == Some("wrap");
    let says_what_was = (2..words.len()).any(|at| text(at).is_some_and(|word| word.starts_with(WAS)));
    if is_ours && says_what_was { text(words.len() - 1) } else { None }
}

/// Whether a program is mcptop, by its file name.
fn is_mcptop(program: &str) -> bool {
    let name = program.rsplit(['/', '\\']).next().unwrap_or(program);
    let name = name.to_ascii_lowercase();
    name.strip_suffix(".exe").unwrap_or(&name) == "mcptop"
}

/// The fields of requests that an entry speaks of: beside an address, or in the variables that mcptop takes them from.
pub(super) fn fields(entry: &Node, launch: &Launch) -> Map<String, Value> {
    let of = |names: &[&str]| names.iter().find_map(|name| entry.get(name)?.value().as_object().cloned());
    match launch {
        Launch::Address(_) => {
            let mut fields = of(&HEADERS).unwrap_or_default();
            fields.extend(entry.get(TOKEN).and_then(Node::text).map(bearer));
            fields
        }
        Launch::Fronted(_) => {
            let variables = of(&ENVIRONMENTS).unwrap_or_default();
            let words = Start::of(entry).ok().flatten().map(Start::words).unwrap_or_default();
            let words: Vec<&str> = words.into_iter().filter_map(Node::text).collect();
            let pairs = words.windows(2).filter_map(|pair| match pair {
                ["--bearer-env", variable] => Some(bearer(variable)),
                ["--header-env", pair] => {
                    let (name, variable) = pair.split_once('=')?;
                    Some((name.to_owned(), variables.get(variable)?.clone()))
                }
                _ => None,
            });
            pairs.collect()
        }
        Launch::Command(_) | Launch::Wrapped(_) | Launch::ByHand(_) | Launch::Nothing => Map::new(),
    }
}

/// The field with the token in this variable.
fn bearer(variable: &str) -> (String, Value) {
    ("Authorization".to_owned(), Value::String(format!("Bearer ${{{variable}}}")))
}

impl Launch {
    /// What an entry says.
    pub(super) fn of(entry: &Node) -> Self {
        let Ok(Some(start)) = Start::of(entry) else { return Self::without_command(entry) };
        let words = start.words();
        // What is no text is an argument all the same: a port without quotes.
        let said = |words: &[&Node]| -> Vec<String> {
            words
                .iter()
                .map(|word| word.text().map_or_else(|| word.value().to_string(), str::to_owned))
                .collect()
        };
        let at = wrapped_at(&words);
        if let (None, Some(address)) = (at, fronted(&words)) {
            return Self::Fronted(address.to_owned());
        }
        match (words.first().and_then(|word| word.text()), at) {
            (_, Some(at)) => Self::Wrapped(said(&words[at..])),
            (Some(program), None) if is_mcptop(program) => Self::ByHand(said(&words[1..])),
            (Some(_), None) => Self::Command(said(&words)),
            (None, None) => Self::Nothing,
        }
    }

    fn without_command(entry: &Node) -> Self {
        let address = ADDRESSES.into_iter().find_map(|name| entry.get(name)?.text());
        address.map_or(Self::Nothing, |address| Self::Address(address.to_owned()))
    }
}
