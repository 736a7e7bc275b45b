//! What a realm allows those who register clients without being administrators.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use catalyst_core::http::Method;
use catalyst_core::{Error, ErrorKind, Result, Secret};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::work::{ROUNDS, Work};
use super::{RealmAdmin, RealmChange};
use crate::operation::Operation;
use crate::refusal::SERVICE;

const TYPE: &str = "org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy";
const PROVIDER: &str = "allowed-protocol-mappers";
const ALLOWED: &str = "allowed-protocol-mapper-types";
/// The mappers that this crate registers.
const MAPPERS: [&str; 2] = ["oidc-audience-mapper", "oidc-usermodel-client-role-mapper"];

/// An initial access token (RFC 7591 section 3), as an administrator sees it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InitialAccess {
    /// What it is removed by.
    pub id: String,
    /// The token itself; only its creation shows it.
    pub token: Option<Secret>,
    /// When it ends; `None` if never.
    pub expires_at: Option<SystemTime>,
    /// How many registrations it still allows.
    pub remaining: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    id: String,
    #[serde(default)]
    token: Option<Secret>,
    #[serde(default)]
    timestamp: u64,
    #[serde(default)]
    expiration: u64,
    #[serde(default)]
    remaining_count: u32,
}

impl From<Wire> for InitialAccess {
    fn from(wire: Wire) -> Self {
        let end = wire.timestamp.checked_add(wire.expiration).filter(|_| wire.expiration > 0);
        let expires_at = end.and_then(|end| UNIX_EPOCH.checked_add(Duration::from_secs(end)));
        Self { id: wire.id, token: wire.token, expires_at, remaining: wire.remaining_count }
    }
}

impl RealmAdmin {
    /// Makes a token that allows `registrations` registrations within `life` (whole seconds). The server keeps it; one
    /// that nobody received ends by itself.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] if it would allow none; [`ErrorKind::PermissionDenied`] naming the role to grant.
    ///
    /// # Cancel safety
    /// A dropped call may leave a token behind, until its end.
    pub async fn create_initial_access(&self, registrations: u32, life: Duration) -> Result<InitialAccess> {
        if registrations == 0 || life.as_secs() == 0 || life.as_secs() > i32::MAX.unsigned_abs().into() {
            return Err(Error::new(ErrorKind::InvalidRequest, Operation::WriteInitialAccess.name())
                .with_help("allow at least one registration, within 1 s to 68 years"));
        }
        let mut work = Work::new(self, "initial access token");
        let path = work.path(&["clients-initial-access"]);
        let body = json!({ "count": registrations, "expiration": life.as_secs() });
        let made: Wire =
            work.write(Operation::WriteInitialAccess, Method::Post, &path, &body).await?.json()?;
        Ok(made.into())
    }

    /// The initial access tokens that the realm knows, without the tokens themselves.
    ///
    /// # Errors
    /// Those of the server.
    ///
    /// # Cancel safety
    /// Safe: it reads.
    pub async fn initial_access(&self) -> Result<Vec<InitialAccess>> {
        let mut work = Work::new(self, "initial access tokens");
        let path = work.path(&["clients-initial-access"]);
        let found: Vec<Wire> = work.get(Operation::ReadInitialAccess, &path, &[]).await?;
        Ok(found.into_iter().map(InitialAccess::from).collect())
    }

    /// Ends an initial access token; one that is not there is a success. Clients that were registered with it stay.
    ///
    /// # Errors
    /// [`ErrorKind::PermissionDenied`] naming the role to grant.
    ///
    /// # Cancel safety
    /// Safe to repeat.
    pub async fn remove_initial_access(&self, id: &str) -> Result<()> {
        let mut work = Work::new(self, "initial access token");
        let path = work.path(&["clients-initial-access", id]);
        work.delete(Operation::WriteInitialAccess, &path).await.map(drop)
    }

    /// Lets those who register clients with a token give them audience mappers, without which their tokens are for
    /// `account`, and mappers of their own roles. Anonymous registration is not touched.
    ///
    /// Who may register clients can then make tokens for any audience; allow it only where they are trusted with that.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] with code `not_found` if somebody removed the realm's policy for mappers: then everything
    /// is allowed, or the realm does not know registration. [`ErrorKind::PermissionDenied`] naming the role to grant.
    ///
    /// # Cancel safety
    /// Safe to repeat.
    pub async fn allow_audience_mappers(&self) -> Result<RealmChange> {
        let mut work = Work::new(self, "client registration policy");
        for _ in 0..ROUNDS {
            let path = work.path(&["components"]);
            let all: Vec<Map<String, Value>> =
                work.get(Operation::ReadRegistrationPolicies, &path, &[("type", TYPE)]).await?;
            let text = |entry: &Map<String, Value>, key: &str| -> Option<String> {
                entry.get(key).and_then(Value::as_str).map(str::to_owned)
            };
            let found = all.into_iter().find(|entry| {
                text(entry, "providerId").as_deref() == Some(PROVIDER)
                    && text(entry, "subType").as_deref() == Some("authenticated")
            });
            let (Some(mut policy), path) = (found, path) else { return Err(no_policy(self)) };
            let Some(changes) = allow(&mut policy) else { return Ok(work.finish(false)) };
            let id = text(&policy, "id").ok_or_else(|| no_policy(self))?;
            work.write(Operation::WriteRegistrationPolicy, Method::Put, &path.then(&id), &policy).await?;
            // The list has no check-and-set: look whether ours are still in it.
            work.changes = changes;
        }
        Ok(work.finish(false))
    }
}

/// Adds what is missing; `None` if nothing is.
fn allow(policy: &mut Map<String, Value>) -> Option<Vec<String>> {
    let config = policy.entry("config").or_insert_with(|| json!({})).as_object_mut()?;
    let list = config.entry(ALLOWED).or_insert_with(|| json!([])).as_array_mut()?;
    let missing: Vec<_> = MAPPERS.iter().filter(|mapper| !list.contains(&json!(mapper))).collect();
    list.extend(missing.iter().map(|mapper| json!(mapper)));
    let changes: Vec<_> =
        missing.iter().map(|mapper| format!("mapper type {mapper} is not allowed")).collect();
    (!changes.is_empty()).then_some(changes)
}

fn no_policy(admin: &RealmAdmin) -> Error {
    Error::new(ErrorKind::NotFound, Operation::ReadRegistrationPolicies.name())
        .with_service(SERVICE)
        .with_target(format!("realm {}", admin.name()))
        .with_code("not_found")
        .with_help(
            "the realm has no registration policy for protocol mappers of those who register with a token",
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allowed_already_stays_and_the_rest_is_added_once() {
        let mut policy = json!({ "config": { ALLOWED: ["saml-role-list-mapper", MAPPERS[0]], "x": ["1"] } });
        let policy = policy.as_object_mut().unwrap();
        assert_eq!(allow(policy).unwrap().len(), 1);
        assert_eq!(policy["config"][ALLOWED].as_array().unwrap().len(), 3);
        assert_eq!(policy["config"]["x"], json!(["1"]));
        assert!(allow(policy).is_none());
    }

    #[test]
    fn times_that_the_server_invents_are_bounded() {
        let wire: Wire = serde_json::from_value(
            json!({ "id": "1", "timestamp": u64::MAX, "expiration": 5, "remainingCount": 2 }),
        )
        .unwrap();
        assert_eq!(InitialAccess::from(wire).expires_at, None);
    }
}
