//! What clients call the parts of a server's entry: they mean the same by different names.
//!
//! Knows nothing of files, nor of how an entry is changed.

/// The names of one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// How an entry says what is started.
    pub program: Program,
    /// The variables that what is started finds in its environment.
    pub env: &'static str,
    /// The fields that are added to every request to an address.
    pub headers: &'static str,
    /// The `type` of an entry that starts something, for clients whose entries have one.
    pub started: &'static str,
    /// The name of an address that is of the transport of 2024 (SSE) unless a `type` says otherwise.
    pub sse: Option<&'static str>,
}

/// How an entry says what is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// The program under this name, its arguments under `args`.
    Split(&'static str),
    /// Both in one list under this name.
    List(&'static str),
}

impl Shape {
    /// What nearly all clients have.
    pub const COMMON: Self = Self {
        program: Program::Split("command"),
        env: "env",
        headers: "headers",
        started: "stdio",
        sse: None,
    };
    /// Gemini: `url` is SSE, `httpUrl` is what came after it.
    pub const GEMINI: Self = Self { sse: Some("url"), ..Self::COMMON };
    /// Codex.
    pub const CODEX: Self = Self { headers: "http_headers", ..Self::COMMON };
    /// Goose.
    pub const GOOSE: Self = Self { program: Program::Split("cmd"), env: "envs", ..Self::COMMON };
    /// `OpenCode`.
    pub const OPENCODE: Self =
        Self { program: Program::List("command"), env: "environment", started: "local", ..Self::COMMON };

    /// The one that goes with the names that lead to the servers in a file.
    #[must_use]
    pub fn below(keys: &[&str]) -> Self {
        match keys {
            ["mcp_servers"] => Self::CODEX,
            ["extensions"] => Self::GOOSE,
            ["mcp"] | ["mcp", "servers"] => Self::OPENCODE,
            _ => Self::COMMON,
        }
    }
}
