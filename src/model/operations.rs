//! The operations of a session by their ids: all of them, or those that have not been let go of.
//!
//! Knows nothing of which may be let go of.

use std::ops::{Index, IndexMut};

use super::{Operation, OperationId};

/// Operations in the order in which they were asked. Ids are never given twice.
#[derive(Debug, Default)]
pub(super) struct Operations {
    /// All since something was let go of: all there are, where nothing ever was. Then an id is a position in it.
    young: Vec<Operation>,
    /// The id of the first of them.
    begins: u32,
    /// Older ones that had to stay when those around them went, by their ids.
    old: Vec<(OperationId, Operation)>,
}

impl Operations {
    /// Takes a new one.
    pub(super) fn push(&mut self, operation: Operation) -> OperationId {
        let id = self.young.len() + self.begins as usize;
        self.young.push(operation);
        OperationId(u32::try_from(id).expect("4 billion requests outlast any recording"))
    }

    /// All since something was let go of.
    pub(super) fn young(&self) -> &[Operation] {
        &self.young
    }

    /// How many had to stay when something was last let go of.
    pub(super) fn old_count(&self) -> usize {
        self.old.len()
    }

    pub(super) fn get(&self, id: OperationId) -> Option<&Operation> {
        match id.0.checked_sub(self.begins) {
            Some(position) => self.young.get(position as usize),
            None => self.old_position(id).map(|position| &self.old[position].1),
        }
    }

    pub(super) fn get_mut(&mut self, id: OperationId) -> Option<&mut Operation> {
        match id.0.checked_sub(self.begins) {
            Some(position) => self.young.get_mut(position as usize),
            None => self.old_position(id).map(|position| &mut self.old[position].1),
        }
    }

    fn old_position(&self, id: OperationId) -> Option<usize> {
        self.old.binary_search_by_key(&id, |(old, _)| *old).ok()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Operation> {
        self.old.iter_mut().map(|(_, operation)| operation).chain(&mut self.young)
    }

    /// The ids of all there are, ascending.
    pub(super) fn ids(&self) -> impl Iterator<Item = OperationId> {
        let young = (self.begins..).zip(&self.young).map(|(id, _)| OperationId(id));
        self.old.iter().map(|(id, _)| *id).chain(young)
    }

    /// Lets go of all but these.
    pub(super) fn keep(&mut self, is_kept: impl Fn(OperationId) -> bool) {
        self.old.retain(|(id, _)| is_kept(*id));
        for operation in self.young.drain(..) {
            let id = OperationId(self.begins);
            self.begins += 1;
            if is_kept(id) {
                self.old.push((id, operation));
            }
        }
        // After a flood of open requests.
        self.old.shrink_to(2 * self.old.len());
    }
}

impl Index<OperationId> for Operations {
    type Output = Operation;

    fn index(&self, id: OperationId) -> &Operation {
        self.get(id).expect("what is remembered of an operation keeps it")
    }
}

impl IndexMut<OperationId> for Operations {
    fn index_mut(&mut self, id: OperationId) -> &mut Operation {
        self.get_mut(id).expect("what is remembered of an operation keeps it")
    }
}
