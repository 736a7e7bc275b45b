//! What an application holds.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::Result;
use catalyst_openbao::{DynamicCredentials, Kv2, Mount, OpenBao};
use catalyst_spiffe::{WorkloadApi, WorkloadIdentity};
use tokio::time::Instant;

use super::CatalystBuilder;
use super::keeper::Keeper;
use super::pools::Pools;
use crate::config::Config;

/// The platform: who we are, and what we may use. Cheap to clone.
///
/// ```no_run
/// # #[cfg(feature = "sqlx")]
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use catalyst_sdk::Catalyst;
///
/// let catalyst = Catalyst::connect().await?;
/// let orders = catalyst.postgres("orders-rw").await?;
/// let open: i64 = sqlx::query_scalar("select count(*) from orders").fetch_one(&orders).await?;
/// println!("{open} open orders");
/// catalyst.shutdown().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Catalyst(pub(super) Arc<Parts>);

pub(super) struct Parts {
    pub(super) config: Config,
    pub(super) identity: Option<Arc<dyn WorkloadIdentity>>,
    /// Ours to shut down.
    pub(super) workload_api: Option<WorkloadApi>,
    pub(super) bao: OpenBao,
    pub(super) keeper: Arc<Keeper>,
    /// In place of the database engine, for tests.
    pub(super) credentials: Option<Arc<dyn DynamicCredentials>>,
    pub(super) pools: Pools,
    #[cfg(feature = "dns")]
    pub(super) dns: super::dns::DnsSlot,
    #[cfg(feature = "sso")]
    pub(super) sso: super::sso::SsoSlot,
}

/// How long a shutdown may take if the configuration does not say.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(30);

impl Catalyst {
    /// Connects as the environment says; see [`config`](crate::config) for what it reads. Our identity is fetched
    /// and OpenBao has accepted it when this returns.
    ///
    /// # Errors
    /// What is missing or wrong in the configuration; no identity within its limit; OpenBao's refusal.
    ///
    /// # Cancel safety
    /// Safe; a token that was just made ends with its TTL.
    pub async fn connect() -> Result<Self> {
        Self::builder(Config::from_env()?).connect().await
    }

    /// A platform with these settings, of which every part can be replaced.
    pub fn builder(config: Config) -> CatalystBuilder {
        CatalystBuilder::new(config)
    }

    /// Who we are; none if we log in without a SPIFFE identity.
    pub fn identity(&self) -> Option<&Arc<dyn WorkloadIdentity>> {
        self.0.identity.as_ref()
    }

    /// The client of OpenBao, logged in as us.
    pub fn openbao(&self) -> &OpenBao {
        &self.0.bao
    }

    /// The secrets under `mount`.
    pub fn secrets(&self, mount: Mount) -> Kv2 {
        self.0.bao.kv(mount)
    }

    /// Drains every pool, gives back every credential and every token, and stops following our identity, within
    /// the configured limit (30 s if not set). Calling it again is harmless.
    ///
    /// # Errors
    /// The first thing that could not be given back; it ends with its TTL.
    ///
    /// # Cancel safety
    /// Draining goes on; call it again for the rest.
    pub async fn shutdown(&self) -> Result<()> {
        let limit = self.0.config.shutdown_limit.unwrap_or(SHUTDOWN_LIMIT);
        let deadline = Instant::now() + limit;
        let left = || deadline.saturating_duration_since(Instant::now());
        // First the users, then the token that made them, last what proves who we are.
        let pools = self.0.pools.shutdown(limit / 5 * 4).await;
        #[cfg(feature = "sso")]
        self.0.sso.shutdown(left().max(limit / 10)).await;
        #[cfg(feature = "dns")]
        let names = match self.0.dns.get() {
            Some(names) => names.shutdown(left().max(limit / 10)).await,
            None => Ok(()),
        };
        self.0.keeper.stop();
        let bao = self.0.bao.shutdown(left().max(limit / 10)).await;
        let identity = match &self.0.workload_api {
            Some(workload_api) => workload_api.shutdown(left().max(limit / 10)).await,
            None => Ok(()),
        };
        #[cfg(feature = "dns")]
        let pools = pools.and(names);
        pools.and(bao).and(identity)
    }
}

impl fmt::Debug for Catalyst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.0.identity.as_ref().and_then(|identity| identity.id().ok()).map(|id| id.to_string());
        f.debug_struct("Catalyst").field("identity", &id).finish_non_exhaustive()
    }
}
