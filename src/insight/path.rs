//! Paths into JSON, written as RFC 9535 does. Knows nothing of what they lead to.

use std::fmt::Write as _;

/// Appends a member's name as a path (RFC 9535) names it.
pub(super) fn push_name(path: &mut String, name: &str) {
    let is_plain = name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
        && name.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic());
    if is_plain {
        path.push('.');
        path.push_str(name);
        return;
    }
    path.push_str("['");
    for c in name.chars() {
        match c {
            '\'' | '\\' => path.extend(['\\', c]),
            c if c < ' ' => {
                let _ = write!(path, "\\u{:04x}", u32::from(c));
            }
            c => path.push(c),
        }
    }
    path.push_str("']");
}
