//! The first line of a recording: what was wrapped, where, when and by which version.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The version of the recording format this release writes. Independent of the release's own version.
pub const FORMAT_VERSION: u32 = 1;

/// The first line of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The format's version; its name marks the file as ours.
    #[serde(rename = "mcptop")]
    pub format: u32,
    /// A unique id, ordered by time.
    pub session: String,
    /// Wall-clock time of the session's start.
    pub started: Timestamp,
    /// The release that wrote the file.
    pub version: String,
    /// What the user calls the server; otherwise derived from the command.
    pub label: String,
    /// How the client reaches us.
    pub front: Front,
    /// How we reach the server.
    pub back: Back,
    /// Operating system and processor, as in `linux-x86_64`.
    pub platform: String,
}

/// How the client reaches us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Front {
    /// Over our standard input and output.
    Stdio,
    /// Over Streamable HTTP.
    Http {
        /// Where we listen: address and port.
        listen: String,
    },
}

/// How we reach the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Back {
    /// A child process, spoken to over its standard input and output.
    Command {
        /// Program and arguments, secrets removed.
        argv: Vec<String>,
    },
    /// A server reached over Streamable HTTP.
    Url {
        /// Its address, secrets removed.
        url: String,
        /// The addresses of its further instances.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        others: Vec<String>,
    },
}

impl Back {
    /// The command as one line that a shell would take, or the address; secrets removed.
    #[must_use]
    pub fn display(&self) -> String {
        match self {
            Self::Command { argv } => argv.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" "),
            Self::Url { url, others } if others.is_empty() => url.clone(),
            Self::Url { url, others } => format!("{url} and {}", others.join(", ")),
        }
    }
}

/// A word as a POSIX shell reads it back: bare where it can be, else in single quotes.
fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_a_shell_takes_it() {
        let argv = ["npx", "-y", "@scope/server", "it's here", ""].map(String::from).to_vec();
        assert_eq!(Back::Command { argv }.display(), r"npx -y @scope/server 'it'\''s here' ''");
    }
}
