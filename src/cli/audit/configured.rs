//! The servers that a client's configuration file names, with their arguments, variables and fields.
//!
//! Where the clients keep theirs, and how they write them, is in `clients`. Knows nothing of how servers are reached.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::target::Target;
use crate::cli::clients::found::{Found, places, text_of};
use crate::clients::Scope;
use crate::clients::edit::{Launch, Server};

/// A server as it is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Configured {
    /// What its user calls it.
    pub(super) name: String,
    /// How it is reached; why that cannot be said, for people.
    pub(super) target: Result<Target, String>,
}

/// The configuration file of a client: the first there is of its user's, or where it would be.
///
/// # Errors
/// If the client is not known.
pub(super) fn file_of(client: &str) -> Result<PathBuf, String> {
    let users =
        || places(Some(client)).map(|found| found.into_iter().filter(|found| found.scope == Scope::User));
    let paths: Vec<PathBuf> = users()?.map(|found| found.path).collect();
    let there = paths.iter().find(|path| path.exists()).or(paths.first());
    there.cloned().ok_or_else(|| format!("{client} has no configuration file on this system"))
}

/// The servers that a file names, in its order. Those that are switched off are left out.
///
/// # Errors
/// If it cannot be read, or holds no servers.
pub(super) fn read(path: &Path) -> Result<Vec<Configured>, String> {
    let failed = |why: &dyn std::fmt::Display| format!("cannot read {}: {why}", path.display());
    let text = text_of(path).map_err(|error| failed(&error))?;
    let variable = |name: &str| std::env::var(name).ok();
    parse(&Found::named(path, Scope::User), &text, &variable).map_err(|why| failed(&why))
}

fn parse(
    file: &Found,
    text: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Configured>, String> {
    let servers = file.servers(text)?;
    let found: Vec<Configured> = servers
        .into_iter()
        .filter(|server| server.is_on)
        .map(|server| Configured { target: target(&server, variable), name: server.name })
        .collect();
    if found.is_empty() { Err("it names no server that is switched on".to_owned()) } else { Ok(found) }
}

fn target(server: &Server, variable: &dyn Fn(&str) -> Option<String>) -> Result<Target, String> {
    let entry = &server.entry;
    // What mcptop is in front of is asked itself: the wrapping changes nothing of what it costs.
    match &server.launch {
        Launch::Command(words) | Launch::Wrapped(words) => command(entry, words, variable),
        Launch::ByHand(words) => {
            let words: Vec<String> = ["mcptop".to_owned()].into_iter().chain(words.iter().cloned()).collect();
            command(entry, &words, variable)
        }
        Launch::Address(url) | Launch::Fronted(url) => {
            Ok(Target::Url { url: expanded(url, variable)?, fields: pairs(&server.fields, variable)? })
        }
        Launch::Nothing => Err("its entry has neither `command` nor `url`".to_owned()),
    }
}

fn command(
    entry: &Value,
    words: &[String],
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Target, String> {
    let mut words = words.iter().map(|word| expanded(word, variable));
    let program = words.next().ok_or("its command is empty")??;
    // Goose and OpenCode have names of their own.
    let env = ["env", "envs", "environment"].into_iter().find_map(|name| entry[name].as_object());
    let pair = |(name, value): (String, String)| (name.into(), value.into());
    let folder = entry["cwd"].as_str().map(|folder| expanded(folder, variable)).transpose()?;
    Ok(Target::Command {
        program: program.into(),
        arguments: words.map(|word| word.map(Into::into)).collect::<Result<_, _>>()?,
        env: pairs(env.unwrap_or(&Map::new()), variable)?.into_iter().map(pair).collect(),
        folder: folder.map(Into::into),
    })
}

fn pairs(
    members: &Map<String, Value>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<(String, String)>, String> {
    members
        .iter()
        .map(|(name, value)| {
            let text = match value {
                Value::String(text) => expanded(text, variable)?,
                // Clients take a port or a switch without quotes.
                other => other.to_string(),
            };
            Ok((name.clone(), text))
        })
        .collect()
}

/// Puts variables in: `${NAME}`, `${NAME:-otherwise}` (Claude Code) and `${env:NAME}` (Cursor, VS Code). What is not set
/// stays as it is written, as does what is no name: not every client puts anything in.
fn expanded(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(end) = rest[start..].find('}').map(|end| start + end) else { break };
        let inside = &rest[start + 2..end];
        if inside.starts_with("input:") {
            return Err(format!("its entry asks for ${{{inside}}}, which only its client can give"));
        }
        let (name, otherwise) =
            inside.split_once(":-").map_or((inside, None), |(name, text)| (name, Some(text)));
        let name = name.strip_prefix("env:").unwrap_or(name);
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let value = if is_name { variable(name).or_else(|| otherwise.map(str::to_owned)) } else { None };
        out.push_str(&rest[..start]);
        out.push_str(value.as_deref().unwrap_or(&rest[start..=end]));
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str) -> Option<String> {
        (name == "TOKEN").then(|| "t0k".to_owned())
    }

    fn file() -> Found {
        Found::named(Path::new("mcp.json"), Scope::User)
    }

    fn servers(text: &str) -> Vec<Configured> {
        parse(&file(), text, &variable).unwrap()
    }

    #[test]
    fn what_mcptop_is_in_front_of_is_asked_itself() {
        let found = servers(
            r#"{"mcpServers": {"a": {"command": "/x/mcptop", "args": ["wrap", "--label", "a", "--", "npx", "-y"]}}}"#,
        );
        let [Configured { target: Ok(Target::Command { program, arguments, .. }), .. }] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!((program.to_str(), &arguments[..]), (Some("npx"), &["-y".into()][..]));
    }

    #[test]
    fn commands_come_with_arguments_variables_and_folder() {
        let found = servers(
            "\u{FEFF}{\"theme\": 1, \"mcpServers\": {\"files\": {\"command\": \"npx\", \"args\": [\"-y\", \"x\", \"${TOKEN}\"],
             \"env\": {\"KEY\": \"a${TOKEN}b\", \"PORT\": 80}, \"cwd\": \"/srv\"}}}",
        );
        let [Configured { name, target: Ok(Target::Command { program, arguments, env, folder }) }] =
            &found[..]
        else {
            panic!("{found:?}")
        };
        assert_eq!((&**name, program.to_str()), ("files", Some("npx")));
        assert_eq!(*arguments, ["-y", "x", "t0k"]);
        assert_eq!(env, &[("KEY".into(), "at0kb".into()), ("PORT".into(), "80".into())]);
        assert_eq!(folder.as_deref(), Some("/srv".as_ref()));
    }

    #[test]
    fn addresses_come_with_their_fields() {
        for name in ["url", "serverUrl", "httpUrl"] {
            let found = servers(&format!(
                r#"{{"servers": {{"far": {{"type": "http", "{name}": "https://h/mcp", "headers": {{"X-Key": "${{env:TOKEN}}"}}}}}}}}"#
            ));
            let fields = vec![("X-Key".to_owned(), "t0k".to_owned())];
            assert_eq!(found[0].target, Ok(Target::Url { url: "https://h/mcp".into(), fields }));
        }
    }

    #[test]
    fn a_server_that_cannot_be_understood_does_not_hide_the_others() {
        let found = servers(
            r#"{"mcpServers": {"a": {"command": 7}, "b": {}, "c": {"command": "${NONE:-ls}"},
                "d": {"command": "x", "args": ["${input:key}"]}, "e": {"command": "x", "disabled": true}}}"#,
        );
        let why: Vec<String> = found.iter().filter_map(|server| server.target.clone().err()).collect();
        assert_eq!(found.len(), 4, "what is switched off is left out");
        assert!(why[0].contains("neither `command` nor `url`"), "{why:?}");
        assert!(why[1].contains("neither `command` nor `url`"), "{why:?}");
        assert!(why[2].contains("${input:key}, which only its client can give"), "{why:?}");
        assert!(found[2].target.is_ok());
    }

    #[test]
    fn variables_are_put_in_and_what_is_none_stays() {
        for (text, expected) in [
            ("${TOKEN}", "t0k"),
            ("a ${env:TOKEN} b ${TOKEN:-x} ${NONE:-y}", "a t0k b t0k y"),
            ("${NONE} ${1#*\\\"id} ${} ${open", "${NONE} ${1#*\\\"id} ${} ${open"),
        ] {
            assert_eq!(expanded(text, &variable).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn what_names_no_server_is_refused() {
        for text in ["{}", "[]", "{", r#"{"mcpServers": {}}"#, r#"{"mcpServers": {"a": {"disabled": true}}}"#]
        {
            assert!(parse(&file(), text, &variable).is_err(), "{text}");
        }
        assert!(file_of("netscape").unwrap_err().contains("claude-desktop, claude-code, cursor"));
    }
}
