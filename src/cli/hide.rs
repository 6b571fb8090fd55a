//! The flags that say which secrets are taken out of a recording, and the words for what was.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _};
use std::path::Path;

use super::complain;
use super::progress::Progress;
use crate::record::redact::{Presets, Replaced, Wishes, redact};
use crate::record::{Bodies, Raw, Reader};
use crate::ui::widgets::number::counted;

/// Which secrets are taken out.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Secrets")]
pub(super) struct Hide {
    /// Well-known secrets: keys, tokens, names (values whose name says it), emails, cards, users; all, none; can be
    /// repeated [default: secrets, which is keys, tokens and names]
    #[arg(long = "preset", value_name = "NAME")]
    presets: Vec<Presets>,
    /// What this regular expression finds; with a group (?P<secret>…) only that. Can be repeated
    #[arg(long = "pattern", value_name = "REGEX")]
    patterns: Vec<String>,
    /// What this JSONPath leads to in a message, as in $.params.arguments.name. Can be repeated
    #[arg(long = "path", value_name = "JSONPATH")]
    paths: Vec<String>,
    /// What members of this name hold, wherever they stand. Can be repeated
    #[arg(long = "field", value_name = "NAME")]
    fields: Vec<String>,
}

impl Hide {
    /// What they ask for.
    pub(super) fn wishes(&self) -> Wishes {
        let presets = if self.presets.is_empty() { &[Presets::SECRETS][..] } else { &self.presets };
        Wishes {
            presets: presets.iter().flat_map(|presets| presets.0).copied().collect(),
            patterns: self.patterns.clone(),
            paths: self.paths.clone(),
            fields: self.fields.clone(),
        }
    }
}

/// The file of a recording, or all of standard input for `-`.
///
/// # Errors
/// Why there is none, for people.
pub(super) fn raw(file: &Path) -> Result<Raw, String> {
    if file.as_os_str() != "-" {
        return Raw::open(file).map_err(|error| error.to_string());
    }
    if io::stdin().is_terminal() {
        return Err(
            "`-` reads a recording from standard input, which is this terminal; pipe one in".to_owned()
        );
    }
    Raw::from_stream(io::stdin()).map_err(|error| error.to_string())
}

/// Writes a recording without its secrets, with a bar that says how far it is.
///
/// # Errors
/// Why it cannot be done, for people.
pub(super) fn written(file: &Path, wishes: &Wishes, out: &mut dyn io::Write) -> Result<Replaced, String> {
    let source = raw(file)?;
    let mut bar = Progress::of("taking secrets out");
    redact(&source, wishes, out, &mut |done, whole| bar.at(done, whole))
        .map_err(|error| format!("{}: {error}", file.display()))
}

/// A recording without its secrets, in a temporary file that has no name.
///
/// # Errors
/// Why there is none, for people.
pub(super) fn reader(file: &Path, wishes: &Wishes) -> Result<(Reader, Replaced), String> {
    let failed = |error: io::Error| format!("cannot use a temporary file: {error}");
    let copy: File = tempfile::tempfile().map_err(failed)?;
    let mut out = BufWriter::new(copy.try_clone().map_err(failed)?);
    let replaced = written(file, wishes, &mut out)?;
    drop(out);
    let reader = Reader::again(&Bodies::of(copy)).map_err(|error| error.to_string())?;
    Ok((reader, replaced))
}

/// What was replaced: `3 secrets in 7 places: 2 api-key (5), 1 jwt (2)`.
pub(super) fn told(replaced: &Replaced) -> String {
    let secrets: u64 = replaced.counts.iter().map(|(_, count)| u64::from(count.secrets)).sum();
    if replaced.places() == 0 {
        return "no secrets found; --preset, --pattern, --path and --field say what else to look for"
            .to_owned();
    }
    let kinds: Vec<String> = replaced
        .counts
        .iter()
        .map(|(kind, count)| format!("{} {kind} ({})", count.secrets, count.places))
        .collect();
    let (secrets, places) = (counted(secrets, "secret"), counted(replaced.places(), "place"));
    format!("{secrets} replaced in {places}: {}", kinds.join(", "))
}

/// Says what of a recording had to be left out because nobody could look through it.
pub(super) fn complain_of_unread(replaced: &Replaced) {
    if replaced.unread_lines > 0 {
        let lines = counted(replaced.unread_lines, "line");
        complain(&format!("{lines} of this recording cannot be read and may hold anything: left out"));
    }
    if replaced.unread_messages > 0 {
        let messages = counted(replaced.unread_messages, "text");
        complain(&format!("{messages} of this recording too long to be looked through: left out"));
    }
}
