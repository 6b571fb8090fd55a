//! What mcptop keeps, reads and stands in front of on this machine.

use std::fs;
use std::path::{Path, PathBuf};

use super::Finding;
use crate::cli::clients::{self, Health};
use crate::cli::rulesfile;
use crate::cli::settings::{self, Settings};
use crate::record::{Folders, Listed, list, live, refused};
use crate::ui::memory::user_themes;
use crate::ui::theme::Themes;
use crate::ui::widgets::number::{bytes, counted};

/// Less free space than this is little: a recording may be half a gigabyte.
const FREE_BYTES_LOW: u64 = 1_000_000_000;

/// Everything but the terminal.
pub(super) fn all(settings: &Settings) -> Vec<Finding> {
    let mut found = vec![program()];
    let Some(folders) = Folders::of_user() else {
        found.push(Finding::problem(
            "folders",
            "there is no home folder",
            "set MCPTOP_HOME to where mcptop is to keep its things",
        ));
        return found;
    };
    found.extend(keeping(&folders));
    found.push(configuration());
    found.extend(rules(&folders));
    found.extend(themes(&folders));
    found.push(sessions(&folders));
    found.push(recordings(&folders, settings));
    found.extend(of_clients());
    found
}

fn program() -> Finding {
    let told = format!(
        "mcptop {} for {}-{}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH
    );
    let own = std::env::current_exe().ok();
    let on_path = std::env::var_os("PATH").into_iter().flat_map(|path| {
        std::env::split_paths(&path).map(|folder| folder.join("mcptop")).collect::<Vec<PathBuf>>()
    });
    let first = on_path.into_iter().find(|file| file.is_file());
    let is_same = |other: &Path| match (&own, fs::canonicalize(other)) {
        (Some(own), Ok(other)) => fs::canonicalize(own).is_ok_and(|own| own == other),
        _ => false,
    };
    match first {
        Some(first) if is_same(&first) => Finding::fine("program", told),
        Some(first) => Finding::note(
            "program",
            format!("{told}; `mcptop` in a shell is another one: {}", first.display()),
            "remove the one that is not wanted, or change the order in PATH",
        ),
        None => Finding::note(
            "program",
            format!("{told}; it is not on the PATH"),
            "project files name it without its folder: put its folder on the PATH",
        ),
    }
}

/// The folders mcptop writes to. What is not there yet is made when it is needed.
fn keeping(folders: &Folders) -> Vec<Finding> {
    let look = |about: &'static str, folder: &Path| {
        let told = folder.display().to_string();
        let there = folder.ancestors().find(|folder| folder.exists());
        match (folder.exists(), refused(folder)) {
            (true, Some(why)) => Finding::problem(
                about,
                format!("{told}: {why}"),
                "nothing can be kept there until that is mended",
            ),
            (true, None) => Finding::fine(about, told),
            (false, _) => match there.map(fs::metadata) {
                Some(Ok(parent)) if !parent.is_dir() || !there.is_some_and(can_write) => Finding::problem(
                    about,
                    format!("{told} is not there, and cannot be made"),
                    "give yourself the right to write there, or set MCPTOP_HOME to another place",
                ),
                _ => Finding::fine(about, format!("{told} (made when it is needed)")),
            },
        }
    };
    let mut found = vec![look("configuration", folders.config()), look("recordings", folders.recordings())];
    match folders.runtime() {
        Ok(folder) => found.push(look("runtime", &folder)),
        Err(error) => found.push(Finding::problem(
            "runtime",
            error.to_string(),
            "live sessions cannot be found until that is mended",
        )),
    }
    found.extend(disk(folders.recordings()));
    found
}

/// Whether something can be made in a folder.
#[cfg(unix)]
fn can_write(folder: &Path) -> bool {
    use rustix::fs::{Access, access};
    access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

#[cfg(not(unix))]
fn can_write(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|folder| !folder.permissions().readonly())
}

/// Free space where recordings are.
#[cfg(unix)]
fn disk(recordings: &Path) -> Option<Finding> {
    let there = recordings.ancestors().find(|folder| folder.exists())?;
    let space = rustix::fs::statvfs(there).ok()?;
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let told = format!("{} free where recordings are", bytes(free));
    Some(if free < FREE_BYTES_LOW {
        Finding::problem(
            "disk",
            told,
            "mcptop recordings prune --dry-run\na full disk ends recordings, never the traffic",
        )
    } else {
        Finding::fine("disk", told)
    })
}

#[cfg(not(unix))]
fn disk(_: &Path) -> Option<Finding> {
    None
}

fn configuration() -> Finding {
    let place = settings::file().map(|file| file.display().to_string()).unwrap_or_default();
    match Settings::load() {
        Err(why) => Finding::problem("config.toml", why, "mcptop config edit"),
        Ok(_) if settings::file().is_some_and(|file| file.exists()) => Finding::fine("config.toml", place),
        Ok(_) => Finding::fine("config.toml", "none; everything is as it is built in"),
    }
}

/// Every rules file there is.
fn rules(folders: &Folders) -> Vec<Finding> {
    let common = folders.config().join("rules.toml");
    let named = files_in(&folders.config().join("rules"));
    let files: Vec<PathBuf> = std::iter::once(common).chain(named).filter(|file| file.exists()).collect();
    let broken = files.iter().filter_map(|file| rulesfile::read(file).err());
    let broken: Vec<Finding> =
        broken.map(|why| Finding::problem("rules", why, "until then the file is not in force")).collect();
    match (files.len(), broken.is_empty()) {
        (0, _) => Vec::new(),
        (_, true) => vec![Finding::fine("rules", counted(files.len() as u64, "file"))],
        (_, false) => broken,
    }
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "toml")).collect();
    files.sort();
    files
}

fn themes(folders: &Folders) -> Vec<Finding> {
    let files = user_themes(&folders.config().join("themes"));
    let count = files.len();
    let (_, errors) = Themes::with_user_files(files);
    let broken = errors
        .iter()
        .map(|error| Finding::problem("themes", error.to_string(), "until then the theme is left out"));
    let mut found: Vec<Finding> = broken.collect();
    if count > 0 && found.is_empty() {
        found.push(Finding::fine("themes", format!("{} of yours", counted(count as u64, "theme"))));
    }
    found
}

fn sessions(folders: &Folders) -> Finding {
    let before = folders.entries();
    let live = live(folders);
    let told = match live.len() {
        0 => "none live".to_owned(),
        many => format!(
            "{many} live: {}",
            live.iter().map(|entry| &*entry.header.label).collect::<Vec<_>>().join(", ")
        ),
    };
    match before.saturating_sub(live.len()) {
        0 => Finding::fine("sessions", told),
        stale => Finding::note(
            "sessions",
            format!("{told}; {} of proxies that were killed", counted(stale as u64, "leftover")),
            "taken out of the registry just now",
        ),
    }
}

fn recordings(folders: &Folders, settings: &Settings) -> Finding {
    let listed: Vec<Listed> = list(folders).into_iter().filter(|listed| listed.path.is_some()).collect();
    let size: u64 = listed.iter().map(|listed| listed.size_bytes).sum();
    let told = format!("{}, {}", counted(listed.len() as u64, "recording"), bytes(size));
    match settings.retention().size_bytes_max {
        Some(most) if size > most => Finding::note(
            "kept",
            format!("{told}, more than the {} of retention.max_size", bytes(most)),
            "mcptop recordings prune --dry-run",
        ),
        _ => Finding::fine("kept", told),
    }
}

/// The clients of this machine.
fn of_clients() -> Vec<Finding> {
    let mut found: Vec<Finding> = clients::health()
        .into_iter()
        .map(|(name, health)| match health {
            Health::Broken(why) => {
                Finding::problem("client", format!("{name}: {why}"), "the client cannot read it either")
            }
            Health::Servers { gone, .. } if gone > 0 => Finding::problem(
                "client",
                format!(
                    "{name}: {} cannot start: the mcptop they name is not there",
                    counted(gone as u64, "server")
                ),
                "mcptop clients unwrap CLIENT --all, and wrap them again with this mcptop",
            ),
            Health::Servers { wrapped, all, .. } => Finding::fine(
                "client",
                format!("{name}: {wrapped} of {} through mcptop", counted(all as u64, "server")),
            ),
        })
        .collect();
    if let Some(dropped) = clients::notice() {
        found.push(Finding::problem("client", dropped, "mcptop clients wrap --again"));
    }
    if found.is_empty() {
        found.push(Finding::note(
            "client",
            "none of the clients mcptop knows is set up here",
            "mcptop clients list",
        ));
    }
    found
}
