//! How a server behind a URL is reached: whom to believe, and what to add to every request.

use super::args::Reach;
use super::complain;
use crate::proxy::http::{FieldError, Fields, Trust};

/// Whom to believe. Says so where that is anybody.
pub(super) fn trust(reach: &Reach) -> Trust {
    if reach.insecure {
        complain("--insecure: whoever is on the way to the server can read and change everything");
        return Trust::Anybody;
    }
    Trust::Roots(reach.ca_file.clone())
}

/// The fields to add.
///
/// # Errors
/// If one is no field, or its variable is not set.
pub(super) fn fields(reach: &Reach) -> Result<Fields, FieldError> {
    let mut fields = Fields::default();
    reach.header.iter().try_for_each(|text| fields.add(text))?;
    reach.header_env.iter().try_for_each(|text| fields.add_from(text, |name| std::env::var(name).ok()))?;
    Ok(fields)
}
