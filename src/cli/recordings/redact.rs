//! `mcptop recordings redact`: a copy of a recording without its secrets.

use std::io::{self, BufWriter, Write as _};

use serde_json::{Value, json};

use super::args::Redact;
use crate::cli::hide;
use crate::record::fresh;
use crate::record::redact::Replaced;

/// How hard a copy is compressed.
const LEVEL: i32 = 9;

/// Writes the copy; says what is not in it any more.
pub(super) fn run(args: &Redact) -> Result<String, String> {
    if args.out.exists() {
        return Err(format!("{} is there already and is not overwritten", args.out.display()));
    }
    let replaced = copy(args)?;
    hide::complain_of_unread(&replaced);
    if args.json {
        return Ok(format!("{:#}\n", document(args, &replaced)));
    }
    Ok(format!("{}: {}\n", args.out.display(), hide::told(&replaced)))
}

fn copy(args: &Redact) -> Result<Replaced, String> {
    let out = &args.out;
    let failed = |error: io::Error| format!("cannot write {}: {error}", out.display());
    let file = fresh(out).map_err(failed)?;
    let replaced = if out.extension().is_some_and(|extension| extension == "zst") {
        let mut encoder = zstd::Encoder::new(file.as_file(), LEVEL).map_err(failed)?;
        let replaced = hide::written(&args.file, &args.hide.wishes(), &mut encoder)?;
        encoder.finish().map_err(failed)?;
        replaced
    } else {
        let mut plain = BufWriter::new(file.as_file());
        let replaced = hide::written(&args.file, &args.hide.wishes(), &mut plain)?;
        plain.flush().map_err(failed)?;
        replaced
    };
    file.persist_noclobber(out).map_err(|refused| failed(refused.error))?;
    Ok(replaced)
}

fn document(args: &Redact, replaced: &Replaced) -> Value {
    let kinds: serde_json::Map<String, Value> = replaced
        .counts
        .iter()
        .map(|(kind, count)| (kind.to_string(), json!({ "secrets": count.secrets, "places": count.places })))
        .collect();
    json!({
        "file": args.out,
        "places": replaced.places(),
        "replaced": kinds,
        "unread_lines": replaced.unread_lines,
        "unread_messages": replaced.unread_messages,
    })
}
