//! What a server is called when the user has not said: the telling word of its command.

use std::path::Path;

/// Programs that only start the one that matters.
const LAUNCHERS: [&str; 22] = [
    "npx", "bunx", "pnpm", "yarn", "dlx", "bun", "deno", "node", "tsx", "uvx", "uv", "pipx", "run", "python",
    "python3", "env", "sh", "bash", "docker", "podman", "nerdctl", "exec",
];

/// Programs that start a container, and their flags that take a value of their own.
const CONTAINERS: [&str; 3] = ["docker", "podman", "nerdctl"];
const CONTAINER_FLAGS: [&str; 17] = [
    "-e",
    "--env",
    "--env-file",
    "-v",
    "--volume",
    "--mount",
    "--name",
    "-p",
    "--publish",
    "--network",
    "--net",
    "-u",
    "--user",
    "-w",
    "--workdir",
    "--entrypoint",
    "--platform",
];

/// Beginnings and ends that say no more than that it is a server.
const AFFIXES: [&str; 6] = ["mcp-server-", "server-", "mcp-", "-mcp-server", "-server", "-mcp"];

/// A short name for a command, whose secrets have been removed: `npx -y @modelcontextprotocol/server-git@1.2 .` is `git`.
pub(super) fn of_command(argv: &[String]) -> String {
    let container = argv.first().is_some_and(|word| CONTAINERS.contains(&base_name(word)));
    let mut is_value = false;
    let telling = argv.iter().find(|word| {
        let was_value =
            std::mem::replace(&mut is_value, container && CONTAINER_FLAGS.contains(&word.as_str()));
        !was_value && !is_launcher(word)
    });
    let telling = telling.or(argv.first());
    let name = telling.map_or("", |word| short(word));
    if name.is_empty() { "server".to_owned() } else { name.to_owned() }
}

/// A short name for a server by its host: `mcp.notion.com` is `notion`, `localhost:3000` is itself.
pub(super) fn of_host(authority: &str) -> String {
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let is_name = host.contains('.') && host.chars().any(char::is_alphabetic) && !host.starts_with('[');
    let telling = host.rsplit('.').nth(1).filter(|part| is_name && !part.is_empty());
    telling.unwrap_or(authority).to_owned()
}

fn is_launcher(word: &str) -> bool {
    word.starts_with(['-', '[']) || word.contains('=') || LAUNCHERS.contains(&base_name(word))
}

fn base_name(word: &str) -> &str {
    Path::new(word).file_name().and_then(|name| name.to_str()).unwrap_or(word)
}

fn short(word: &str) -> &str {
    let mut name = base_name(word);
    // A package's version, but not its scope.
    name = name.split('@').find(|part| !part.is_empty()).unwrap_or(name);
    // A container image's version.
    name = name.split(':').find(|part| !part.is_empty()).unwrap_or(name);
    for extension in [".js", ".mjs", ".cjs", ".ts", ".py", ".exe", ".sh"] {
        name = name.strip_suffix(extension).unwrap_or(name);
    }
    for affix in AFFIXES {
        let rest = if affix.ends_with('-') { name.strip_prefix(affix) } else { name.strip_suffix(affix) };
        name = rest.filter(|rest| !rest.is_empty()).unwrap_or(name);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_called_by_its_telling_part() {
        for (authority, label) in [
            ("mcp.notion.com", "notion"),
            ("example.org:8443", "example"),
            ("localhost:3000", "localhost:3000"),
            ("127.0.0.1:3000", "127.0.0.1:3000"),
            ("[::1]:3000", "[::1]:3000"),
        ] {
            assert_eq!(of_host(authority), label);
        }
    }

    #[test]
    fn the_telling_word_of_a_command_is_its_label() {
        for (command, label) in [
            ("npx -y @modelcontextprotocol/server-filesystem /home/me", "filesystem"),
            ("npx -y @notionhq/notion-mcp-server@2.5", "notion"),
            ("uvx mcp-server-git --repository .", "git"),
            ("python3 -m mcp_server_time", "mcp_server_time"),
            ("/usr/bin/node ./dist/weather.js", "weather"),
            ("env TOKEN=x npx -y @playwright/mcp@latest", "mcp"),
            ("docker run -i --rm -e GITHUB_TOKEN -v /a:/b ghcr.io/github/github-mcp-server:v1", "github"),
            ("npx -y --token [secret] weather", "weather"),
            ("node", "node"),
            ("./server", "server"),
        ] {
            let argv: Vec<String> = command.split(' ').map(String::from).collect();
            assert_eq!(of_command(&argv), label, "{command}");
        }
    }
}
