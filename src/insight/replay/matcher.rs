//! Which recorded request answers for one that comes in: by level, in recorded order, the last again.
//!
//! Knows nothing of frames, clocks and what is said.

use std::collections::HashMap;
use std::fmt;

use super::keys::Keys;
use super::script::Script;

/// How a recorded answer was found, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The same parameters, byte for byte.
    Exact,
    /// The same parameters, whatever the order of members, the form of numbers and `_meta`.
    Canonical,
    /// The same parameters but for what was to be ignored.
    Ignored,
    /// The same tool or prompt, with other arguments.
    Tool,
    /// The next request of the same method.
    Order,
    /// What opens and keeps a session, which is answered whatever was recorded.
    Session,
    /// By the server that stands behind the recording.
    Live,
    /// As a person decided.
    Person,
}

impl Level {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Exact,
        Self::Canonical,
        Self::Ignored,
        Self::Tool,
        Self::Order,
        Self::Session,
        Self::Live,
        Self::Person,
    ];

    /// A word for it, as machines read it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Canonical => "canonical",
            Self::Ignored => "ignored",
            Self::Tool => "tool",
            Self::Order => "order",
            Self::Session => "session",
            Self::Live => "live",
            Self::Person => "person",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The loosest level at which an answer is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strictness {
    /// Byte for byte.
    Exact,
    /// The same parameters.
    Canonical,
    /// The same parameters but for what is ignored.
    Ignored,
    /// Any answer of the same tool.
    Tool,
    /// Any answer to the same method.
    #[default]
    Order,
}

/// A recorded request that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) scene: u32,
    pub(super) level: Level,
    /// Whether it has been played before.
    pub(super) is_again: bool,
}

/// Why nothing was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// Nothing of the kind was recorded.
    Unknown,
    /// What was recorded has been played, and is to be played once.
    UsedUp,
}

/// Scenes that have something in common, in recorded order.
#[derive(Debug, Default)]
struct Queue {
    scenes: Vec<u32>,
    /// All before this one have been played.
    next: usize,
}

impl Queue {
    fn fresh(&mut self, played: &[bool]) -> Option<u32> {
        while self.scenes.get(self.next).is_some_and(|scene| played[*scene as usize]) {
            self.next += 1;
        }
        self.scenes.get(self.next).copied()
    }
}

/// What has been played of a script.
#[derive(Debug)]
pub(super) struct Matcher {
    played: Vec<bool>,
    keys: Vec<Option<Keys>>,
    exact: HashMap<u128, Queue>,
    canonical: HashMap<u128, Queue>,
    ignored: HashMap<u128, Queue>,
    tools: HashMap<(Box<str>, Box<str>), Queue>,
    methods: HashMap<Box<str>, Queue>,
    /// Notifications of the client.
    told: HashMap<Box<str>, Queue>,
    strictness: Strictness,
    is_once: bool,
}

impl Matcher {
    pub(super) fn new(script: &Script, strictness: Strictness, is_once: bool) -> Self {
        let mut matcher = Self {
            played: vec![false; script.scenes.len()],
            keys: Vec::with_capacity(script.scenes.len()),
            exact: HashMap::new(),
            canonical: HashMap::new(),
            ignored: HashMap::new(),
            tools: HashMap::new(),
            methods: HashMap::new(),
            told: HashMap::new(),
            strictness,
            is_once,
        };
        for (number, scene) in (0..).zip(&script.scenes) {
            matcher.keys.push(scene.ask.as_ref().map(|ask| ask.keys));
            let Some(ask) = &scene.ask else {
                matcher.told.entry(scene.method.clone()).or_default().scenes.push(number);
                continue;
            };
            matcher.exact.entry(ask.keys.exact).or_default().scenes.push(number);
            matcher.canonical.entry(ask.keys.canonical).or_default().scenes.push(number);
            matcher.ignored.entry(ask.keys.ignored).or_default().scenes.push(number);
            matcher.methods.entry(scene.method.clone()).or_default().scenes.push(number);
            if let Some(name) = &ask.name {
                let tool = (scene.method.clone(), name.clone());
                matcher.tools.entry(tool).or_default().scenes.push(number);
            }
        }
        matcher
    }

    /// The scene that answers a request, which counts as played from then on.
    pub(super) fn find(&mut self, method: &str, name: Option<&str>, keys: Keys) -> Result<Found, Missing> {
        let found = self.search(method, name, keys)?;
        self.played[found.scene as usize] = true;
        Ok(found)
    }

    fn search(&mut self, method: &str, name: Option<&str>, keys: Keys) -> Result<Found, Missing> {
        let equal = match self.strictness {
            Strictness::Exact => [self.exact.get_mut(&keys.exact), None],
            Strictness::Canonical => [self.canonical.get_mut(&keys.canonical), None],
            Strictness::Ignored | Strictness::Tool | Strictness::Order => {
                [self.canonical.get_mut(&keys.canonical), self.ignored.get_mut(&keys.ignored)]
            }
        };
        let mut again = None;
        for queue in equal.into_iter().flatten() {
            if let Some(scene) = queue.fresh(&self.played) {
                return Ok(Found { scene, level: level(self.keys[scene as usize], keys), is_again: false });
            }
            again = again.or(queue.scenes.last().copied());
        }
        if let Some(scene) = again {
            let found = Found { scene, level: level(self.keys[scene as usize], keys), is_again: true };
            return if self.is_once { Err(Missing::UsedUp) } else { Ok(found) };
        }
        if self.strictness >= Strictness::Tool
            && let Some(queue) = name.and_then(|name| self.tools.get_mut(&(method.into(), name.into())))
        {
            let fresh = queue.fresh(&self.played);
            let found = |scene, is_again| Found { scene, level: Level::Tool, is_again };
            return match (fresh, queue.scenes.last()) {
                (Some(scene), _) => Ok(found(scene, false)),
                (None, Some(scene)) if !self.is_once => Ok(found(*scene, true)),
                (None, _) => Err(Missing::UsedUp),
            };
        }
        if self.strictness >= Strictness::Order
            && let Some(scene) = self.methods.get_mut(method).and_then(|queue| queue.fresh(&self.played))
        {
            return Ok(Found { scene, level: Level::Order, is_again: false });
        }
        Err(Missing::Unknown)
    }

    /// The scene of a method that any request of this method may have: the next, or the last again.
    pub(super) fn any(&mut self, method: &str) -> Option<Found> {
        let queue = self.methods.get_mut(method)?;
        let (scene, is_again) = match queue.fresh(&self.played) {
            Some(scene) => (scene, false),
            None => (*queue.scenes.last()?, true),
        };
        self.played[scene as usize] = true;
        Some(Found { scene, level: Level::Session, is_again })
    }

    /// The next scene that a notification of the client begins.
    pub(super) fn told(&mut self, method: &str) -> Option<u32> {
        let scene = self.told.get_mut(method)?.fresh(&self.played)?;
        self.played[scene as usize] = true;
        Some(scene)
    }

    /// The scene of the same tool, or else method, that a person may choose for a request that nothing answers.
    pub(super) fn nearest(&mut self, method: &str, name: Option<&str>) -> Option<u32> {
        let tool = name.and_then(|name| self.tools.get_mut(&(method.into(), name.into())));
        let queue = tool.or_else(|| self.methods.get_mut(method).filter(|_| name.is_none()))?;
        queue.fresh(&self.played).or_else(|| queue.scenes.last().copied())
    }

    pub(super) fn play(&mut self, scene: u32) {
        self.played[scene as usize] = true;
    }

    /// Whether a request of this method was recorded.
    pub(super) fn knows(&self, method: &str) -> bool {
        self.methods.contains_key(method)
    }
}

/// How a recorded request is equal to one that comes in.
fn level(recorded: Option<Keys>, keys: Keys) -> Level {
    match recorded {
        Some(recorded) if recorded.exact == keys.exact => Level::Exact,
        Some(recorded) if recorded.canonical == keys.canonical => Level::Canonical,
        Some(_) | None => Level::Ignored,
    }
}
