//! The rows of the table of keys.

use crossterm::event::KeyCode;

use super::{Action, Binding, Group, PanelId, Press, Reach, Turn, Wanted};

const fn char(c: char) -> Press {
    Press { code: KeyCode::Char(c), ctrl: false }
}

const fn ctrl(c: char) -> Press {
    Press { code: KeyCode::Char(c), ctrl: true }
}

const fn key(code: KeyCode) -> Press {
    Press { code, ctrl: false }
}

const fn row(
    keys: &'static [Press],
    action: Action,
    reach: Reach,
    group: Group,
    word: &'static str,
    text: &'static str,
) -> Binding {
    Binding { keys, action, reach, group, word, text }
}

const ALL: Reach = Reach::Everywhere;
const TREES: Reach = Reach::In(&[PanelId::Calls, PanelId::Schemas]);
const LISTS: Reach =
    Reach::In(&[PanelId::Top, PanelId::Calls, PanelId::Schemas, PanelId::Rules, PanelId::Sessions]);
const TOKENS: Reach = Reach::In(&[PanelId::Top, PanelId::Calls, PanelId::Schemas, PanelId::Rules]);
const CALLS: Reach = Reach::In(&[PanelId::Calls, PanelId::Timeline]);
const DATA: Reach = Reach::In(&[PanelId::Top, PanelId::Calls, PanelId::Schemas, PanelId::Timeline]);
const RULED: Reach =
    Reach::In(&[PanelId::Top, PanelId::Calls, PanelId::Schemas, PanelId::Rules, PanelId::Timeline]);
const RULES: Reach = Reach::In(&[PanelId::Rules]);
/// Where the space bar holds the screen: wherever it does not switch a rule.
const HELD: Reach = Reach::In(&[
    PanelId::Top,
    PanelId::Calls,
    PanelId::Schemas,
    PanelId::Timeline,
    PanelId::Sessions,
    PanelId::Help,
]);
/// Where results are looked at.
const RESULTS: Reach = Reach::In(&[PanelId::Calls]);
/// Where there are things to be compared.
const COMPARED: Reach = Reach::In(&[PanelId::Calls, PanelId::Sessions]);
const SCHEMAS: Reach = Reach::In(&[PanelId::Schemas]);
const TIMELINE: Reach = Reach::In(&[PanelId::Timeline]);
const SESSIONS: Reach = Reach::In(&[PanelId::Sessions]);

/// Every key of the viewer. Where two rows share a key, their reaches do not overlap.
pub const BINDINGS: &[Binding] = &[
    row(
        &[char('1')],
        Action::Show(PanelId::Top),
        ALL,
        Group::Panels,
        "top",
        "Top: every tool, its time and tokens",
    ),
    row(
        &[char('2')],
        Action::Show(PanelId::Calls),
        ALL,
        Group::Panels,
        "calls",
        "Calls: every call, and one in detail",
    ),
    row(
        &[char('3')],
        Action::Show(PanelId::Schemas),
        ALL,
        Group::Panels,
        "schemas",
        "Schemas: what each definition costs",
    ),
    row(
        &[char('4')],
        Action::Show(PanelId::Rules),
        ALL,
        Group::Panels,
        "rules",
        "Rules: what they save; switch, write",
    ),
    row(
        &[char('5')],
        Action::Show(PanelId::Timeline),
        ALL,
        Group::Panels,
        "timeline",
        "Timeline: calls as bars over time",
    ),
    row(
        &[char('6')],
        Action::Show(PanelId::Sessions),
        ALL,
        Group::Panels,
        "sessions",
        "Sessions: live and recorded ones",
    ),
    row(
        &[char('7'), char('?'), key(KeyCode::F(1))],
        Action::Show(PanelId::Help),
        ALL,
        Group::Panels,
        "help",
        "Help: every key",
    ),
    row(&[key(KeyCode::Tab)], Action::NextPanel, ALL, Group::Panels, "next", "Next panel"),
    row(&[key(KeyCode::BackTab)], Action::PreviousPanel, ALL, Group::Panels, "previous", "Previous panel"),
    row(&[key(KeyCode::Up), char('k')], Action::Up, ALL, Group::Move, "up", "Up"),
    row(&[key(KeyCode::Down), char('j')], Action::Down, ALL, Group::Move, "down", "Down"),
    row(
        &[key(KeyCode::Left), char('h')],
        Action::Left,
        ALL,
        Group::Move,
        "left",
        "Left: fold, or what holds it",
    ),
    row(
        &[key(KeyCode::Right), char('l')],
        Action::Right,
        ALL,
        Group::Move,
        "right",
        "Right: unfold, or go in",
    ),
    row(
        &[key(KeyCode::PageUp), ctrl('b'), ctrl('u')],
        Action::PageUp,
        ALL,
        Group::Move,
        "page up",
        "A screen up",
    ),
    row(
        &[key(KeyCode::PageDown), ctrl('f'), ctrl('d')],
        Action::PageDown,
        ALL,
        Group::Move,
        "page down",
        "A screen down",
    ),
    row(&[key(KeyCode::Home), char('g')], Action::First, ALL, Group::Move, "first", "First row"),
    row(&[key(KeyCode::End), char('G')], Action::Last, ALL, Group::Move, "last", "Last row"),
    row(&[char('/')], Action::Filter, ALL, Group::List, "filter", "Filter the calls; help has the language"),
    row(&[char('s')], Action::SortNext, LISTS, Group::List, "sort", "Sort by the next column"),
    row(&[char('<')], Action::SortPrevious, LISTS, Group::List, "sort back", "Sort by the column before"),
    row(&[char('S')], Action::SortReverse, LISTS, Group::List, "reverse", "Turn the order round"),
    row(&[char('f')], Action::Follow, CALLS, Group::List, "follow", "Follow the newest call"),
    row(&[char(' ')], Action::Pause, HELD, Group::List, "pause", "Hold the screen; the traffic goes on"),
    row(&[char('e')], Action::NextError, CALLS, Group::List, "next error", "Go to the next call that failed"),
    row(
        &[char('+'), char('=')],
        Action::ZoomIn,
        TIMELINE,
        Group::List,
        "zoom in",
        "Less time in more detail",
    ),
    row(&[char('-')], Action::ZoomOut, TIMELINE, Group::List, "zoom out", "More time in less detail"),
    row(&[char('0')], Action::Fit, TIMELINE, Group::List, "all", "The whole session, from its start to now"),
    row(&[char('r')], Action::Refresh, SESSIONS, Group::List, "refresh", "Look for sessions again"),
    row(&[key(KeyCode::Enter)], Action::Open, ALL, Group::Selected, "open", "Open what is selected"),
    row(
        &[char('o')],
        Action::Related,
        RULED,
        Group::Selected,
        "related",
        "To this tool's calls, or to the timeline",
    ),
    row(&[char('v')], Action::NextView, DATA, Group::Selected, "view", "The next view of what is open"),
    row(&[char('r')], Action::Raw, TREES, Group::Selected, "raw", "The exact text instead of the tree"),
    row(&[char('z')], Action::FoldAll, TREES, Group::Selected, "fold", "Fold or unfold everything"),
    row(
        &[char('R')],
        Action::Resend,
        RESULTS,
        Group::Selected,
        "send again",
        "Send this call again, edited if you like",
    ),
    row(
        &[char('x')],
        Action::Exclude,
        SCHEMAS,
        Group::Selected,
        "exclude",
        "Leave this out, and see what that saves",
    ),
    row(
        &[char(' ')],
        Action::NextMode,
        RULES,
        Group::Rules,
        "on/observe/off",
        "Switch this rule: on, observe, off",
    ),
    row(
        &[char('a')],
        Action::Advise,
        RULED,
        Group::Rules,
        "advice",
        "Advice: rules that would save something",
    ),
    row(&[char('e')], Action::EditRules, RULES, Group::Rules, "write", "Write the rules as text"),
    row(&[char('K')], Action::KeepRules, RULES, Group::Rules, "keep", "Keep these rules in the rules file"),
    row(
        &[char('D'), key(KeyCode::Delete)],
        Action::RemoveRule,
        RULES,
        Group::Rules,
        "remove",
        "Take this rule out",
    ),
    row(&[char('u')], Action::Undo, RULED, Group::Rules, "undo", "Take the last change to rules back"),
    row(
        &[char('d')],
        Action::Point(Wanted::Drop),
        RESULTS,
        Group::Rules,
        "drop",
        "Drop this field from results",
    ),
    row(
        &[char('t')],
        Action::Point(Wanted::Tick),
        RESULTS,
        Group::Rules,
        "tick",
        "Tick this field, to keep it",
    ),
    row(
        &[char('O')],
        Action::Point(Wanted::OnlyTicked),
        RESULTS,
        Group::Rules,
        "only ticked",
        "Keep only the ticked fields in results",
    ),
    row(
        &[char('b')],
        Action::Point(Wanted::Shape),
        RESULTS,
        Group::Rules,
        "table",
        "Write results shorter: as a table, csv",
    ),
    row(
        &[char('L')],
        Action::Point(Wanted::Limit),
        RESULTS,
        Group::Rules,
        "limit",
        "Limit results to so many tokens",
    ),
    row(
        &[char('c')],
        Action::Point(Wanted::Cache),
        RESULTS,
        Group::Rules,
        "cache",
        "Cache this tool for so long",
    ),
    row(
        &[char('d')],
        Action::Point(Wanted::Hide),
        SCHEMAS,
        Group::Rules,
        "hide",
        "Hide this tool, or those left out",
    ),
    row(
        &[char('b')],
        Action::Point(Wanted::Shorten),
        SCHEMAS,
        Group::Rules,
        "shorten",
        "Shorten the description",
    ),
    row(
        &[char('t')],
        Action::Point(Wanted::Strip),
        SCHEMAS,
        Group::Rules,
        "strip",
        "Strip titles and examples",
    ),
    row(&[char('M')], Action::Pick, COMPARED, Group::Selected, "pick", "Pick this, to compare with it"),
    row(
        &[char('C')],
        Action::Compare,
        COMPARED,
        Group::Selected,
        "compare",
        "Compare this with what is picked",
    ),
    row(&[char('y')], Action::Copy, ALL, Group::Selected, "copy", "Copy arguments, result, JSON or command"),
    row(&[char('m')], Action::Mark, ALL, Group::Selected, "mark", "Put a remark at this moment"),
    row(
        &[char('P')],
        Action::Playback(Turn::Play),
        ALL,
        Group::Playback,
        "play/hold",
        "Play it; hold it, or go on",
    ),
    row(
        &[char(']')],
        Action::Playback(Turn::Next),
        ALL,
        Group::Playback,
        "next call",
        "To the next call, and hold there",
    ),
    row(
        &[char('[')],
        Action::Playback(Turn::Previous),
        ALL,
        Group::Playback,
        "call before",
        "Back to the call before",
    ),
    row(&[char('}')], Action::Playback(Turn::Faster), ALL, Group::Playback, "faster", "Faster"),
    row(&[char('{')], Action::Playback(Turn::Slower), ALL, Group::Playback, "slower", "Slower"),
    row(
        &[char('J')],
        Action::Playback(Turn::Here),
        CALLS,
        Group::Playback,
        "to here",
        "To the selected call",
    ),
    row(
        &[char('@')],
        Action::Playback(Turn::To),
        ALL,
        Group::Playback,
        "go to",
        "To a time, a share or a call",
    ),
    row(
        &[char('X')],
        Action::Playback(Turn::Leave),
        ALL,
        Group::Playback,
        "leave",
        "Leave playback: all of it, or live",
    ),
    row(&[char('c')], Action::Close, SESSIONS, Group::Selected, "close", "Close this session in the viewer"),
    row(
        &[char('R')],
        Action::StopRecording,
        SESSIONS,
        Group::Selected,
        "stop rec",
        "Stop recording it; its traffic goes on",
    ),
    row(
        &[char('D'), key(KeyCode::Delete)],
        Action::Delete,
        SESSIONS,
        Group::Selected,
        "delete",
        "Delete this recording",
    ),
    row(&[char(':'), ctrl('p')], Action::Palette, ALL, Group::Program, "commands", "Find a command by name"),
    row(
        &[char('w')],
        Action::WireOrModel,
        TOKENS,
        Group::Program,
        "wire/model",
        "Tokens: on the wire, or for the model",
    ),
    row(
        &[char('p')],
        Action::NextProfile,
        TOKENS,
        Group::Program,
        "profile",
        "Count as another family of models does",
    ),
    row(
        &[char('W')],
        Action::NextWindow,
        TOKENS,
        Group::Program,
        "window",
        "Measure against another context window",
    ),
    row(&[char('T')], Action::NextTheme, ALL, Group::Program, "theme", "Choose a theme, seen while selected"),
    row(
        &[key(KeyCode::Esc)],
        Action::Back,
        ALL,
        Group::Program,
        "back",
        "Back: close, leave, drop the filter",
    ),
    row(&[ctrl('l')], Action::Redraw, ALL, Group::Program, "redraw", "Draw the screen again"),
    row(&[ctrl('z')], Action::Suspend, ALL, Group::Program, "suspend", "Back to the shell; fg goes on"),
    row(&[char('q'), ctrl('c')], Action::Quit, ALL, Group::Program, "quit", "Quit"),
];
