//! What clients see of a tool list: hidden, shortened, stripped, lazy; with output schemas that trimmed results meet,
//! and with our own tools.
//!
//! Each step works on the text that the last one left. Order, `nextCursor`, `ttlMs` and `_meta` stay as they are.

use std::borrow::Cow;

use super::own::{READ_MORE, READ_MORE_DEFINITION, TOOL_SCHEMA, TOOL_SCHEMA_DEFINITION, is_lazy, pages};
use super::sentence::{first_line, first_sentence};
use super::{Catalog, Id, Reshaped, Tree, quoted, schema};
use crate::rules::{Describe, Mode, Rule, Tools, Twin};
use crate::tokens::ValueKind;
use crate::wire::Edit;

/// Whether a rule hides a tool: it is neither listed nor called.
pub(in crate::rules) fn hides(rule: &Rule, tool: &str) -> bool {
    let hide = rule.tools.as_ref().and_then(|tools| tools.hide.as_ref());
    hide.is_some_and(|hide| !hide.written().is_empty() && hide.matches(tool)) && is_about(rule, tool)
}

fn is_about(rule: &Rule, tool: &str) -> bool {
    rule.select.tool.as_ref().is_none_or(|globs| globs.matches(tool))
}

/// What rules make of a page of the tool list: for each rule and key that has to do with it the text it left, in order.
/// Rules that act are noted in the catalog, which has learnt the page before.
pub(in crate::rules) fn relist(
    rules: &[(usize, &Rule)],
    result: &str,
    catalog: &mut Catalog,
) -> Vec<(usize, &'static str, Reshaped)> {
    let mut steps = Steps { text: Cow::Borrowed(result), taken: Vec::new() };
    for &(number, rule) in rules {
        if let Some(tools) = &rule.tools {
            steps.take(number, "tools", |text| rewrite(text, rule, tools, catalog));
        }
    }
    for &(number, rule) in rules {
        for (key, relax) in relaxations(rule) {
            steps.take(number, key, |text| relax_schemas(text, rule, relax, catalog));
        }
    }
    let first =
        |needs: fn(&Rule) -> bool| rules.iter().find(|(_, rule)| needs(rule)).map(|(number, _)| *number);
    if let Some(number) = first(is_lazy) {
        steps.take(number, "tools", |text| add(text, TOOL_SCHEMA, TOOL_SCHEMA_DEFINITION, catalog));
    }
    if let Some(number) = first(pages) {
        let before = steps.taken.len();
        steps.take(number, "limit", |text| add(text, READ_MORE, READ_MORE_DEFINITION, catalog));
        // On the last page, that is.
        catalog.is_told_to_read_on |= steps.taken[before..].iter().any(|(_, _, step)| step.result.is_some());
    }
    steps.taken
}

struct Steps<'a> {
    text: Cow<'a, str>,
    taken: Vec<(usize, &'static str, Reshaped)>,
}

impl Steps<'_> {
    fn take(&mut self, rule: usize, key: &'static str, step: impl FnOnce(&str) -> Reshaped) {
        let reshaped = step(&self.text);
        if let Some(new) = &reshaped.result {
            self.text = Cow::Owned(new.clone());
        }
        if reshaped != Reshaped::default() {
            self.taken.push((rule, key, reshaped));
        }
    }
}

/// What becomes of one definition.
enum Fate {
    Stays,
    Goes,
    Becomes(String),
}

/// Decides about each tool of a list.
fn each_tool(text: &str, mut decide: impl FnMut(&str, &str) -> Fate) -> Option<String> {
    let tree = Tree::of(text)?;
    let tools = tools_of(&tree)?;
    let (mut edit, mut gone) = (Edit::of(text), vec![false; tree.len()]);
    let mut is_changed = false;
    for tool in tree.children(tools) {
        let Some(name) = tree.member(tool, "name").and_then(|name| tree.text(name)) else { continue };
        match decide(&name, tree.value(tool)) {
            Fate::Stays => continue,
            Fate::Goes => gone[tool as usize] = true,
            Fate::Becomes(new) => edit.replace(tree.value(tool), new),
        }
        is_changed = true;
    }
    tree.cut(&mut edit, Tree::ROOT, &gone);
    is_changed.then(|| edit.finish())
}

fn tools_of(tree: &Tree<'_>) -> Option<Id> {
    tree.member(Tree::ROOT, "tools").filter(|&tools| tree.kind(tools) == ValueKind::Array)
}

fn rewrite(text: &str, rule: &Rule, tools: &Tools, catalog: &mut Catalog) -> Reshaped {
    let (mut hidden, mut changed) = (0_usize, 0_usize);
    let result = each_tool(text, |name, definition| {
        if !is_about(rule, name) {
            return Fate::Stays;
        }
        if hides(rule, name) {
            hidden += 1;
            return Fate::Goes;
        }
        let new = shortened(definition, name, tools);
        if rule.mode == Mode::On && !has_output_schema(&new) {
            note(catalog, name, Relax::TakeAway);
        }
        if new == definition {
            return Fate::Stays;
        }
        changed += 1;
        Fate::Becomes(new.into_owned())
    });
    let why = result.is_some().then(|| match (hidden, changed) {
        (0, changed) => format!("{changed} {} shortened", tools_word(changed)),
        (hidden, 0) => format!("{hidden} {} hidden", tools_word(hidden)),
        (hidden, changed) => format!("{hidden} {} hidden, {changed} shortened", tools_word(hidden)),
    });
    Reshaped { result, why, spill: None }
}

fn tools_word(count: usize) -> &'static str {
    if count == 1 { "tool" } else { "tools" }
}

fn has_output_schema(definition: &str) -> bool {
    Tree::of(definition).is_none_or(|tree| tree.member(Tree::ROOT, "outputSchema").is_some())
}

/// A definition as a rule lists it.
fn shortened<'a>(definition: &'a str, name: &str, tools: &Tools) -> Cow<'a, str> {
    let mut text = Cow::Borrowed(definition);
    apply(&mut text, |text| match tools.texts.get(name) {
        Some(description) => describe(text, |_| Some(Cow::Owned(description.clone()))),
        None => tools.describe.and_then(|how| describe(text, |old| described(old?, how))),
    });
    apply(&mut text, |text| strip(text, &tools.strip));
    if tools.lazy {
        apply(&mut text, lazy);
    }
    text
}

/// A definition as the model gets it when it asks for all of it: with the rules' own texts, and without what they strip.
pub(super) fn full(definition: &str, name: &str, rules: &[&Rule]) -> String {
    let mut text = Cow::Borrowed(definition);
    for rule in rules.iter().filter(|rule| rule.mode == Mode::On && is_about(rule, name)) {
        let Some(tools) = &rule.tools else { continue };
        if let Some(description) = tools.texts.get(name) {
            apply(&mut text, |text| describe(text, |_| Some(Cow::Owned(description.clone()))));
        }
        apply(&mut text, |text| strip(text, &tools.strip));
    }
    text.into_owned()
}

fn apply(text: &mut Cow<'_, str>, step: impl FnOnce(&str) -> Option<String>) {
    if let Some(new) = step(text) {
        *text = Cow::Owned(new);
    }
}

fn described(text: &str, how: Describe) -> Option<Cow<'_, str>> {
    match how {
        Describe::FirstSentence => Some(one_line(first_sentence(text))),
        Describe::FirstLine => Some(Cow::Borrowed(first_line(text))),
        Describe::None => None,
    }
}

/// The breaks within a sentence become blanks.
fn one_line(sentence: &str) -> Cow<'_, str> {
    if sentence.contains('\n') {
        Cow::Owned(sentence.lines().map(str::trim).collect::<Vec<_>>().join(" "))
    } else {
        Cow::Borrowed(sentence)
    }
}

/// Puts another description in the place of the old one, or none; `None` if nothing changes.
fn describe(
    definition: &str,
    new: impl for<'o> FnOnce(Option<&'o str>) -> Option<Cow<'o, str>>,
) -> Option<String> {
    let tree = Tree::of(definition)?;
    let mut edit = Edit::of(definition);
    let Some(old) = tree.member(Tree::ROOT, "description") else {
        let new = new(None)?;
        let name = tree.value(tree.member(Tree::ROOT, "name")?);
        edit.replace(name, format!("{name},\"description\":{}", quoted(&new)));
        return Some(edit.finish());
    };
    let text = tree.text(old)?;
    match new(Some(&text)) {
        Some(new) if new == text => return None,
        Some(new) => edit.replace(tree.value(old), quoted(&new)),
        None => {
            let mut gone = vec![false; tree.len()];
            tree.members(Tree::ROOT, "description").for_each(|id| gone[id as usize] = true);
            tree.cut(&mut edit, Tree::ROOT, &gone);
        }
    }
    Some(edit.finish())
}

/// Members of a definition that `strip` takes away; the rest is for `describe`, or needed.
const STRIPPED: [&str; 4] = ["title", "icons", "annotations", "outputSchema"];

fn strip(definition: &str, names: &[String]) -> Option<String> {
    if names.is_empty() {
        return None;
    }
    let tree = Tree::of(definition)?;
    let mut gone = vec![false; tree.len()];
    for member in tree.children(Tree::ROOT) {
        match &*tree.name(member) {
            name if STRIPPED.contains(&name) && names.iter().any(|strip| strip == name) => {
                gone[member as usize] = true;
            }
            "inputSchema" | "outputSchema" => schema::strip(&tree, member, names, &mut gone),
            _ => {}
        }
    }
    cut(definition, &tree, &gone)
}

/// What a lazy list says of a tool: a line, and whatever clients act on. A schema that makes clients send headers stays.
fn lazy(definition: &str) -> Option<String> {
    let mut text = Cow::Borrowed(definition);
    apply(&mut text, |text| describe(text, |old| described(old?, Describe::FirstSentence)));
    apply(&mut text, |text| {
        let tree = Tree::of(text)?;
        let gone = |id| matches!(&*tree.name(id), "outputSchema" | "title" | "icons");
        let mut marks = vec![false; tree.len()];
        tree.children(Tree::ROOT).for_each(|id| marks[id as usize] = gone(id));
        cut(text, &tree, &marks)
    });
    apply(&mut text, |text| {
        let tree = Tree::of(text)?;
        let input =
            tree.member(Tree::ROOT, "inputSchema").filter(|&input| !schema::has_headers(&tree, input))?;
        let mut edit = Edit::of(text);
        edit.replace(tree.value(input), r#"{"type":"object"}"#);
        Some(edit.finish())
    });
    (text != definition).then(|| text.into_owned())
}

fn cut<'a>(text: &'a str, tree: &Tree<'a>, gone: &[bool]) -> Option<String> {
    let mut edit = Edit::of(text);
    gone.contains(&true).then_some(())?;
    tree.cut(&mut edit, Tree::ROOT, gone);
    Some(edit.finish())
}

/// What has to become of an output schema so that results still meet it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relax {
    /// Parts of `structuredContent` may be missing.
    Loosen,
    /// All of it may be missing.
    TakeAway,
}

fn relaxations(rule: &Rule) -> impl Iterator<Item = (&'static str, Relax)> {
    let loosen = |is_on: bool, key| is_on.then_some((key, Relax::Loosen));
    let take = |is_on: bool, key| is_on.then_some((key, Relax::TakeAway));
    let all = [
        loosen(rule.trim.is_some(), "trim"),
        loosen(rule.empty.is_some(), "empty"),
        take(rule.twin == Twin::DropStructured, "twin"),
        take(rule.limit.is_some(), "limit"),
    ];
    all.into_iter().flatten()
}

fn relax_schemas(text: &str, rule: &Rule, relax: Relax, catalog: &mut Catalog) -> Reshaped {
    let mut count = 0;
    let result = each_tool(text, |name, definition| {
        if !rule.select.is_request("tools/call", Some(name)) {
            return Fate::Stays;
        }
        if rule.mode == Mode::On {
            note(catalog, name, relax);
        }
        let Some(new) = relaxed(definition, relax) else { return Fate::Stays };
        count += 1;
        Fate::Becomes(new)
    });
    let what = match relax {
        Relax::Loosen => "loosened",
        Relax::TakeAway => "taken out",
    };
    let why = result
        .is_some()
        .then(|| format!("{count} output {} {what}", if count == 1 { "schema" } else { "schemas" }));
    Reshaped { result, why, spill: None }
}

fn relaxed(definition: &str, relax: Relax) -> Option<String> {
    let tree = Tree::of(definition)?;
    let mut gone = vec![false; tree.len()];
    for output in tree.members(Tree::ROOT, "outputSchema") {
        match relax {
            Relax::Loosen => schema::loosen(&tree, output, &mut gone),
            Relax::TakeAway => gone[output as usize] = true,
        }
    }
    cut(definition, &tree, &gone)
}

fn note(catalog: &mut Catalog, tool: &str, relax: Relax) {
    if let Some(definition) = catalog.get_mut(tool).filter(|known| known.has_output_schema) {
        definition.is_relaxed = true;
        definition.is_schema_gone |= relax == Relax::TakeAway;
    }
}

/// Adds one of our own tools at the end of the last page.
fn add(text: &str, name: &str, definition: &str, catalog: &Catalog) -> Reshaped {
    let Some(tree) = Tree::of(text) else { return Reshaped::default() };
    let Some(tools) = tools_of(&tree) else { return Reshaped::default() };
    let next = tree.member(Tree::ROOT, "nextCursor");
    if next.is_some_and(|next| tree.kind(next) != ValueKind::Null) {
        return Reshaped::default();
    }
    if catalog.get(name).is_some() {
        return Reshaped::passed(format!("{name} is not added: the server has a tool of that name"));
    }
    let mut edit = Edit::of(text);
    match tree.children(tools).last() {
        Some(last) => edit.replace(tree.value(last), format!("{},{definition}", tree.value(last))),
        None => edit.replace(tree.value(tools), format!("[{definition}]")),
    }
    Reshaped { result: Some(edit.finish()), why: Some(format!("{name} added")), spill: None }
}
