//! Asks a server for everything it offers: one conversation, in the revision it speaks.
//!
//! The first word is `initialize`, which every server knows but those of the newest revision alone, and which does a server
//! no harm: some of them end when they are asked `server/discover` first. Where it is refused, a second conversation opens
//! with that. Knows nothing of what the lists cost.

use std::time::Duration;

use serde_json::{Value, json};
use thiserror::Error;

use crate::insight::audit::{List, Offer, PageError};
use crate::proxy::Grace;
use crate::proxy::dial::{AskError, Callee, Caller, DialError};
use crate::ui::widgets::clip;

/// The newest revision that begins with `initialize`.
const LEGACY: &str = "2025-11-25";
/// The newest revision of all.
const MODERN: &str = "2026-07-28";
/// Pages of one list.
const PAGES_MAX: usize = 1_000;
/// How often lists are taken anew because the server says that they have changed.
const AGAIN_MAX: usize = 3;
/// JSON-RPC's code for a method that is not there.
const METHOD_NOT_FOUND: i64 = -32_601;
/// HTTP statuses, a hundred times over, with which servers of the newest revision refuse `initialize`.
const REFUSALS: [i64; 5] = [40_000, 40_400, 40_500, 42_200, 50_100];
/// How long a server may take to end: it has nothing to finish for us.
const GRACE: Grace = Grace { after_eof: Duration::from_millis(500), after_term: Duration::from_millis(800) };

/// Why there is no offer.
#[derive(Debug, Error)]
pub(super) enum ListError {
    /// The flags or the address cannot be used.
    #[error("{0}")]
    Usage(String),
    /// The server cannot be tried.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// It gave no answer, and said this to people.
    #[error("{source}{}", indented(.stderr))]
    Ask {
        /// Why not.
        source: AskError,
        /// The end of its standard error.
        stderr: String,
    },
    /// It answered with something else.
    #[error("{source}{}", indented(.stderr))]
    Page {
        /// What is wrong.
        source: PageError,
        /// The end of its standard error.
        stderr: String,
    },
    /// There is no revision that both speak.
    #[error("the server speaks {0}, and this release speaks {MODERN}, {LEGACY} and older")]
    Revision(String),
}

/// Lines of standard error that are shown.
const STDERR_LINES_MAX: usize = 12;

fn indented(stderr: &str) -> String {
    if stderr.is_empty() {
        return String::new();
    }
    let lines: Vec<&str> = stderr.lines().collect();
    let left = lines.len().saturating_sub(STDERR_LINES_MAX);
    let mut told = "; its last words:".to_owned();
    for line in &lines[left..] {
        told.push_str("\n  | ");
        told.push_str(&clip::visible(line));
    }
    told
}

/// Which family of revisions is spoken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Era {
    Legacy,
    Modern,
}

/// Everything the server offers. `way` is asked how to reach it, twice at most.
///
/// # Errors
/// If it cannot be reached, or does not answer.
pub(super) async fn offer(
    way: impl Fn() -> Result<Callee, String>,
    patience: Duration,
) -> Result<Offer, ListError> {
    let dial = || Ok::<_, ListError>(Caller::dial(way().map_err(ListError::Usage)?, GRACE)?);
    let mut caller = dial()?;
    let first = match converse(&mut caller, Era::Legacy, patience).await {
        Err(ListError::Ask { source: source @ AskError::Refused { .. }, stderr })
            if is_modern_alone(&source) =>
        {
            ListError::Ask { source, stderr }
        }
        done => {
            caller.end().await;
            return done;
        }
    };
    caller.end().await;
    let mut caller = dial()?;
    let second = converse(&mut caller, Era::Modern, patience).await;
    caller.end().await;
    match second {
        // It speaks neither: what it said to the question that more servers understand.
        Err(ListError::Ask { source: AskError::Refused { .. } | AskError::Gone { .. }, .. }) => Err(first),
        done => done,
    }
}

/// Whether a refusal of `initialize` can mean that the server knows no such thing.
fn is_modern_alone(refused: &AskError) -> bool {
    match refused {
        AskError::Refused { method, code, .. } => {
            method == "initialize" && (*code < 0 || REFUSALS.contains(code))
        }
        AskError::Silent { .. } | AskError::Gone { .. } => false,
    }
}

async fn converse(caller: &mut Caller, era: Era, patience: Duration) -> Result<Offer, ListError> {
    let done = lists(caller, era, patience).await;
    done.map_err(|why| {
        let stderr = caller.stderr();
        match why {
            Why::Ask(source) => ListError::Ask { source, stderr },
            Why::Page(source) => ListError::Page { source, stderr },
            Why::Revision(spoken) => ListError::Revision(spoken),
        }
    })
}

enum Why {
    Ask(AskError),
    Page(PageError),
    Revision(String),
}

impl From<AskError> for Why {
    fn from(error: AskError) -> Self {
        Self::Ask(error)
    }
}

async fn lists(caller: &mut Caller, era: Era, patience: Duration) -> Result<Offer, Why> {
    let mut offer = Offer::default();
    let greeting = match era {
        Era::Legacy => {
            let greeting = caller.ask("initialize", &hello(), patience).await?;
            caller.tell("notifications/initialized").await;
            greeting
        }
        Era::Modern => caller.ask("server/discover", &params(era, None), patience).await?,
    };
    offer.take_greeting(&greeting);
    let greeting: Value = serde_json::from_str(&greeting).unwrap_or_default();
    if era == Era::Modern {
        let spoken: Vec<&str> = greeting["supportedVersions"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        if !spoken.contains(&MODERN) {
            return Err(Why::Revision(spoken.join(", ")));
        }
        MODERN.clone_into(&mut offer.revision);
    }
    for list in List::ALL {
        let is_declared = greeting["capabilities"].get(list.capability()).is_some();
        // Some servers have tools and do not say so.
        if is_declared || list == List::Tools {
            take(caller, &mut offer, list, era, is_declared, patience).await?;
        }
    }
    // A server may add tools once it knows who asks.
    for _ in 0..AGAIN_MAX {
        let before = caller.heard().list_changes;
        if before == 0 {
            break;
        }
        offer.clear(List::Tools);
        take(caller, &mut offer, List::Tools, era, true, patience).await?;
        if caller.heard().list_changes == before {
            break;
        }
    }
    Ok(offer)
}

/// Takes a list, page by page. What a server has beside tools may fail without harm to the rest.
async fn take(
    caller: &mut Caller,
    offer: &mut Offer,
    list: List,
    era: Era,
    is_declared: bool,
    patience: Duration,
) -> Result<(), Why> {
    let mut cursor: Option<String> = None;
    for _ in 0..PAGES_MAX {
        let answer = caller.ask(list.method(), &params(era, cursor.as_deref()), patience).await;
        let next = match answer {
            Ok(page) => offer.take_page(list, &page).map_err(Why::Page),
            Err(AskError::Refused { code: METHOD_NOT_FOUND, .. }) if !is_declared => return Ok(()),
            Err(why) => Err(Why::Ask(why)),
        };
        let next = match next {
            Ok(next) => next,
            Err(Why::Ask(why @ AskError::Refused { .. })) if list != List::Tools => {
                offer.missing.push(why.to_string());
                return Ok(());
            }
            Err(why) => return Err(why),
        };
        match next {
            None => return Ok(()),
            Some(next) if cursor.as_ref() == Some(&next) => break,
            Some(next) => cursor = Some(next),
        }
    }
    offer.missing.push(format!("{} does not come to an end: the server repeats itself", list.method()));
    Ok(())
}

/// How we introduce ourselves: as a client that can do everything, so that a server holds nothing back.
fn capabilities() -> Value {
    json!({"roots": {}, "sampling": {}, "elicitation": {}})
}

fn ourselves() -> Value {
    json!({"name": "mcptop", "version": env!("CARGO_PKG_VERSION")})
}

fn hello() -> String {
    json!({"protocolVersion": LEGACY, "capabilities": capabilities(), "clientInfo": ourselves()}).to_string()
}

fn params(era: Era, cursor: Option<&str>) -> String {
    let mut params = json!({});
    if let Some(cursor) = cursor {
        params["cursor"] = cursor.into();
    }
    if era == Era::Modern {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientCapabilities": capabilities(),
            "io.modelcontextprotocol/clientInfo": ourselves(),
        });
    }
    params.to_string()
}
