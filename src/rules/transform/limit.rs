//! `limit`: cuts long results, and loses nothing silently.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::rules::Bytes;
use crate::rules::answer::{
    Budget, Leave, Parts, Reshape, Reshaped, Room, Subject, Tree, head, notice, quoted,
};
use crate::tokens::Encoding;

/// How long a result may be, and what happens beyond. One of `tokens` and `bytes` is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// In tokens of `o200k_base`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u32>,
    /// In bytes of the text that the model reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Bytes>,
    /// What happens to longer ones.
    #[serde(default)]
    pub over: Over,
}

/// What happens to a result that is too long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Over {
    /// The rest is handed out by the tool `mcptop_read_more`.
    #[default]
    Page,
    /// The rest goes; the result says how much it was.
    Truncate,
    /// The whole result is in a file, whose path the result names.
    Spill,
    /// The call fails with the size.
    Error,
}

/// Cuts results that are too long.
pub(in crate::rules) struct Limiter {
    budget: Budget,
    over: Over,
    rule: Box<str>,
    leave: Leave,
}

impl Limiter {
    pub(in crate::rules) fn new(limit: Limit, rule: &str, leave: Leave) -> Self {
        Self { budget: Budget::from(limit), over: limit.over, rule: rule.into(), leave }
    }

    /// What stays of a text that is too long, with the line that says so, and a file with all of it.
    fn shorten(&self, whole: &str, subject: &Subject<'_>, room: &mut Room) -> Shortened {
        let total = whole.len();
        let (behind, spill): (Box<dyn Fn(usize) -> String>, _) = match self.over {
            Over::Page => {
                let is_told = subject.is_told_to_read_on || self.leave.assumes_told();
                let id = is_told.then(|| room.keep(whole, self.budget, &self.rule)).flatten();
                match id {
                    Some(id) => (Box::new(move |end| notice(id, end, total)), None),
                    // There is no telling a model to call what its client knows nothing of, or what is not kept.
                    None => (Box::new(move |end| cut_off(end, total)), None),
                }
            }
            Over::Truncate => {
                (Box::new(move |end| format!("\n[mcptop: {} of {total} bytes cut]", total - end)), None)
            }
            Over::Spill => {
                let path = room.spill_path(subject.tool.unwrap_or(subject.method), whole);
                let line = format!("\n[mcptop: cut; all {total} bytes are in {}]", path.display());
                (Box::new(move |_| line.clone()), Some((path, whole.to_owned())))
            }
            Over::Error => {
                let tokens = room.counter.count(Encoding::O200kBase, whole);
                let mark = tokens.accuracy.mark();
                let what = subject.tool.unwrap_or(subject.method);
                let text = format!(
                    "The result of {what} has {total} bytes ({mark}{} tokens); the rule \"{}\" admits {}. \
                     {ASK_FOR_LESS}",
                    tokens.tokens,
                    self.rule,
                    self.budget.in_words()
                );
                return Shortened { end: 0, behind: text, spill: None };
            }
        };
        let left = self.budget.less(&behind(0), &mut room.counter);
        let end = head(whole, left, &mut room.counter);
        Shortened { end, behind: behind(end), spill }
    }
}

/// What a model can do about a result of which it does not get more.
const ASK_FOR_LESS: &str = "Ask for less: fewer items, fewer fields, a narrower query.";

/// What a text ends with whose rest nobody hands out.
fn cut_off(end: usize, total: usize) -> String {
    format!("\n[mcptop: {} of {total} bytes cut. {ASK_FOR_LESS}]", total - end)
}

/// What comes in the place of a text that is too long.
struct Shortened {
    /// How much of the text stays, in bytes.
    end: usize,
    /// What comes behind it.
    behind: String,
    spill: Option<(std::path::PathBuf, String)>,
}

impl Reshape for Limiter {
    fn reshape(&mut self, result: &str, subject: &Subject<'_>, room: &mut Room) -> Reshaped {
        let parts = match Parts::of_any(result, subject.method) {
            Ok(parts) => parts,
            Err(why) => return Reshaped::passed(why),
        };
        let texts: Vec<_> = parts.slots.iter().map(|&slot| parts.read(slot)).collect();
        // Without a text the model reads `structuredContent`.
        let only_structured = parts.structured.filter(|_| texts.iter().all(|text| text.is_empty()));
        let whole = match (only_structured, &texts[..]) {
            (Some(structured), _) => Cow::Borrowed(parts.tree.value(structured)),
            (None, [one]) => Cow::Borrowed(one.as_ref()),
            (None, _) => Cow::Owned(texts.join("\n")),
        };
        if self.budget.admits(&whole, &mut room.counter) {
            return Reshaped::default();
        }
        if self.over == Over::Page && subject.is_read_more_taken {
            return Reshaped::passed(
                "the server has a tool mcptop_read_more itself, so that nothing can be read on",
            );
        }
        let structured = parts.structured.filter(|_| !parts.is_error());
        let refused = structured.and_then(|_| self.leave.to_drop(subject).err());
        if let (Some(why), Some(_)) = (refused.filter(|_| self.over != Over::Error), only_structured) {
            return Reshaped::passed(why);
        }
        let short = self.shorten(&whole, subject, room);
        if self.over != Over::Error && short.end == whole.len() {
            return Reshaped::passed("it is shorter than the shortest page");
        }
        let is_error = self.over == Over::Error && subject.method == "tools/call";
        let is_structured_free = refused.is_none() || is_error;
        let new = if is_error {
            splice::error(&parts, &short.behind)
        } else if only_structured.is_some() {
            splice::structured(&parts, &format!("{}{}", &whole[..short.end], short.behind))
        } else {
            splice::texts(&parts, &texts, short.end, &short.behind, is_structured_free)
        };
        let why = refused
            .filter(|_| !is_structured_free)
            .map(|why| format!("structuredContent stays whole: {why}"));
        let said = format!("{} of {} bytes stay", short.end, whole.len());
        Reshaped { result: Some(new), why: why.or(Some(said)), spill: short.spill }
    }
}

/// Puts shortened texts into the result that they came in.
mod splice {
    use super::{Cow, Parts, Tree, quoted};
    use crate::rules::answer::Id;
    use crate::wire::Edit;

    /// The texts up to `end` bytes of all of them, joined by line breaks, and `behind`; the rest goes.
    pub(super) fn texts(
        parts: &Parts<'_>,
        texts: &[Cow<'_, str>],
        end: usize,
        behind: &str,
        is_structured_free: bool,
    ) -> String {
        let (mut edit, mut gone) = (parts.edit(), vec![false; parts.tree.len()]);
        let mut start = 0;
        let mut last = None;
        for (slot, text) in parts.slots.iter().zip(texts) {
            if start > 0 && start >= end {
                gone[slot.item as usize] = true;
            } else {
                last = Some((slot, &text[..text.len().min(end - start)]));
            }
            start += text.len() + 1;
        }
        if let Some((slot, text)) = last {
            edit.replace(parts.tree.value(slot.string), quoted(&format!("{text}{behind}")));
        }
        if is_structured_free {
            parts.tree.members(Tree::ROOT, "structuredContent").for_each(|id| gone[id as usize] = true);
        }
        parts.tree.cut(&mut edit, Tree::ROOT, &gone);
        edit.finish()
    }

    /// A text in the place of `structuredContent`.
    pub(super) fn structured(parts: &Parts<'_>, text: &str) -> String {
        let block = format!(r#"{{"type":"text","text":{}}}"#, quoted(text));
        let tree = &parts.tree;
        let (mut edit, mut gone) = (parts.edit(), vec![false; tree.len()]);
        let structured: Vec<Id> = tree.members(Tree::ROOT, "structuredContent").collect();
        let Some(content) = tree.member(Tree::ROOT, "content") else {
            let Some((first, others)) = structured.split_first() else { return edit.finish() };
            edit.replace(tree.member_text(*first), format!(r#""content":[{block}]"#));
            mark(others, &mut gone);
            tree.cut(&mut edit, Tree::ROOT, &gone);
            return edit.finish();
        };
        match tree.children(content).last() {
            Some(last) => edit.replace(tree.value(last), format!("{},{block}", tree.value(last))),
            None => edit.replace(tree.value(content), format!("[{block}]")),
        }
        mark(&structured, &mut gone);
        tree.cut(&mut edit, Tree::ROOT, &gone);
        edit.finish()
    }

    fn mark(ids: &[Id], gone: &mut [bool]) {
        for &id in ids {
            gone[id as usize] = true;
        }
    }

    /// The result as an error that says `text`; what else it says, such as its type and `_meta`, stays.
    pub(super) fn error(parts: &Parts<'_>, text: &str) -> String {
        let tree = &parts.tree;
        let (mut edit, mut gone) = (parts.edit(), vec![false; tree.len()]);
        for name in ["structuredContent", "isError", "content"] {
            tree.members(Tree::ROOT, name).for_each(|id| gone[id as usize] = true);
        }
        tree.cut(&mut edit, Tree::ROOT, &gone);
        let rest = edit.finish();
        let content = format!(r#""content":[{{"type":"text","text":{}}}],"isError":true"#, quoted(text));
        let rest_of_members = rest.trim_start().strip_prefix('{').unwrap_or_default();
        let comma = if rest_of_members.trim_start().starts_with('}') { "" } else { "," };
        let mut whole = Edit::of(&rest);
        let brace = &rest[rest.len() - rest.trim_start().len()..][..1];
        whole.replace(brace, format!("{{{content}{comma}"));
        whole.finish()
    }
}
