//! A server as somebody names it, and the way to it.

use std::ffi::OsString;
use std::sync::Arc;

use super::args::Audit;
use crate::cli::{complain, label, reach};
use crate::proxy::Command;
use crate::proxy::dial::Callee;
use crate::proxy::http::{Fields, Target as Address, Trust};
use crate::proxy::remote::{LoginOptions, Options};
use crate::record::Folders;
use crate::trace::{Back, url_without_secrets, without_secrets};

/// A server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// One that is started.
    Command {
        /// The program.
        program: OsString,
        /// Its arguments.
        arguments: Vec<OsString>,
        /// Variables it gets beside ours.
        env: Vec<(OsString, OsString)>,
        /// The folder it is started in; ours if there is none.
        folder: Option<OsString>,
    },
    /// One that is there.
    Url {
        /// Its address.
        url: String,
        /// Fields it is given, beside those of the command line.
        fields: Vec<(String, String)>,
    },
}

/// What the command line says of every way.
pub(super) struct Ways {
    trust: Trust,
    fields: Fields,
    opens_browser: bool,
}

impl Ways {
    /// Reads the flags. Says so if whoever is on the way will be believed.
    ///
    /// # Errors
    /// If one of them cannot be used.
    pub(super) fn of(args: &Audit) -> Result<Self, String> {
        Ok(Self {
            trust: reach::trust(&args.reach),
            fields: reach::fields(&args.reach)?,
            // Several servers would open several pages at once.
            opens_browser: !args.no_browser && args.client.is_none() && args.config.is_none(),
        })
    }

    /// How the user is asked to log in. `None` where there is no folder to keep that in.
    fn login(&self) -> Option<LoginOptions> {
        Some(LoginOptions {
            folder: Folders::of_user()?.logins(),
            client_id: None,
            client_secret: None,
            opens_browser: self.opens_browser,
            say: Arc::new(complain),
        })
    }
}

impl Target {
    /// A short name for it.
    pub(super) fn label(&self) -> String {
        match self {
            Self::Command { program, arguments, .. } => label::of_command(&argv(program, arguments)),
            Self::Url { url, .. } => {
                Address::parse(url).map_or_else(|_| "server".to_owned(), |url| label::of_host(&url.authority))
            }
        }
    }

    /// Where a recording would say that it is, without secrets.
    pub(super) fn back(&self) -> Back {
        match self {
            Self::Command { program, arguments, .. } => Back::Command { argv: argv(program, arguments) },
            Self::Url { url, .. } => Back::Url { url: url_without_secrets(url), others: Vec::new() },
        }
    }

    /// The way to it, for one conversation.
    ///
    /// # Errors
    /// If the address cannot be used.
    pub(super) fn callee(&self, ways: &Ways) -> Result<Callee, String> {
        match self {
            Self::Command { program, arguments, env, folder } => Ok(Callee::Command {
                command: Command { program: program.clone(), arguments: arguments.clone() },
                env: env.clone(),
                folder: folder.clone(),
            }),
            Self::Url { url, fields } => {
                Address::parse(url).map_err(|error| error.to_string())?;
                let mut all = ways.fields.clone();
                for (name, value) in fields {
                    if !ways.fields.replaces(name) {
                        all.add(&format!("{name}={value}")).map_err(|error| error.to_string())?;
                    }
                }
                let login = if all.replaces("authorization") { None } else { ways.login() };
                let url = url.parse().map_err(|_| format!("`{}` is no address", url_without_secrets(url)))?;
                let trust = ways.trust.clone();
                Ok(Callee::Url(Box::new(Options { url, trust, fields: all, login })))
            }
        }
    }
}

fn argv(program: &OsString, arguments: &[OsString]) -> Vec<String> {
    let words = std::iter::once(program).chain(arguments);
    without_secrets(&words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>())
}
