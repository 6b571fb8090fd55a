//! The form of a file that is to be written, from its name.
//!
//! Knows no form; each command has its own.

use std::path::Path;

/// The first form whose ending the name has. Endings are without their dot.
///
/// # Errors
/// A sentence, if the name has none of them.
pub(super) fn by_name<F: Copy>(path: &Path, endings: &[(&str, F)]) -> Result<F, String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let has = |ending: &str| name.strip_suffix(ending).is_some_and(|rest| rest.ends_with('.'));
    endings.iter().find(|(ending, _)| has(ending)).map(|(_, form)| *form).ok_or_else(|| {
        let endings: Vec<String> = endings.iter().map(|(ending, _)| format!(".{ending}")).collect();
        format!(
            "{}: its name does not say in which form to write it ({}); add --format",
            path.display(),
            endings.join(", ")
        )
    })
}
