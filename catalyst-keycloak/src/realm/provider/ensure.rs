//! Making the identity providers of a realm agree with their declarations.

use catalyst_core::Result;
use catalyst_core::http::Method;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::IdentityProviderSpec;
use super::plan;
use crate::RealmChange;
use crate::operation::Operation;
use crate::realm::RealmAdmin;
use crate::realm::work::Work;

/// How many providers a listing shows at most.
const MOST: usize = 1000;

/// An identity provider that the realm has, as far as it matters to others.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IdentityProvider {
    /// The name that the realm knows it by.
    pub alias: String,
    /// The server's name for its kind: `oidc`, `google`, `spiffe`, `kubernetes`.
    #[serde(rename = "providerId")]
    pub kind: String,
    /// What users see on the button.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Whether it may be used.
    #[serde(default)]
    pub enabled: bool,
}

impl RealmAdmin {
    /// Makes the realm have the identity provider. One read and no write if it has.
    ///
    /// A secret that changed is noticed by a salted digest of it that stands in the provider's configuration: the
    /// server never shows a secret.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) if the spec contradicts itself; [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) with code `not_owned` if
    /// there is one of another kind, `issuer_in_use` if another provider has the issuer;
    /// [`ErrorKind::PermissionDenied`](crate::ErrorKind::PermissionDenied) naming the role to grant.
    ///
    /// # Cancel safety
    /// Each write stands alone; a dropped call is finished by the next one.
    pub async fn ensure_identity_provider(&self, spec: &IdentityProviderSpec) -> Result<RealmChange> {
        let document = plan::create(spec)?;
        let mut work = Work::new(self, &format!("identity provider {}", spec.alias()));
        let all = work.path(&["identity-provider", "instances"]);
        let one = all.clone().then(spec.alias());
        let mut current: Option<Map<String, Value>> = work.find(Operation::ReadProviders, &one).await?;
        if current.is_none() {
            match work.write(Operation::WriteProvider, Method::Post, &all, &document).await {
                Ok(_) => return Ok(work.finish(true)),
                // Another process was faster, or our own first try was, whose answer was lost.
                Err(error) if error.code() == Some("already_exists") => {}
                Err(error) => return Err(error),
            }
            current = work.find(Operation::ReadProviders, &one).await?;
        }
        if let Some(update) = plan::converge(spec, &current.unwrap_or_default())? {
            work.write(Operation::WriteProvider, Method::Put, &one, &update.body).await?;
            work.changes = update.changes;
        }
        Ok(work.finish(false))
    }

    /// The identity providers of the realm, at most 1,000.
    ///
    /// # Errors
    /// Those of the server.
    ///
    /// # Cancel safety
    /// Safe: it reads.
    pub async fn identity_providers(&self) -> Result<Vec<IdentityProvider>> {
        let mut work = Work::new(self, "identity providers");
        let path = work.path(&["identity-provider", "instances"]);
        let max = MOST.to_string();
        // The brief form has no configuration, and so no stars either.
        let query = [("briefRepresentation", "true"), ("first", "0"), ("max", max.as_str())];
        work.get(Operation::ReadProviders, &path, &query).await
    }

    /// Removes the identity provider; one that is not there is a success. Returns whether it was there. Users that
    /// came through it stay, and so do clients that authenticate by it; neither can log in that way any more.
    ///
    /// # Errors
    /// [`ErrorKind::PermissionDenied`](crate::ErrorKind::PermissionDenied) naming the role to grant.
    ///
    /// # Cancel safety
    /// Safe to repeat.
    pub async fn remove_identity_provider(&self, alias: &str) -> Result<bool> {
        let mut work = Work::new(self, &format!("identity provider {alias}"));
        let path = work.path(&["identity-provider", "instances", alias]);
        work.delete(Operation::WriteProvider, &path).await
    }
}
