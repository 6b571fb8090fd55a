//! Rules made by pointing at a call or at a field of its result: what the selection means for each wish.
//!
//! Knows nothing of what a rule says.

use super::{Calls, Reply, columns};
use crate::ui::keys::{Action, Wanted};
use crate::ui::panels::{Cx, PanelId};
use crate::ui::pointed::{NO_SPOT, Pointing, Spot, Wish};

impl Calls {
    /// Makes a wish of what is selected, or says why there is nothing to wish.
    pub(super) fn point(&mut self, wanted: Wanted, cx: &Cx<'_>) -> Reply {
        let say = |text: &str| Reply::Say(text.to_owned());
        let Some(call) = self.selected else { return Reply::Ignored };
        let Some((opened, operation)) = Self::found(call, cx) else { return Reply::Ignored };
        if !columns::is_tool(opened, operation) {
            return say("Rules are made of tools' calls: this is none");
        }
        let wish = match wanted {
            Wanted::Drop => self.spot(cx).map(Wish::Drop),
            Wanted::Tick => match self.spot(cx).map(|_| self.tree(cx)) {
                Ok(Some(tree)) => {
                    tree.tick();
                    return Reply::Done;
                }
                Ok(None) => Err(NO_SPOT.to_owned()),
                Err(why) => Err(why),
            },
            Wanted::OnlyTicked => self.ticked(cx).map(Wish::Keep),
            Wanted::Shape => Ok(Wish::Shape),
            Wanted::Limit => Ok(Wish::Limit),
            Wanted::Cache => Ok(Wish::Cache),
            Wanted::Hide | Wanted::Shorten | Wanted::Strip => return Reply::Ignored,
        };
        match wish {
            Ok(wish) => Reply::Point(Pointing {
                session: call.session,
                tool: opened.session.name(operation.target).into(),
                call: Some(call.operation),
                wish,
            }),
            Err(why) => Reply::Say(why),
        }
    }

    /// Whether [`Self::point`] would make a wish of what is selected.
    pub(super) fn can_point(&mut self, wanted: Wanted, cx: &Cx<'_>) -> bool {
        let found = self.selected.and_then(|call| Self::found(call, cx));
        if !found.is_some_and(|(opened, operation)| columns::is_tool(opened, operation)) {
            return false;
        }
        match wanted {
            Wanted::Drop | Wanted::Tick => self.spot(cx).is_ok(),
            Wanted::OnlyTicked => self.ticked(cx).is_ok(),
            Wanted::Shape | Wanted::Limit | Wanted::Cache => true,
            Wanted::Hide | Wanted::Shorten | Wanted::Strip => false,
        }
    }

    fn tree(&mut self, cx: &Cx<'_>) -> Option<&mut crate::ui::widgets::json::view::TreeView> {
        self.detail.as_mut().filter(|_| self.in_detail)?.tree(cx)
    }

    /// The field that is pointed at.
    fn spot(&mut self, cx: &Cx<'_>) -> Result<Spot, String> {
        if !self.in_detail {
            let open = cx.keys.label(Action::Open, PanelId::Calls);
            return Err(format!("{open} opens the call; then point at a field of its result"));
        }
        if self.show_raw {
            let raw = cx.keys.label(Action::Raw, PanelId::Calls);
            return Err(format!("{raw} shows the tree, in which fields can be pointed at"));
        }
        let spot = self.tree(cx).ok_or(NO_SPOT).and_then(|tree| Spot::of(&tree.selected_way()));
        spot.map_err(str::to_owned)
    }

    fn ticked(&mut self, cx: &Cx<'_>) -> Result<Vec<Spot>, String> {
        let ticked = self.tree(cx).into_iter().flat_map(|tree| tree.ticked());
        let spots: Vec<Spot> = ticked.filter_map(|way| Spot::of(way).ok()).collect();
        if spots.is_empty() {
            let tick = cx.keys.label(Action::Point(Wanted::Tick), PanelId::Calls);
            return Err(format!("{tick} ticks the fields to keep; then this keeps only them"));
        }
        Ok(spots)
    }
}
