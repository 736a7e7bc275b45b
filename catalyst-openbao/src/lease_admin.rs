//! Leases from the side of the operator.

use catalyst_core::Result;
use serde::{Deserialize, Serialize};

use crate::operation::Subject;
use crate::{LeaseId, Leases, SecretPath};

/// A lease that the server has given up to revoke. What it leased may still be there: somebody has to look.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IrrevocableLease {
    /// The lease.
    pub id: LeaseId,
    /// Why it could not be revoked.
    pub error: String,
}

/// What only operators are allowed.
impl Leases {
    /// The leases and folders of leases below `prefix`, such as `database/creds`; folders end in a slash.
    /// `LIST sys/leases/lookup/:prefix`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn list(&self, prefix: &SecretPath) -> Result<Vec<String>> {
        let path = ["sys/leases/lookup/", prefix.escaped()];
        self.api.at(Subject::System, "list leases", &path).list().await
    }

    /// The leases that the server has given up to revoke, at most 10,000. `GET sys/leases`, repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn irrevocable(&self) -> Result<Vec<IrrevocableLease>> {
        let path = ["sys/leases?type=irrevocable"];
        let wire: Listed = self.api.at(Subject::System, "list irrevocable leases", &path).read().await?;
        let lease = |wire: LeaseWire| Ok(IrrevocableLease { id: wire.lease_id.parse()?, error: wire.error });
        wire.leases.into_iter().map(lease).collect()
    }

    /// How many leases the server has given up to revoke. `GET sys/leases/count`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn count_irrevocable(&self) -> Result<u64> {
        let path = ["sys/leases/count?type=irrevocable"];
        let wire: Counted = self.api.at(Subject::System, "count irrevocable leases", &path).read().await?;
        Ok(wire.lease_count)
    }

    /// Forgets all leases whose identifiers begin with `prefix`, **whether or not what they leased could be taken
    /// back**: for those behind which nothing is left. `POST sys/leases/revoke-force/:prefix`, repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// Some may be forgotten; call it again.
    pub async fn forget_prefix(&self, prefix: &SecretPath) -> Result<()> {
        let path = ["sys/leases/revoke-force/", prefix.escaped()];
        self.api.at(Subject::System, "forget leases", &path).write(&Nothing {}).await
    }

    /// Has the server look for what leases that ended have left behind. `POST sys/leases/tidy`, repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It may or may not have begun.
    pub async fn tidy(&self) -> Result<()> {
        let path = ["sys/leases/tidy"];
        self.api.at(Subject::System, "tidy leases", &path).write(&Nothing {}).await
    }
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Deserialize)]
struct Counted {
    #[serde(default)]
    lease_count: u64,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(default)]
    leases: Vec<LeaseWire>,
}

#[derive(Deserialize)]
struct LeaseWire {
    lease_id: String,
    #[serde(default)]
    error: String,
}
