//! `trim`: takes fields out of results.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::rules::Path;
use crate::rules::answer::{Id, Leave, Parts, Reshape, Reshaped, Room, Subject, Tree};

/// Which parts of a result stay. Paths are from the root of `structuredContent`, or of a text block that is JSON.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Trim {
    /// Only these stay, with what they stand in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<Path>,
    /// These go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<Path>,
}

/// Takes fields out of results.
pub(in crate::rules) struct Trimmer {
    trim: Trim,
    leave: Leave,
}

impl Trimmer {
    pub(in crate::rules) fn new(trim: Trim, leave: Leave) -> Self {
        Self { trim, leave }
    }

    /// Marks what goes from the document under `root`; `false` if nothing does. `matched` counts matches by path.
    fn mark(&self, tree: &Tree<'_>, root: Id, matched: &mut Matched, gone: &mut [bool]) -> bool {
        // What serde refuses - a number beyond all floats, a hundred levels and more - passes as it is.
        let Ok(value) = serde_json::from_str::<Value>(tree.value(root)) else {
            matched.is_unread = true;
            return false;
        };
        let keep = find(&self.trim.keep, &value, &mut matched.keep);
        let drop = find(&self.trim.drop, &value, &mut matched.drop);
        let is_keeping = !keep.is_empty();
        matched.has_nothing_kept |= !is_keeping && !self.trim.keep.is_empty();
        if !is_keeping && drop.is_empty() {
            return false;
        }
        let found = tree.locate(root, &value, &[&keep, &drop]);
        let at = |id: Id| (id - root) as usize;
        for id in tree.subtree(root) {
            gone[id as usize] = found[1][at(id)];
        }
        if is_keeping {
            let stays = staying(tree, root, &found[0]);
            for id in tree.subtree(root) {
                gone[id as usize] |= !stays[at(id)];
            }
        }
        gone[root as usize] = false;
        tree.subtree(root).any(|id| gone[id as usize])
    }
}

/// What is kept with all that is in it, and what that lies in.
fn staying(tree: &Tree<'_>, root: Id, kept: &[bool]) -> Vec<bool> {
    let at = |id: Id| (id - root) as usize;
    let mut stays = kept.to_vec();
    for id in tree.subtree(root).skip(1) {
        stays[at(id)] |= stays[at(tree.parent(id))];
    }
    for id in tree.subtree(root).skip(1).rev() {
        if stays[at(id)] {
            stays[at(tree.parent(id))] = true;
        }
    }
    stays
}

/// The values that paths match, each by where it lies in memory, sorted.
fn find(paths: &[Path], value: &Value, counts: &mut [usize]) -> Vec<usize> {
    let mut found = Vec::new();
    for (path, count) in paths.iter().zip(counts) {
        let nodes = path.query().query(value);
        *count += nodes.len();
        found.extend(nodes.iter().map(|node| std::ptr::from_ref::<Value>(node).addr()));
    }
    found.sort_unstable();
    found
}

/// How often each path matched something in a result.
struct Matched {
    keep: Vec<usize>,
    drop: Vec<usize>,
    has_nothing_kept: bool,
    is_unread: bool,
    documents: usize,
}

/// Paths that are named in a reason.
const NAMED_MAX: usize = 4;

impl Matched {
    fn of(trim: &Trim) -> Self {
        let (keep, drop) = (vec![0; trim.keep.len()], vec![0; trim.drop.len()]);
        Self { keep, drop, has_nothing_kept: false, is_unread: false, documents: 0 }
    }

    /// What people should know of it.
    fn why(&self, trim: &Trim, refused: Option<&str>) -> Option<String> {
        let mut why: Vec<String> = refused.map(str::to_owned).into_iter().collect();
        if self.documents == 0 && refused.is_none() {
            why.push("nothing in the result is JSON".to_owned());
        }
        if self.is_unread {
            why.push("a part that cannot be read is left as it is".to_owned());
        }
        if self.has_nothing_kept {
            why.push("a part in which nothing is to be kept is left as it is".to_owned());
        }
        let paths = trim.keep.iter().zip(&self.keep).chain(trim.drop.iter().zip(&self.drop));
        let idle: Vec<_> = paths.filter(|(_, count)| **count == 0).map(|(path, _)| path.as_str()).collect();
        if self.documents > 0 && !idle.is_empty() {
            let more = idle.len().saturating_sub(NAMED_MAX);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let named = idle[..idle.len().min(NAMED_MAX)].join(", ");
            why.push(format!("{named}{more} matched nothing"));
        }
        (!why.is_empty()).then(|| why.join("; "))
    }
}

impl Reshape for Trimmer {
    fn reshape(&mut self, result: &str, subject: &Subject<'_>, room: &mut Room) -> Reshaped {
        let parts = match Parts::of(result, subject.method) {
            Ok(parts) => parts,
            Err(why) => return Reshaped::passed(why),
        };
        let refused = parts.structured.and_then(|_| self.leave.to_trim(subject).err());
        let mut matched = Matched::of(&self.trim);
        let result = parts.rewrite(refused.is_none(), room, |tree, root, edit| {
            matched.documents += 1;
            let mut gone = vec![false; tree.len()];
            let is_changed = self.mark(tree, root, &mut matched, &mut gone);
            if is_changed {
                tree.cut(edit, root, &gone);
            }
            is_changed
        });
        Reshaped { result, why: matched.why(&self.trim, refused), spill: None }
    }
}
