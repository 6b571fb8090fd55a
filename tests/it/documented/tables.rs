//! What is known about lines of the documentation that they do not say themselves. A line is named by its beginning.

/// What cannot run here, and why.
pub(super) const CANNOT: &[(&str, &str)] = &[
    (".ci/package", "it would build releases"),
    ("cargo test", "it would run this test"),
    ("cargo install", "it would build the program once more, and install it for the user"),
    ("cargo bench", "benchmarks need a machine of their own, and a release build"),
    ("taskset -c 1 cargo bench", "the same"),
    ("hyperfine", "it compares with other programs, which are not installed here"),
    ("MCPTOP_PICTURES=1 cargo test", "it would run a test that runs anyway, and paint the pictures anew"),
];

/// What a line speaks of and what stands for it here; the first that fits goes first.
pub(super) const STANDS_FOR: &[(&str, &str)] = &[
    ("cargo run --release -- ", "mcptop "),
    ("cargo run --release", "mcptop"),
    // A free port is chosen: others may use these.
    (" --listen 127.0.0.1:7081", ""),
    (" --listen 127.0.0.1:7082", ""),
    ("mcptop serve ", "mcptop serve --listen 127.0.0.1:0 "),
    ("--listen 127.0.0.1:7090", "--listen 127.0.0.1:0"),
    ("http://localhost:3000/mcp", "$SERVER"),
    ("http://localhost:3001/mcp", "$SERVER"),
    ("http://localhost:3002/mcp", "$SERVER"),
    ("http://localhost:3003/mcp", "$SERVER"),
    ("https://mcp.example.org/mcp", "$SERVER"),
    ("${fpath[1]}", "$HOME"),
    (" FILE ", " session.mcp.jsonl "),
];

/// Programs and what stands for them, as shell scripts. `$SESSION` is a recording, which `mcptop replay` makes a server of.
pub(super) const PROGRAMS: &[(&str, &str)] = &[
    ("npx", "exec mcptop replay \"$SESSION\""),
    ("uvx", "exec mcptop replay \"$SESSION\""),
    ("mcp-server-git", "exec mcptop replay \"$SESSION\""),
    ("node", "exec mcptop replay \"$SESSION\""),
    ("ssh", "shift; exec \"$@\""),
    ("curl", "exec jq -e '.resourceSpans | length > 0'"),
    ("editor", "grep -q '^#theme = ' \"$1\""),
    ("git", "test -f \"$2\""),
    ("duckdb", "wc -l > /dev/null"),
    ("man", "grep -q '^.TH'"),
];

/// Lines that end with another status than 0, and why the page says so.
pub(super) const ENDS_WITH: &[(&str, i32, &str)] = &[];

/// Lines that stay until they are stopped, what they say when they are ready, and the status they end with when they are told
/// to; none where the signal itself is the end, as there is nothing to be ended.
pub(super) const STAYS: &[(&str, &str, Option<i32>)] = &[
    ("mcptop serve ", " at http://", Some(0)),
    ("mcptop replay --listen ", " at http://", Some(0)),
    ("mcptop status --watch", "live", None),
];

/// Lines that ask before they change something: they get a terminal, and yes.
pub(super) const ASKED: &[(&str, &str)] = &[
    ("mcptop clients wrap", "it shows a difference"),
    ("mcptop clients unwrap", "it shows a difference"),
    ("mcptop recordings prune", "it shows what would go"),
];

/// Lines that do not follow on from those before them: they are another way to do the same.
pub(super) const AFRESH: &[(&str, &str)] = &[
    ("mcptop clients wrap --config ./mcp.json files --dry-run", "the line before has wrapped it"),
    ("mcptop recordings redact", "several lines name the same copy"),
    ("mcptop recordings compact --replace", "the line before has compressed one of them already"),
];

/// What has to be done before a line, which says what it is for in the middle of a story.
pub(super) const FIRST: &[(&str, &str)] =
    &[("mcptop clients unwrap cursor github", "mcptop clients wrap cursor --all --yes > /dev/null")];
