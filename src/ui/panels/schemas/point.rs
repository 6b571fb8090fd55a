//! Rules made by pointing at a definition: what the selection means for each wish.
//!
//! Knows nothing of what a rule says.

use super::{Reply, Schemas};
use crate::ui::keys::{Action, Wanted};
use crate::ui::panels::schemas::ruled::Ruled;
use crate::ui::panels::{Cx, PanelId};
use crate::ui::pointed::{Pointing, Wish};

impl Schemas {
    /// Makes a wish of what is selected, or says why there is nothing to wish.
    pub(super) fn point(&mut self, wanted: Wanted, cx: &Cx<'_>) -> Reply {
        let Some((session, tool)) = self.keys.get(self.scroll.cursor()).cloned() else {
            return Reply::Ignored;
        };
        let opened = cx.sessions.iter().find(|opened| opened.id == session);
        let is_hidden =
            |name: &str| opened.is_some_and(|opened| self.rules.of(opened, name) == Some(Ruled::Hidden));
        let wish = match wanted {
            Wanted::Hide => {
                // Those left out for trial are meant together, in the order of the list.
                let left_out =
                    self.keys.iter().filter(|key| key.0 == session && self.left_out.contains(*key));
                let mut names: Vec<Box<str>> = left_out.map(|key| key.1.clone()).collect();
                if names.is_empty() {
                    names.push(tool.clone());
                }
                names.retain(|name| !is_hidden(name));
                if names.is_empty() {
                    let [undo, rules] = [Action::Undo, Action::Show(PanelId::Rules)]
                        .map(|action| cx.keys.label(action, PanelId::Schemas));
                    return Reply::Say(format!(
                        "A rule hides it already: {undo} takes that back, or {rules} switches it off"
                    ));
                }
                Wish::Hide(names)
            }
            Wanted::Shorten => Wish::Describe,
            Wanted::Strip => Wish::Strip,
            Wanted::Drop
            | Wanted::Tick
            | Wanted::OnlyTicked
            | Wanted::Shape
            | Wanted::Limit
            | Wanted::Cache => return Reply::Ignored,
        };
        Reply::Point(Pointing { session, tool, call: None, wish })
    }
}
