//! The ways to be let in, the quietest first: what another proxy has got meanwhile, a renewal, the user.

use std::sync::Arc;
use std::time::Duration;

use rmcp::transport::auth::{
    AuthError, AuthorizationManager, AuthorizationMetadataSource, OAuthClientConfig,
};
use tokio::sync::mpsc;
use tokio::time::timeout;
use url::Url;

use super::http::Http;
use super::redirect::{Back, Page, Redirect};
use super::store::{Client, Kept};
use super::{Challenge, Effort, Shared, browser};
use crate::proxy::http::Trust;
use crate::proxy::remote::client::is_near;

/// How long a user may take.
const USER_MAX: Duration = Duration::from_mins(5);
/// How long its browser may take to read the last page.
const SHOWING_MAX: Duration = Duration::from_secs(1);
/// What users see when the server asks them whether to let us in.
const OUR_NAME: &str = "mcptop";
/// A right that makes tokens renewable (`OpenID` Connect); asked for where the server knows it.
const OFFLINE: &str = "offline_access";

impl Shared {
    /// Does what it takes.
    pub(super) async fn let_in(
        &self,
        challenge: &Challenge,
        used: Option<&str>,
        effort: Effort,
    ) -> Result<(), String> {
        if self.has_other(used) {
            return Ok(());
        }
        if challenge.lacks.is_none() && effort != Effort::Again && self.renew().await {
            return Ok(());
        }
        if effort == Effort::Quiet {
            return Err("the log-in has ended".to_owned());
        }
        let asking = async {
            let _turn = self.store.turn().await.map_err(|error| error.to_string())?;
            // Another proxy may have asked the user while we waited for our turn.
            if self.has_other(used) { Ok(()) } else { self.ask(challenge).await }
        };
        let late = format!("nobody has logged in within {} minutes", USER_MAX.as_secs() / 60);
        timeout(USER_MAX, asking).await.unwrap_or(Err(late))
    }

    /// Whether the file holds another token than the one that was not enough.
    fn has_other(&self, used: Option<&str>) -> bool {
        let kept = self.store.token().filter(|token| !token.is_stale());
        kept.is_some_and(|token| Some(&*token.access) != used)
    }

    /// A new token for the old one, if the authorization server gives one.
    async fn renew(&self) -> bool {
        let Kept { client: Some(client), challenge, credentials: Some(credentials) } = self.store.read()
        else {
            return false;
        };
        let renewal = async {
            let mut manager = self.manager().await?;
            let found = manager.resolve_metadata_from_challenge(challenge.as_deref()).await?;
            // What one authorization server has given is not for another to see.
            if credentials.issuer.is_some() && credentials.issuer != found.metadata.issuer {
                return Err(AuthError::AuthorizationRequired);
            }
            manager.set_metadata(found.metadata);
            manager.configure_client(config(&client))?;
            manager.refresh_token().await
        };
        renewal.await.is_ok()
    }

    async fn manager(&self) -> Result<AuthorizationManager, AuthError> {
        let mut manager = match &self.trust {
            // Its own client also keeps metadata from sending us to addresses that only this machine can reach.
            Trust::Roots(None) => {
                // How to speak TLS; a second time says the same.
                let _ = rustls::crypto::ring::default_provider().install_default();
                AuthorizationManager::new_allowing_private_addresses(self.server.clone()).await?
            }
            trust @ (Trust::Roots(Some(_)) | Trust::Anybody) => {
                let http = Http::new(trust).map_err(|error| AuthError::InternalError(error.to_string()))?;
                AuthorizationManager::new_with_oauth_http_client(self.server.clone(), Arc::new(http)).await?
            }
        };
        manager.set_credential_store(self.store.clone());
        Ok(manager)
    }

    /// Asks the user, in a browser.
    async fn ask(&self, challenge: &Challenge) -> Result<(), String> {
        let words = |error: AuthError| error.to_string();
        let mut manager = self.manager().await.map_err(words)?;
        let kept = self.store.read();
        // Where the server says less than before, what it said then still holds.
        let says_where = |text: &String| text.contains("resource_metadata");
        let text = challenge.text.clone().filter(says_where);
        let text = text.or_else(|| kept.challenge.clone()).or_else(|| challenge.text.clone());
        let found = manager.resolve_metadata_from_challenge(text.as_deref()).await.map_err(words)?;
        let is_guess = found.source == AuthorizationMetadataSource::LegacyEndpointFallback;
        let (issuer, offline) = (found.metadata.issuer.clone(), found.metadata.scopes_supported.clone());
        manager.set_metadata(found.metadata);
        let is_offline = offline.is_some_and(|known| known.iter().any(|scope| scope == OFFLINE));
        let scopes = self.scopes(&manager, challenge, &kept, is_offline).await;
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();

        let same_issuer = kept.credentials.as_ref().is_some_and(|kept| kept.issuer == issuer);
        let known = kept.client.filter(|_| same_issuer);
        let redirect = Redirect::listen(known.as_ref().map(|known| &*known.redirect)).await;
        let redirect = redirect.map_err(|error| format!("cannot listen for the browser: {error}"))?;
        let client = self.client(&mut manager, known, redirect.address(), &scopes).await.map_err(|error| {
            let hint = if is_guess { "; the server does not say where to log in" } else { "" };
            format!("{error}{hint}; name a registered client with --oauth-client-id, or a token with --header-env")
        })?;
        manager.configure_client(config(&client)).map_err(words)?;
        self.store.log_in_as(client, text);
        let page = manager.get_authorization_url(&scopes).await.map_err(words)?;
        self.show(&page);
        self.wait_for_user(&manager, redirect, &page).await
    }

    /// The rights to ask for: at first what the server names, later those that we have and those that were lacking.
    async fn scopes(
        &self,
        manager: &AuthorizationManager,
        challenge: &Challenge,
        kept: &Kept,
        is_offline: bool,
    ) -> Vec<String> {
        let Some(lacks) = &challenge.lacks else { return manager.select_initial_scopes(&[]).await };
        let mut scopes =
            kept.credentials.as_ref().map(|kept| kept.granted_scopes.clone()).unwrap_or_default();
        scopes.extend(lacks.split_whitespace().map(str::to_owned));
        if is_offline {
            scopes.push(OFFLINE.to_owned());
        }
        let mut seen = std::collections::HashSet::new();
        scopes.retain(|scope| seen.insert(scope.clone()));
        scopes
    }

    /// Who we are for the authorization server: as the user says, as before, or as it calls us now.
    async fn client(
        &self,
        manager: &mut AuthorizationManager,
        known: Option<Client>,
        redirect: String,
        scopes: &[&str],
    ) -> Result<Client, AuthError> {
        if let Some(id) = &self.options.client_id {
            return Ok(Client { id: id.clone(), secret: self.options.client_secret.clone(), redirect });
        }
        if let Some(known) = known.filter(|known| known.redirect == redirect) {
            return Ok(known);
        }
        let registered = manager.register_client(OUR_NAME, &redirect, scopes).await?;
        Ok(Client { id: registered.client_id, secret: registered.client_secret, redirect })
    }

    fn show(&self, page: &str) {
        let say = &self.options.say;
        if self.server.scheme() == "http" && !is_near(&self.server) {
            say("the server is reached over http: whoever is on the way can read the token and use it");
        }
        say(&format!("{} asks who you are; log in at\n{page}", self.server));
        if self.options.opens_browser {
            let (page, say) = (page.to_owned(), say.clone());
            // It may take its time, and must not take ours.
            tokio::task::spawn_blocking(move || {
                if let Err(why) = browser::open(&page) {
                    say(&format!("no browser can be opened ({why}); open the address above yourself"));
                }
            });
        }
    }

    async fn wait_for_user(
        &self,
        manager: &AuthorizationManager,
        redirect: Redirect,
        page: &str,
    ) -> Result<(), String> {
        let state = Url::parse(page).ok().and_then(|page| parameter(page.query_pairs(), "state"));
        let (told, mut backs) = mpsc::channel(1);
        let mut serving = tokio::spawn(redirect.serve(told));
        let outcome = loop {
            let back = tokio::select! {
                back = backs.recv() => back,
                _ = &mut serving => None,
            };
            let Some(Back { parameters, show, shown }) = back else {
                break Err("the way back from the browser is closed".to_owned());
            };
            let parameter = |name| parameter(parameters.iter().map(|(name, value)| (name, value)), name);
            if state.is_none() || parameter("state") != state {
                // Somebody else's, or an old tab's: whoever we wait for may still come.
                let _ = show.send(Page::Sorry("this is not the log-in that mcptop waits for".to_owned()));
                continue;
            }
            let result = match (parameter("code"), parameter("error")) {
                (Some(code), None) => {
                    let (state, issuer) = (state.as_deref().unwrap_or_default(), parameter("iss"));
                    let exchange =
                        manager.exchange_code_for_token_with_issuer(&code, state, issuer.as_deref());
                    exchange.await.map(drop).map_err(|error| error.to_string())
                }
                (_, Some(error)) => {
                    let why =
                        parameter("error_description").map(|why| format!(": {why}")).unwrap_or_default();
                    Err(format!("the log-in was refused ({error}{why})"))
                }
                (None, None) => Err("the browser came back without an answer".to_owned()),
            };
            let page = result.as_ref().map_or_else(|why| Page::Sorry(why.clone()), |()| Page::Welcome);
            let _ = show.send(page);
            // A browser that does not take its page misses it.
            let _ = timeout(SHOWING_MAX, shown).await;
            break result;
        };
        serving.abort();
        outcome
    }
}

fn config(client: &Client) -> OAuthClientConfig {
    let config = OAuthClientConfig::new(client.id.clone(), client.redirect.clone());
    match &client.secret {
        Some(secret) => config.with_client_secret(secret.clone()),
        None => config,
    }
}

fn parameter<N: AsRef<str>, V: AsRef<str>>(
    pairs: impl Iterator<Item = (N, V)>,
    name: &str,
) -> Option<String> {
    pairs.into_iter().find(|(known, _)| known.as_ref() == name).map(|(_, value)| value.as_ref().to_owned())
}
