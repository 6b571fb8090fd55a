//! The table of clients. Each row names the document it is from; where that is silent, what the client was seen to do.
//!
//! Knows nothing of how entries are changed.

use Platform::{Linux, MacOs, Windows};
use Scope::{Project, User};

use super::{Client, Place, Platform, Root, Scope, Shape};

const ALL: &[Platform] = &[Linux, MacOs, Windows];
const UNIX: &[Platform] = &[Linux, MacOs];

const MCP_SERVERS: &[&str] = &["mcpServers"];
const SERVERS: &[&str] = &["servers"];
const MCP: &[&str] = &["mcp"];
const MCP_2: &[&str] = &["mcp", "servers"];
/// `OpenCode` keeps to this on all platforms.
const XDG: Root = Root::Variable("XDG_CONFIG_HOME", ".config");

const fn user(root: Root, path: &'static str, keys: &'static [&'static str]) -> Place {
    Place { scope: User, on: ALL, root, path, keys }
}

const fn project(path: &'static str, keys: &'static [&'static str]) -> Place {
    Place { scope: Project, on: ALL, root: Root::Project, path, keys }
}

/// The clients, those first that most people have.
pub const CLIENTS: &[Client] = &[
    Client {
        id: "claude-desktop",
        title: "Claude Desktop",
        shape: Shape::COMMON,
        places: &[
            user(Root::Config, "Claude/claude_desktop_config.json", MCP_SERVERS),
            // Its installer is an MSIX package since 2026, whose folders Windows moves: the name ends in a code of the publisher
            // (anthropics/claude-code, issue 26073).
            Place {
                on: &[Windows],
                ..user(
                    Root::Local,
                    "Packages/Claude_*/LocalCache/Roaming/Claude/claude_desktop_config.json",
                    MCP_SERVERS,
                )
            },
        ],
        restart: "quit Claude Desktop from its menu and start it again: closing its window is not enough",
        source: "https://modelcontextprotocol.io/docs/develop/connect-local-servers",
    },
    Client {
        id: "claude-code",
        title: "Claude Code",
        shape: Shape::COMMON,
        places: &[
            user(Root::Variable("CLAUDE_CONFIG_DIR", ""), ".claude.json", MCP_SERVERS),
            // What it calls local: a user's servers for one project, by the project's folder.
            user(Root::Variable("CLAUDE_CONFIG_DIR", ""), ".claude.json", &["projects", "*", "mcpServers"]),
            project(".mcp.json", MCP_SERVERS),
        ],
        restart: "start Claude Code again, or type /mcp and reconnect; it writes this file while it runs, so end it first",
        source: "https://docs.claude.com/en/docs/claude-code/mcp",
    },
    Client {
        id: "cursor",
        title: "Cursor",
        shape: Shape::COMMON,
        places: &[
            user(Root::Home, ".cursor/mcp.json", MCP_SERVERS),
            project(".cursor/mcp.json", MCP_SERVERS),
        ],
        restart: "switch the server off and on in Cursor's settings, or start Cursor again",
        source: "https://docs.cursor.com/context/model-context-protocol",
    },
    Client {
        id: "vscode",
        title: "VS Code",
        shape: Shape::COMMON,
        places: &[
            user(Root::Config, "Code/User/mcp.json", SERVERS),
            user(Root::Config, "Code/User/profiles/*/mcp.json", SERVERS),
            project(".vscode/mcp.json", SERVERS),
        ],
        restart: "run \"MCP: List Servers\" in VS Code and restart the server",
        source: "https://code.visualstudio.com/docs/agents/reference/mcp-configuration",
    },
    Client {
        id: "vscode-insiders",
        title: "VS Code Insiders",
        shape: Shape::COMMON,
        places: &[
            user(Root::Config, "Code - Insiders/User/mcp.json", SERVERS),
            user(Root::Config, "Code - Insiders/User/profiles/*/mcp.json", SERVERS),
        ],
        restart: "run \"MCP: List Servers\" in VS Code Insiders and restart the server",
        source: "https://code.visualstudio.com/docs/agents/reference/mcp-configuration",
    },
    Client {
        id: "windsurf",
        title: "Windsurf",
        shape: Shape::COMMON,
        places: &[user(Root::Home, ".codeium/windsurf/mcp_config.json", MCP_SERVERS)],
        restart: "press refresh in Windsurf's MCP panel",
        source: "https://docs.windsurf.com/windsurf/cascade/mcp",
    },
    Client {
        id: "zed",
        title: "Zed",
        shape: Shape::COMMON,
        places: &[
            Place { on: UNIX, ..user(Root::Dots, "zed/settings.json", &["context_servers"]) },
            Place { on: &[Windows], ..user(Root::Config, "Zed/settings.json", &["context_servers"]) },
            project(".zed/settings.json", &["context_servers"]),
        ],
        restart: "nothing: Zed starts a server again when its settings change",
        source: "https://zed.dev/docs/ai/mcp",
    },
    Client {
        id: "gemini-cli",
        title: "Gemini CLI",
        shape: Shape::GEMINI,
        places: &[
            user(Root::Home, ".gemini/settings.json", MCP_SERVERS),
            project(".gemini/settings.json", MCP_SERVERS),
        ],
        restart: "start Gemini CLI again",
        source: "https://github.com/google-gemini/gemini-cli/blob/main/docs/tools/mcp-server.md",
    },
    Client {
        id: "codex",
        title: "Codex CLI",
        shape: Shape::CODEX,
        places: &[
            user(Root::Variable("CODEX_HOME", ".codex"), "config.toml", &["mcp_servers"]),
            project(".codex/config.toml", &["mcp_servers"]),
        ],
        restart: "start Codex again",
        source: "https://developers.openai.com/codex/mcp",
    },
    Client {
        id: "copilot-cli",
        title: "GitHub Copilot CLI",
        shape: Shape::COMMON,
        places: &[
            user(Root::Variable("COPILOT_HOME", ".copilot"), "mcp-config.json", MCP_SERVERS),
            project(".github/mcp.json", MCP_SERVERS),
            // It reads a project's .mcp.json as well, which is in the row of Claude Code.
        ],
        restart: "start Copilot CLI again",
        source: "https://docs.github.com/en/copilot/how-tos/copilot-cli/customize-copilot/add-mcp-servers",
    },
    Client {
        id: "cline",
        title: "Cline",
        shape: Shape::COMMON,
        places: &[
            // In VS Code, VS Code Insiders, VSCodium, Cursor and others that take its extensions.
            user(
                Root::Config,
                "*/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
                MCP_SERVERS,
            ),
            // Its program for the command line.
            user(Root::Home, ".cline/data/settings/cline_mcp_settings.json", MCP_SERVERS),
        ],
        restart: "nothing: Cline starts a server again when this file changes",
        source: "https://docs.cline.bot/mcp/configuring-mcp-servers",
    },
    Client {
        id: "roo-code",
        title: "Roo Code",
        shape: Shape::COMMON,
        places: &[
            user(
                Root::Config,
                "*/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json",
                MCP_SERVERS,
            ),
            project(".roo/mcp.json", MCP_SERVERS),
        ],
        restart: "nothing: Roo Code starts a server again when this file changes",
        source: "https://docs.roocode.com/features/mcp/using-mcp-in-roo",
    },
    Client {
        id: "continue",
        title: "Continue",
        shape: Shape::COMMON,
        places: &[
            user(Root::Home, ".continue/config.yaml", MCP_SERVERS),
            user(Root::Home, ".continue/mcpServers/*.yaml", MCP_SERVERS),
            project(".continue/mcpServers/*.yaml", MCP_SERVERS),
        ],
        restart: "nothing: Continue reads its configuration again when it is saved",
        source: "https://docs.continue.dev/customize/deep-dives/mcp",
    },
    Client {
        id: "goose",
        title: "Goose",
        shape: Shape::GOOSE,
        places: &[
            Place { on: UNIX, ..user(Root::Dots, "goose/config.yaml", &["extensions"]) },
            Place { on: &[Windows], ..user(Root::Config, "Block/goose/config/config.yaml", &["extensions"]) },
        ],
        restart: "start a new Goose session",
        source: "https://block.github.io/goose/docs/guides/config-files",
    },
    Client {
        id: "lm-studio",
        title: "LM Studio",
        shape: Shape::COMMON,
        places: &[
            user(Root::Home, ".lmstudio/mcp.json", MCP_SERVERS),
            // Where installations from before 0.3 have stayed (lmstudio-bug-tracker, thread 1371).
            Place { on: UNIX, ..user(Root::Home, ".cache/lm-studio/mcp.json", MCP_SERVERS) },
        ],
        restart: "nothing: LM Studio starts a server again when this file is saved",
        source: "https://lmstudio.ai/docs/app/mcp",
    },
    Client {
        id: "opencode",
        title: "OpenCode",
        shape: Shape::OPENCODE,
        places: &[
            // Before version 2, and since: both are read.
            user(XDG, "opencode/opencode.json", MCP),
            user(XDG, "opencode/opencode.json", MCP_2),
            user(XDG, "opencode/opencode.jsonc", MCP),
            user(XDG, "opencode/opencode.jsonc", MCP_2),
            project("opencode.json", MCP),
            project("opencode.json", MCP_2),
            project("opencode.jsonc", MCP),
            project("opencode.jsonc", MCP_2),
            project(".opencode/opencode.json", MCP),
            project(".opencode/opencode.json", MCP_2),
            project(".opencode/opencode.jsonc", MCP),
            project(".opencode/opencode.jsonc", MCP_2),
        ],
        restart: "start OpenCode again",
        source: "https://opencode.ai/v2/docs/mcp-servers/",
    },
    Client {
        id: "kiro",
        title: "Kiro",
        shape: Shape::COMMON,
        places: &[
            user(Root::Home, ".kiro/settings/mcp.json", MCP_SERVERS),
            project(".kiro/settings/mcp.json", MCP_SERVERS),
            // Its agents name servers of their own, as those of Amazon Q did, which its command line was called before.
            user(Root::Home, ".kiro/agents/*.json", MCP_SERVERS),
            project(".kiro/agents/*.json", MCP_SERVERS),
        ],
        restart: "nothing: Kiro connects again when this file is saved",
        source: "https://kiro.dev/docs/mcp/configuration",
    },
    Client {
        id: "amazon-q",
        title: "Amazon Q Developer",
        shape: Shape::COMMON,
        places: &[
            // For the command line until agents came, for editors, and for agents.
            user(Root::Home, ".aws/amazonq/mcp.json", MCP_SERVERS),
            user(Root::Home, ".aws/amazonq/default.json", MCP_SERVERS),
            user(Root::Home, ".aws/amazonq/cli-agents/*.json", MCP_SERVERS),
            project(".amazonq/mcp.json", MCP_SERVERS),
            project(".amazonq/default.json", MCP_SERVERS),
            project(".amazonq/cli-agents/*.json", MCP_SERVERS),
        ],
        restart: "start a new `q chat`",
        source: "https://docs.aws.amazon.com/amazonq/latest/qdeveloper-ug/mcp-ide.html",
    },
];
