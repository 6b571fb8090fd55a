//! YAML, read with places. What stands under an anchor, an alias or a tag is read as tied: it is not for editing.
//!
//! Knows nothing of what the values mean.

use std::ops::Range;
use std::str::Chars;

use saphyr_parser::{BufferedInput, Event, Marker, Parser, ScalarStyle, ScanError, Span};
use serde_json::Value;

use super::Problem;
use super::tree::{Kind, Layout, Member, Node};

/// Deeper files are no configurations.
const DEPTH_MAX: usize = 64;

/// The tree of a text.
///
/// # Errors
/// If it is no YAML, or holds more than one document, or a name that is no text.
pub(super) fn read(text: &str) -> Result<Node, Problem> {
    let mut reader = Reader { text, lines: lines(text), parser: Parser::new_from_iter(text.chars()) };
    let mut root = None;
    loop {
        match reader.next()? {
            (Event::StreamEnd, _) => break,
            (Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing, _) => {}
            (_, span) if root.is_some() => {
                return Err(reader.problem(span, "it holds more than one document"));
            }
            (event, span) => root = Some(reader.node(event, span, 0)?),
        }
    }
    root.ok_or_else(|| Problem::syntax(text, 0, "it is empty"))
}

/// Where each line begins, by byte; a line ends as YAML says (chapter 5.4).
fn lines(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let ends = |at: &usize| bytes[*at] == b'\n' || (bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
    [0].into_iter().chain((0..bytes.len()).filter(ends).map(|at| at + 1)).collect()
}

/// The end of the last value of a list or map, and where it is closed.
type End = (usize, Range<usize>);

struct Reader<'t> {
    text: &'t str,
    lines: Vec<usize>,
    parser: Parser<'t, BufferedInput<Chars<'t>>>,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Span), Problem> {
        match self.parser.next_event() {
            Some(Ok(found)) => Ok(found),
            Some(Err(error)) => Err(self.scan_problem(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Node, Problem> {
        if depth > DEPTH_MAX {
            return Err(self.problem(span, "it is nested too deeply"));
        }
        let range = self.range(span);
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                let is_tied = anchor != 0 || tag.is_some();
                let kind = if is_tied { Kind::Tied } else { scalar(&value, style) };
                let length = written(&self.text[range.clone()], style);
                Ok(Node { span: range.start..range.start + length, kind })
            }
            Event::SequenceStart(anchor, tag) => {
                let (items, end) = self.items(depth)?;
                Ok(self.container(range, end, anchor != 0 || tag.is_some(), '[', |layout| {
                    Kind::List(items, layout)
                }))
            }
            Event::MappingStart(anchor, tag) => {
                let (members, end) = self.members(depth)?;
                Ok(self.container(range, end, anchor != 0 || tag.is_some(), '{', |layout| {
                    Kind::Map(members, layout)
                }))
            }
            Event::Alias(_) => Ok(Node { span: range, kind: Kind::Tied }),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => Err(self.problem(span, "a value is missing")),
        }
    }

    fn container(
        &self,
        start: Range<usize>,
        end: End,
        is_tied: bool,
        open: char,
        kind: impl FnOnce(Layout) -> Kind,
    ) -> Node {
        let is_flow = self.text[start.start..].starts_with(open);
        let (last, close) = end;
        // Lines have no end of their own: it is that of the last value.
        // The parser counts the space and the comment behind a bracket to it.
        let span = start.start..if is_flow { close.start + 1 } else { last.max(start.start) };
        let kind = kind(if is_flow { Layout::Flow } else { Layout::Block });
        Node { span, kind: if is_tied { Kind::Tied } else { kind } }
    }

    /// The values of a list, and its end.
    fn items(&mut self, depth: usize) -> Result<(Vec<Node>, End), Problem> {
        let mut items: Vec<Node> = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, span) => {
                    let last = items.last().map_or(0, |item| item.span.end);
                    return Ok((items, (last, self.range(span))));
                }
                (event, span) => items.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn members(&mut self, depth: usize) -> Result<(Vec<Member>, End), Problem> {
        let mut members: Vec<Member> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                let last = members.last().map_or(0, |member| member.value.span.end);
                return Ok((members, (last, self.range(span))));
            }
            let Event::Scalar(key, ..) = event else {
                return Err(self.problem(span, "a name is no text"));
            };
            let (value, value_span) = self.next()?;
            let mut value = self.node(value, value_span, depth + 1)?;
            let key_span = self.range(span);
            // A value that is left out stands wherever the parser noticed that it is.
            if value.span.is_empty() && matches!(value.kind, Kind::Plain(_)) {
                value.span = key_span.end..key_span.end;
            }
            members.push(Member { key: key.into_owned(), key_span, value });
        }
    }

    fn range(&self, span: Span) -> Range<usize> {
        self.place(span.start)..self.place(span.end)
    }

    /// By line and column: the parser's index goes wrong behind a comment that is not ASCII.
    fn place(&self, marker: Marker) -> usize {
        let start = self.lines.get(marker.line().saturating_sub(1)).copied().unwrap_or(self.text.len());
        let rest = &self.text[start..];
        start + rest.char_indices().nth(marker.col()).map_or(rest.len(), |(at, _)| at)
    }

    fn problem(&self, span: Span, what: &str) -> Problem {
        Problem::syntax(self.text, self.range(span).start, what)
    }

    fn scan_problem(&self, error: &ScanError) -> Problem {
        Problem::syntax(self.text, self.place(*error.marker()), error.info())
    }
}

/// How long a scalar is without what the parser counts to it: the space and the comment behind it.
fn written(text: &str, style: ScalarStyle) -> usize {
    let is_close = |(at, letter): (usize, char)| at > 0 && letter == '"';
    match style {
        ScalarStyle::DoubleQuoted => {
            let mut is_escaped = false;
            let open = text.char_indices().filter(|(_, letter)| {
                let counts = !is_escaped;
                is_escaped = counts && *letter == '\\';
                counts
            });
            open.into_iter().find(|found| is_close(*found)).map_or(text.len(), |(at, _)| at + 1)
        }
        ScalarStyle::SingleQuoted => single_quoted(text),
        ScalarStyle::Plain => text.find(" #").map_or(text, |at| &text[..at]).trim_end().len(),
        ScalarStyle::Literal | ScalarStyle::Folded => text.len(),
    }
}

/// Two quotes in a row are one of the text.
fn single_quoted(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'\'', Some(b'\'')) => at += 2,
            (b'\'', _) => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// What a scalar says by the core schema of YAML 1.2 (chapter 10.3); numbers stay texts, as they are meant in arguments.
fn scalar(value: &str, style: ScalarStyle) -> Kind {
    match (style, value) {
        (ScalarStyle::Plain, "" | "~" | "null" | "Null" | "NULL") => Kind::Plain(Value::Null),
        (ScalarStyle::Plain, "true" | "True" | "TRUE") => Kind::Plain(Value::Bool(true)),
        (ScalarStyle::Plain, "false" | "False" | "FALSE") => Kind::Plain(Value::Bool(false)),
        _ => Kind::Text(value.to_owned()),
    }
}
