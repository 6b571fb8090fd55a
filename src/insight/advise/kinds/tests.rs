//! Each kind of advice: given where there is evidence, and not where it lacks.

use serde_json::{Value, json};

use super::{Draft, KINDS};
use crate::insight::advise::evidence::Evidence;
use crate::rules::{Describe, Mode, Over, Rule, Ruleset, Shape, Twin, edit};
use crate::tokens::Profile;
use crate::trace::{Event, Fact, Micros, Nanos, Payload};
use crate::wire::Direction;

/// A session that is made up as it goes.
struct Script {
    evidence: Evidence,
    at_us: u64,
    id: u64,
}

const MS: u64 = 1_000;
const S: u64 = 1_000_000;

#[expect(clippy::needless_pass_by_value, reason = "json! at the place of use reads better without borrows")]
impl Script {
    /// With a server that offers these tools.
    fn with(tools: Value) -> Self {
        Self::of("openai-o200k").ask("tools/list", json!({}), json!({ "tools": tools }))
    }

    fn of(profile: &str) -> Self {
        let mut script =
            Self { evidence: Evidence::new("shop", Profile::named(profile).unwrap()), at_us: 0, id: 0 };
        script.evidence.apply(&Event { at: Micros(0), fact: Fact::Started { pid: None } });
        script
    }

    fn say(&mut self, to: Direction, message: &Value) {
        let text = message.to_string();
        let payload = Payload::of_frame(text.as_bytes());
        let fact = Fact::Message { to, own: Nanos(0), payload, parts: 0, exchange: None };
        self.evidence.apply(&Event { at: Micros(self.at_us), fact });
    }

    fn slowly(mut self, method: &str, params: Value, result: Value, took_us: u64) -> Self {
        self.id += 1;
        let id = self.id;
        self.say(
            Direction::ToServer,
            &json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}),
        );
        self.at_us += took_us;
        self.say(Direction::ToClient, &json!({"jsonrpc": "2.0", "id": id, "result": result}));
        self
    }

    fn ask(self, method: &str, params: Value, result: Value) -> Self {
        self.slowly(method, params, result, 20 * MS)
    }

    fn pause(mut self, us: u64) -> Self {
        self.at_us += us;
        self
    }

    fn call(self, tool: &str, arguments: Value, result: Value) -> Self {
        self.ask("tools/call", json!({"name": tool, "arguments": arguments}), result)
    }

    fn text(self, tool: &str, arguments: Value, text: &str) -> Self {
        self.call(tool, arguments, json!({"content": [{"type": "text", "text": text}]}))
    }

    /// The same call again and again, a second apart, with the answers that are named.
    fn repeat(self, tool: &str, answers: &[&str]) -> Self {
        answers.iter().fold(self, |script, answer| script.text(tool, json!({"q": 1}), answer).pause(S))
    }

    fn advice(&self, kind: &str) -> Vec<Draft> {
        let kind = KINDS.iter().find(|known| known.key == kind).unwrap();
        let drafts = (kind.propose)(&self.evidence);
        for rule in drafts.iter().filter_map(|draft| draft.rule.as_ref()) {
            let text = edit::text_of(rule).unwrap();
            assert_eq!(Ruleset::parse(&text).unwrap().rules, std::slice::from_ref(rule), "{text}");
            assert!(rule.select.is_server("shop") && !rule.select.is_server("other"));
        }
        drafts
    }

    fn one(&self, kind: &str) -> (Draft, Rule) {
        let mut drafts = self.advice(kind);
        assert_eq!(drafts.len(), 1, "{drafts:?}");
        let draft = drafts.remove(0);
        let rule = draft.rule.clone().unwrap();
        (draft, rule)
    }
}

fn reader(name: &str) -> Value {
    json!({"name": name, "description": "Reads.", "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": true}})
}

fn writer(name: &str) -> Value {
    json!({"name": name, "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": false}})
}

#[test]
fn equal_calls_with_equal_answers_of_a_tool_that_reads_are_kept() {
    let script = Script::with(json!([reader("find"), writer("put")])).repeat("find", &["a", "a", "a"]);
    let (draft, rule) = script.one("repeated");
    let cache = rule.cache.unwrap();
    assert_eq!(
        (rule.mode, rule.name.as_str(), cache.is_unsafe),
        (Mode::On, "shop: keep answers of find", false)
    );
    assert_eq!(cache.ttl.to_string(), "2s", "two seconds and 20 ms after the first it was still the same");
    assert_eq!(cache.invalidate_on.unwrap().written(), ["put"]);
    assert!(draft.evidence.starts_with("2 of 3 answered requests"), "{}", draft.evidence);
}

#[test]
fn answers_that_are_seldom_asked_for_again_are_only_watched() {
    let mut script = Script::with(json!([reader("find"), writer("put")])).repeat("find", &["a", "a"]);
    for number in 0..8 {
        script = script.text("find", json!({"number": number}), "b");
    }
    let (draft, rule) = script.one("repeated");
    assert_eq!(rule.mode, Mode::Observe);
    assert!(draft.evidence.contains("only observes"), "{}", draft.evidence);
}

#[test]
fn calls_are_not_kept_without_evidence() {
    let tools = json!([reader("find"), writer("put")]);
    for script in [
        Script::with(tools.clone()).repeat("find", &["a", "b", "c"]),
        Script::with(tools.clone()).repeat("find", &["a"]),
        Script::with(tools.clone()).repeat("put", &["a", "a", "a"]),
        Script::with(tools.clone()).text("find", json!({"q": 1}), "a").text("find", json!({"q": 2}), "a"),
    ] {
        assert!(script.advice("repeated").is_empty());
    }
    let failing = json!({"content": [{"type": "text", "text": "no"}], "isError": true});
    let failed =
        (0..3).fold(Script::with(tools), |script, _| script.call("find", json!({}), failing.clone()));
    assert!(failed.advice("repeated").is_empty(), "errors are not kept");
}

#[test]
fn a_change_after_a_write_does_not_shorten_what_is_kept_and_one_without_does() {
    let tools = || json!([reader("find"), writer("put")]);
    let written = Script::with(tools())
        .repeat("find", &["a", "a", "a"])
        .text("put", json!({}), "done")
        .repeat("find", &["b"]);
    assert_eq!(written.one("repeated").1.cache.unwrap().ttl.to_string(), "2s");
    let by_itself = Script::with(tools()).repeat("find", &["a", "a", "a", "b"]);
    let ttl = by_itself.one("repeated").1.cache.unwrap().ttl;
    assert!(ttl.micros() < S, "{ttl}: it was another a second after it was last seen");
}

#[test]
fn a_tool_that_does_not_say_that_it_reads_is_only_observed() {
    let silent = json!([{"name": "find", "inputSchema": {}}]);
    let (draft, rule) = Script::with(silent.clone()).repeat("find", &["a", "a"]).one("repeated");
    assert!(rule.mode == Mode::Observe && rule.cache.unwrap().is_unsafe, "{}", draft.risk);
    assert!(Script::with(silent).repeat("find", &["a", "a", "b"]).advice("repeated").is_empty());
}

#[test]
fn lists_that_are_asked_for_again_are_kept() {
    let list = || json!({"resources": []});
    let script = Script::of("openai-o200k").ask("resources/list", json!({}), list()).pause(5 * S).ask(
        "resources/list",
        json!({"_meta": {"progressToken": 7}}),
        list(),
    );
    let (_, rule) = script.one("repeated_lists");
    assert!(rule.select.is_request("resources/list", None) && rule.cache.unwrap().ttl.to_string() == "5s");
    assert!(script.advice("repeated").is_empty());
    let once = Script::of("openai-o200k").ask("resources/list", json!({}), list());
    assert!(once.advice("repeated_lists").is_empty());
}

/// Calls with different results, made of a number.
fn calls(script: Script, count: u64, result: impl Fn(u64) -> Value) -> Script {
    (0..count).fold(script, |script, n| script.text("find", json!({"n": n}), &result(n).to_string()))
}

#[test]
fn fields_that_never_vary_are_dropped_and_those_that_do_are_not() {
    let script = calls(
        Script::with(json!([reader("find")])),
        8,
        |n| json!({"id": n, "unit": "EUR", "meta": {"v": 1, "by": "shop"}, "sometimes": n / 7}),
    );
    let (draft, rule) = script.one("constant");
    let mut dropped: Vec<String> = rule.trim.unwrap().drop.iter().map(ToString::to_string).collect();
    dropped.sort_unstable();
    assert_eq!(dropped, ["$.meta", "$.unit"]);
    assert_eq!(rule.mode, Mode::Observe);
    assert!(draft.evidence.contains("$.unit = \"EUR\""), "{}", draft.evidence);
}

#[test]
fn never_means_nothing_in_a_few_results_or_in_the_same_one() {
    let few = calls(Script::with(json!([reader("find")])), 2, |n| json!({"id": n, "unit": "EUR"}));
    assert!(few.advice("constant").is_empty());
    let same = calls(Script::with(json!([reader("find")])), 20, |_| json!({"id": 1, "unit": "EUR"}));
    assert!(same.advice("constant").is_empty());
    // Items of an array are not taken out.
    let items = calls(Script::with(json!([reader("find")])), 8, |n| json!({"n": n, "tags": ["a", "a"]}));
    assert!(items.advice("constant").is_empty());
}

#[test]
fn members_that_hold_nothing_go() {
    let script =
        calls(Script::with(json!([reader("find")])), 3, |n| json!({"id": n, "note": null, "tags": []}));
    let (draft, rule) = script.one("empty");
    assert!(rule.empty.is_some() && rule.mode == Mode::On);
    assert!(draft.evidence.starts_with("6 members in 3 different results"), "{}", draft.evidence);
    let full = calls(Script::with(json!([reader("find")])), 3, |n| json!({"id": n, "list": [null]}));
    assert!(full.advice("empty").is_empty());
}

#[test]
fn what_is_said_twice_is_sent_once_in_the_form_that_the_client_hands_on() {
    let twin = |n: u64| {
        let said = json!({"n": n, "list": [1, 2]});
        json!({"content": [{"type": "text", "text": format!("{said:#}")}], "structuredContent": said})
    };
    for (profile, wanted) in [("openai-o200k", Twin::DropStructured), ("claude-4.7+", Twin::DropText)] {
        let script =
            (0..3).fold(Script::of(profile), |script, n| script.call("find", json!({"n": n}), twin(n)));
        let (_, rule) = script.one("twin");
        assert_eq!((rule.twin, rule.mode), (wanted, Mode::Observe));
    }
    let other = json!({"content": [{"type": "text", "text": "{\"n\":2}"}], "structuredContent": {"n": 1}});
    assert!(Script::of("openai-o200k").call("find", json!({}), other).advice("twin").is_empty());
}

#[test]
fn rows_are_written_in_the_shortest_form_and_other_json_without_blanks() {
    let rows = |count| {
        calls(
            Script::with(json!([reader("find")])),
            count,
            |n| json!({"rows": [{"a": 1, "b": n}, {"a": 3, "b": 4}, {"a": 5, "b": 6}]}),
        )
    };
    assert_eq!(rows(2).one("rows").1.shape, Some(Shape::Auto));
    assert!(rows(1).advice("rows").is_empty(), "one result is no pattern");
    let spaced = |script: Script, name: &str| {
        let file = format!("{{\n  \"{name}\": {{\"b\": 1}}\n}}");
        script.text("find", json!({"name": name}), &file)
    };
    let two = || spaced(spaced(Script::with(json!([reader("find")])), "a"), "b");
    assert_eq!(two().one("rows").1.shape, Some(Shape::Compact));
    // A tool that reads files reads JSON now and then: what it says is not its own.
    let files = (0..8).fold(two(), |script, n| script.text("find", json!({"n": n}), &format!("line {n}")));
    assert!(files.advice("rows").is_empty());
    let dense = calls(Script::with(json!([reader("find")])), 2, |n| json!({"a": {"b": n}}));
    assert!(dense.advice("rows").is_empty());
    let prose = Script::with(json!([reader("find")])).text("find", json!({}), "a: b, c");
    assert!(prose.advice("rows").is_empty());
}

#[test]
fn results_beyond_what_a_client_takes_are_handed_out_in_pages() {
    let words = |count: usize| "word ".repeat(count);
    let script = Script::with(json!([reader("find")])).text("find", json!({}), &words(30_000));
    let (draft, rule) = script.one("long");
    let limit = rule.limit.unwrap();
    assert_eq!((limit.tokens, limit.over, rule.mode), (Some(25_000), Over::Page, Mode::On));
    assert!(draft.evidence.contains("the longest 30,00"), "{}", draft.evidence);
    let short = Script::with(json!([reader("find")])).text("find", json!({}), &words(20_000));
    assert!(short.advice("long").is_empty());
}

#[test]
fn definitions_that_say_more_than_a_sentence_are_shortened() {
    let tools = json!([
        {"name": "find", "description": "Finds. Do not use it on Sundays.", "inputSchema": {"title": "Find"}},
        reader("get"),
    ]);
    let drafts = Script::with(tools).advice("descriptions");
    let tools: Vec<_> = drafts.iter().map(|draft| draft.rule.clone().unwrap().tools.unwrap()).collect();
    assert_eq!(tools.len(), 2);
    assert_eq!(tools[0].describe, Some(Describe::FirstSentence));
    assert_eq!(tools[1].strip, ["title"]);
    assert!(Script::with(json!([reader("get")])).advice("descriptions").is_empty());
}

#[test]
fn tools_that_were_never_called_are_named() {
    let tools = || json!([reader("find"), reader("idle"), writer("put")]);
    let busy = (0..12).fold(Script::with(tools()), |script, n| script.text("find", json!({"n": n}), "a"));
    let (_, rule) = busy.one("unused");
    let hide = rule.tools.unwrap().hide.unwrap();
    assert!(
        hide.matches("idle") && hide.matches("put") && !hide.matches("find") && rule.mode == Mode::Observe
    );
    let mut in_vain =
        (0..12).fold(Script::with(tools()), |script, n| script.text("find", json!({"n": n}), "a"));
    in_vain.say(
        Direction::ToServer,
        &json!({"jsonrpc": "2.0", "id": 99, "method": "tools/call", "params": {"name": "put"}}),
    );
    let hide = in_vain.one("unused").1.tools.unwrap().hide.unwrap();
    assert!(!hide.matches("put"), "one that was called and did not answer was called");
    let brief = (0..3).fold(Script::with(tools()), |script, n| script.text("find", json!({"n": n}), "a"));
    assert!(brief.advice("unused").is_empty(), "three calls are no evidence");
    let many: Vec<Value> = (0..40).map(|n| reader(&format!("t{n}"))).chain([reader("find")]).collect();
    let many = (0..12).fold(Script::with(json!(many)), |script, n| script.text("find", json!({"n": n}), "a"));
    let drafts = many.advice("unused");
    assert_eq!(
        drafts[0].rule.as_ref().unwrap().tools.as_ref().unwrap().hide.as_ref().unwrap().written(),
        ["*", "!find"]
    );
    assert!(drafts[1].rule.as_ref().unwrap().tools.as_ref().unwrap().lazy);
}

#[test]
fn what_means_nothing_to_a_model_is_told_and_not_dropped() {
    let script = calls(
        Script::with(json!([reader("find")])),
        20,
        |n| json!({"id": format!("01a1fc3e-5c54-7275-b107-d69e9bff{n:04}"), "name": "a"}),
    );
    let drafts = script.advice("opaque");
    assert_eq!(drafts.len(), 1);
    assert!(drafts[0].rule.is_none() && drafts[0].evidence.contains("$.id"), "{:?}", drafts[0]);
    let plain = calls(Script::with(json!([reader("find")])), 20, |n| json!({"name": format!("name {n}")}));
    assert!(plain.advice("opaque").is_empty());
}

#[test]
fn a_call_for_each_item_of_a_result_is_told() {
    let list = json!({"items": (0..8).map(|n| format!("item-{n}")).collect::<Vec<_>>()}).to_string();
    let each = |script: Script, of: fn(u64) -> String| {
        (0..8).fold(script, |script, n| script.text("get", json!({"key": of(n), "full": true}), "x"))
    };
    let tools = || json!([reader("list"), reader("get")]);
    let listed = Script::with(tools()).text("list", json!({}), &list);
    let drafts = each(listed, |n| format!("item-{n}")).advice("per_item");
    assert_eq!(drafts.len(), 1, "{drafts:?}");
    assert_eq!(drafts[0].title, "get is called once for each item of list");
    let listed = Script::with(tools()).text("list", json!({}), &list);
    assert!(each(listed, |n| format!("other-{n}")).advice("per_item").is_empty());
    assert!(each(Script::with(tools()), |n| format!("item-{n}")).advice("per_item").is_empty());
}

#[test]
fn slow_first_calls_and_slow_starts_are_told() {
    let call = |script: Script, took_us: u64| {
        let result = json!({"content": [{"type": "text", "text": "a"}]});
        script.slowly("tools/call", json!({"name": "find", "arguments": {}}), result, took_us)
    };
    let cold =
        [900 * MS, 20 * MS, 20 * MS, 20 * MS].into_iter().fold(Script::with(json!([reader("find")])), call);
    let drafts = cold.advice("cold");
    assert_eq!(drafts.len(), 1, "{drafts:?}");
    assert_eq!(drafts[0].evidence, "It took 900 ms, later ones 20 ms (median).");
    let even =
        [40 * MS, 20 * MS, 20 * MS, 20 * MS].into_iter().fold(Script::with(json!([reader("find")])), call);
    assert!(even.advice("cold").is_empty());
    let slow = Script::of("openai-o200k").slowly("initialize", json!({}), json!({}), 3 * S);
    assert_eq!(slow.advice("cold")[0].title, "The server starts slowly");
}
