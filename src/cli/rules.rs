//! Where a session's rules come from: their file is found, read, watched, and written when a viewer asks for that.
//!
//! Knows nothing of what rules say.

mod watch;

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::args::Keep;
use super::complain;
use crate::control::Reply;
use crate::proxy::Rulebook;
use crate::record::{Folders, file_name};

/// Longer files are no rules files.
const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// Whose order it was, in the recording.
const BY_ORDER: &str = "a viewer";

/// Where rules may be.
#[derive(Clone, Debug, Default)]
pub(super) struct Origin {
    /// The files that may hold them: the first that there is counts.
    places: Vec<PathBuf>,
    /// Where they are written to if there is none yet.
    new: Option<PathBuf>,
}

impl Origin {
    /// As the command line says, for a session with this label.
    pub(super) fn of(args: &Keep, label: &str, folders: Option<&Folders>) -> Self {
        if args.no_rules {
            return Self::default();
        }
        let config = folders.map(Folders::config);
        let profile = |name: &str| config.map(|config| config.join("rules").join(format!("{name}.toml")));
        if let Some(wanted) = &args.rules {
            let named = wanted.to_str().filter(|name| is_name(name)).and_then(profile);
            // Also for a viewer that runs elsewhere.
            let path = std::path::absolute(wanted).unwrap_or_else(|_| wanted.clone());
            let place = named.unwrap_or(path);
            return Self { places: vec![place.clone()], new: Some(place) };
        }
        let common = config.map(|config| config.join("rules.toml"));
        let places = profile(&file_name(label)).into_iter().chain(common.clone()).collect();
        Self { places, new: common }
    }

    /// The file that counts, if there is one.
    fn file(&self) -> Option<&Path> {
        self.places.iter().map(PathBuf::as_path).find(|place| place.exists())
    }
}

/// Whether it is the name of a profile and no path.
pub(super) fn is_name(text: &str) -> bool {
    !text.contains(['/', '\\'])
        && !Path::new(text).extension().is_some_and(|end| end.eq_ignore_ascii_case("toml"))
}

/// The rules of a session and their file.
pub(super) struct Rules {
    book: Rulebook,
    origin: Origin,
    /// The file as it was last read: what has not changed there changes nothing.
    last: Mutex<Option<Found>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Found {
    path: PathBuf,
    text: String,
}

impl Rules {
    /// Reads them for the first time. Rules that cannot be read are no reason not to forward.
    pub(super) fn begin(book: Rulebook, origin: Origin) -> Self {
        let rules = Self { book, origin, last: Mutex::default() };
        match (rules.origin.file(), &rules.origin.places[..]) {
            (None, [wanted]) => {
                complain(&format!(
                    "there is no {} yet; its rules count from when there is",
                    wanted.display()
                ));
            }
            (None, _) => {}
            (Some(_), _) => rules.read("this session runs without rules"),
        }
        rules
    }

    /// What the gates are made of.
    pub(super) fn book(&self) -> &Rulebook {
        &self.book
    }

    /// Reads the file again for as long as it is polled, whenever it may have changed.
    pub(super) async fn watch(self: Arc<Self>) {
        let places = &self.origin.places;
        if places.is_empty() {
            return;
        }
        // Its folder is usually there; else this is the time for it, so that no folder of others has to be watched.
        if let Some(folder) = self.origin.new.as_deref().and_then(Path::parent) {
            let _ = fs::create_dir_all(folder);
        }
        watch::files(places, || self.read("the rules before stay in force")).await;
    }

    /// Puts in force what the file says, unless it says what it said before.
    fn read(&self, otherwise: &str) {
        let mut last = self.lock();
        let Some(path) = self.origin.file() else {
            if let Some(gone) = last.take() {
                let source = format!("{} (removed)", gone.path.display());
                let _ = self.book.put("", &source);
            }
            return;
        };
        let source = path.display().to_string();
        match text_of(path) {
            Ok(text) => {
                let found = Found { path: path.to_owned(), text };
                if last.as_ref() == Some(&found) {
                    return;
                }
                if let Err(problem) = self.book.put(&found.text, &source) {
                    complain(&format!("{source}, {problem}; {otherwise}"));
                }
                *last = Some(found);
            }
            // It is being replaced: there will be news of it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                let why = error.to_string();
                complain(&format!("{source} cannot be read: {why}; {otherwise}"));
                self.book.refuse(&source, &why);
            }
        }
    }

    /// What is in force, for whoever asks.
    pub(super) fn shown(&self) -> Reply {
        let last = self.lock();
        let text = self.book.text();
        Reply::Rules {
            is_kept: last.as_ref().is_some_and(|found| *found.text == *text),
            source: last.as_ref().map(|found| found.path.clone()),
            text: text.to_string(),
        }
    }

    /// Puts other rules in force, and into the file if they are to be kept.
    pub(super) fn order(&self, text: &str, keep: bool) -> Result<(), String> {
        if text.len() > TEXT_BYTES_MAX {
            return Err("rules of more than 1 MiB are not taken".to_owned());
        }
        if !keep {
            return self.book.put(text, BY_ORDER).map_err(|problem| problem.to_string());
        }
        let mut last = self.lock();
        let file = self.origin.file().or(self.origin.new.as_deref());
        let path = file.ok_or("this session was started without a rules file, so they cannot be kept")?;
        // Only rules that can be read are written.
        if let Err(problem) = crate::rules::Ruleset::parse(text) {
            self.book.refuse(BY_ORDER, &problem.to_string());
            return Err(problem.to_string());
        }
        replace(path, text).map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
        *last = Some(Found { path: path.to_owned(), text: text.to_owned() });
        self.book.put(text, &path.display().to_string()).map_err(|problem| problem.to_string())
    }

    /// A panic while holding the lock leaves plain values behind.
    fn lock(&self) -> MutexGuard<'_, Option<Found>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn text_of(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    fs::File::open(path)?.take(TEXT_BYTES_MAX as u64 + 1).read_to_string(&mut text)?;
    if text.len() > TEXT_BYTES_MAX {
        return Err(io::Error::other("it is longer than 1 MiB"));
    }
    Ok(text)
}

/// Puts a text in a file's place at once, so that nobody reads half of it; where the file is a link, in the place of what
/// it leads to.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().ok_or(io::ErrorKind::NotFound)?;
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    if let Ok(before) = fs::metadata(&path) {
        file.as_file().set_permissions(before.permissions())?;
    }
    file.persist(&path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_a_profile_and_anything_else_a_path() {
        assert!(is_name("strict") && is_name("v1.2"));
        assert!(!is_name("./strict") && !is_name("strict.toml") && !is_name("a/b"));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_is_replaced_keeps_its_mode_and_its_link() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let [real, link] = ["real.toml", "link.toml"].map(|name| folder.path().join(name));
        fs::write(&real, "before").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        replace(&link, "after").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "after");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    }
}
