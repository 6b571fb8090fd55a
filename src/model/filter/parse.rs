//! Text to filter, by recursive descent over characters.
//!
//! Knows nothing of what is filtered.

use super::grammar::{FIELDS, Field};
use super::pattern::{ends_word, is_keyword};
use super::{Bounds, Filter, FilterError, HttpStatus, Node, Pattern, Status, Term};
use crate::wire::Peer;

/// How deep parentheses and negations may nest.
const DEPTH_MAX: usize = 64;
/// How long a filter may be, in bytes.
const BYTES_MAX: usize = 4_096;

/// Reads a filter.
pub(super) fn parse(text: &str) -> Result<Filter, FilterError> {
    if text.len() > BYTES_MAX {
        let position = text.floor_char_boundary(BYTES_MAX);
        return Err(FilterError { position, expected: format!("at most {BYTES_MAX} bytes") });
    }
    let mut parser = Parser { text, position: 0, depth: 0 };
    parser.skip_spaces();
    if parser.rest().is_empty() {
        return Ok(Filter::default());
    }
    let root = parser.any()?;
    if parser.rest().is_empty() {
        Ok(Filter { root: Some(root) })
    } else {
        parser.expected("the end, or a \"(\" before this")
    }
}

struct Parser<'t> {
    text: &'t str,
    position: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.position..]
    }

    fn expected<T>(&self, expected: impl Into<String>) -> Result<T, FilterError> {
        Err(FilterError { position: self.position, expected: expected.into() })
    }

    fn skip_spaces(&mut self) {
        self.position = self.text.len() - self.rest().trim_start().len();
    }

    /// The bare word at the position, not taken.
    fn peek_word(&self) -> &'t str {
        let rest = self.rest();
        &rest[..rest.find(ends_word).unwrap_or(rest.len())]
    }

    /// Takes a keyword if it is next.
    fn keyword(&mut self, keyword: &str) -> bool {
        let found = self.peek_word().eq_ignore_ascii_case(keyword);
        if found {
            self.position += keyword.len();
            self.skip_spaces();
        }
        found
    }

    fn any(&mut self) -> Result<Node<Term>, FilterError> {
        let mut parts = vec![self.all()?];
        while self.keyword("or") {
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Node::Any))
    }

    fn all(&mut self) -> Result<Node<Term>, FilterError> {
        let mut parts = vec![self.not()?];
        loop {
            let joined = self.keyword("and");
            let ends = self.rest().is_empty()
                || self.rest().starts_with(')')
                || self.peek_word().eq_ignore_ascii_case("or");
            if ends && !joined {
                return Ok(one_or(parts, Node::All));
            }
            parts.push(self.not()?);
        }
    }

    fn not(&mut self) -> Result<Node<Term>, FilterError> {
        let negated = if self.keyword("not") {
            true
        } else if let Some(rest) = self.rest().strip_prefix('-') {
            self.position += 1;
            if rest.is_empty() || rest.starts_with(char::is_whitespace) {
                return self.expected("a word directly after \"-\"");
            }
            true
        } else {
            false
        };
        if !negated {
            return self.one();
        }
        self.deeper()?;
        let part = self.not()?;
        self.depth -= 1;
        Ok(Node::Not(Box::new(part)))
    }

    fn deeper(&mut self) -> Result<(), FilterError> {
        if self.depth == DEPTH_MAX {
            return self.expected(format!("at most {DEPTH_MAX} levels of parentheses and negations"));
        }
        self.depth += 1;
        Ok(())
    }

    fn one(&mut self) -> Result<Node<Term>, FilterError> {
        if self.rest().starts_with('(') {
            self.deeper()?;
            self.position += 1;
            self.skip_spaces();
            let inner = self.any()?;
            if !self.rest().starts_with(')') {
                return self.expected("\")\"");
            }
            self.position += 1;
            self.skip_spaces();
            self.depth -= 1;
            return Ok(inner);
        }
        if let Some((field, length)) = self.field()? {
            self.position += length;
            let term = self.value(field)?;
            self.skip_spaces();
            return Ok(Node::One(term));
        }
        let pattern = self.pattern("a word, a field such as status: or \"(\"")?;
        self.skip_spaces();
        Ok(Node::One(Term::Word(pattern)))
    }

    /// The field at the position and its length with the colon, not taken; `None` if a word stands there.
    fn field(&self) -> Result<Option<(Field, usize)>, FilterError> {
        let Some((name, value)) = self.peek_word().split_once(':') else { return Ok(None) };
        let looks_like_one = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic());
        let known = FIELDS.iter().find(|row| row.name.eq_ignore_ascii_case(name));
        match known {
            Some(row) => Ok(Some((row.field, name.len() + 1))),
            None if !looks_like_one || value.starts_with("//") => Ok(None), // an address, or a word with a colon
            None => self.expected(format!(
                "one of {}; put \"{name}:…\" in quotes to search for it",
                FIELDS.each_ref().map(|row| format!("{}:", row.name)).join(" ")
            )),
        }
    }

    fn value(&mut self, field: Field) -> Result<Term, FilterError> {
        match field {
            Field::Tool => self.name("a tool's name").map(Term::Tool),
            Field::Server => self.name("a server's name").map(Term::Server),
            Field::Client => self.name("a client's name, or that of its session").map(Term::Client),
            Field::Method => self.name("a method").map(Term::Method),
            Field::Rule => self.name("a rule's name").map(Term::Rule),
            Field::Id => self.name("an id").map(Term::Id),
            Field::Status => {
                let names: Vec<&str> = Filter::status_values().collect();
                self.choice(&Status::ALL, &names.join(", ")).map(Term::Status)
            }
            Field::Dir => {
                let peers = [
                    ("client", Peer::Client),
                    ("server", Peer::Server),
                    ("in", Peer::Client),
                    ("out", Peer::Server),
                ];
                self.choice(&peers, "client, server, in, out").map(Term::From)
            }
            Field::Http => {
                let word = self.peek_word();
                match HttpStatus::read(word) {
                    Some(status) => {
                        self.position += word.len();
                        Ok(Term::Http(status))
                    }
                    None => self.expected("an HTTP status such as 404, or 4xx"),
                }
            }
            Field::Amount(measure) => {
                let word = self.peek_word();
                match Bounds::read(measure, word) {
                    Some(bounds) => {
                        self.position += word.len();
                        Ok(Term::Amount(measure, bounds))
                    }
                    None => self.expected(format!(
                        "> >= < <= = or a range a..b, and an amount: {}",
                        measure.example()
                    )),
                }
            }
        }
    }

    fn choice<T: Copy>(&mut self, choices: &[(&str, T)], names: &str) -> Result<T, FilterError> {
        let word = self.peek_word();
        match choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)) {
            Some((_, chosen)) => {
                self.position += word.len();
                Ok(*chosen)
            }
            None => self.expected(format!("one of {names}")),
        }
    }

    /// A pattern for names, or `=` and a whole name.
    fn name(&mut self, expected: &str) -> Result<Pattern, FilterError> {
        if !self.rest().starts_with('=') {
            return self.pattern(expected);
        }
        self.position += 1;
        Ok(match self.pattern(expected)? {
            Pattern::Contains(text) | Pattern::Glob(text) | Pattern::Whole(text) => Pattern::Whole(text),
        })
    }

    fn pattern(&mut self, expected: &str) -> Result<Pattern, FilterError> {
        if self.rest().starts_with('"') {
            return self.quoted();
        }
        let word = self.peek_word();
        if word.is_empty() || is_keyword(word) {
            return self.expected(expected);
        }
        self.position += word.len();
        if self.rest().starts_with('"') {
            return self.expected("a space before the quote");
        }
        Ok(if word.contains('*') { Pattern::Glob(word.into()) } else { Pattern::Contains(word.into()) })
    }

    fn quoted(&mut self) -> Result<Pattern, FilterError> {
        let mut text = String::new();
        let mut escaped = false;
        for (offset, c) in self.rest().char_indices().skip(1) {
            match c {
                '\\' if !escaped => escaped = true,
                '"' if !escaped => {
                    self.position += offset + 1;
                    return Ok(Pattern::Contains(text.into()));
                }
                _ => {
                    escaped = false;
                    text.push(c);
                }
            }
        }
        self.position = self.text.len();
        self.expected("a closing quote")
    }
}

fn one_or(mut parts: Vec<Node<Term>>, join: impl Fn(Vec<Node<Term>>) -> Node<Term>) -> Node<Term> {
    if parts.len() > 1 { join(parts) } else { parts.remove(0) }
}
