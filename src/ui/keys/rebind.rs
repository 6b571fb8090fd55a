//! What a user changes of the keys, and what of it cannot be.
//!
//! Knows no file: whoever reads one says where a change stands.

use super::{Action, BINDINGS, Bindings, PanelId, Press};

/// Where a change holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Wherever the action works, but for panels with a change of their own.
    Everywhere,
    /// In one panel.
    In(PanelId),
}

/// The panels that can have keys of their own, with the names of their tables.
const PANELS: [(&str, PanelId); 6] = [
    ("top", PanelId::Top),
    ("calls", PanelId::Calls),
    ("schemas", PanelId::Schemas),
    ("rules", PanelId::Rules),
    ("timeline", PanelId::Timeline),
    ("sessions", PanelId::Sessions),
];

impl Scope {
    /// The names of the panels that can have keys of their own.
    pub fn names() -> impl Iterator<Item = &'static str> {
        PANELS.iter().map(|(name, _)| *name)
    }

    /// The panel of a table of keys.
    #[must_use]
    pub fn panel(name: &str) -> Option<PanelId> {
        PANELS.iter().find(|(known, _)| *known == name).map(|(_, panel)| *panel)
    }

    /// The table in which its keys stand.
    #[must_use]
    pub fn table(self) -> String {
        let name = |panel| PANELS.iter().find(|(_, known)| *known == panel).map_or("", |(name, _)| name);
        match self {
            Self::Everywhere => "keys".to_owned(),
            Self::In(panel) => format!("keys.{}", name(panel)),
        }
    }
}

/// Other keys for an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebinding {
    /// Where.
    pub scope: Scope,
    /// What they do.
    pub action: Action,
    /// The keys, the one to show first; none to have none.
    pub keys: Vec<Press>,
}

/// What is wrong with a set of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A key would do two things.
    Clash {
        /// The key.
        press: Press,
        /// Where; every panel in which it is so.
        panels: Vec<PanelId>,
        /// What it would do, in the order of the table.
        actions: [Action; 2],
    },
    /// Nobody could do any more what must be possible.
    Lost {
        /// What.
        action: Action,
        /// Where; every panel in which it is so.
        panels: Vec<PanelId>,
    },
}

/// What must be possible wherever one is: to leave, to find out how, and to get out of what is open.
const KEPT: [Action; 3] = [Action::Quit, Action::Show(PanelId::Help), Action::Back];

impl Action {
    /// The action of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        BINDINGS.iter().map(|row| row.action).find(|action| action.name() == name)
    }

    /// The names of all actions, in the order of the table.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BINDINGS.iter().map(|row| row.action.name())
    }
}

impl Bindings {
    /// Gives an action other keys. Whether the keys then fit together is what [`fault`](Self::fault) says.
    pub fn set(&mut self, change: Rebinding) {
        let Rebinding { scope, action, keys } = change;
        let Some(bound) = self.rows.iter_mut().find(|bound| bound.row.action == action) else { return };
        match scope {
            Scope::Everywhere => bound.keys = keys,
            Scope::In(panel) => {
                bound.inside.retain(|(of, _)| *of != panel);
                bound.inside.push((panel, keys));
            }
        }
    }

    /// The first thing that is wrong with them, if anything is.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        self.lost().or_else(|| self.clash())
    }

    fn lost(&self) -> Option<Fault> {
        KEPT.into_iter().find_map(|action| {
            let bound = self.of(action)?;
            let panels: Vec<PanelId> =
                PanelId::ALL.into_iter().filter(|panel| bound.keys(*panel).is_empty()).collect();
            (!panels.is_empty()).then_some(Fault::Lost { action, panels })
        })
    }

    fn clash(&self) -> Option<Fault> {
        let all = self.rows.iter().enumerate();
        all.flat_map(|(at, one)| self.rows[at + 1..].iter().map(move |other| (one, other))).find_map(
            |(one, other)| {
                let both = |panel: &PanelId| one.row.reach.covers(*panel) && other.row.reach.covers(*panel);
                let shared = |panel: PanelId| {
                    one.keys(panel).iter().find(move |key| other.keys(panel).contains(key)).copied()
                };
                let press = PanelId::ALL.into_iter().filter(both).find_map(shared)?;
                let has = |panel: &PanelId| {
                    one.keys(*panel).contains(&press) && other.keys(*panel).contains(&press)
                };
                let panels = PanelId::ALL.into_iter().filter(both).filter(has).collect();
                Some(Fault::Clash { press, panels, actions: [one.row.action, other.row.action] })
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(changes: &[(Scope, &str, &[&str])]) -> Option<Fault> {
        let mut keys = Bindings::default();
        for (scope, action, pressed) in changes {
            let pressed = pressed.iter().map(|key| key.parse().unwrap()).collect();
            keys.set(Rebinding { scope: *scope, action: Action::named(action).unwrap(), keys: pressed });
        }
        keys.fault()
    }

    #[test]
    fn the_keys_of_the_table_fit_together() {
        assert_eq!(with(&[]), None);
    }

    #[test]
    fn a_key_everywhere_meets_the_keys_of_every_panel() {
        let clash = with(&[(Scope::Everywhere, "quit", &["x"])]);
        let Some(Fault::Clash { press, panels, actions }) = clash else { panic!("{clash:?}") };
        assert_eq!((press.label().as_str(), &panels[..]), ("x", &[PanelId::Schemas][..]));
        assert_eq!(actions, [Action::Exclude, Action::Quit]);
        // As soon as the other gives way, all is well; two keys that trade places are no clash either.
        assert_eq!(
            with(&[(Scope::Everywhere, "quit", &["x"]), (Scope::In(PanelId::Schemas), "exclude", &[])]),
            None
        );
        assert_eq!(with(&[(Scope::Everywhere, "copy", &["m"]), (Scope::Everywhere, "mark", &["y"])]), None);
    }

    #[test]
    fn the_same_key_may_do_different_things_in_panels_that_do_not_overlap() {
        assert_eq!(
            with(&[
                (Scope::In(PanelId::Timeline), "fold-all", &["z"]),
                (Scope::Everywhere, "zoom-in", &["z"])
            ]),
            None
        );
        assert!(with(&[(Scope::In(PanelId::Calls), "follow", &["z"])]).is_some());
        assert_eq!(with(&[(Scope::In(PanelId::Timeline), "follow", &["z"])]), None);
    }

    #[test]
    fn what_must_be_possible_cannot_be_taken_away_anywhere() {
        let lost = |panels: &[PanelId], action| Some(Fault::Lost { action, panels: panels.to_vec() });
        assert_eq!(with(&[(Scope::Everywhere, "quit", &[])]), lost(&PanelId::ALL, Action::Quit));
        assert_eq!(
            with(&[(Scope::In(PanelId::Top), "help", &[])]),
            lost(&[PanelId::Top], Action::Show(PanelId::Help))
        );
        assert!(with(&[(Scope::Everywhere, "back", &[])]).is_some());
        assert_eq!(with(&[(Scope::Everywhere, "palette", &[])]), None);
    }
}
