//! The one loop.

use std::convert::Infallible;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};
use futures_util::StreamExt;
use futures_util::future::select;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

use super::KeptLease;
use super::entry::{Entry, Outcome};
use super::lateness::Lateness;
use super::queue::{Key, Queue};
use crate::refusal::SERVICE;
use crate::{Lease, LeaseId, Leases};

/// How many leases are kept at most, if nothing else is set.
const CAPACITY: usize = 65_536;
/// How many renewals are under way at once.
const AT_ONCE: usize = 32;
/// No sleep is longer, so that a host that was suspended notices.
const TICK: Duration = Duration::from_secs(30);
const KEEP: &str = "keep lease";

/// Prolongs many leases in time. Cheap to clone; clones are the same keeper.
///
/// Each lease is renewed at two thirds of its term, or up to a twentieth of it earlier, so that those that were made
/// together are not renewed together; after a failure again, at first soon, at the latest once a minute. At most 32
/// renewals are under way at once. Somebody has to poll [`LeaseKeeper::run`]: spawn it.
///
/// ```
/// use std::time::Duration;
/// use catalyst_openbao::mock::{MockOpenBao, MockRole};
/// use catalyst_openbao::{DynamicCredentials, LeaseKeeper, Mount, RoleName, Standing};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> catalyst_openbao::Result<()> {
/// let mock = MockOpenBao::new();
/// mock.model().set_role("database", "app", MockRole::new(Duration::from_secs(60)).max_ttl(Duration::from_secs(600)));
/// let bao = mock.client()?;
/// let keeper = LeaseKeeper::new(bao.leases());
/// let running = tokio::spawn(keeper.run());
///
/// let lease = bao.database("database".parse()?).issue(&"app".parse()?).await?;
/// let kept = keeper.keep(&lease)?;
/// tokio::time::sleep(Duration::from_secs(300)).await;
/// assert_eq!(kept.state().standing, Standing::Lasting);
/// // Past its maximum nothing prolongs it: time to ask for another.
/// assert_eq!(kept.ending().await.standing, Standing::Ending);
/// # running.abort();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct LeaseKeeper {
    shared: Arc<Shared>,
    capacity: usize,
}

/// What a [`LeaseKeeper`] has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeeperReport {
    /// Leases that are kept now.
    pub kept: usize,
    /// Renewals that the server granted.
    pub renewed: u64,
    /// Tries that failed and are repeated.
    pub failed: u64,
    /// Leases that the server would not prolong any more.
    pub over: u64,
    /// By how much half of the renewals began after their moment at most, to the next power of two of microseconds.
    pub late_p50: Duration,
    /// By how much all but one in a hundred did.
    pub late_p99: Duration,
    /// By how much a renewal began after its moment, at worst.
    pub latest: Duration,
}

impl LeaseKeeper {
    /// Renews through `leases`. Keeps 65,536 leases at most.
    pub fn new(leases: Leases) -> Self {
        Self { shared: Arc::new(Shared::new(leases)), capacity: CAPACITY }
    }

    /// Keeps so many leases at most.
    #[must_use]
    pub fn capacity(self, leases: usize) -> Self {
        Self { capacity: leases, ..self }
    }

    /// Keeps `lease` from here on, until the handle is dropped. A lease that cannot be renewed is
    /// [`Ending`](crate::Standing::Ending) from the start.
    ///
    /// # Errors
    /// [`ErrorKind::RateLimited`] with the code `too_many_leases` if as many are kept as may be.
    pub fn keep<T>(&self, lease: &Lease<T>) -> Result<KeptLease> {
        let entry = Arc::new(Entry::new(lease));
        let due = entry.due(fastrand::f64());
        let mut queue = self.shared.queue();
        if queue.len() >= self.capacity {
            return Err(Error::new(ErrorKind::RateLimited, KEEP)
                .with_service(SERVICE)
                .with_code("too_many_leases")
                .with_help(format!("{} leases are kept, as many as may be; drop some", self.capacity)));
        }
        let sooner = due.is_some() && queue.next_due().is_none_or(|next| due < Some(next));
        let key = queue.insert(Arc::clone(&entry), due);
        drop(queue);
        if sooner {
            self.shared.wake.notify_one();
        }
        Ok(KeptLease { entry, shared: Arc::clone(&self.shared), key })
    }

    /// Renews what is due, for ever. One is enough for all clones.
    ///
    /// # Cancel safety
    /// It can be dropped at any time, and started again; renewals under way then count as not made.
    pub fn run(&self) -> impl Future<Output = Infallible> + Send + use<> {
        run(Arc::clone(&self.shared))
    }

    /// What was done so far.
    pub fn report(&self) -> KeeperReport {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let shared = &self.shared;
        KeeperReport {
            kept: shared.queue().len(),
            renewed: count(&shared.renewed),
            failed: count(&shared.failed),
            over: count(&shared.over),
            late_p50: shared.late.within(50),
            late_p99: shared.late.within(99),
            latest: shared.late.latest(),
        }
    }
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) leases: Leases,
    queue: Mutex<Queue>,
    /// A lease came that is due before all others.
    wake: Notify,
    renewed: AtomicU64,
    failed: AtomicU64,
    over: AtomicU64,
    late: Lateness,
}

impl Shared {
    fn new(leases: Leases) -> Self {
        Self {
            leases,
            queue: Mutex::default(),
            wake: Notify::new(),
            renewed: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            over: AtomicU64::new(0),
            late: Lateness::default(),
        }
    }

    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A lease whose moment has come.
    fn take_due(&self) -> Option<(Key, Arc<Entry>)> {
        let now = Instant::now();
        let (key, entry, due) = self.queue().take_due(now)?;
        self.late.note(now - due);
        Some((key, entry))
    }

    async fn renew(&self, Taken { key, entry, .. }: &Taken<'_>) {
        let asked = Instant::now();
        let outcome = timeout(entry.patience(asked), self.leases.renew(&entry.id, None)).await;
        match entry.renewed(asked, outcome.unwrap_or_else(|_elapsed| Err(too_slow(&entry.id)))) {
            Outcome::Renewed => drop(self.renewed.fetch_add(1, Ordering::Relaxed)),
            Outcome::Failed(error) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(lease = %entry.id, %error, key, "a lease was not renewed; it is tried again");
            }
            Outcome::Over(error) => {
                self.over.fetch_add(1, Ordering::Relaxed);
                tracing::info!(lease = %entry.id, %error, "a lease is not prolonged any more");
            }
        }
    }
}

/// A lease that is being renewed. However that ends, also by being dropped, it gets its next moment.
struct Taken<'a> {
    shared: &'a Shared,
    key: Key,
    entry: Arc<Entry>,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let due = self.entry.due(fastrand::f64());
        self.shared.queue().schedule(self.key, due);
    }
}

async fn run(shared: Arc<Shared>) -> Infallible {
    let mut under_way = FuturesUnordered::new();
    loop {
        while under_way.len() < AT_ONCE
            && let Some((key, entry)) = shared.take_due()
        {
            let taken = Taken { shared: &shared, key, entry };
            under_way.push(async move { taken.shared.renew(&taken).await });
        }
        let due = shared.queue().next_due();
        let tick = Instant::now() + TICK;
        let until = due.map_or(tick, |due| due.min(tick));
        let room = under_way.len() < AT_ONCE;
        let idle = async {
            if room {
                // Elapsed or woken: either way it looks again.
                drop(timeout_at(until, shared.wake.notified()).await);
            } else {
                std::future::pending::<()>().await;
            }
        };
        if under_way.is_empty() {
            idle.await;
            continue;
        }
        let idle = std::pin::pin!(idle);
        let _either = select(under_way.next(), idle).await;
    }
}

fn too_slow(lease: &LeaseId) -> Error {
    Error::new(ErrorKind::Timeout, KEEP)
        .with_service(SERVICE)
        .with_target(lease.as_str())
        .with_help("no answer in the time that the lease leaves; it is tried again")
}
