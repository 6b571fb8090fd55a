//! What `mcptop serve URL` costs a request: `cargo bench --bench serve`.
//!
//! The same requests go to a server of this process directly and through the real binary, in both of its gears, in turns,
//! one at a time over one connection. Trust the ratios and differences of one run, not its absolutes.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that cannot go on has nothing to say")]

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 7;
const REQUESTS: usize = 3_000;
const BODY_BYTES: [usize; 3] = [64, 1_000, 100_000];

/// The cases compared: a name and how `mcptop serve` is called; not at all for the first.
const CASES: [(&str, Option<&[&str]>); 4] = [
    ("direct", None),
    ("serve, not recorded", Some(&["--no-record"])),
    ("serve, recorded", Some(&[])),
    ("serve --pool, not recorded", Some(&["--no-record", "--pool", "4"])),
];

fn main() {
    let home = tempfile::tempdir().unwrap();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in server.incoming() {
            std::thread::spawn(move || echo(&client.unwrap()));
        }
    });
    for bytes in BODY_BYTES {
        let mut measured: [Vec<[Duration; 2]>; CASES.len()] = Default::default();
        for _ in 0..ROUNDS {
            for (case, (_, arguments)) in CASES.iter().enumerate() {
                measured[case].push(match arguments {
                    None => requests(address, bytes),
                    Some(arguments) => {
                        let (mut proxy, front) = serve(arguments, home.path(), address);
                        let times = requests(front, bytes);
                        proxy.kill().unwrap();
                        proxy.wait().unwrap();
                        times
                    }
                });
            }
        }
        println!("bodies of {bytes} bytes, median of {ROUNDS} rounds of {REQUESTS} requests:");
        for ((name, _), rounds) in CASES.iter().zip(&measured) {
            let [p50, p99] = [0, 1].map(|column| median(rounds.iter().map(|round| round[column])));
            println!("  {name:26} p50 {p50:>10.1?}   p99 {p99:>10.1?}");
        }
    }
}

/// Answers every request with its own body.
fn echo(client: &TcpStream) {
    client.set_nodelay(true).unwrap();
    let (mut reader, mut writer) = (BufReader::with_capacity(256 * 1024, client), client);
    while let Some(body) = message(&mut reader) {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        if writer.write_all(&[head.as_bytes(), &body].concat()).is_err() {
            return;
        }
    }
}

/// The body of the next request or response; `None` at the end of the connection.
fn message(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let (mut line, mut length) = (String::new(), 0);
    loop {
        line.clear();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(body)
}

fn serve(arguments: &[&str], home: &Path, server: SocketAddr) -> (Child, SocketAddr) {
    let mut proxy = Command::new(env!("CARGO_BIN_EXE_mcptop"))
        .args(["serve", "--headless", "--listen", "127.0.0.1:0"])
        .args(arguments)
        .arg(format!("http://{server}/mcp"))
        .env("MCPTOP_HOME", home)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(proxy.stderr.as_mut().unwrap()).read_line(&mut said).unwrap();
    let front = said.split(" at http://").nth(1).and_then(|rest| rest.split('/').next()).unwrap();
    (proxy, front.parse().unwrap())
}

/// The median and the 99th percentile of a request's time.
fn requests(to: SocketAddr, bytes: usize) -> [Duration; 2] {
    let padding = "x".repeat(bytes.saturating_sub(45));
    let body = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{padding}\"}}");
    let request = format!(
        "POST /mcp HTTP/1.1\r\nHost: {to}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let stream = TcpStream::connect(to).unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut reader, mut writer) = (BufReader::with_capacity(256 * 1024, &stream), &stream);
    let mut once = || {
        let begun = Instant::now();
        writer.write_all(request.as_bytes()).unwrap();
        assert_eq!(message(&mut reader).unwrap().len(), body.len());
        begun.elapsed()
    };
    once();
    let mut times: Vec<Duration> = (0..REQUESTS).map(|_| once()).collect();
    times.sort_unstable();
    [times[REQUESTS / 2], times[REQUESTS * 99 / 100]]
}

fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<Duration> = times.collect();
    times.sort_unstable();
    times[times.len() / 2]
}
