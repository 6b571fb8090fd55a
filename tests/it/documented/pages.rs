//! What there is to type: the shell blocks of the pages, the steps of workflows, the examples of the help.

use std::path::Path;
use std::process::Command;

/// One thing to type, with its place.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) text: String,
    /// Whether it has nothing to do with the line before it.
    pub(super) is_first: bool,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a page.
pub(super) fn text(page: &str) -> String {
    std::fs::read_to_string(root().join(page)).unwrap()
}

/// The pages there are: those of the root, and those of `docs`, by name.
pub(super) fn every_page() -> Vec<String> {
    let names = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut docs: Vec<String> = names.map(|name| format!("docs/{}", name.to_str().unwrap())).collect();
    docs.retain(|name| Path::new(name).extension().is_some_and(|ending| ending == "md"));
    docs.sort();
    let mut pages = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned()];
    pages.append(&mut docs);
    pages
}

/// A fenced block: what stands behind the fence, the line of the fence, the lines in it.
pub(super) struct Block {
    pub(super) kind: String,
    pub(super) number: usize,
    pub(super) lines: Vec<String>,
}

/// The fenced blocks of a page.
pub(super) fn blocks(page: &str) -> Vec<Block> {
    let (mut found, mut open) = (Vec::new(), None::<Block>);
    for (index, line) in text(page).lines().enumerate() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(kind), None) => {
                open = Some(Block { kind: kind.trim().to_owned(), number: index + 1, lines: Vec::new() });
            }
            (Some(_), Some(_)) => found.extend(open.take()),
            (None, Some(block)) => block.lines.push(line.to_owned()),
            (None, None) => {}
        }
    }
    found
}

/// What a page says to type.
pub(super) fn lines(page: &str) -> Vec<Line> {
    let of = |block: &Block| match block.kind.as_str() {
        "sh" | "bash" | "console" => commands(block),
        "yaml" => steps(block),
        _ => Vec::new(),
    };
    blocks(page).iter().flat_map(of).collect()
}

/// The commands of a shell block. A line that is indented, or is the `done` of a loop, goes on with the one before.
fn commands(block: &Block) -> Vec<Line> {
    let mut found: Vec<Line> = Vec::new();
    for (index, line) in block.lines.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match found.last_mut() {
            Some(last) if line.starts_with(' ') || line.starts_with("done") => {
                last.text += "\n";
                last.text += line;
            }
            _ => found.push(Line { number: block.number + 1 + index, text: line.clone(), is_first: false }),
        }
    }
    found
}

/// The steps of a workflow that have to do with mcptop: `run: line`, or `run: |` and the lines that are further in.
fn steps(block: &Block) -> Vec<Line> {
    let mut found: Vec<Line> = Vec::new();
    let mut within = None;
    for (index, line) in block.lines.iter().enumerate() {
        let depth = line.len() - line.trim_start().len();
        if within.is_some_and(|outside| depth > outside) {
            let last = &mut found.last_mut().unwrap().text;
            last.push_str(line.trim_start());
            last.push('\n');
            continue;
        }
        within = None;
        let Some(said) = line.trim_start().trim_start_matches("- ").strip_prefix("run: ") else { continue };
        let number = block.number + 1 + index;
        if said == "|" {
            within = Some(depth);
            found.push(Line { number, text: String::new(), is_first: false });
        } else {
            found.push(Line { number, text: said.to_owned(), is_first: false });
        }
    }
    found.retain(|line| line.text.contains("mcptop"));
    found
}

/// The examples of the help of every command.
pub(super) fn help() -> Vec<Line> {
    let mut found = Vec::new();
    walk(&[], &mut found);
    found
}

fn walk(command: &[&str], found: &mut Vec<Line>) {
    let told = Command::new(env!("CARGO_BIN_EXE_mcptop")).args(command).arg("--help").output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    if let Some((_, examples)) = told.split_once("\nExample") {
        let (_, examples) = examples.split_once(": ").unwrap();
        let mut is_first = true;
        for line in examples.lines().map(str::trim).take_while(|line| !line.is_empty()) {
            match found.last_mut() {
                // The help is folded where a terminal ends.
                Some(last) if !line.contains("mcptop ") => {
                    last.text.push(' ');
                    last.text += line;
                }
                _ => found.push(Line { number: found.len() + 1, text: line.to_owned(), is_first }),
            }
            is_first = false;
        }
    }
    let named = told.split_once("\nCommands:\n").map_or("", |(_, rest)| rest);
    let named = named.lines().take_while(|line| line.starts_with("  "));
    for name in named.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' '))) {
        let name = name.split(' ').next().unwrap();
        if name != "help" {
            walk(&[command, &[name]].concat(), found);
        }
    }
}
