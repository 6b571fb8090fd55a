//! Equal calls that were answered equally: answers that may be kept.

use std::time::Duration;

use super::Draft;
use crate::insight::advise::draft::globs;
use crate::insight::advise::evidence::{Evidence, Repeats};
use crate::insight::advise::words::{counted, time};
use crate::model::CacheUse;
use crate::rules::{Bytes, Cache, Globs, Mode, Scope, Span};

/// What a cache holds unless a rule says otherwise.
const ENTRIES: usize = 1_000;
const BYTES: Bytes = Bytes(64 << 20);

/// Tools that only read, or do not say that they write.
pub(super) fn propose(evidence: &Evidence) -> Vec<Draft> {
    let writers = globs(evidence, |tool| tool.read_only != Some(true));
    let mut drafts = Vec::new();
    for (tool, seen) in evidence.tools() {
        let says = evidence.definitions.get(tool).and_then(|tool| tool.read_only);
        let repeats = &seen.repeats;
        let Some(keep_us) = repeats.keep_us() else { continue };
        let (mode, is_unsafe) = match says {
            // What would hardly ever be hit is not worth what it may get wrong: it is only watched.
            Some(true) if is_seldom_hit(repeats) => (Mode::Observe, false),
            Some(true) => (Mode::On, false),
            // One that does not say and was seen to change is left alone.
            None if repeats.changed + repeats.changed_by_writes == 0 => (Mode::Observe, true),
            None | Some(false) => continue,
        };
        let emptied_by = writers.clone().filter(|_| !is_unsafe);
        let draft = Draft::of_tool(evidence, tool, "keep answers of", mode, |rule| {
            rule.cache = Some(Cache { is_unsafe, ..kept(keep_us, emptied_by) });
        });
        let risk = if is_unsafe {
            "The tool does not say that it only reads. If it does anything else, calls answered from the cache do \
             not do it: switch this on only if you know that it does not."
                .to_owned()
        } else {
            format!(
                "For up to {} the model may read what is no longer so.",
                Span(Duration::from_micros(keep_us))
            )
        };
        drafts.push(draft.saying(format!("Keep the answers of {tool}"), told(repeats, keep_us), risk));
    }
    drafts
}

/// Lists and resources, whose answers the protocol lets be kept.
pub(super) fn propose_lists(evidence: &Evidence) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (method, repeats) in &evidence.methods {
        let Some(keep_us) = repeats.keep_us() else { continue };
        let draft = Draft::of_method(evidence, method, "keep answers of", |rule| {
            rule.mode = if is_seldom_hit(repeats) { Mode::Observe } else { Mode::On };
            rule.cache = Some(kept(keep_us, None));
        });
        let title = format!("Keep the answers of {method}");
        let risk =
            "A server that changes without saying so (list_changed) is believed unchanged for that long.";
        drafts.push(draft.saying(title, told(repeats, keep_us), risk));
    }
    drafts
}

/// Whether fewer requests than a cache is worth would have had their answer from one, even if it forgot nothing.
fn is_seldom_hit(repeats: &Repeats) -> bool {
    (repeats.same as f64) < repeats.answered as f64 * CacheUse::HIT_RATE_LOW
}

fn kept(keep_us: u64, invalidate_on: Option<Globs>) -> Cache {
    Cache {
        ttl: Span(Duration::from_micros(keep_us)),
        entries: ENTRIES,
        bytes: BYTES,
        scope: Scope::Session,
        key: Vec::new(),
        idempotent: false,
        is_unsafe: false,
        invalidate_on,
        warm: Vec::new(),
        store: None,
    }
}

fn told(repeats: &Repeats, keep_us: u64) -> String {
    let before = format!(
        "{} of {} had been made before in the same words, {} had the same answer as then. An answer was seen unchanged \
         for up to {}",
        repeats.repeated,
        counted(repeats.answered, "answered request"),
        repeats.same,
        time(repeats.same_us_max),
    );
    let changes = repeats.changed_us_min.map(|least| {
        format!("{} changed though nothing was written, the first after {}", repeats.changed, time(least))
    });
    let writes = (repeats.changed_by_writes > 0).then(|| {
        format!("{} changed after calls that write, which empty the cache", repeats.changed_by_writes)
    });
    let seldom = if is_seldom_hit(repeats) {
        format!(
            ", and the rule only observes: a cache that answers less than {:.0} % of the requests is hardly worth what \
             it may get wrong",
            CacheUse::HIT_RATE_LOW * 100.0
        )
    } else {
        String::new()
    };
    let kept = format!("so it is kept for {}{seldom}.", Span(Duration::from_micros(keep_us)));
    [Some(before), changes, writes, Some(kept)].into_iter().flatten().collect::<Vec<_>>().join("; ")
}
