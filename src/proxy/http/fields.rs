//! Fields that the user adds to every request, such as a token that the client need not have.
//!
//! They replace the client's own of the same name. Their values are never recorded, nor shown in messages.

use thiserror::Error;

use super::harmless::is_harmless;
use crate::proxy::identity::digest;

/// Fields with their values, in the order in which they were given.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

/// Why something is no field.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FieldError {
    /// There is no name and value. The text is not shown: it may be the secret alone.
    #[error("what is given has no `=` behind the name of a field")]
    Form,
    /// The name is none.
    #[error("`{0}` is no name of an HTTP field, such as Authorization")]
    Name(String),
    /// It is for us to set.
    #[error("`{0}` cannot be set: it says where a message goes or ends, which mcptop does")]
    Ours(String),
    /// The value cannot stand in a head.
    #[error("the value of `{0}` holds a line break or another control character")]
    Value(String),
    /// There is no such variable.
    #[error("`{name}` is to be the value of the environment variable {variable}, which is not set")]
    Variable {
        /// The field.
        name: String,
        /// The variable.
        variable: String,
    },
}

/// What a message's framing and address depend on.
const OURS: [&str; 5] = ["host", "content-length", "transfer-encoding", "connection", "upgrade"];

impl Fields {
    /// Adds `NAME=VALUE`.
    ///
    /// # Errors
    /// If it is no such text, or the field cannot be set.
    pub fn add(&mut self, text: &str) -> Result<(), FieldError> {
        let (name, value) = text.split_once('=').ok_or(FieldError::Form)?;
        self.set(name, value)
    }

    /// Adds `NAME=VARIABLE` with the value of that environment variable, as `variable` gives it.
    ///
    /// # Errors
    /// If it is no such text, the variable is not set, or the field cannot be set.
    pub fn add_from(
        &mut self,
        text: &str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<(), FieldError> {
        let (name, named) = text.split_once('=').ok_or(FieldError::Form)?;
        let missing = || FieldError::Variable { name: name.to_owned(), variable: named.to_owned() };
        self.set(name, &variable(named).ok_or_else(missing)?)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), FieldError> {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(FieldError::Name(name.to_owned()));
        }
        if OURS.iter().any(|ours| name.eq_ignore_ascii_case(ours)) {
            return Err(FieldError::Ours(name.to_owned()));
        }
        if value.chars().any(|c| c.is_control() && c != '\t') {
            return Err(FieldError::Value(name.to_owned()));
        }
        self.0.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.0.push((name.to_owned(), value.trim().to_owned()));
        Ok(())
    }

    /// Whether a field of the client's is replaced.
    #[must_use]
    pub fn replaces(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// A digest of those that may say who asks; `None` if none does.
    pub(in crate::proxy) fn credentials(&self) -> Option<u128> {
        let mut may_be: Vec<(String, &str)> =
            self.iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        may_be.retain(|(name, _)| !is_harmless(name));
        may_be.sort_unstable();
        let pieces = may_be.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
        (!may_be.is_empty()).then(|| digest(&[b"mcptop fields"], pieces))
    }

    /// Each name and value.
    pub(in crate::proxy) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}

/// Names alone: the values are secrets.
impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_set_and_the_last_of_a_name_counts() {
        let mut fields = Fields::default();
        fields.add("Authorization=Bearer a=b").unwrap();
        fields.add("x-Team=a").unwrap();
        fields.add_from("X-TEAM=TEAM", |name| (name == "TEAM").then(|| "blue".to_owned())).unwrap();
        assert_eq!(fields.iter().collect::<Vec<_>>(), [("Authorization", "Bearer a=b"), ("X-TEAM", "blue")]);
        assert!(fields.replaces("authorization") && !fields.replaces("accept"));
        assert!(!format!("{fields:?}").contains("Bearer"));
    }

    #[test]
    fn what_may_say_who_asks_is_told_apart() {
        let of = |text: &str| {
            let mut fields = Fields::default();
            fields.add(text).unwrap();
            fields.credentials()
        };
        assert!(of("Authorization=Bearer alice").is_some());
        assert_ne!(of("Authorization=Bearer alice"), of("Authorization=Bearer bob"));
        assert_ne!(of("Authorization=a"), of("X-Api-Key=a"));
        assert_eq!((of("User-Agent=x"), Fields::default().credentials()), (None, None));
    }

    #[test]
    fn what_is_no_field_is_refused_without_its_value() {
        for (text, why) in [
            ("secret", "no `=`"),
            ("=secret", "no name"),
            ("a b=secret", "no name"),
            ("Host=secret", "cannot be set"),
            ("content-length=secret", "cannot be set"),
            ("X=secret\r\nY: z", "control character"),
        ] {
            let error = Fields::default().add(text).unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains("secret"), "{error}");
        }
        let error = Fields::default().add_from("X=NOWHERE", |_| None).unwrap_err().to_string();
        assert!(error.contains("NOWHERE"), "{error}");
    }
}
