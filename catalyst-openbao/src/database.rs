//! The database engine over HTTP.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::http::Method;
use catalyst_core::{Error, Result, Secret};
use serde::Deserialize;

use crate::api::Api;
use crate::operation::Operation;
use crate::transport::Call;
use crate::wire::{MaybeTime, Seconds};
use crate::{
    Credentials, DynamicCredentials, Lease, LeaseId, LeaseTerm, Leases, Mount, RoleName, StaticCredential,
    StaticCredentials,
};

/// How many roles' terms are remembered.
const MAX_ROLES: usize = 256;

/// The database engine at one mount; made by [`OpenBao::database`](crate::OpenBao::database). Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    api: Arc<Api>,
    mount: Mount,
    /// The term of the last lease of each role: the next one needs a session that lives as long.
    terms: Arc<Mutex<HashMap<RoleName, Duration>>>,
}

impl Database {
    pub(crate) fn new(api: Arc<Api>, mount: Mount) -> Self {
        Self { api, mount, terms: Arc::default() }
    }

    fn last_term(&self, role: &RoleName) -> Duration {
        let terms = self.terms.lock().unwrap_or_else(PoisonError::into_inner);
        terms.get(role).copied().unwrap_or_default()
    }

    fn remember(&self, role: &RoleName, term: Duration) {
        let mut terms = self.terms.lock().unwrap_or_else(PoisonError::into_inner);
        if terms.len() < MAX_ROLES || terms.contains_key(role) {
            terms.insert(role.clone(), term);
        }
    }
}

#[async_trait]
impl DynamicCredentials for Database {
    async fn issue(&self, role: &RoleName) -> Result<Lease<Credentials>> {
        let path = [self.mount.escaped(), "/creds/", role.escaped()];
        // A GET that makes a user: never repeated once it may have been made.
        let call = Call::new(Operation::IssueCredentials, Method::Get, &path).once();
        let (answer, token) = self.api.send_for_lease(&call, self.last_term(role)).await?;
        let issued_at = answer.sent_at;
        let envelope = answer.read::<CredentialsWire>(&self.api.transport)?;
        let unusable = |help: &str| answer.undecodable().with_help(help.to_owned());
        let id: LeaseId = envelope.lease_id.as_str().parse().map_err(|error: Error| {
            unusable("the answer holds no lease; is this the mount of a database engine?").with_source(error)
        })?;
        let wire = envelope.data.ok_or_else(|| unusable("the answer holds no credentials"))?;
        let term = LeaseTerm::new(envelope.lease_duration.0, envelope.renewable);
        self.remember(role, term.ttl);
        Ok(Lease::new(id, term, issued_at, token.keeper.session(), wire.into()))
    }

    async fn renew(&self, lease: &LeaseId, increment: Option<Duration>) -> Result<LeaseTerm> {
        Leases::new(Arc::clone(&self.api)).renew(lease, increment).await
    }

    async fn revoke(&self, lease: &LeaseId) -> Result<()> {
        Leases::new(Arc::clone(&self.api)).revoke(lease).await
    }
}

#[async_trait]
impl StaticCredentials for Database {
    async fn read(&self, role: &RoleName) -> Result<StaticCredential> {
        let path = [self.mount.escaped(), "/static-creds/", role.escaped()];
        let call = Call::new(Operation::ReadStaticCredential, Method::Get, &path);
        let answer = self.api.send(&call).await?;
        let wire = answer.data::<StaticWire>(&self.api.transport)?;
        Ok(StaticCredential {
            credentials: Credentials::new(wire.username, wire.password),
            ttl: wire.ttl.0,
            rotation_period: wire.rotation_period.map(|period| period.0),
            last_rotation: wire.last_vault_rotation.0,
            read_at: answer.sent_at,
        })
    }
}

#[derive(Deserialize)]
struct CredentialsWire {
    username: String,
    password: Secret,
}

impl From<CredentialsWire> for Credentials {
    fn from(wire: CredentialsWire) -> Self {
        Self::new(wire.username, wire.password)
    }
}

#[derive(Deserialize)]
struct StaticWire {
    username: String,
    password: Secret,
    #[serde(default)]
    ttl: Seconds,
    #[serde(default)]
    rotation_period: Option<Seconds>,
    #[serde(default)]
    last_vault_rotation: MaybeTime,
}
