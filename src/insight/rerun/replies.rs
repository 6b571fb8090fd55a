//! What the client had answered to requests of the server: sampling, elicitation, roots.
//!
//! Knows nothing of frames; it finds where an answer stands.

use std::collections::HashMap;

use crate::insight::replay::{CueKind, Script, Spot};

/// A recorded reply.
#[derive(Clone, Copy, Debug)]
struct Reply {
    spot: Spot,
    took_us: u64,
}

/// The recorded replies by the method they answer, in order.
#[derive(Debug, Default)]
pub(super) struct Replies(HashMap<Box<str>, (Vec<Reply>, usize)>);

impl Replies {
    pub(super) fn of(script: &Script) -> Self {
        let mut replies = Self::default();
        for cue in script.scenes.iter().flat_map(|scene| &scene.cues) {
            if let CueKind::Ask { method, reply: Some(spot), took_us } = &cue.kind {
                let reply = Reply { spot: *spot, took_us: *took_us };
                replies.0.entry(method.clone()).or_default().0.push(reply);
            }
        }
        replies
    }

    /// The next reply to a request of this method, or the last again: where it stands and how long it took.
    pub(super) fn next(&mut self, method: &str) -> Option<(Spot, u64)> {
        let (replies, next) = self.0.get_mut(method)?;
        let reply = replies.get(*next).or(replies.last())?;
        *next += 1;
        Some((reply.spot, reply.took_us))
    }
}
