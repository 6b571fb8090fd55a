//! What keys, palette and mouse can ask for; knows nothing of what comes of it.

use super::Wanted;
use crate::ui::panels::PanelId;

/// What the user can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Leave.
    Quit,
    /// Close what is open on top; else leave the detail; else drop the filter.
    Back,
    /// Open a panel.
    Show(PanelId),
    /// The next panel.
    NextPanel,
    /// The panel before.
    PreviousPanel,
    /// Open the filter prompt.
    Filter,
    /// Open the command palette.
    Palette,
    /// A row up.
    Up,
    /// A row down.
    Down,
    /// To the left: fold, or the column or part before.
    Left,
    /// To the right: unfold, or the next column or part.
    Right,
    /// A screen up.
    PageUp,
    /// A screen down.
    PageDown,
    /// The first row.
    First,
    /// The last row.
    Last,
    /// Open what is selected.
    Open,
    /// Copy something of what is selected.
    Copy,
    /// Sort by the next column.
    SortNext,
    /// Sort by the column before.
    SortPrevious,
    /// Turn the order round.
    SortReverse,
    /// Keep the newest row selected.
    Follow,
    /// Hold the screen; the traffic goes on.
    Pause,
    /// Put a remark into the recording.
    Mark,
    /// The next theme.
    NextTheme,
    /// Count as another model does.
    NextProfile,
    /// Measure against another context window.
    NextWindow,
    /// Show what went over the wire, or what the model gets.
    WireOrModel,
    /// Unfold everything, or fold it again.
    FoldAll,
    /// Show the exact text instead of the tree.
    Raw,
    /// The next view or part of what is open.
    NextView,
    /// The next call that failed.
    NextError,
    /// Go to the calls of the selected tool, or to the other view of the selected call.
    Related,
    /// Leave the selected part out, to see what that saves.
    Exclude,
    /// Make a rule of what is pointed at.
    Point(Wanted),
    /// Put the selected rule into its next mode: on, observe, off.
    NextMode,
    /// Write the rules as text.
    EditRules,
    /// Keep the rules that are shown in the rules file.
    KeepRules,
    /// Take the selected rule out.
    RemoveRule,
    /// Take the last change to rules back.
    Undo,
    /// Show less time in more detail.
    ZoomIn,
    /// Show more time in less detail.
    ZoomOut,
    /// Show all of it.
    Fit,
    /// Close the selected session in this viewer.
    Close,
    /// Delete the selected recording.
    Delete,
    /// Stop recording the selected live session; its traffic goes on.
    StopRecording,
    /// Read the list of sessions again.
    Refresh,
}
