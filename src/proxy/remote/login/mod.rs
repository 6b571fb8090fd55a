//! OAuth: how the user lets us in, where the server wants to know who asks.
//!
//! The protocol (discovery, registration, PKCE, resource and issuer, renewal) is rmcp's; ours are when it runs, the
//! browser, the way back and the file. Tokens are in no message, no recording and no error.

mod browser;
mod flow;
mod http;
mod redirect;
mod store;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ::http::header::WWW_AUTHENTICATE;
use ::http::{HeaderMap, HeaderValue, StatusCode};
use rmcp::transport::auth::WWWAuthenticateParams;
use tokio::sync::watch;
use url::Url;

use crate::proxy::http::Trust;
use crate::proxy::identity::digest;
use store::{Store, Token};

/// A user who has just refused is not asked again so soon: clients try again at once.
const ASK_AGAIN: Duration = Duration::from_secs(30);

/// Tells the user something.
pub type Say = Arc<dyn Fn(&str) + Send + Sync>;

/// How the user is asked.
#[derive(Clone)]
pub struct LoginOptions {
    /// Where log-ins are kept.
    pub folder: PathBuf,
    /// The client that the user has registered with the authorization server, by its id or the address of its metadata.
    pub client_id: Option<String>,
    /// Its secret, if it has one.
    pub client_secret: Option<String>,
    /// Open the browser; otherwise only say where to go.
    pub opens_browser: bool,
    /// How the user is told where to go.
    pub say: Say,
}

/// The log-in to one server.
#[derive(Clone)]
pub(super) struct Login(Arc<Shared>);

struct Shared {
    options: LoginOptions,
    /// The server's address as a resource: without query and fragment.
    server: Url,
    trust: Trust,
    store: Store,
    state: Mutex<State>,
}

/// How something that is under way will have ended.
type Outcome = watch::Receiver<Option<Result<(), String>>>;

#[derive(Default)]
struct State {
    /// The token in use, as far as it was read.
    token: Option<Token>,
    has_read: bool,
    /// What is being done about it. It goes on when whoever began it has lost patience.
    under_way: Option<(Effort, Outcome)>,
    refused: Option<(Instant, String)>,
}

/// What the server wants.
#[derive(Clone, Debug)]
pub(super) struct Challenge {
    /// Its words.
    text: Option<String>,
    /// The rights that the token lacks; `None` where there is no valid token at all.
    lacks: Option<String>,
}

/// How far to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// Take what is kept or can be renewed: nobody is there who could be asked.
    Quiet,
    /// Ask the user if nothing else helps.
    Full,
    /// What is kept or renewed did not help: ask the user.
    Again,
}

impl Challenge {
    /// Whether the token is good, and only too narrow.
    pub(super) fn is_step_up(&self) -> bool {
        self.lacks.is_some()
    }

    /// Reads the head of a response.
    pub(super) fn read(status: StatusCode, fields: &HeaderMap, server: &Url) -> Option<Self> {
        let mut texts = fields.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        let is_bearer =
            |text: &&str| text.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("bearer"));
        match status {
            StatusCode::UNAUTHORIZED => {
                let text = texts.find(is_bearer).map(str::to_owned);
                // Whoever asks for another scheme alone is no OAuth server.
                let is_ours = text.is_some() || !fields.contains_key(WWW_AUTHENTICATE);
                is_ours.then_some(Self { text, lacks: None })
            }
            StatusCode::FORBIDDEN => {
                let text = texts.find(is_bearer)?;
                let parameters = WWWAuthenticateParams::parse(text, server);
                let is_narrow = parameters.is_insufficient_scope();
                let lacks = Some(parameters.scope.unwrap_or_default());
                is_narrow.then(|| Self { text: Some(text.to_owned()), lacks })
            }
            _ => None,
        }
    }
}

impl Login {
    pub(super) fn new(options: LoginOptions, server: &Url, trust: Trust) -> Self {
        let mut server = server.clone();
        server.set_query(None);
        server.set_fragment(None);
        let store = Store::new(&options.folder, &server, options.client_id.as_deref());
        Self(Arc::new(Shared { options, server, trust, store, state: Mutex::default() }))
    }

    /// What the next request shows the server; renewed if it would be too old. `None` without a log-in.
    pub(super) async fn token(&self) -> Option<Shown> {
        let token = self.0.token()?;
        if token.is_stale() && token.can_be_renewed {
            // Where that fails, the server says so.
            let challenge = Challenge { text: None, lacks: None };
            let _ = self.obtain(challenge, Some(&Shown::of(&token)?), Effort::Quiet).await;
        }
        Shown::of(&self.0.token()?)
    }

    /// A digest of the token in use; `None` without a log-in. Whoever logs in as somebody else has another one.
    pub(super) fn credentials(&self) -> Option<u128> {
        let token = self.0.token()?;
        Some(digest(&[b"mcptop token", token.access.as_bytes()], std::iter::empty()))
    }

    /// Does what it takes to be let in, after `used` was not enough. Whoever asks meanwhile waits for the same.
    pub(super) async fn obtain(
        &self,
        challenge: Challenge,
        used: Option<&Shown>,
        effort: Effort,
    ) -> Result<(), String> {
        loop {
            let Some((begun, mut outcome)) = self.join(&challenge, used, effort)? else { return Ok(()) };
            let ended = || "the log-in was given up".to_owned();
            let result = outcome.wait_for(Option::is_some).await.map_err(|_| ended())?;
            let result = result.clone().unwrap_or_else(|| Err(ended()));
            // What somebody tried who could not ask the user is not all that can be done.
            if result.is_ok() || begun != Effort::Quiet || effort == Effort::Quiet {
                return result;
            }
        }
    }

    /// Begins, or joins what is under way. `None` if somebody has got another token meanwhile.
    fn join(
        &self,
        challenge: &Challenge,
        used: Option<&Shown>,
        effort: Effort,
    ) -> Result<Option<(Effort, Outcome)>, String> {
        let mut state = self.0.lock();
        if state.token.as_ref().map(|token| &*token.access) != used.map(|used| &*used.access) {
            return Ok(None);
        }
        if let Some((_, why)) = state.refused.as_ref().filter(|(at, _)| at.elapsed() < ASK_AGAIN) {
            return Err(why.clone());
        }
        if let Some(under_way) = &state.under_way {
            return Ok(Some(under_way.clone()));
        }
        let (done, outcome) = watch::channel(None);
        state.under_way = Some((effort, outcome.clone()));
        let (shared, used) = (self.0.clone(), used.map(|used| used.access.clone()));
        let challenge = challenge.clone();
        tokio::spawn(async move {
            let result = shared.let_in(&challenge, used.as_deref(), effort).await;
            shared.settle(&result, effort);
            // Nobody may wait any more.
            let _ = done.send(Some(result));
        });
        Ok(Some((effort, outcome)))
    }
}

impl Shared {
    fn token(&self) -> Option<Token> {
        let mut state = self.lock();
        if !std::mem::replace(&mut state.has_read, true) {
            state.token = self.store.token();
        }
        state.token.clone()
    }

    fn settle(&self, result: &Result<(), String>, effort: Effort) {
        let token = self.store.token();
        let mut state = self.lock();
        (state.under_way, state.token) = (None, token);
        state.refused = match result {
            Err(why) if effort != Effort::Quiet => Some((Instant::now(), why.clone())),
            Ok(()) | Err(_) => None,
        };
    }

    /// A panic while holding the lock leaves plain values behind.
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A token as it stands in a head.
#[derive(Clone)]
pub(super) struct Shown {
    access: String,
    /// The value of the field.
    pub(super) value: HeaderValue,
}

impl Shown {
    fn of(token: &Token) -> Option<Self> {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", token.access)).ok()?;
        value.set_sensitive(true);
        Some(Self { access: token.access.clone(), value })
    }
}
