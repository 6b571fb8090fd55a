//! Reads a recording as a script.

use std::path::Path as File;

use crate::cli::passes;
use crate::insight::replay::{Reading, Script};
use crate::record::Bodies;
use crate::rules::Path;
use crate::trace::{Header, Micros};

/// What was read.
pub(in crate::cli) struct Loaded {
    pub(in crate::cli) header: Header,
    pub(in crate::cli) script: Script,
    pub(in crate::cli) bodies: Bodies,
    /// When the last event was.
    pub(in crate::cli) last: Micros,
}

/// Reads a recording from beginning to end.
///
/// # Errors
/// Why it cannot be read, for people.
pub(in crate::cli) fn script(file: &File, ignore: &[Path], is_delivered: bool) -> Result<Loaded, String> {
    let mut reader = passes::open(file)?;
    let header = reader.header().clone();
    let mut reading = Reading::new(&header.label, ignore, is_delivered);
    let mut last = Micros(0);
    passes::through_places(&mut reader, "reading", |event, place| {
        last = last.max(event.at);
        reading.apply(event, place);
    })
    .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    Ok(Loaded { header, script: reading.finish(), bodies: reader.bodies(), last })
}
