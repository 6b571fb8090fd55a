//! Every panel in every theme can be read: contrast by the formula of WCAG 2.2 (relative luminance, success criterion 1.4.3).

use mcptop::ui::theme::{Depth, Glyphs, Themes};
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

use crate::screens::{Stage, Terminal};

/// Level AA for text.
const AA: f64 = 4.5;
/// Level AAA, for the theme that is made for it.
const AAA: f64 = 7.0;

const FILESYSTEM: &str = include_str!("../../recordings/filesystem.mcp.jsonl");
const EVERYTHING: &str = include_str!("../../recordings/everything.mcp.jsonl");

/// Relative luminance, 0 to 1, of a colour of sRGB.
fn luminance(colour: Color) -> Option<f64> {
    let Color::Rgb(red, green, blue) = colour else { return None };
    let linear = |channel: u8| {
        let channel = f64::from(channel) / 255.0;
        if channel <= 0.04045 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
    };
    Some(0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue))
}

/// The contrast of two colours, 1 to 21; `None` if one is the terminal's own.
fn contrast(one: Color, other: Color) -> Option<f64> {
    let (one, other) = (luminance(one)?, luminance(other)?);
    Some((one.max(other) + 0.05) / (one.min(other) + 0.05))
}

/// The words on a screen with less contrast than this, each with its own.
fn faint(screen: &Buffer, least: f64) -> Vec<(String, f64)> {
    let mut found: Vec<(String, f64)> = Vec::new();
    let mut goes_on = false;
    for cell in &screen.content {
        let is_text = cell.symbol().chars().all(char::is_alphanumeric);
        let is_reversed = cell.modifier.contains(Modifier::REVERSED);
        let (fg, bg) = if is_reversed { (cell.bg, cell.fg) } else { (cell.fg, cell.bg) };
        let weak = contrast(fg, bg).filter(|contrast| is_text && *contrast < least);
        match (weak, goes_on) {
            (Some(_), true) => found.last_mut().unwrap().0.push_str(cell.symbol()),
            (Some(contrast), false) => found.push((cell.symbol().to_owned(), contrast)),
            (None, _) => {}
        }
        goes_on = weak.is_some();
    }
    found
}

#[test]
fn black_on_white_is_the_most_there_is() {
    let contrast = |one, other| contrast(one, other).unwrap();
    assert!((contrast(Color::Rgb(0, 0, 0), Color::Rgb(255, 255, 255)) - 21.0).abs() < 1e-9);
    // The usual example of a grey that just does.
    assert!((contrast(Color::Rgb(0x76, 0x76, 0x76), Color::Rgb(255, 255, 255)) - 4.54).abs() < 0.01);
}

#[test]
fn every_word_of_every_panel_can_be_read_in_every_theme() {
    // Keys that lead to every panel, into details, and open what lies over them.
    let ways = ["1", "1j<enter>", "2", "2j<enter>", "3", "3j<enter>", "4", "5", "6", "7", "1/tool", "1:"];
    let names: Vec<String> = Themes::default().names().map(str::to_owned).collect();
    assert!(names.len() >= 10);
    let mut found = Vec::new();
    for name in names {
        let name: &'static str = name.leak();
        let least = if name == "high-contrast" { AAA } else { AA };
        let terminal = Terminal { theme: name, depth: Depth::True, glyphs: Glyphs::UNICODE };
        let mut stage = Stage::of(&terminal, &[FILESYSTEM, EVERYTHING]);
        for way in ways {
            stage.keys("<esc><esc>");
            stage.keys(way);
            let screen = stage.draw(120, 40);
            // These two have the terminal's own colours, of which nothing is known.
            let is_painted = !matches!(name, "sixteen" | "monochrome");
            assert_eq!(faint(&screen, 22.0).len() > 30, is_painted, "{name} {way}");
            let weak = faint(&screen, least).into_iter();
            found.extend(weak.map(|(word, contrast)| format!("{name} {way}: {word} {contrast:.2}")));
        }
    }
    assert!(found.is_empty(), "{} words, first {:#?}", found.len(), &found[..found.len().min(60)]);
}
