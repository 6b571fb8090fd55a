//! The official clients: how each is started, and which eras it speaks.
//!
//! Knows nothing of the proxy or of comparing.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::process::Command;

use super::install::{peers, repository};
use super::rust_client;
use super::scenario::{Scenario, path_text};

/// A way to open a connection: the `initialize` handshake, or self-contained requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Era {
    Legacy,
    Modern,
}

/// An official SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Client {
    TypeScript1,
    TypeScript2,
    Python,
    Rust,
}

/// No scenario takes longer than this by far, on a slow machine too.
const SCENARIO_MAX: Duration = Duration::from_mins(2);

impl Client {
    pub(super) const ALL: [Self; 4] = [Self::TypeScript1, Self::TypeScript2, Self::Python, Self::Rust];

    pub(super) fn eras(self) -> &'static [Era] {
        match self {
            Self::TypeScript1 => &[Era::Legacy],
            Self::TypeScript2 | Self::Python | Self::Rust => &[Era::Legacy, Era::Modern],
        }
    }

    /// How many sessions one connection makes: the 2.x TypeScript SDK first asks a throwaway sibling of the server for
    /// its era.
    pub(super) fn sessions(self, era: Era) -> usize {
        if self == Self::TypeScript2 && era == Era::Modern { 2 } else { 1 }
    }

    /// Plays a scenario against a server's command. Returns what the client printed: a line for each result it got.
    ///
    /// `home` is the home folder of the client, and so of all that it starts.
    pub(super) async fn play(
        self,
        era: Era,
        scenario: &Scenario,
        dir: &Path,
        home: &Path,
        server: &[String],
    ) -> String {
        let script = |name| repository().join("tests/peers/clients").join(name);
        let mut command = match self {
            Self::TypeScript1 => with_script("node".as_ref(), &script("typescript1.mjs")),
            Self::TypeScript2 => with_script("node".as_ref(), &script("typescript2.mjs")),
            Self::Python => with_script(&peers().join("venv/bin/python"), &script("python.py")),
            Self::Rust => {
                let playing = rust_client::play(era, scenario, dir, home, server);
                return tokio::time::timeout(SCENARIO_MAX, playing).await.expect("the scenario hangs");
            }
        };
        let era = match era {
            Era::Legacy => "legacy",
            Era::Modern => "modern",
        };
        command.arg(Scenario::file(&scenario.name)).arg(dir).arg(era).arg("--").args(server);
        command.env("HOME", home).env("MCPTOP_PEERS", peers()).env("PYTHONDONTWRITEBYTECODE", "1");
        command.current_dir(home).stdin(Stdio::null()).kill_on_drop(true);
        let output =
            tokio::time::timeout(SCENARIO_MAX, command.output()).await.expect("the scenario hangs").unwrap();
        assert!(
            output.status.success(),
            "{self:?} with {} failed: {}",
            scenario.name,
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }
}

fn with_script(interpreter: &Path, script: &Path) -> Command {
    let mut command = Command::new(interpreter);
    command.arg(path_text(script));
    command
}
