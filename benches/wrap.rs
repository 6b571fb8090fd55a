//! What `mcptop wrap` costs a round trip: `cargo bench --bench wrap`.
//!
//! The same lines go through `cat` alone and through `cat` behind the real binary, in turns, one at a time. Trust the
//! ratios and differences of one run, not its absolutes: they are those of one machine at one moment.

#[cfg(unix)]
fn main() {
    unix::run();
}

#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
#[expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that cannot go on has nothing to say")]
mod unix {
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
    use std::time::{Duration, Instant};

    const ROUNDS: usize = 7;
    const ROUND_TRIPS: usize = 3_000;
    const LINE_BYTES: [usize; 3] = [64, 1_000, 100_000];

    /// The commands compared: a name and what stands in front of `cat`.
    const CASES: [(&str, &[&str]); 3] = [
        ("direct", &[]),
        ("wrap, not recorded", &["wrap", "--no-record", "--"]),
        ("wrap, recorded", &["wrap", "--"]),
    ];

    pub(crate) fn run() {
        let home = tempfile::tempdir().unwrap();
        for bytes in LINE_BYTES {
            let mut measured: [Vec<[Duration; 3]>; CASES.len()] = Default::default();
            for _ in 0..ROUNDS {
                for (case, (_, front)) in CASES.iter().enumerate() {
                    measured[case].push(round_trips(front, home.path(), bytes));
                }
            }
            println!("lines of {bytes} bytes, median of {ROUNDS} rounds of {ROUND_TRIPS} round trips:");
            for ((name, _), rounds) in CASES.iter().zip(&measured) {
                let [start, p50, p99] =
                    [0, 1, 2].map(|column| median(rounds.iter().map(|round| round[column])));
                println!("  {name:20} p50 {p50:>10.1?}   p99 {p99:>10.1?}   first answer after {start:.1?}");
            }
        }
    }

    fn spawn(front: &[&str], home: &std::path::Path) -> (Child, ChildStdin, BufReader<ChildStdout>) {
        let mut command = if front.is_empty() {
            Command::new("cat")
        } else {
            let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
            command.args(front).arg("cat");
            command
        };
        command.env("MCPTOP_HOME", home).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        (child, stdin, BufReader::with_capacity(256 * 1024, stdout))
    }

    /// Time until the first answer, then the median and the 99th percentile of the others.
    fn round_trips(front: &[&str], home: &std::path::Path, bytes: usize) -> [Duration; 3] {
        let padding = "x".repeat(bytes.saturating_sub(45));
        let line = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{padding}\"}}\n");
        let born = Instant::now();
        let (mut child, mut stdin, mut stdout) = spawn(front, home);
        let mut answer = String::new();
        let mut once = |begun: Instant| {
            stdin.write_all(line.as_bytes()).unwrap();
            answer.clear();
            stdout.read_line(&mut answer).unwrap();
            assert_eq!(answer.len(), line.len());
            begun.elapsed()
        };
        let first = once(born);
        let mut times: Vec<Duration> = (0..ROUND_TRIPS).map(|_| once(Instant::now())).collect();
        times.sort_unstable();
        drop(stdin);
        child.wait().unwrap();
        [first, times[ROUND_TRIPS / 2], times[ROUND_TRIPS * 99 / 100]]
    }

    fn median(times: impl Iterator<Item = Duration>) -> Duration {
        let mut times: Vec<Duration> = times.collect();
        times.sort_unstable();
        times[times.len() / 2]
    }
}
