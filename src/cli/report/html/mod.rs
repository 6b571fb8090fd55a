//! A report as one page for a browser: no scripts, nothing loaded, light and dark as its reader likes.
//!
//! What servers and clients said is text in it and never markup; a policy in the page forbids everything else all the same.

mod charts;
mod treemap;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::gather::{Text, Told};
use super::words::{self, HEADINGS};
use crate::insight::figures::CallFigures;
use crate::ui::widgets::clip;
use crate::ui::widgets::number::{bytes, grouped, percent, tokens_grouped};

const STYLE: &str = include_str!("style.css");
/// Nothing is loaded and nothing runs.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";
/// Places that are listed of each tool.
const PLACES_MAX: usize = 6;
/// Tools whose places are listed.
const TOOLS_MAX: usize = 15;

/// The whole page.
pub(super) fn document(told: &Told<'_>) -> String {
    let session = told.figures.session;
    let label = clip::visible(&session.header.label);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="generator" content=(concat!("mcptop ", env!("CARGO_PKG_VERSION")));
                title { (label) " · mcptop" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (label) }
                p class="dim" { (words::session(told)) }
                (facts(told))
                @if told.figures.calls.calls > 0 { (over_time(told)) }
                (tools(told))
                (tokens(told))
                (definitions(told))
                (rules(told))
                (calls(told, "slowest", "The slowest calls", told.slowest()))
                (calls(told, "fattest", "The calls that cost most", told.fattest()))
                footer {
                    p {
                        "Tokens as counted for " (told.profile.label) ", as the model sees them unless it says otherwise; ~ marks \
                         what is estimated. Latency is what the client waited for the server. Made by mcptop "
                        (env!("CARGO_PKG_VERSION")) " from " code { (clip::visible(&told.file.display().to_string())) }
                        ", session " (clip::visible(&session.header.session)) "."
                    }
                }
            }
        }
    };
    page.into_string() + "\n"
}

fn facts(told: &Told<'_>) -> Markup {
    html! {
        div class="facts" {
            @for fact in words::facts(told) {
                div class=(if fact.is_bad { "fact bad" } else { "fact" }) {
                    span { (fact.name) }
                    b { (fact.value) }
                    span { (fact.more) }
                }
            }
        }
    }
}

fn over_time(told: &Told<'_>) -> Markup {
    html! {
        h2 id="time" { "Time" }
        figure { (charts::timeline(told)) }
        @if told.figures.latency_us.count() > 0 {
            figure {
                (charts::histogram(&told.figures.latency_us))
                figcaption { "How long tool calls took. Each bar is a third longer than the one before it." }
            }
        }
    }
}

fn tools(told: &Told<'_>) -> Markup {
    let tools = words::tools(told);
    let whole = told.figures.calls.model_tokens.sum;
    html! {
        h2 id="tools" { "Tools" }
        @if tools.is_empty() { p { "No tool was listed or called." } }
        @else {
            div class="scroll" {
                table {
                    thead { tr { th { "tool" } @for heading in HEADINGS { th { (heading) } } } }
                    tbody {
                        @for tool in tools {
                            tr {
                                td {
                                    code { (clip::visible(tool.name())) }
                                    @let share = tool.sums.model_tokens.sum as f64 * 100.0 / whole.max(1) as f64;
                                    @if share > 0.0 { span class="bar" style=(format!("width:{share:.1}%")) {} }
                                }
                                @for (heading, cell) in HEADINGS.iter().zip(words::cells(tool)) {
                                    td class=[(*heading == "errors" && tool.sums.errors() > 0).then_some("bad-text")] { (cell) }
                                }
                            }
                        }
                    }
                }
            }
            p class="dim" { "The bars are each tool's share of the tokens of all answers." }
        }
    }
}

fn tokens(told: &Told<'_>) -> Markup {
    if told.figures.calls.model_tokens.sum == 0 {
        return html! {};
    }
    html! {
        h2 id="tokens" { "Where the tokens of answers stand" }
        figure {
            (charts::treemap(told))
            figcaption { "Each area is as large as its share. Within a tool: by path, as the JSON of its answers travelled." }
        }
        div class="scroll" {
            table {
                thead { tr { th { "tool" } th { "share" } th class="path" { "path" } } }
                tbody {
                    @for tool in words::tools(told).into_iter().take(TOOLS_MAX) {
                        @if let Some(places) = told.places.get(tool.name()).filter(|places| places.tokens > 0) {
                            @for (at, place) in words::heavy(places, PLACES_MAX).into_iter().enumerate() {
                                tr {
                                    td {
                                        @if at == 0 {
                                            code { (clip::visible(tool.name())) }
                                            " " span class="dim" { (words::sampled(told, tool.name()).unwrap_or_default()) }
                                        }
                                    }
                                    td { (percent(place.tokens, places.tokens)) }
                                    td class="path" { code { (clip::visible(&place.path)) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn definitions(told: &Told<'_>) -> Markup {
    let mut listed: Vec<_> = told.figures.tools.iter().filter(|tool| tool.definition.is_some()).collect();
    listed.sort_by_key(|tool| std::cmp::Reverse(words::schema(tool).tokens));
    let whole = told.figures.context(false).definitions;
    let idle =
        listed.iter().filter(|tool| tool.sums.calls == 0).map(|tool| words::schema(tool).tokens).sum::<u64>();
    html! {
        @if !listed.is_empty() {
            h2 id="definitions" { "What the model is told of the tools" }
            p {
                (grouped(listed.len() as u64)) " tools cost " (tokens_grouped(whole)) " tokens before anything is asked, "
                (percent(whole.tokens, told.window)) " of the window."
                @if idle > 0 { " Those that were never called: " (grouped(idle)) " tokens." }
            }
            div class="scroll" {
                table {
                    thead { tr { th { "tool" } th { "tokens" } th { "share" } th { "on the wire" } th { "calls" } } }
                    tbody {
                        @for tool in listed {
                            @let tokens = words::schema(tool);
                            tr {
                                td {
                                    code { (clip::visible(tool.name())) }
                                    @let share = tokens.tokens as f64 * 100.0 / whole.tokens.max(1) as f64;
                                    span class="bar" style=(format!("width:{share:.1}%")) {}
                                }
                                td { (tokens_grouped(tokens)) }
                                td { (percent(tokens.tokens, whole.tokens)) }
                                td { (tool.schema().map_or_else(String::new, |tokens| grouped(tokens.wire.into()))) }
                                td { (grouped(tool.sums.calls)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn rules(told: &Told<'_>) -> Markup {
    let rules = words::rules(told);
    html! {
        @if !rules.is_empty() {
            h2 id="rules" { "What rules saved" }
            div class="scroll" {
                table {
                    thead {
                        tr { th { "rule" } th { "matches" } th { "hits" } th { "tokens saved" } th { "time saved" } }
                    }
                    tbody {
                        @for rule in rules {
                            tr {
                                td { (rule.name) }
                                td { (rule.matches) }
                                td { (rule.hits) }
                                td { (rule.saved) }
                                td { (rule.time) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn calls(told: &Told<'_>, id: &str, title: &str, calls: &[CallFigures<'_>]) -> Markup {
    html! {
        @if !calls.is_empty() {
            h2 id=(id) { (title) }
            @for call in calls {
                @let [at, took, tokens, ended] = words::call(call);
                @let said = told.said.get(&call.id);
                details {
                    summary {
                        code { (words::about(call)) }
                        span { (took) }
                        span { (tokens) " tokens" }
                        span class=[(ended != "ok").then_some("bad-text")] { (ended) }
                        span class="dim" { (at) }
                    }
                    @match said {
                        Some(said) => {
                            (body("asked", said.request.as_ref()))
                            (body("answered", said.answer.as_ref()))
                        }
                        None => p class="dim" { "What was said is left out." }
                    }
                }
            }
        }
    }
}

fn body(name: &str, text: Option<&Text>) -> Markup {
    html! {
        @if let Some(text) = text {
            p class="dim" { (name) }
            pre {
                (text.shown)
                @if text.cut_bytes > 0 { "\n… " (bytes(text.cut_bytes as u64)) " more" }
            }
        }
    }
}
