//! A small server of both eras over HTTP, made with the official Rust SDK: the one of `servers/tides.py` again.
//!
//! Knows nothing of the proxy or of comparing.

use std::net::TcpListener;
use std::sync::{Arc, OnceLock};

use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rmcp::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ErrorData, GetPromptRequestParams,
    GetPromptResponse, GetPromptResult, ListPromptsResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, ProgressNotificationParam, ReadResourceRequestParams, ReadResourceResponse,
    ReadResourceResult, ServerConfig,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Where it is served, by a thread of this process and for as long as that lives.
pub(super) fn url() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(serve(listener));
        });
        format!("http://{address}/mcp")
    })
}

async fn serve(listener: TcpListener) {
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let sessions = Arc::new(LocalSessionManager::default());
    let service = StreamableHttpService::new(|| Ok(Tides), sessions, StreamableHttpServerConfig::default());
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let serving = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service.clone()));
        tokio::spawn(serving);
    }
}

const LEVELS: [(&str, f64); 4] = [("quay", 2.61), ("lock", 2.58), ("bar", 1.97), ("mill", 0.4)];

struct Tides;

/// A result as it travels in the modern era; the SDK leaves out for others what they do not know.
fn result<T: DeserializeOwned>(mut value: Value) -> T {
    value["resultType"] = "complete".into();
    serde_json::from_value(value).unwrap()
}

impl Tides {
    fn level(gauge: &str) -> Value {
        let Some((_, level_m)) = LEVELS.iter().find(|(name, _)| *name == gauge) else {
            let text = format!("there is no gauge {gauge}");
            return json!({ "content": [{ "type": "text", "text": text }], "isError": true });
        };
        json!({
            "content": [{ "type": "text", "text": level_m.to_string() }],
            "structuredContent": { "level_m": level_m },
        })
    }

    async fn survey(rounds: u32, context: &RequestContext<RoleServer>) -> Value {
        if let Some(token) = context.meta.get_progress_token() {
            for done in 1..=rounds {
                let report = ProgressNotificationParam::new(token.clone(), done.into())
                    .with_total(rounds.into())
                    .with_message(format!("round {done} Grüße 🌊"));
                context.peer.notify_progress(report).await.unwrap();
            }
        }
        let round = LEVELS.map(|(gauge, level_m)| format!("{gauge} {level_m}")).join(" ");
        json!({ "content": [{ "type": "text", "text": round.repeat(rounds as usize) }] })
    }
}

impl ServerHandler for Tides {
    fn get_info(&self) -> ServerConfig {
        result(json!({
            "protocolVersion": "2025-11-25",
            "capabilities": { "tools": {}, "prompts": {}, "resources": {} },
            "serverInfo": { "name": "tides", "version": "1.0.0" },
            "instructions": "Levels of four gauges.",
        }))
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let takes = |name: &str, kind: &str| json!({ "type": "object", "properties": { name: { "type": kind } }, "required": [name] });
        Ok(result(json!({ "tools": [
            { "name": "level", "description": "The level at a gauge, in metres.", "inputSchema": takes("gauge", "string") },
            { "name": "survey", "description": "Reads all gauges several times.", "inputSchema": takes("rounds", "integer") },
        ] })))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = Value::Object(request.arguments.unwrap_or_default());
        let answer = match &*request.name {
            "level" => Self::level(arguments["gauge"].as_str().unwrap_or_default()),
            "survey" => {
                let rounds = arguments["rounds"].as_u64().unwrap_or_default();
                Self::survey(u32::try_from(rounds).unwrap(), &context).await
            }
            name => return Err(ErrorData::invalid_params(format!("Unknown tool: {name}"), None)),
        };
        Ok(result::<CallToolResult>(answer).into())
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let arguments = json!([{ "name": "gauge", "required": true }]);
        Ok(result(
            json!({ "prompts": [{ "name": "warn", "description": "A warning.", "arguments": arguments }] }),
        ))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let gauge = request.arguments.unwrap_or_default().remove("gauge").unwrap_or_default();
        let text = format!("Write a warning about the level at {gauge}.");
        let message = json!({ "role": "user", "content": { "type": "text", "text": text } });
        Ok(result::<GetPromptResult>(json!({ "messages": [message] })).into())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(result(json!({ "resources": [{ "uri": "tide://gauges", "name": "gauges" }] })))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let gauges = LEVELS.map(|(gauge, _)| gauge).join("\n");
        Ok(result::<ReadResourceResult>(json!({ "contents": [{ "uri": request.uri, "text": gauges }] }))
            .into())
    }
}
