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
pub(super) fn fields(reach: &Reach) -> Result<Fields, String> {
    let of = |flag: &'static str| move |error: FieldError| format!("{flag}: {error}");
    let mut fields = Fields::default();
    reach.header.iter().try_for_each(|text| fields.add(text)).map_err(of("--header"))?;
    let mut add = |text: &String| fields.add_from(text, |name| std::env::var(name).ok());
    reach.header_env.iter().try_for_each(&mut add).map_err(of("--header-env"))?;
    if let Some(named) = &reach.bearer_env {
        let token = std::env::var(named)
            .map_err(|_| format!("--bearer-env: the environment variable {named} is not set"))?;
        fields.add(&format!("Authorization=Bearer {token}")).map_err(of("--bearer-env"))?;
    }
    Ok(fields)
}
