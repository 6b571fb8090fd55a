//! The keys of the viewer in the configuration file: which action has which, and what cannot be.
//!
//! Knows where in the file something stands; which keys fit together, the viewer knows.

use std::fmt::Write as _;

use toml_edit::{Document, Item, Key, TableLike, Value};

use crate::rules::{Problem, meant};
use crate::ui::keys::{Action, Bindings, Fault, Press, Rebinding, Scope, binding};
use crate::ui::panels::PanelId;

/// What `[keys]` says.
#[derive(Debug, Default)]
pub(super) struct KeyTable {
    bindings: Bindings,
    said: Vec<Said>,
}

/// What is said of one action.
#[derive(Clone, Debug)]
struct Said {
    change: Rebinding,
    /// Where all of it stands, in bytes.
    place_bytes: usize,
    /// Where each of its keys stands.
    key_places: Vec<usize>,
}

impl Said {
    /// Where one of its keys stands.
    fn place_of(&self, press: Press) -> usize {
        let found = self.change.keys.iter().position(|key| *key == press);
        found.and_then(|at| self.key_places.get(at).copied()).unwrap_or(self.place_bytes)
    }
}

/// An action whose keys are the user's, to be shown.
pub(super) struct OwnKeys {
    /// As it stands in the file, with its table.
    pub(super) key: String,
    /// The keys.
    pub(super) keys: Vec<String>,
    /// Those that it has without the file.
    pub(super) built_in: Vec<String>,
}

impl KeyTable {
    /// Reads the table of keys of a file that is TOML.
    pub(super) fn read(text: &str) -> Result<Self, Problem> {
        let mut reader = Reader { text, said: Vec::new() };
        if let Ok(document) = Document::parse(text)
            && let Some(keys) = document.as_table().get("keys").and_then(Item::as_table_like)
        {
            reader.table(keys, Scope::Everywhere)?;
        }
        let mut bindings = Bindings::default();
        for said in &reader.said {
            bindings.set(said.change.clone());
        }
        match bindings.fault() {
            None => Ok(Self { bindings, said: reader.said }),
            Some(fault) => Err(reader.told(&fault)),
        }
    }

    /// Which key does what.
    pub(super) fn bindings(&self) -> &Bindings {
        &self.bindings
    }

    /// What the file says, in its order.
    pub(super) fn own(&self) -> impl Iterator<Item = OwnKeys> {
        self.said.iter().map(|Said { change, .. }| OwnKeys {
            key: format!("{}.{}", change.scope.table(), change.action.name()),
            keys: change.keys.iter().map(|key| key.label()).collect(),
            built_in: usual(change.action).iter().map(|key| key.label()).collect(),
        })
    }
}

/// The keys of an action without any configuration.
fn usual(action: Action) -> &'static [Press] {
    binding(action).map_or(&[], |row| row.keys)
}

/// A file that is being read.
struct Reader<'t> {
    text: &'t str,
    said: Vec<Said>,
}

impl Reader<'_> {
    fn problem(&self, place_bytes: usize, what: String) -> Problem {
        Problem::at(self.text, place_bytes, what)
    }

    fn table(&mut self, table: &dyn TableLike, scope: Scope) -> Result<(), Problem> {
        for (name, item) in table.iter() {
            let place = table.key(name).and_then(Key::span).or_else(|| item.span());
            let place = place.map_or(0, |span| span.start);
            let path = format!("{}.{name}", scope.table());
            match (item.as_table_like(), scope, Scope::panel(name)) {
                (Some(inner), Scope::Everywhere, Some(panel)) => self.table(inner, Scope::In(panel))?,
                (Some(_), _, _) if Action::named(name).is_none() => {
                    return Err(self.problem(place, unknown_panel(name)));
                }
                (None, Scope::Everywhere, Some(_)) => {
                    let start = item.span().map_or(place, |span| span.start);
                    let what = format!(
                        "{path} takes a table, the keys of that panel; the key that shows it is show-{name}"
                    );
                    return Err(self.problem(start, what));
                }
                _ => {
                    let action = Action::named(name).ok_or_else(|| {
                        let panels: Vec<&str> = match scope {
                            Scope::Everywhere => Scope::names().collect(),
                            Scope::In(_) => Vec::new(),
                        };
                        self.problem(place, unknown_action(name, &panels))
                    })?;
                    self.action(&path, place, action, scope, item)?;
                }
            }
        }
        Ok(())
    }

    fn action(
        &mut self,
        path: &str,
        place: usize,
        action: Action,
        scope: Scope,
        item: &Item,
    ) -> Result<(), Problem> {
        if let (Scope::In(panel), Some(row)) = (scope, binding(action))
            && !row.reach.covers(panel)
        {
            let panels: Vec<&str> = row.reach.panels().map(PanelId::title).collect();
            let what = format!(
                "{path}: {} does nothing in {}, it works in {}",
                action.name(),
                panel.title(),
                listed(&panels, "and")
            );
            return Err(self.problem(place, what));
        }
        let start = item.span().map_or(place, |span| span.start);
        let wrong = || {
            let example = usual(action).first().map_or_else(String::new, |key| key.label());
            let name = action.name();
            format!("{path} takes a key or a list of keys (as in {name} = {})", quoted(&example))
        };
        let items: Vec<&Value> = match item.as_value() {
            Some(Value::Array(items)) => items.iter().collect(),
            Some(one @ Value::String(_)) => vec![one],
            _ => return Err(self.problem(start, wrong())),
        };
        let (mut keys, mut key_places) = (Vec::<Press>::new(), Vec::new());
        for item in items {
            let start = item.span().map_or(start, |span| span.start);
            let text = item.as_str().ok_or_else(|| self.problem(start, wrong()))?;
            let key: Press = text.parse().map_err(|error| self.problem(start, format!("{path}: {error}")))?;
            if keys.contains(&key) {
                return Err(self.problem(start, format!("{path}: {key} is here for the second time")));
            }
            keys.push(key);
            key_places.push(start);
        }
        self.said.push(Said { change: Rebinding { scope, action, keys }, place_bytes: start, key_places });
        Ok(())
    }

    /// What gave an action its keys in a panel, if the file did.
    fn source(&self, action: Action, panel: PanelId) -> Option<&Said> {
        let said = |scope| {
            let found = move |said: &&Said| said.change.action == action && said.change.scope == scope;
            self.said.iter().find(found)
        };
        said(Scope::In(panel)).or_else(|| said(Scope::Everywhere))
    }

    /// What is wrong with the keys as a whole, at the place that last had a part in it.
    fn told(&self, fault: &Fault) -> Problem {
        match fault {
            Fault::Clash { press, panels, actions } => self.clash(*press, panels, *actions),
            Fault::Lost { action, panels } => {
                let source = panels.first().and_then(|panel| self.source(*action, *panel));
                let place = source.map_or(0, |said| said.place_bytes);
                let name = action.name();
                let usual: Vec<String> = usual(*action).iter().map(|key| quoted(&key.label())).collect();
                let what = format!(
                    "{name} has no key{}: without one there is no way {}. Give it one, or leave this line out: it \
                     has {} then",
                    if panels.len() == PanelId::ALL.len() {
                        String::new()
                    } else {
                        format!(" {}", places(panels))
                    },
                    way(*action),
                    usual.join(", ")
                );
                self.problem(place, what)
            }
        }
    }

    fn clash(&self, press: Press, panels: &[PanelId], actions: [Action; 2]) -> Problem {
        let panel = panels.first().copied().unwrap_or(PanelId::Top);
        let sources = actions.map(|action| (action, self.source(action, panel)));
        let [one, other] = sources;
        let place = |(_, said): (Action, Option<&Said>)| said.map(|said| said.place_of(press));
        // What is told stands where the user wrote last; the other is named with its place.
        let (here, there) = if place(one) >= place(other) { (one, other) } else { (other, one) };
        let at = place(here).unwrap_or(0);
        let from = match place(there) {
            None => "built in".to_owned(),
            Some(bytes) => {
                let Problem { line, column, .. } = self.problem(bytes, String::new());
                format!("line {line}, column {column}")
            }
        };
        let mut what = format!(
            "{press} is the key of {} and of {} ({from}) {}",
            here.0.name(),
            there.0.name(),
            places(panels),
        );
        let table = match there.1.map(|said| said.change.scope) {
            Some(scope) => scope.table(),
            None => Self::table_for(there.0, panels),
        };
        let name = there.0.name();
        let _ = write!(what, ": give {name} another key in [{table}], or none with {name} = []");
        self.problem(at, what)
    }

    /// Where a built-in key gives way: in the panel alone if it is only there that it must.
    fn table_for(action: Action, panels: &[PanelId]) -> String {
        let works_in = binding(action).map_or(0, |row| row.reach.panels().count());
        match panels {
            [panel] if works_in > 1 && *panel != PanelId::Help => Scope::In(*panel).table(),
            _ => Scope::Everywhere.table(),
        }
    }
}

fn unknown_action(name: &str, panels: &[&'static str]) -> String {
    let meant = meant(name, Action::names().chain(panels.iter().copied()));
    let meant = meant.map_or(String::new(), |meant| format!(" Did you mean `{meant}`?"));
    format!("there is no action `{name}`.{meant} `mcptop print keys` lists all")
}

fn unknown_panel(name: &str) -> String {
    let meant = meant(name, Scope::names());
    let meant = meant.map_or(String::new(), |meant| format!(" Did you mean `{meant}`?"));
    let known: Vec<&str> = Scope::names().collect();
    format!("there is no panel `{name}` with keys of its own.{meant} Known are: {}", known.join(", "))
}

fn way(action: Action) -> &'static str {
    match action {
        Action::Quit => "to leave",
        Action::Back => "out of what is open",
        _ => "to find out which key does what",
    }
}

fn places(panels: &[PanelId]) -> String {
    if panels.len() == PanelId::ALL.len() {
        return "everywhere".to_owned();
    }
    let titles: Vec<&str> = panels.iter().map(|panel| panel.title()).collect();
    format!("in {}", listed(&titles, "and"))
}

fn listed(words: &[&str], last: &str) -> String {
    match words.split_last() {
        Some((end, before)) if !before.is_empty() => format!("{} {last} {end}", before.join(", ")),
        _ => words.concat(),
    }
}

/// As it stands in the file.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        KeyTable::read(text).unwrap_err().to_string()
    }

    fn does(table: &KeyTable, key: &str, panel: PanelId) -> Option<&'static str> {
        table.bindings().action(key.parse().unwrap(), panel).map(Action::name)
    }

    #[test]
    fn a_file_gives_keys_to_actions_everywhere_and_in_single_panels() {
        let text = "[keys]\nquit = [\"q\", \"ctrl-q\"]\nmark = []\n[keys.calls]\nmark = \"ctrl-k\"\nfollow = \"F\"\n";
        let table = KeyTable::read(text).unwrap();
        assert_eq!(does(&table, "ctrl-q", PanelId::Top), Some("quit"));
        assert_eq!(does(&table, "ctrl-c", PanelId::Top), None);
        assert_eq!(does(&table, "m", PanelId::Top), None);
        assert_eq!(does(&table, "ctrl-k", PanelId::Calls), Some("mark"));
        assert_eq!(does(&table, "F", PanelId::Calls), Some("follow"));
        assert_eq!(does(&table, "f", PanelId::Timeline), Some("follow"));
        let own: Vec<String> = table.own().map(|own| format!("{} {}", own.key, own.keys.join(","))).collect();
        assert_eq!(
            own,
            ["keys.quit q,ctrl-q", "keys.mark ", "keys.calls.mark ctrl-k", "keys.calls.follow F"]
        );
    }

    #[test]
    fn tables_may_be_written_in_every_form_of_toml() {
        for text in [
            "keys.calls.mark = \"f9\"\n",
            "[keys]\ncalls = { mark = \"f9\" }\n",
            "keys = { calls = { mark = [\"f9\"] } }\n",
        ] {
            let table = KeyTable::read(text).unwrap_or_else(|problem| panic!("{text}{problem}"));
            assert_eq!(does(&table, "f9", PanelId::Calls), Some("mark"), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_what_was_meant() {
        for (text, told) in [
            (
                "[keys]\nqiut = \"q\"\n",
                "line 2, column 1: there is no action `qiut`. Did you mean `quit`? `mcptop print keys` lists all",
            ),
            (
                "[keys.clals]\nmark = \"q\"\n",
                "line 1, column 7: there is no panel `clals` with keys of its own. Did you mean `calls`?",
            ),
            (
                "[keys]\nquit = \"spcae\"\n",
                "line 2, column 8: keys.quit: `spcae` is no key. Did you mean `space`?",
            ),
            (
                "[keys]\nquit = [\"q\", \"ctrl-i\"]\n",
                "line 2, column 14: keys.quit: terminals send tab for ctrl-i: write \"tab\"",
            ),
            (
                "[keys]\nquit = [\"q\", \"q\"]\n",
                "line 2, column 14: keys.quit: q is here for the second time",
            ),
            (
                "[keys]\nquit = 3\n",
                "line 2, column 8: keys.quit takes a key or a list of keys (as in quit = \"q\")",
            ),
            ("[keys]\nquit = [\"q\", 3]\n", "line 2, column 14: keys.quit takes a key or a list of keys"),
            (
                "[keys]\ncalls = \"2\"\n",
                "line 2, column 9: keys.calls takes a table, the keys of that panel; the key that shows it is show-calls",
            ),
            (
                "[keys.top]\nraw = \"r\"\n",
                "line 2, column 1: keys.top.raw: raw does nothing in Top, it works in Calls and Schemas",
            ),
        ] {
            let problem = problem(text);
            assert!(problem.starts_with(told), "{problem}");
        }
    }

    #[test]
    fn a_clash_names_both_actions_their_places_and_what_to_do() {
        for (text, told) in [
            (
                "[keys]\nquit = [\"Q\", \"x\"]\n",
                "line 2, column 14: x is the key of quit and of exclude (built in) in Schemas: give exclude another key in \
                 [keys], or none with exclude = []",
            ),
            (
                "[keys]\nmark = \"f9\"\ncopy = \"f9\"\n",
                "line 3, column 8: f9 is the key of copy and of mark (line 2, column 8) everywhere: give mark another key in \
                 [keys], or none with mark = []",
            ),
            (
                "[keys.calls]\nfollow = \"z\"\n",
                "line 2, column 10: z is the key of follow and of fold-all (built in) in Calls: give fold-all another key in \
                 [keys.calls], or none with fold-all = []",
            ),
        ] {
            assert_eq!(problem(text), told);
        }
    }

    #[test]
    fn nobody_can_lock_himself_in() {
        assert_eq!(
            problem("[keys]\nquit = []\n"),
            "line 2, column 8: quit has no key: without one there is no way to leave. Give it one, or leave this \
             line out: it has \"q\", \"ctrl-c\" then"
        );
        assert!(
            problem("[keys.rules]\nhelp = []\n").starts_with("line 2, column 8: help has no key in Rules: ")
        );
    }
}
