//! `mcptop recordings compact`: compresses recordings.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::args::Compact;
use super::found::live_files;
use crate::cli::progress::Progress;
use crate::record::{Compacted, Folders, compact};
use crate::ui::widgets::number::bytes;

/// Compresses one after the other; says what that came to.
pub(super) fn run(args: &Compact) -> Result<String, String> {
    if args.out.is_some() && args.files.len() > 1 {
        return Err("-o names one file, and there are several to be compressed: leave it out".to_owned());
    }
    let mut text = String::new();
    for file in &args.files {
        let out = args.out.clone().unwrap_or_else(|| packed_name(file));
        let done = packed(file, &out)?;
        let (before, after) = (bytes(done.before_bytes), bytes(done.after_bytes));
        let _ = writeln!(text, "{}: {after} instead of {before}", out.display());
        if args.replace {
            remove(file)?;
        }
    }
    Ok(text)
}

/// Compresses a recording, which then stands under its new name alone.
pub(super) fn in_place(file: &Path) -> Result<Compacted, String> {
    let done = packed(file, &packed_name(file))?;
    remove(file)?;
    Ok(done)
}

fn packed(file: &Path, out: &Path) -> Result<Compacted, String> {
    let whole = fs::canonicalize(file).map_err(|error| format!("cannot open {}: {error}", file.display()))?;
    if live_files(Folders::of_user().as_ref()).contains_key(&whole) {
        return Err(format!("{} is being written: its session is live", file.display()));
    }
    let mut bar = Progress::of("compressing");
    compact(file, out, &mut |done, whole| bar.at(done, whole)).map_err(|error| error.to_string())
}

fn remove(file: &Path) -> Result<(), String> {
    fs::remove_file(file).map_err(|error| format!("cannot remove {}: {error}", file.display()))
}

fn packed_name(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".zst");
    name.into()
}
