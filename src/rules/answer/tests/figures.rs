//! The figures of the guides, in tokens of `o200k_base`, as this program has them.

use super::*;
use crate::tokens::{Counter, Encoding};

fn tokens(text: &str) -> u64 {
    Counter::default().count(Encoding::O200kBase, text).tokens
}

/// A customer as a CRM returns one: 13 fields, some of them nested, printed for people.
fn customer() -> String {
    let usage: Vec<_> = (1..=12)
        .map(|month| serde_json::json!({
            "month": format!("2026-{month:02}"), "api_calls": 41_250 + month * 1_733, "storage_gb": 118 + month * 3,
            "active_seats": 22 + month % 4,
        }))
        .collect();
    let customer = serde_json::json!({
        "id": "cus_01HZX4T9QK7M2N8V5B3C6D1E0F", "name": "Northwind Traders", "plan": "enterprise", "mrr": 4_850,
        "email": "accounts@northwind.example", "created_at": "2023-04-17T09:21:44.512Z",
        "updated_at": "2026-11-18T16:02:10.008Z", "external_ids": {
            "stripe": "cus_NffrFeUfNV2Hib", "salesforce": "0015g00000XyZabAAF", "hubspot": "51847392017",
        },
        "billing_address": {
            "line1": "1200 Harbor Boulevard", "line2": null, "city": "Weehawken", "state": "NJ", "postal_code": "07086",
            "country": "US",
        },
        "shipping_address": null, "tags": ["priority-support", "annual-contract", "beta-features"],
        "metadata": { "source": "inbound", "campaign": "spring-2023", "owner_id": "usr_8f14e45fceea167a", "score": 87.5 },
        "usage": usage,
    });
    serde_json::to_string_pretty(&customer).unwrap()
}

#[test]
fn a_customer_of_13_fields_trimmed_to_three() {
    let customer = customer();
    assert_eq!(serde_json::from_str::<Value>(&customer).unwrap().as_object().unwrap().len(), 13);
    let rule = rule("trim = { keep = [\"$.name\", \"$.plan\", \"$.mrr\"] }");
    let trimmed = text_of(&made(&rule, "get", &text_result(&customer), &mut room()).0, 0);
    let read: Value = serde_json::from_str(&trimmed).unwrap();
    assert_eq!(read, serde_json::json!({"name": "Northwind Traders", "plan": "enterprise", "mrr": 4_850}));
    // Published as 847 -> 127.
    assert_eq!((tokens(&customer), tokens(&trimmed)), (807, 27));
}

#[test]
fn a_table_of_five_rows_as_text() {
    let rows = serde_json::json!([
        {"id": 1, "name": "Alice Johnson", "email": "alice@example.com", "role": "admin", "active": true},
        {"id": 2, "name": "Bob Smith", "email": "bob@example.com", "role": "user", "active": true},
        {"id": 3, "name": "Carol White", "email": "carol@example.com", "role": "user", "active": false},
        {"id": 4, "name": "David Brown", "email": "david@example.com", "role": "editor", "active": true},
        {"id": 5, "name": "Eve Davis", "email": "eve@example.com", "role": "user", "active": true},
    ]);
    let (pretty, minified) = (serde_json::to_string_pretty(&rows).unwrap(), rows.to_string());
    let shaped = |shape: &str| {
        let rule = rule(&format!("shape = \"{shape}\""));
        tokens(&text_of(&made(&rule, "get", &text_result(&pretty), &mut room()).0, 0))
    };
    // Published as 450 -> 90.
    assert_eq!((tokens(&pretty), tokens(&minified)), (210, 121));
    assert_eq!(
        ["compact", "table", "csv", "toon", "markdown", "auto"].map(shaped),
        [121, 65, 69, 78, 90, 65]
    );
}

/// A list as servers of fifty tools write them.
fn fifty_tools() -> String {
    let tool = |n: usize| {
        let (verb, thing) = (
            ["get", "list", "create", "update", "delete"][n % 5],
            [
                "issue",
                "branch",
                "release",
                "comment",
                "label",
                "milestone",
                "workflow",
                "secret",
                "webhook",
                "project",
            ][n / 5],
        );
        serde_json::json!({
            "name": format!("{verb}_{thing}"), "title": format!("{verb} {thing}"),
            "description": format!(
                "Use this tool to {verb} a {thing} of a repository, e.g. when the user asks for it. It needs a token with \
                 the scope `repo`.\n\nReturns the {thing} as JSON with all its fields. Rate limits apply: at most 5,000 \
                 calls an hour. See the documentation of the API for what each field means."
            ),
            "inputSchema": {
                "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "title": format!("{verb}_{thing}_arguments"),
                "properties": {
                    "owner": {"type": "string", "title": "Owner", "description": "The account that owns the repository.", "examples": ["octocat"]},
                    "repo": {"type": "string", "title": "Repo", "description": "The name of the repository.", "examples": ["hello-world"]},
                    "number": {"type": "integer", "title": "Number", "description": format!("The number of the {thing}."), "minimum": 1},
                    "per_page": {"type": "integer", "title": "Per Page", "description": "Results per page (at most 100).", "default": 30},
                },
                "required": ["owner", "repo"], "additionalProperties": false,
            },
            "annotations": {"readOnlyHint": n % 5 < 2, "title": format!("{verb} {thing}")},
        })
    };
    serde_json::json!({"tools": (0..50).map(tool).collect::<Vec<_>>()}).to_string()
}

#[test]
fn a_list_of_fifty_tools() {
    let list = fifty_tools();
    let seen = |tools: &str| session(&[&rule(&format!("tools = {{ {tools} }}"))], &list).1;
    let lean = seen(
        "describe = \"first-sentence\", strip = [\"title\", \"examples\", \"$schema\", \"default\", \"annotations\"]",
    );
    let lazy = seen("lazy = true");
    assert_eq!((tokens(&list), tokens(&lean), tokens(&lazy)), (12_245, 6_025, 2_588));
}

#[test]
fn our_own_tools_cost_little() {
    assert_eq!([own::READ_MORE_DEFINITION, own::TOOL_SCHEMA_DEFINITION].map(tokens), [51, 64]);
}
