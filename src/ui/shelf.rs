//! The panels and which of them is open.
//!
//! Knows nothing of what a panel shows.

use super::memory::Memory;
use super::panels::{Panel, PanelId};

/// The panels and which of them is open.
pub struct Panels {
    all: Vec<(PanelId, Box<dyn Panel>)>,
    /// The open one.
    pub open: PanelId,
    /// The one that was open before help was.
    pub before: PanelId,
}

impl Panels {
    pub(super) fn new() -> Self {
        Self { all: super::panels::all(), open: PanelId::Sessions, before: PanelId::Sessions }
    }

    /// Which panels there are, in the order of their number keys.
    #[must_use]
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = PanelId> {
        self.all.iter().map(|(id, _)| *id)
    }

    /// The open one.
    pub fn current(&mut self) -> &mut dyn Panel {
        let open = self.open;
        self.get(open)
    }

    /// A panel.
    ///
    /// # Panics
    /// Never: every panel is made at the start.
    pub fn get(&mut self, wanted: PanelId) -> &mut dyn Panel {
        let found = self.all.iter_mut().find(|(id, _)| *id == wanted);
        &mut *found.expect("every panel is made at the start").1
    }

    /// Opens a panel.
    pub fn show(&mut self, panel: PanelId) {
        if self.open != PanelId::Help {
            self.before = self.open;
        }
        self.open = panel;
    }

    /// Opens the panel so many tabs further.
    pub fn step(&mut self, by: isize) {
        let ids: Vec<PanelId> = self.ids().collect();
        let at = ids.iter().position(|id| *id == self.open).unwrap_or(0);
        let len = ids.len().cast_signed();
        self.show(ids[(at.cast_signed() + by).rem_euclid(len).cast_unsigned()]);
    }

    pub(super) fn remember(&self, memory: &mut Memory) {
        let open = if self.open == PanelId::Help { self.before } else { self.open };
        memory.panel = Some(open.title().to_owned());
        for (id, panel) in &self.all {
            let remembered = panel.remember();
            if !remembered.is_empty() {
                memory.panels.insert(id.title().to_owned(), remembered);
            }
        }
    }

    pub(super) fn recall(&mut self, memory: &Memory) {
        for (id, panel) in &mut self.all {
            if let Some(remembered) = memory.panels.get(id.title()) {
                panel.recall(remembered);
            }
        }
    }
}
