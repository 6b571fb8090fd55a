//! Where a session's rules come from: their file is found, read, watched, and written when a viewer asks for that.
//!
//! Knows nothing of what rules say.

mod watch;

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::args::Keep;
use super::complain;
use super::reason::reason;
use super::rulesfile::replace;
use crate::control::Reply;
use crate::proxy::Rulebook;
use crate::record::{Folders, file_name};
use crate::rules::{Rule, Ruleset};
use crate::trace::BY_VIEWER;

/// Longer files are no rules files.
const TEXT_BYTES_MAX: usize = 1024 * 1024;

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

/// A file and what was found in it.
#[derive(Clone, Debug, PartialEq)]
struct Found {
    path: PathBuf,
    said: Said,
}

#[derive(Clone, Debug, PartialEq)]
enum Said {
    /// A text, and what is wrong with it, if anything is.
    Text(String, Option<String>),
    /// Why it cannot be read.
    Unreadable(String),
}

impl Found {
    /// The text, whether its rules could be taken or not.
    fn text(&self) -> Option<&str> {
        match &self.said {
            Said::Text(text, _) => Some(text),
            Said::Unreadable(_) => None,
        }
    }
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
            (Some(_), _) => rules.read(),
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
        watch::files(places, || self.read()).await;
    }

    /// Puts in force what the file says, unless it says what it said before.
    fn read(&self) {
        let mut last = self.lock();
        let Some(path) = self.origin.file() else {
            if let Some(gone) = last.take() {
                let source = format!("{} (removed)", gone.path.display());
                self.replace(gone.text(), "", &source);
            }
            return;
        };
        let source = path.display().to_string();
        let before = last.as_ref().filter(|found| found.path == path);
        let said = match text_of(path) {
            Ok(text) => {
                if before.and_then(Found::text) == Some(&*text) {
                    return;
                }
                let problem = self.replace(last.as_ref().and_then(Found::text), &text, &source);
                if let Some(problem) = &problem {
                    complain(&format!("{source}, {problem}; {}", self.meanwhile()));
                }
                Said::Text(text, problem)
            }
            // It is being replaced: there will be news of it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => {
                let error = reason(&error);
                let said = Said::Unreadable(error.clone());
                if before.is_some_and(|found| found.said == said) {
                    return;
                }
                complain(&format!("{source} cannot be read: {error}; {}", self.meanwhile()));
                self.book.refuse(&source, &error);
                said
            }
        };
        *last = Some(Found { path: path.to_owned(), said });
    }

    /// Puts the file's text in force; what is wrong with it, if anything is. What a viewer had changed for the session
    /// alone does not hold any more: that is said, because nobody asked for it.
    fn replace(&self, before: Option<&str>, text: &str, source: &str) -> Option<String> {
        let lost = self.changed_for_session(before, text);
        if let Err(problem) = self.book.put(text, source) {
            return Some(problem.to_string());
        }
        if !lost.is_empty() {
            let lost = format!(
                "the rules file was read again, which ended what held for this session alone: {}",
                lost.join(", ")
            );
            complain(&lost);
            self.book.note(lost);
        }
        None
    }

    /// The rules that a viewer has made or changed for this session alone and that `text` does not have just so.
    fn changed_for_session(&self, file: Option<&str>, text: &str) -> Vec<String> {
        if *self.book.source() != *BY_VIEWER {
            return Vec::new();
        }
        let parsed = |text: &str| Ruleset::parse(text).unwrap_or_default();
        let (file, new) = (parsed(file.unwrap_or_default()), parsed(text));
        let rules = self.book.rules();
        let is_own =
            |rule: &&Rule| file.rule(&rule.name) != Some(*rule) && new.rule(&rule.name) != Some(*rule);
        let taken_out = file.rules.iter().filter(|rule| rules.rule(&rule.name).is_none());
        let back = taken_out.filter(|rule| new.rule(&rule.name).is_some());
        let names = rules.rules.iter().filter(is_own).map(|rule| rule.name.clone());
        names.chain(back.map(|rule| format!("{} taken out", rule.name))).collect()
    }

    /// What holds while the file cannot be taken.
    fn meanwhile(&self) -> &'static str {
        if self.book.rules().rules.is_empty() {
            "this session runs without rules"
        } else {
            "the rules before stay in force"
        }
    }

    /// What is in force, for whoever asks.
    pub(super) fn shown(&self) -> Reply {
        let last = self.lock();
        let text = self.book.text();
        Reply::Rules {
            is_kept: last.as_ref().and_then(Found::text) == Some(&*text),
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
            return self.book.put(text, BY_VIEWER).map_err(|problem| problem.to_string());
        }
        let mut last = self.lock();
        let file = self.origin.file().or(self.origin.new.as_deref());
        let path = file.ok_or("this session was started without a rules file, so they cannot be kept")?;
        // Only rules that can be read are written.
        let rules = Ruleset::parse(text).map_err(|problem| {
            self.book.refuse(BY_VIEWER, &problem.to_string());
            problem.to_string()
        })?;
        if self.origin.file().is_none() && rules == Ruleset::default() {
            return Err("there are no rules, so there is nothing to keep".to_owned());
        }
        if !is_written(path, last.as_ref(), text)? {
            replace(path, text).map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
        }
        *last = Some(Found { path: path.to_owned(), said: Said::Text(text.to_owned(), None) });
        self.book.put(text, &path.display().to_string()).map_err(|problem| problem.to_string())
    }

    /// A panic while holding the lock leaves plain values behind.
    fn lock(&self) -> MutexGuard<'_, Option<Found>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a file says this already. Nothing that somebody wrote there is written over unseen.
///
/// # Errors
/// If it says what was not read, or not taken: in words for the user.
fn is_written(path: &Path, last: Option<&Found>, text: &str) -> Result<bool, String> {
    let shown = path.display();
    let there = match text_of(path) {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(format!("{shown} is left as it is, because it cannot be read: {error}")),
    };
    if there == text {
        return Ok(true);
    }
    // As it is now: what was refused a moment ago may be mended, and what was read may be broken.
    if let Err(problem) = Ruleset::parse(&there) {
        return Err(format!(
            "{shown} is left as it is, because what was written there by hand has an error ({problem}): mend it there first"
        ));
    }
    let is_as_read = last.is_some_and(|found| found.path == path && found.text() == Some(&*there));
    if is_as_read {
        return Ok(false);
    }
    Err(format!(
        "{shown} has been changed by hand and not been read since; it is left as it is. Look at its rules and keep again"
    ))
}

fn text_of(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    fs::File::open(path)?.take(TEXT_BYTES_MAX as u64 + 1).read_to_string(&mut text)?;
    if text.len() > TEXT_BYTES_MAX {
        return Err(io::Error::other("it is longer than 1 MiB"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_a_profile_and_anything_else_a_path() {
        assert!(is_name("strict") && is_name("v1.2"));
        assert!(!is_name("./strict") && !is_name("strict.toml") && !is_name("a/b"));
    }

    const ONE: &str = "[[rule]]\nname = \"one\"\ndelay = \"1ms\"\n";
    const TWO: &str = "[[rule]]\nname = \"two\"\ndelay = \"2ms\"\n";

    /// Rules from a file with this text, if there is to be one.
    fn from_file(text: Option<&str>) -> (tempfile::TempDir, PathBuf, Rules) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rules.toml");
        if let Some(text) = text {
            fs::write(&path, text).unwrap();
        }
        let setting = crate::rules::Setting {
            server: "crm".to_owned(),
            spill: PathBuf::from("/nowhere"),
            stopwatch: || 0,
            seed: 7,
            identity: 0,
        };
        let book = Rulebook::new(setting, crate::proxy::Clock::start(), None);
        let origin = Origin { places: vec![path.clone()], new: Some(path.clone()) };
        (folder, path, Rules::begin(book, origin))
    }

    #[test]
    fn rules_are_not_kept_over_what_was_written_by_hand_and_not_taken() {
        let (_folder, path, rules) = from_file(Some(ONE));
        for by_hand in ["# mine\n[[rule]]\nnme = \"x\"\n", "# mine, not read yet\n"] {
            fs::write(&path, by_hand).unwrap();
            let why = rules.order(TWO, true).unwrap_err();
            assert!(why.contains("left as it is"), "{why}");
            assert_eq!(fs::read_to_string(&path).unwrap(), by_hand);
            assert_eq!(&*rules.book.text(), ONE, "nothing has changed");
        }
        fs::write(&path, "# mine\n[[rule]]\nnme = \"x\"\n").unwrap();
        rules.read();
        assert!(rules.order(TWO, true).unwrap_err().contains("line 3"), "an error that was told stays one");
        fs::write(&path, ONE).unwrap();
        rules.read();
        rules.order(TWO, true).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), TWO);
    }

    #[test]
    fn a_file_that_is_read_again_says_what_held_for_the_session_alone() {
        let (_folder, path, rules) = from_file(Some(ONE));
        assert!(rules.changed_for_session(Some(ONE), TWO).is_empty(), "nobody has changed anything");
        rules.order(&format!("{ONE}{TWO}"), false).unwrap();
        assert_eq!(rules.changed_for_session(Some(ONE), &format!("# more\n{ONE}")), ["two"]);
        assert!(rules.changed_for_session(Some(ONE), &format!("{ONE}{TWO}")).is_empty());
        rules.order("", false).unwrap();
        assert_eq!(rules.changed_for_session(Some(ONE), &format!("# more\n{ONE}")), ["one taken out"]);
        fs::write(&path, TWO).unwrap();
        rules.read();
        assert_eq!(&*rules.book.text(), TWO);
    }

    #[test]
    fn where_there_are_no_rules_there_is_nothing_to_keep() {
        let (_folder, path, rules) = from_file(None);
        assert!(rules.order("", true).unwrap_err().contains("nothing to keep"));
        assert!(!path.exists());
        rules.order(ONE, true).unwrap();
        rules.order("", true).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "", "what was kept can be taken out again");
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
