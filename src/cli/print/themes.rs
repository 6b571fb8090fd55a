//! The themes there are: those that come with the program, and the user's.

use serde_json::{Map, Value, json};

use super::sheet::Sheet;
use crate::cli::complain;
use crate::record::Folders;
use crate::ui::memory::user_themes;
use crate::ui::theme::{Paint, Themes};

/// All themes; files that cannot be used are told of.
pub(super) fn known() -> Themes {
    let files = Folders::of_user().map(|folders| user_themes(&folders.config().join("themes")));
    let (themes, errors) = Themes::with_user_files(files.unwrap_or_default());
    for error in &errors {
        complain(&error.to_string());
    }
    themes
}

/// The table.
pub(super) fn sheet(themes: &Themes) -> Sheet<3> {
    let rows = themes.listed().map(|theme| {
        let from = theme.file.unwrap_or_else(|| "built in".to_owned());
        [theme.name, theme.kind.word().to_owned(), from]
    });
    Sheet::new(["theme", "made for", "from"], 0, rows)
}

/// The same as JSON, with how every role is painted.
pub(super) fn document(themes: &Themes) -> Value {
    let listed = themes.listed().map(|theme| {
        let roles: Map<String, Value> = theme.paints.iter().map(painted).collect();
        json!({ "name": theme.name, "made_for": theme.kind.word(), "file": theme.file, "roles": roles })
    });
    json!({ "themes": listed.collect::<Vec<_>>() })
}

fn painted(paint: &Paint) -> (String, Value) {
    (
        paint.role.to_owned(),
        json!({ "text": paint.text, "ground": paint.ground, "modifiers": paint.modifiers }),
    )
}
