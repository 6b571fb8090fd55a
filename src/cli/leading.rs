//! Flags of a command that stand before it: `mcptop --ascii open FILE` means `mcptop open --ascii FILE`.
//!
//! The viewer is opened with and without a command, so its flags are known before one, and people put them there.

use std::ffi::OsString;

/// The same command line with the flags before a command behind it, where the command has all of them. Everything else is left
/// to the parser, with what it has to say.
pub(super) fn behind_the_command(command: &clap::Command, mut words: Vec<OsString>) -> Vec<OsString> {
    let mut flags = Vec::new();
    let mut at = 1;
    let found = loop {
        let Some(word) = words.get(at).and_then(|word| word.to_str()) else { return words };
        let Some(flag) = word.strip_prefix("--").filter(|flag| !flag.is_empty()) else {
            break command.find_subcommand(word);
        };
        let (name, value) = flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value)));
        let Some(arg) = command.get_arguments().find(|arg| is_named(arg, name)) else { return words };
        flags.push(name.to_owned());
        at += if arg.get_action().takes_values() && value.is_none() { 2 } else { 1 };
    };
    let has =
        |sub: &clap::Command| flags.iter().all(|flag| sub.get_arguments().any(|arg| is_named(arg, flag)));
    if found.is_some_and(has) {
        words[1..=at].rotate_right(1);
    }
    words
}

fn is_named(arg: &clap::Arg, name: &str) -> bool {
    arg.get_long() == Some(name) || arg.get_all_aliases().is_some_and(|aliases| aliases.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Args;
    use clap::CommandFactory as _;

    fn moved(line: &str) -> String {
        let words = line.split(' ').map(OsString::from).collect();
        let words = behind_the_command(&Args::command(), words);
        words.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn flags_of_the_viewer_may_stand_before_a_command_that_opens_it() {
        for (line, meant) in [
            ("mcptop --ascii open F", "mcptop open --ascii F"),
            ("mcptop --theme light open F", "mcptop open --theme light F"),
            ("mcptop --theme=light --ascii demo", "mcptop demo --theme=light --ascii"),
            ("mcptop --factor 1.2 serve -- CMD --ascii", "mcptop serve --factor 1.2 -- CMD --ascii"),
        ] {
            assert_eq!(moved(line), meant);
        }
    }

    #[test]
    fn everything_else_is_left_to_the_parser() {
        for line in [
            "mcptop",
            "mcptop --ascii",
            "mcptop --ascii wrap -- CMD",
            "mcptop --nope open F",
            "mcptop open F",
            "mcptop --theme",
        ] {
            assert_eq!(moved(line), line);
        }
    }
}
