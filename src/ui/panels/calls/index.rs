//! Which calls are listed, and in which order: filtered and sorted, kept up to date with what changed.
//!
//! An entry is 16 bytes; a million calls cost 16 MB and scroll for nothing, because only what is new or still open is
//! looked at for a drawing. Does not know how a call looks.

use super::columns::Field;
use crate::model::{Filter, Matcher, Operation, OperationId};
use crate::ui::panels::{Cx, OpenId, Opened};
use crate::ui::watch::{NEW_MAX, Watch};
use crate::ui::widgets::table::Order;

/// A call of an opened session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CallId {
    /// The session.
    pub(super) session: OpenId,
    /// The call.
    pub(super) operation: OperationId,
}

/// A listed call. Sorted by its key; equal ones by age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    key: u64,
    source: u16,
    operation: u32,
}

/// How far a session has been listed.
#[derive(Debug)]
struct Source {
    id: OpenId,
    rows_ranked: usize,
    /// Its calls, each with its entry if it is listed.
    watch: Watch<Option<Entry>>,
}

/// What the list depends on; when it changes, the list is made anew.
#[derive(Clone, Debug, PartialEq)]
struct Basis {
    sort: Field,
    filter: String,
    wire: bool,
    recounts: u32,
}

impl Basis {
    fn asks_for_tokens(&self, filter: &Filter) -> bool {
        matches!(self.sort, Field::ModelTokens | Field::WireTokens) || filter.asks_for_tokens()
    }
}

/// The listed calls in their order.
#[derive(Debug, Default)]
pub(super) struct Index {
    entries: Vec<Entry>,
    sources: Vec<Source>,
    basis: Option<Basis>,
    is_complete: bool,
    ranks: Vec<Vec<u32>>,
}

impl Index {
    /// How many calls are listed.
    #[must_use]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is.
    #[must_use]
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether every call there is has been looked at.
    #[must_use]
    pub(super) fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// The call on a row.
    #[must_use]
    pub(super) fn call(&self, row: usize, order: Order) -> Option<CallId> {
        let at = self.turned(row, order)?;
        let entry = self.entries.get(at)?;
        let session = self.sources.get(usize::from(entry.source))?.id;
        Some(CallId { session, operation: OperationId(entry.operation) })
    }

    /// The row of a call, if it is listed.
    #[must_use]
    pub(super) fn row_of(&self, call: CallId, order: Order, cx: &Cx<'_>) -> Option<usize> {
        let source = self.sources.iter().position(|source| source.id == call.session)?;
        let entry = self.sources[source].watch.open(call.operation.0).unwrap_or_else(|| {
            let opened = cx.sessions.get(source)?;
            let operation = opened.session.operation(call.operation)?;
            let lens = Lens { basis: self.basis.as_ref()?, ranks: &self.ranks, source, opened, cx };
            lens.entry(call.operation.0, operation, &cx.filter.on(opened.session))
        })?;
        let at = self.entries.binary_search(&entry).ok()?;
        self.turned(at, order)
    }

    fn turned(&self, at: usize, order: Order) -> Option<usize> {
        match order {
            Order::Ascending => (at < self.entries.len()).then_some(at),
            Order::Descending => self.entries.len().checked_sub(at + 1),
        }
    }

    /// Takes in what is new and what has changed since the last drawing.
    pub(super) fn refresh(&mut self, sort: Field, filter: &str, cx: &Cx<'_>) {
        let basis = Basis { sort, filter: filter.to_owned(), wire: cx.wire, recounts: cx.recounts() };
        let known = self.sources.iter().map(|source| source.id);
        let is_same = known.eq(cx.sessions.iter().take(self.sources.len()).map(|opened| opened.id));
        if self.basis.as_ref() != Some(&basis) || !is_same || self.ranks_are_old(cx) {
            *self = Self { basis: Some(basis), ..Self::default() };
        }
        for opened in cx.sessions.iter().skip(self.sources.len()).take(usize::from(u16::MAX)) {
            self.sources.push(Source { id: opened.id, rows_ranked: 0, watch: Watch::default() });
        }
        self.rank(cx);
        let Self { entries, sources, basis: Some(basis), is_complete, ranks } = self else { return };
        let (mut gone, mut come) = (Vec::new(), Vec::new());
        let mut budget = NEW_MAX;
        *is_complete = true;
        for ((at, source), opened) in sources.iter_mut().enumerate().zip(cx.sessions) {
            let lens = Lens { basis, ranks, source: at, opened, cx };
            let matcher = cx.filter.on(opened.session);
            let operations = opened.session.operations();
            source.watch.look(
                operations,
                basis.asks_for_tokens(cx.filter),
                &mut budget,
                |id, operation| lens.entry(id, operation, &matcher),
                |before, now| {
                    gone.extend(before.flatten());
                    come.extend(now);
                },
            );
            *is_complete &= source.watch.seen() == operations.len();
        }
        if !*is_complete {
            cx.go_on();
        }
        remove(entries, gone);
        insert(entries, come);
    }

    /// Names are sorted by the place of their row among all rows' names.
    fn rank(&mut self, cx: &Cx<'_>) {
        let by_name = self.basis.as_ref().is_some_and(|basis| basis.sort == Field::Name);
        if !by_name || !self.ranks.is_empty() {
            return;
        }
        let mut names: Vec<(String, usize, usize)> = Vec::new();
        for (source, opened) in cx.sessions.iter().enumerate() {
            let rows = opened.session.rows().iter().enumerate();
            names.extend(rows.map(|(row, statistics)| {
                let key = statistics.key;
                let name = if key.target.is_none() { key.method } else { key.target };
                (opened.session.name(name).to_owned(), source, row)
            }));
        }
        names.sort();
        self.ranks = cx.sessions.iter().map(|opened| vec![0; opened.session.rows().len()]).collect();
        for (rank, (_, source, row)) in (0..).zip(names) {
            self.ranks[source][row] = rank;
        }
        for (source, opened) in self.sources.iter_mut().zip(cx.sessions) {
            source.rows_ranked = opened.session.rows().len();
        }
    }

    fn ranks_are_old(&self, cx: &Cx<'_>) -> bool {
        let by_name = self.basis.as_ref().is_some_and(|basis| basis.sort == Field::Name);
        let is_old =
            |(source, opened): (&Source, &Opened<'_>)| source.rows_ranked != opened.session.rows().len();
        by_name
            && (self.sources.len() != cx.sessions.len() || self.sources.iter().zip(cx.sessions).any(is_old))
    }
}

/// What the entry of a call depends on besides the call.
struct Lens<'a, 'b> {
    basis: &'b Basis,
    ranks: &'b [Vec<u32>],
    source: usize,
    opened: &'b Opened<'a>,
    cx: &'b Cx<'a>,
}

impl Lens<'_, '_> {
    /// The entry of a call; `None` if the filter leaves it out.
    fn entry(&self, id: u32, operation: &Operation, matcher: &Matcher<'_>) -> Option<Entry> {
        if !matcher.matches(operation, self.opened.now) {
            return None;
        }
        let rank = || self.ranks.get(self.source)?.get(operation.row as usize).copied();
        let key = self.basis.sort.key(self.opened, operation, self.source, rank, self.cx);
        Some(Entry { key, source: u16::try_from(self.source).ok()?, operation: id })
    }
}

fn remove(entries: &mut Vec<Entry>, mut gone: Vec<Entry>) {
    if gone.is_empty() {
        return;
    }
    gone.sort_unstable();
    let mut next = gone.into_iter().peekable();
    entries.retain(|entry| {
        while next.next_if(|gone| gone < entry).is_some() {}
        next.peek() != Some(entry)
    });
}

fn insert(entries: &mut Vec<Entry>, mut come: Vec<Entry>) {
    come.sort_unstable();
    let Some(first) = come.first() else { return };
    // In the order of time new calls come last, and nothing is moved.
    let tail = entries.split_off(entries.partition_point(|entry| entry < first));
    let mut tail = tail.into_iter().peekable();
    for entry in come {
        while let Some(before) = tail.next_if(|before| *before < entry) {
            entries.push(before);
        }
        entries.push(entry);
    }
    entries.extend(tail);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entries(keys: &[u64]) -> Vec<Entry> {
        let mut entries: Vec<_> =
            keys.iter().zip(0..).map(|(key, operation)| Entry { key: *key, source: 0, operation }).collect();
        entries.sort_unstable();
        entries
    }

    proptest! {
        #[test]
        fn entries_stay_sorted_and_none_is_lost(
            before in proptest::collection::vec(0u64..50, 0..40),
            come in proptest::collection::vec(0u64..50, 0..40),
            keep in proptest::collection::vec(any::<bool>(), 80),
        ) {
            let mut list = entries(&before);
            let new: Vec<_> = entries(&come).into_iter().map(|entry| Entry { source: 1, ..entry }).collect();
            insert(&mut list, new.clone());
            let mut all = [entries(&before), new].concat();
            all.sort_unstable();
            prop_assert_eq!(&list, &all);
            let (stay, gone): (Vec<_>, Vec<_>) = all.into_iter().zip(keep).partition(|(_, keep)| *keep);
            remove(&mut list, gone.into_iter().map(|(entry, _)| entry).rev().collect());
            prop_assert_eq!(list, stay.into_iter().map(|(entry, _)| entry).collect::<Vec<_>>());
        }
    }
}
