//! The bill of one server as tables: its tools by cost, and where their tokens stand.

use std::cmp::Reverse;

use super::{Style, counted, left, right, some};
use crate::cli::audit::audited::{Known, Report};
use crate::cli::layout::{paragraph, push_line};
use crate::insight::audit::{Bill, HeavyKey};
use crate::tokens::{Count, ToolParts, ToolTokens};
use crate::ui::theme::Glyphs;
use crate::ui::widgets::bar::bar;
use crate::ui::widgets::clip;
use crate::ui::widgets::number::{percent, tokens_grouped};

/// Tools shown without `--all`.
const TOOLS_SHOWN: usize = 30;
/// Paths shown.
const PATHS_SHOWN: usize = 8;
/// Names of members shown.
const KEYS_SHOWN: usize = 8;
/// Columns from which the parts that cost little have one of their own.
const WIDE: usize = 100;

pub(super) fn write(out: &mut String, report: &Report, label: &str, known: &Known, style: Style) {
    head(out, report, label, known, style);
    if !known.bill.tools.is_empty() {
        out.push('\n');
        tools(out, &known.bill, style);
        others(out, report, known, style);
        heavy(out, &known.bill, style);
    }
    for missing in &known.offer.missing {
        paragraph(out, &format!("Not listed: {missing}"), 0, style.columns);
    }
}

fn head(out: &mut String, report: &Report, label: &str, known: &Known, style: Style) {
    let (offer, bill) = (&known.offer, &known.bill);
    let mut line = style.ink.bold(label);
    let server = format!("{} {}", offer.server.name, offer.server.version);
    for text in [server.trim(), &offer.revision].into_iter().filter(|text| !text.is_empty()) {
        line.push_str(&style.ink.dim(&format!(" · {}", clip::visible(text))));
    }
    if !out.is_empty() {
        out.push('\n');
    }
    push_line(out, &line, 0);
    let total = bill.total();
    let sum = format!(
        "{}: {} tokens in every request, {}; {} on the wire.",
        counted(bill.tools.len(), "tool", "tools"),
        tokens_grouped(total.model),
        report.weight(total.model.tokens),
        tokens_grouped(total.wire),
    );
    paragraph(out, &sum, 0, style.columns);
    let error =
        report.profile.error.map_or_else(String::new, |error| format!(", ± {} % on average", error.mean));
    paragraph(
        out,
        &format!("Counted for {}{error}; parts are on the wire.", report.profile.label),
        0,
        style.columns,
    );
}

/// What every row of the table has.
struct Row {
    name: String,
    model: Count,
    wire: Count,
    parts: ToolParts,
}

/// How wide the columns are.
struct Widths {
    name: usize,
    bar: u16,
    is_wide: bool,
}

impl Widths {
    fn of(style: Style, bill: &Bill) -> Self {
        let is_wide = style.columns >= WIDE;
        let bar = if is_wide { 16 } else { 6 };
        let numbers = 8 + 8 + 7 * if is_wide { 6 } else { 4 };
        let free = style.columns - numbers - usize::from(bar) - 1;
        let longest = bill.tools.iter().map(|tool| clip::width(&tool.name)).max().unwrap_or_default();
        Self { name: longest.clamp(12, free), bar, is_wide }
    }

    fn numbers(&self, row: &Row) -> String {
        let ToolParts { name, description, input_schema, output_schema, annotations, other } = row.parts;
        let parts = if self.is_wide {
            vec![name, description, input_schema, output_schema, annotations, other]
        } else {
            vec![description, input_schema, output_schema, name + annotations + other]
        };
        let parts: String = parts.into_iter().map(|part| right(&some(part), 7)).collect();
        format!("{}{parts}", right(&tokens_grouped(row.wire), 8))
    }

    fn head(&self) -> String {
        let parts: &[&str] = if self.is_wide {
            &["name", "descr", "input", "output", "annot", "rest"]
        } else {
            &["descr", "input", "output", "rest"]
        };
        let parts: String = parts.iter().map(|part| right(part, 7)).collect();
        let bar = " ".repeat(usize::from(self.bar) + 1);
        format!("{}{}{bar}{}{parts}", left("tool", self.name), right("model", 8), right("wire", 8))
    }
}

fn tools(out: &mut String, bill: &Bill, style: Style) {
    let widths = Widths::of(style, bill);
    push_line(out, &style.ink.dim(&widths.head()), 0);
    let mut tools: Vec<&ToolTokens> = bill.tools.iter().collect();
    tools.sort_by_key(|tool| Reverse((tool.model.tokens, tool.wire.tokens)));
    let most = tools.first().map_or(1, |tool| tool.model.tokens.max(1));
    let shown = if style.is_all { tools.len() } else { TOOLS_SHOWN };
    for tool in tools.iter().take(shown) {
        let row = Row { name: tool.name.clone(), model: tool.model, wire: tool.wire, parts: tool.parts };
        let cells = bar(tool.model.tokens as f64 / most as f64, widths.bar, &Glyphs::UNICODE);
        push_row(out, &row, &style.ink.bar(&cells), &widths, str::to_owned);
    }
    if let Some(rest) = tools.get(shown..).filter(|rest| !rest.is_empty()) {
        let name = format!("{} more (--all)", rest.len());
        let row = sum(&name, rest.iter().copied());
        push_row(out, &row, &" ".repeat(usize::from(widths.bar)), &widths, |text| style.ink.dim(text));
    }
    if tools.len() > 1 {
        let row = sum("all tools", tools.iter().copied());
        push_row(out, &row, &" ".repeat(usize::from(widths.bar)), &widths, |text| style.ink.bold(text));
    }
}

fn push_row(out: &mut String, row: &Row, cells: &str, widths: &Widths, paint: impl Fn(&str) -> String) {
    let front = format!("{}{}", left(&row.name, widths.name), right(&tokens_grouped(row.model), 8));
    push_line(out, &format!("{} {cells}{}", paint(&front), paint(&widths.numbers(row))), 0);
}

fn sum<'a>(name: &str, tools: impl Iterator<Item = &'a ToolTokens>) -> Row {
    let mut row =
        Row { name: name.to_owned(), model: Count::ZERO, wire: Count::ZERO, parts: ToolParts::default() };
    for tool in tools {
        row.model += tool.model;
        row.wire += tool.wire;
        let ToolParts { name, description, input_schema, output_schema, annotations, other } = tool.parts;
        row.parts.name += name;
        row.parts.description += description;
        row.parts.input_schema += input_schema;
        row.parts.output_schema += output_schema;
        row.parts.annotations += annotations;
        row.parts.other += other;
    }
    row
}

/// What there is beside tools.
fn others(out: &mut String, report: &Report, known: &Known, style: Style) {
    let bill = &known.bill;
    let widths = Widths::of(style, bill);
    let mut line = |name: &str, model: &str, wire: Count, why: &str| {
        let gap = " ".repeat(usize::from(widths.bar) + 1);
        let numbers = format!("{}{}{gap}{}", left(name, widths.name), right(model, 8), right(&some(wire), 8));
        push_line(out, format!("{numbers}  {}", style.ink.dim(why)).trim_end(), 0);
    };
    if known.offer.instructions.is_some() {
        line("instructions", &tokens_grouped(bill.instructions.model), bill.instructions.wire, "");
    }
    for (name, items, why) in [
        ("prompts", &bill.prompts, "when picked"),
        ("resources", &bill.resources, "when read"),
        ("templates", &bill.templates, "when read"),
    ] {
        if !items.is_empty() {
            line(&format!("{} {name}", items.len()), "", items.iter().copied().sum(), why);
        }
    }
    if bill.preamble != Count::ZERO && !report.is_many {
        let why = if widths.is_wide { "the provider's, once with any tools" } else { "once, provider's" };
        line("preamble", &tokens_grouped(bill.preamble), Count::ZERO, why);
    }
}

fn heavy(out: &mut String, bill: &Bill, style: Style) {
    let whole = bill.all_tools().wire.tokens;
    out.push('\n');
    push_line(out, &style.ink.bold("Heaviest places"), 0);
    let shown = bill.paths.iter().take(PATHS_SHOWN);
    let widest =
        shown.clone().map(|path| clip::width(&path.tool)).max().unwrap_or_default().min(style.columns / 3);
    for path in shown {
        let front = format!(
            "{}{}",
            right(&tokens_grouped(path.tokens), 8),
            right(&percent(path.tokens.tokens, whole), 8)
        );
        let free = style.columns.saturating_sub(clip::width(&front) + widest + 4);
        let line = format!("{front}  {}  {}", left(&path.tool, widest), clip::middle(&path.path, free));
        push_line(out, &line, 0);
    }
    let share =
        |key: &HeavyKey| format!("{} {}", key.key, percent(key.tokens.tokens, whole).replace(' ', ""));
    let keys: Vec<String> = bill.keys.iter().take(KEYS_SHOWN).map(share).collect();
    paragraph(out, &format!("By name of the member: {}.", keys.join(", ")), 0, style.columns);
}
