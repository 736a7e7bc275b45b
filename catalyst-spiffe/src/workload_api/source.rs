//! The handle that applications hold, and what it shares with the supervisor.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use catalyst_core::{Clock, Error, ErrorKind, Idempotency, Result, RetryBudget, RetryConfig, Secret, retry};
use spiffe::WorkloadApiClient;
use spiffe::transport::Endpoint;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::builder::WorkloadApiBuilder;
use super::{fault, supervisor};
use crate::jwt_cache::{Audiences, JwtCache};
use crate::live::Live;
use crate::{
    BundleSet, IdentityHealth, JwtIdentity, SpiffeId, TrustDomain, Updates, WorkloadIdentity, X509Identity,
};

const FETCH_JWT: &str = "fetch JWT-SVID";

/// The longest that dialling the agent, or one call for a token, may take.
const CALL_LIMIT: Duration = Duration::from_secs(5);

/// Identity from the SPIFFE Workload API, kept fresh by one background task. Cheap to clone; when the last clone is
/// dropped, the task stops.
///
/// ```no_run
/// use catalyst_spiffe::{WorkloadApi, WorkloadIdentity};
///
/// # async fn example() -> catalyst_core::Result<()> {
/// let source = WorkloadApi::builder("unix:/run/spire/agent.sock")?.connect().await?;
/// println!("I am {}", source.id()?);
/// let assertion = source.jwt(&["openbao"]).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct WorkloadApi(Arc<Running>);

struct Running {
    shared: Arc<Shared>,
    stop: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// What the supervisor writes and the handle reads.
pub(super) struct Shared {
    pub(super) endpoint: Endpoint,
    pub(super) hint: Option<String>,
    pub(super) live: Live,
    pub(super) jwt: JwtCache,
    pub(super) jwks: Mutex<BTreeMap<TrustDomain, Arc<str>>>,
    pub(super) start: watch::Sender<Start>,
    target: String,
    jwt_client: ArcSwapOption<WorkloadApiClient>,
    jwt_budget: RetryBudget,
}

/// How far the start has come.
#[derive(Clone, Debug, Default)]
pub(super) struct Start {
    pub(super) ready: bool,
    pub(super) fatal: bool,
    pub(super) attempts: u32,
    pub(super) last_error: Option<Error>,
}

impl WorkloadApi {
    /// A source for the agent at `address`: `unix:/path/to/socket`, or `tcp:IP:port` on a trusted network.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the address has another form.
    pub fn builder(address: &str) -> Result<WorkloadApiBuilder> {
        WorkloadApiBuilder::new(address)
    }

    /// The address as it was given.
    pub fn address(&self) -> &str {
        &self.0.shared.target
    }

    /// Stops the task and makes everything unreadable. Calling it again does nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] if the task did not end within `limit`; it was then aborted.
    ///
    /// # Cancel safety
    /// The task is told to stop before the first wait.
    pub async fn shutdown(&self, limit: Duration) -> Result<()> {
        self.0.shared.live.stop();
        self.0.shared.jwt.clear();
        self.0.stop.cancel();
        let task = self.0.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(task) = task else { return Ok(()) };
        let abort = task.abort_handle();
        // How the task ended does not matter any more; that it panicked was already printed.
        match tokio::time::timeout(limit, task).await {
            Ok(_ended) => Ok(()),
            Err(_elapsed) => {
                abort.abort();
                Err(Error::new(ErrorKind::Timeout, "shut down the identity source")
                    .with_service("spiffe")
                    .with_help("its task was aborted"))
            }
        }
    }

    pub(super) fn spawn(runtime: &Handle, shared: Arc<Shared>) -> Self {
        let stop = CancellationToken::new();
        let task = runtime.spawn(supervisor::run(Arc::clone(&shared), stop.clone()));
        Self(Arc::new(Running { shared, stop, task: Mutex::new(Some(task)) }))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Shared {
    pub(super) fn new(endpoint: Endpoint, target: String, clock: Clock, hint: Option<String>) -> Self {
        Self {
            endpoint,
            hint,
            live: Live::new(clock.clone()),
            jwt: JwtCache::new(clock),
            jwks: Mutex::default(),
            start: watch::Sender::default(),
            target,
            jwt_client: ArcSwapOption::empty(),
            jwt_budget: RetryBudget::default(),
        }
    }

    /// A new connection to the agent.
    pub(super) async fn dial(&self, operation: &'static str) -> Result<WorkloadApiClient> {
        let connect = WorkloadApiClient::connect(self.endpoint.clone());
        match tokio::time::timeout(CALL_LIMIT, connect).await {
            Ok(connected) => connected.map_err(|error| fault::classify(error, operation)),
            Err(_elapsed) => Err(fault::slow(operation)),
        }
    }

    async fn fetch_jwt(&self, id: &SpiffeId, audiences: &Audiences) -> Result<JwtIdentity> {
        let limits = RetryConfig::new(3, 2 * CALL_LIMIT);
        retry(&limits, &self.jwt_budget, Idempotency::Repeatable, |attempt| async move {
            let limit = CALL_LIMIT.min(attempt.remaining);
            match tokio::time::timeout(limit, self.fetch_jwt_once(id, audiences)).await {
                Ok(fetched) => fetched,
                Err(_elapsed) => {
                    self.jwt_client.store(None);
                    Err(fault::slow(FETCH_JWT))
                }
            }
        })
        .await
        .map_err(|error| error.with_target(&*self.target))
    }

    /// The connection that tokens are asked for on; kept, since an agent may be asked often.
    async fn jwt_client(&self) -> Result<Arc<WorkloadApiClient>> {
        if let Some(client) = self.jwt_client.load_full() {
            return Ok(client);
        }
        let client = Arc::new(self.dial(FETCH_JWT).await?);
        self.jwt_client.store(Some(Arc::clone(&client)));
        Ok(client)
    }

    async fn fetch_jwt_once(&self, id: &SpiffeId, audiences: &Audiences) -> Result<JwtIdentity> {
        let client = self.jwt_client().await?;
        let theirs = spiffe::SpiffeId::new(id.to_string()).map_err(|error| {
            Error::new(ErrorKind::Other, FETCH_JWT).with_service("spiffe").with_source(error)
        })?;
        match client.fetch_jwt_svid(audiences.as_slice(), Some(&theirs)).await {
            Ok(svid) => JwtIdentity::from_token(Secret::new(svid.token()), self.live.clock().now()),
            Err(error) => {
                let error = fault::classify(error, FETCH_JWT);
                if !fault::is_denied(&error) {
                    // The next call dials anew.
                    self.jwt_client.store(None);
                }
                Err(error)
            }
        }
    }
}

#[async_trait]
impl WorkloadIdentity for WorkloadApi {
    fn id(&self) -> Result<SpiffeId> {
        self.0.shared.live.id()
    }

    fn x509(&self) -> Result<Arc<X509Identity>> {
        self.0.shared.live.x509()
    }

    fn bundles(&self) -> Result<Arc<BundleSet>> {
        self.0.shared.live.bundles()
    }

    async fn jwt(&self, audience: &[&str]) -> Result<Arc<JwtIdentity>> {
        let shared = &*self.0.shared;
        let (audiences, id) = (Audiences::new(audience)?, shared.live.id()?);
        let token = shared.jwt.get(&id, &audiences, || shared.fetch_jwt(&id, &audiences)).await?;
        // It may have been withdrawn while the agent was asked.
        shared.live.id().map(|_present| token)
    }

    fn updates(&self) -> Updates {
        self.0.shared.live.updates()
    }

    fn health(&self) -> IdentityHealth {
        self.0.shared.live.health()
    }

    fn clock(&self) -> Clock {
        self.0.shared.live.clock().clone()
    }
}

impl fmt::Debug for WorkloadApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkloadApi")
            .field("address", &self.0.shared.target)
            .field("health", &format_args!("{}", self.0.shared.live.health()))
            .finish_non_exhaustive()
    }
}
