//! The task that keeps us logged in.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::Result;
use catalyst_openbao::{Credentials, DynamicCredentials, Lease, LeaseId, LeaseTerm, OpenBao, RoleName};
use catalyst_spiffe::WorkloadIdentity;
use tokio::task::AbortHandle;

/// Renews the session, and logs in anew after each rotation of an identity that it was made with. It ends with the
/// last thing that needs the session.
pub(super) struct Keeper(AbortHandle);

impl Keeper {
    /// `follows` is the identity whose certificate the login presents, if it presents one: a token made with one
    /// certificate cannot be renewed with the next (OpenBao, CVE-2026-39388).
    pub(super) fn start(bao: OpenBao, follows: Option<Arc<dyn WorkloadIdentity>>) -> Self {
        let maintain = bao.maintain();
        let task = async move {
            tokio::select! {
                never = maintain => match never {},
                () = log_in_after_rotations(bao, follows) => {}
            }
        };
        Self(tokio::spawn(task).abort_handle())
    }

    pub(super) fn stop(&self) {
        self.0.abort();
    }
}

async fn log_in_after_rotations(bao: OpenBao, follows: Option<Arc<dyn WorkloadIdentity>>) {
    let Some(identity) = follows else { return std::future::pending().await };
    let mut updates = identity.updates();
    let mut presented = serial(&*identity);
    while updates.changed().await.is_ok() {
        // Changes of bundles are updates too, and need no new login.
        let newest = serial(&*identity);
        if newest.is_none() || newest == presented {
            continue;
        }
        match bao.login_anew().await {
            Ok(_) => presented = newest,
            // Left to the upkeep of the session, which logs in before its token ends.
            Err(error) => tracing::warn!(%error, "login after a rotation of the SVID failed"),
        }
    }
    std::future::pending::<()>().await;
}

fn serial(identity: &dyn WorkloadIdentity) -> Option<String> {
    identity.x509().ok().map(|svid| svid.serial().to_string())
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keeper")
    }
}

/// Credentials that hold the keeper: a pool outlives the [`Catalyst`](crate::Catalyst) that it came from.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) credentials: Arc<dyn DynamicCredentials>,
    pub(super) _keeper: Arc<Keeper>,
}

#[async_trait]
impl DynamicCredentials for Kept {
    async fn issue(&self, role: &RoleName) -> Result<Lease<Credentials>> {
        self.credentials.issue(role).await
    }

    async fn renew(&self, lease: &LeaseId, increment: Option<Duration>) -> Result<LeaseTerm> {
        self.credentials.renew(lease, increment).await
    }

    async fn revoke(&self, lease: &LeaseId) -> Result<()> {
        self.credentials.revoke(lease).await
    }
}
