//! Shows a page to the user.

use std::process::{Command, Stdio};

/// Opens the page in the browser the user has named in `BROWSER`, or else in the system's. Whatever that starts gets none
/// of our standard streams: a client listens to them. `Err` says why there is no browser.
pub(super) fn open(url: &str) -> Result<(), String> {
    let named = std::env::var("BROWSER").unwrap_or_default();
    if named.split(':').filter(|command| !command.is_empty()).any(|command| run(command, url)) {
        return Ok(());
    }
    open::that_detached(url).map_err(|error| error.to_string())
}

/// A command of `BROWSER`: words, `%s` for the page, which stands last where there is none.
fn run(command: &str, url: &str) -> bool {
    let mut words: Vec<String> = command.split_whitespace().map(|word| word.replace("%s", url)).collect();
    if !command.contains("%s") {
        words.push(url.to_owned());
    }
    let Some((program, arguments)) = words.split_first() else { return false };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // Waited for on the side: it may stay for as long as the user browses.
    let started = command.spawn();
    started.is_ok_and(|mut browser| std::thread::Builder::new().spawn(move || browser.wait()).is_ok())
}
