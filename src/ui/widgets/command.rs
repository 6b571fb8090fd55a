//! Cuts a command line so that what it starts stays: the package or script with its arguments, not what launches it.

use super::clip;

/// Programs that start others, which say nothing of a server.
const LAUNCHERS: [&str; 20] = [
    "npx", "npm", "pnpm", "yarn", "bun", "bunx", "node", "deno", "uv", "uvx", "pipx", "python", "python3",
    "docker", "podman", "env", "sh", "bash", "cmd", "dotnet",
];
/// Words of launchers that are no name either.
const VERBS: [&str; 6] = ["run", "exec", "dlx", "x", "tool", "/c"];
/// Flags of launchers that are followed by a value.
const WITH_VALUE: [&str; 16] = [
    "-e",
    "--env",
    "--env-file",
    "-v",
    "--volume",
    "--mount",
    "-p",
    "--publish",
    "--name",
    "--network",
    "--package",
    "--from",
    "--with",
    "--directory",
    "--project",
    "--python",
];

/// Names that many packages and scripts have: what stands before them tells more.
const GENERIC: [&str; 10] = [
    "mcp",
    "mcp-server",
    "server",
    "server.py",
    "server.js",
    "index.js",
    "index.ts",
    "main.py",
    "main.js",
    "cli.js",
];

/// The command line if it fits into `cells`; else without its launcher, then with no more than the last part of a path, then
/// cut at its end. What was left out in front is an ellipsis.
#[must_use]
pub fn clipped(command: &str, cells: usize) -> String {
    let command = clip::visible(command);
    let telling = telling(&command);
    let first = telling.split(' ').next().unwrap_or(telling);
    let name = if first.contains("://") { 0 } else { name_at(first) };
    let shown = |at: &str| if at.len() < command.len() { format!("…{at}") } else { at.to_owned() };
    clip::fitting([command.to_string(), shown(telling), shown(&telling[name..])], cells)
}

/// Where the name of a package or a script begins: after its folders, or at the last of them if the name says little.
fn name_at(path: &str) -> usize {
    let Some(slash) = path.rfind('/') else { return 0 };
    if GENERIC.contains(&&path[slash + 1..]) {
        return path[..slash].rfind('/').map_or(0, |before| before + 1);
    }
    slash + 1
}

/// The command line from what is started on.
fn telling(command: &str) -> &str {
    let mut rest = command;
    let mut launched = false;
    loop {
        let word = rest.split(' ').next().unwrap_or(rest);
        let after = rest[word.len()..].trim_start();
        let program = word.rsplit(['/', '\\']).next().unwrap_or(word);
        let program = program.strip_suffix(".exe").or(program.strip_suffix(".cmd")).unwrap_or(program);
        let is_launcher = LAUNCHERS.contains(&program) || (launched && VERBS.contains(&word));
        if after.is_empty() || !(is_launcher || launched && word.starts_with('-')) {
            return rest;
        }
        launched = true;
        rest = after;
        if WITH_VALUE.contains(&word)
            && let Some((_, behind)) = after.split_once(' ')
        {
            rest = behind.trim_start();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_started_stays() {
        let npx = "npx -y @modelcontextprotocol/server-filesystem /home/demo/project";
        for (command, cells, text) in [
            (npx, 80, npx),
            (npx, 60, "…@modelcontextprotocol/server-filesystem /home/demo/project"),
            (npx, 40, "…server-filesystem /home/demo/project"),
            (npx, 20, "…server-filesystem …"),
            (
                "uvx --from git+x mcp-server-git --repository /srv/project",
                41,
                "…mcp-server-git --repository /srv/project",
            ),
            (
                "docker run -i --rm -e TOKEN ghcr.io/github/github-mcp-server stdio",
                30,
                "…github-mcp-server stdio",
            ),
            (
                "/usr/bin/python3 -m mcp_server_time --local-timezone=UTC",
                44,
                "…mcp_server_time --local-timezone=UTC",
            ),
            ("https://example.com/mcp/with/a/long/path", 24, "https://example.com/mcp…"),
            ("npx -y @azure/mcp server start", 19, "…@azure/mcp server…"),
            ("python3 /srv/weather/server.py", 22, "…weather/server.py"),
            ("node", 2, "n…"),
            ("/opt/tools/bin/weather --port 7", 20, "…weather --port 7"),
        ] {
            assert_eq!(clipped(command, cells), text);
        }
    }

    proptest! {
        #[test]
        fn a_cut_command_always_fits(command in "([a-z/@-]{1,9} ?){1,8}", cells in 0usize..40) {
            prop_assert!(clip::width(&clipped(&command, cells)) <= cells);
        }
    }
}
