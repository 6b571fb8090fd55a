//! How many calls the filter lets through: kept up to date with what changed, not counted anew for each drawing.
//!
//! Knows nothing of where the numbers are shown.

use super::panels::{Cx, OpenId};
use super::watch::{NEW_MAX, Watch};

/// The calls that pass the filter, counted.
#[derive(Debug, Default)]
pub struct Matches {
    filter: String,
    recounts: u32,
    sources: Vec<Source>,
}

#[derive(Debug)]
struct Source {
    id: OpenId,
    matching: usize,
    watch: Watch<bool>,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// Calls that pass, among those looked at so far.
    pub matching: usize,
    /// All calls.
    pub all: usize,
}

impl Matches {
    /// Takes in what is new and what has changed.
    pub fn count(&mut self, cx: &Cx<'_>) -> Matched {
        if self.filter != cx.filter_text || self.recounts != cx.recounts() {
            let (filter, recounts) = (cx.filter_text.to_owned(), cx.recounts());
            *self = Self { filter, recounts, sources: Vec::new() };
        }
        self.sources.retain(|source| cx.sessions.iter().any(|opened| opened.id == source.id));
        let by_tokens = cx.filter.asks_for_tokens();
        let mut counted = Matched::default();
        let mut budget = NEW_MAX;
        for opened in cx.sessions {
            let source = match self.sources.iter_mut().position(|source| source.id == opened.id) {
                Some(position) => &mut self.sources[position],
                None => self.sources.push_mut(Source { id: opened.id, matching: 0, watch: Watch::default() }),
            };
            let operations = opened.session.operations();
            let matcher = cx.filter.on(opened.session);
            let matching = &mut source.matching;
            source.watch.look(
                operations,
                by_tokens,
                &mut budget,
                |_, operation| matcher.matches(operation, opened.now),
                |before, now| {
                    *matching += usize::from(now);
                    *matching -= usize::from(before == Some(true));
                },
            );
            if source.watch.seen() < operations.len() {
                cx.go_on();
            }
            counted.matching += source.matching;
            counted.all += operations.len();
        }
        counted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{OperationId, OperationTokens};
    use crate::ui::panels::fixture::{Fixture, Stage, files, git};

    #[test]
    fn what_is_kept_up_to_date_is_what_counting_anew_gives() {
        for filter in ["", "read", "status:pending", "status:error or dur:>2ms", "tok:>3", "server:git"] {
            let mut stage = Stage::new(vec![Fixture::unread(&files()), Fixture::unread(&git())]);
            stage.filter(filter);
            let mut matches = Matches::default();
            let lines = stage.fixtures.iter().map(Fixture::lines).max().unwrap_or(0);
            for line in (0..lines).step_by(7) {
                if line % 70 == 63 {
                    stage.fixtures[0].session.forget_tokens();
                }
                for fixture in &mut stage.fixtures {
                    fixture.grow(line..line + 7);
                    // Every other call is counted, and some time after its answer.
                    let calls = (0_u32..).step_by(2).zip(0..fixture.session.operations().len() / 2);
                    for (call, _) in calls {
                        let tokens = OperationTokens { model: call % 8, ..OperationTokens::default() };
                        fixture.session.set_tokens(OperationId(call), tokens);
                    }
                }
                stage.with(|cx| {
                    let anew = |of: &dyn Fn(&crate::ui::panels::Opened<'_>) -> usize| {
                        cx.sessions.iter().map(of).sum::<usize>()
                    };
                    let counted = matches.count(cx);
                    assert_eq!(counted.all, anew(&|opened| opened.session.operations().len()));
                    let matching = anew(&|opened| cx.filter.count(opened.session, opened.now));
                    assert_eq!(counted.matching, matching, "{filter} at line {line}");
                });
            }
        }
    }
}
