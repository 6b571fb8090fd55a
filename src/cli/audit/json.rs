//! An audit for machines. Token counts are numbers; how far they may be trusted stands beside them once.

use serde_json::{Value, json};

use super::audited::{Audited, Known, Report};
use crate::insight::audit::{Drift, Fate, Finding, ItemTokens, ToolDrift};
use crate::tokens::{Accuracy, Count, ToolParts, ToolTokens};

/// The whole report.
pub(super) fn document(report: &Report) -> Value {
    let total = report.total();
    json!({
        "profile": report.profile.id,
        "window_tokens": report.window_tokens,
        "cost": report.price.of(total.model.tokens),
        "accuracy": accuracy(report).label(),
        "servers": report.servers.iter().map(server).collect::<Vec<_>>(),
        "total": both(total),
        "preamble": report.preamble().tokens,
        "unapproved": report.is_compared.then(|| report.is_unapproved()),
        "gone": report.is_compared.then_some(&report.gone),
    })
}

/// The weakest of all.
fn accuracy(report: &Report) -> Accuracy {
    let ItemTokens { wire, model } = report.total();
    wire.accuracy.max(model.accuracy)
}

fn both(tokens: ItemTokens) -> Value {
    json!({"model": tokens.model.tokens, "wire": tokens.wire.tokens})
}

fn server(server: &Audited) -> Value {
    match &server.outcome {
        Ok(known) => of_known(&server.label, known),
        Err(why) => json!({"label": server.label, "error": why}),
    }
}

fn of_known(label: &str, known: &Known) -> Value {
    let (offer, bill) = (&known.offer, &known.bill);
    let list = |items: &[Count]| {
        let wire: Count = items.iter().copied().sum();
        json!({"count": items.len(), "wire": wire.tokens})
    };
    json!({
        "label": label,
        "name": offer.server.name,
        "version": offer.server.version,
        "revision": offer.revision,
        "total": both(bill.total()),
        "all_tools": both(bill.all_tools()),
        "preamble": bill.preamble.tokens,
        "instructions": offer.instructions.is_some().then(|| both(bill.instructions)),
        "prompts": list(&bill.prompts),
        "resources": list(&bill.resources),
        "resource_templates": list(&bill.templates),
        "tools": bill.tools.iter().map(tool).collect::<Vec<_>>(),
        "heaviest": bill.paths.iter().map(|path| json!({
            "tool": path.tool, "path": path.path, "wire": path.tokens.tokens,
        })).collect::<Vec<_>>(),
        "by_member": bill.keys.iter().map(|key| json!({
            "member": key.key, "wire": key.tokens.tokens, "places": key.places,
        })).collect::<Vec<_>>(),
        "findings": known.findings.iter().map(finding).collect::<Vec<_>>(),
        "missing": offer.missing,
        "drift": known.drift.as_ref().map(drift),
    })
}

fn tool(tool: &ToolTokens) -> Value {
    let ToolParts { name, description, input_schema, output_schema, annotations, other } = tool.parts;
    json!({
        "name": tool.name,
        "model": tool.model.tokens,
        "wire": tool.wire.tokens,
        "parts": {
            "name": name.tokens,
            "description": description.tokens,
            "input_schema": input_schema.tokens,
            "output_schema": output_schema.tokens,
            "annotations": annotations.tokens,
            "other": other.tokens,
        },
    })
}

fn finding(finding: &Finding) -> Value {
    let rule = finding.rule;
    json!({
        "id": rule.id,
        "severity": rule.severity,
        "sentence": rule.sentence,
        "remedy": rule.remedy,
        "spots": finding.spots,
    })
}

fn drift(drift: &Drift) -> Value {
    let change = |(before, after): (u64, u64)| json!({"before": before, "after": after});
    let tool = |tool: &ToolDrift| {
        let (fate, changes) = match &tool.fate {
            Fate::Changed(changes) => ("changed", Some(changes)),
            Fate::Added(_) => ("added", None),
            Fate::Removed => ("removed", None),
            Fate::Recounted => ("recounted", None),
        };
        let changes = changes.map(|changes| {
            let one = |change: &crate::insight::audit::Change| {
                json!({"part": change.part.label(), "before": change.before, "after": change.after})
            };
            changes.iter().map(one).collect::<Vec<_>>()
        });
        json!({
            "tool": tool.tool,
            "fate": fate,
            "unapproved": tool.is_unapproved(),
            "model": change(tool.model),
            "wire": change(tool.wire),
            "changes": changes,
        })
    };
    json!({
        "unapproved": drift.is_unapproved(),
        "instructions": drift.instructions.as_ref().map(|(before, after)| json!({"before": before, "after": after})),
        "model": change(drift.model),
        "wire": change(drift.wire),
        "tools": drift.tools.iter().map(tool).collect::<Vec<_>>(),
    })
}
