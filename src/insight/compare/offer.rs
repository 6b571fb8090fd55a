//! What a server offered in a session, in the form in which offers are compared.
//!
//! The model has the newest list and what its tools cost: nothing is read or counted again.

use crate::insight::audit::{KeptServer, KeptTool};
use crate::model::Session;

/// `None` if nobody asked for the tools. Where rules changed the list, the one that the server wrote.
pub(super) fn kept(session: &Session) -> Option<KeptServer> {
    let definitions = session.definitions();
    if definitions.revision == 0 {
        return None;
    }
    let known = session.handshake();
    let written = if definitions.offered().is_empty() { definitions.tools() } else { definitions.offered() };
    let tools: Vec<KeptTool> = written
        .iter()
        .map(|tool| {
            let tokens = tool.tokens.unwrap_or_default();
            KeptTool {
                name: tool.name.to_string(),
                wire: u64::from(tokens.wire),
                model: u64::from(tokens.model),
                definition: serde_json::from_str(&tool.json).unwrap_or_default(),
            }
        })
        .collect();
    let server = known.server.as_ref();
    Some(KeptServer {
        label: session.header.label.clone(),
        name: server.map(|server| server.name.to_string()).unwrap_or_default(),
        version: server.map(|server| server.version.to_string()).unwrap_or_default(),
        revision: known.negotiated.as_deref().unwrap_or_default().to_owned(),
        wire: tools.iter().map(|tool| tool.wire).sum(),
        model: tools.iter().map(|tool| tool.model).sum(),
        instructions: known.instructions.as_ref().map(|instructions| instructions.text.to_string()),
        tools,
    })
}
