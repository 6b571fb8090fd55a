//! Help as people meet it: what is near comes first, words find what they look for, and keys are those in force.

use mcptop::ui::keys::{Action, Rebinding, Scope};
use mcptop::ui::panels::PanelId;
use mcptop::ui::theme::{Depth, Glyphs, Role};

use crate::screens::{FULL, Stage, Terminal, small, text_of};

fn stage() -> Stage {
    let mut stage = Stage::of(&FULL, &[&small("notes")]);
    stage.draw(80, 24);
    stage
}

fn give(stage: &mut Stage, scope: Scope, action: &str, keys: &[&str]) {
    let keys = keys.iter().map(|key| key.parse().unwrap()).collect();
    let action = Action::named(action).unwrap();
    stage.app.state.keys.set(Rebinding { scope, action, keys });
    assert_eq!(stage.app.state.keys.fault(), None);
}

/// The headings of help, from its top.
fn lines(screen: &str) -> Vec<&str> {
    screen.lines().skip(3).map(str::trim).filter(|line| !line.is_empty()).collect()
}

#[test]
fn help_begins_with_the_keys_of_the_panel_it_was_opened_from() {
    let mut stage = stage();
    stage.keys("3?");
    let screen = stage.screen(60, 30);
    assert!(lines(&screen)[0].contains("in Schemas"), "{screen}");
    stage.keys("?2?");
    let screen = stage.screen(60, 30);
    assert!(lines(&screen)[0].contains("in Calls"), "{screen}");
}

#[test]
fn words_narrow_help_and_escape_gives_them_up_before_it_leaves() {
    let mut stage = stage();
    stage.keys("2?/drop field");
    insta::assert_snapshot!("help_search_typing", stage.screen(80, 24));
    stage.keys("<enter>");
    insta::assert_snapshot!("help_search_done", stage.screen(80, 24));
    stage.keys("<esc>");
    let screen = stage.screen(80, 24);
    assert!(!screen.contains("drop field") && screen.contains("in Calls"), "{screen}");
    stage.keys("<esc>");
    assert_eq!(stage.app.panels.open, PanelId::Calls);
    stage.keys("?/zzz");
    insta::assert_snapshot!("help_search_nothing", stage.screen(80, 24));
    stage.keys("<esc>");
    assert!(stage.screen(80, 24).contains("in Calls"));
}

#[test]
fn filters_and_columns_of_the_panel_are_found_in_help() {
    let mut stage = stage();
    stage.keys("?/tokens");
    let screen = stage.screen(120, 40);
    for told in ["Columns  in Top", "tok/call", "A result on average", "tok:>=1k", "Filter"] {
        assert!(screen.contains(told), "no {told}\n{screen}");
    }
}

#[test]
fn what_is_found_stands_out_with_and_without_colours() {
    let plain = Terminal { theme: "monochrome", depth: Depth::None, glyphs: Glyphs::ASCII };
    for terminal in [FULL, plain] {
        let mut stage = Stage::of(&terminal, &[&small("notes")]);
        stage.keys("2?/remark<enter>");
        let buf = stage.draw(80, 24);
        let screen = text_of(&buf);
        let (row, line) = screen.lines().enumerate().find(|(_, line)| line.contains("Put a remark")).unwrap();
        let column = line[..line.find("remark").unwrap()].chars().count();
        let cell = |column: usize| buf[(u16::try_from(column).unwrap(), u16::try_from(row).unwrap())].style();
        let theme = &stage.app.state.theme;
        let [accent, text] = [Role::Accent, Role::KeyText].map(|role| theme.style(role));
        assert_eq!(
            (cell(column).fg, cell(column).add_modifier),
            (accent.fg.or(cell(column).fg), accent.add_modifier)
        );
        assert_ne!(accent, text, "a match cannot be seen");
        assert_ne!(cell(column), cell(column - 2));
    }
}

#[test]
fn foot_tabs_help_and_palette_show_the_keys_in_force() {
    let mut stage = stage();
    give(&mut stage, Scope::Everywhere, "quit", &["ctrl-q"]);
    give(&mut stage, Scope::Everywhere, "show-calls", &["f2"]);
    give(&mut stage, Scope::Everywhere, "help", &["f1"]);
    give(&mut stage, Scope::In(PanelId::Calls), "follow", &["F"]);
    stage.app.panels.show(PanelId::Calls);
    insta::assert_snapshot!("keys_of_the_user", stage.screen(120, 24));
    stage.app.panels.show(PanelId::Help);
    let screen = stage.screen(60, 200);
    for told in ["ctrl-q       Quit", "F            Follow the newest call", "f2           Calls: "] {
        assert!(screen.contains(told), "no {told}\n{screen}");
    }
    stage.app.panels.show(PanelId::Top);
    stage.keys(":quit");
    let screen = stage.screen(80, 24);
    assert!(screen.lines().any(|line| line.contains("Quit") && line.contains("ctrl-q")), "{screen}");
}

#[test]
fn a_key_that_was_given_away_does_nothing_any_more() {
    let mut stage = stage();
    give(&mut stage, Scope::Everywhere, "show-calls", &["f2"]);
    stage.keys("2");
    assert_eq!(stage.app.panels.open, PanelId::Top);
    give(&mut stage, Scope::In(PanelId::Top), "show-calls", &["2"]);
    stage.keys("2");
    assert_eq!(stage.app.panels.open, PanelId::Calls);
    stage.keys("12");
    assert_eq!(stage.app.panels.open, PanelId::Calls);
}
