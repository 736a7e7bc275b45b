//! What allows a registration.

use std::fmt;

use catalyst_core::{Result, Secret};

use crate::TokenSource;

/// What allows a registrar to register clients. `Debug` shows no secret.
#[derive(Clone)]
#[non_exhaustive]
pub enum RegistrationAccess {
    /// An initial access token that an administrator gave: so many registrations, until then
    /// ([`RealmAdmin::create_initial_access`](crate::RealmAdmin::create_initial_access)).
    Initial(Secret),
    /// A service account of the realm. With the role `create-client` it registers, and nothing more; with
    /// `manage-clients` it also reads and changes clients whose registration token was lost.
    ServiceAccount(TokenSource),
}

impl RegistrationAccess {
    /// What a registration is asked for with.
    pub(super) async fn token(&self) -> Result<Secret> {
        match self {
            Self::Initial(token) => Ok(token.clone()),
            Self::ServiceAccount(source) => Ok(source.get().await?.access_token.clone()),
        }
    }

    /// What a client is administered with whose own token is not known.
    pub(super) async fn administration(&self) -> Result<Option<Secret>> {
        match self {
            Self::Initial(_) => Ok(None),
            Self::ServiceAccount(source) => Ok(Some(source.get().await?.access_token.clone())),
        }
    }
}

impl fmt::Debug for RegistrationAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Initial(_) => f.write_str("Initial([redacted])"),
            Self::ServiceAccount(source) => f.debug_tuple("ServiceAccount").field(source).finish(),
        }
    }
}
