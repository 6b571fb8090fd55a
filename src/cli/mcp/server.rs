//! The server's side of the protocol: which tools there are, and who answers them.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData, Implementation,
    JsonObject, ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
    ToolAnnotations,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::{ErrorData as McpError, ServerHandler};
use serde_json::{Value, json};

use super::answers::{self, Asked};
use super::shelf::Shelf;
use crate::record::Folders;
use crate::tokens::Profile;

const INSTRUCTIONS: &str =
    "Recorded sessions of this user's MCP servers. Without `session` the newest is meant.";

/// A tool: what the model is told of it, and who answers.
struct Offer {
    name: &'static str,
    description: &'static str,
    /// The arguments it takes, by the names of [`ARGUMENTS`].
    takes: &'static [&'static str],
    needs: &'static [&'static str],
    answer: fn(&mut Shelf, &Asked) -> Result<String, String>,
}

const OFFERS: [Offer; 6] = [
    Offer {
        name: "list_sessions",
        description: "Recorded sessions, newest first.",
        takes: &["server", "limit"],
        needs: &[],
        answer: answers::sessions,
    },
    Offer {
        name: "session_summary",
        description: "Calls, errors, latency and tokens of a session, and of each tool.",
        takes: &["session", "limit"],
        needs: &[],
        answer: answers::summary,
    },
    Offer {
        name: "token_bill",
        description: "What tool definitions and results cost, and where in the results.",
        takes: &["session", "limit"],
        needs: &[],
        answer: answers::bill,
    },
    Offer {
        name: "slow_calls",
        description: "The slowest calls.",
        takes: &["session", "tool", "limit"],
        needs: &[],
        answer: answers::slow,
    },
    Offer {
        name: "advice",
        description: "Rules that would have saved tokens or time in this session, measured, with their risks.",
        takes: &["session", "limit"],
        needs: &[],
        answer: answers::advice,
    },
    Offer {
        name: "explain_call",
        description: "One call: its times, tokens, request and answer, shortened.",
        takes: &["session", "call"],
        needs: &["call"],
        answer: answers::call,
    },
];

/// Every argument that some tool takes, and its schema.
const ARGUMENTS: [(&str, &str, &str); 5] = [
    ("session", "string", "Id or server name"),
    ("server", "string", "Only of this server"),
    ("tool", "string", "Only of this tool"),
    ("limit", "integer", "At most so many"),
    ("call", "integer", "Number of the call, as listed"),
];

/// Answers one client.
#[derive(Clone)]
pub(super) struct Server(Arc<Mutex<Shelf>>);

impl Server {
    pub(super) fn new(folders: Folders, profile: Profile) -> Self {
        Self(Arc::new(Mutex::new(Shelf::new(folders, profile))))
    }
}

impl Offer {
    fn tool(&self) -> Tool {
        let of = |name: &&str| ARGUMENTS.iter().find(|(known, ..)| known == name);
        let properties: JsonObject = self
            .takes
            .iter()
            .filter_map(of)
            .map(|(name, kind, told)| ((*name).to_owned(), json!({"type": kind, "description": told})))
            .collect();
        let mut schema = JsonObject::new();
        schema.insert("type".to_owned(), "object".into());
        schema.insert("properties".to_owned(), Value::Object(properties));
        if !self.needs.is_empty() {
            schema.insert("required".to_owned(), json!(self.needs));
        }
        let reads = ToolAnnotations::new().read_only(true).open_world(false);
        Tool::new(self.name, self.description, Arc::new(schema)).with_annotations(reads)
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let mut info = ServerConfig::default();
        info.capabilities = ServerCapabilities::builder().enable_tools().build();
        info.server_info = Implementation::new("mcptop", env!("CARGO_PKG_VERSION"));
        info.instructions = Some(INSTRUCTIONS.to_owned());
        info
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(OFFERS.iter().map(Offer::tool).collect()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(offer) = OFFERS.iter().find(|offer| offer.name == request.name) else {
            return Err(McpError::invalid_params(Cow::from(format!("Unknown tool: {}", request.name)), None));
        };
        let asked = Asked::read(offer.takes, offer.needs, request.arguments.unwrap_or_default());
        let recorded = self.0.clone();
        // Reading a long recording takes its time, in which other requests are answered.
        let answered = tokio::task::spawn_blocking(move || {
            let mut recorded = recorded.lock().unwrap_or_else(PoisonError::into_inner);
            asked.and_then(|asked| (offer.answer)(&mut recorded, &asked))
        });
        let result = match answered.await {
            Ok(Ok(text)) => CallToolResult::success(vec![ContentBlock::text(text)]),
            Ok(Err(why)) => CallToolResult::error(vec![ContentBlock::text(why)]),
            Err(error) => return Err(McpError::internal_error(Cow::from(error.to_string()), None)),
        };
        Ok(result.into())
    }
}
