//! `empty`: takes empty values out of results.

use serde::{Deserialize, Serialize};

use crate::rules::answer::{Id, Leave, Parts, Reshape, Reshaped, Room, Subject, Tree};
use crate::tokens::ValueKind;

/// What happens to `null`, `""`, `[]` and `{}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Empty {
    /// Members that have such a value go, and what is empty then as well. Items of arrays stay: others would move.
    Drop,
}

/// Takes empty members out of results.
pub(in crate::rules) struct Emptier {
    leave: Leave,
}

impl Emptier {
    pub(in crate::rules) fn new(leave: Leave) -> Self {
        Self { leave }
    }
}

/// Which values under `root` are empty members, or are when those in them are gone.
fn empty_members(tree: &Tree<'_>, root: Id) -> Vec<bool> {
    let mut gone = vec![false; tree.len()];
    // From the inside out, so that what is in a container is known before the container.
    for id in tree.subtree(root).rev().filter(|&id| id != root) {
        let is_member = tree.kind(tree.parent(id)) == ValueKind::Object;
        gone[id as usize] = is_member && is_empty(tree, id, &gone);
    }
    gone
}

fn is_empty(tree: &Tree<'_>, id: Id, gone: &[bool]) -> bool {
    match tree.kind(id) {
        ValueKind::Null => true,
        ValueKind::String => tree.value(id) == "\"\"",
        ValueKind::Object | ValueKind::Array => tree.children(id).all(|child| gone[child as usize]),
        ValueKind::Number | ValueKind::Bool => false,
    }
}

impl Reshape for Emptier {
    fn reshape(&mut self, result: &str, subject: &Subject<'_>, room: &mut Room) -> Reshaped {
        let parts = match Parts::of(result, subject.method) {
            Ok(parts) => parts,
            Err(why) => return Reshaped::passed(why),
        };
        let refused = parts.structured.and_then(|_| self.leave.to_trim(subject).err());
        let result = parts.rewrite(refused.is_none(), room, |tree, root, edit| {
            let gone = empty_members(tree, root);
            let is_changed = gone.contains(&true);
            if is_changed {
                tree.cut(edit, root, &gone);
            }
            is_changed
        });
        Reshaped { result, why: refused.map(str::to_owned), spill: None }
    }
}
