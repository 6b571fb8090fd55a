//! Takes credentials out of a command line before it is written anywhere.
//!
//! Works by the names of flags and variables and by well-known shapes of keys; knows nothing of messages.

use xxhash_rust::xxh3::xxh3_64;

const MARK: &str = "[secret]";

/// Words in the name of a flag or variable that make its value a secret.
const NAMES: [&str; 17] = [
    "token",
    "secret",
    "password",
    "passwd",
    "apikey",
    "api-key",
    "api_key",
    "credential",
    "authorization",
    "bearer",
    "private-key",
    "private_key",
    "passphrase",
    "access-key",
    "access_key",
    "accesskey",
    "cookie",
];

/// The same, where the name ends so: `--auth`, `DB_PASS`, `SIGNING_KEY`.
const NAME_ENDS: [&str; 7] = ["-pat", "_pat", "auth", "-pass", "_pass", "-key", "_key"];

/// How well-known credentials begin, whatever flag they stand behind.
const SHAPES: [&str; 13] = [
    "sk-",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "ntn_",
    "AKIA",
    "AIza",
    "eyJ",
    "Bearer ",
];

/// The command line with every value that looks like a credential replaced by `[secret]`.
///
/// Covered: `--api-token VALUE`, `--api-token=VALUE`, `API_TOKEN=VALUE`, `Authorization: VALUE`, the password of a
/// URL, and values that look like a key of a known provider.
#[must_use]
pub fn without_secrets(argv: &[String]) -> Vec<String> {
    let mut value_follows = false;
    argv.iter()
        .enumerate()
        .map(|(position, word)| {
            let is_value = std::mem::take(&mut value_follows) && !word.starts_with("--");
            if is_value {
                return MARK.to_owned();
            }
            value_follows =
                position > 0 && word.starts_with('-') && !word.contains('=') && names_a_secret(word);
            clean_word(word)
        })
        .collect()
}

/// The address, or the path and query, with every part that looks like a credential replaced by `[secret]`.
#[must_use]
pub fn url_without_secrets(url: &str) -> String {
    match url.split_once('?') {
        _ if url.contains("://") => clean_url(url),
        Some((path, query)) => format!("{path}?{}", clean_query(query)),
        None => url.to_owned(),
    }
}

/// A session as it is recorded: who holds its id can speak for the client, so only its beginning is kept, and a
/// digest that tells it from others.
#[must_use]
pub fn session_name(id: &str) -> String {
    let beginning = &id[..id.floor_char_boundary(8.min(id.len() / 2))];
    format!("{beginning}~{:08x}", xxh3_64(id.as_bytes()) >> 32)
}

fn names_a_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.iter().any(|part| name.contains(part)) || NAME_ENDS.iter().any(|end| name.ends_with(end))
}

/// A word may be a command line itself, as in `sh -c 'npx server --token abc'`.
fn clean_word(word: &str) -> String {
    let clean = clean_single(word);
    if clean != word || !word.contains(' ') {
        return clean;
    }
    without_secrets(&word.split(' ').map(String::from).collect::<Vec<_>>()).join(" ")
}

fn clean_single(word: &str) -> String {
    if SHAPES.iter().any(|shape| word.starts_with(shape) && word.len() > shape.len() + 8) {
        return MARK.to_owned();
    }
    for separator in ['=', ':'] {
        if let Some((name, value)) = word.split_once(separator) {
            let is_url = separator == ':' && value.starts_with("//");
            if !value.is_empty() && !is_url && (names_a_secret(name) || clean_shape(value)) {
                return format!("{name}{separator}{MARK}");
            }
        }
    }
    clean_url(word)
}

fn clean_shape(value: &str) -> bool {
    let value = value.trim_start();
    SHAPES.iter().any(|shape| value.starts_with(shape) && value.len() > shape.len() + 8)
}

fn clean_query(query: &str) -> String {
    query.split('&').map(clean_pair).collect::<Vec<_>>().join("&")
}

/// `scheme://user:password@host` and `?token=value` lose their secrets; everything else is returned as it is.
fn clean_url(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else { return word.to_owned() };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let authority = match authority.rsplit_once('@') {
        Some((user, host)) if user.contains(':') => {
            format!("{}:{MARK}@{host}", user.split(':').next().unwrap_or_default())
        }
        _ => authority.to_owned(),
    };
    let path = match path.split_once('?') {
        Some((path, query)) => {
            format!("{path}?{}", clean_query(query))
        }
        None => path.to_owned(),
    };
    format!("{scheme}://{authority}{path}")
}

fn clean_pair(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, value)) if names_a_secret(name) || name == "key" || clean_shape(value) => {
            format!("{name}={MARK}")
        }
        _ => pair.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(words: &[&str]) -> String {
        without_secrets(&words.iter().map(ToString::to_string).collect::<Vec<_>>()).join(" ")
    }

    #[test]
    fn values_behind_telling_names_are_removed() {
        assert_eq!(
            clean(&["srv", "--api-token", "abc", "--port", "80"]),
            "srv --api-token [secret] --port 80"
        );
        assert_eq!(clean(&["srv", "--password=hunter2", "x"]), "srv --password=[secret] x");
        assert_eq!(clean(&["env", "GITHUB_TOKEN=abc", "srv"]), "env GITHUB_TOKEN=[secret] srv");
        assert_eq!(clean(&["srv", "-H", "Authorization: Basic abc"]), "srv -H Authorization:[secret]");
        assert_eq!(clean(&["srv", "--auth", "me:pw", "--author", "me"]), "srv --auth [secret] --author me");
        assert_eq!(
            clean(&["env", "DB_PASS=x", "SIGNING_KEY=y"]),
            "env DB_PASS=[secret] SIGNING_KEY=[secret]"
        );
    }

    #[test]
    fn a_command_line_inside_a_word_is_cleaned_as_well() {
        assert_eq!(
            clean(&["sh", "-c", "cd /x && srv --token abc -v"]),
            "sh -c cd /x && srv --token [secret] -v"
        );
        assert_eq!(clean(&["sh", "-c", "srv ghp_0123456789abcdef"]), "sh -c srv [secret]");
    }

    #[test]
    fn values_of_a_known_shape_are_removed_wherever_they_stand() {
        assert_eq!(clean(&["srv", "ghp_0123456789abcdef"]), "srv [secret]");
        assert_eq!(clean(&["srv", "--x=sk-0123456789abcdef"]), "srv --x=[secret]");
    }

    #[test]
    fn addresses_lose_their_password_and_nothing_else() {
        assert_eq!(
            clean(&["srv", "postgres://me:pw@db:5432/app?sslmode=on&token=1"]),
            "srv postgres://me:[secret]@db:5432/app?sslmode=on&token=[secret]"
        );
    }

    #[test]
    fn ordinary_commands_stay_as_they_are() {
        for line in [
            "npx -y @modelcontextprotocol/server-filesystem /home/me",
            "uvx mcp-server-git --repository .",
            "node server.js --url https://example.com/mcp?x=1",
            "docker run -i --rm token-service",
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            assert_eq!(clean(&words), line);
        }
    }

    #[test]
    fn addresses_and_sessions_are_recorded_without_what_opens_them() {
        assert_eq!(url_without_secrets("/mcp?api_key=abc&page=2"), "/mcp?api_key=[secret]&page=2");
        assert_eq!(
            url_without_secrets("https://u:pw@h/mcp?token=x"),
            "https://u:[secret]@h/mcp?token=[secret]"
        );
        assert_eq!(url_without_secrets("/mcp"), "/mcp");
        let name = session_name("1868a90c-4f0e-4d3c-9d3a-000000000000");
        assert!(name.starts_with("1868a90c~") && name.len() == 17, "{name}");
        assert_ne!(name, session_name("1868a90c-4f0e-4d3c-9d3a-000000000001"));
        assert!(!session_name("short").contains("short"));
        assert!(session_name("é").len() > 8);
    }
}
