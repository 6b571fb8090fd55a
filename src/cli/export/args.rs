//! The flags of `mcptop export`.

use std::path::PathBuf;

use crate::cli::hide::Hide;

/// Write the calls of a recording for other tools.
///
/// har: for the developer tools of browsers, calls over stdio as well. otlp: spans for a collector of OpenTelemetry, a line of
/// JSON each few hundred. csv and jsonl: a row per call. Secrets are replaced by placeholders first, as with
/// `mcptop recordings redact`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples: mcptop export session.mcp.jsonl --as har -o session.har
          mcptop export session.mcp.jsonl --as csv | duckdb -c \"SELECT name, count(*) FROM read_csv('/dev/stdin') GROUP BY name\"
          mcptop export session.mcp.jsonl --as otlp | while read -r line; do
            curl -sH 'content-type: application/json' -d \"$line\" http://localhost:4318/v1/traces; done")]
pub(in crate::cli) struct Export {
    /// The recording, plain or compressed, or - for standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// What to write
    #[arg(long = "as", value_name = "FORM", value_enum)]
    pub(super) form: Form,
    /// The file, which must not be there yet [default: standard output]
    #[arg(short, long, value_name = "OUT")]
    pub(super) out: Option<PathBuf>,
    /// In csv, jsonl and otlp: write parameters and results, too. har always has them
    #[arg(long)]
    pub(super) bodies: bool,
    /// Do not count tokens, which takes most of the time
    #[arg(long)]
    pub(super) no_tokens: bool,
    /// The family of models to count tokens for, such as openai-o200k or claude-4.7+, or a factor such as 1.21
    #[arg(long, value_name = "NAME|FACTOR", alias = "factor", conflicts_with = "no_tokens")]
    pub(super) profile: Option<String>,
    /// Leave secrets in
    #[arg(long, conflicts_with_all = ["presets", "patterns", "paths", "fields"])]
    pub(super) no_redact: bool,
    #[command(flatten)]
    pub(super) hide: Hide,
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Form {
    /// An HTTP archive (HAR 1.2)
    Har,
    /// Spans of OpenTelemetry (OTLP in JSON)
    Otlp,
    /// A table with a head
    Csv,
    /// An object per line, flat and typed
    Jsonl,
}
