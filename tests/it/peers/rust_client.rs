//! The official Rust SDK as a client that plays a scenario, in the manner of `tests/peers/clients/scenario.mjs`.
//!
//! Knows nothing of the proxy or of comparing.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rmcp::model::{
    ClientCapabilities, ClientConfig, ClientRequest, ClientResult, CustomResult, Implementation,
    JsonRpcMessage, ProgressNotificationParam, ProtocolVersion, ServerNotification, ServerRequest,
};
use rmcp::service::{
    ClientLifecycleMode, ClientServiceExt, NotificationContext, Peer, PeerRequestOptions, RequestContext,
    RoleClient, RunningService, RxJsonRpcMessage, Service, ServiceError, TxJsonRpcMessage,
};
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess, Transport};
use serde_json::{Value, json};

use super::clients::Era;
use super::scenario::{Answers, Request, Scenario, Step, fill};

/// Plays the scenario; returns a line for each result.
pub(super) async fn play(
    era: Era,
    scenario: &Scenario,
    dir: &Path,
    home: &Path,
    server: &[String],
) -> String {
    let answering = answering(scenario, dir);
    let lifecycle = match era {
        Era::Legacy => ClientLifecycleMode::Initialize,
        Era::Modern => {
            ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] }
        }
    };
    let progress: Progress = Arc::default();
    if server[0].starts_with("http") {
        // Its HTTP client speaks TLS as ours does, and wants to be told how; a second time says the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let transport = StreamableHttpClientTransport::from_uri(server[0].as_str());
        let transport = Listening { inner: transport, progress: Arc::clone(&progress) };
        let session = answering.serve_with_lifecycle(transport, lifecycle).await.unwrap();
        return perform(session, scenario, dir, progress).await;
    }
    let mut command = tokio::process::Command::new(&server[0]);
    command.args(&server[1..]).current_dir(home).env_clear().env("HOME", home).envs(scenario.env(dir));
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let (child, _) = TokioChildProcess::builder(command).stderr(Stdio::null()).spawn().unwrap();
    let transport = Listening { inner: child, progress: Arc::clone(&progress) };
    let session = answering.serve_with_lifecycle(transport, lifecycle).await.unwrap();
    perform(session, scenario, dir, progress).await
}

fn answering(scenario: &Scenario, dir: &Path) -> Answering {
    let roots = scenario.client.roots.iter().map(|root| fill(root, dir)).collect();
    Answering(Answers { roots, ..scenario.client.clone() })
}

async fn perform(
    mut session: RunningService<RoleClient, Answering>,
    scenario: &Scenario,
    dir: &Path,
    progress: Progress,
) -> String {
    let player = Player { peer: session.peer().clone(), progress };
    let mut lines = String::new();
    for step in scenario.steps(dir) {
        lines += &player.perform(step).await;
    }
    session.close().await.unwrap();
    lines
}

/// Progress as it arrived, before the SDK hands it out to tasks of its own in whatever order.
type Progress = Arc<Mutex<Vec<ProgressNotificationParam>>>;

/// The SDK's own transport, with an ear on what comes in.
struct Listening<T> {
    inner: T,
    progress: Progress,
}

impl<T: Transport<RoleClient>> Transport<RoleClient> for Listening<T> {
    type Error = T::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.inner.send(item)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        let message = self.inner.receive().await;
        if let Some(JsonRpcMessage::Notification(note)) = &message
            && let ServerNotification::ProgressNotification(report) = &note.notification
        {
            self.progress.lock().unwrap().push(report.params.clone());
        }
        message
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.inner.close().await
    }
}

/// The client's side of the conversation: fixed answers to what the server asks.
struct Answering(Answers);

impl Service<RoleClient> for Answering {
    async fn handle_request(
        &self,
        request: ServerRequest,
        _context: RequestContext<RoleClient>,
    ) -> Result<ClientResult, rmcp::ErrorData> {
        let Answers { roots, sampling, elicitation } = &self.0;
        let answer = match request {
            ServerRequest::ListRootsRequest(_) => {
                let roots =
                    roots.iter().map(|root| json!({ "uri": format!("file://{root}"), "name": "project" }));
                json!({ "roots": roots.collect::<Vec<_>>() })
            }
            ServerRequest::CreateMessageRequest(_) => {
                let content = json!({ "type": "text", "text": sampling });
                json!({ "role": "assistant", "model": "a-fixed-model", "stopReason": "endTurn", "content": content })
            }
            ServerRequest::ElicitRequest(_) => json!({ "action": "accept", "content": elicitation }),
            _ => json!({}),
        };
        Ok(ClientResult::CustomResult(CustomResult(answer)))
    }

    async fn handle_notification(
        &self,
        _notification: ServerNotification,
        _context: NotificationContext<RoleClient>,
    ) -> Result<(), rmcp::ErrorData> {
        Ok(())
    }

    fn get_info(&self) -> ClientConfig {
        let Answers { roots, sampling, elicitation } = &self.0;
        let mut declared = serde_json::Map::new();
        for (name, can) in [
            ("roots", !roots.is_empty()),
            ("sampling", sampling.is_some()),
            ("elicitation", elicitation.is_some()),
        ] {
            if can {
                declared.insert(name.to_owned(), json!({}));
            }
        }
        let capabilities: ClientCapabilities = serde_json::from_value(Value::Object(declared)).unwrap();
        ClientConfig::new(capabilities, Implementation::new("rust-sdk", "3.9.0"))
    }
}

/// Runs steps in order, or side by side, and prints in the order of the scenario.
struct Player {
    peer: Peer<RoleClient>,
    progress: Progress,
}

impl Player {
    fn perform(&self, step: Step) -> Pin<Box<dyn Future<Output = String> + '_>> {
        Box::pin(async move {
            match step {
                Step::Request(request) => self.send(request).await,
                Step::Parallel { parallel } => {
                    side_by_side(parallel.into_iter().map(|step| self.perform(step))).await
                }
                Step::Each { each, steps } => {
                    let mut lines = String::new();
                    for step in each.iter().flat_map(|item| Step::turn(&steps, item)) {
                        lines += &self.perform(step).await;
                    }
                    lines
                }
            }
        })
    }

    async fn send(&self, request: Request) -> String {
        let Request { method, params, progress, cancel_after_ms } = request;
        let mut message = json!({ "method": method });
        if let Some(params) = &params {
            message["params"] = params.clone();
        }
        let typed: ClientRequest = serde_json::from_value(message.clone()).unwrap();
        let handle =
            self.peer.send_cancellable_request(typed, PeerRequestOptions::no_options()).await.unwrap();
        let token = handle.progress_token.clone();
        let outcome = match cancel_after_ms {
            None => handle.await_response().await,
            Some(after_ms) => {
                tokio::time::sleep(Duration::from_millis(after_ms)).await;
                handle.cancel(Some("no longer needed".to_owned())).await.unwrap();
                Err(ServiceError::Cancelled { reason: None })
            }
        };
        match outcome {
            Ok(result) => message["result"] = serde_json::to_value(result).unwrap(),
            Err(ServiceError::McpError(error)) => message["error"] = serde_json::to_value(error).unwrap(),
            Err(error) => message["error"] = Value::String(error.to_string()),
        }
        if progress {
            let heard = self.progress.lock().unwrap();
            let reports = heard.iter().filter(|report| report.progress_token == token);
            message["progress"] =
                reports.map(|report| json!([report.progress, report.total, report.message])).collect();
        }
        format!("{message}\n")
    }
}

/// Drives all futures at once and joins what they return in their order.
async fn side_by_side<'a>(
    futures: impl Iterator<Item = Pin<Box<dyn Future<Output = String> + 'a>>>,
) -> String {
    let mut running: Vec<_> = futures.map(|future| (future, None)).collect();
    std::future::poll_fn(move |context| {
        for (future, done) in running.iter_mut().filter(|(_, done)| done.is_none()) {
            if let std::task::Poll::Ready(lines) = future.as_mut().poll(context) {
                *done = Some(lines);
            }
        }
        let all: Option<String> = running.iter().map(|(_, done)| done.as_deref()).collect();
        all.map_or(std::task::Poll::Pending, std::task::Poll::Ready)
    })
    .await
}
