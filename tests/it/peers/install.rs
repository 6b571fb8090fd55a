//! The folder of real clients and servers, installed on first use.
//!
//! Knows nothing of what is in it; `tests/peers/install` does.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Root of the repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder with the real clients and servers. Runs `tests/peers/install` once, which does nothing if all is there.
pub(crate) fn peers() -> &'static Path {
    static PEERS: OnceLock<PathBuf> = OnceLock::new();
    PEERS.get_or_init(|| {
        let folder = std::env::var_os("MCPTOP_PEERS")
            .map_or_else(|| repository().join("target/peers"), |named| repository().join(named));
        let script = repository().join("tests/peers/install");
        let done = Command::new(&script).env("MCPTOP_PEERS", &folder).output();
        let output = done.unwrap_or_else(|error| panic!("cannot run {}: {error}", script.display()));
        assert!(
            output.status.success(),
            "these tests talk to real MCP servers and clients, which `tests/peers/install` puts into {}; it failed \
             (it needs node 20, npm, python3 with venv, and the network once):\n{}",
            folder.display(),
            String::from_utf8_lossy(&output.stderr)
        );
        folder
    })
}

/// What one of tests/peers/checks prints, run in this folder. Panics with its complaints if it has any.
pub(crate) fn checked(script: &str, arguments: &[&Path], folder: &Path) -> String {
    let python = peers().join("venv/bin/python");
    let script = repository().join("tests/peers/checks").join(script);
    let output = Command::new(python).arg(&script).args(arguments).current_dir(folder).output().unwrap();
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {arguments:?}: {why}", script.display());
    String::from_utf8(output.stdout).unwrap()
}
