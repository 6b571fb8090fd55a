//! One rule as it stands in the file: what it is about, and what it does.

use serde::{Deserialize, Serialize};

use super::transform::{Cache, Coalesce, Concurrency, Delay, Empty, Fault, Limit, Rate, Shape, Tools, Trim};
use super::{Select, Span};

/// Whether a rule acts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It acts.
    #[default]
    On,
    /// It says what it would do, and changes nothing.
    Observe,
    /// It does nothing.
    Off,
}

impl Mode {
    /// The word for it in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Observe => "observe",
            Self::Off => "off",
        }
    }
}

/// What happens to a text block that says in JSON what `structuredContent` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Twin {
    /// It stays JSON: trimmed like its twin, and not shaped.
    #[default]
    Keep,
    /// It may be shaped.
    Shape,
    /// It goes: the model reads `structuredContent`.
    DropText,
    /// `structuredContent` goes, and the output schema with it: the model reads the text.
    DropStructured,
}

/// A rule.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What people call it; unique in its file.
    pub name: String,
    /// Whether it acts.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mode: Mode,
    /// What it is about.
    #[serde(default, rename = "match", skip_serializing_if = "is_default")]
    pub select: Select,
    /// Takes fields out of results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trim: Option<Trim>,
    /// What happens to empty values in results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub empty: Option<Empty>,
    /// In which form JSON in text blocks is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Shape>,
    /// What happens to a text block that repeats `structuredContent`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub twin: Twin,
    /// How long results may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// Keeps answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<Cache>,
    /// Equal calls in flight share one answer.
    #[serde(default, skip_serializing_if = "is_default")]
    pub coalesce: Coalesce,
    /// What clients see of the tool list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<Tools>,
    /// How many calls a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// How many calls at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<Concurrency>,
    /// How long an answer may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// Makes calls slower, to test agents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Delay>,
    /// Makes calls fail, to test agents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// The `[pool]` of a rules file: what `--pool` and `--pool-idle` are unless the command line says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// Sessions of an HTTP server, or processes of a bridged one that are kept ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<usize>,
    /// How long one that nobody uses is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle: Option<Span>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
