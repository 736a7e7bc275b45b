//! The manager, as tests see it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use catalyst_core::testing::StubServer;
use catalyst_core::{Result, Secret};

use super::model::{PoolFault, State};
use super::{FakePoolZones, wire};
use crate::pool::{PoolDomains, PoolDomainsBuilder};
use crate::testing::socket::serve;

pub(super) type Shared = Arc<Mutex<State>>;

/// A pool-domain-manager on a free port of the loopback interface, as its source has it: status codes, bodies and
/// defects. It manages `openova.io` and `omani.works`. It stops when it is dropped.
///
/// ```
/// use catalyst_dns::pool::{PoolClaim, SovereignTarget};
/// use catalyst_dns::testing::{FakePool, PoolFault};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> catalyst_dns::Result<()> {
/// let fake = FakePool::start().await;
/// fake.inject(PoolFault::DnsWrite);
///
/// let target = SovereignTarget::new("omantel.omani.works".parse()?, [192, 0, 2, 10].into());
/// let claim = PoolClaim::new("omani.works".parse()?, "omantel".parse()?, "us", target);
/// let done = fake.pools()?.ensure_allocated(&claim, &fake.zones()).await?;
/// assert_eq!((done.committed, done.repaired), (true, 6));
/// # Ok(())
/// # }
/// ```
pub struct FakePool {
    state: Shared,
    server: StubServer,
}

impl FakePool {
    /// Starts one with no names given away.
    pub async fn start() -> Self {
        let state: Shared = Arc::new(Mutex::new(State::new()));
        let shared = Arc::clone(&state);
        let server = serve(Arc::new(move |request| wire::handle(&mut lock(&shared), request))).await;
        Self { state, server }
    }

    /// A client of it.
    ///
    /// # Errors
    /// If the client cannot be set up.
    pub fn pools(&self) -> Result<PoolDomains> {
        self.builder()?.build()
    }

    /// The same, to be set up further.
    ///
    /// # Errors
    /// If the address is none.
    pub fn builder(&self) -> Result<PoolDomainsBuilder> {
        PoolDomains::builder(&self.server.uri())
    }

    /// The zones in the PowerDNS behind it: the pool domains, and what was delegated from them.
    pub fn zones(&self) -> FakePoolZones {
        FakePoolZones(Arc::clone(&self.state))
    }

    /// The credential of the registrar that [`PoolDomains::set_ns`] and
    /// [`PoolDomains::validate`] are taken with; the account has the domains that [`set_domain`](Self::set_domain)
    /// named.
    pub fn registrar_token(&self) -> Secret {
        Secret::from(lock(&self.state).token_of_registrar.clone())
    }

    /// The registrar's account has this domain.
    pub fn set_domain(&self, domain: &str, servers: &[&str]) {
        let servers = servers.iter().map(|server| (*server).to_owned()).collect();
        lock(&self.state).nameservers.insert(domain.to_owned(), servers);
    }

    /// The servers that the registrar has.
    pub fn nameservers(&self, domain: &str) -> Vec<String> {
        lock(&self.state).nameservers.get(domain).cloned().unwrap_or_default()
    }

    /// The next request that this can happen to goes wrong.
    pub fn inject(&self, fault: PoolFault) {
        lock(&self.state).faults.push(fault);
    }

    /// How many faults have not happened yet.
    pub fn pending_faults(&self) -> usize {
        lock(&self.state).faults.len()
    }

    /// Moves the manager's clock: reservations end.
    pub fn advance(&self, by: Duration) {
        lock(&self.state).ahead += by;
    }

    /// How many requests came.
    pub fn requests(&self) -> u32 {
        lock(&self.state).requests
    }

    /// The tokens of all reservations, which must be printed nowhere.
    pub fn tokens(&self) -> Vec<String> {
        lock(&self.state)
            .rows
            .values()
            .map(|row| row.token.clone())
            .filter(|token| !token.is_empty())
            .collect()
    }
}

pub(super) fn lock(state: &Shared) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for FakePool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakePool").field("rows", &lock(&self.state).rows.len()).finish_non_exhaustive()
    }
}
