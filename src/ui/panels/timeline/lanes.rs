//! Gives each call a lane so that each tool has its own and calls at the same time stand below one another.
//!
//! A call takes the first lane of its tool in which nothing runs when it is asked, and keeps it. Looks at each call once.
//! Does not know which stretch of time is on screen.

use crate::model::{Operation, OperationId, Session, State};
use crate::trace::Micros;

/// Lanes of one tool; calls beyond them share the last one.
const LANES_MAX: usize = 12;
/// A call that took longer is looked for apart from the others.
const LONG_US: u64 = 5_000_000;

/// The lanes of one session's calls.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    /// Of which reading of the recording.
    recounts: u32,
    /// The lane of each call among those of its tool.
    of: Vec<u8>,
    /// The last call of each lane of each tool or method, in the order of the session's rows.
    busy: Vec<Vec<u32>>,
    /// Calls that run for long or have no end yet, so that they are found though they began long ago.
    long: Vec<u32>,
    /// Calls looked at that had not ended then.
    open: Vec<u32>,
}

impl Lanes {
    /// How many lanes there are.
    pub(super) fn len(&self) -> usize {
        self.busy.iter().map(Vec::len).sum()
    }

    /// The most calls at a time that the lanes of one tool hold.
    pub(super) fn most(&self) -> usize {
        self.busy.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// The first lane of each of the session's rows, in their order.
    pub(super) fn first_of_rows(&self) -> Vec<usize> {
        let mut first = 0;
        let mut place = |lanes: &Vec<u32>| {
            let here = first;
            first += lanes.len();
            here
        };
        self.busy.iter().map(&mut place).collect()
    }

    /// The lane of a call among those of its tool.
    pub(super) fn of(&self, call: OperationId) -> usize {
        self.of.get(call.index()).map_or(0, |lane| usize::from(*lane))
    }

    /// Takes in the calls that are new.
    pub(super) fn refresh(&mut self, session: &Session) {
        if self.recounts != session.recounts() {
            *self = Self { recounts: session.recounts(), ..Self::default() };
        }
        let operations = session.operations();
        let long = &mut self.long;
        self.open.retain(|call| {
            let is_open = operations.get(*call as usize).is_some_and(|operation| operation.ended().is_none());
            if !is_open
                && operations.get(*call as usize).is_some_and(|operation| length_us(operation) > LONG_US)
            {
                long.push(*call);
            }
            is_open
        });
        for index in self.of.len()..operations.len() {
            let Ok(call) = u32::try_from(index) else { return };
            let operation = &operations[index];
            let row = operation.row as usize;
            if row >= self.busy.len() {
                self.busy.resize(row + 1, Vec::new());
            }
            let lane = free_lane(&mut self.busy[row], operations, operation.started());
            self.busy[row][lane] = call;
            self.of.push(u8::try_from(lane).unwrap_or(u8::MAX));
            if operation.ended().is_none() {
                self.open.push(call);
            } else if length_us(operation) > LONG_US {
                self.long.push(call);
            }
        }
    }

    /// The calls that may run at some time between two moments, in no order, each once.
    pub(super) fn between<'a>(
        &'a self,
        session: &'a Session,
        from_us: u64,
        to_us: u64,
    ) -> impl Iterator<Item = OperationId> + 'a {
        let operations = session.operations();
        let begin = operations.partition_point(|operation| operation.started().0 + LONG_US < from_us);
        let end = operations.partition_point(|operation| operation.started().0 <= to_us);
        let earlier =
            self.long.iter().chain(&self.open).copied().filter(move |call| (*call as usize) < begin);
        let within = (begin..end).filter_map(|index| u32::try_from(index).ok());
        earlier.chain(within).map(OperationId)
    }
}

fn free_lane(busy: &mut Vec<u32>, operations: &[Operation], at: Micros) -> usize {
    let is_free = |call: &u32| operations.get(*call as usize).is_none_or(|operation| is_over(operation, at));
    if let Some(lane) = busy.iter().position(is_free) {
        return lane;
    }
    if busy.len() < LANES_MAX {
        busy.push(0);
    }
    busy.len() - 1
}

/// Whether a call needs its lane no more. One that nobody can say the end of does not hold it for ever.
fn is_over(operation: &Operation, at: Micros) -> bool {
    match operation.state {
        State::Pending => false,
        State::Done(_) | State::Cancelled { .. } => operation.ended().is_none_or(|ended| ended <= at),
        State::Abandoned | State::Unknown => true,
    }
}

fn length_us(operation: &Operation) -> u64 {
    operation.ended().map_or(u64::MAX, |ended| (ended - operation.started()).0)
}
