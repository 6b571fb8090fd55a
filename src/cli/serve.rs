//! `mcptop serve`: the HTTP proxy, its recorder and its control socket, put together.

use std::process::ExitCode;
use std::time::Duration;

use super::args::Serve;
use super::beside::{self, Beside, Wish};
use super::session::Attended;
use super::{EXIT_UNREACHABLE, EXIT_USAGE, bridge, complain, label, reach, session};
use crate::proxy::bridge::Settings;
use crate::proxy::http::{self, Dialer, Fields, Pooling, Target, Wishes};
use crate::proxy::{Clock, identity};
use crate::rules::Pool;
use crate::trace::{Back, Exit, Fact, Front, url_without_secrets};

/// How long a session is kept that is lent to nobody, unless somebody says otherwise.
const POOL_IDLE: Duration = Duration::from_secs(90);

/// Serves until it is asked to end.
pub(super) fn run(mut args: Serve) -> ExitCode {
    let look = std::mem::take(&mut args.look);
    let wish = match (args.headless, args.keep.no_record) {
        (true, _) => Wish::Headless,
        (false, true) => Wish::Unrecorded,
        (false, false) => Wish::Watched,
    };
    if let Err(why) = check_listen(&args) {
        complain(&why);
        return ExitCode::from(EXIT_USAGE);
    }
    let prepared = match args.command.split_first() {
        Some((program, arguments)) => Ok(Prepared::Bridge(bridge::settings(&args, program, arguments))),
        None => upstream(&args),
    };
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(why) => {
            complain(&why);
            return ExitCode::from(EXIT_USAGE);
        }
    };
    // One thread: requests are forwarded in microseconds, and a hand-over between threads takes longer than that.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("cannot start: {error}"));
            return ExitCode::from(EXIT_UNREACHABLE);
        }
    };
    beside::run(wish, look, move |beside| {
        let status = runtime.block_on(async {
            match prepared {
                Prepared::Bridge(settings) => bridge::serve(&args, settings, beside).await,
                Prepared::Upstream(fields, dialers) => serve(&args, fields, dialers, beside).await,
            }
        });
        // A thread may still wait for a standard error that nobody reads.
        runtime.shutdown_background();
        status
    })
}

/// What is behind the front.
enum Prepared {
    Bridge(Settings),
    Upstream(Fields, Vec<Dialer>),
}

fn upstream(args: &Serve) -> Result<Prepared, String> {
    match args.bridge.pool {
        Some(0) => {
            return Err("a pool of no sessions serves nobody: leave --pool out, or give it a size".to_owned());
        }
        None if args.bridge.share => {
            return Err(
                "--share says that the sessions of a pool are shared: give its size with --pool".to_owned()
            );
        }
        None | Some(_) => {}
    }
    let targets = targets(&args.urls)?;
    let fields = reach::fields(&args.reach)?;
    let trust = reach::trust(&args.reach);
    let dialers: Result<_, _> = targets.into_iter().map(|target| Dialer::new(target, &trust)).collect();
    dialers.map(|dialers| Prepared::Upstream(fields, dialers)).map_err(|error| error.to_string())
}
/// Whether it may listen where it is to; what is dangerous about that is said.
fn check_listen(args: &Serve) -> Result<(), String> {
    if args.listen.ip().is_loopback() {
        return Ok(());
    }
    if !args.allow_remote {
        return Err(format!(
            "{} can be reached from other machines, and whoever reaches it can use the server; \
             add --allow-remote if that is meant",
            args.listen
        ));
    }
    complain(&format!("other machines can use the server through {}", args.listen));
    Ok(())
}

/// The instances of the server. A request's path is passed on as it is, so they must have the same.
fn targets(urls: &[String]) -> Result<Vec<Target>, String> {
    let targets: Result<Vec<Target>, _> = urls.iter().map(|url| Target::parse(url)).collect();
    let targets = targets.map_err(|error| error.to_string())?;
    match targets.iter().find(|target| target.path != targets[0].path) {
        Some(other) => {
            Err(format!("{} and {other} are not two instances of one server: their paths differ", targets[0]))
        }
        None => Ok(targets),
    }
}

/// How the server's sessions are to be lent, if they are: as the command line says, else as the rules do.
fn pooling(args: &Serve, rules: Option<Pool>) -> Option<Pooling> {
    let rules = rules.unwrap_or_default();
    let idle = args.bridge.pool_idle.map(Duration::from_secs_f64);
    Some(Pooling {
        size: args.bridge.pool.or(rules.size.filter(|size| *size > 0))?,
        idle: idle.or(rules.idle.map(|span| span.0)).unwrap_or(POOL_IDLE),
        silence: Duration::from_secs_f64(args.bridge.session_idle),
        shares: args.bridge.share,
    })
}

async fn serve(args: &Serve, fields: Fields, dialers: Vec<Dialer>, beside: Beside) -> ExitCode {
    let clock = Clock::start();
    let identity = identity::of_server(args.urls.iter().map(String::as_str), &fields);
    let target = dialers[0].target();
    let path = target.path.clone();
    let label = args.keep.label.clone().unwrap_or_else(|| label::of_host(&target.authority));
    let server = match http::Serve::bind(args.listen, dialers).await {
        Ok(server) => server,
        Err(error) => {
            complain(&error.to_string());
            return ExitCode::from(EXIT_UNREACHABLE);
        }
    };
    let local = server.local();
    let mut urls = args.urls.iter().map(|url| url_without_secrets(url));
    let back = Back::Url { url: urls.next().unwrap_or_default(), others: urls.collect() };
    let shown = back.display();
    let header = session::header(label, Front::Http { listen: local.to_string() }, back);
    let attended = Attended::begin(&args.keep, &header, identity, clock, None);
    let observer = attended.observer();
    let tap = observer.tap.clone();
    if let Some(tap) = &tap {
        tap.tell(clock.now(), Fact::Started { pid: None });
    }
    let hint = if beside.is_watched() { "" } else { "; run `mcptop` in another terminal to watch" };
    let leave = beside.stands(attended.recording());
    complain(&format!("serving at http://{local}{path}: {shown}{hint}"));
    let (names, token) = (&args.allow_host, args.auth_token.clone());
    let wishes = Wishes {
        names,
        token,
        fields,
        pooling: pooling(args, attended.rules().pool()),
        rules: attended.rules(),
    };
    let why = server.run(wishes, observer, leave).await;
    if let Some(tap) = &tap {
        tap.tell(clock.now(), Fact::Ended { exit: Exit::Code(0), why: why.into() });
    }
    attended.end().await;
    ExitCode::SUCCESS
}
