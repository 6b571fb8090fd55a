use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn told(before: &Value, after: &Value, terms: &Terms) -> Vec<String> {
    differences(before, after, terms).iter().map(ToString::to_string).collect()
}

fn plain(before: &Value, after: &Value) -> Vec<String> {
    told(before, after, &Terms::default())
}

fn ignoring(paths: &[&str]) -> Terms {
    Terms { ignore: paths.iter().map(|path| path.parse().unwrap()).collect(), unordered: false }
}

#[test]
fn each_kind_of_difference_is_told_with_its_place() {
    let before = json!({"a": 1, "b": "x", "c": [1, 2], "d d": {"e": null}, "same": true});
    let after = json!({"a": 2, "b": 5, "c": [1, 2, 3], "d d": {}, "f": [], "same": true});
    assert_eq!(
        plain(&before, &after),
        ["$.a changed", "$.b type", "$.c[2] added", "$['d d'].e removed", "$.f added"]
    );
}

#[test]
fn numbers_count_by_their_value() {
    assert!(plain(&json!([1, -0.0, 1e3]), &json!([1.0, 0, 1000])).is_empty());
    assert_eq!(plain(&json!(9_007_199_254_740_993_u64), &json!(9_007_199_254_740_992_u64)), ["$ changed"]);
    assert_eq!(plain(&json!(0.1), &json!(0.2)), ["$ changed"]);
}

#[test]
fn one_item_more_is_one_difference() {
    assert_eq!(plain(&json!([1, 2, 3, 4]), &json!([1, 9, 2, 3, 4])), ["$[1] added"]);
    assert_eq!(plain(&json!([[1], [2], [3]]), &json!([[1], [3]])), ["$[1] removed"]);
    assert_eq!(plain(&json!([1, 2, 3]), &json!([1, 5, 3])), ["$[1] changed"]);
}

#[test]
fn items_with_names_are_compared_with_their_namesakes() {
    let tool = |name: &str, text: &str| json!({"name": name, "description": text});
    let before = json!([tool("a", "x"), tool("b", "y"), tool("c", "z")]);
    let after = json!([tool("c", "z!"), tool("d", "w"), tool("a", "x")]);
    assert_eq!(plain(&before, &after), ["$[1] removed", "$[2].description changed", "$[1] added", "$ order"]);
}

#[test]
fn another_order_is_one_difference_and_none_if_it_may_be() {
    let (before, after) = (json!({"a": [3, 1, 2]}), json!({"a": [1, 2, 3]}));
    assert_eq!(plain(&before, &after), ["$.a order"]);
    let unordered = Terms { unordered: true, ..Terms::default() };
    assert!(told(&before, &after, &unordered).is_empty());
    assert_eq!(told(&json!([1, 1, 2]), &json!([2, 1, 2]), &unordered), ["$[0] changed"]);
}

#[test]
fn what_is_ignored_on_either_side_makes_no_difference() {
    let (before, after) = (json!({"a": {"t": 1, "b": 1}}), json!({"a": {"b": 2}, "t": 5}));
    assert_eq!(told(&before, &after, &ignoring(&["$..t"])), ["$.a.b changed"]);
    assert!(told(&json!([1, 2]), &json!([]), &ignoring(&["$[*]"])).is_empty());
    assert!(told(&json!(1), &json!("x"), &ignoring(&["$"])).is_empty());
}

#[test]
fn a_long_text_is_shown_line_by_line_and_cannot_steer_a_terminal() {
    let before = json!({"text": "one\ntwo\nthree\nfour\nfive\n"});
    let after = json!({"text": "one\ntwo\nthree\n\u{1b}[31mfour\nfive\n"});
    let shown = lines(&differences(&before, &after, &Terms::default()));
    let texts: Vec<&str> = shown.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["$.text", "  three", "- four", "+ \\u001b[31mfour", "  five"]);
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..3_i64).prop_map(Value::from),
        "[ab]{0,2}".prop_map(Value::from),
    ]
}

fn anything() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[abc]", inner, 0..4).prop_map(object),
        ]
    })
}

fn objects() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(3, 24, 4, |inner| {
        proptest::collection::btree_map("[abc]", inner, 0..4).prop_map(object)
    })
}

fn object(members: BTreeMap<String, Value>) -> Value {
    members.into_iter().collect()
}

/// A value with every array sorted, by what its items say once they are sorted themselves.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(sorted).collect();
            items.sort_by_key(ToString::to_string);
            items.into()
        }
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), sorted(value))).collect(),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn there_is_no_difference_exactly_where_values_are_equal(a in anything(), b in anything()) {
        prop_assert!(differences(&a, &a, &Terms::default()).is_empty());
        prop_assert_eq!(differences(&a, &b, &Terms::default()).is_empty(), a == b);
    }

    #[test]
    fn unordered_arrays_are_compared_as_multisets(a in anything(), b in anything()) {
        let unordered = Terms { unordered: true, ..Terms::default() };
        prop_assert!(differences(&a, &sorted(&a), &unordered).is_empty());
        prop_assert_eq!(differences(&a, &b, &unordered).is_empty(), sorted(&a) == sorted(&b));
    }

    #[test]
    fn ignoring_a_place_takes_away_exactly_its_differences(a in objects(), b in objects(), pick in any::<prop::sample::Index>()) {
        let all = differences(&a, &b, &Terms::default());
        prop_assume!(!all.is_empty());
        let at = all[pick.index(all.len())].at.clone();
        let (rest, gone): (Vec<_>, Vec<_>) = all.into_iter().partition(|difference| difference.at != at);
        prop_assert!(!gone.is_empty());
        prop_assert_eq!(differences(&a, &b, &ignoring(&[&at])), rest);
    }
}
