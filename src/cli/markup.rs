//! Text within Markdown that is no markup.

use crate::ui::widgets::clip;

/// Text that stays within a cell of a table, and is no markup.
pub(super) fn cell(text: &str) -> String {
    let mut out = String::new();
    for c in clip::visible(text).chars() {
        if matches!(c, '|' | '\\' | '`' | '*' | '_' | '<' | '[' | ']' | '#' | '&' | '~') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_names_its_tools_is_no_markup() {
        assert_eq!(cell("a|b_c\n<i>"), "a\\|b\\_c·\\<i>");
    }
}
