//! A recording that is handed out line by line at the times it was made: what `mcptop demo` plays.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Deserialize;

use crate::trace::{LineError, Micros, read_header, write_header};

/// A stream that gives each line of a recording no earlier than it is due.
#[derive(Debug)]
pub struct Pace {
    lines: Vec<u8>,
    at: usize,
    /// The end of what may be given now.
    until: usize,
    /// When the session's time 0 was, and how much faster than it the playback runs.
    origin: Option<Instant>,
    speed: f64,
}

/// Only the time of an event.
#[derive(Deserialize)]
struct When {
    t: Micros,
}

impl Pace {
    /// Plays a recording as if its session began at `now`, so many times faster than it was.
    ///
    /// # Errors
    /// If the text does not begin with a recording's header.
    pub fn new(recording: &[u8], now: Timestamp, speed: f64) -> Result<Self, LineError> {
        let newline = memchr::memchr(b'\n', recording).unwrap_or(recording.len());
        let mut header = read_header(&recording[..newline])?;
        header.started = now;
        let mut lines = Vec::with_capacity(recording.len() + 64);
        write_header(&mut lines, &header);
        let until = lines.len();
        lines.extend_from_slice(recording.get(newline + 1..).unwrap_or_default());
        Ok(Self { lines, at: 0, until, origin: None, speed: speed.max(0.001) })
    }

    /// When the line that begins at `at` is due, after the session's start. A line without a time is due at once.
    fn due(&self, at: usize) -> (Duration, usize) {
        let end =
            memchr::memchr(b'\n', &self.lines[at..]).map_or(self.lines.len(), |newline| at + newline + 1);
        let when = serde_json::from_slice::<When>(&self.lines[at..end]).map_or(Micros(0), |when| when.t);
        (Duration::from_micros(when.0).div_f64(self.speed), end)
    }
}

impl Read for Pace {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.until && self.until < self.lines.len() {
            let origin = *self.origin.get_or_insert_with(Instant::now);
            let (due, end) = self.due(self.at);
            if let Some(early) = due.checked_sub(origin.elapsed()) {
                std::thread::sleep(early);
            }
            self.until = end;
        }
        let given = (self.until - self.at).min(buffer.len());
        buffer[..given].copy_from_slice(&self.lines[self.at..self.at + given]);
        self.at += given;
        Ok(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDING: &str = concat!(
        r#"{"mcptop":1,"session":"s","started":"2026-11-21T10:00:00Z","version":"0.1.0","label":"git","#,
        r#""front":{"kind":"stdio"},"back":{"kind":"command","argv":["x"]},"platform":"p"}"#,
        "\n",
        "{\"t\":0,\"kind\":\"started\"}\n",
        "{\"t\":2000,\"kind\":\"note\",\"text\":\"two\"}\n",
    );

    #[test]
    fn a_playback_gives_every_line_and_begins_now() {
        let now: Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
        let mut played = String::new();
        Pace::new(RECORDING.as_bytes(), now, 1_000.0).unwrap().read_to_string(&mut played).unwrap();
        let (head, rest) = played.split_once('\n').unwrap();
        assert!(head.contains("2030-01-01"));
        assert_eq!(Some(rest), RECORDING.split_once('\n').map(|(_, rest)| rest));
    }

    #[test]
    fn a_line_is_due_at_its_time() {
        let pace = Pace::new(RECORDING.as_bytes(), Timestamp::UNIX_EPOCH, 2.0).unwrap();
        let second = pace.due(pace.until).1;
        assert_eq!(pace.due(pace.until).0, Duration::ZERO);
        assert_eq!(pace.due(second).0, Duration::from_millis(1));
    }

    #[test]
    fn what_is_no_recording_is_not_played() {
        assert!(Pace::new(b"{}\n", Timestamp::UNIX_EPOCH, 1.0).is_err());
    }
}
