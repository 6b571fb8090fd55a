//! How secrets look in a text: one row a form.
//!
//! Knows nothing of JSON, files or placeholders. A group `s` is the secret where the form needs words around it, `n` the
//! name that has to say that it is one.

use super::kind::{Kind, Preset};

/// What a find of a form must have besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// Nothing.
    None,
    /// A digit: words that only look like keys have none.
    Digit,
    /// It is no mark, no variable and no word of a description.
    Plausible,
    /// The same, and a digit.
    PlausibleDigit,
    /// The check digit of a card's number (ISO/IEC 7812-1, annex B).
    Luhn,
}

/// A form of secrets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub(super) preset: Preset,
    pub(super) kind: Kind,
    pub(super) pattern: &'static str,
    pub(super) check: Check,
}

const fn form(preset: Preset, kind: Kind, check: Check, pattern: &'static str) -> Form {
    Form { preset, kind, pattern, check }
}

/// Keys of providers that are known by how they begin. Those of `api_keys` in one expression, so that a text is read once.
pub(super) const PROVIDERS: [&str; 38] = [
    // OpenAI, Anthropic, OpenRouter and those that took the form over.
    r"sk-(?:proj-|svcacct-|admin-|or-v1-|ant-[a-z0-9]+-)?[A-Za-z0-9_-]{16,}",
    r"gsk_[A-Za-z0-9]{20,}",
    r"xai-[A-Za-z0-9]{20,}",
    r"pplx-[A-Za-z0-9]{20,}",
    r"r8_[A-Za-z0-9]{30,}",
    r"hf_[A-Za-z0-9]{20,}",
    // GitHub, GitLab, Atlassian, Bitbucket.
    r"gh[pousr]_[A-Za-z0-9]{16,}",
    r"github_pat_[A-Za-z0-9_]{20,}",
    r"gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat)-[A-Za-z0-9_-]{16,}",
    r"ATATT3[A-Za-z0-9_=-]{20,}",
    r"ATCTT3[A-Za-z0-9_=-]{20,}",
    // Slack, with its webhooks; Discord's webhooks.
    r"xox[a-z]-[A-Za-z0-9-]{10,}",
    r"xapp-[0-9]-[A-Za-z0-9-]{10,}",
    r"https://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/+_-]{20,}",
    r"https://(?:ptb\.|canary\.)?discord(?:app)?\.com/api/webhooks/[0-9]+/[A-Za-z0-9_-]{30,}",
    // Stripe.
    r"[spr]k_(?:live|test)_[A-Za-z0-9]{10,}",
    r"whsec_[A-Za-z0-9+/=]{20,}",
    // Google.
    r"AIza[A-Za-z0-9_-]{30,}",
    r"ya29\.[A-Za-z0-9_-]{20,}",
    r"GOCSPX-[A-Za-z0-9_-]{20,}",
    // Notion, Linear, Figma, Airtable, Postman.
    r"ntn_[A-Za-z0-9]{20,}",
    r"secret_[A-Za-z0-9]{32,}",
    r"lin_(?:api|oauth)_[A-Za-z0-9]{20,}",
    r"figd_[A-Za-z0-9_-]{20,}",
    r"PMAK-[A-Za-z0-9-]{30,}",
    // Registries of packages and containers.
    r"npm_[A-Za-z0-9]{30,}",
    r"pypi-[A-Za-z0-9_-]{32,}",
    r"dckr_pat_[A-Za-z0-9_-]{20,}",
    // Clouds and what runs in them.
    r"do[opr]_v1_[a-f0-9]{40,}",
    r"dapi[0-9a-f]{32}",
    r"hvs\.[A-Za-z0-9_-]{20,}",
    r"sntrys_[A-Za-z0-9_=+/-]{20,}",
    r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}",
    r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    r"SK[0-9a-f]{32}\b",
    r"key-[0-9a-f]{32}\b",
    r"AGE-SECRET-KEY-1[0-9A-Z]{50,}",
    r"sq0(?:atp|csp)-[A-Za-z0-9_-]{20,}",
];

/// How a private key begins. It ends on a later line.
pub(super) const PEM_BEGIN: &str = "-----BEGIN ";
/// How a private key's last line begins.
pub(super) const PEM_END: &str = "-----END ";

/// Every other form. Where two find the same, the first one says what it is.
pub(super) const FORMS: [Form; 17] = [
    form(
        Preset::Keys,
        Kind::PrivateKey,
        Check::None,
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:[A-Za-z0-9+/=:,.()\s-]|\\+[rnt])*?-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----",
    ),
    // Cut off.
    form(
        Preset::Keys,
        Kind::PrivateKey,
        Check::None,
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:[A-Za-z0-9+/=:,\s]|\\+[rnt])*",
    ),
    form(Preset::Keys, Kind::AwsKey, Check::None, r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"),
    form(Preset::Keys, Kind::ApiKey, Check::None, r"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}\b"),
    form(Preset::Tokens, Kind::Jwt, Check::None, r"\beyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){2,4}"),
    form(
        Preset::Tokens,
        Kind::Authorization,
        Check::PlausibleDigit,
        r"(?i)\bbearer(?:\s|%20)+(?P<s>[A-Za-z0-9._~+/-]{8,}=*)",
    ),
    form(
        Preset::Tokens,
        Kind::Authorization,
        Check::Plausible,
        r#"(?i)\bauthorization\\*["']?\s*[:=]\s*\\*["']?(?:(?:basic|bearer|token|digest|apikey|negotiate)\s+)?(?P<s>[^\s"'\\,;&]{6,})"#,
    ),
    form(
        Preset::Tokens,
        Kind::Cookie,
        Check::Plausible,
        r#"(?i)\b(?:set-)?cookie\\*["']?\s*[:=]\s*\\*["']?(?P<s>[A-Za-z0-9_.%-]+=[^\s"'\\;]+(?:;\s*[A-Za-z0-9_.%-]+=[^\s"'\\;]+)*)"#,
    ),
    form(
        Preset::Names,
        Kind::Password,
        Check::Plausible,
        r#"[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@"'\\<>]*:(?P<s>[^\s/@"'\\<>]+)@"#,
    ),
    // `API_KEY=value`, `?api_key=value`, `--api-key=value`.
    form(
        Preset::Names,
        Kind::Named,
        Check::Plausible,
        r#"(?P<n>[A-Za-z_][A-Za-z0-9_.-]*)=(?P<s>[^\s"'\\&<>]{4,})"#,
    ),
    form(
        Preset::Names,
        Kind::Named,
        Check::Plausible,
        r#"(?P<n>[A-Za-z_][A-Za-z0-9_.-]*) ?= ?\\*["'](?P<s>[^"'\\\r\n]{4,})"#,
    ),
    form(
        Preset::Names,
        Kind::Named,
        Check::Plausible,
        r#"--(?P<n>[A-Za-z][A-Za-z0-9_-]*)\s+\\*["']?(?P<s>[^\s"'\\-][^\s"'\\]{3,})"#,
    ),
    // JSON that is cut off, or that another language has printed.
    form(
        Preset::Names,
        Kind::Named,
        Check::Plausible,
        r#"\\*["'](?P<n>[A-Za-z0-9_.-]{2,64})\\*["']\s*:\s*\\*["'](?P<s>[^"'\\\r\n]{4,})"#,
    ),
    // A field of HTTP, or a line of YAML.
    form(
        Preset::Names,
        Kind::Named,
        Check::PlausibleDigit,
        r#"(?P<n>[A-Za-z][A-Za-z0-9_-]{2,63}):[ \t]+(?P<s>[^\s"'\\,;<>]{6,})"#,
    ),
    form(
        Preset::Emails,
        Kind::Email,
        Check::None,
        r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\b",
    ),
    form(Preset::Cards, Kind::Card, Check::Luhn, r"\b[0-9](?:[ -]?[0-9]){12,18}\b"),
    form(
        Preset::Users,
        Kind::User,
        Check::Plausible,
        r"(?:/home/|/Users/|[A-Za-z]:(?:\\+|/)Users(?:\\+|/))(?P<s>[A-Za-z0-9._-]+)",
    ),
];

/// All keys of providers.
pub(super) fn api_keys() -> String {
    format!(r"\b(?:{})", PROVIDERS.join("|"))
}
