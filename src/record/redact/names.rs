//! Which names say that what stands behind them is secret.
//!
//! Knows nothing of values. Names of the protocol that hold a word such as `token` (`progressToken`, `nextPageToken`,
//! `max_tokens`) are none of them: without them a session could not be followed any more.

/// Words that make a value a secret where a name ends with one of them; case, `-`, `_`, `.` and blanks do not count.
const ENDS: [&str; 31] = [
    "accesskey",
    "accesstoken",
    "accountkey",
    "apikey",
    "apitoken",
    "authkey",
    "authtoken",
    "bearertoken",
    "bottoken",
    "connectionstring",
    "credential",
    "credentials",
    "encryptionkey",
    "githubtoken",
    "gitlabtoken",
    "idtoken",
    "licensekey",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "refreshtoken",
    "secret",
    "secretkey",
    "securitytoken",
    "servicekey",
    "sessiontoken",
    "signingkey",
    "slacktoken",
    "subscriptionkey",
    "usertoken",
];

/// Names that are such as a whole.
const WHOLE: [&str; 14] = [
    "accesskeyid",
    "authorization",
    "cookie",
    "csrftoken",
    "otp",
    "pass",
    "passcode",
    "pat",
    "proxyauthorization",
    "pwd",
    "setcookie",
    "token",
    "xauthtoken",
    "xcsrftoken",
];

/// How variables of an environment end that hold a secret, where they are written in capitals.
const VARIABLES: [&str; 6] = ["_AUTH", "_KEY", "_PASS", "_PAT", "_PWD", "_TOKEN"];

/// Longer names are texts.
const NAME_BYTES_MAX: usize = 64;

/// A name without what may be written in more than one way.
pub(super) fn plain(name: &[u8]) -> Vec<u8> {
    name.iter().filter(|byte| !b"-_. ".contains(byte)).map(u8::to_ascii_lowercase).collect()
}

/// Whether a value behind this name is secret.
pub(super) fn is_secret(name: &[u8]) -> bool {
    if name.len() > NAME_BYTES_MAX || name.is_empty() {
        return false;
    }
    let plain = plain(name);
    WHOLE.iter().any(|word| plain == word.as_bytes())
        || ENDS.iter().any(|word| plain.ends_with(word.as_bytes()))
        || is_variable(name)
}

fn is_variable(name: &[u8]) -> bool {
    let is_capital = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    name.iter().all(is_capital) && VARIABLES.iter().any(|end| name.ends_with(end.as_bytes()))
}

/// Words that stand in the place of a secret and are none.
const WORDS: [&str; 22] = [
    "apikey",
    "basic",
    "bearer",
    "boolean",
    "default",
    "digest",
    "empty",
    "false",
    "hidden",
    "integer",
    "negotiate",
    "none",
    "null",
    "number",
    "object",
    "optional",
    "redacted",
    "required",
    "string",
    "token",
    "true",
    "undefined",
];

/// Whether a value may be a secret at all, and not a variable's name, a mark or a word of a description.
pub(super) fn is_plausible(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    let Some(first) = value.first() else { return false };
    !b"[<${%*".contains(first)
        && !value.contains(&b'(')
        && !WORDS.iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_however_they_are_written() {
        for name in [
            "password",
            "dbPassword",
            "DB_PASS",
            "api_key",
            "X-Api-Key",
            "apiKey",
            "OPENAI_API_KEY",
            "client_secret",
            "clientSecret",
            "access-token",
            "refresh_token",
            "token",
            "Authorization",
            "Set-Cookie",
            "SLACK_BOT_TOKEN",
            "aws_secret_access_key",
            "AWS_SESSION_TOKEN",
            "private.key",
            "GITHUB_PAT",
        ] {
            assert!(is_secret(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn names_of_the_protocol_and_of_everyday_life_are_no_secrets() {
        for name in [
            "progressToken",
            "nextCursor",
            "nextPageToken",
            "max_tokens",
            "tokens",
            "key",
            "keys",
            "path",
            "id",
            "sessionId",
            "tokenizer",
            "secretary",
            "passwords_changed",
            "",
            "PRIMARY KEY",
            "requestState",
            "author",
        ] {
            assert!(!is_secret(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn what_stands_for_a_secret_is_none() {
        for value in
            ["[secret:api-key:1]", "<token>", "$TOKEN", "${TOKEN}", "string", "None", "", "  ", "get_token()"]
        {
            assert!(!is_plausible(value.as_bytes()), "{value}");
        }
        assert!(is_plausible(b"hunter2"));
    }
}
