//! Identity tokens.

use std::fmt;
use std::time::Duration;

use catalyst_core::{Result, Secret};
use serde::{Deserialize, Serialize};

use super::Identity;
use crate::RoleName;
use crate::wire::{Exposed, Seconds};

/// A signed token that says who the caller is.
#[derive(Clone, Deserialize)]
#[serde(from = "Wire")]
#[non_exhaustive]
pub struct IdentityToken {
    /// The token, a JWT.
    pub token: Secret,
    /// Its audience.
    pub client_id: String,
    /// How long it is good for.
    pub ttl: Duration,
}

/// What the server says of an identity token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Introspection {
    /// It is good, and its entity is there and not disabled.
    Active,
    /// It is not, with the server's reason.
    Inactive(String),
}

impl Identity {
    /// A token that says who the caller is. `GET identity/oidc/token/:role`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `no_entity` if nobody stands behind the session's token, as behind a root token; `unknown_role`;
    /// `client_not_allowed` if the key does not list the role's client.
    ///
    /// # Cancel safety
    /// It changes nothing; a token that nobody got ends by itself.
    pub async fn token(&self, role: &RoleName) -> Result<IdentityToken> {
        let path = ["identity/oidc/token/", role.escaped()];
        self.ask("issue identity token", &path).read().await
    }

    /// Whether an identity token is good, for this audience if one is named. `POST identity/oidc/introspect`, repeated
    /// after passing faults.
    ///
    /// # Errors
    /// Those of the crate. A token that is not good is no error.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn introspect(&self, token: &Secret, client_id: Option<&str>) -> Result<Introspection> {
        let body = Introspect { token: Exposed(token), client_id };
        let found: Introspected =
            self.ask("introspect identity token", &["identity/oidc/introspect"]).exchange_bare(&body).await?;
        Ok(if found.active { Introspection::Active } else { Introspection::Inactive(found.error) })
    }
}

impl fmt::Debug for IdentityToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityToken")
            .field("client_id", &self.client_id)
            .field("ttl", &self.ttl)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Wire {
    token: Secret,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    ttl: Seconds,
}

impl From<Wire> for IdentityToken {
    fn from(wire: Wire) -> Self {
        Self { token: wire.token, client_id: wire.client_id, ttl: wire.ttl.0 }
    }
}

#[derive(Serialize)]
struct Introspect<'a> {
    token: Exposed<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
}

#[derive(Deserialize)]
struct Introspected {
    active: bool,
    #[serde(default)]
    error: String,
}
