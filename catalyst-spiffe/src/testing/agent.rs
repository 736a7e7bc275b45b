//! The fake agent: what a test holds.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{service, socket};
use crate::mock::{LeafDefect, MockIdentity};

/// A SPIFFE Workload API server on a unix socket, with the mock's authority behind it. Other processes may use it
/// through `SPIFFE_ENDPOINT_SOCKET`. Stops when dropped.
///
/// What it answers with is the state of its [`MockIdentity`]: rotate, withdraw, federate there, and every open
/// stream gets the update.
pub struct FakeAgent {
    state: Arc<State>,
    path: PathBuf,
    running: Mutex<Option<CancellationToken>>,
}

/// What goes wrong, until [`FakeAgent::clear`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AgentFault {
    /// Every call and every open stream gets `PermissionDenied` with "no identity issued".
    Deny,
    /// Every new call gets this gRPC status code.
    Status(u16),
    /// Answers and updates come this much later.
    Delay(Duration),
    /// Calls are accepted and streams stay open, but nothing is ever sent: a half-open connection.
    Silence,
    /// This many of the next X.509 updates cannot be used.
    Malformed(MalformedUpdate, u32),
}

/// What is wrong with an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MalformedUpdate {
    /// No SVID in it.
    Empty,
    /// The certificate is not DER.
    Garbage,
    /// The key belongs to another certificate.
    WrongKey,
    /// The leaf breaks a rule.
    Leaf(LeafDefect),
    /// More than the 4 MiB that a client takes.
    Oversized,
}

/// How often each method was called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RpcCounts {
    /// `FetchX509SVID`.
    pub x509_svid: u64,
    /// `FetchX509Bundles`.
    pub x509_bundles: u64,
    /// `FetchJWTSVID`.
    pub jwt_svid: u64,
    /// `FetchJWTBundles`.
    pub jwt_bundles: u64,
    /// `ValidateJWTSVID`.
    pub validate_jwt_svid: u64,
    /// Calls that were refused because they lacked the header `workload.spiffe.io: true`.
    pub without_header: u64,
}

/// What the service reads.
pub(super) struct State {
    /// The first one is the default.
    identities: Mutex<Vec<MockIdentity>>,
    faults: Mutex<Faults>,
    /// Grows when the faults change, so that open streams look at them.
    changes: watch::Sender<u64>,
    counts: Counts,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faults {
    pub(super) deny: bool,
    pub(super) silence: bool,
    pub(super) status: Option<u16>,
    pub(super) delay: Duration,
    pub(super) malformed: Option<(MalformedUpdate, u32)>,
    pub(super) storm: u32,
    /// Streams that began before this generation end.
    pub(super) generation: u64,
}

#[derive(Default)]
pub(super) struct Counts {
    pub(super) x509_svid: AtomicU64,
    pub(super) x509_bundles: AtomicU64,
    pub(super) jwt_svid: AtomicU64,
    pub(super) jwt_bundles: AtomicU64,
    pub(super) validate_jwt_svid: AtomicU64,
    pub(super) without_header: AtomicU64,
}

impl FakeAgent {
    /// Serves `spiffe://catalyst.local/ns/default/sa/default` on a socket at `path`, whose SVIDs have the DNS name
    /// `default`. Nothing but an abandoned socket may be there.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the socket cannot be made.
    #[allow(clippy::unused_async, reason = "shows that a runtime is needed")]
    pub async fn start(path: &Path) -> Result<Self> {
        let identity = MockIdentity::builder("spiffe://catalyst.local/ns/default/sa/default")?
            .dns_name("default")
            .build()?;
        Self::serving(path, identity).await
    }

    /// Serves `identity` on a socket at `path`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the socket cannot be made.
    #[allow(clippy::unused_async, reason = "shows that a runtime is needed")]
    pub async fn serving(path: &Path, identity: MockIdentity) -> Result<Self> {
        let state = Arc::new(State {
            identities: Mutex::new(vec![identity]),
            faults: Mutex::default(),
            changes: watch::Sender::new(0),
            counts: Counts::default(),
        });
        let agent = Self { state, path: path.to_owned(), running: Mutex::new(None) };
        agent.resume()?;
        Ok(agent)
    }

    /// The address for [`WorkloadApi::builder`](crate::WorkloadApi::builder) or `SPIFFE_ENDPOINT_SOCKET`.
    pub fn address(&self) -> String {
        format!("unix:{}", self.path.display())
    }

    /// The default identity, whose state decides what is sent.
    pub fn identity(&self) -> MockIdentity {
        self.state.default_identity()
    }

    /// Gives the workload a further identity, sent behind the others.
    pub fn add_identity(&self, identity: MockIdentity) {
        lock(&self.state.identities).push(identity);
        self.state.tell();
    }

    /// Makes `fault` happen until [`Self::clear`]; several add up.
    pub fn inject(&self, fault: AgentFault) {
        let mut faults = lock(&self.state.faults);
        match fault {
            AgentFault::Deny => faults.deny = true,
            AgentFault::Status(code) => faults.status = Some(code),
            AgentFault::Delay(delay) => faults.delay = delay,
            AgentFault::Silence => faults.silence = true,
            AgentFault::Malformed(what, count) => faults.malformed = Some((what, count)),
        }
        drop(faults);
        self.state.tell();
    }

    /// Ends all faults.
    pub fn clear(&self) {
        let mut faults = lock(&self.state.faults);
        *faults = Faults { generation: faults.generation, ..Faults::default() };
        drop(faults);
        self.state.tell();
    }

    /// Ends all open streams properly, without a status that says why.
    pub fn end_streams(&self) {
        lock(&self.state.faults).generation += 1;
        self.state.tell();
    }

    /// Sends `updates` updates with a new SVID each, as fast as they can be written, on the next open X.509 stream
    /// that looks.
    pub fn storm(&self, updates: u32) {
        lock(&self.state.faults).storm = updates;
        self.state.tell();
    }

    /// Cuts every connection and removes the socket, as when the agent is killed.
    pub fn stop(&self) {
        if let Some(running) = lock(&self.running).take() {
            running.cancel();
            // Gone already is what is wanted.
            drop(std::fs::remove_file(&self.path));
        }
    }

    /// Listens again after [`Self::stop`].
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the socket cannot be made.
    pub fn resume(&self) -> Result<()> {
        let mut running = lock(&self.running);
        if running.is_none() {
            let cut = CancellationToken::new();
            let incoming = socket::listen(&self.path, &cut).map_err(|error| {
                Error::new(ErrorKind::Config, "start the fake agent")
                    .with_target(self.path.display().to_string())
                    .with_source(error)
            })?;
            tokio::spawn(service::serve(Arc::clone(&self.state), incoming));
            *running = Some(cut);
        }
        Ok(())
    }

    /// Is killed and comes back after `outage`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the socket cannot be made.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it stopped; call [`Self::resume`].
    pub async fn restart(&self, outage: Duration) -> Result<()> {
        self.stop();
        tokio::time::sleep(outage).await;
        self.resume()
    }

    /// How often each method was called so far.
    pub fn counts(&self) -> RpcCounts {
        let (counts, read) = (&self.state.counts, |count: &AtomicU64| count.load(Ordering::SeqCst));
        RpcCounts {
            x509_svid: read(&counts.x509_svid),
            x509_bundles: read(&counts.x509_bundles),
            jwt_svid: read(&counts.jwt_svid),
            jwt_bundles: read(&counts.jwt_bundles),
            validate_jwt_svid: read(&counts.validate_jwt_svid),
            without_header: read(&counts.without_header),
        }
    }
}

impl Drop for FakeAgent {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for FakeAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeAgent")
            .field("path", &self.path)
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

impl State {
    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }

    pub(super) fn faults(&self) -> Faults {
        *lock(&self.faults)
    }

    pub(super) fn identities(&self) -> Vec<MockIdentity> {
        lock(&self.identities).clone()
    }

    #[allow(clippy::indexing_slicing, reason = "there is always the one it was made with")]
    pub(super) fn default_identity(&self) -> MockIdentity {
        lock(&self.identities)[0].clone()
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Whether the next update shall be spoiled, and how; counts it.
    pub(super) fn take_malformed(&self) -> Option<MalformedUpdate> {
        let mut faults = lock(&self.faults);
        let (what, left) = faults.malformed?;
        faults.malformed = left.checked_sub(1).filter(|&left| left > 0).map(|left| (what, left));
        (left > 0).then_some(what)
    }

    /// Whether one more update of a storm is due; counts it.
    pub(super) fn take_storm(&self) -> bool {
        let mut faults = lock(&self.faults);
        let due = faults.storm > 0;
        faults.storm = faults.storm.saturating_sub(1);
        due
    }

    fn tell(&self) {
        self.changes.send_modify(|change| *change += 1);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
