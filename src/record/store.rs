//! Where recordings and the registry of live sessions live, and how they are found again.
//!
//! The proxy is started by an AI client that passes on only a handful of environment variables, the viewer from a
//! shell with all of them; so the viewer looks at every place a proxy may have chosen.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use directories::ProjectDirs;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::reader::peek;
use crate::trace::Header;

/// Puts everything mcptop keeps below one folder, and looks nowhere else.
pub const HOME_VARIABLE: &str = "MCPTOP_HOME";
/// What recordings are called.
const EXTENSION: &str = ".mcp.jsonl";
/// A socket's path must fit `sockaddr_un`, which is 104 bytes on macOS and 108 on Linux.
const SOCKET_PATH_BYTES_MAX: usize = 100;

/// A folder that is needed cannot be used.
#[derive(Debug, Error)]
#[error("cannot use the folder {}: {source}", path.display())]
pub struct StoreError {
    /// The folder or file.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

/// The folders mcptop uses. The first of each list is written to; all are looked at.
#[derive(Clone, Debug)]
pub struct Folders {
    recordings: Vec<PathBuf>,
    runtime: Vec<PathBuf>,
    config: PathBuf,
}

impl Folders {
    /// The platform's folders for this user; `None` where there is no home folder.
    #[must_use]
    pub fn of_user() -> Option<Self> {
        if let Some(home) = std::env::var_os(HOME_VARIABLE).filter(|home| !home.is_empty()) {
            return Some(Self::below(Path::new(&home)));
        }
        let dirs = ProjectDirs::from("", "", "mcptop")?;
        let mut data = vec![dirs.data_local_dir().to_owned()];
        // What `directories` would say without XDG variables, which clients do not pass on.
        if cfg!(all(unix, not(target_os = "macos"))) {
            let home = directories::BaseDirs::new()?.home_dir().join(".local/share/mcptop");
            data.push(home);
            data.dedup();
        }
        let runtime = dirs.runtime_dir().map(Path::to_owned);
        let usual = usual_runtime_folder();
        let mut runtime: Vec<PathBuf> = runtime.into_iter().chain(usual).collect();
        runtime.extend(data.iter().map(|data| data.join("run")));
        runtime.dedup();
        let recordings = data.iter().map(|data| data.join("recordings")).collect();
        Some(Self { recordings, runtime, config: dirs.config_dir().to_owned() })
    }

    /// Everything below one folder.
    #[must_use]
    pub fn below(home: &Path) -> Self {
        Self {
            recordings: vec![home.join("recordings")],
            runtime: vec![home.join("run")],
            config: home.join("config"),
        }
    }

    /// Where a new recording of a session labelled `label` goes: a folder per day (of `day`, as `2026-11-21`), a name
    /// that sorts by time.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn new_recording(&self, day: &str, time: &str, label: &str) -> Result<PathBuf, StoreError> {
        let folder = self.recordings[0].join(day);
        private_folder(&self.recordings[0])?;
        private_folder(&folder)?;
        Ok(folder.join(format!("{time}-{}{EXTENSION}", file_name(label))))
    }

    /// The same for a session that starts at this moment, with a name that nothing has yet.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn recording_at(&self, now: Timestamp, label: &str) -> Result<PathBuf, StoreError> {
        let now = now.to_zoned(jiff::tz::TimeZone::UTC);
        let (day, time) = (now.strftime("%Y-%m-%d").to_string(), now.strftime("%H%M%S").to_string());
        let path = self.new_recording(&day, &time, label)?;
        if !path.exists() {
            return Ok(path);
        }
        self.new_recording(&day, &now.strftime("%H%M%S-%3f").to_string(), label)
    }

    /// The runtime folder, made private if need be: the registry of live sessions and what lives as long as they do.
    ///
    /// # Errors
    /// If none of the candidates can be made.
    pub fn runtime(&self) -> Result<PathBuf, StoreError> {
        let mut first_error = None;
        for folder in &self.runtime {
            match private_folder(folder) {
                Ok(()) => return Ok(folder.clone()),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        Err(first_error.unwrap_or_else(|| StoreError {
            path: PathBuf::from("run"),
            source: io::Error::new(io::ErrorKind::NotFound, "there is no runtime folder"),
        }))
    }

    /// Where the control socket of a session goes: beside its registry entry, or in a private folder with a shorter
    /// name where that path would be too long for a socket.
    ///
    /// # Errors
    /// If no folder can be made.
    pub fn control(&self, session: &str) -> Result<PathBuf, StoreError> {
        if cfg!(windows) {
            return Ok(PathBuf::from(format!(r"\\.\pipe\mcptop-{session}")));
        }
        let path = self.runtime()?.join(format!("{session}.sock"));
        if path.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
            return Ok(path);
        }
        let folder = std::env::temp_dir().join(format!("mcptop-{}", user_id()));
        private_folder(&folder)?;
        Ok(folder.join(format!("{session}.sock")))
    }

    /// The folder of the user's configuration and themes, and of what the viewer remembers.
    #[must_use]
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// The folder in which log-ins to servers are kept. It need not exist.
    #[must_use]
    pub fn logins(&self) -> PathBuf {
        self.recordings().with_file_name("logins")
    }

    /// The file that says what servers cost when they were audited last. It need not exist.
    #[must_use]
    pub fn audited(&self) -> PathBuf {
        self.recordings().with_file_name("audited.json")
    }

    /// The file that says in front of which servers of clients mcptop was put. It need not exist.
    #[must_use]
    pub fn clients(&self) -> PathBuf {
        self.recordings().with_file_name("clients.json")
    }

    /// The folder of long results that the rules of a session write to files. It need not exist.
    #[must_use]
    pub fn results(&self, session: &str) -> PathBuf {
        self.recordings().with_file_name("results").join(session)
    }

    /// The folder in which new recordings are kept.
    #[must_use]
    pub fn recordings(&self) -> &Path {
        &self.recordings[0]
    }
}

impl Folders {
    /// How many entries the registry has, those of proxies that died among them.
    #[must_use]
    pub fn entries(&self) -> usize {
        let files = self.runtime.iter().flat_map(|folder| children_of(folder));
        files.filter(|path| path.extension().is_some_and(|extension| extension == "json")).count()
    }
}

/// Why a folder that is there is not one for mcptop alone to write to; `None` if it is.
#[must_use]
pub fn refused(folder: &Path) -> Option<String> {
    #[cfg(unix)]
    return fs::symlink_metadata(folder).ok().and_then(|itself| refusal(folder, &itself));
    #[cfg(not(unix))]
    return (!folder.is_dir()).then(|| "it is not a folder".to_owned());
}

/// A live session's entry in the registry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// What the recording's first line says, whether there is a recording or not.
    pub header: Header,
    /// The proxy's process id.
    pub pid: u32,
    /// The recording, if there is one.
    pub recording: Option<PathBuf>,
    /// Where the proxy takes orders.
    pub control: Option<PathBuf>,
}

/// A registry entry that is removed when the session ends.
#[derive(Debug)]
pub struct Registered(PathBuf);

impl Entry {
    /// Enters the session into the registry.
    ///
    /// # Errors
    /// If the runtime folder cannot be written.
    pub fn register(&self, folders: &Folders) -> Result<Registered, StoreError> {
        let path = folders.runtime()?.join(format!("{}.json", self.header.session));
        let failed = |source| StoreError { path: path.clone(), source };
        let text = serde_json::to_vec(self).map_err(|error| failed(error.into()))?;
        // Written beside and renamed, so that a viewer never reads half an entry.
        let mut file =
            tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new("."))).map_err(failed)?;
        file.write_all(&text).map_err(failed)?;
        file.persist(&path).map_err(|error| failed(error.error))?;
        Ok(Registered(path))
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// A session that can be opened.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its recording; `None` for a live session that records nothing.
    pub path: Option<PathBuf>,
    /// Its first line.
    pub header: Header,
    /// Size of the recording.
    pub size_bytes: u64,
    /// When the recording last grew.
    pub modified: SystemTime,
    /// How to reach the proxy, while it lives.
    pub live: Option<Live>,
}

/// A proxy that is running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// Its process id.
    pub pid: u32,
    /// Where it takes orders.
    pub control: Option<PathBuf>,
}

/// Everything there is, newest first: live sessions, then recordings. See [`Catalogue::list`].
#[must_use]
pub fn list(folders: &Folders) -> Vec<Listed> {
    Catalogue::default().list(folders)
}

/// Lists again and again without reading what it has read before: a recording's first line never changes.
#[derive(Debug, Default)]
pub struct Catalogue {
    headers: HashMap<PathBuf, Header>,
}

impl Catalogue {
    /// Everything there is, newest first: live sessions, then recordings. Entries of proxies that died without taking
    /// theirs back are removed on the way.
    pub fn list(&mut self, folders: &Folders) -> Vec<Listed> {
        let mut found: Vec<Listed> = live(folders).iter().map(of_entry).collect();
        let watched: HashSet<PathBuf> = found.iter().filter_map(|listed| listed.path.clone()).collect();
        let files: HashSet<PathBuf> =
            folders.recordings.iter().flat_map(|folder| files_below(folder)).collect();
        self.headers.retain(|path, _| files.contains(path));
        found.extend(files.difference(&watched).filter_map(|path| self.recorded(path)));
        found.sort_by_key(|listed| std::cmp::Reverse((listed.live.is_some(), listed.header.started)));
        found
    }

    fn recorded(&mut self, path: &Path) -> Option<Listed> {
        let header = if let Some(header) = self.headers.get(path) {
            header.clone()
        } else {
            // Damaged and foreign files are passed over; one that is just being created has its first line next time.
            let header = peek(path).ok()?;
            self.headers.insert(path.to_owned(), header.clone());
            header
        };
        let metadata = fs::metadata(path).ok()?;
        let (size_bytes, modified) = (metadata.len(), metadata.modified().ok()?);
        Some(Listed { path: Some(path.to_owned()), header, size_bytes, modified, live: None })
    }
}

/// The registry entries of proxies that are running.
#[must_use]
pub fn live(folders: &Folders) -> Vec<Entry> {
    let mut entries = Vec::new();
    for path in folders.runtime.iter().flat_map(|folder| children_of(folder)) {
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let Some(entry) = fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Entry>(&text).ok())
        else {
            continue;
        };
        if is_running(entry.pid, entry.control.as_deref()) {
            entries.push(entry);
        } else {
            clean_up(&path, &entry);
        }
    }
    entries
}

fn clean_up(path: &Path, entry: &Entry) {
    let _ = fs::remove_file(path);
    if let Some(control) = &entry.control {
        let _ = fs::remove_file(control);
    }
    // An ephemeral recording lives beside its entry and ends with its session.
    if let Some(recording) = entry.recording.as_ref().filter(|recording| recording.parent() == path.parent())
    {
        let _ = fs::remove_file(recording);
    }
}

fn of_entry(entry: &Entry) -> Listed {
    let metadata = entry.recording.as_ref().and_then(|path| fs::metadata(path).ok());
    Listed {
        path: entry.recording.clone(),
        header: entry.header.clone(),
        size_bytes: metadata.as_ref().map_or(0, fs::Metadata::len),
        modified: metadata.and_then(|metadata| metadata.modified().ok()).unwrap_or(SystemTime::UNIX_EPOCH),
        live: Some(Live { pid: entry.pid, control: entry.control.clone() }),
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let days = children_of(folder).into_iter().filter(|path| path.is_dir());
    let files = days.flat_map(|day| children_of(&day));
    files.filter(|path| path.to_string_lossy().contains(EXTENSION)).collect()
}

fn children_of(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect()
}

/// A label as part of a file name.
#[must_use]
pub fn file_name(label: &str) -> String {
    let kept = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let name: String = label.chars().map(kept).take(60).collect();
    let name = name.trim_matches(['-', '.']);
    if name.is_empty() { "session".to_owned() } else { name.to_owned() }
}

/// Makes a folder that only its owner may change, or takes it if it is one. A link to one is as good if nobody else
/// could have made it: recordings are often moved to another disk this way.
#[cfg(unix)]
fn private_folder(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::DirBuilderExt;
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    // What stands there already says better why it cannot be used than the attempt to make it.
    let refused = match fs::symlink_metadata(path) {
        Ok(itself) => refusal(path, &itself).map(io::Error::other),
        Err(error) => Some(made.err().unwrap_or(error)),
    };
    refused.map_or(Ok(()), |source| Err(StoreError { path: path.to_owned(), source }))
}

/// Why what stands at a path is no folder of ours alone.
#[cfg(unix)]
fn refusal(path: &Path, itself: &fs::Metadata) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let is_link = itself.is_symlink();
    if is_link && ![user_id(), 0].contains(&itself.uid()) {
        return Some("it is a link made by somebody else".to_owned());
    }
    let folder = match fs::metadata(path) {
        Ok(folder) => folder,
        Err(error) if is_link => return Some(format!("it is a link that leads nowhere: {error}")),
        Err(error) => return Some(error.to_string()),
    };
    if !folder.is_dir() {
        Some("it is not a folder".to_owned())
    } else if folder.uid() != user_id() {
        Some("it belongs to somebody else".to_owned())
    } else if folder.mode() & 0o022 != 0 {
        Some("others can write to it; take that right away with chmod go-w".to_owned())
    } else {
        None
    }
}

#[cfg(windows)]
fn private_folder(path: &Path) -> Result<(), StoreError> {
    // The user's profile is private by inheritance.
    fs::create_dir_all(path).map_err(|source| StoreError { path: path.to_owned(), source })
}

#[cfg(unix)]
fn user_id() -> u32 {
    rustix::process::getuid().as_raw()
}

#[cfg(windows)]
fn user_id() -> u32 {
    0
}

/// `/run/user/ID`, which a proxy cannot learn from its environment.
fn usual_runtime_folder() -> Option<PathBuf> {
    let folder = PathBuf::from(format!("/run/user/{}", user_id()));
    folder.is_dir().then(|| folder.join("mcptop"))
}

/// Whether a proxy is still there. Its socket tells for sure (an id may have been given to another process since);
/// without one its process id has to do. Only what a dead proxy leaves counts as death: an error of our own (out of
/// descriptors, say) must not take the entry of a living one away.
#[cfg(unix)]
fn is_running(pid: u32, control: Option<&Path>) -> bool {
    use rustix::process::{Pid, test_kill_process};
    match control {
        Some(control) => match std::os::unix::net::UnixStream::connect(control) {
            Ok(_) => true,
            Err(error) => !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused),
        },
        None => {
            i32::try_from(pid).ok().and_then(Pid::from_raw).is_some_and(|pid| test_kill_process(pid).is_ok())
        }
    }
}

#[cfg(windows)]
fn is_running(_pid: u32, control: Option<&Path>) -> bool {
    // A pipe that is busy answering somebody else exists all the same.
    control.is_some_and(|pipe| match fs::OpenOptions::new().read(true).write(true).open(pipe) {
        Ok(_) => true,
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_becomes_a_safe_file_name() {
        assert_eq!(file_name("server-git"), "server-git");
        assert_eq!(file_name("../../etc/passwd"), "etc-passwd");
        assert_eq!(file_name("@scope/server"), "scope-server");
        assert_eq!(file_name("//"), "session");
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_can_write_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let run = home.path().join("run");
        fs::create_dir(&run).unwrap();
        fs::set_permissions(&run, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(Folders::below(home.path()).runtime().is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_folder_that_others_can_write_is_refused_with_the_reason() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let home = tempfile::tempdir().unwrap();
        let disk = home.path().join("disk");
        fs::create_dir(&disk).unwrap();
        fs::set_permissions(&disk, fs::Permissions::from_mode(0o777)).unwrap();
        symlink(&disk, home.path().join("run")).unwrap();
        let why = Folders::below(home.path()).runtime().unwrap_err().to_string();
        assert!(why.contains("others can write to it"), "{why}");
        fs::remove_dir(&disk).unwrap();
        let why = Folders::below(home.path()).runtime().unwrap_err().to_string();
        assert!(why.contains("a link that leads nowhere"), "{why}");
    }

    #[cfg(unix)]
    #[test]
    fn a_socket_path_always_fits() {
        let home = tempfile::tempdir().unwrap();
        let deep = home.path().join("d".repeat(60)).join("e".repeat(60));
        let path = Folders::below(&deep).control("0190-abc").unwrap();
        assert!(path.as_os_str().len() <= SOCKET_PATH_BYTES_MAX, "{}", path.display());
    }
}
