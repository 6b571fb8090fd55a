//! Every command line of mcptop in the documentation is one that it takes.

use std::path::Path;

use clap::CommandFactory as _;

use super::args::Args;

/// The words of a line as a shell makes them, up to what ends a command: a comment, a pipe, a redirection.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut quote = None;
    let mut is_open = false;
    let mut last = ' ';
    for c in line.chars() {
        match (quote, c) {
            (Some(mark), c) if c == mark => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                if !is_open {
                    words.push(String::new());
                    is_open = true;
                }
            }
            (None, ' ') => is_open = false,
            (None, '|' | '>' | ';' | ')' | '&') => break,
            (None, '#') if last == ' ' => break,
            (_, c) => {
                if !is_open {
                    words.push(String::new());
                    is_open = true;
                }
                words.last_mut().expect("just pushed").push(c);
            }
        }
        last = c;
    }
    words
}

/// The command lines of mcptop in the shell blocks of a page, with the numbers of their lines.
fn lines(page: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let (mut is_shell, mut open) = (false, None::<(usize, String)>);
    for (number, line) in page.lines().enumerate() {
        if let Some(kind) = line.trim_start().strip_prefix("```") {
            is_shell = matches!(kind, "sh" | "bash" | "console") && !is_shell;
            continue;
        }
        if !is_shell {
            continue;
        }
        // A line that ends with a backslash goes on.
        let (start, text) =
            open.take().map_or((number + 1, line.to_owned()), |(start, before)| (start, before + line));
        match text.strip_suffix('\\') {
            Some(before) => open = Some((start, before.to_owned())),
            None => found.push((start, text)),
        }
    }
    found
}

/// What of a line starts mcptop: behind a prompt, variables, `cargo run --`, a pipe, `$(`.
fn calls(line: &str) -> Vec<Vec<String>> {
    let line = line.replace("cargo run --release -- ", "mcptop ");
    let starts = line.match_indices("mcptop ").filter(|(at, _)| {
        let before = line[..*at].trim_start();
        let variables = |text: &str| text.split(' ').all(|word| word.is_empty() || word.contains('='));
        before.is_empty()
            || before.ends_with("| ")
            || before.ends_with("$(")
            || before.ends_with("; ")
            || variables(before)
    });
    starts.map(|(at, _)| words(&line[at..])).collect()
}

#[test]
fn every_command_line_of_the_documentation_is_taken() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md"), root.join("CONTRIBUTING.md")];
    pages.extend(std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    pages.retain(|page| page.extension().is_some_and(|ending| ending == "md"));
    let mut taken = 0;
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for (number, line) in lines(&text) {
            for words in calls(&line) {
                taken += 1;
                if let Err(error) = Args::command().try_get_matches_from(&words) {
                    let is_told = matches!(
                        error.kind(),
                        clap::error::ErrorKind::DisplayHelp | clap::error::ErrorKind::DisplayVersion
                    );
                    assert!(is_told, "{}:{number}: {words:?}\n{error}", page.display());
                }
            }
        }
    }
    assert!(taken > 60, "{taken}");
}

#[test]
fn every_example_of_the_help_is_taken() {
    fn examples(command: &clap::Command, found: &mut Vec<String>) {
        let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let lines = after
            .lines()
            .map(|line| line.trim().trim_start_matches("Examples: ").trim_start_matches("Example: "));
        found.extend(lines.filter(|line| line.contains("mcptop ")).map(str::to_owned));
        command.get_subcommands().for_each(|sub| examples(sub, found));
    }
    let mut found = Vec::new();
    examples(&Args::command(), &mut found);
    let calls: Vec<Vec<String>> = found.iter().flat_map(|line| calls(line)).collect();
    assert!(calls.len() > 20, "{found:#?}");
    for words in calls {
        if let Err(error) = Args::command().try_get_matches_from(&words) {
            panic!("{words:?}\n{error}");
        }
    }
}

#[test]
fn words_are_those_of_a_shell() {
    assert_eq!(words("mcptop report 'a b' --x \"c\"  # why"), ["mcptop", "report", "a b", "--x", "c"]);
    assert_eq!(words("mcptop advise f --json | jq '.[]'"), ["mcptop", "advise", "f", "--json"]);
    assert_eq!(calls("X=1 mcptop demo").len(), 1);
    assert_eq!(calls("echo mcptop demo").len(), 0);
}
