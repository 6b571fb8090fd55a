//! The pictures of the README and of docs/screens.md, drawn by the program itself from recorded sessions.
//!
//! `MCPTOP_PICTURES=1 cargo test pictures` draws them anew; without it the test holds them against today's screens.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use mcptop::ui::theme::{Depth, Glyphs};
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use crate::screens::{FULL, Stage, Terminal};

/// Size of a character cell in the picture.
const CELL: (f32, f32) = (8.4, 18.0);
const MARGIN: f32 = 14.0;

/// What a terminal without a theme of its own looks like.
struct Paper {
    ink: &'static str,
    ground: &'static str,
}

const NIGHT: Paper = Paper { ink: "#d7dae0", ground: "#14161b" };
const DAY: Paper = Paper { ink: "#24292f", ground: "#ffffff" };

/// A picture: its name, what is shown, on which paper, and the keys that lead there.
type Picture = (&'static str, Terminal, &'static Paper, &'static str, &'static str);

const LIGHT: Terminal = Terminal { theme: "light", depth: Depth::True, glyphs: Glyphs::UNICODE };

/// Those of the README, each in 120 × 34 cells.
const PICTURES: [Picture; 5] = [
    ("top", FULL, &NIGHT, "filesystem", "1"),
    ("call", FULL, &NIGHT, "filesystem", "2/tool:directory_tree<enter><enter>"),
    ("schemas", FULL, &NIGHT, "azure", "3"),
    ("timeline", FULL, &NIGHT, "everything", "5"),
    ("light", LIGHT, &DAY, "git", "1"),
];

/// Those of docs/screens.md, each in every one of [`SIZES`].
const SCREENS: [Picture; 4] = [
    ("top", FULL, &NIGHT, "everything", "1"),
    ("call", FULL, &NIGHT, "filesystem", "2/tool:directory_tree<enter><enter>"),
    ("schemas", FULL, &NIGHT, "azure", "3"),
    ("timeline", LIGHT, &DAY, "everything", "5"),
];
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn picture((_, terminal, paper, recording, keys): &Picture, (width, height): (u16, u16)) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join(format!("recordings/{recording}.mcp.jsonl"))).unwrap();
    let mut stage = Stage::of(terminal, &[&text]);
    stage.draw(width, height);
    stage.keys(keys);
    svg(&stage.draw(width, height), paper)
}

/// Draws the picture anew if that was asked for; else holds the kept one against it.
fn keep(name: &str, picture: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/pictures/{name}.svg"));
    if std::env::var_os("MCPTOP_PICTURES").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, picture).unwrap();
        return;
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == picture,
        "{name}.svg is out of date: run MCPTOP_PICTURES=1 cargo test --test it pictures"
    );
}

#[test]
fn the_pictures_of_the_readme_show_todays_screens() {
    for shown in &PICTURES {
        keep(shown.0, &picture(shown, (120, 34)));
    }
}

#[test]
fn the_pictures_of_every_size_show_todays_screens_and_are_all_on_their_page() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/screens.md")).unwrap();
    for (shown, (width, height)) in SCREENS.iter().flat_map(|shown| SIZES.map(|size| (shown, size))) {
        let name = format!("{}-{width}x{height}", shown.0);
        keep(&name, &picture(shown, (width, height)));
        assert!(page.contains(&format!("(pictures/{name}.svg)")), "{name} is not on the page");
    }
}

/// A screen as a picture: one rectangle per run of cells with a background, one text per run of equal cells.
fn svg(screen: &Buffer, paper: &Paper) -> String {
    let (columns, rows) = (screen.area.width, screen.area.height);
    let width = f32::from(columns) * CELL.0 + 2.0 * MARGIN;
    let height = f32::from(rows) * CELL.1 + 2.0 * MARGIN;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.1} {height:.1}\" font-size=\"14\" \
         font-family=\"ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>\n",
        paper.ground
    );
    for row in 0..rows {
        let mut column = 0;
        while column < columns {
            let first = &screen[(column, row)];
            let mut end = column + 1;
            while end < columns && looks_same(first, &screen[(end, row)]) {
                end += 1;
            }
            let text: String = (column..end).map(|x| screen[(x, row)].symbol()).collect();
            run(&mut out, paper, first, &text, (column, row), end - column);
            column = end;
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Whether two cells are drawn as one text. Characters beyond ASCII stand among their like alone: the font that draws them
/// may be a wider one than that of their neighbours.
fn looks_same(a: &Cell, b: &Cell) -> bool {
    let in_one_font = (a.symbol().is_ascii() && b.symbol().is_ascii()) || a.symbol() == b.symbol();
    (a.fg, a.bg, a.modifier) == (b.fg, b.bg, b.modifier) && in_one_font
}

fn run(out: &mut String, paper: &Paper, cell: &Cell, text: &str, (column, row): (u16, u16), cells: u16) {
    let (x, y) = (MARGIN + f32::from(column) * CELL.0, MARGIN + f32::from(row) * CELL.1);
    let width = f32::from(cells) * CELL.0;
    let (mut ink, mut ground) = (colour(cell.fg, paper.ink), colour(cell.bg, ""));
    if cell.modifier.contains(Modifier::REVERSED) {
        (ink, ground) = (if ground.is_empty() { paper.ground.to_owned() } else { ground }, ink);
    }
    if !ground.is_empty() {
        let height = CELL.1;
        writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{ground}\"/>"
        )
        .unwrap();
    }
    if text.trim().is_empty() {
        return;
    }
    let mut style = String::new();
    for (modifier, attribute) in [
        (Modifier::BOLD, " font-weight=\"bold\""),
        (Modifier::ITALIC, " font-style=\"italic\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
        (Modifier::DIM, " opacity=\"0.65\""),
    ] {
        if cell.modifier.contains(modifier) {
            style.push_str(attribute);
        }
    }
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let base = y + CELL.1 * 0.76;
    writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{base:.1}\" textLength=\"{width:.1}\" xml:space=\"preserve\" fill=\"{ink}\"{style}>{text}</text>"
    )
    .unwrap();
}

/// A colour as the web writes it; `reset` for the terminal's own.
fn colour(colour: Color, reset: &str) -> String {
    match colour {
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Reset => reset.to_owned(),
        other => panic!("a picture is drawn in true colour, not {other}"),
    }
}
