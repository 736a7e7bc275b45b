//! Calls that create a lease: one home for what the engines that give leases have in common.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use catalyst_core::{Error, Result};
use serde::de::DeserializeOwned;

use crate::api::Api;
use crate::transport::Call;
use crate::{Lease, LeaseId, LeaseTerm, RoleName};

/// How many roles' terms are remembered.
const MAX_ROLES: usize = 256;

/// Asks for leases, in sessions that live as long.
#[derive(Clone)]
pub(crate) struct Issuer {
    api: Arc<Api>,
    /// The term of the last lease of each role: the next one needs a session that lives as long.
    terms: Arc<Mutex<HashMap<RoleName, Duration>>>,
}

impl Issuer {
    pub(crate) fn new(api: Arc<Api>) -> Self {
        Self { api, terms: Arc::default() }
    }

    pub(crate) fn api(&self) -> &Arc<Api> {
        &self.api
    }

    /// Makes the call, once, and reads the lease in its answer. `what` is what is leased, for errors: "credentials".
    pub(crate) async fn issue<T: DeserializeOwned>(
        &self,
        call: Call<'_>,
        role: &RoleName,
        what: &str,
    ) -> Result<Lease<T>> {
        let call = call.once();
        let (answer, token) = self.api.send_for_lease(&call, self.last_term(role)).await?;
        let issued_at = answer.sent_at;
        let envelope = answer.read::<T>(&self.api.transport)?;
        let unusable = |help: String| answer.undecodable().with_help(help);
        let id: LeaseId = envelope.lease_id.as_str().parse().map_err(|error: Error| {
            let help =
                format!("the answer holds no lease; is this the mount of an engine that gives {what}?");
            unusable(help).with_source(error)
        })?;
        let value = envelope.data.ok_or_else(|| unusable(format!("the answer holds no {what}")))?;
        let term = LeaseTerm::new(envelope.lease_duration.0, envelope.renewable);
        self.remember(role, term.ttl);
        Ok(Lease::new(id, term, issued_at, token.keeper.session(), value))
    }

    /// Makes the call, once, whose answer comes with a lease only where the role says so.
    pub(crate) async fn obtain<T: DeserializeOwned>(
        &self,
        call: Call<'_>,
        role: Option<&RoleName>,
    ) -> Result<(T, Option<Lease<()>>)> {
        let call = call.once();
        let term = role.map(|role| self.last_term(role)).unwrap_or_default();
        let (answer, token) = self.api.send_for_lease(&call, term).await?;
        let issued_at = answer.sent_at;
        let envelope = answer.read::<T>(&self.api.transport)?;
        let value =
            envelope.data.ok_or_else(|| answer.undecodable().with_help("the answer holds no data"))?;
        if envelope.lease_id.as_str().is_empty() {
            return Ok((value, None));
        }
        let id: LeaseId = envelope.lease_id.as_str().parse().map_err(|error: Error| {
            answer.undecodable().with_help("the answer holds no lease that can be read").with_source(error)
        })?;
        let term = LeaseTerm::new(envelope.lease_duration.0, envelope.renewable);
        if let Some(role) = role {
            self.remember(role, term.ttl);
        }
        Ok((value, Some(Lease::new(id, term, issued_at, token.keeper.session(), ()))))
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

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").finish_non_exhaustive()
    }
}
