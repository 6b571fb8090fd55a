//! Takes secrets out of a recording and leaves every other byte of it as it was.
//!
//! A secret becomes a placeholder, the same one wherever the same secret stands, so that messages that were equal still
//! are. What is known for a secret by the words around it in one place is looked for in all others. Knows nothing of what
//! messages mean.

mod decode;
mod forms;
mod json;
mod kind;
mod ledger;
mod line;
mod names;
mod pieces;
mod scan;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead as _, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json_path::JsonPath;
use thiserror::Error;

use super::raw::Raw;
use crate::trace::{LineError, read_event, read_header};
use decode::Decoded;
use json::Marks;
use ledger::Ledger;
use line::{Edit, edited, members};
use pieces::Pieces;
use scan::{Find, Scanner};

pub use kind::{Kind, Preset, Presets, UnknownPreset};
pub use ledger::Count;
pub use scan::PatternError;

/// Secrets known by their place that are looked for elsewhere.
const KNOWN_MAX: usize = 10_000;
/// Shorter texts stand for too much else.
const KNOWN_BYTES_MIN: usize = 8;
/// Longer ones are no secrets that somebody repeats.
const KNOWN_BYTES_MAX: usize = 4_096;

/// What is to be taken out.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Groups of well-known secrets.
    pub presets: Vec<Preset>,
    /// Regular expressions; with a group named `secret` only that.
    pub patterns: Vec<String>,
    /// Paths into messages (JSONPath, RFC 9535): all they lead to.
    pub paths: Vec<String>,
    /// Names of members: all they hold. Case, `-`, `_` and `.` do not count.
    pub fields: Vec<String>,
}

/// Why nothing can be taken out.
#[derive(Debug, Error)]
pub enum RedactError {
    /// A pattern is none.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// A path is none.
    #[error("{path:?} is no JSONPath, as in \"$.params.arguments.name\": {source}")]
    Path {
        /// As it was given.
        path: String,
        /// What is wrong with it.
        source: Box<serde_json_path::ParseError>,
    },
    /// The first line is not that of a recording.
    #[error(transparent)]
    Header(#[from] LineError),
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What was taken out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replaced {
    /// How many secrets of each kind.
    pub counts: Vec<(Kind, Count)>,
    /// Lines that cannot be read, so that they were left out.
    pub unread_lines: u64,
    /// Messages too long to be looked through, so that their text was left out.
    pub unread_messages: u64,
}

impl Replaced {
    /// In how many places something was replaced.
    #[must_use]
    pub fn places(&self) -> u64 {
        self.counts.iter().map(|(_, count)| count.places).sum()
    }
}

/// Writes a recording without its secrets. `far` is told how much of how much has been read, in bytes.
///
/// # Errors
/// If a wish cannot be understood, the source is no recording, or a file cannot be read or written.
pub fn redact(
    source: &Raw,
    wishes: &Wishes,
    out: &mut dyn Write,
    far: &mut dyn FnMut(u64, u64),
) -> Result<Replaced, RedactError> {
    let whole = source.len_bytes() * 2;
    let mut redactor = Redactor::new(wishes)?;
    // Once to learn, once to write.
    redactor.through(source, &mut io::sink(), &mut |done| far(done, whole))?;
    redactor.learn();
    redactor.through(source, out, &mut |done| far(whole / 2 + done, whole))?;
    out.flush()?;
    Ok(redactor.replaced())
}

/// What is done with a find.
#[derive(Debug)]
enum Hand {
    /// It is remembered, if it may stand elsewhere, too.
    Learns(HashMap<Vec<u8>, Kind>),
    /// It is replaced.
    Replaces(Box<Ledger>),
}

/// Takes one recording after its secrets.
#[derive(Debug)]
struct Redactor {
    scanner: Scanner,
    by_name: bool,
    fields: HashSet<Vec<u8>>,
    paths: Vec<JsonPath>,
    hand: Hand,
    pieces: Pieces,
    unread_lines: u64,
}

impl Redactor {
    fn new(wishes: &Wishes) -> Result<Self, RedactError> {
        let path = |path: &String| {
            let refused = |source| RedactError::Path { path: path.clone(), source: Box::new(source) };
            JsonPath::parse(path).map_err(refused)
        };
        Ok(Self {
            scanner: Scanner::new(&wishes.presets, &wishes.patterns)?,
            by_name: wishes.presets.contains(&Preset::Names),
            fields: wishes.fields.iter().map(|field| names::plain(field.as_bytes())).collect(),
            paths: wishes.paths.iter().map(path).collect::<Result<_, _>>()?,
            hand: Hand::Learns(HashMap::new()),
            pieces: Pieces::default(),
            unread_lines: 0,
        })
    }

    /// From here on everything is replaced, and what has been learned is looked for.
    fn learn(&mut self) {
        if let Hand::Learns(learned) = std::mem::replace(&mut self.hand, Hand::Replaces(Box::default())) {
            let mut known: Vec<(Vec<u8>, Kind)> = learned.into_iter().collect();
            known.sort();
            self.scanner.know(&known);
        }
        self.pieces = Pieces::default();
        self.unread_lines = 0;
    }

    fn replaced(&self) -> Replaced {
        let counts = match &self.hand {
            Hand::Learns(_) => Vec::new(),
            Hand::Replaces(ledger) => ledger.counts(),
        };
        Replaced { counts, unread_lines: self.unread_lines, unread_messages: self.pieces.left_out }
    }

    fn through(
        &mut self,
        source: &Raw,
        out: &mut dyn Write,
        far: &mut dyn FnMut(u64),
    ) -> Result<(), RedactError> {
        let mut lines = source.lines()?;
        let mut line = Vec::new();
        lines.read_until(b'\n', &mut line)?;
        let first = line.strip_suffix(b"\n").unwrap_or(&line);
        read_header(first)?;
        let header = self.whole_line(first);
        write_line(out, &header)?;
        loop {
            line.clear();
            lines.read_until(b'\n', &mut line)?;
            far(lines.done_bytes());
            let Some(whole) = line.strip_suffix(b"\n") else { break };
            self.line(whole);
            while let Some(ready) = self.pieces.next() {
                write_line(out, &ready)?;
            }
        }
        // A line that was torn off may hold half a secret that nobody would know for one.
        self.unread_lines += u64::from(!line.is_empty());
        let mut pieces = std::mem::take(&mut self.pieces);
        pieces.finish(&mut |text| self.look(text));
        while let Some(ready) = pieces.next() {
            write_line(out, &ready)?;
        }
        self.pieces = pieces;
        Ok(())
    }

    fn line(&mut self, line: &[u8]) {
        if line.is_empty() {
            return;
        }
        let Ok(event) = read_event(line) else {
            self.unread_lines += 1;
            return;
        };
        let mut pieces = std::mem::take(&mut self.pieces);
        match pieces.lane_of(&event.fact) {
            Some(track) => pieces.take(track, line, &event, &mut |text| self.look(text)),
            None => pieces.keep(self.whole_line(line)),
        }
        self.pieces = pieces;
    }

    /// A line that is complete in itself, without its secrets.
    fn whole_line(&mut self, line: &[u8]) -> Vec<u8> {
        let mut edits: Vec<Edit> = Vec::new();
        for member in members(line) {
            let value = &line[member.value.clone()];
            let start = member.value.start;
            match &line[member.name] {
                // The structure of a recording, which has no room for secrets.
                b"\"kind\"" | b"\"to\"" | b"\"how\"" | b"\"outcome\"" | b"\"end\"" | b"\"by\""
                | b"\"mcptop\"" | b"\"platform\"" | b"\"started\"" => {}
                b"\"body\"" => {
                    let finds = json::finds(value, &self.scanner, &self.marks(value));
                    edits.extend(finds.iter().map(|find| self.edit(find, start)));
                }
                b"\"text\"" if value.len() >= 2 => {
                    let decoded = Decoded::of(&value[1..value.len() - 1]);
                    for find in self.finds(decoded.text()) {
                        let (place, quotes) =
                            (decoded.place(&find.range), find.quotes.map(|quotes| quotes + 1));
                        let find = Find { range: place, quotes, ..find };
                        edits.push(self.edit(&find, start + 1));
                    }
                }
                b"\"base64\"" => edits.extend(self.coded(value).map(|new| (member.value.clone(), new))),
                _ => {
                    let finds = json::finds(value, &self.scanner, &Marks::default());
                    edits.extend(finds.iter().map(|find| self.edit(find, start)));
                }
            }
        }
        if edits.is_empty() { line.to_vec() } else { edited(line, &edits) }
    }

    /// The same bytes in base64 without their secrets; `None` if there are none.
    fn coded(&mut self, value: &[u8]) -> Option<Vec<u8>> {
        let bytes = BASE64.decode(value.get(1..value.len() - 1)?).ok()?;
        let finds = self.look(&bytes);
        let edits: Vec<Edit> = finds.into_iter().map(|(find, text)| (find.range, text)).collect();
        (!edits.is_empty()).then(|| format!("\"{}\"", BASE64.encode(edited(&bytes, &edits))).into_bytes())
    }

    /// The secrets of a text, each with what comes in its place.
    fn look(&mut self, text: &[u8]) -> Vec<(Find, Vec<u8>)> {
        let finds = self.finds(text);
        finds
            .into_iter()
            .map(|find| {
                let (_, placeholder) = self.edit(&find, 0);
                (find, placeholder)
            })
            .collect()
    }

    fn finds(&self, text: &[u8]) -> Vec<Find> {
        if json::is_document(text) {
            json::finds(text, &self.scanner, &self.marks(text))
        } else {
            self.scanner.finds(text)
        }
    }

    fn edit(&mut self, find: &Find, start: usize) -> Edit {
        let range = start + find.range.start..start + find.range.end;
        let placeholder = match &mut self.hand {
            Hand::Replaces(ledger) => ledger.placeholder(find.kind, &find.secret),
            Hand::Learns(learned) => {
                if find.kind.is_known_by_its_place()
                    && is_worth_knowing(&find.secret)
                    && learned.len() < KNOWN_MAX
                {
                    learned.entry(find.secret.clone()).or_insert(find.kind);
                }
                String::new()
            }
        };
        let quote = find.quotes.map_or_else(String::new, quote);
        (range, format!("{quote}{placeholder}{quote}").into_bytes())
    }

    /// What makes values of this text secrets besides their form.
    fn marks(&self, text: &[u8]) -> Marks {
        Marks { by_name: self.by_name, fields: self.fields.clone(), pointers: self.pointers(text) }
    }

    /// Where the user's paths lead to in a message, or in each message of a batch.
    fn pointers(&self, text: &[u8]) -> HashSet<String> {
        if self.paths.is_empty() {
            return HashSet::new();
        }
        // What is too deep to be read into values cannot be searched, so that all of it is taken out.
        let Ok(value) = serde_json::from_slice::<serde_json::Value>(text) else {
            return HashSet::from([String::new()]);
        };
        let of = |prefix: &str, value: &serde_json::Value| -> Vec<String> {
            let found = self.paths.iter().flat_map(|path| {
                path.query_located(value)
                    .locations()
                    .map(|at| format!("{prefix}{}", at.to_json_pointer()))
                    .collect::<Vec<_>>()
            });
            found.collect()
        };
        let mut pointers: HashSet<String> = of("", &value).into_iter().collect();
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            pointers.extend(of(&format!("/{index}"), item));
        }
        pointers
    }
}

/// Whether a text stands for nothing else, so that it may be taken out wherever it is: words and numbers alone do not.
fn is_worth_knowing(secret: &[u8]) -> bool {
    let has = |what: fn(&u8) -> bool| secret.iter().any(what);
    (KNOWN_BYTES_MIN..=KNOWN_BYTES_MAX).contains(&secret.len())
        && !secret.contains(&b'\n')
        && has(u8::is_ascii_alphabetic)
        && has(|byte| !byte.is_ascii_alphabetic() && !b" -_./".contains(byte))
}

/// A quote as it is written within so many strings.
fn quote(strings: u32) -> String {
    // `"`, `\"`, `\\\"`: each string doubles the backslashes and adds one.
    "\\".repeat((1_usize << strings) - 1) + "\""
}

fn write_line(out: &mut dyn Write, line: &[u8]) -> io::Result<()> {
    out.write_all(line)?;
    out.write_all(b"\n")
}
