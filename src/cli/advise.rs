//! `mcptop advise`: what rules would do for a recorded session.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::args::Advise;
use super::layout::{columns, ends, paragraph, push_line};
use super::{EXIT_USAGE, complain, passes, rulesfile, say};
use crate::insight::Proposal;
use crate::rules::{Mode, Rule, Ruleset, edit};
use crate::tokens::Profile;
use crate::trace::Header;
use crate::ui::advice::{freshness_words, saved_words};

/// Proposes, prints, and writes if that was asked for.
pub(super) fn run(args: &Advise) -> ExitCode {
    match advise(args) {
        Ok(text) => say(&text),
        Err(why) => {
            complain(&why);
            ExitCode::from(EXIT_USAGE)
        }
    }
}

fn advise(args: &Advise) -> Result<String, String> {
    let profile = passes::profile(args.profile.as_deref())?;
    // A broken file is refused before anything takes time.
    let target = args.write.as_deref().map(rulesfile::named);
    let before = target.as_deref().map(rulesfile::read_or_new).transpose()?;
    let mut reader = passes::open(&args.file)?;
    let header = reader.header().clone();
    let failed = |error| format!("cannot read {}: {error}", args.file.display());
    let proposals = passes::advise(&mut reader, &profile).map_err(failed)?;
    let mut text = if args.json {
        let document = json(&header, &profile, &proposals);
        format!("{document:#}\n")
    } else {
        told(&header, &profile, &proposals, columns())
    };
    if let (Some(path), Some(before)) = (target, before) {
        let written = write(&path, &before, &proposals, &args.file)?;
        if args.json {
            complain(&written);
        } else {
            let _ = write!(text, "\n{written}\n");
        }
    }
    Ok(text)
}

/// Puts the rules into a file, and says what was done.
fn write(path: &Path, before: &str, proposals: &[Proposal], file: &Path) -> Result<String, String> {
    let known = Ruleset::parse(before).map_err(|problem| format!("{}: {problem}", path.display()))?;
    let mut text = before.to_owned();
    let (mut on, mut observing) = (0_u64, 0_u64);
    for rule in Proposal::rules(proposals) {
        // What a person has decided stays decided.
        let mode = known.rule(&rule.name).map_or(rule.mode, |known| known.mode);
        text = edit::upsert(&text, &Rule { mode, ..rule.clone() })
            .map_err(|problem| format!("{}: {problem}", path.display()))?;
        match mode {
            Mode::On => on += 1,
            Mode::Observe | Mode::Off => observing += 1,
        }
    }
    if on + observing == 0 {
        return Ok(format!("No rule to be written; {} is as it was.", path.display()));
    }
    rulesfile::write(path, &text)?;
    Ok(format!(
        "{} holds them: {on} on, {observing} that change nothing until you take `mode` out. What they save together:\n  \
         mcptop simulate {} --rules {}",
        path.display(),
        file.display(),
        path.display()
    ))
}

fn told(header: &Header, profile: &Profile, proposals: &[Proposal], columns: usize) -> String {
    let (rules, others): (Vec<&Proposal>, Vec<&Proposal>) =
        proposals.iter().partition(|proposal| proposal.rule.is_some());
    let mut out = String::new();
    let head = match rules.len() {
        0 => format!("{}: nothing that a rule would have saved in this recording.", header.label),
        1 => format!("{}: a rule would have saved something in this recording.", header.label),
        count => format!(
            "{}: {count} rules would have saved something in this recording. Each is measured as if it were on and \
             alone.",
            header.label
        ),
    };
    paragraph(&mut out, &head, 0, columns);
    if !rules.is_empty() {
        paragraph(&mut out, &format!("Tokens as counted for {}.", profile.label), 0, columns);
    }
    for (number, proposal) in (1..).zip(rules) {
        out.push('\n');
        let title = format!("{number:>2}. {}", proposal.title);
        ends(&mut out, &title, &format!("saves {}", saved_words(&proposal.saving)), 4, columns);
        paragraph(&mut out, &proposal.evidence, 4, columns);
        if let Some(freshness) = freshness_words(&proposal.saving) {
            paragraph(&mut out, &freshness, 4, columns);
        }
        paragraph(&mut out, &format!("Risk: {}", proposal.risk), 4, columns);
        for line in proposal.rule_text().unwrap_or_default().trim().lines() {
            push_line(&mut out, line, 6);
        }
    }
    if !others.is_empty() {
        out.push('\n');
        paragraph(&mut out, "Worth knowing; no rule does it, or none should unasked:", 0, columns);
        for proposal in others {
            out.push('\n');
            paragraph(&mut out, &format!("{}.", proposal.title), 2, columns);
            paragraph(&mut out, &proposal.evidence, 4, columns);
            paragraph(&mut out, &proposal.risk, 4, columns);
        }
    }
    out
}

fn json(header: &Header, profile: &Profile, proposals: &[Proposal]) -> Value {
    let proposals: Vec<Value> = proposals
        .iter()
        .map(|proposal| {
            let saving = proposal.rule.as_ref().map(|_| {
                let mut saving = json!(proposal.saving);
                saving["accuracy"] = proposal.saving.accuracy.label().into();
                saving
            });
            json!({
                "kind": proposal.kind,
                "title": proposal.title,
                "evidence": proposal.evidence,
                "risk": proposal.risk,
                "name": proposal.rule.as_ref().map(|rule| &rule.name),
                "mode": proposal.rule.as_ref().map(|rule| rule.mode.as_str()),
                "rule": proposal.rule_text(),
                "saving": saving,
            })
        })
        .collect();
    json!({
        "session": header.session,
        "label": header.label,
        "profile": profile.id,
        "proposals": proposals,
    })
}
