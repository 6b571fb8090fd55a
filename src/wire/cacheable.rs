//! What the protocol says of the results of methods. Knows nothing of who keeps them.

/// The methods whose results the protocol marks as cacheable (revision 2026-07-28, `ttlMs`).
pub const CACHEABLE: [&str; 6] = [
    "server/discover",
    "tools/list",
    "prompts/list",
    "resources/list",
    "resources/templates/list",
    "resources/read",
];
