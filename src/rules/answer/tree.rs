//! Where each value of a JSON text lies, so that some can be taken out and every other byte stays as it was written.
//!
//! One pass, without recursion, so that no depth is a danger. Knows neither paths nor what the values mean.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::Value;

use crate::tokens::{Opening, Sink, ValueKind, scan};
use crate::wire::{Edit, string_value};

/// A value of a tree: its number in document order.
pub(in crate::rules) type Id = u32;

/// Where a value lies, in bytes of the text.
#[derive(Clone, Copy, Debug)]
struct Node {
    kind: ValueKind,
    parent: Id,
    /// The first value behind it that is not in it.
    end: Id,
    /// The literal of its name with the quotes; empty for items and the root.
    name: (u32, u32),
    value: (u32, u32),
    /// With the blanks in front, the name, and the comma behind.
    owned: (u32, u32),
}

/// The values of one JSON text in document order, containers before what is in them.
#[derive(Clone, Debug)]
pub(in crate::rules) struct Tree<'a> {
    text: &'a str,
    nodes: Vec<Node>,
    depth: usize,
}

impl<'a> Tree<'a> {
    /// Of a text; `None` if it is not one JSON value, or longer than 4 GiB.
    pub(in crate::rules) fn of(text: &'a str) -> Option<Self> {
        u32::try_from(text.len()).ok()?;
        let mut builder = Builder { nodes: Vec::with_capacity(text.len() / 16), open: Vec::new(), depth: 0 };
        scan(text, &mut builder).ok()?;
        Some(Self { text, nodes: builder.nodes, depth: builder.depth })
    }

    /// The value that is the whole text.
    pub(in crate::rules) const ROOT: Id = 0;

    fn node(&self, id: Id) -> &Node {
        &self.nodes[id as usize]
    }

    /// How many values there are.
    pub(in crate::rules) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// How many containers lie around the innermost value.
    pub(in crate::rules) fn depth(&self) -> usize {
        self.depth
    }

    /// What a value is.
    pub(in crate::rules) fn kind(&self, id: Id) -> ValueKind {
        self.node(id).kind
    }

    /// Whether other values can lie in a value.
    pub(in crate::rules) fn is_container(&self, id: Id) -> bool {
        matches!(self.kind(id), ValueKind::Object | ValueKind::Array)
    }

    /// What a value lies in. The root lies in itself.
    pub(in crate::rules) fn parent(&self, id: Id) -> Id {
        self.node(id).parent
    }

    /// A value and all that lies in it.
    pub(in crate::rules) fn subtree(&self, id: Id) -> Range<Id> {
        id..self.node(id).end
    }

    /// A value as it was written.
    pub(in crate::rules) fn value(&self, id: Id) -> &'a str {
        self.slice(self.node(id).value)
    }

    /// A member from its name to the end of its value.
    pub(in crate::rules) fn member_text(&self, id: Id) -> &'a str {
        let node = self.node(id);
        self.slice((node.name.0, node.value.1))
    }

    /// The name of a member, unescaped; empty for items and the root.
    pub(in crate::rules) fn name(&self, id: Id) -> Cow<'a, str> {
        string_value(self.slice(self.node(id).name)).unwrap_or_default()
    }

    /// What the text of a string value says; `None` for other values.
    pub(in crate::rules) fn text(&self, id: Id) -> Option<Cow<'a, str>> {
        if self.kind(id) == ValueKind::String { string_value(self.value(id)) } else { None }
    }

    /// The members of an object or the items of an array.
    pub(in crate::rules) fn children(&self, id: Id) -> impl Iterator<Item = Id> + '_ {
        let end = self.node(id).end;
        let first = (id + 1 < end).then_some(id + 1);
        std::iter::successors(first, move |&child| {
            let next = self.node(child).end;
            (next < end).then_some(next)
        })
    }

    /// A member of an object; of several with the name the last one, as readers do.
    pub(in crate::rules) fn member(&self, id: Id, name: &str) -> Option<Id> {
        if self.kind(id) != ValueKind::Object {
            return None;
        }
        self.children(id).filter(|&child| self.name(child) == name).last()
    }

    /// All members of an object that have a name: JSON does not forbid several.
    pub(in crate::rules) fn members<'t>(
        &'t self,
        id: Id,
        name: &'t str,
    ) -> impl Iterator<Item = Id> + use<'t, 'a> {
        let is_object = self.kind(id) == ValueKind::Object;
        self.children(id).filter(move |&child| is_object && self.name(child) == name)
    }

    /// Which values under `from` are among those of each list, by the place in `value` - the same text, read - where they
    /// lie in memory; lists are sorted. Of members that share a name each is what its name is in `value`: the last.
    pub(in crate::rules) fn locate(&self, from: Id, value: &Value, lists: &[&[usize]; 2]) -> [Vec<bool>; 2] {
        let size = (self.node(from).end - from) as usize;
        let mut found = [vec![false; size], vec![false; size]];
        let mut values: Vec<Option<&Value>> = Vec::with_capacity(size);
        let mut items = vec![0_usize; size];
        for id in self.subtree(from) {
            let parent = (self.node(id).parent.max(from) - from) as usize;
            let value = match values.get(parent) {
                None => Some(value),
                Some(Some(Value::Object(members))) => members.get(&*self.name(id)),
                Some(Some(Value::Array(values))) => {
                    items[parent] += 1;
                    values.get(items[parent] - 1)
                }
                Some(_) => None,
            };
            let place = value.map(|value| std::ptr::from_ref(value).addr());
            for (found, list) in found.iter_mut().zip(lists) {
                found[(id - from) as usize] = place.is_some_and(|place| list.binary_search(&place).is_ok());
            }
            values.push(value);
        }
        found
    }

    /// Takes out the members and items under `from` that are marked as gone, with their commas. `edit` is of this text.
    pub(in crate::rules) fn cut(&self, edit: &mut Edit<'a>, from: Id, gone: &[bool]) {
        let mut id = from;
        while id < self.node(from).end {
            if gone[id as usize] && id != from {
                id = self.node(id).end;
                continue;
            }
            if self.is_container(id) && self.children(id).any(|child| gone[child as usize]) {
                self.cut_children(edit, id, gone);
            }
            id += 1;
        }
    }

    fn cut_children(&self, edit: &mut Edit<'a>, id: Id, gone: &[bool]) {
        let is_gone = |child: &Id| gone[*child as usize];
        let Some(last_kept) = self.children(id).filter(|child| !is_gone(child)).last() else {
            let (start, end) = self.node(id).value;
            edit.replace(self.slice((start + 1, end - 1)), "");
            return;
        };
        for child in self.children(id).take_while(|&child| child < last_kept).filter(is_gone) {
            edit.replace(self.slice(self.node(child).owned), "");
        }
        // The comma behind the last one that stays goes with those behind it.
        let last = self.children(id).last().unwrap_or(last_kept);
        if last != last_kept {
            edit.replace(self.slice((self.node(last_kept).value.1, self.node(last).value.1)), "");
        }
    }

    fn slice(&self, (start, end): (u32, u32)) -> &'a str {
        &self.text[start as usize..end as usize]
    }
}

struct Builder {
    nodes: Vec<Node>,
    /// The values that are not over. Bounded by the text.
    open: Vec<Id>,
    depth: usize,
}

/// The text is shorter than 4 GiB.
#[expect(clippy::cast_possible_truncation, reason = "the length of the text was looked at before")]
fn short(offset: usize) -> u32 {
    offset as u32
}

impl Sink for Builder {
    fn open(&mut self, opening: Opening) {
        let id = short(self.nodes.len());
        let name = opening.key.map_or((0, 0), |key| (short(key.start), short(key.end)));
        let (from, value) = (short(opening.owned_from), short(opening.value_from));
        self.nodes.push(Node {
            kind: opening.kind,
            parent: self.open.last().copied().unwrap_or_default(),
            end: id + 1,
            name,
            value: (value, value),
            owned: (from, from),
        });
        self.open.push(id);
        self.depth = self.depth.max(self.open.len() - 1);
    }

    fn close(&mut self, value_end: usize, owned_to: usize) {
        let end = short(self.nodes.len());
        let Some(id) = self.open.pop() else { return };
        let node = &mut self.nodes[id as usize];
        node.end = end;
        node.value.1 = short(value_end);
        node.owned.1 = short(owned_to);
    }
}

/// A JSON text without the blanks between its values; `json` is one.
pub(in crate::rules) fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find(['"', ' ', '\n', '\r', '\t']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('"') {
            let end = string_end(rest);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
        } else {
            rest = rest.trim_start_matches([' ', '\n', '\r', '\t']);
        }
    }
    out.push_str(rest);
    out
}

/// How long the string literal is that a text begins with.
fn string_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while let Some(next) = memchr::memchr2(b'"', b'\\', &bytes[at..]) {
        at += next + 1;
        if bytes[at - 1] == b'"' {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(text: &str, names: &[&str]) -> String {
        let tree = Tree::of(text).unwrap();
        let gone: Vec<bool> =
            (0..tree.len()).map(|id| names.contains(&&*tree.name(u32::try_from(id).unwrap()))).collect();
        let mut edit = Edit::of(text);
        tree.cut(&mut edit, Tree::ROOT, &gone);
        edit.finish()
    }

    #[test]
    fn a_member_goes_with_its_comma_wherever_it_stands() {
        let text = "{ \"a\" : 1 ,\n  \"b\" : {\"c\": [1.0, 2]} ,\n  \"d\" : \"x\"\n}";
        assert_eq!(without(text, &["a"]), "{\n  \"b\" : {\"c\": [1.0, 2]} ,\n  \"d\" : \"x\"\n}");
        assert_eq!(without(text, &["b"]), "{ \"a\" : 1 ,\n  \"d\" : \"x\"\n}");
        assert_eq!(without(text, &["d"]), "{ \"a\" : 1 ,\n  \"b\" : {\"c\": [1.0, 2]}\n}");
        assert_eq!(without(text, &["b", "d"]), "{ \"a\" : 1\n}");
        assert_eq!(without(text, &["a", "d"]), "{\n  \"b\" : {\"c\": [1.0, 2]}\n}");
        assert_eq!(without(text, &["c"]), "{ \"a\" : 1 ,\n  \"b\" : {} ,\n  \"d\" : \"x\"\n}");
        assert_eq!(without(text, &["a", "b", "d"]), "{}");
    }

    #[test]
    fn of_members_with_one_name_all_go() {
        assert_eq!(without(r#"{"a":1,"b":2,"\u0061":3}"#, &["a"]), r#"{"b":2}"#);
    }

    #[test]
    fn compact_text_keeps_what_strings_and_numbers_are_written_as() {
        let text = "{ \"a b\" : [ 1.0 , 1e2 ,\"\\\" x \\\\\" ] , \"c\":\n\t{ } }";
        assert_eq!(compact(text), "{\"a b\":[1.0,1e2,\"\\\" x \\\\\"],\"c\":{}}");
    }

    #[test]
    fn a_million_nested_arrays_have_a_tree() {
        let text = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
        let tree = Tree::of(&text).unwrap();
        assert_eq!((tree.len(), tree.depth()), (1_000_000, 999_999));
        assert_eq!(compact(&text), text);
    }
}
