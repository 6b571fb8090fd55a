//! What a server offers now against what was approved of: what changed in words and schemas, and what it costs.
//!
//! The order is that of trust: first what reads otherwise to a model that has come to know the tool, then what is new, then
//! what is gone, then what only costs otherwise.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::baseline::{KeptServer, KeptTool};

/// A part of a definition that can change. In the order in which a change is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What the model is told the tool does.
    Description,
    /// What clients decide by whether to ask their user.
    Annotations,
    /// What goes in.
    InputSchema,
    /// What comes out.
    OutputSchema,
    /// What users are shown as its name.
    Title,
    /// Everything else, such as icons and `_meta`.
    Rest,
}

impl Part {
    /// The member it is, for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Description => "description",
            Self::Annotations => "annotations",
            Self::InputSchema => "inputSchema",
            Self::OutputSchema => "outputSchema",
            Self::Title => "title",
            Self::Rest => "other members",
        }
    }

    fn of(member: &str) -> Self {
        match member {
            "description" => Self::Description,
            "annotations" => Self::Annotations,
            "inputSchema" => Self::InputSchema,
            "outputSchema" => Self::OutputSchema,
            "title" => Self::Title,
            _ => Self::Rest,
        }
    }

    /// Whether a change of it can make a model or a user trust what they should not.
    #[must_use]
    pub const fn is_trusted(self) -> bool {
        match self {
            Self::Description | Self::Annotations | Self::InputSchema | Self::OutputSchema | Self::Title => {
                true
            }
            Self::Rest => false,
        }
    }
}

/// One part that is not what it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Which.
    pub part: Part,
    /// What it was, as text: a text as it is, JSON over lines. Empty if there was none.
    pub before: String,
    /// What it is now.
    pub after: String,
}

/// What has become of a tool.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// It is there, and these parts are not what they were; at least one.
    Changed(Vec<Change>),
    /// It was not there; this is what it says of itself.
    Added(String),
    /// It is not there any more.
    Removed,
    /// It is what it was, and is counted otherwise: the server writes the same in other bytes.
    Recounted,
}

/// A tool that is not what it was.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolDrift {
    /// Its name.
    pub tool: String,
    /// What has become of it.
    pub fate: Fate,
    /// Tokens on the wire, before and now.
    pub wire: (u64, u64),
    /// Tokens the model is shown, before and now.
    pub model: (u64, u64),
}

/// What is not as it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drift {
    /// The instructions before and now, if they changed.
    pub instructions: Option<(String, String)>,
    /// The tools that drifted, those that matter most first.
    pub tools: Vec<ToolDrift>,
    /// Tokens of everything on the wire, before and now.
    pub wire: (u64, u64),
    /// Tokens of everything the model is shown, before and now.
    pub model: (u64, u64),
}

impl ToolDrift {
    /// Whether somebody should look at it before the server is trusted again: it says something that nobody has approved.
    #[must_use]
    pub fn is_unapproved(&self) -> bool {
        match &self.fate {
            Fate::Changed(changes) => changes.iter().any(|change| change.part.is_trusted()),
            Fate::Added(_) => true,
            Fate::Removed | Fate::Recounted => false,
        }
    }

    /// Where it stands in the order.
    fn rank(&self) -> (u8, Part) {
        match &self.fate {
            Fate::Changed(changes) => {
                let worst = changes.iter().map(|change| change.part).min().unwrap_or(Part::Rest);
                (if worst.is_trusted() { 0 } else { 3 }, worst)
            }
            Fate::Added(_) => (1, Part::Description),
            Fate::Removed => (2, Part::Rest),
            Fate::Recounted => (4, Part::Rest),
        }
    }
}

impl Drift {
    /// Whether anything is not as it was.
    #[must_use]
    pub fn is_some(&self) -> bool {
        self.instructions.is_some() || !self.tools.is_empty()
    }

    /// Whether the server says anything to models or users that nobody has approved.
    #[must_use]
    pub fn is_unapproved(&self) -> bool {
        self.instructions.is_some() || self.tools.iter().any(ToolDrift::is_unapproved)
    }
}

/// What of a server is not as it was.
#[must_use]
pub fn drift(before: &KeptServer, now: &KeptServer) -> Drift {
    let text = |server: &KeptServer| server.instructions.clone().unwrap_or_default();
    let (was, is) = (text(before), text(now));
    let mut known = by_name(&before.tools);
    let mut tools = Vec::new();
    for (key, tool) in by_name(&now.tools) {
        tools.extend(match known.remove(&key) {
            Some(old) => compared(old, tool),
            None => Some(ToolDrift {
                tool: tool.name.clone(),
                fate: Fate::Added(shown(tool.definition.get("description"))),
                wire: (0, tool.wire),
                model: (0, tool.model),
            }),
        });
    }
    tools.extend(known.into_values().map(|old| ToolDrift {
        tool: old.name.clone(),
        fate: Fate::Removed,
        wire: (old.wire, 0),
        model: (old.model, 0),
    }));
    tools.sort_by(|one, other| one.rank().cmp(&other.rank()).then_with(|| one.tool.cmp(&other.tool)));
    Drift {
        instructions: (was != is).then_some((was, is)),
        tools,
        wire: (before.wire, now.wire),
        model: (before.model, now.model),
    }
}

/// Tools by name and, where several have the same, by which of them it is.
fn by_name(tools: &[KeptTool]) -> BTreeMap<(&str, usize), &KeptTool> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    tools
        .iter()
        .map(|tool| {
            let count = seen.entry(&tool.name).or_default();
            *count += 1;
            ((tool.name.as_str(), *count), tool)
        })
        .collect()
}

/// `None` for a tool that is what it was.
fn compared(before: &KeptTool, now: &KeptTool) -> Option<ToolDrift> {
    let changes = changes(&before.definition, &now.definition);
    let is_recounted = (before.wire, before.model) != (now.wire, now.model);
    let fate = match changes.is_empty() {
        false => Fate::Changed(changes),
        true if is_recounted => Fate::Recounted,
        true => return None,
    };
    Some(ToolDrift {
        tool: now.name.clone(),
        fate,
        wire: (before.wire, now.wire),
        model: (before.model, now.model),
    })
}

fn changes(before: &Value, now: &Value) -> Vec<Change> {
    let parts = |definition: &Value| -> BTreeMap<Part, Value> {
        let mut parts: BTreeMap<Part, Value> = BTreeMap::new();
        let Some(members) = definition.as_object() else {
            return BTreeMap::from([(Part::Rest, definition.clone())]);
        };
        for (name, value) in members {
            match Part::of(name) {
                Part::Rest => {
                    let rest = parts.entry(Part::Rest).or_insert_with(|| Map::new().into());
                    rest[name] = value.clone();
                }
                part => {
                    parts.insert(part, value.clone());
                }
            }
        }
        parts
    };
    let (before, mut now) = (parts(before), parts(now));
    let mut found: Vec<Change> = before
        .iter()
        .filter_map(|(part, was)| {
            let is = now.remove(part);
            (is.as_ref() != Some(was)).then(|| Change {
                part: *part,
                before: shown(Some(was)),
                after: shown(is.as_ref()),
            })
        })
        .collect();
    let came = |(part, is): (Part, Value)| Change { part, before: String::new(), after: shown(Some(&is)) };
    found.extend(now.into_iter().map(came));
    found.sort_by_key(|change| change.part);
    found
}

/// A text as it is, JSON over lines.
fn shown(value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => format!("{value:#}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tool(definition: Value) -> KeptTool {
        let name = definition["name"].as_str().unwrap().to_owned();
        KeptTool { name, wire: 10, model: 5, definition }
    }

    fn server(tools: Vec<KeptTool>) -> KeptServer {
        KeptServer { tools, ..KeptServer::default() }
    }

    #[test]
    fn what_is_as_it_was_is_no_drift() {
        let tools = || server(vec![tool(json!({"name": "a", "x": [1, 2]})), tool(json!({"name": "b"}))]);
        let drift = drift(&tools(), &tools());
        assert_eq!(drift, Drift::default());
        assert!(!drift.is_some() && !drift.is_unapproved());
    }

    #[test]
    fn what_reads_otherwise_comes_first_and_what_costs_otherwise_last() {
        let before = server(vec![
            tool(json!({"name": "counted"})),
            tool(json!({"name": "gone"})),
            tool(json!({"name": "icon", "icons": []})),
            tool(json!({"name": "schema", "inputSchema": {"type": "object"}})),
            tool(json!({"name": "trusted", "description": "Reads.", "annotations": {"readOnlyHint": true}})),
        ]);
        let mut counted = tool(json!({"name": "counted"}));
        counted.wire += 1;
        let now = server(vec![
            tool(json!({"name": "came", "description": "New."})),
            counted,
            tool(json!({"name": "icon", "icons": [1]})),
            tool(json!({"name": "schema", "inputSchema": {"type": "object", "required": ["a"]}})),
            tool(json!({"name": "trusted", "description": "Reads, and sends a copy."})),
        ]);
        let found = drift(&before, &now);
        let names: Vec<&str> = found.tools.iter().map(|tool| &*tool.tool).collect();
        assert_eq!(names, ["trusted", "schema", "came", "gone", "icon", "counted"]);
        let unapproved: Vec<bool> = found.tools.iter().map(ToolDrift::is_unapproved).collect();
        assert_eq!(unapproved, [true, true, true, false, false, false]);
        let Fate::Changed(changes) = &found.tools[0].fate else { panic!() };
        assert_eq!(changes[0].after, "Reads, and sends a copy.");
        assert_eq!((changes[1].part, &*changes[1].after), (Part::Annotations, ""));
        assert_eq!(found.tools[2].fate, Fate::Added("New.".into()));
        assert_eq!((found.tools[3].wire, found.tools[5].wire), ((10, 0), (10, 11)));
    }

    #[test]
    fn a_tool_that_is_gone_or_costs_otherwise_needs_no_approval() {
        let before = server(vec![tool(json!({"name": "a"})), tool(json!({"name": "b"}))]);
        let drift = drift(&before, &server(vec![tool(json!({"name": "a"}))]));
        assert!(drift.is_some() && !drift.is_unapproved());
    }

    #[test]
    fn other_instructions_need_approval() {
        let before = KeptServer { instructions: Some("a".into()), ..KeptServer::default() };
        let found = drift(&before, &KeptServer::default());
        assert_eq!(found.instructions, Some(("a".into(), String::new())));
        assert!(found.is_unapproved());
    }

    #[test]
    fn tools_of_the_same_name_are_compared_in_their_order() {
        let twice = |second: &str| {
            server(vec![tool(json!({"name": "a"})), tool(json!({"name": "a", "description": second}))])
        };
        let found = drift(&twice("x"), &twice("y"));
        assert_eq!(found.tools.len(), 1);
        assert_eq!(
            drift(&twice("x"), &server(vec![tool(json!({"name": "a"}))])).tools[0].fate,
            Fate::Removed
        );
    }
}
