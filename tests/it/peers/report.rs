//! The page of `mcptop report` in a real browser.

use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

use super::install::peers;

const RECORDING: &str = "everything";

/// The text of the page of a report, and what a browser says of it.
static OPENED: LazyLock<(String, Value)> = LazyLock::new(opened);

fn opened() -> (String, Value) {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("report.html");
    let root = env!("CARGO_MANIFEST_DIR");
    // The page names the recording, and where it lies may be a word longer than a narrow window.
    let deep = folder.path().join("a_folder_whose_name_has_no_end_".repeat(6));
    std::fs::create_dir(&deep).unwrap();
    let recording = deep.join(format!("{RECORDING}.mcp.jsonl"));
    std::fs::copy(format!("{root}/recordings/{RECORDING}.mcp.jsonl"), &recording).unwrap();
    let made = Command::new(env!("CARGO_BIN_EXE_mcptop"))
        .arg("report")
        .arg(recording)
        .arg("-o")
        .arg(&page)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    // The picture in docs/report.md.
    let picture = std::env::var_os("MCPTOP_PICTURES").map(|_| format!("{root}/docs/pictures/report.png"));
    let seen = Command::new("node")
        .arg(format!("{root}/tests/peers/page.mjs"))
        .arg(&page)
        .args(picture)
        .env("MCPTOP_PEERS", peers())
        .output()
        .unwrap();
    assert!(seen.status.success(), "{}", String::from_utf8_lossy(&seen.stderr));
    (std::fs::read_to_string(page).unwrap(), serde_json::from_slice(&seen.stdout).unwrap())
}

fn views() -> &'static [Value] {
    let views = OPENED.1["views"].as_array().unwrap();
    assert_eq!(views.len(), 4, "light and dark, wide and narrow");
    views
}

#[test]
fn the_page_of_a_report_loads_nothing_and_a_browser_has_nothing_to_complain_of() {
    let requests = OPENED.1["requests"].as_array().unwrap();
    assert!(!requests.is_empty() && requests.iter().all(|name| name == "report.html"), "{requests:?}");
    assert_eq!(OPENED.1["complaints"], serde_json::json!([]));
}

#[test]
fn the_page_of_a_report_shows_every_part_and_every_body_without_a_script() {
    for view in views() {
        assert_eq!(view["title"], format!("{RECORDING} · mcptop"));
        let parts = ["time", "tools", "tokens", "definitions", "slowest", "fattest"];
        assert_eq!(view["headings"], serde_json::json!(parts));
        assert_eq!((&view["charts"], &view["scripts"]), (&3.into(), &0.into()), "{view}");
        assert!(view["rectangles"].as_u64().unwrap() > 50, "{view}");
        assert_eq!(view["bodies"], OPENED.0.matches("<pre>").count(), "{view}");
    }
}

#[test]
fn the_page_of_a_report_fits_a_wide_and_a_narrow_window() {
    for view in views() {
        assert_eq!(view["overflow"], 0, "{view}");
    }
}

#[test]
fn no_text_of_a_chart_in_a_report_is_cut_off() {
    for view in views() {
        assert_eq!(view["textsOutside"], 0, "{view}");
    }
}

#[test]
fn the_page_of_a_report_is_light_or_dark_as_its_reader_likes() {
    let [light, _, dark, _] = views() else { unreachable!("there are four") };
    assert_ne!((&light["back"], &light["text"]), (&dark["back"], &dark["text"]));
}
