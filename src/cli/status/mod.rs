//! `mcptop status`: what goes on now, in one line for a status bar, or as JSON.
//!
//! Reads what the viewer reads, with the viewer's own threads; knows nothing of how the line looks (see `sums`).

mod sums;

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::price::Price;
use super::values::{period, window};
use super::{EXIT_UNREACHABLE, EXIT_USAGE, complain, passes};
use crate::record::Folders;
use crate::ui::feed::{Feed, Message, News, Source};
use crate::ui::open::OpenSession;

use sums::{Scale, Sums};

/// Print what goes on now in one line, for a status bar: live sessions, calls, latency, tokens in the context window.
///
/// Sums over the live sessions; those that have ended are in the viewer and in `mcptop report`. A line costs reading what
/// the live sessions have recorded; --watch reads only what is new.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples: mcptop status
          mcptop status --watch --every 5
          mcptop status --json | jq .context.share")]
pub(super) struct Status {
    /// Go on: print a line whenever something has changed
    #[arg(long)]
    watch: bool,
    /// How often to look, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = period, requires = "watch")]
    every: Duration,
    /// Print JSON, an object a line
    #[arg(long)]
    json: bool,
    /// The family of models to count tokens for, such as openai-o200k or claude-4.7+, or a factor such as 1.21
    #[arg(long, value_name = "NAME|FACTOR", alias = "factor")]
    profile: Option<String>,
    /// Size of the context window in tokens
    #[arg(long, value_name = "TOKENS", default_value_t = 200_000, value_parser = window)]
    window: u64,
    #[command(flatten)]
    price: Price,
}

/// How long a single line waits for long recordings to be read and counted; then it says what is known.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a single line waits for news before it looks again whether everything is there.
const TICK: Duration = Duration::from_millis(20);

pub(super) fn run(args: &Status) -> ExitCode {
    let profile = match passes::profile(args.profile.as_deref()) {
        Ok(profile) => profile,
        Err(why) => {
            complain(&why);
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let (feed, heard, _speaker) = Feed::start(Folders::of_user(), profile.clone());
    let scale = Scale { window_tokens: args.window, price: args.price.clone(), profile };
    let mut bar = Bar { feed, heard, opens: Vec::new(), live: None, unreadable: 0 };
    let outcome = if args.watch { bar.watch(args, &scale) } else { bar.once(args, &scale) };
    match outcome {
        // Who reads has had enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("cannot write to standard output: {error}"));
            ExitCode::from(EXIT_UNREACHABLE)
        }
        Ok(()) => ExitCode::SUCCESS,
    }
}

/// The live sessions as they come and go.
struct Bar {
    feed: Feed,
    heard: Receiver<Message>,
    opens: Vec<OpenSession>,
    /// The live sessions with a recording, and those without; `None` before the first look.
    live: Option<(usize, usize)>,
    unreadable: usize,
}

impl Bar {
    fn once(&mut self, args: &Status, scale: &Scale) -> io::Result<()> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until && !self.is_settled() {
            self.listen(TICK);
        }
        let mut out = io::stdout().lock();
        writeln!(out, "{}", self.line(args, scale))?;
        out.flush()
    }

    fn watch(&mut self, args: &Status, scale: &Scale) -> io::Result<()> {
        let mut out = io::stdout().lock();
        // In a terminal the line is written over the one before.
        let (begin, end) = if out.is_terminal() && !args.json { ("\r\x1b[K", "") } else { ("", "\n") };
        let mut last = String::new();
        loop {
            let next = Instant::now() + args.every;
            while let Some(left) = next.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
            {
                self.listen(left);
                if last.is_empty() && self.is_settled() {
                    break;
                }
            }
            let line = self.line(args, scale);
            if line != last && self.live.is_some() {
                write!(out, "{begin}{line}{end}")?;
                out.flush()?;
                last = line;
            }
        }
    }

    /// Takes in the next piece of news, if there is one in this time.
    fn listen(&mut self, patience: Duration) {
        match self.heard.recv_timeout(patience) {
            Ok(Message::News(news)) => self.take(news),
            Ok(Message::Terminal(_) | Message::Leave) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(patience),
        }
        self.feed.heard();
    }

    fn take(&mut self, news: News) {
        match news {
            News::Appeared(path) => self.feed.open(Source::File(path)),
            News::Opened(open) => self.opens.push(open),
            News::Found(listed) => {
                let live: Vec<_> = listed.into_iter().filter(|listed| listed.is_live).collect();
                let recorded = live.iter().filter(|listed| listed.path.is_some()).count();
                self.live = Some((recorded, live.len() - recorded));
                let is_live = |open: &OpenSession| {
                    live.iter().any(|listed| listed.path.as_deref() == Some(open.path.as_path()))
                };
                for ended in self.opens.extract_if(.., |open| !is_live(open)) {
                    self.feed.close(ended.id);
                }
            }
            News::Say(why) | News::Broken(why) => {
                self.unreadable += 1;
                complain(&why);
            }
            // Nobody has asked for anything else.
            _ => {}
        }
    }

    /// Whether everything there is has been read and counted.
    fn is_settled(&self) -> bool {
        self.live.is_some_and(|(recorded, _)| self.opens.len() + self.unreadable >= recorded)
            && self.opens.iter().all(sums::is_settled)
    }

    fn line(&self, args: &Status, scale: &Scale) -> String {
        let not_recorded = self.live.map_or(0, |(_, not_recorded)| not_recorded);
        let sums = Sums::of(&self.opens, not_recorded);
        if args.json { sums.document(scale).to_string() } else { sums.line(scale) }
    }
}
