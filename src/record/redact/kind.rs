//! What kinds of secrets there are, and which of them a preset finds.
//!
//! Knows nothing of how they are found.

use std::fmt;
use std::str::FromStr;

/// What a secret is, as far as where it was found tells. Its word stands in the placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A key of a provider that is known by its form.
    ApiKey,
    /// An access key of AWS.
    AwsKey,
    /// A JSON web token.
    Jwt,
    /// A private key in PEM form.
    PrivateKey,
    /// What stands behind `Bearer` or in an `Authorization` field.
    Authorization,
    /// The value of a cookie field.
    Cookie,
    /// The password in an address.
    Password,
    /// The value of something whose name says that it is secret.
    Named,
    /// An e-mail address.
    Email,
    /// The number of a payment card.
    Card,
    /// The user's name in the path of a home folder.
    User,
    /// What a pattern of the user's own found.
    Pattern,
    /// What a path of the user's own found.
    Path,
    /// The value of a field that the user named.
    Field,
}

impl Kind {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 14] = [
        Self::ApiKey,
        Self::AwsKey,
        Self::Jwt,
        Self::PrivateKey,
        Self::Authorization,
        Self::Cookie,
        Self::Password,
        Self::Named,
        Self::Email,
        Self::Card,
        Self::User,
        Self::Pattern,
        Self::Path,
        Self::Field,
    ];

    /// The word that stands for it in placeholders.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api-key",
            Self::AwsKey => "aws-key",
            Self::Jwt => "jwt",
            Self::PrivateKey => "private-key",
            Self::Authorization => "authorization",
            Self::Cookie => "cookie",
            Self::Password => "password",
            Self::Named => "named",
            Self::Email => "email",
            Self::Card => "card",
            Self::User => "user",
            Self::Pattern => "pattern",
            Self::Path => "path",
            Self::Field => "field",
        }
    }

    /// Whether such a secret is known only by what stands around it, so that it has to be looked for elsewhere, too.
    pub(super) fn is_known_by_its_place(self) -> bool {
        match self {
            Self::Authorization
            | Self::Cookie
            | Self::Password
            | Self::Named
            | Self::User
            | Self::Pattern
            | Self::Path
            | Self::Field => true,
            Self::ApiKey | Self::AwsKey | Self::Jwt | Self::PrivateKey | Self::Email | Self::Card => false,
        }
    }
}

/// A group of secrets that can be asked for by a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Preset {
    /// Keys that are known by their form: API keys, AWS keys, private keys.
    Keys,
    /// What speaks for somebody: bearer tokens, JSON web tokens, `Authorization` and cookies.
    Tokens,
    /// Values whose name says that they are secret, wherever one stands: fields, variables, flags, addresses.
    Names,
    /// E-mail addresses.
    Emails,
    /// Numbers of payment cards.
    Cards,
    /// The user's name in paths of home folders.
    Users,
}

/// What is called a preset, and is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no preset {0:?}: there are secrets (keys, tokens and names), keys, tokens, names, emails, cards, users, all and none"
)]
pub struct UnknownPreset(String);

/// One or more presets under one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presets(pub &'static [Preset]);

impl Presets {
    /// What is looked for unless something else is said.
    pub const SECRETS: Self = Self(&[Preset::Keys, Preset::Tokens, Preset::Names]);
    /// Everything.
    pub const ALL: Self =
        Self(&[Preset::Keys, Preset::Tokens, Preset::Names, Preset::Emails, Preset::Cards, Preset::Users]);
}

impl FromStr for Presets {
    type Err = UnknownPreset;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Ok(match word {
            "secrets" => Self::SECRETS,
            "all" => Self::ALL,
            "none" => Self(&[]),
            "keys" => Self(&[Preset::Keys]),
            "tokens" => Self(&[Preset::Tokens]),
            "names" => Self(&[Preset::Names]),
            "emails" => Self(&[Preset::Emails]),
            "cards" => Self(&[Preset::Cards]),
            "users" => Self(&[Preset::Users]),
            _ => return Err(UnknownPreset(word.to_owned())),
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
