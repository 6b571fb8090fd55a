//! A client's whole stay, put together: our standard streams on one side, a server over HTTP on the other.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;

use super::client::{ClientError, for_server};
use super::handshake::Handshake;
use super::input::lines;
use super::journal::Journal;
use super::link::Link;
use super::live::Live;
use super::login::{Login, LoginOptions};
use super::mirror::Mirror;
use super::ruled::Ruled;
use super::stay::Stay;
use super::way::{Request, Way};
use super::writer::Writer;
use crate::proxy::ends::Ends;
use crate::proxy::group::Signals;
use crate::proxy::http::{Fields, Trust};
use crate::proxy::{Grace, Observer, Rulebook, identity};
use crate::trace::{Exit, Fact, url_without_secrets};

/// What we say to a server that is only to let us in: the opening that servers of every revision know, or refuse only
/// after they have asked who we are.
const KNOCK: &[u8] = br#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"mcptop","version":"1"}}}"#;

/// How a remote server is reached.
pub struct Options {
    /// Its address.
    pub url: Url,
    /// Whom to believe, over https.
    pub trust: Trust,
    /// Fields for every request.
    pub fields: Fields,
    /// How the user is asked to let us in; `None` where a token was given or nothing can be kept.
    pub login: Option<LoginOptions>,
}

/// A client on our standard streams, and a server over HTTP.
pub struct Remote {
    http: reqwest::Client,
    options: Options,
}

impl Remote {
    /// Prepares the way. Nothing is sent before the client says something.
    ///
    /// # Errors
    /// If what https takes cannot be used.
    pub fn new(options: Options) -> Result<Self, ClientError> {
        Ok(Self { http: for_server(&options.url, &options.trust)?, options })
    }

    /// What the server is, and how it is reached, as a digest.
    #[must_use]
    pub fn identity(&self) -> u128 {
        identity::of_server(std::iter::once(self.options.url.as_str()), &self.options.fields)
    }

    /// Stays until the client leaves or we are told to end. The rules may act on what passes. Call inside a tokio runtime.
    ///
    /// # Errors
    /// If our own standard streams cannot be used at all.
    pub async fn run(self, observer: Observer, rules: &Rulebook, grace: Grace) -> io::Result<()> {
        let mut signals = Signals::listen()?;
        let mut ends = Ends::take()?;
        let (Some(stdin), Some(stdout)) = (ends.stdin.take(), ends.stdout.take()) else {
            return Err(io::Error::other("the standard streams are in use"));
        };
        let (writer, write) = Writer::new(stdout);
        let (mut lines, read) = lines(stdin);
        let (before_rules, errands) = Ruled::new(rules);
        let link = Arc::new(self.link(observer, writer, before_rules));
        link.journal.now(|| Fact::Started { pid: None });
        let mut stay = Stay::new(link.clone(), errands);
        stay.standing.spawn(read);
        stay.standing.spawn(link.clone().keep_time());
        let why = tokio::select! {
            signal = signals.next() => signal.name(),
            () = write => "the client reads no more",
            why = stay.run(&mut lines, grace.after_eof) => why,
        };
        stay.end(grace.after_term).await;
        link.journal.now(|| Fact::Ended { exit: Exit::Code(0), why: why.into() });
        drop(ends);
        Ok(())
    }

    /// Logs in now, if the server asks for it; says whether it did.
    ///
    /// # Errors
    /// If the server cannot be reached, or nobody lets us in: why, for people.
    pub async fn log_in(self) -> Result<bool, String> {
        let way = self.way();
        let asked = AtomicBool::new(false);
        let request = Request::ours(Method::POST, Some(Bytes::from_static(KNOCK)));
        let note = |_: &str| asked.store(true, Ordering::Relaxed);
        let answer = way.send(&request, note).await.map_err(|reply| reply.message().to_owned())?;
        if let Some(session) = &answer.session {
            let mut end = Request::ours(Method::DELETE, None);
            end.name_session(session);
            // A server that does not take it ends the session when it likes.
            let _ = way.send(&end, |_| {}).await;
        }
        match answer.status.as_u16() {
            status @ (401 | 403) => Err(format!("{} still answers with HTTP status {status}", way.shown)),
            _ => Ok(asked.into_inner()),
        }
    }

    pub(super) fn link(self, observer: Observer, writer: Writer, ruled: Ruled) -> Link {
        let url = &self.options.url;
        let path =
            url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        Link {
            handshake: Handshake::new(),
            mirror: Mutex::new(Mirror::default()),
            live: Live::default(),
            journal: Journal::new(observer, url_without_secrets(&path)),
            writer,
            ruled,
            way: self.way(),
        }
    }

    fn way(self) -> Way {
        let Options { url, fields, trust, login } = self.options;
        let field = |(name, value): (&str, &str)| {
            Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_bytes(value.as_bytes()).ok()?))
        };
        Way {
            http: self.http,
            shown: url_without_secrets(url.as_str()),
            fields: fields.iter().filter_map(field).collect::<HeaderMap>(),
            credentials: fields.credentials(),
            login: login.map(|login| Login::new(login, &url, trust)),
            url,
        }
    }
}
