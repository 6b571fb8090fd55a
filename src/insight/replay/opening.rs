//! How sessions and streams are opened: in the client's revision, whatever the recorded one was.
//!
//! Knows nothing of calls.

use super::caller::Era;
use super::dress;
use super::handshake::Recorded;
use super::keys::Keys;
use super::matcher::{Found, Level};
use super::replayer::{Ask, Replayer, running};
use super::running::{ACKNOWLEDGED, Running};
use super::script::Spot;
use crate::trace::Micros;
use crate::wire::{Contents, Message, contents, member};

/// Streams of subscriptions that are open at once.
const LISTENS_MAX: usize = 64;

impl Replayer {
    /// Opens the stream of a subscription: it stays open until the client takes it back.
    pub(super) fn listen(&mut self, now: Micros, ask: &Ask<'_>) {
        if self.listens.len() < LISTENS_MAX {
            self.listens.push(ask.id.into());
        }
        let wanted = ask.params.and_then(|params| member(params, "notifications")).unwrap_or("{}");
        let meta = format!(r#"{{"io.modelcontextprotocol/subscriptionId":{}}}"#, ask.id);
        let params = format!(r#"{{"notifications":{wanted},"_meta":{meta}}}"#);
        self.say(dress::notification(ACKNOWLEDGED, &params));
        self.own(ask, None);
        if let Some(found) = self.matcher.any(ask.method) {
            self.play(now, running(now, found.scene, None, None, found.is_again));
        }
    }

    /// Answers `initialize`.
    pub(super) fn initialize(&mut self, now: Micros, ask: &Ask<'_>) {
        self.caller.opens(ask.params);
        let asked = ask.params.and_then(|params| member(params, "protocolVersion"));
        self.opened(now, ask, "initialize", |recorded| recorded.initialize(asked));
    }

    /// Answers `server/discover`.
    pub(super) fn discover(&mut self, now: Micros, ask: &Ask<'_>) {
        self.caller.era = Era::Modern;
        self.opened(now, ask, "server/discover", Recorded::discover);
    }

    /// Answers what opens a session, and says what was said then.
    fn opened(&mut self, now: Micros, ask: &Ask<'_>, method: &str, result: impl Fn(&Recorded) -> String) {
        let Some(found) = self.matcher.any(method) else {
            let recorded = self.server();
            self.say(dress::result(ask.id, &result(&recorded)));
            return self.own(ask, None);
        };
        let asked = self.script.scenes[found.scene as usize].ask.as_ref();
        let keys = Keys::of(method, ask.params, &self.wishes.ignore);
        let level = match asked.map(|asked| asked.keys) {
            Some(recorded) if recorded.exact == keys.exact => Level::Exact,
            Some(recorded) if recorded.canonical == keys.canonical => Level::Canonical,
            Some(_) | None => Level::Session,
        };
        let answer = asked.and_then(|asked| asked.answer);
        let text = answer.and_then(|answer| self.text(answer.spot));
        // An error, or no answer at all, stays as it was.
        let instead = text.as_deref().and_then(result_of).map(|recorded| {
            let recorded = recorded.to_owned();
            result(&match method {
                "initialize" => Recorded::Initialize(recorded),
                _ => Recorded::Discover(recorded),
            })
        });
        // What the client may have as it was recorded, it gets to the byte.
        let instead = instead.filter(|result| text.as_deref().and_then(result_of) != Some(result));
        self.found(ask, Found { level, ..found });
        let running = running(now, found.scene, Some(ask.id), ask.token, found.is_again);
        self.play(now, Running { instead: instead.map(Into::into), ..running });
    }

    /// What the recording says of the server.
    fn server(&mut self) -> Recorded {
        for method in ["initialize", "server/discover"] {
            let spots: Vec<Spot> = self
                .script
                .scenes
                .iter()
                .filter(|scene| &*scene.method == method)
                .filter_map(|scene| Some(scene.ask.as_ref()?.answer?.spot))
                .collect();
            for spot in spots {
                let text = self.text(spot).unwrap_or_default();
                if let Some(result) = result_of(&text) {
                    return match method {
                        "initialize" => Recorded::Initialize(result.to_owned()),
                        _ => Recorded::Discover(result.to_owned()),
                    };
                }
            }
        }
        let families = [
            ("tools", ["tools/list", "tools/call"]),
            ("prompts", ["prompts/list", "prompts/get"]),
            ("resources", ["resources/list", "resources/read"]),
        ];
        let known =
            families.iter().filter(|(_, methods)| methods.iter().any(|method| self.matcher.knows(method)));
        let capabilities: Vec<String> = known.map(|(family, _)| format!(r#""{family}":{{}}"#)).collect();
        let capabilities = format!("{{{}}}", capabilities.join(","));
        Recorded::Nothing { label: self.script.label.clone(), capabilities }
    }
}

fn result_of(text: &str) -> Option<&str> {
    match contents(text.as_bytes()) {
        Contents::One(Message::Result { result, .. }) => Some(result),
        _ => None,
    }
}
