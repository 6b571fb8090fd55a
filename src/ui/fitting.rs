//! Which family of models tokens are counted for while nobody has said: that of the client that is looked at.
//!
//! The tokens of one vocabulary are little over half of another's, so what a client of one provider does must not be told in
//! the tokens of another. Knows nothing of who counts.

use super::app::{App, Moment};
use super::update::Effect;
use crate::tokens::Profile;

/// Who has chosen a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chooser {
    /// The client may be asked.
    Nobody,
    /// A flag, a setting, a key, or one of them the last time.
    User,
}

impl App {
    /// Counts as the models do that the client of the first session to name one works with. What is to be done then.
    pub fn fit_profile(&mut self, at: Moment) -> Vec<Effect> {
        if self.state.profile_by == Chooser::User {
            return Vec::new();
        }
        let client = self.state.opens.iter().find_map(|open| open.shared.see().handshake().client.clone());
        let Some(client) = client else { return Vec::new() };
        let Some(profile) = Profile::of_client(&client.name).filter(|fits| fits.id != self.state.profile.id)
        else {
            return Vec::new();
        };
        self.say(
            format!("Tokens as {} counts them, because the client is {}", profile.label, client.name),
            at,
        );
        self.state.profile = profile;
        vec![Effect::Recount]
    }
}
