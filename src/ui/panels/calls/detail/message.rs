//! One message of a call on screen: as a tree with the heat of its tokens, or exactly as it is.
//!
//! The text and its costs are asked for when they are drawn. Does not know which messages a call has.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::trace::Place;
use crate::ui::fetched::{Answer, Subject};
use crate::ui::keys::Action;
use crate::ui::panels::{Cx, OpenId};
use crate::ui::widgets::diff::DiffView;
use crate::ui::widgets::json::view::TreeView;
use crate::ui::widgets::notice::notice;
use crate::ui::widgets::raw::RawView;

/// Lines that a message is unfolded into at first.
const BUDGET: usize = 48;

/// A message on screen.
#[derive(Debug)]
pub(super) struct MessagePane {
    session: OpenId,
    place: Place,
    /// What it was before, where the difference is shown.
    before: Option<Place>,
    text: Option<Arc<Vec<u8>>>,
    diff: Option<DiffView>,
    tree: Option<TreeView>,
    raw: Option<RawView>,
    area: Rect,
}

impl MessagePane {
    pub(super) fn new(session: OpenId, place: Place, before: Option<Place>) -> Self {
        Self { session, place, before, text: None, diff: None, tree: None, raw: None, area: Rect::default() }
    }

    /// Whether this is the pane of that message.
    pub(super) fn is_of(&self, session: OpenId, place: Place, before: Option<Place>) -> bool {
        (self.session, self.place, self.before) == (session, place, before)
    }

    /// Draws the message, or why it is not there.
    pub(super) fn draw(
        &mut self,
        cx: &Cx<'_>,
        area: Rect,
        buf: &mut Buffer,
        show_raw: bool,
        is_focused: bool,
    ) {
        self.area = area;
        if let Some(before) = self.before {
            return self.draw_difference(before, cx, area, buf);
        }
        if self.text.is_none() {
            match cx.bodies.get((self.session, self.place)) {
                Answer::Ready(text) => {
                    self.tree = TreeView::new(Arc::clone(&text), BUDGET);
                    self.text = Some(text);
                }
                Answer::Waiting => {
                    let wheel = &cx.theme.glyphs.wheel;
                    let turn = wheel[usize::try_from(cx.tick / 4).unwrap_or(0) % wheel.len()];
                    return notice(area, buf, cx.theme, &[&format!("{turn} reading the message")]);
                }
                Answer::Failed(why) => {
                    return notice(area, buf, cx.theme, &["The message cannot be read", &why]);
                }
            }
        }
        let Some(text) = &self.text else { return };
        match &mut self.tree {
            Some(tree) if !show_raw => {
                if !tree.has_costs()
                    && let Answer::Ready(costs) =
                        cx.attributions.get((self.session, Subject::Message(self.place)))
                {
                    tree.attach(&costs);
                }
                tree.draw(area, buf, cx.theme, is_focused);
            }
            _ => self.raw.get_or_insert_with(|| RawView::new(text)).draw(area, buf, cx.theme),
        }
    }

    /// Draws what a rule changed; both texts are asked for.
    fn draw_difference(&mut self, before: Place, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
        if let Some(diff) = &mut self.diff {
            return diff.draw(area, buf, cx.theme);
        }
        match [before, self.place].map(|place| cx.bodies.get((self.session, place))) {
            [Answer::Ready(before), Answer::Ready(after)] => {
                self.diff.insert(DiffView::new(&before, &after)).draw(area, buf, cx.theme);
            }
            [Answer::Failed(why), _] | [_, Answer::Failed(why)] => {
                notice(area, buf, cx.theme, &["The messages cannot be read", &why]);
            }
            _ => notice(area, buf, cx.theme, &["reading the messages"]),
        }
    }

    /// How many lines it would like; 0 until it is there.
    pub(super) fn lines(&self) -> usize {
        self.tree.as_ref().map_or(0, TreeView::len)
    }

    /// Does what an action asks of the message; says whether it was one for it.
    pub(super) fn act(&mut self, action: Action, show_raw: bool) -> bool {
        if let Some(diff) = &mut self.diff {
            return diff.act(action);
        }
        match (&mut self.tree, &mut self.raw) {
            (Some(tree), _) if !show_raw => tree.act(action),
            (_, Some(raw)) => raw.act(action),
            _ => false,
        }
    }

    /// A click on a position of the screen; says whether it was on this message.
    pub(super) fn click(&mut self, at: ratatui::layout::Position, show_raw: bool) -> bool {
        let hit = self.area.contains(at);
        if let (true, false, Some(tree)) = (hit, show_raw, &mut self.tree) {
            tree.click(at.y - self.area.y);
        }
        hit
    }

    /// The wheel over a position of the screen; says whether it was over this message.
    pub(super) fn wheel(&mut self, at: ratatui::layout::Position, lines: i16, show_raw: bool) -> bool {
        let hit = self.area.contains(at);
        if let (true, Some(diff)) = (hit, &mut self.diff) {
            diff.wheel(lines);
        }
        match (hit, &mut self.tree, &mut self.raw) {
            (true, Some(tree), _) if !show_raw => tree.wheel(lines),
            (true, _, Some(raw)) => raw.wheel(lines),
            _ => {}
        }
        hit
    }

    /// The selected value of the tree.
    pub(super) fn selected_text(&self) -> Option<String> {
        self.tree.as_ref().map(TreeView::selected_text)
    }

    /// The tree on screen, if there is one.
    pub(super) fn tree(&mut self, show_raw: bool) -> Option<&mut TreeView> {
        self.tree.as_mut().filter(|_| !show_raw)
    }

    /// The text, once it is there.
    pub(super) fn text(&self) -> Option<&[u8]> {
        self.text.as_ref().map(|text| text.as_slice())
    }
}
