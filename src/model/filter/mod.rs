//! The filter language: which operations to show.
//!
//! ```text
//! read_file error            words, all of which must occur in tool, method, id or server
//! "two words"  read*         a quoted text is taken as it is; with * the whole name must fit
//! tool: server: method: id:  in one place only; id: wants the whole id, and tool:=name the whole name
//! status:ok|error|pending|cancelled|abandoned|unknown   also tool_error, protocol_error
//! http:401|4xx               the status of the HTTP response
//! rule:                      a rule that had to do with it, or would have; rule:* for any
//! client:                    who asked: the client's name and version, or the name of its session
//! dir:client|server|in|out   who asked (in: the client asked the server; out: the server asked)
//! dur:>500ms tok:>=1k size:10kb..2mb     > >= < <= = and ranges
//! and or not ( ) -word       a space means and
//! ```
//!
//! Knows nothing of prompts and keys; bodies are searched through a callback.

mod amount;
mod grammar;
mod matcher;
mod parse;
mod pattern;

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

pub use amount::{Bounds, Measure};
pub use grammar::Expression;
pub use matcher::Matcher;
pub use pattern::Pattern;

use crate::wire::Peer;

/// A condition on operations. The default lets all pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    root: Option<Node<Term>>,
}

/// Why a text is no filter, for showing under the prompt.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("expected {expected}")]
pub struct FilterError {
    /// Where it goes wrong, in bytes from the start; never inside a character, at most the text's length.
    pub position: usize,
    /// What would be right there.
    pub expected: String,
}

/// Conditions joined; `All` and `Any` have at least two parts.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Node<T> {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    One(T),
}

impl<T> Node<T> {
    fn holds(&self, test: &impl Fn(&T) -> bool) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(test)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(test)),
            Self::Not(part) => !part.holds(test),
            Self::One(term) => test(term),
        }
    }

    fn any(&self, test: &impl Fn(&T) -> bool) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.any(test)),
            Self::Not(part) => part.any(test),
            Self::One(term) => test(term),
        }
    }

    fn map<'a, U>(&'a self, make: &impl Fn(&'a T) -> U) -> Node<U> {
        match self {
            Self::All(parts) => Node::All(parts.iter().map(|part| part.map(make)).collect()),
            Self::Any(parts) => Node::Any(parts.iter().map(|part| part.map(make)).collect()),
            Self::Not(part) => Node::Not(Box::new(part.map(make))),
            Self::One(term) => Node::One(make(term)),
        }
    }
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Term {
    Word(Pattern),
    Tool(Pattern),
    Server(Pattern),
    Client(Pattern),
    Method(Pattern),
    Rule(Pattern),
    Id(Pattern),
    Status(Status),
    From(Peer),
    Http(HttpStatus),
    Amount(Measure, Bounds),
}

/// What `http:` may name: one status, or all of a hundred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HttpStatus {
    One(u16),
    Class(u8),
}

impl HttpStatus {
    /// Reads `404` or `4xx`.
    fn read(text: &str) -> Option<Self> {
        let [class @ b'1'..=b'5', rest @ ..] = text.as_bytes() else { return None };
        match rest {
            [b'x' | b'X', b'x' | b'X'] => Some(Self::Class(class - b'0')),
            [b'0'..=b'9', b'0'..=b'9'] => text.parse().ok().map(Self::One),
            _ => None,
        }
    }

    fn holds(self, status: u16) -> bool {
        match self {
            Self::One(one) => status == one,
            Self::Class(class) => status / 100 == u16::from(class),
        }
    }
}

impl fmt::Display for HttpStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(status) => write!(f, "{status}"),
            Self::Class(class) => write!(f, "{class}xx"),
        }
    }
}

/// What `status:` may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Ok,
    Error,
    ToolError,
    ProtocolError,
    Pending,
    Cancelled,
    Abandoned,
    Unknown,
}

impl Status {
    const ALL: [(&'static str, Self); 8] = [
        ("ok", Self::Ok),
        ("error", Self::Error),
        ("tool_error", Self::ToolError),
        ("protocol_error", Self::ProtocolError),
        ("pending", Self::Pending),
        ("cancelled", Self::Cancelled),
        ("abandoned", Self::Abandoned),
        ("unknown", Self::Unknown),
    ];

    fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, status)| *status == self).map_or("", |(name, _)| name)
    }
}

impl Filter {
    /// Everything a filter may say, with its meaning and an example: for help.
    pub fn expressions() -> impl Iterator<Item = &'static Expression> {
        grammar::expressions()
    }

    /// The values `status:` takes.
    pub fn status_values() -> impl Iterator<Item = &'static str> {
        Status::ALL.into_iter().map(|(name, _)| name)
    }

    /// Reads a filter. An empty text lets all pass.
    ///
    /// # Errors
    /// If it is no filter: where, and what was expected.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse::parse(text)
    }

    /// Whether it lets all pass.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// The calls of one tool.
    #[must_use]
    pub fn of_tool(name: &str) -> Self {
        Self { root: Some(Node::One(Term::Tool(Pattern::Whole(name.into())))) }
    }

    /// The operations of one method.
    #[must_use]
    pub fn of_method(name: &str) -> Self {
        Self { root: Some(Node::One(Term::Method(Pattern::Whole(name.into())))) }
    }

    /// What one server was asked, given by its label.
    #[must_use]
    pub fn of_server(label: &str) -> Self {
        Self { root: Some(Node::One(Term::Server(Pattern::Whole(label.into())))) }
    }

    /// The operations of one client, given by the name of its session, or its own.
    #[must_use]
    pub fn of_client(name: &str) -> Self {
        Self { root: Some(Node::One(Term::Client(Pattern::Whole(name.into())))) }
    }

    /// The operations that one rule had to do with.
    #[must_use]
    pub fn of_rule(name: &str) -> Self {
        Self { root: Some(Node::One(Term::Rule(Pattern::Whole(name.into())))) }
    }

    /// What passes both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            root: match (self.root, other.root) {
                (Some(one), Some(two)) => Some(Node::All(vec![one, two])),
                (one, two) => one.or(two),
            },
        }
    }

    /// Whether it asks for tokens, so that an operation must be looked at again once it is counted.
    #[must_use]
    pub fn asks_for_tokens(&self) -> bool {
        self.any(&|term| matches!(term, Term::Amount(Measure::Tokens, _)))
    }

    /// Whether it has words, which may also be looked for in bodies (see [`Matcher::matches_in`]).
    #[must_use]
    pub fn has_words(&self) -> bool {
        self.any(&|term| matches!(term, Term::Word(_)))
    }

    fn any(&self, test: &impl Fn(&Term) -> bool) -> bool {
        self.root.as_ref().is_some_and(|root| root.any(test))
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::parse(text)
    }
}

impl fmt::Display for Filter {
    /// As text that parses to the same filter.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.as_ref().map_or(Ok(()), |root| root.fmt(f))
    }
}

impl fmt::Display for Node<Term> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(parts) => join(f, parts, " ", |part| matches!(part, Self::All(_) | Self::Any(_))),
            Self::Any(parts) => join(f, parts, " or ", |part| matches!(part, Self::Any(_))),
            Self::Not(part) => {
                f.write_str("not ")?;
                join(f, std::slice::from_ref(part), "", |part| matches!(part, Self::All(_) | Self::Any(_)))
            }
            Self::One(term) => term.fmt(f),
        }
    }
}

fn join(
    f: &mut fmt::Formatter<'_>,
    parts: &[impl std::borrow::Borrow<Node<Term>>],
    between: &str,
    needs_parentheses: impl Fn(&Node<Term>) -> bool,
) -> fmt::Result {
    for (position, part) in parts.iter().enumerate() {
        let part = part.borrow();
        if position > 0 {
            f.write_str(between)?;
        }
        if needs_parentheses(part) {
            write!(f, "({part})")?;
        } else {
            write!(f, "{part}")?;
        }
    }
    Ok(())
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(pattern) => pattern.fmt(f),
            Self::Tool(pattern) => write!(f, "tool:{pattern}"),
            Self::Server(pattern) => write!(f, "server:{pattern}"),
            Self::Client(pattern) => write!(f, "client:{pattern}"),
            Self::Method(pattern) => write!(f, "method:{pattern}"),
            Self::Rule(pattern) => write!(f, "rule:{pattern}"),
            Self::Id(pattern) => write!(f, "id:{pattern}"),
            Self::Status(status) => write!(f, "status:{}", status.as_str()),
            Self::From(peer) => write!(f, "dir:{}", peer.as_str()),
            Self::Http(status) => write!(f, "http:{status}"),
            Self::Amount(measure, bounds) => {
                let field = match measure {
                    Measure::Duration => "dur",
                    Measure::Tokens => "tok",
                    Measure::Size => "size",
                };
                write!(f, "{field}:{}", bounds.display(*measure))
            }
        }
    }
}

#[cfg(test)]
mod tests;
