//! All servers of a configuration in one table, dearest first, those that failed last.

use std::cmp::Reverse;

use super::{Style, counted, left, right};
use crate::cli::audit::audited::{Audited, Report};
use crate::cli::layout::{paragraph, push_line};
use crate::insight::audit::Severity;
use crate::tokens::{Count, ToolTokens};
use crate::ui::theme::Glyphs;
use crate::ui::widgets::bar::bar;
use crate::ui::widgets::clip;
use crate::ui::widgets::number::{grouped, percent, tokens_grouped};

/// Tools shown of all servers together.
const TOOLS_SHOWN: usize = 10;
const BAR_CELLS: u16 = 8;

pub(super) fn write(out: &mut String, report: &Report, style: Style) {
    let total = report.total();
    let sum = format!(
        "{}: {} tokens in every request, {}; {} on the wire. Counted for {}.",
        counted(report.servers.len(), "server", "servers"),
        tokens_grouped(total.model),
        report.weight(total.model.tokens),
        tokens_grouped(total.wire),
        report.profile.label,
    );
    paragraph(out, &sum, 0, style.columns);
    out.push('\n');
    let widest = report.servers.iter().map(|server| clip::width(&server.label)).max().unwrap_or_default();
    let name = widest.clamp(10, 22);
    let head = format!(
        "{}{}{}{}{}{}{}{}{}",
        left("server", name),
        right("tools", 7),
        right("model", 9),
        " ".repeat(usize::from(BAR_CELLS) + 1),
        right("window", 8),
        right("wire", 9),
        right("err", 5),
        right("warn", 5),
        right("note", 5),
    );
    push_line(out, &style.ink.dim(&head), 0);
    let mut servers: Vec<&Audited> = report.servers.iter().collect();
    servers.sort_by_key(|server| Reverse(model(server)));
    let most = servers.iter().filter_map(|server| model(server)).max().unwrap_or_default().max(1);
    for server in servers {
        row(out, report, server, (name, most), style);
    }
    let tools: usize = report.known().map(|(_, known)| known.bill.tools.len()).sum();
    let line = format!(
        "{}{}{}{}{}{}",
        left("together", name),
        right(&grouped(tools as u64), 7),
        right(&tokens_grouped(total.model), 9),
        " ".repeat(usize::from(BAR_CELLS) + 1),
        right(&percent(total.model.tokens, report.window_tokens), 8),
        right(&tokens_grouped(total.wire), 9),
    );
    push_line(out, &style.ink.bold(&line), 0);
    let preamble = report.preamble();
    if preamble != Count::ZERO {
        let line = format!(
            "{}{}  once, the provider's",
            left("preamble", name + 7),
            right(&tokens_grouped(preamble), 9)
        );
        push_line(out, &style.ink.dim(&line), 0);
    }
    dearest(out, report, style);
    if report.servers.len() > 1 && !style.is_all {
        out.push('\n');
        paragraph(out, "For one of them in full: --server NAME; for all: --all.", 0, style.columns);
    }
}

/// What it costs the model; `None` if that is not known.
fn model(server: &Audited) -> Option<u64> {
    server.outcome.as_ref().ok().map(|known| known.bill.total().model.tokens)
}

fn row(out: &mut String, report: &Report, server: &Audited, (name, most): (usize, u64), style: Style) {
    let label = left(&server.label, name);
    let known = match &server.outcome {
        Ok(known) => known,
        Err(why) => {
            push_line(
                out,
                &format!("{label}{}  {}", right("–", 7), style.ink.severity(Severity::Error, "failed")),
                0,
            );
            for line in why.lines() {
                paragraph(out, line, 4, style.columns);
            }
            return;
        }
    };
    let total = known.bill.total();
    let cells = bar(total.model.tokens as f64 / most as f64, BAR_CELLS, &Glyphs::UNICODE);
    let front = format!(
        "{label}{}{} {}{}{}",
        right(&grouped(known.bill.tools.len() as u64), 7),
        right(&tokens_grouped(total.model), 9),
        style.ink.bar(&cells),
        right(&percent(total.model.tokens, report.window_tokens), 8),
        right(&tokens_grouped(total.wire), 9),
    );
    let counts = [Severity::Error, Severity::Warning, Severity::Note].map(|severity| {
        let count = known.count(severity);
        let text = if count == 0 { String::new() } else { grouped(count as u64) };
        style.ink.severity(severity, &right(&text, 5))
    });
    push_line(out, format!("{front}{}", counts.concat()).trim_end(), 0);
}

/// The dearest tools, whoever's they are.
fn dearest(out: &mut String, report: &Report, style: Style) {
    let mut tools: Vec<(&str, &ToolTokens)> = report
        .known()
        .flat_map(|(label, known)| known.bill.tools.iter().map(move |tool| (label, tool)))
        .collect();
    if tools.is_empty() || report.servers.len() == 1 {
        return;
    }
    tools.sort_by_key(|(_, tool)| Reverse(tool.model.tokens));
    out.push('\n');
    push_line(out, &style.ink.bold("Dearest tools"), 0);
    for (label, tool) in tools.into_iter().take(TOOLS_SHOWN) {
        let name = format!("{label} · {}", tool.name);
        let share = percent(tool.model.tokens, report.window_tokens);
        let line = format!(
            "{}{}  {}",
            right(&tokens_grouped(tool.model), 8),
            right(&share, 8),
            clip::middle(&name, style.columns - 18)
        );
        push_line(out, &line, 0);
    }
}
