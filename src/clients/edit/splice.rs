//! The changes to the text that put mcptop in front of a command and take it away again: as few bytes as can be.
//!
//! The command stays as it was written and moves, letter by letter, behind the arguments of mcptop: so that nothing has to be
//! remembered to take it back. One thing more has to be known then, whether the entry had any `args`; the form of the label says
//! it: `--label NAME` if it had, `--label=NAME` if they were put in. Knows nothing of files.

use std::ops::Range;

use super::entry::{Start, wrapped_at};
use super::tree::{Layout, Member, Node};
use super::{Format, Problem};

/// A piece of the text and what takes its place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Splice {
    at: Range<usize>,
    with: String,
}

impl Splice {
    pub(super) fn new(at: Range<usize>, with: impl Into<String>) -> Self {
        Self { at, with: with.into() }
    }
}

/// The text after changes; `None` if they overlap, which what somebody has written by hand into an entry may lead to.
pub(super) fn apply(text: &str, mut splices: Vec<Splice>) -> Option<String> {
    splices.sort_by_key(|splice| splice.at.start);
    let mut out = String::with_capacity(text.len() + 256);
    let mut done = 0;
    for Splice { at, with } in splices {
        out.push_str(text.get(done..at.start)?);
        out.push_str(&with);
        done = at.end;
    }
    out.push_str(text.get(done..)?);
    Some(out)
}

/// A text in its format, and what it takes to write into it.
#[derive(Clone, Copy)]
pub(super) struct Sheet<'t> {
    pub(super) text: &'t str,
    pub(super) format: Format,
}

impl<'t> Sheet<'t> {
    /// Puts `program wrap … --` in front of a command.
    ///
    /// # Errors
    /// If the command is written in a way that cannot be moved.
    pub(super) fn wrap(self, start: Start<'_>, program: &str, label: &str) -> Result<Vec<Splice>, Problem> {
        match start {
            Start::Whole { list } => {
                let (items, layout) = list.items().unwrap_or((&[][..], Layout::Flow));
                let words = [program, "wrap", "--label", label, "--"].map(|word| self.literal(word));
                let first = items.first().ok_or(Problem::Form("its command is an empty list"))?;
                Ok(vec![self.before(list, first, layout, &words)?])
            }
            Start::Split { map, layout, program: at, arguments } => {
                let command = &map[at].value;
                let raw = self.raw(command)?;
                let started = Splice::new(command.span.clone(), self.literal(program));
                let Some(arguments) = arguments.map(|at| &map[at].value) else {
                    let words = ["wrap".to_owned(), format!("--label={label}"), "--".to_owned()];
                    let words = words.iter().map(|word| self.literal(word)).chain([raw.to_owned()]);
                    return self.with_arguments(&map[at], layout, program, &words.collect::<Vec<_>>());
                };
                let mut words = ["wrap", "--label", label, "--"].map(|word| self.literal(word)).to_vec();
                words.push(raw.to_owned());
                let (items, layout) = arguments.items().unwrap_or((&[][..], Layout::Flow));
                if layout == Layout::Flow {
                    self.in_brackets(raw)?;
                }
                let put = if let Some(first) = items.first() {
                    self.before(arguments, first, layout, &words)?
                } else {
                    let inside = arguments.span.start + 1;
                    Splice::new(inside..inside, words.join(", "))
                };
                Ok(vec![started, put])
            }
        }
    }

    /// Takes mcptop away again.
    ///
    /// # Errors
    /// If it is not there, or what stands around it now would be lost.
    pub(super) fn unwrap(self, start: Start<'_>) -> Result<Vec<Splice>, Problem> {
        let words = start.words();
        let at = wrapped_at(&words).ok_or(Problem::NotWrapped)?;
        match start {
            Start::Whole { list } => {
                let (items, layout) = list.items().unwrap_or((&[][..], Layout::Flow));
                let from = self.item_start(&items[0], layout)?;
                Ok(vec![Splice::new(from..self.item_start(&items[at], layout)?, "")])
            }
            Start::Split { map, layout, program, arguments } => {
                let back = Splice::new(map[program].value.span.clone(), &self.text[words[at].span.clone()]);
                let Some(place) = arguments else { return Err(Problem::NotWrapped) };
                let (items, list) = map[place].value.items().unwrap_or((&[][..], Layout::Flow));
                // Among the arguments alone everything stands one place further in front.
                let gone = match items.get(at) {
                    Some(next) => self.item_start(&items[0], list)?..self.item_start(next, list)?,
                    None if has_put_in(&words[..at]) => self.member(map, layout, place, program)?,
                    None if list == Layout::Flow => items[0].span.start..self.list_end(items),
                    None => {
                        let all = map[place].key_span.end..map[place].value.span.end;
                        return Ok(vec![back, Splice::new(all, ": []")]);
                    }
                };
                Ok(vec![back, Splice::new(gone, "")])
            }
        }
    }

    /// A word as it is written in this format.
    pub(super) fn literal(self, word: &str) -> String {
        match self.format {
            // What JSON writes is a text in double quotes for YAML as well (YAML 1.2, chapter 1.3).
            Format::Json | Format::Yaml => serde_json::Value::from(word).to_string(),
            Format::Toml => toml_edit::Value::from(word).to_string(),
        }
    }

    /// The command as it is written.
    pub(super) fn raw(self, command: &Node) -> Result<&'t str, Problem> {
        let raw = self.text.get(command.span.clone()).unwrap_or_default();
        if raw.is_empty() || (self.format == Format::Yaml && raw.contains(['\n', '\r'])) {
            return Err(Problem::Form("its command stands on more than one line"));
        }
        Ok(raw)
    }

    /// Some characters end a word without quotes between brackets (YAML 1.2, chapter 7.3.3).
    pub(super) fn in_brackets(self, raw: &str) -> Result<(), Problem> {
        let is_quoted = raw.starts_with(['"', '\'']);
        if self.format == Format::Yaml && !is_quoted && raw.contains([',', '[', ']', '{', '}']) {
            return Err(Problem::Form("its command needs quotes to stand between brackets"));
        }
        Ok(())
    }

    pub(super) fn newline(self) -> &'static str {
        let first = self.text.find('\n').unwrap_or(0);
        if self.text[..first].ends_with('\r') { "\r\n" } else { "\n" }
    }

    pub(super) fn line_start(self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// What a line that is put in has to begin with to stand as far to the right as what is at this place.
    pub(super) fn indent(self, at: usize) -> String {
        let lead = &self.text[self.line_start(at)..at];
        if lead.trim().is_empty() { lead.to_owned() } else { " ".repeat(lead.chars().count()) }
    }

    /// Words in front of the first item of a list, laid out as it is.
    fn before(self, list: &Node, first: &Node, layout: Layout, words: &[String]) -> Result<Splice, Problem> {
        let at = self.item_start(first, layout)?;
        let with = match layout {
            Layout::Flow => {
                // What stands between the bracket and the first item stands between all of them.
                let lead = self.text.get(list.span.start + 1..first.span.start).unwrap_or_default();
                let is_line = lead.contains('\n') && lead.trim().is_empty();
                let between = if is_line { format!(",{lead}") } else { ", ".to_owned() };
                words.iter().flat_map(|word| [word.as_str(), between.as_str()]).collect::<String>()
            }
            Layout::Block => {
                let next = format!("{}{}", self.newline(), self.indent(at));
                format!("- {}{next}", words.join(&format!("{next}- ")))
            }
        };
        Ok(Splice::new(at..at, with))
    }

    /// Where an item begins: in lines with its dash.
    fn item_start(self, item: &Node, layout: Layout) -> Result<usize, Problem> {
        if layout == Layout::Flow {
            return Ok(item.span.start);
        }
        let before = &self.text[..item.span.start];
        let trimmed = before.trim_end_matches(' ');
        if trimmed.ends_with('-') {
            Ok(trimmed.len() - 1)
        } else {
            Err(Problem::Form("one of its arguments does not stand behind its dash"))
        }
    }

    /// The end of the items between brackets, with a comma behind the last.
    fn list_end(self, items: &[Node]) -> usize {
        let end = items.last().map_or(0, |item| item.span.end);
        let rest = &self.text[end..];
        let behind = rest.trim_start();
        if behind.starts_with(',') { end + (rest.len() - behind.len()) + 1 } else { end }
    }

    /// Arguments for a command that had none, and the command exchanged.
    fn with_arguments(
        self,
        command: &Member,
        layout: Layout,
        program: &str,
        words: &[String],
    ) -> Result<Vec<Splice>, Problem> {
        let program = self.literal(program);
        let list = format!("[{}]", words.join(", "));
        let started = Splice::new(command.value.span.clone(), program.clone());
        let key = command.key_span.start;
        match (layout, self.format) {
            (Layout::Flow, _) => {
                self.in_brackets(words.last().map_or("", String::as_str))?;
                let before = &self.text[..key];
                let space = &before[before.trim_end().len()..];
                let gap = if space.contains('\n') { space } else { " " };
                let named = match self.format {
                    Format::Json => "\"args\": ",
                    Format::Yaml => "args: ",
                    Format::Toml => "args = ",
                };
                let with = format!("{program},{gap}{named}{list}");
                Ok(vec![Splice::new(command.value.span.clone(), with)])
            }
            (Layout::Block, Format::Toml) => {
                // In front of the line, with the names in front of `command` if it is written with dots.
                let line = self.line_start(key);
                let with = format!("{}args = {list}{}", &self.text[line..key], self.newline());
                Ok(vec![Splice::new(line..line, with), started])
            }
            (Layout::Block, Format::Yaml) => {
                let next = format!("{}{}", self.newline(), self.indent(key));
                let dash = format!("{next}  - ");
                let lines = format!("args:{dash}{}{next}", words.join(&dash));
                Ok(vec![Splice::new(key..key, lines), started])
            }
            (Layout::Block, Format::Json) => Err(Problem::Form("JSON has no lines")),
        }
    }

    /// The place of arguments that were put in, with what holds them to their neighbours.
    fn member(
        self,
        map: &[Member],
        layout: Layout,
        at: usize,
        program: usize,
    ) -> Result<Range<usize>, Problem> {
        let own = map[at].key_span.start..map[at].value.span.end;
        let range = match (layout, self.format) {
            (Layout::Block, Format::Toml) => {
                let rest = &self.text[own.end..];
                let line = rest.find('\n').map_or(rest.len(), |newline| newline + 1);
                self.clean(own.end..own.end + line)?;
                return Ok(self.line_start(own.start)..own.end + line);
            }
            (Layout::Block, _) => match (map.get(at + 1), at.checked_sub(1)) {
                (Some(next), _) => {
                    self.clean(own.end..next.key_span.start)?;
                    own.start..next.key_span.start
                }
                (None, Some(before)) => {
                    let end = map[before].value.span.end;
                    self.clean(end..own.start)?;
                    end..own.end
                }
                (None, None) => return Err(Problem::NotWrapped),
            },
            (Layout::Flow, _) => {
                if let Some(before) = at.checked_sub(1) {
                    let end = map[before].value.span.end;
                    self.clean(end..own.start)?;
                    end..own.end
                } else {
                    let next = map.get(at + 1).unwrap_or(&map[program]).key_span.start;
                    self.clean(own.end..next)?;
                    own.start..next
                }
            }
        };
        Ok(range)
    }

    /// The place of a program that was put in in front of its arguments; what stands in front of both stays as it is.
    pub(super) fn program(
        self,
        map: &[Member],
        layout: Layout,
        program: usize,
        arguments: usize,
    ) -> Result<Range<usize>, Problem> {
        let own = &map[program];
        if arguments == program + 1 {
            let next = map[arguments].key_span.start;
            let key = own.key_span.start;
            // In TOML written with dots both have the same names in front.
            let lead = self.text[self.line_start(key)..key].trim_start();
            let between = self.text.get(own.value.span.end..next).unwrap_or_default();
            let between = between.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            if between.is_empty() || (self.format == Format::Toml && between == lead) {
                return Ok(key..next);
            }
        }
        self.member(map, layout, program, arguments)
    }

    /// What goes with something that is taken out is nobody's: space and a comma.
    fn clean(self, range: Range<usize>) -> Result<(), Problem> {
        let is_clean =
            self.text.get(range).is_some_and(|gap| gap.chars().all(|c| c.is_whitespace() || c == ','));
        if is_clean { Ok(()) } else { Err(Problem::Form("a comment stands where its `args` were put in")) }
    }
}

/// Whether the form of the label says that the entry had no arguments of its own.
fn has_put_in(words: &[&Node]) -> bool {
    words.iter().any(|word| word.text().is_some_and(|text| text.starts_with("--label=")))
}
