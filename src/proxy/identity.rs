//! What a server is, and who asks it, as digests: what two of them share nobody may be given who differs in either.
//!
//! Nothing of it can be turned back into what was said. Knows nothing of rules.

use std::ffi::OsStr;

use ring::digest::{Context, SHA256};

use super::http::Fields;
use super::session::Command;

/// Variables that say something of a terminal, a shell or a login, and nothing to a server. Any other may be what it is
/// configured by.
const HARMLESS: [&str; 36] = [
    "COLORTERM",
    "COLUMNS",
    "DISPLAY",
    "GPG_TTY",
    "HOSTNAME",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "LESS",
    "LESSCLOSE",
    "LESSOPEN",
    "LINES",
    "LOGNAME",
    "LS_COLORS",
    "MAIL",
    "MANAGERPID",
    "OLDPWD",
    "PAGER",
    "PS1",
    "PS2",
    "PWD",
    "SHLVL",
    "SSH_AUTH_SOCK",
    "SSH_CLIENT",
    "SSH_CONNECTION",
    "SSH_TTY",
    "STY",
    "SYSTEMD_EXEC_PID",
    "TERM",
    "TERM_PROGRAM",
    "TERM_PROGRAM_VERSION",
    "TERM_SESSION_ID",
    "TMUX",
    "TMUX_PANE",
    "WINDOWID",
    "XDG_SESSION_ID",
    "_",
];

/// A server that is started: its command, where it is started, and all that the environment may tell it.
#[must_use]
pub fn of_command(command: &Command) -> u128 {
    let folder = std::env::current_dir().unwrap_or_default();
    of_process(command, folder.as_os_str(), std::env::vars_os())
}

fn of_process(
    command: &Command,
    folder: &OsStr,
    variables: impl Iterator<Item = (impl AsRef<OsStr>, impl AsRef<OsStr>)>,
) -> u128 {
    let is_harmless = |name: &[u8]| {
        std::str::from_utf8(name).is_ok_and(|name| HARMLESS.binary_search(&name).is_ok())
            || name.starts_with(b"MCPTOP_")
    };
    let bytes = |text: &OsStr| text.as_encoded_bytes().to_vec();
    let mut variables: Vec<(Vec<u8>, Vec<u8>)> = variables
        .map(|(name, value)| (bytes(name.as_ref()), bytes(value.as_ref())))
        .filter(|(name, _)| !is_harmless(name))
        .collect();
    variables.sort_unstable();
    let words = command.arguments.len().to_le_bytes();
    let begin = [b"mcptop command", folder.as_encoded_bytes(), &words, command.program.as_encoded_bytes()];
    let arguments = command.arguments.iter().map(|argument| argument.as_encoded_bytes());
    let variables = variables.iter().flat_map(|(name, value)| [&**name, &**value]);
    digest(&begin, arguments.chain(variables))
}

/// A server that is reached: its addresses in whatever order, and what is added to requests.
#[must_use]
pub fn of_server<'a>(urls: impl Iterator<Item = &'a str>, fields: &Fields) -> u128 {
    let mut urls: Vec<&[u8]> = urls.map(str::as_bytes).collect();
    urls.sort_unstable();
    let count = urls.len().to_le_bytes();
    let mut fields: Vec<(String, &str)> =
        fields.iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
    fields.sort_unstable();
    let fields = fields.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
    digest(&[b"mcptop server", &count], urls.iter().copied().chain(fields))
}

/// Of these pieces, each of which counts with its length, so that none runs into the next.
pub(super) fn digest<'a>(begin: &[&'a [u8]], rest: impl Iterator<Item = &'a [u8]>) -> u128 {
    let mut context = Context::new(&SHA256);
    for piece in begin.iter().copied().chain(rest) {
        context.update(&(piece.len() as u64).to_le_bytes());
        context.update(piece);
    }
    let digest = context.finish();
    let half: [u8; 16] = digest.as_ref()[..16].try_into().expect("a SHA-256 digest has 32 bytes");
    u128::from_be_bytes(half)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(words: &[&str], folder: &str, variables: &[(&str, &str)]) -> u128 {
        let arguments = words[1..].iter().map(Into::into).collect();
        let command = Command { program: words[0].into(), arguments };
        of_process(&command, OsStr::new(folder), variables.iter().copied())
    }

    #[test]
    fn servers_of_other_arguments_folders_and_variables_are_others() {
        let all = [
            process(&["files", "/a"], "/", &[]),
            process(&["files", "/b"], "/", &[]),
            process(&["files", "/a", "/b"], "/", &[]),
            process(&["files", "/a"], "/home", &[]),
            process(&["files", "/a"], "/", &[("TOKEN", "alice")]),
            process(&["files", "/a"], "/", &[("TOKEN", "bob")]),
            process(&["files", "/a", "TOKEN", "bob"], "/", &[]),
            process(&["files"], "/", &[("/a", "/b")]),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[..at].contains(one), "{at}");
        }
    }

    #[test]
    fn another_terminal_is_the_same_server() {
        assert!(HARMLESS.is_sorted());
        assert_eq!(
            process(&["files"], "/", &[("TERM", "xterm"), ("SHLVL", "1"), ("A", "1"), ("B", "2")]),
            process(&["files"], "/", &[("B", "2"), ("A", "1"), ("MCPTOP_TAP", "x"), ("TERM", "tmux")]),
        );
    }

    #[test]
    fn addresses_and_what_is_added_to_requests_tell_servers_apart() {
        let of = |urls: &[&str], field: &str| {
            let mut fields = Fields::default();
            fields.add(field).unwrap();
            of_server(urls.iter().copied(), &fields)
        };
        let one = of(&["http://a", "http://b"], "Authorization=Bearer alice");
        assert_eq!(one, of(&["http://b", "http://a"], "authorization=Bearer alice"));
        assert_ne!(one, of(&["http://b", "http://a"], "Authorization=Bearer bob"));
        assert_ne!(one, of(&["http://a"], "Authorization=Bearer alice"));
    }
}
