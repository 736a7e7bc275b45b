//! Leases over HTTP.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use catalyst_core::Result;
use catalyst_core::http::{Method, Request};
use serde::{Deserialize, Serialize};

use crate::api::Api;
use crate::operation::Operation;
use crate::transport::Call;
use crate::wire::{Ignored, MaybeTime};
use crate::{LeaseId, LeaseTerm, SecretPath};

/// Leases of any engine; made by [`OpenBao::leases`](crate::OpenBao::leases). Cheap to clone.
#[derive(Clone, Debug)]
pub struct Leases {
    pub(crate) api: Arc<Api>,
}

/// What the server says of a lease. Not to be scheduled by: a standby's answer may be old. Schedule by the answer
/// that granted or renewed it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeaseStatus {
    /// The lease.
    pub id: LeaseId,
    /// What is left of it. Zero for one that has ended and could not be revoked yet.
    pub ttl: Duration,
    /// Whether the server would prolong it.
    pub renewable: bool,
    /// Whether it has ended and its revocation failed; the server keeps trying.
    pub overdue: bool,
    /// When it was granted, by the server's clock.
    pub issued_at: Option<SystemTime>,
    /// When it ends, by the server's clock.
    pub expires_at: Option<SystemTime>,
    /// When it was last renewed, by the server's clock.
    pub last_renewal: Option<SystemTime>,
}

impl Leases {
    pub(crate) fn new(api: Arc<Api>) -> Self {
        Self { api }
    }

    /// What the server says of a lease. Repeated after passing faults.
    ///
    /// # Errors
    /// Code `lease_not_found` if it has ended or never was.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn lookup(&self, lease: &LeaseId) -> Result<LeaseStatus> {
        let body = |request: Request| request.json(&LeaseBody::new(lease));
        let call = Call::new(Operation::LookupLease, Method::Post, &["sys/leases/lookup"]).body(&body);
        let answer = self.api.send(&call).await?;
        let wire = answer.data::<StatusWire>(&self.api.transport)?;
        Ok(LeaseStatus {
            id: lease.clone(),
            ttl: Duration::from_secs(u64::try_from(wire.ttl).unwrap_or(0)),
            renewable: wire.renewable,
            overdue: wire.ttl < 0,
            issued_at: wire.issue_time.0,
            expires_at: wire.expire_time.0,
            last_renewal: wire.last_renewal.0,
        })
    }

    /// Prolongs a lease by `increment` from now, in whole seconds, or by its role's default term. The server may
    /// grant less: compare. Repeated after passing faults, for twice is the same as once.
    ///
    /// # Errors
    /// Codes `lease_not_found`; `backend_down` if the server could not reach the database.
    ///
    /// # Cancel safety
    /// The lease may or may not have been prolonged.
    pub async fn renew(&self, lease: &LeaseId, increment: Option<Duration>) -> Result<LeaseTerm> {
        let increment = increment.map(|increment| increment.as_secs().max(1));
        let body = |request: Request| request.json(&LeaseBody { increment, ..LeaseBody::new(lease) });
        let call = Call::new(Operation::RenewLease, Method::Post, &["sys/leases/renew"]).body(&body);
        let answer = self.api.send(&call).await?;
        let envelope = answer.read::<Ignored>(&self.api.transport)?;
        Ok(LeaseTerm::new(envelope.lease_duration.0, envelope.renewable))
    }

    /// Ends a lease, and returns when what it leased is gone. One that has ended already is a success. Repeated
    /// after passing faults.
    ///
    /// # Errors
    /// Codes `backend_down` and `backend_refused` if it could not be taken back; the lease is then still there.
    ///
    /// # Cancel safety
    /// The lease may or may not have been ended; call it again.
    pub async fn revoke(&self, lease: &LeaseId) -> Result<()> {
        let body = |request: Request| request.json(&LeaseBody { sync: Some(true), ..LeaseBody::new(lease) });
        let call = Call::new(Operation::RevokeLease, Method::Put, &["sys/leases/revoke"]).body(&body);
        match self.api.send(&call).await {
            Err(error) if error.code() != Some("lease_not_found") => Err(error),
            _ => Ok(()),
        }
    }

    /// Ends all leases whose identifiers begin with `prefix`, such as `database/creds/orders-rw`, whoever made them.
    /// The policy for that is a privileged one. None there is a success. Repeated after passing faults.
    ///
    /// # Errors
    /// As [`Leases::revoke`].
    ///
    /// # Cancel safety
    /// Some of the leases may have been ended; call it again.
    pub async fn revoke_prefix(&self, prefix: &SecretPath) -> Result<()> {
        let body = |request: Request| request.json(&SyncBody { sync: true });
        let path = ["sys/leases/revoke-prefix/", prefix.escaped()];
        let call = Call::new(Operation::RevokePrefix, Method::Put, &path).body(&body);
        self.api.send(&call).await.map(drop)
    }
}

#[derive(Serialize)]
struct LeaseBody<'a> {
    lease_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    increment: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sync: Option<bool>,
}

impl<'a> LeaseBody<'a> {
    fn new(lease: &'a LeaseId) -> Self {
        Self { lease_id: lease.as_str(), increment: None, sync: None }
    }
}

#[derive(Serialize)]
struct SyncBody {
    sync: bool,
}

#[derive(Deserialize)]
struct StatusWire {
    #[serde(default)]
    ttl: i64,
    #[serde(default)]
    renewable: bool,
    #[serde(default)]
    issue_time: MaybeTime,
    #[serde(default)]
    expire_time: MaybeTime,
    #[serde(default)]
    last_renewal: MaybeTime,
}
