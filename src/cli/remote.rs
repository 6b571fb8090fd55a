//! `mcptop wrap URL`: a remote server for a client that knows only standard streams.

use std::sync::Arc;

use super::args::Wrap;
use super::session::Attended;
use super::{EXIT_UNREACHABLE, EXIT_USAGE, complain, label, reach, session};
use crate::proxy::http::Target;
use crate::proxy::remote::{LoginOptions, Options, Remote};
use crate::proxy::{Clock, Grace};
use crate::record::Folders;
use crate::trace::{Back, Front, url_without_secrets};

/// Stays until the client leaves; returns the exit status.
pub(super) async fn wrap(args: &Wrap, url: &str, grace: Grace) -> i32 {
    let clock = Clock::start();
    let (remote, authority) = match remote(args, url) {
        Ok(remote) => remote,
        Err(why) => {
            complain(&why);
            return i32::from(EXIT_USAGE);
        }
    };
    if args.login {
        return log_in(remote, url).await;
    }
    let label = args.keep.label.clone().unwrap_or_else(|| label::of_host(&authority));
    let header =
        session::header(label, Front::Stdio, Back::Url { url: url_without_secrets(url), others: Vec::new() });
    let attended = Attended::begin(&args.keep, &header, remote.identity(), clock, None);
    let ended = remote.run(attended.observer(), attended.rules(), grace).await;
    attended.end().await;
    match ended {
        Ok(()) => 0,
        Err(error) => {
            complain(&format!("cannot use the standard streams: {error}"));
            i32::from(EXIT_UNREACHABLE)
        }
    }
}

/// Logs in and nothing else; returns the exit status.
async fn log_in(remote: Remote, url: &str) -> i32 {
    let url = url_without_secrets(url);
    match remote.log_in().await {
        Ok(true) => complain(&format!("logged in to {url}")),
        Ok(false) => complain(&format!("{url} lets us in as things are")),
        Err(why) => {
            complain(&why);
            return i32::from(EXIT_UNREACHABLE);
        }
    }
    0
}

/// The proxy, and the host it goes to. `Err` says what of the command line cannot be used.
fn remote(args: &Wrap, url: &str) -> Result<(Remote, String), String> {
    let target = Target::parse(url).map_err(|error| error.to_string())?;
    let fields = reach::fields(&args.reach)?;
    let login = if fields.replaces("authorization") { None } else { login(args)? };
    let options = Options {
        url: url.parse().map_err(|error| format!("`{}` is no address: {error}", url_without_secrets(url)))?,
        trust: reach::trust(&args.reach),
        fields,
        login,
    };
    let remote = Remote::new(options).map_err(|error| error.to_string())?;
    Ok((remote, target.authority))
}

/// How the user is asked to log in. `None` where there is no folder to keep that in.
fn login(args: &Wrap) -> Result<Option<LoginOptions>, String> {
    let Some(folders) = Folders::of_user() else { return Ok(None) };
    let secret = |name: &String| {
        std::env::var(name).map_err(|_| format!("--oauth-client-secret-env: {name} is not set"))
    };
    Ok(Some(LoginOptions {
        folder: folders.logins(),
        client_id: args.oauth_client_id.clone(),
        client_secret: args.oauth_client_secret_env.as_ref().map(secret).transpose()?,
        opens_browser: !args.no_browser,
        say: Arc::new(complain),
    }))
}
