//! What identity tokens say.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::KeyName;
use crate::settings::{covers, maybe_text, seconds, setters};

/// A kind of identity token.
///
/// ```
/// use catalyst_openbao::identity::OidcRole;
///
/// let role = OidcRole::new(&"tokens".parse()?).template(r#"{"team": {{identity.entity.metadata.team}}}"#);
/// # let _ = role;
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OidcRole {
    /// The name of the key that signs.
    pub key: String,
    /// Claims beyond the usual ones: JSON with placeholders for what is known of the entity.
    #[serde(default, deserialize_with = "maybe_text", skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The audience of its tokens; the server makes one up unless set.
    #[serde(default, deserialize_with = "maybe_text", skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// How long its tokens are good for; 24 h unless set. At most the key's verification term.
    #[serde(default, with = "seconds", skip_serializing_if = "Option::is_none")]
    pub ttl: Option<Duration>,
}

impl OidcRole {
    /// Tokens that this key signs.
    pub fn new(key: &KeyName) -> Self {
        Self { key: key.as_str().to_owned(), template: None, client_id: None, ttl: None }
    }

    setters! {
        /// Claims beyond the usual ones: JSON with placeholders.
        template: text String;
        /// The audience of its tokens.
        client_id: text String;
        /// How long its tokens are good for, in whole seconds.
        ttl: some Duration;
    }

    /// Whether `found` has all that this sets.
    pub fn is_met_by(&self, found: &Self) -> bool {
        covers(self, found)
    }
}
