//! What a tool definition costs, by part, and what the tools of a list cost together; it does not know results.

use super::attribute::attribute;
use super::count::Count;
use super::counter::Counter;
use super::profile::{ContentKind, Profile, ToolRendering};
use super::text::{Members, compact, elements, write_literal};
use super::tree::NodeId;
use super::typescript;

/// The wire tokens of a tool definition by member; a member's name, colon and comma count with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ToolParts {
    /// `name`.
    pub name: Count,
    /// `description`.
    pub description: Count,
    /// `inputSchema`.
    pub input_schema: Count,
    /// `outputSchema`.
    pub output_schema: Count,
    /// `annotations`.
    pub annotations: Count,
    /// All other members and the braces around them.
    pub other: Count,
}

impl ToolParts {
    /// All parts together: the wire count.
    #[must_use]
    pub fn sum(&self) -> Count {
        self.name + self.description + self.input_schema + self.output_schema + self.annotations + self.other
    }
}

/// What one tool costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolTokens {
    /// The tool's name; empty if it has none.
    pub name: String,
    /// All JSON of the definition.
    pub wire: Count,
    /// Name, description and input schema as the profile's models are shown them.
    pub model: Count,
    /// `wire` by member. Of what is not JSON everything is in `other`.
    pub parts: ToolParts,
}

/// What a tool definition costs, given as the JSON of one element of `tools`.
pub fn tool_definition(counter: &mut Counter, profile: &Profile, tool_json: &str) -> ToolTokens {
    let parts = tool_parts(counter, profile, tool_json);
    let members = Members::of(tool_json).ok().flatten().unwrap_or_default();
    let rendered = render(profile.tools, &members);
    let model = profile.calibrate(ContentKind::Schemas, counter.count(profile.encoding, &rendered));
    let name = members.text("name").unwrap_or_default().into_owned();
    ToolTokens { name, wire: parts.sum(), model, parts }
}

fn tool_parts(counter: &mut Counter, profile: &Profile, tool_json: &str) -> ToolParts {
    let Ok(tree) = attribute(counter, profile.encoding, tool_json) else {
        let whole = counter.count(profile.encoding, tool_json);
        return ToolParts { other: profile.calibrate(ContentKind::Schemas, whole), ..ToolParts::default() };
    };
    let mut parts = [Count::ZERO; 6];
    parts[5] = Count { tokens: u64::from(tree.node(NodeId::ROOT).own), accuracy: tree.accuracy };
    for member in tree.children(NodeId::ROOT) {
        let part = match tree.name(member, tool_json).as_deref() {
            Some("name") => 0,
            Some("description") => 1,
            Some("inputSchema") => 2,
            Some("outputSchema") => 3,
            Some("annotations") => 4,
            _ => 5,
        };
        parts[part] += tree.count(member);
    }
    let [name, description, input_schema, output_schema, annotations, other] =
        profile.calibrate_parts(ContentKind::Schemas, parts);
    ToolParts { name, description, input_schema, output_schema, annotations, other }
}

/// What the model is shown of a tool. In the compact form absent members are left out.
fn render(rendering: ToolRendering, tool: &Members<'_>) -> String {
    let text = |name| tool.text(name).unwrap_or_default();
    match rendering {
        ToolRendering::TypescriptNamespace => {
            typescript::function(&text("name"), &text("description"), tool.get("inputSchema"))
        }
        ToolRendering::CompactJson => {
            let mut out = String::new();
            for name in ["name", "description", "inputSchema"] {
                if let Some(value) = tool.get(name) {
                    out.push(if out.is_empty() { '{' } else { ',' });
                    write_literal(&mut out, name);
                    out.push(':');
                    out.push_str(&compact(value));
                }
            }
            out.push_str(if out.is_empty() { "{}" } else { "}" });
            out
        }
    }
}

/// What a list of tools costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolListTokens {
    /// All JSON of the list.
    pub wire: Count,
    /// What the tools cost the model together, with the preamble.
    pub model: Count,
    /// What is added once if there is any tool.
    pub preamble: Count,
    /// Every tool, in the list's order.
    pub tools: Vec<ToolTokens>,
}

/// What the answer to `tools/list` costs, given as its `result` or as the bare array of tools. Tools are counted
/// one by one, so that taking one away takes away its tokens.
pub fn tool_list(counter: &mut Counter, profile: &Profile, result_json: &str) -> ToolListTokens {
    let wire = profile.calibrate(ContentKind::Schemas, counter.count(profile.encoding, result_json));
    let result = Members::of(result_json).ok().flatten();
    let list = result.as_ref().map_or(Some(result_json), |result| result.get("tools")).unwrap_or("[]");
    let tools: Vec<ToolTokens> = elements(list)
        .ok()
        .flatten()
        .unwrap_or_default()
        .into_iter()
        .map(|tool| tool_definition(counter, profile, tool))
        .collect();
    let preamble = if tools.is_empty() { Count::ZERO } else { preamble(counter, profile) };
    let model = tools.iter().map(|tool| tool.model).sum::<Count>() + preamble;
    ToolListTokens { wire, model, preamble, tools }
}

/// What is added once as soon as any tool is present: the namespace's frame, the provider's own prompt.
pub fn preamble(counter: &mut Counter, profile: &Profile) -> Count {
    let frame = match profile.tools {
        ToolRendering::TypescriptNamespace => counter.count(profile.encoding, typescript::FRAME),
        ToolRendering::CompactJson => Count::ZERO,
    };
    let prompt =
        profile.preamble.map_or(Count::ZERO, |preamble| Count::calibrated(preamble.tokens_typical.into()));
    profile.calibrate(ContentKind::Schemas, frame) + prompt
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::{Accuracy, Effort, Encoding};

    const TOOL: &str = r#"{"name": "read_file", "title": "Read", "description": "Read a \u00e9 file.",
        "inputSchema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
        "outputSchema": {"type": "object", "properties": {"content": {"type": "string"}}},
        "annotations": {"readOnlyHint": true}, "_meta": {"x": 1}}"#;

    fn counter() -> Counter {
        Counter::new(Effort::AtOnce)
    }

    #[test]
    fn the_parts_of_a_tool_sum_to_its_wire_count_in_every_profile() {
        for profile in Profile::builtin() {
            let tool = tool_definition(&mut counter(), profile, TOOL);
            assert_eq!(tool.name, "read_file");
            assert_eq!(tool.parts.sum(), tool.wire);
            let whole = counter().count(profile.encoding, TOOL);
            assert_eq!(tool.wire, profile.calibrate(ContentKind::Schemas, whole));
            let ToolParts { name, description, input_schema, output_schema, annotations, other } = tool.parts;
            for part in [name, description, input_schema, output_schema, annotations, other] {
                assert!(part.tokens > 0, "{}: {:?}", profile.id, tool.parts);
            }
            assert!(tool.model.tokens < tool.wire.tokens);
        }
    }

    #[test]
    fn the_model_is_shown_name_description_and_input_schema_without_blanks() {
        let members = Members::of(TOOL).unwrap().unwrap();
        assert_eq!(
            render(ToolRendering::CompactJson, &members),
            "{\"name\":\"read_file\",\"description\":\"Read a é file.\",\"inputSchema\":{\"type\":\"object\",\
             \"properties\":{\"path\":{\"type\":\"string\"}},\"required\":[\"path\"]}}"
        );
        assert_eq!(render(ToolRendering::CompactJson, &Members::default()), "{}");
    }

    #[test]
    fn a_list_costs_what_its_tools_cost_and_the_preamble_once() {
        for profile in Profile::builtin() {
            for list in [
                format!("{{\"tools\": [{TOOL}, {TOOL}], \"nextCursor\": \"x\"}}"),
                format!("[{TOOL},{TOOL}]"),
            ] {
                let tokens = tool_list(&mut counter(), profile, &list);
                assert_eq!(tokens.tools.len(), 2);
                assert_eq!(tokens.model, tokens.tools[0].model + tokens.tools[1].model + tokens.preamble);
                assert_eq!(tokens.preamble.tokens > 0, profile.id != "gemini");
                assert!(tokens.wire.tokens > tokens.tools[0].wire.tokens * 2);
            }
            let empty = tool_list(&mut counter(), profile, "{\"tools\":[]}");
            assert_eq!((empty.model, empty.preamble), (Count::ZERO, Count::ZERO));
        }
    }

    #[test]
    fn what_is_no_tool_is_still_counted_on_the_wire() {
        let profile = Profile::default();
        for json in ["", "null", "[1,", "{\"name\": 7}", "{\"description\": \"x\"}"] {
            let tool = tool_definition(&mut counter(), &profile, json);
            assert_eq!(tool.name, "");
            assert_eq!(tool.wire, counter().count(Encoding::O200kBase, json));
            assert_eq!(tool.parts.sum(), tool.wire);
            assert_eq!(tool_list(&mut counter(), &profile, json).tools, []);
        }
        let long = format!("{{\"name\":\"long\",\"description\":\"{}\"}}", "word ".repeat(100_000));
        let tool = tool_definition(&mut counter(), &profile, &long);
        assert_eq!((tool.wire.accuracy, tool.parts.sum()), (Accuracy::Estimated, tool.wire));
        assert!(tool.parts.description.tokens > tool.parts.name.tokens * 1_000);
    }
}
