//! The layers of `ARCHITECTURE.md`, held: who may name whom.

use std::fs;
use std::path::Path;

/// Each folder of `src` with the folders it may name. What is not listed here is not allowed.
const LAYERS: [(&str, &[&str]); 13] = [
    ("clients", &[]),
    ("wire", &[]),
    ("trace", &["wire"]),
    ("tokens", &[]),
    ("model", &["wire", "trace", "tokens"]),
    ("rules", &["wire", "trace", "tokens"]),
    ("insight", &["wire", "trace", "tokens", "model", "rules"]),
    ("tap", &["wire", "trace"]),
    ("proxy", &["wire", "trace", "rules", "tap"]),
    ("record", &["wire", "trace", "tap"]),
    ("control", &[]),
    ("ui", &["wire", "trace", "model", "tokens", "rules", "insight", "record", "control"]),
    (
        "cli",
        &[
            "clients", "wire", "trace", "model", "tokens", "rules", "insight", "tap", "proxy", "record",
            "control", "ui",
        ],
    ),
];

/// Words that make a layer impure, and the layers that must do without them.
const PURE: [&str; 7] = ["clients", "wire", "trace", "tokens", "model", "rules", "insight"];
const IMPURE_WORDS: [&str; 7] = [
    "std::fs",
    "std::net",
    "std::process",
    "Instant::now",
    "SystemTime::now",
    "Timestamp::now",
    "std::thread",
];

/// Every source file below a folder with its text, test modules cut off.
fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod ").next().unwrap().to_owned();
            found.push((path.display().to_string(), code));
        }
    }
    found
}

fn source_root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn every_folder_is_a_layer_and_names_only_those_below_it() {
    let mut folders: Vec<String> = fs::read_dir(source_root())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    folders.sort();
    let mut known: Vec<&str> = LAYERS.iter().map(|(layer, _)| *layer).collect();
    known.sort_unstable();
    assert_eq!(folders, known);
    for (layer, may_name) in LAYERS {
        for (path, code) in sources(&source_root().join(layer)) {
            for (other, _) in LAYERS.iter().filter(|(other, _)| *other != layer && !may_name.contains(other))
            {
                assert!(
                    !code.contains(&format!("crate::{other}::")),
                    "{path} names {other}, which {layer} may not"
                );
            }
        }
    }
}

#[test]
fn pure_layers_have_no_clock_no_files_and_no_threads() {
    for layer in PURE {
        for (path, code) in sources(&source_root().join(layer)) {
            for word in IMPURE_WORDS {
                assert!(!code.contains(word), "{path} uses {word}");
            }
        }
    }
}

#[test]
fn only_one_place_touches_the_terminal() {
    for (path, code) in sources(&source_root().join("ui")) {
        let touches = ["enable_raw_mode", "EnterAlternateScreen", "event::read", "event::poll"];
        if touches.iter().any(|word| code.contains(word)) {
            assert!(path.contains("/ui/run"), "{path} touches the terminal");
        }
    }
}

#[test]
fn files_stay_readable() {
    for (path, code) in sources(&source_root()) {
        let lines = code.lines().count();
        assert!(lines <= 460, "{path} has {lines} lines: which ideas are in it?");
    }
}
