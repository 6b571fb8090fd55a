//! What a notification means: progress, a cancellation, a change of lists; or nothing but its count.
//!
//! Knows nothing of answers.

use super::pairing::{Asked, Key, Past};
use super::{Passing, TEXT_MAX, other};
use crate::model::read::{members, number, text};
use crate::model::{Half, NotificationCount, OperationId, ProgressEvent, Session, Symbol};
use crate::trace::Micros;
use crate::wire::Peer;

/// How many kinds of notifications are kept apart; further ones share one count per side.
const KINDS_MAX: usize = 256;

impl Session {
    /// Takes a notification.
    pub(super) fn on_notification(&mut self, method: &str, params: Option<&str>, passing: Passing) {
        self.count_notification(method, passing);
        let params = params.unwrap_or_default();
        match method {
            "notifications/progress" => self.on_progress(params, passing),
            "notifications/cancelled" => self.on_cancelled(params, passing),
            "notifications/tasks/status" | "notifications/tasks" => self.on_task_status(params, passing),
            "notifications/tools/list_changed" if passing.from == Peer::Server => {
                self.definitions.tools_stale_since = Some(passing.half.at);
                self.definitions.list_changes += 1;
            }
            "notifications/prompts/list_changed" | "notifications/resources/list_changed" => {
                self.definitions.list_changes += 1;
            }
            _ => {}
        }
        if self.following.listening && passing.from == Peer::Server {
            self.tie_to_listen(params, passing);
        }
    }

    fn count_notification(&mut self, method: &str, passing: Passing) {
        let mut symbol = self.symbols.intern(method);
        let full = self.notifications.len() >= KINDS_MAX;
        let find = |all: &[NotificationCount], symbol: Symbol| {
            all.iter().position(|one| one.method == symbol && one.from == passing.from)
        };
        let mut found = find(&self.notifications, symbol);
        if found.is_none() && full {
            symbol = Symbol::OTHER;
            found = find(&self.notifications, symbol);
        }
        let position = found.unwrap_or_else(|| {
            let fresh =
                NotificationCount { from: passing.from, method: symbol, count: 0, bytes: 0, last: Micros(0) };
            self.notifications.push(fresh);
            self.notifications.len() - 1
        });
        let one = &mut self.notifications[position];
        one.count += 1;
        one.bytes += u64::from(passing.half.bytes);
        one.last = passing.half.at;
    }

    fn on_progress(&mut self, params: &str, passing: Passing) {
        let [token, progress, total, message] =
            members(params, ["progressToken", "progress", "total", "message"]);
        let Some(token) = token else { return };
        let asker = other(passing.from);
        let key = self.key_known(asker, token, passing, |key| self.following.progress.contains_key(key));
        let Some(id) = self.following.progress.get(&key).copied() else { return };
        let seen = self.operations[id].extra_mut().progress.get_or_insert_default();
        let Half { at, place, index, .. } = passing.half;
        let (progress, total) = (number(progress), number(total));
        seen.take(ProgressEvent { at, place, index, progress, total, message: text(message, TEXT_MAX) });
    }

    /// Forgets a progress token, unless another operation uses it by now.
    pub(super) fn forget_progress(&mut self, id: OperationId, key: &Key) {
        if self.following.progress.get(key) == Some(&id) {
            self.following.progress.remove(key);
        }
    }

    fn on_cancelled(&mut self, params: &str, passing: Passing) {
        let [id] = members(params, ["requestId"]);
        let Some(id) = id else { return };
        let is_open = |key: &Key| self.following.pairing.peek(key).is_some();
        let own = self.key_known(passing.from, id, passing, is_open);
        if self.following.pairing.peek(&own).is_some() {
            return self.cancel_request(own, passing);
        }
        // A server may end a listen stream by cancelling the client's request.
        let is_open = |key: &Key| self.following.pairing.peek(key).is_some();
        let theirs = self.key_known(other(passing.from), id, passing, is_open);
        if self.following.pairing.peek(&theirs).is_some_and(|open| open.asked == Asked::Listen) {
            self.cancel_request(theirs, passing);
        }
    }

    fn cancel_request(&mut self, key: Key, passing: Passing) {
        let Some(open) = self.following.pairing.take(&key) else { return };
        if let Some(progress) = open.progress {
            self.forget_progress(open.operation, &progress);
        }
        match open.asked {
            // The question was taken back, not the task.
            Asked::TaskStatus | Asked::TaskResult | Asked::TaskUpdate => {
                self.following
                    .pairing
                    .remember(key, Past::Answered { operation: open.operation, slot: open.slot });
            }
            Asked::Plain
            | Asked::Task
            | Asked::Initialize
            | Asked::Discover
            | Asked::List { .. }
            | Asked::Listen => {
                self.cancel(open.operation, passing.half.forwarded());
                self.following
                    .pairing
                    .remember(key, Past::Cancelled { operation: open.operation, slot: open.slot });
            }
        }
    }

    /// Everything that comes through a modern listen stream names its request.
    fn tie_to_listen(&mut self, params: &str, passing: Passing) {
        let [meta] = members(params, ["_meta"]);
        let Some([Some(id)]) = meta.map(|meta| members(meta, ["io.modelcontextprotocol/subscriptionId"]))
        else {
            return;
        };
        let is_open = |key: &Key| self.following.pairing.peek(key).is_some();
        let key = self.key_known(Peer::Client, id, passing, is_open);
        if let Some(open) = self.following.pairing.peek(&key)
            && open.asked == Asked::Listen
        {
            let extra = self.operations[open.operation].extra_mut();
            extra.notified = extra.notified.saturating_add(1);
        }
    }
}
