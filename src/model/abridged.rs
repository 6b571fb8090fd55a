//! A session without its calls: what can be copied while somebody waits, and looked at as long as one likes.
//!
//! Knows nothing of who looks at it.

use super::Session;

impl Session {
    /// A copy without operations, exchanges, clients and logs: the statistics, the names and what the server offers, for what
    /// takes longer than others can wait. Its size does not grow with the number of calls.
    #[must_use]
    pub fn abridged(&self) -> Self {
        Self {
            symbols: self.symbols.clone(),
            rows: self.rows.clone(),
            handshake: self.handshake.clone(),
            definitions: self.definitions.clone(),
            rules: self.rules.abridged(),
            notifications: self.notifications.clone(),
            own_ns: self.own_ns.clone(),
            own_all_ns: self.own_all_ns.clone(),
            own_round_trip_ns: self.own_round_trip_ns.clone(),
            samples: self.samples,
            last_event: self.last_event,
            started: self.started,
            pid: self.pid,
            first_answer: self.first_answer,
            closed: self.closed,
            stopped: self.stopped.clone(),
            end: self.end.clone(),
            bytes: self.bytes,
            frames: self.frames,
            noise: self.noise,
            orphans: self.orphans,
            duplicates: self.duplicates,
            same_ids: self.same_ids,
            dropped_messages: self.dropped_messages,
            dropped_bytes: self.dropped_bytes,
            recounts: self.recounts,
            following: self.following.abridged(),
            ..Self::new(self.header.clone())
        }
    }
}
