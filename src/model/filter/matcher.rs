//! A filter made ready for one session: every name is looked at once, then each operation costs a few comparisons.
//!
//! Knows nothing of the filter's text.

use super::{Filter, Measure, Node, Pattern, Status, Term};
use crate::model::{Client, Operation, Outcome, Session, State, Symbol};
use crate::trace::Micros;
use crate::wire::string_value;

impl Filter {
    /// Whether an operation of the session passes. For many operations use [`Filter::on`].
    #[must_use]
    pub fn matches(&self, session: &Session, operation: &Operation, now: Micros) -> bool {
        let names = |pattern: &Pattern, symbol: Symbol| pattern.matches(session.name(symbol).as_bytes());
        let server = |pattern: &Pattern| serves(session, pattern);
        self.root.as_ref().is_none_or(|root| {
            root.holds(&|term| match term {
                Term::Word(pattern) => {
                    names(pattern, operation.target)
                        || names(pattern, operation.method)
                        || pattern.matches(operation.id().as_bytes())
                        || server(pattern)
                }
                Term::Tool(pattern) => !operation.target.is_none() && names(pattern, operation.target),
                Term::Method(pattern) => names(pattern, operation.method),
                Term::Rule(pattern) => is_ruled(operation, &|rule| names(pattern, rule)),
                Term::Server(pattern) => server(pattern),
                Term::Client(pattern) => match session.client_of(operation) {
                    Some(client) => is_client(session, client, pattern),
                    None => is_only_client(session, pattern),
                },
                other => plain(other, operation, now),
            })
        })
    }

    /// Makes the filter ready for the session as it is now; names met later need a new one.
    #[must_use]
    pub fn on<'f>(&'f self, session: &Session) -> Matcher<'f> {
        let root = self.root.as_ref().map(|root| root.map(&|term| Ready::new(term, session)));
        Matcher { root }
    }

    /// How many operations of the session pass.
    #[must_use]
    pub fn count(&self, session: &Session, now: Micros) -> usize {
        if self.is_empty() {
            return session.operations().len();
        }
        let matcher = self.on(session);
        session.operations().iter().filter(|operation| matcher.matches(operation, now)).count()
    }
}

/// A filter made ready for one session.
#[derive(Debug)]
pub struct Matcher<'f> {
    root: Option<Node<Ready<'f>>>,
}

#[derive(Debug)]
struct Ready<'f> {
    term: &'f Term,
    /// For each symbol whether its name fits; empty for terms that do not look at names.
    names: Vec<bool>,
    /// For each client whether its name fits; empty for terms that do not ask.
    clients: Vec<bool>,
    /// Whether the server's name fits, or that of the only client.
    whole: bool,
}

impl<'f> Ready<'f> {
    fn new(term: &'f Term, session: &Session) -> Self {
        let names = match term {
            Term::Word(pattern) | Term::Tool(pattern) | Term::Method(pattern) | Term::Rule(pattern) => {
                session.symbols().iter().map(|name| pattern.matches(name.as_bytes())).collect()
            }
            _ => Vec::new(),
        };
        let (clients, whole) = match term {
            Term::Word(pattern) | Term::Server(pattern) => (Vec::new(), serves(session, pattern)),
            Term::Client(pattern) => {
                let all = session.http().clients().all().iter();
                let fit = all.map(|client| is_client(session, client, pattern)).collect();
                (fit, is_only_client(session, pattern))
            }
            _ => (Vec::new(), false),
        };
        Self { term, names, clients, whole }
    }

    fn name(&self, symbol: Symbol) -> bool {
        self.names.get(symbol.index()).copied().unwrap_or(false)
    }
}

impl Matcher<'_> {
    /// Whether an operation passes.
    #[must_use]
    pub fn matches(&self, operation: &Operation, now: Micros) -> bool {
        self.matches_in(operation, now, &|_| false)
    }

    /// Whether an operation passes, where words may also occur in its bodies: `in_bodies` looks for a pattern there. It is
    /// asked only if nothing else decides.
    #[must_use]
    pub fn matches_in(
        &self,
        operation: &Operation,
        now: Micros,
        in_bodies: &dyn Fn(&Pattern) -> bool,
    ) -> bool {
        self.root.as_ref().is_none_or(|root| {
            root.holds(&|ready| match ready.term {
                Term::Word(pattern) => {
                    ready.whole
                        || ready.name(operation.target)
                        || ready.name(operation.method)
                        || pattern.matches(operation.id().as_bytes())
                        || in_bodies(pattern)
                }
                Term::Tool(_) => !operation.target.is_none() && ready.name(operation.target),
                Term::Method(_) => ready.name(operation.method),
                Term::Rule(_) => is_ruled(operation, &|rule| ready.name(rule)),
                Term::Server(_) => ready.whole,
                Term::Client(_) => match operation.client() {
                    Some(client) => ready.clients.get(client.index()).copied().unwrap_or(false),
                    None => ready.whole,
                },
                other => plain(other, operation, now),
            })
        })
    }
}

/// Whether a rule that had to do with an operation has a name that fits.
fn is_ruled(operation: &Operation, fits: &dyn Fn(Symbol) -> bool) -> bool {
    operation.ruled().is_some_and(|ruled| ruled.marks().iter().any(|mark| fits(mark.rule)))
}

/// Whether the server goes by a name that fits: the user's label, or what it calls itself.
fn serves(session: &Session, pattern: &Pattern) -> bool {
    let own = session.handshake().server.as_ref();
    pattern.matches(session.header.label.as_bytes())
        || own.is_some_and(|own| pattern.matches(own.name.as_bytes()))
}

/// Whether a client goes by a name that fits: its own with its version, or that of its session.
fn is_client(session: &Session, client: &Client, pattern: &Pattern) -> bool {
    let names = [&*client.shown_name(), session.name(client.session)];
    let own = client.name.as_ref().map(|own| &*own.name);
    names.into_iter().chain(own).any(|name| !name.is_empty() && pattern.matches(name.as_bytes()))
}

/// The same where there is one client only, as over stdio.
fn is_only_client(session: &Session, pattern: &Pattern) -> bool {
    let own = session.handshake().client.as_ref().filter(|_| session.http().all().is_empty());
    own.is_some_and(|own| {
        pattern.matches(own.name.as_bytes())
            || pattern.matches(format!("{} {}", own.name, own.version).as_bytes())
    })
}

/// The terms that look at no names.
fn plain(term: &Term, operation: &Operation, now: Micros) -> bool {
    match term {
        Term::Id(pattern) => {
            let id = operation.id();
            pattern.is(id.as_bytes())
                || string_value(id.as_str()).is_some_and(|text| pattern.is(text.as_bytes()))
        }
        Term::Status(status) => status.holds(operation.state),
        Term::From(peer) => operation.from == *peer,
        Term::Http(wanted) => operation.http_status().is_some_and(|status| wanted.holds(status)),
        Term::Amount(measure, bounds) => {
            amount(*measure, operation, now).is_some_and(|amount| bounds.hold(amount))
        }
        Term::Word(_)
        | Term::Tool(_)
        | Term::Method(_)
        | Term::Rule(_)
        | Term::Server(_)
        | Term::Client(_) => false,
    }
}

/// What an operation measures; `None` where nothing can be said, so that no comparison holds.
fn amount(measure: Measure, operation: &Operation, now: Micros) -> Option<u64> {
    match measure {
        Measure::Duration => (operation.state != State::Unknown).then(|| operation.latency_us(now)),
        Measure::Tokens => operation.tokens.map(|tokens| u64::from(tokens.model)),
        Measure::Size => operation.answer().map(|answer| u64::from(answer.bytes)),
    }
}

impl Status {
    fn holds(self, state: State) -> bool {
        match self {
            Self::Ok => state == State::Done(Outcome::Ok),
            Self::Error => matches!(state, State::Done(outcome) if outcome != Outcome::Ok),
            Self::ToolError => state == State::Done(Outcome::ToolError),
            Self::ProtocolError => {
                matches!(state, State::Done(Outcome::ProtocolError { .. } | Outcome::HttpError { .. }))
            }
            Self::Pending => state == State::Pending,
            Self::Cancelled => matches!(state, State::Cancelled { .. }),
            Self::Abandoned => state == State::Abandoned,
            Self::Unknown => state == State::Unknown,
        }
    }
}
