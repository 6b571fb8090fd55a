//! What a server offered when somebody approved of it, as a file: JSON with a tool a line, in a stable order.
//!
//! Knows nothing of files. A change of one tool is a change of one line, so that a review of the file is a review of the
//! tools.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::bill::{Bill, ItemTokens};
use super::offer::{Offer, ServerName};

/// The version of the format. It grows when what is there changes its meaning; more members do not change it.
const VERSION: u64 = 1;

/// What was approved of.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    /// The family of models its tokens are counted for.
    pub profile: String,
    /// The servers, by their labels.
    pub servers: Vec<KeptServer>,
}

/// One server as it was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KeptServer {
    /// What the user calls it.
    pub label: String,
    /// Its own name.
    #[serde(default)]
    pub name: String,
    /// Its version.
    #[serde(default)]
    pub version: String,
    /// The revision of the protocol.
    #[serde(default)]
    pub revision: String,
    /// Tokens of everything on the wire, prompts and resources included.
    #[serde(default)]
    pub wire: u64,
    /// Tokens of what the model is shown.
    #[serde(default)]
    pub model: u64,
    /// Its instructions.
    #[serde(default)]
    pub instructions: Option<String>,
    /// Its tools, by their names.
    #[serde(default)]
    pub tools: Vec<KeptTool>,
}

/// One tool as it was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KeptTool {
    /// Its name.
    pub name: String,
    /// Tokens of its definition on the wire.
    pub wire: u64,
    /// Tokens of what the model is shown of it.
    pub model: u64,
    /// The definition. Members are in the order of their names: how a server orders them says nothing.
    pub definition: Value,
}

/// Why a text is no baseline.
#[derive(Debug, Error)]
pub enum BaselineError {
    /// It is something else.
    #[error("this is no baseline of `mcptop audit`: {0}")]
    Form(String),
    /// It was written by a newer release.
    #[error(
        "this baseline has format version {0}, and this release reads up to version {VERSION}: use a newer mcptop"
    )]
    Newer(u64),
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    profile: String,
    #[serde(default)]
    servers: Vec<KeptServer>,
}

impl Baseline {
    /// What is offered now.
    pub fn of<'a>(profile: &str, servers: impl IntoIterator<Item = (&'a str, &'a Offer, &'a Bill)>) -> Self {
        let mut servers: Vec<KeptServer> =
            servers.into_iter().map(|(label, offer, bill)| KeptServer::of(label, offer, bill)).collect();
        servers.sort_by(|one, other| one.label.cmp(&other.label));
        Self { profile: profile.to_owned(), servers }
    }

    /// Reads a baseline.
    ///
    /// # Errors
    /// If the text is none, or is newer than this release.
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        #[derive(Deserialize)]
        struct Version {
            mcptop_audit: u64,
        }
        let form = |error: serde_json::Error| BaselineError::Form(error.to_string());
        // First of all: a newer file may not have the form of this one.
        let Version { mcptop_audit: version } = serde_json::from_str(text).map_err(form)?;
        if version > VERSION {
            return Err(BaselineError::Newer(version));
        }
        let Document { profile, servers } = serde_json::from_str(text).map_err(form)?;
        Ok(Self { profile, servers })
    }

    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = format!("{{\"mcptop_audit\": {VERSION},\n \"profile\": {},\n", json(&self.profile));
        out.push_str(" \"servers\": [");
        for (at, server) in self.servers.iter().enumerate() {
            out.push_str(if at == 0 { "\n" } else { ",\n" });
            server.write(&mut out);
        }
        out.push_str("\n ]}\n");
        out
    }

    /// The server that is to be compared with one called `label`: the one of that name, or the only one there is.
    #[must_use]
    pub fn server(&self, label: &str) -> Option<&KeptServer> {
        let same = self.servers.iter().find(|server| server.label == label);
        same.or(match &self.servers[..] {
            [only] => Some(only),
            _ => None,
        })
    }
}

impl KeptServer {
    fn of(label: &str, offer: &Offer, bill: &Bill) -> Self {
        let ServerName { name, version } = offer.server.clone();
        let ItemTokens { wire, model } = bill.total();
        let mut tools: Vec<KeptTool> = offer
            .tools
            .iter()
            .zip(&bill.tools)
            .map(|(json, tokens)| KeptTool {
                name: tokens.name.clone(),
                wire: tokens.wire.tokens,
                model: tokens.model.tokens,
                definition: serde_json::from_str(json).unwrap_or_default(),
            })
            .collect();
        // Stable, so that tools of the same name stay in their order.
        tools.sort_by(|one, other| one.name.cmp(&other.name));
        Self {
            label: label.to_owned(),
            name,
            version,
            revision: offer.revision.clone(),
            wire: wire.tokens,
            model: model.tokens,
            instructions: offer.instructions.clone(),
            tools,
        }
    }

    fn write(&self, out: &mut String) {
        let Self { label, name, version, revision, wire, model, instructions, tools } = self;
        let _ = write!(
            out,
            "  {{\"label\": {}, \"name\": {}, \"version\": {}, \"revision\": {},\n   \"wire\": {wire}, \"model\": {model},\n   \
             \"instructions\": {},\n   \"tools\": [",
            json(label),
            json(name),
            json(version),
            json(revision),
            json(instructions),
        );
        for (at, tool) in tools.iter().enumerate() {
            out.push_str(if at == 0 { "\n    " } else { ",\n    " });
            let KeptTool { name, wire, model, definition } = tool;
            let _ = write!(
                out,
                "{{\"name\": {}, \"wire\": {wire}, \"model\": {model}, \"definition\": {}}}",
                json(name),
                json(definition)
            );
        }
        out.push_str(if tools.is_empty() { "]}" } else { "\n   ]}" });
    }
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("texts and JSON values are JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::audit::List;
    use crate::tokens::{Counter, Effort, Profile};

    fn baseline(tools: &str) -> Baseline {
        let mut offer = Offer { instructions: Some("Be\nkind.".into()), ..Offer::default() };
        offer.take_page(List::Tools, &format!("{{\"tools\":{tools}}}")).unwrap();
        let profile = Profile::default();
        let bill = Bill::of(&mut Counter::new(Effort::OnRequest), &profile, &offer);
        Baseline::of(profile.id, [("files", &offer, &bill)])
    }

    const TOOLS: &str =
        r#"[{"name":"write","description":"W\u0041","inputSchema":{"type":"object"}},{"name":"read"}]"#;

    #[test]
    fn a_baseline_is_read_as_it_was_written() {
        for tools in [TOOLS, "[]", r#"[{"name":"a"},{"name":"a","description":"again"},{}]"#] {
            let baseline = baseline(tools);
            assert_eq!(Baseline::parse(&baseline.text()).unwrap(), baseline, "{}", baseline.text());
            let value: Value = serde_json::from_str(&baseline.text()).unwrap();
            assert_eq!(value["mcptop_audit"], 1);
        }
    }

    #[test]
    fn a_tool_is_a_line_wherever_the_server_lists_it() {
        let text = baseline(TOOLS).text();
        let lines: Vec<&str> = text.lines().filter(|line| line.contains("\"definition\"")).collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].contains(r#"{"name": "read","#), "{text}");
        let other =
            r#"[{"name":"read"},{"inputSchema":{"type":"object"},"description":"WA","name":"write"}]"#;
        let other = baseline(other).text();
        let definitions = |text: &str| -> Vec<String> {
            text.lines()
                .filter_map(|line| Some(line.split_once("definition")?.1.trim_end_matches(',').to_owned()))
                .collect()
        };
        assert_eq!(definitions(&other), definitions(&text), "neither order nor escapes are a difference");
    }

    #[test]
    fn what_is_no_baseline_is_refused_with_the_reason() {
        assert!(Baseline::parse("[]").unwrap_err().to_string().contains("no baseline"));
        assert!(Baseline::parse(r#"{"mcpServers":{}}"#).unwrap_err().to_string().contains("mcptop_audit"));
        let newer = Baseline::parse(r#"{"mcptop_audit":2,"servers":"?"}"#).unwrap_err();
        assert!(newer.to_string().contains("format version 2"), "{newer}");
    }

    #[test]
    fn the_only_server_is_the_one_whatever_it_is_called_now() {
        let mut baseline = baseline("[]");
        assert!(baseline.server("other").is_some());
        baseline.servers.push(KeptServer { label: "more".into(), ..KeptServer::default() });
        assert!(baseline.server("other").is_none());
        assert_eq!(baseline.server("more").unwrap().label, "more");
    }
}
