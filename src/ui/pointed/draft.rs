//! What somebody wishes, as a rule: its name, what it is about, what it does, and what it risks.
//!
//! A tool that already has such a rule of its own gets no second one: that rule is extended. Knows nothing of screens.

use super::spot::{Reach, Spot};
use super::wish::{Choice, Wish};
use crate::rules::{
    Bytes, Cache, Globs, Limit, Mode, Over, Rule, Ruleset, Scope, Select, Span, Tools, Trim, Twin,
};

/// What is known of the tool that is pointed at, and of the rules there are.
#[expect(clippy::struct_excessive_bools, reason = "they are independent facts, not the states of one thing")]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// The server's label.
    pub label: Box<str>,
    /// The tool.
    pub tool: Box<str>,
    /// Whether the tool says that it only reads.
    pub is_read_only: bool,
    /// Whether it says that calling it again changes nothing.
    pub is_idempotent: bool,
    /// Whether its session is running: rules act on what comes, and clients know what they have been told before.
    pub is_live: bool,
    /// Whether its results promise a schema.
    pub has_output_schema: bool,
    /// Whether the result that is pointed at says in `structuredContent` what its text says.
    pub has_structured: bool,
    /// The rules there are.
    pub rules: Ruleset,
}

/// A rule to be confirmed.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The rule.
    pub rule: Rule,
    /// Whether it is one that is there already, and does more from now on.
    pub extends: bool,
    /// What is done, for the notice and for undo.
    pub what: String,
    /// What it may cost besides tokens.
    pub risk: String,
    /// Whether that is more than what everybody expects of such a rule.
    pub is_risky: bool,
}

impl Draft {
    /// The rule for a wish with one of its choices and what was typed.
    ///
    /// # Errors
    /// If what was typed is no time or no number, in words for the user.
    pub fn of(wish: &Wish, choice: &Choice, typed: &str, known: &Known) -> Result<Self, String> {
        match (wish, choice) {
            (Wish::Drop(spot), Choice::Reach(reach)) => Ok(drop_field(spot, *reach, known)),
            (Wish::Keep(spots), Choice::Reach(reach)) => Ok(keep_only(spots, *reach, known)),
            (Wish::Shape, Choice::Shape(shape)) => {
                let mut draft = Self::start("shape", known, |rule| rule.shape.is_some());
                draft.rule.shape = Some(*shape);
                if known.has_structured && draft.rule.twin == Twin::Keep {
                    // Else the text stays as it is beside `structuredContent`.
                    draft.rule.twin = Twin::Shape;
                }
                draft.risk =
                    "The same values in another form: who parses the text as JSON no longer can.".into();
                Ok(draft)
            }
            (Wish::Limit, Choice::Over(over)) => limit(*over, typed, known),
            (Wish::Cache, _) => cache(typed, known),
            (Wish::Hide(tools), _) => Ok(hide(tools, known)),
            (Wish::Describe, Choice::Describe { much, all }) => {
                let mut draft = Self::definitions("shorten", *all, known, |tools| tools.describe.is_some());
                tools(&mut draft.rule).describe = Some(*much);
                draft.risk = "The model reads less about when and how to call it.".into();
                Ok(draft)
            }
            (Wish::Strip, Choice::Strip { members, all }) => {
                let mut draft = Self::definitions("strip", *all, known, |tools| !tools.strip.is_empty());
                let strip = &mut tools(&mut draft.rule).strip;
                let new = members.iter().filter(|member| !strip.iter().any(|known| known == *member));
                let new: Vec<String> = new.map(|member| (*member).to_owned()).collect();
                strip.extend(new);
                draft.risk = strip_risk(members).into();
                Ok(draft)
            }
            // A choice of another wish: the dialog offers none.
            _ => Err("This cannot be chosen here".to_owned()),
        }
    }

    /// The tool's own rule of this kind, or a new one.
    fn start(verb: &str, known: &Known, is_so: impl Fn(&Rule) -> bool) -> Self {
        let select = about(&known.label, Some(&known.tool));
        Self::on(select, format!("{verb} {}", known.tool), known, is_so)
    }

    /// As `start`, for what tool lists say: about one tool, or about all of the server's.
    fn definitions(verb: &str, all: bool, known: &Known, is_so: impl Fn(&Tools) -> bool) -> Self {
        let is_so = |rule: &Rule| rule.tools.as_ref().is_some_and(&is_so);
        if !all {
            return Self::start(verb, known, is_so);
        }
        Self::on(about(&known.label, None), format!("{verb} tools of {}", known.label), known, is_so)
    }

    fn on(select: Select, name: String, known: &Known, is_so: impl Fn(&Rule) -> bool) -> Self {
        let rules = &known.rules;
        let own = rules.rules.iter().find(|rule| rule.select == select && is_so(rule));
        let rule = match own {
            // Who points at something wants it done, whatever was switched off before.
            Some(own) => Rule { mode: Mode::On, ..own.clone() },
            None => Rule { name: free_name(name, known), select, ..Rule::default() },
        };
        let what = rule.name.clone();
        Self { rule, extends: own.is_some(), what, risk: String::new(), is_risky: false }
    }
}

/// A name that no rule has.
fn free_name(name: String, known: &Known) -> String {
    let labelled = format!("{name} ({})", known.label);
    let numbered = (2..).map(|number| format!("{labelled} {number}"));
    let mut names = [name, labelled.clone()].into_iter().chain(numbered);
    names.find(|name| known.rules.rule(name).is_none()).unwrap_or(labelled)
}

fn about(label: &str, tool: Option<&str>) -> Select {
    let one = |name: &str| Some(Globs::new(vec![name.to_owned()]));
    Select { server: one(label), tool: tool.and_then(one), method: None }
}

fn tools(rule: &mut Rule) -> &mut Tools {
    rule.tools.get_or_insert_default()
}

fn drop_field(spot: &Spot, reach: Reach, known: &Known) -> Draft {
    let mut draft = Draft::start("trim", known, |rule| rule.trim.is_some());
    let path = spot.path(reach);
    let drop = &mut draft.rule.trim.get_or_insert_default().drop;
    if !drop.iter().any(|known| known.as_str() == path)
        && let Ok(path) = path.parse()
    {
        drop.push(path);
    }
    draft.what = format!("{}: {path} goes", draft.rule.name);
    draft.risk = format!("The model no longer sees \"{}\".{}", spot.name(), schema_note(known));
    draft
}

fn keep_only(spots: &[Spot], reach: Reach, known: &Known) -> Draft {
    let mut draft = Draft::start("trim", known, |rule| rule.trim.is_some());
    let mut keep: Vec<_> = Vec::new();
    for path in spots.iter().map(|spot| spot.path(reach)) {
        if !keep.iter().any(|known: &crate::rules::Path| known.as_str() == path)
            && let Ok(path) = path.parse()
        {
            keep.push(path);
        }
    }
    let trim = draft.rule.trim.get_or_insert_with(Trim::default);
    trim.keep = keep;
    draft.what = format!("{}: only {} stay", draft.rule.name, spots.len());
    draft.risk = format!("Everything else goes, also what the server may add one day.{}", schema_note(known));
    draft
}

/// What a trim means for a tool whose results promise a schema: clients check `structuredContent` against the one they know.
fn schema_note(known: &Known) -> &'static str {
    match (known.has_output_schema, known.has_structured && known.is_live) {
        (false, _) => "",
        (true, false) => " Its output schema is relaxed to fit.",
        (true, true) => {
            " Its output schema is relaxed to fit; until the client has read the tool list again, structuredContent \
             stays as it is."
        }
    }
}

fn limit(over: Over, typed: &str, known: &Known) -> Result<Draft, String> {
    let digits: String = typed.trim().chars().filter(|c| !matches!(c, ',' | '_' | ' ')).collect();
    let tokens = digits.parse().ok().filter(|tokens: &u32| *tokens > 0);
    let tokens = tokens.ok_or_else(|| format!("\"{}\" is no number of tokens, as in 8000", typed.trim()))?;
    let mut draft = Draft::start("limit", known, |rule| rule.limit.is_some());
    draft.rule.limit = Some(Limit { tokens: Some(tokens), bytes: None, over });
    draft.risk = match over {
        Over::Page => "Nothing is lost: the model reads on with the tool mcptop_read_more.",
        Over::Truncate => "The rest is gone: the result says how much that was.",
        Over::Spill => {
            "The whole result is in a file whose path it names: the model must be able to read files."
        }
        Over::Error => "A longer result fails, and the model must ask for less.",
    }
    .into();
    draft.is_risky = matches!(over, Over::Truncate | Over::Error);
    Ok(draft)
}

fn cache(typed: &str, known: &Known) -> Result<Draft, String> {
    let ttl: Span = typed.trim().parse()?;
    if ttl == Span::default() {
        return Err("Answers have to be kept for more than no time, as in 5m".to_owned());
    }
    let mut draft = Draft::start("cache", known, |rule| rule.cache.is_some());
    let cache = draft.rule.cache.get_or_insert_with(|| kept(ttl));
    cache.ttl = ttl;
    let stale = format!("For {ttl} equal calls get the same answer, whatever the server would say by then.");
    (draft.risk, draft.is_risky) = if known.is_read_only {
        (stale, false)
    } else if known.is_idempotent {
        cache.idempotent = true;
        ("It may write: a second equal call within that time no longer reaches the server.".to_owned(), true)
    } else {
        cache.is_unsafe = true;
        (
            "It does not say that it only reads: if it acts, an equal call no longer does anything."
                .to_owned(),
            true,
        )
    };
    Ok(draft)
}

/// As a rule in a file that says nothing but the time.
fn kept(ttl: Span) -> Cache {
    Cache {
        ttl,
        entries: 1_000,
        bytes: Bytes(64 << 20),
        scope: Scope::Session,
        key: Vec::new(),
        idempotent: false,
        is_unsafe: false,
        invalidate_on: None,
        warm: Vec::new(),
        store: None,
    }
}

fn hide(names: &[Box<str>], known: &Known) -> Draft {
    let is_so = |rule: &Rule| rule.tools.as_ref().is_some_and(|tools| tools.hide.is_some());
    let name = match names {
        [one] => format!("hide {one}"),
        _ => format!("hide tools of {}", known.label),
    };
    let mut draft = Draft::on(about(&known.label, None), name, known, is_so);
    let hide = &mut tools(&mut draft.rule).hide;
    let mut globs: Vec<String> = hide.as_ref().map(|globs| globs.written().to_vec()).unwrap_or_default();
    for name in names {
        if !globs.iter().any(|glob| **glob == **name) {
            globs.push(name.to_string());
        }
    }
    *hide = Some(Globs::new(globs));
    let (it, calls) = match names {
        [one] => (format!("\"{one}\""), "it"),
        _ => (format!("{} tools", names.len()), "them"),
    };
    draft.what = format!("{}: {it} hidden", draft.rule.name);
    draft.risk = format!("The model does not know of {it}, and calls of {calls} are refused.");
    draft
}

fn strip_risk(members: &[&str]) -> &'static str {
    if members.contains(&"outputSchema") {
        "The model no longer knows what results look like, nor clients whether it only reads."
    } else {
        "Examples are gone that may have shown the model how to call it."
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Describe, Shape, edit};
    use crate::ui::widgets::json::way::Step;

    fn known(rules: &str) -> Known {
        Known {
            label: "crm".into(),
            tool: "get_customer".into(),
            is_read_only: true,
            rules: Ruleset::parse(rules).unwrap(),
            ..Known::default()
        }
    }

    fn spot(names: &[&str]) -> Spot {
        let way = ["result", "structuredContent"].iter().chain(names);
        Spot::of(&way.map(|name| Step::Name((*name).to_owned())).collect::<Vec<_>>()).unwrap()
    }

    /// The rules after a wish with its usual choice.
    fn wished(rules: &str, wish: &Wish, known: impl FnOnce(&mut Known)) -> (Draft, String) {
        let mut all = self::known(rules);
        known(&mut all);
        let (choice, _) = wish.choices().remove(0);
        let typed = wish.asks().map_or("", |(_, text)| text);
        let draft = Draft::of(wish, &choice, typed, &all).unwrap();
        let text = edit::upsert(rules, &draft.rule).unwrap();
        (draft, text)
    }

    #[test]
    fn a_dropped_field_becomes_a_rule_with_a_speaking_name() {
        let (draft, text) = wished("", &Wish::Drop(spot(&["metadata"])), |_| {});
        assert_eq!(
            text,
            "[[rule]]\nname = \"trim get_customer\"\nmatch = { server = \"crm\", tool = \"get_customer\" }\ntrim = { drop = [\"$.metadata\"] }\n"
        );
        assert!(!draft.extends);
    }

    #[test]
    fn a_second_field_extends_the_rule_of_the_first_and_comments_stay() {
        let (_, first) = wished("", &Wish::Drop(spot(&["a"])), |_| {});
        let first = format!("# mine\n{first}");
        let (draft, second) = wished(&first, &Wish::Drop(spot(&["b"])), |_| {});
        assert!(draft.extends && second.starts_with("# mine\n"));
        let rules = Ruleset::parse(&second).unwrap().rules;
        let drop: Vec<&str> =
            rules[0].trim.as_ref().unwrap().drop.iter().map(crate::rules::Path::as_str).collect();
        assert_eq!((rules.len(), drop), (1, vec!["$.a", "$.b"]));
        let (_, again) = wished(&second, &Wish::Drop(spot(&["b"])), |_| {});
        assert_eq!(again, second);
    }

    #[test]
    fn what_was_switched_off_is_on_again_when_it_is_extended() {
        let (_, first) = wished("", &Wish::Drop(spot(&["a"])), |_| {});
        let off = edit::set_mode(&first, "trim get_customer", Mode::Off).unwrap();
        let (draft, _) = wished(&off, &Wish::Drop(spot(&["b"])), |_| {});
        assert_eq!(draft.rule.mode, Mode::On);
    }

    #[test]
    fn a_rule_of_another_server_with_the_same_name_is_left_alone() {
        let other = "[[rule]]\nname = \"trim get_customer\"\nmatch = { server = \"shop\" }\ntrim = { drop = [\"$.x\"] }\n";
        let (draft, text) = wished(other, &Wish::Drop(spot(&["a"])), |_| {});
        assert_eq!(draft.rule.name, "trim get_customer (crm)");
        assert!(text.starts_with(other));
        let taken = format!("{text}\n[[rule]]\nname = \"cache get_customer\"\ncoalesce = true\n");
        let (draft, _) = wished(&taken, &Wish::Cache, |_| {});
        assert_eq!(draft.rule.name, "cache get_customer (crm)");
    }

    #[test]
    fn a_trim_says_that_structured_content_waits_for_the_new_tool_list() {
        let wish = Wish::Drop(spot(&["metadata"]));
        let risk = |live, schema, structured| {
            wished("", &wish, |known| {
                (known.is_live, known.has_output_schema, known.has_structured) = (live, schema, structured);
            })
            .0
            .risk
        };
        assert!(risk(true, true, true).contains("until the client has read the tool list again"));
        assert!(risk(true, true, false).ends_with("relaxed to fit."), "nothing there has to wait");
        assert!(risk(false, true, true).ends_with("relaxed to fit."), "a trial is tried on the new list");
        assert!(!risk(true, false, true).contains("schema"));
    }

    #[test]
    fn ticked_fields_are_what_stays() {
        let wish = Wish::Keep(vec![spot(&["name"]), spot(&["plan"]), spot(&["name"])]);
        let (_, text) = wished("", &wish, |_| {});
        assert!(text.contains("trim = { keep = [\"$.name\", \"$.plan\"] }"), "{text}");
    }

    #[test]
    fn a_tool_that_may_write_is_cached_only_in_so_many_words() {
        let (draft, text) = wished("", &Wish::Cache, |_| {});
        assert!(!draft.is_risky && !text.contains("unsafe"), "{text}");
        assert!(text.contains("ttl = \"5m\""), "{text}");
        let (draft, text) = wished("", &Wish::Cache, |known| known.is_read_only = false);
        assert!(draft.is_risky && text.contains("unsafe = true"), "{text}");
        let (draft, text) = wished("", &Wish::Cache, |known| {
            (known.is_read_only, known.is_idempotent) = (false, true);
        });
        assert!(draft.is_risky && text.contains("idempotent = true") && !text.contains("unsafe"), "{text}");
    }

    #[test]
    fn a_shape_says_so_where_the_text_repeats_structured_content() {
        let (_, text) = wished("", &Wish::Shape, |_| {});
        assert!(text.contains("shape = \"table\"") && !text.contains("twin"), "{text}");
        let (_, text) = wished("", &Wish::Shape, |known| known.has_structured = true);
        assert!(text.contains("twin = \"shape\""), "{text}");
        let csv = Draft::of(&Wish::Shape, &Choice::Shape(Shape::Csv), "", &known("")).unwrap();
        assert_eq!(csv.rule.shape, Some(Shape::Csv));
    }

    #[test]
    fn a_value_that_cannot_be_read_makes_no_rule() {
        let over = Choice::Over(Over::Page);
        for typed in ["", "many", "0", "-3", "99999999999"] {
            assert!(Draft::of(&Wish::Limit, &over, typed, &known("")).is_err(), "{typed}");
        }
        let limit = Draft::of(&Wish::Limit, &over, " 8,000 ", &known("")).unwrap().rule.limit;
        assert_eq!(limit.unwrap().tokens, Some(8_000));
        for typed in ["", "soon", "0s", "5"] {
            assert!(Draft::of(&Wish::Cache, &Choice::Only, typed, &known("")).is_err(), "{typed}");
        }
    }

    #[test]
    fn hidden_tools_gather_in_one_rule_of_the_server() {
        let (draft, text) = wished("", &Wish::Hide(vec!["delete_customer".into()]), |_| {});
        assert_eq!(draft.rule.name, "hide delete_customer");
        let (draft, text) = wished(&text, &Wish::Hide(vec!["wipe".into(), "drop_all".into()]), |_| {});
        assert!(draft.extends, "{text}");
        assert!(text.contains("[\"delete_customer\", \"wipe\", \"drop_all\"]"), "{text}");
        assert!(!text.contains("tool = "), "{text}");
    }

    #[test]
    fn definitions_are_shortened_one_by_one_or_all_together() {
        let one = Choice::Describe { much: Describe::FirstSentence, all: false };
        let all = Choice::Describe { much: Describe::FirstSentence, all: true };
        let (one, all) =
            [one, all].map(|choice| Draft::of(&Wish::Describe, &choice, "", &known("")).unwrap().rule).into();
        assert_eq!((one.name.as_str(), all.name.as_str()), ("shorten get_customer", "shorten tools of crm"));
        assert!(one.select.tool.is_some() && all.select.tool.is_none());
        let (_, text) = wished("", &Wish::Strip, |_| {});
        assert!(text.contains("strip = [\"title\", \"examples\", \"$schema\"]"), "{text}");
    }
}
