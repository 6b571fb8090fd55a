//! Streams that the server ends before everything is said, in revisions with sessions: taken up where they ended; and the
//! server's own stream, kept open for as long as the client stays.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use super::EVENT_STREAM;
use super::journal::Entry;
use super::link::Link;
use super::live::Asked;
use super::reply::Reply;
use super::stream::{Cursor, End};
use super::way::Answer;
use super::writer::Gone;
use crate::trace::HttpEnd;

/// How long to wait before asking again, where the server has not said; as the SDKs do.
const RETRY: Duration = Duration::from_secs(1);
/// However long a server asks to wait, or has been away.
const RETRY_MAX: Duration = Duration::from_secs(30);
/// An answer is given up after so many tries that brought nothing.
const FAILURES_MAX: u32 = 5;

impl Link {
    /// Asks for the rest of a stream that ended before the answer.
    pub(super) async fn resume(
        &self,
        entry: Entry<'_>,
        asked: Asked,
        mut cursor: Cursor,
        end: &End,
    ) -> Result<(), Gone> {
        let (mut failures, mut why, mut asked) = (0, end.why(), Some(asked));
        // In a session the rest of the stream is an exchange of its own. Without one nothing else would tell to what
        // the messages in it belong.
        let mut entry = Some(entry).filter(|_| self.handshake.now().session.is_none());
        while failures < FAILURES_MAX {
            sleep(pause(cursor.retry, failures)).await;
            let request = self.get(cursor.last.as_deref());
            let mut own = entry.is_none().then(|| self.journal.begin("GET", request.names()));
            let Some(told) = own.as_mut().or(entry.as_mut()) else { break };
            match self.send(&request).await {
                Ok(answer) if is_stream(&answer) => {
                    told.response(answer.status.as_u16(), &answer.media, None);
                    cursor.has_news = false;
                    let end = self.read_stream(answer.body, told, &mut asked, &mut cursor).await?;
                    told.ends(end.how());
                    failures = if cursor.has_news { 0 } else { failures + 1 };
                    why = end.why();
                }
                Ok(answer) => {
                    told.response(answer.status.as_u16(), &answer.media, None);
                    told.ends(HttpEnd::Complete);
                    why =
                        format!("{why}, and the rest of it was answered with HTTP status {}", answer.status);
                    failures = if may_come_back(&answer) { failures + 1 } else { FAILURES_MAX };
                }
                Err(_) => {
                    told.ends(HttpEnd::Refused);
                    failures += 1;
                }
            }
            if !asked.as_ref().is_some_and(|asked| !asked.left().is_empty() && asked.is_wanted()) {
                return Ok(());
            }
            if failures >= FAILURES_MAX
                && let Some(asked) = &mut asked
            {
                return self.refuse(&Reply::cut_off(&self.way.shown, &why), told, asked).await;
            }
        }
        Ok(())
    }

    /// Keeps the stream open on which the server says what nobody asked. Ends if the server has none.
    pub(super) async fn stand(&self) {
        let (mut cursor, mut failures, mut sessions) = (Cursor::default(), 0, self.handshake.watch());
        loop {
            sessions.mark_unchanged();
            let request = self.get(cursor.last.as_deref());
            let has_session = request.now.session.is_some();
            let mut entry = self.journal.begin("GET", request.names());
            match self.send(&request).await {
                Ok(answer) if is_stream(&answer) => {
                    entry.response(answer.status.as_u16(), &answer.media, None);
                    cursor.has_news = false;
                    let mut nothing = None;
                    tokio::select! {
                        end = self.read_stream(answer.body, &entry, &mut nothing, &mut cursor) => match end {
                            Ok(end) => entry.ends(end.how()),
                            Err(Gone) => return,
                        },
                        // The session this stream belongs to is gone.
                        () = changed(&mut sessions) => cursor = Cursor::default(),
                    }
                    failures = if cursor.has_news { 0 } else { failures + 1 };
                }
                Ok(answer) => {
                    entry.response(answer.status.as_u16(), &answer.media, None);
                    entry.ends(HttpEnd::Complete);
                    if answer.lost_session(&request) && has_session {
                        drop(entry);
                        changed(&mut sessions).await;
                        cursor = Cursor::default();
                        continue;
                    }
                    if !may_come_back(&answer) {
                        return;
                    }
                    failures += 1;
                }
                Err(_) => {
                    entry.ends(HttpEnd::Refused);
                    failures += 1;
                }
            }
            drop(entry);
            tokio::select! {
                () = sleep(pause(cursor.retry, failures)) => {}
                () = changed(&mut sessions) => cursor = Cursor::default(),
            }
        }
    }
}

/// Waits for a new session.
async fn changed(sessions: &mut watch::Receiver<u64>) {
    if sessions.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn is_stream(answer: &Answer) -> bool {
    answer.status.is_success() && answer.media == EVENT_STREAM
}

/// Whether the same request may bring more later.
fn may_come_back(answer: &Answer) -> bool {
    answer.status.is_server_error() && answer.status.as_u16() != 501 || answer.status.as_u16() == 429
}

/// As long as the server says, longer each time that nothing came of it.
fn pause(retry: Option<Duration>, failures: u32) -> Duration {
    let first = retry.unwrap_or(RETRY);
    match failures {
        0 => first,
        _ => first.max(RETRY / 4).saturating_mul(1 << failures.min(8)).min(RETRY_MAX.max(first)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_asked_again_when_it_says_and_later_each_time_it_fails() {
        assert_eq!(pause(Some(Duration::from_millis(20)), 0), Duration::from_millis(20));
        assert_eq!(pause(None, 0), RETRY);
        assert_eq!(pause(None, 2), Duration::from_secs(4));
        assert_eq!(pause(Some(Duration::ZERO), 1), Duration::from_millis(500));
        assert_eq!(pause(None, 60), RETRY_MAX);
        assert_eq!(pause(Some(Duration::from_mins(1)), 3), Duration::from_mins(1));
    }
}
