//! What keys, palette and mouse can ask for; knows nothing of what comes of it.

use super::{Turn, Wanted};
use crate::ui::panels::PanelId;

/// What the user can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Leave.
    Quit,
    /// Give the terminal back to the shell until the program is told to go on.
    Suspend,
    /// Draw the whole screen again, whatever another program has written onto it.
    Redraw,
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
    /// Send the selected call again, with other arguments if wanted, to a fresh copy of its server.
    Resend,
    /// The next call that failed.
    NextError,
    /// Go to the calls of the selected tool, or to the other view of the selected call.
    Related,
    /// Keep the selected call or session in mind, to compare another one with it.
    Pick,
    /// Show the selected call or session beside the picked one.
    Compare,
    /// Leave the selected part out, to see what that saves.
    Exclude,
    /// Make a rule of what is pointed at.
    Point(Wanted),
    /// Show which rules would have saved something in this recording.
    Advise,
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
    /// Play a session, or steer the one that is played.
    Playback(Turn),
    /// Close the selected session in this viewer.
    Close,
    /// Delete the selected recording.
    Delete,
    /// Stop recording the selected live session; its traffic goes on.
    StopRecording,
    /// Read the list of sessions again.
    Refresh,
}

impl Action {
    /// The name in the configuration; it stays, whatever help calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quit => "quit",
            Self::Suspend => "suspend",
            Self::Redraw => "redraw",
            Self::Back => "back",
            Self::Show(panel) => shows(panel),
            Self::NextPanel => "next-panel",
            Self::PreviousPanel => "previous-panel",
            Self::Filter => "filter",
            Self::Palette => "palette",
            Self::Up => "up",
            Self::Down => "down",
            Self::Left => "left",
            Self::Right => "right",
            Self::PageUp => "page-up",
            Self::PageDown => "page-down",
            Self::First => "first",
            Self::Last => "last",
            Self::Open => "open",
            Self::Copy => "copy",
            Self::SortNext => "sort-next",
            Self::SortPrevious => "sort-previous",
            Self::SortReverse => "sort-reverse",
            Self::Follow => "follow",
            Self::Pause => "pause",
            Self::Mark => "mark",
            Self::NextTheme => "choose-theme",
            Self::NextProfile => "next-profile",
            Self::NextWindow => "next-window",
            Self::WireOrModel => "wire-or-model",
            Self::FoldAll => "fold-all",
            Self::Raw => "raw",
            Self::NextView => "next-view",
            Self::Resend => "resend",
            Self::NextError => "next-error",
            Self::Related => "related",
            Self::Pick => "pick",
            Self::Compare => "compare",
            Self::Exclude => "exclude",
            Self::Point(wanted) => points(wanted),
            Self::Advise => "advise",
            Self::NextMode => "next-mode",
            Self::EditRules => "edit-rules",
            Self::KeepRules => "keep-rules",
            Self::RemoveRule => "remove-rule",
            Self::Undo => "undo",
            Self::ZoomIn => "zoom-in",
            Self::ZoomOut => "zoom-out",
            Self::Fit => "zoom-all",
            Self::Playback(turn) => turns(turn),
            Self::Close => "close",
            Self::Delete => "delete",
            Self::StopRecording => "stop-recording",
            Self::Refresh => "refresh",
        }
    }
}

/// `calls` alone is the table of the keys in Calls.
const fn shows(panel: PanelId) -> &'static str {
    match panel {
        PanelId::Top => "show-top",
        PanelId::Calls => "show-calls",
        PanelId::Schemas => "show-schemas",
        PanelId::Rules => "show-rules",
        PanelId::Timeline => "show-timeline",
        PanelId::Sessions => "show-sessions",
        PanelId::Help => "help",
    }
}

const fn points(wanted: Wanted) -> &'static str {
    match wanted {
        Wanted::Drop => "drop-field",
        Wanted::Tick => "tick-field",
        Wanted::OnlyTicked => "only-ticked",
        Wanted::Shape => "shape",
        Wanted::Limit => "limit",
        Wanted::Cache => "cache",
        Wanted::Hide => "hide-tool",
        Wanted::Shorten => "shorten",
        Wanted::Strip => "strip",
    }
}

const fn turns(turn: Turn) -> &'static str {
    match turn {
        Turn::Play => "play",
        Turn::Next => "next-call",
        Turn::Previous => "previous-call",
        Turn::Faster => "faster",
        Turn::Slower => "slower",
        Turn::Here => "play-to-here",
        Turn::To => "play-to",
        Turn::Leave => "leave-playback",
    }
}
