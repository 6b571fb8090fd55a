//! Which parts of a result rules are about: `structuredContent`, and the texts that the model reads.
//!
//! Everything else - `_meta`, links, images, `requestState` - is never touched. Knows nothing of rules.

use std::borrow::Cow;

use super::{Id, Room, Tree, note_twin};
use crate::tokens::ValueKind;
use crate::wire::Edit;

/// A text in a result.
#[derive(Clone, Copy, Debug)]
pub(in crate::rules) struct Slot {
    /// The string that is the text.
    pub(in crate::rules) string: Id,
    /// The block, message or resource it is the text of: an item of an array.
    pub(in crate::rules) item: Id,
    /// It is the text of a resource that lies in a block: a document of its own, which only limits are about.
    pub(in crate::rules) is_embedded: bool,
}

/// A result, and what of it rules are about.
#[derive(Clone, Debug)]
pub(in crate::rules) struct Parts<'a> {
    /// All of it.
    pub(in crate::rules) tree: Tree<'a>,
    text: &'a str,
    /// `structuredContent`.
    pub(in crate::rules) structured: Option<Id>,
    /// Its texts in their order.
    pub(in crate::rules) slots: Vec<Slot>,
}

impl<'a> Parts<'a> {
    /// Of the result of a request with this method.
    ///
    /// # Errors
    /// Why no rule may change it.
    pub(in crate::rules) fn of(result: &'a str, method: &str) -> Result<Self, &'static str> {
        let parts = Self::of_any(result, method)?;
        if parts.is_error() { Err("the result is an error") } else { Ok(parts) }
    }

    /// The same; the result may also say that a tool failed.
    ///
    /// # Errors
    /// Why no rule may change it.
    pub(in crate::rules) fn of_any(result: &'a str, method: &str) -> Result<Self, &'static str> {
        let tree = Tree::of(result).ok_or("the result cannot be read")?;
        if tree.kind(Tree::ROOT) != ValueKind::Object {
            return Err("the result is no object");
        }
        let member = |name| tree.member(Tree::ROOT, name);
        if member("resultType").is_some_and(|kind| tree.text(kind).as_deref() != Some("complete")) {
            return Err("the result is not complete");
        }
        let structured = match method {
            "tools/call" | "tasks/result" => member("structuredContent"),
            _ => None,
        };
        let slots = slots(&tree, method);
        Ok(Self { tree, text: result, structured, slots })
    }

    /// Whether it says that a tool failed. Clients hold no such result against a schema.
    pub(in crate::rules) fn is_error(&self) -> bool {
        self.tree.member(Tree::ROOT, "isError").is_some_and(|is_error| self.tree.value(is_error) == "true")
    }

    /// A text, unescaped.
    pub(in crate::rules) fn read(&self, slot: Slot) -> Cow<'a, str> {
        self.tree.text(slot.string).unwrap_or_default()
    }

    /// Replacements in the result.
    pub(in crate::rules) fn edit(&self) -> Edit<'a> {
        Edit::of(self.text)
    }

    /// Lets `act` change each document of the result: `structuredContent` unless it has to be left alone, and each text
    /// that is a JSON object or array. It says whether it changed something; the answer is the result that came of it.
    pub(in crate::rules) fn rewrite(
        &self,
        is_structured_free: bool,
        room: &mut Room,
        mut act: impl for<'t> FnMut(&Tree<'t>, Id, &mut Edit<'t>) -> bool,
    ) -> Option<String> {
        let mut edit = self.edit();
        let mut is_changed = false;
        if let Some(structured) = self.structured.filter(|_| is_structured_free) {
            is_changed |= act(&self.tree, structured, &mut edit);
        }
        for &slot in self.slots.iter().filter(|slot| !slot.is_embedded) {
            let text = self.read(slot);
            let Some(tree) = document(&text) else { continue };
            let mut inner = Edit::of(&text);
            if act(&tree, Tree::ROOT, &mut inner) {
                let new = inner.finish();
                if !is_structured_free {
                    note_twin(self, &text, &new, room);
                }
                edit.replace(self.tree.value(slot.string), quoted(&new));
                is_changed = true;
            }
        }
        is_changed.then(|| edit.finish())
    }
}

/// A text as a JSON object or array; `None` if it is something else.
pub(in crate::rules) fn document(text: &str) -> Option<Tree<'_>> {
    text.trim_ascii_start().starts_with(['{', '[']).then(|| Tree::of(text)).flatten()
}

/// A text as a JSON string.
pub(in crate::rules) fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("every text is a JSON string")
}

fn slots(tree: &Tree<'_>, method: &str) -> Vec<Slot> {
    let list = match method {
        "tools/call" | "tasks/result" => "content",
        "resources/read" => "contents",
        "prompts/get" => "messages",
        _ => return Vec::new(),
    };
    let Some(list) = tree.member(Tree::ROOT, list).filter(|&list| tree.kind(list) == ValueKind::Array) else {
        return Vec::new();
    };
    let slot = |item| match method {
        "resources/read" => string(tree, item).map(|string| Slot { string, item, is_embedded: false }),
        "prompts/get" => block(tree, tree.member(item, "content")?, item),
        _ => block(tree, item, item),
    };
    tree.children(list).filter_map(slot).collect()
}

/// The text of a content block.
fn block(tree: &Tree<'_>, block: Id, item: Id) -> Option<Slot> {
    match tree.text(tree.member(block, "type")?)?.as_ref() {
        "text" => Some(Slot { string: string(tree, block)?, item, is_embedded: false }),
        "resource" => {
            let string = string(tree, tree.member(block, "resource")?)?;
            Some(Slot { string, item, is_embedded: true })
        }
        _ => None,
    }
}

fn string(tree: &Tree<'_>, owner: Id) -> Option<Id> {
    tree.member(owner, "text").filter(|&text| tree.kind(text) == ValueKind::String)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(result: &str, method: &str) -> Vec<String> {
        let parts = Parts::of(result, method).unwrap();
        parts.slots.iter().map(|&slot| parts.read(slot).into_owned()).collect()
    }

    #[test]
    fn the_texts_of_each_kind_of_result_are_found() {
        let call = r#"{"content":[{"type":"text","text":"a\n"},{"type":"image","data":"x"},
            {"type":"resource","resource":{"uri":"u","text":"b"}},{"type":"resource_link","uri":"c"},{"text":"d"}]}"#;
        assert_eq!(texts(call, "tools/call"), ["a\n", "b"]);
        assert_eq!(texts(r#"{"contents":[{"uri":"u","text":"a"},{"blob":"x"}]}"#, "resources/read"), ["a"]);
        let prompt = r#"{"messages":[{"role":"user","content":{"type":"text","text":"a"}}]}"#;
        assert_eq!(texts(prompt, "prompts/get"), ["a"]);
        assert_eq!(texts(call, "resources/list"), [""; 0]);
    }

    #[test]
    fn errors_and_unfinished_results_are_nobodys_business() {
        for result in [
            r#"{"content":[],"isError":true}"#,
            r#"{"resultType":"input_required","requestState":"{\"a\":1}"}"#,
            r#"{"resultType":"task"}"#,
            "[]",
            "{",
            "",
        ] {
            assert!(Parts::of(result, "tools/call").is_err(), "{result}");
        }
        assert!(Parts::of(r#"{"resultType":"complete","isError":false}"#, "tools/call").is_ok());
        assert!(
            Parts::of_any(r#"{"content":[],"isError":true}"#, "tools/call")
                .is_ok_and(|parts| parts.is_error())
        );
    }
}
