//! What a colour is for.
//!
//! The whole screen is painted in roles; which colour a role has is the theme's business.

/// What a piece of the screen is, so that a theme can say how it looks.
///
/// A role never carries its meaning by hue alone: wherever a status is shown, a glyph or a word stands beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Role {
    /// Ordinary text.
    Text,
    /// Text that may be overlooked: units, separators, absent values.
    Dim,
    /// Text that must not be overlooked.
    Strong,
    /// A column's or a section's heading.
    Heading,
    /// The column the list is sorted by.
    Sorted,
    /// The program's name and the titles of boxes.
    Title,
    /// Within its target, succeeded.
    Good,
    /// Over its first target.
    Warn,
    /// Over its last target, failed.
    Bad,
    /// In flight, not counted yet.
    Pending,
    /// Cancelled or abandoned: neither good nor bad.
    Void,
    /// What the eye should find first: links, the matched part of a text.
    Accent,
    /// The selected row.
    Selection,
    /// The selected row of a list that has not the focus.
    SelectionDim,
    /// Lines around and between boxes.
    Border,
    /// Lines around the box that has the focus.
    BorderFocus,
    /// A key in the footer and in help.
    Key,
    /// What a key does.
    KeyText,
    /// A tab.
    Tab,
    /// The tab that is open.
    TabOpen,
    /// The filled part of a gauge, a sparkline, a timeline's bar.
    Bar,
    /// The second part of a stacked bar, as results beside schemas.
    BarSecond,
    /// The empty part of a gauge.
    BarEmpty,
    /// A text the user types.
    Input,
    /// The mark of a running recording.
    Recording,
    /// A remark by the user.
    Note,
    /// The name of a JSON member.
    JsonKey,
    /// A JSON string.
    JsonString,
    /// A JSON number.
    JsonNumber,
    /// `true`, `false`, `null`.
    JsonWord,
    /// Braces, brackets, commas.
    JsonMark,
    /// Added in a comparison.
    Added,
    /// Removed in a comparison.
    Removed,
    /// Share of the whole: hardly any.
    Heat0,
    /// Share of the whole: little.
    Heat1,
    /// Share of the whole: some.
    Heat2,
    /// Share of the whole: much.
    Heat3,
    /// Share of the whole: most.
    Heat4,
}

/// Every role with its name in theme files, in the order of the enum.
pub(super) const ROLES: [(Role, &str); Role::COUNT] = [
    (Role::Text, "text"),
    (Role::Dim, "dim"),
    (Role::Strong, "strong"),
    (Role::Heading, "heading"),
    (Role::Sorted, "sorted"),
    (Role::Title, "title"),
    (Role::Good, "good"),
    (Role::Warn, "warn"),
    (Role::Bad, "bad"),
    (Role::Pending, "pending"),
    (Role::Void, "void"),
    (Role::Accent, "accent"),
    (Role::Selection, "selection"),
    (Role::SelectionDim, "selection-dim"),
    (Role::Border, "border"),
    (Role::BorderFocus, "border-focus"),
    (Role::Key, "key"),
    (Role::KeyText, "key-text"),
    (Role::Tab, "tab"),
    (Role::TabOpen, "tab-open"),
    (Role::Bar, "bar"),
    (Role::BarSecond, "bar-second"),
    (Role::BarEmpty, "bar-empty"),
    (Role::Input, "input"),
    (Role::Recording, "recording"),
    (Role::Note, "note"),
    (Role::JsonKey, "json-key"),
    (Role::JsonString, "json-string"),
    (Role::JsonNumber, "json-number"),
    (Role::JsonWord, "json-word"),
    (Role::JsonMark, "json-mark"),
    (Role::Added, "added"),
    (Role::Removed, "removed"),
    (Role::Heat0, "heat-0"),
    (Role::Heat1, "heat-1"),
    (Role::Heat2, "heat-2"),
    (Role::Heat3, "heat-3"),
    (Role::Heat4, "heat-4"),
];

impl Role {
    /// How many roles there are.
    pub const COUNT: usize = Self::Heat4 as usize + 1;

    /// The heat of a share between 0 and 1 of a whole: a fifth of the scale each, by square root, because shares are
    /// distributed unevenly and a linear scale would show nearly everything as the coldest.
    #[must_use]
    pub fn heat(share: f64) -> Self {
        match share.clamp(0.0, 1.0).sqrt() {
            s if s < 0.15 => Self::Heat0,
            s if s < 0.35 => Self::Heat1,
            s if s < 0.55 => Self::Heat2,
            s if s < 0.75 => Self::Heat3,
            _ => Self::Heat4,
        }
    }

    /// The role of a theme file's key.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        ROLES.iter().find(|(_, known)| *known == name).map(|(role, _)| *role)
    }

    /// The name in theme files.
    #[must_use]
    pub fn name(self) -> &'static str {
        ROLES[self as usize].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_names_stands_in_the_order_of_the_roles() {
        for (position, (role, name)) in ROLES.iter().enumerate() {
            assert_eq!(*role as usize, position, "{name}");
            assert_eq!(Role::from_name(role.name()), Some(*role));
        }
    }

    #[test]
    fn a_larger_share_is_never_colder() {
        let heats: Vec<u8> = (0..=100).map(|percent| Role::heat(f64::from(percent) / 100.0) as u8).collect();
        assert!(heats.is_sorted());
        assert_eq!(Role::heat(1.0), Role::Heat4);
        assert_eq!(Role::heat(0.0), Role::Heat0);
    }
}
