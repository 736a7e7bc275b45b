//! The live state of an identity: one snapshot that readers load, and the account of what went wrong.
//!
//! Shared by the Workload API source and the mock, so both read and fail the same way.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use catalyst_core::{Clock, Error, ErrorKind, Result};
use tokio::sync::watch;

use crate::identity::{IdentityHealth, IdentityState, Updates};
use crate::{BundleSet, SpiffeId, X509Identity};

/// An SVID is due for renewal at half of its life; with less than this share left, something is wrong.
const WORRYING_SHARE: u32 = 3; // tenths

/// SVIDs and bundles of one update, published together.
#[derive(Clone, Debug)]
pub(crate) struct Material {
    pub(crate) identity: Arc<X509Identity>,
    pub(crate) bundles: Arc<BundleSet>,
}

#[derive(Debug)]
enum Standing {
    /// Nothing has arrived yet.
    Waiting,
    Present(Material),
    Withdrawn(Error),
    Stopped,
}

#[derive(Debug)]
struct Snapshot {
    revision: u64,
    standing: Standing,
}

#[derive(Debug, Default)]
struct Trouble {
    failures: u32,
    last_error: Option<Error>,
}

#[derive(Debug)]
pub(crate) struct Live {
    snapshot: ArcSwap<Snapshot>,
    revisions: watch::Sender<u64>,
    clock: Clock,
    /// Also serialises writers of the snapshot; readers never take it, except for health.
    trouble: Mutex<Trouble>,
}

impl Live {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            snapshot: ArcSwap::from_pointee(Snapshot { revision: 0, standing: Standing::Waiting }),
            revisions: watch::Sender::new(0),
            clock,
            trouble: Mutex::default(),
        }
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn id(&self) -> Result<SpiffeId> {
        self.with_material(|material| Ok(material.identity.id().clone()))
    }

    pub(crate) fn x509(&self) -> Result<Arc<X509Identity>> {
        self.with_material(|material| {
            if self.clock.now() < material.identity.not_after() {
                Ok(Arc::clone(&material.identity))
            } else {
                Err(self.expired())
            }
        })
    }

    pub(crate) fn bundles(&self) -> Result<Arc<BundleSet>> {
        self.with_material(|material| Ok(Arc::clone(&material.bundles)))
    }

    /// The last accepted update, expired or not; none when withdrawn or stopped.
    pub(crate) fn material(&self) -> Option<Material> {
        match &self.snapshot.load().standing {
            Standing::Present(material) => Some(material.clone()),
            _ => None,
        }
    }

    pub(crate) fn updates(&self) -> Updates {
        Updates::new(self.revisions.subscribe())
    }

    pub(crate) fn health(&self) -> IdentityHealth {
        let snapshot = self.snapshot.load();
        let trouble = self.trouble();
        let (state, remaining) = match &snapshot.standing {
            Standing::Waiting | Standing::Withdrawn(_) => (IdentityState::Withdrawn, Duration::ZERO),
            Standing::Stopped => (IdentityState::Stopped, Duration::ZERO),
            Standing::Present(material) => {
                let remaining = material.identity.remaining(&self.clock);
                let late = remaining < material.identity.lifetime() * WORRYING_SHARE / 10;
                let state = match (remaining.is_zero(), late || trouble.failures > 0) {
                    (true, _) => IdentityState::Expired,
                    (false, true) => IdentityState::Degraded,
                    (false, false) => IdentityState::Healthy,
                };
                (state, remaining)
            }
        };
        let (failures, last_error) = (trouble.failures, trouble.last_error.clone());
        IdentityHealth { state, remaining, revision: snapshot.revision, failures, last_error }
    }

    /// Makes `material` what everybody reads from now on.
    pub(crate) fn publish(&self, material: Material) -> u64 {
        let mut trouble = self.trouble();
        *trouble = Trouble::default();
        self.store(&trouble, Standing::Present(material))
    }

    /// Replaces the bundles of the present material, if there is any.
    pub(crate) fn publish_bundles(&self, change: impl FnOnce(&BundleSet) -> BundleSet) {
        let trouble = self.trouble();
        let Some(material) = self.material() else { return };
        let bundles = Arc::new(change(&material.bundles));
        self.store(&trouble, Standing::Present(Material { bundles, ..material }));
    }

    /// Takes the identity away: from now on readers get an error.
    pub(crate) fn withdraw(&self, reason: Error) {
        let mut trouble = self.trouble();
        trouble.failures = trouble.failures.saturating_add(1);
        trouble.last_error = Some(reason.clone());
        if !matches!(self.snapshot.load().standing, Standing::Withdrawn(_) | Standing::Stopped) {
            self.store(&trouble, Standing::Withdrawn(reason));
        }
    }

    /// The end: nothing is readable, and nothing is published any more.
    pub(crate) fn stop(&self) {
        let trouble = self.trouble();
        self.store(&trouble, Standing::Stopped);
    }

    /// Notes a failure that leaves the material as it is.
    pub(crate) fn failed(&self, error: Error) {
        let mut trouble = self.trouble();
        trouble.failures = trouble.failures.saturating_add(1);
        trouble.last_error = Some(error);
    }

    /// Notes that the material was confirmed as it is.
    pub(crate) fn recovered(&self) {
        *self.trouble() = Trouble::default();
    }

    /// The caller holds the writers' lock, and shows it.
    fn store(&self, _writer: &MutexGuard<'_, Trouble>, standing: Standing) -> u64 {
        let before = self.snapshot.load();
        if matches!(before.standing, Standing::Stopped) {
            return before.revision;
        }
        let revision = before.revision + 1;
        self.snapshot.store(Arc::new(Snapshot { revision, standing }));
        self.revisions.send_replace(revision);
        revision
    }

    fn with_material<T>(&self, read: impl FnOnce(&Material) -> Result<T>) -> Result<T> {
        match &self.snapshot.load().standing {
            Standing::Present(material) => read(material),
            Standing::Waiting => Err(missing("waiting", "no identity has arrived yet")),
            Standing::Withdrawn(reason) => {
                Err(missing("withdrawn", "the agent withdrew the identity; is there a registration entry?")
                    .with_source(reason.clone()))
            }
            Standing::Stopped => Err(Error::new(ErrorKind::Closed, "read workload identity")
                .with_service("spiffe")
                .with_help("the identity source was shut down")),
        }
    }

    fn expired(&self) -> Error {
        let error = missing("expired", "the SVID has expired and the agent sent no new one");
        match &self.trouble().last_error {
            Some(last) => error.with_source(last.clone()),
            None => error,
        }
    }

    fn trouble(&self) -> MutexGuard<'_, Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn missing(code: &'static str, help: &str) -> Error {
    Error::new(ErrorKind::Identity, "read workload identity")
        .with_service("spiffe")
        .with_code(code)
        .with_help(help.to_owned())
}
