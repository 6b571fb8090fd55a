use proptest::prelude::*;

use super::super::*;

/// How a file is laid out.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is thrown on its own")]
struct Style {
    newline: &'static str,
    indent: String,
    comments: bool,
    mark: bool,
    commas: bool,
    lines: bool,
}

#[derive(Clone, Debug)]
struct Entry {
    name: String,
    command: String,
    arguments: Option<Vec<String>>,
    command_first: bool,
    extra: bool,
    /// The fields of requests, if it is an address and no command.
    fields: Option<Vec<(String, String)>>,
}

impl Entry {
    fn first(&self) -> &'static str {
        if self.fields.is_some() { "url" } else { "command" }
    }
}

fn style() -> impl Strategy<Value = Style> {
    let newline = prop_oneof![Just("\n"), Just("\r\n")];
    let parts = (newline, "[ ]{1,5}", any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    parts.prop_map(|(newline, indent, comments, mark, commas, lines)| Style {
        newline,
        indent,
        comments,
        mark,
        commas,
        lines,
    })
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z@/._-]{1,12}",
        "[ -~äπ漢😀]{1,12}",
        Just("--".to_owned()),
        Just("wrap".to_owned()),
        Just("--label=x".to_owned()),
        Just("a\"b\\c\nd\te".to_owned()),
        Just(String::new()),
    ]
}

fn entry() -> impl Strategy<Value = Entry> {
    let arguments = proptest::option::of(proptest::collection::vec(word(), 0..4));
    let fields = proptest::collection::btree_map("[A-Za-z-]{1,8}", word(), 0..3);
    let fields = proptest::option::of(fields.prop_map(|fields| fields.into_iter().collect()));
    let parts =
        ("[a-zA-Z0-9äπ_ .:\"-]{0,8}", "[ -~ä]{1,12}", arguments, any::<bool>(), any::<bool>(), fields);
    parts.prop_map(|(name, command, arguments, command_first, extra, fields)| Entry {
        name: format!("s{name}"),
        command: format!("{}c{command}", if fields.is_some() { "https://" } else { "" }),
        arguments: arguments.filter(|_: &Vec<String>| fields.is_none()),
        command_first,
        extra,
        fields,
    })
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    proptest::collection::vec(entry(), 1..4).prop_map(|entries| {
        let numbered = entries.into_iter().enumerate();
        numbered.map(|(at, entry)| Entry { name: format!("{}{at}", entry.name), ..entry }).collect()
    })
}

fn quoted(text: &str) -> String {
    // DEL is none of the characters of a TOML text.
    Value::from(text).to_string()
}

/// The parts of a file: what is in front of the entry that is changed, the entry, and what is behind it.
type Parts = [String; 3];

fn assembled(chunks: &[String], at: usize) -> Parts {
    // One chunk in front of the entries, one each, one behind.
    let (front, rest) = chunks.split_at(at + 1);
    [front.concat(), rest[0].clone(), rest[1..].concat()]
}

fn json(entries: &[Entry], at: usize, style: &Style) -> Parts {
    let Style { newline, indent, .. } = style;
    let remark = if style.comments { "/* [{\"command\": */ " } else { "" };
    let line = |depth: usize| format!("{newline}{}", indent.repeat(depth));
    let mark = if style.mark { "\u{FEFF}" } else { "" };
    let mut chunks =
        vec![format!("{mark}{{{}\"x\": [1.50, null],{remark}{}\"mcpServers\": {{", line(1), line(1))];
    for (index, entry) in entries.iter().enumerate() {
        let command = format!("\"{}\" :{remark}{}", entry.first(), quoted(&entry.command));
        let mut members = vec![command];
        if let Some(arguments) = &entry.arguments {
            let between = if style.lines { line(4) } else { String::new() };
            let items = arguments.iter().map(|word| format!("{between}{}{remark},", quoted(word)));
            let mut list = items.collect::<Vec<_>>().concat();
            if !style.commas && !list.is_empty() {
                list.pop();
            }
            members.push(format!("\"args\":[{list}{between}]{remark}"));
        }
        if let Some(fields) = &entry.fields {
            let all =
                fields.iter().map(|(name, value)| format!("{}:{remark}{}", quoted(name), quoted(value)));
            members.push(format!("\"headers\":{{{}}}", all.collect::<Vec<_>>().join(" , ")));
            members.push("\"type\" : \"http\"".to_owned());
        }
        if !entry.command_first {
            members.reverse();
        }
        if entry.extra {
            let extra =
                if entry.fields.is_some() { "\"timeout\": 5" } else { "\"env\": {\"command\": \"no\"}" };
            members.insert(1, extra.to_owned());
        }
        let end = if style.commas { "," } else { "" };
        let body = members.iter().map(|member| format!("{}{member}", line(3))).collect::<Vec<_>>().join(",");
        let comma = if index + 1 < entries.len() { "," } else { "" };
        chunks.push(format!("{}{}: {{{body}{end}{}}}{comma}", line(2), quoted(&entry.name), line(2)));
    }
    chunks.push(format!("{}}}{remark}{newline}}}{newline}", line(1)));
    assembled(&chunks, at)
}

fn toml(entries: &[Entry], at: usize, style: &Style) -> Parts {
    let newline = style.newline;
    let remark = if style.comments { " # [\"command\"" } else { "" };
    let literal = |text: &str| toml_edit::Value::from(text).to_string();
    let mark = if style.mark { "\u{FEFF}" } else { "" };
    let mut chunks = vec![format!("{mark}a = 1{remark}{newline}")];
    for entry in entries {
        let mut lines =
            vec![format!("{}{} = {}{remark}", style.indent, entry.first(), literal(&entry.command))];
        if let Some(arguments) = &entry.arguments {
            let between = if style.lines { format!("{remark}{newline} ") } else { String::new() };
            let list: Vec<String> =
                arguments.iter().map(|word| format!("{between}{}", literal(word))).collect();
            lines.push(format!("args=[{}{between}]", list.join(",")));
        }
        if let Some(fields) = &entry.fields {
            let all = fields.iter().map(|(name, value)| format!("{} = {}", quoted(name), literal(value)));
            lines.push(format!("headers = {{{}}}{remark}", all.collect::<Vec<_>>().join(", ")));
        }
        if !entry.command_first {
            lines.reverse();
        }
        if entry.extra {
            let extra = if entry.fields.is_some() { "timeout = 5" } else { "env = {command = 1}" };
            lines.insert(1, extra.to_owned());
        }
        let head = format!("[mcpServers.{}]{newline}", quoted(&entry.name));
        chunks.push(format!("{head}{}{newline}{newline}", lines.join(newline)));
    }
    chunks.push(format!("[z]{newline}b = 2"));
    assembled(&chunks, at)
}

fn yaml(entries: &[Entry], at: usize, style: &Style) -> Parts {
    let Style { newline, indent, .. } = style;
    let remark = if style.comments { " # - [command: é" } else { "" };
    let line = |depth: usize| format!("{newline}{}", indent.repeat(depth));
    let mark = if style.mark { "\u{FEFF}" } else { "" };
    let mut chunks = vec![format!("{mark}é: [1, ~]{remark}{newline}mcpServers:{remark}")];
    for entry in entries {
        let mut lines = vec![format!("{}: {}{remark}", entry.first(), quoted(&entry.command))];
        if let Some(arguments) = &entry.arguments {
            let list: Vec<String> = arguments.iter().map(|word| quoted(word)).collect();
            lines.push(if style.lines && !list.is_empty() {
                let dash = if style.commas { line(2) } else { line(3) };
                format!(
                    "args:{remark}{}",
                    list.iter().map(|word| format!("{dash}- {word}")).collect::<Vec<_>>().concat()
                )
            } else {
                format!("args: [{}]", list.join(" , "))
            });
        }
        if let Some(fields) = &entry.fields {
            let all = fields.iter().map(|(name, value)| format!("{}: {}", quoted(name), quoted(value)));
            lines.push(format!("headers: {{{}}}", all.collect::<Vec<_>>().join(", ")));
            lines.push(format!("type: http{remark}"));
        }
        if !entry.command_first {
            lines.reverse();
        }
        if entry.extra {
            let extra = if entry.fields.is_some() { "timeout: 5" } else { "env: {command: 1}" };
            lines.insert(1, extra.to_owned());
        }
        let body = lines.iter().map(|text| format!("{}{text}", line(2))).collect::<Vec<_>>().concat();
        chunks.push(format!("{}{}:{body}", line(1), quoted(&entry.name)));
    }
    chunks.push(format!("{newline}z: |{newline}  b{newline}"));
    assembled(&chunks, at)
}

fn comes_back_and_touches_nothing_else(parts: &Parts, format: Format, name: &str) {
    let text = parts.concat();
    let which = Which { keys: &["mcpServers"], group: None, name };
    let wrapped = wrap(&text, format, which, &Shape::COMMON, "/opt/my tools/mcptop")
        .unwrap_or_else(|why| panic!("{why}\n{text}"));
    assert!(wrapped.starts_with(&parts[0]) && wrapped.ends_with(&parts[2]), "{text}\n----\n{wrapped}");
    assert_eq!(unwrap(&wrapped, format, which).unwrap(), text);
}

proptest! {
    #[test]
    fn json_comes_back_and_nothing_outside_the_entry_changes(
        entries in entries(), at in any::<prop::sample::Index>(), style in style(),
    ) {
        let at = at.index(entries.len());
        comes_back_and_touches_nothing_else(&json(&entries, at, &style), Format::Json, &entries[at].name);
    }

    #[test]
    fn toml_comes_back_and_nothing_outside_the_entry_changes(
        entries in entries(), at in any::<prop::sample::Index>(), style in style(),
    ) {
        let at = at.index(entries.len());
        comes_back_and_touches_nothing_else(&toml(&entries, at, &style), Format::Toml, &entries[at].name);
    }

    #[test]
    fn yaml_comes_back_and_nothing_outside_the_entry_changes(
        entries in entries(), at in any::<prop::sample::Index>(), style in style(),
    ) {
        let at = at.index(entries.len());
        comes_back_and_touches_nothing_else(&yaml(&entries, at, &style), Format::Yaml, &entries[at].name);
    }

    #[test]
    fn a_damaged_file_is_refused_or_comes_back(
        entries in entries(), style in style(), cut in any::<prop::sample::Index>(), length in 0_usize..6,
        put in "[\\[\\]{}\"',:#&*!|> \n-]{0,3}",
    ) {
        for (format, parts) in [
            (Format::Json, json(&entries, 0, &style)),
            (Format::Toml, toml(&entries, 0, &style)),
            (Format::Yaml, yaml(&entries, 0, &style)),
        ] {
            let letters: Vec<char> = parts.concat().chars().collect();
            let at = cut.index(letters.len());
            let rest = letters.iter().skip(at + length);
            let text: String = letters[..at].iter().copied().chain(put.chars()).chain(rest.copied()).collect();
            let which = Which { keys: &["mcpServers"], group: None, name: &entries[0].name };
            if let Ok(wrapped) = wrap(&text, format, which, &Shape::COMMON, "mcptop") {
                prop_assert_eq!(unwrap(&wrapped, format, which), Ok(text));
            }
        }
    }

    #[test]
    fn a_damaged_wrapping_is_refused_or_taken_away(
        entries in entries(), style in style(), cut in any::<prop::sample::Index>(), length in 0_usize..9,
        put in "[\\[\\]{}\"',:#&*!|> \n=a-]{0,3}",
    ) {
        for (format, parts) in [
            (Format::Json, json(&entries, 0, &style)),
            (Format::Toml, toml(&entries, 0, &style)),
            (Format::Yaml, yaml(&entries, 0, &style)),
        ] {
            let which = Which { keys: &["mcpServers"], group: None, name: &entries[0].name };
            let wrapped = wrap(&parts.concat(), format, which, &Shape::COMMON, "mcptop").unwrap();
            let letters: Vec<char> = wrapped.chars().collect();
            let at = cut.index(letters.len());
            let rest = letters.iter().skip(at + length);
            let text: String = letters[..at].iter().copied().chain(put.chars()).chain(rest.copied()).collect();
            if let Ok(back) = unwrap(&text, format, which) {
                let launch = &one(&Document::parse(&back, format).unwrap(), which).unwrap().launch;
                prop_assert!(!matches!(launch, Launch::Nothing), "{back}");
            }
        }
    }

    #[test]
    fn any_text_at_all_is_read_or_refused(text in "\\PC{0,80}|[\\[\\]{}\"',:#&*!|> \n\r\t-]{0,60}") {
        for format in [Format::Json, Format::Toml, Format::Yaml] {
            if let Ok(document) = Document::parse(&text, format) {
                prop_assert!(document.servers(&["*"]).len() <= text.len());
            }
        }
    }
}
