//! A source whose server is a script: it keeps the leases, and fails when it is told to.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use catalyst_sdk::rotation::{Backing, Granted, Source, Term};
use catalyst_sdk::{Error, ErrorKind, Result};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// A lease as the scripted server keeps it.
#[derive(Clone, Debug)]
pub(crate) struct Lease {
    pub(crate) ends: Instant,
    pub(crate) max: Instant,
    pub(crate) revoked: Option<Instant>,
}

#[derive(Clone, Debug)]
pub(crate) struct Script(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    backing: watch::Sender<Backing>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) ttl: Duration,
    pub(crate) max_ttl: Duration,
    pub(crate) renewable: bool,
    /// Every call takes this long.
    pub(crate) delay: Duration,
    /// Preparing takes this much longer.
    pub(crate) prepare_delay: Duration,
    /// So many renewals fail for a passing reason.
    pub(crate) fail_renew: u32,
    pub(crate) leases: BTreeMap<u64, Lease>,
    /// When each issue was asked for.
    pub(crate) issues: Vec<Instant>,
    pub(crate) renewals: u32,
    pub(crate) revoke_calls: u32,
    pub(crate) prepares: u32,
    /// The next results of issuing; then it works.
    pub(crate) fail_issue: VecDeque<Error>,
    pub(crate) always_fail_issue: Option<Error>,
    pub(crate) fail_prepare: VecDeque<Error>,
    pub(crate) fail_revoke: VecDeque<Error>,
    pub(crate) hang_revoke: bool,
    /// The values that were taken from their users, and why.
    pub(crate) ended: Vec<(u64, Error)>,
    in_flight: u32,
    pub(crate) most_in_flight: u32,
}

impl Script {
    pub(crate) fn new(ttl: Duration) -> Self {
        let state = State {
            ttl,
            max_ttl: ttl,
            renewable: false,
            delay: Duration::from_millis(20),
            prepare_delay: Duration::ZERO,
            fail_renew: 0,
            leases: BTreeMap::new(),
            issues: Vec::new(),
            renewals: 0,
            revoke_calls: 0,
            prepares: 0,
            fail_issue: VecDeque::new(),
            always_fail_issue: None,
            fail_prepare: VecDeque::new(),
            fail_revoke: VecDeque::new(),
            hang_revoke: false,
            ended: Vec::new(),
            in_flight: 0,
            most_in_flight: 0,
        };
        Self(Arc::new(Inner { state: Mutex::new(state), backing: watch::Sender::new(Backing::Independent) }))
    }

    pub(crate) fn with<T>(&self, read: impl FnOnce(&mut State) -> T) -> T {
        read(&mut self.0.state.lock().unwrap())
    }

    pub(crate) fn set_backing(&self, backing: Backing) {
        self.0.backing.send_replace(backing);
    }

    /// The leases that are neither revoked nor over.
    pub(crate) fn alive(&self) -> Vec<u64> {
        let now = Instant::now();
        self.with(|s| {
            s.leases.iter().filter(|(_, l)| l.revoked.is_none() && l.ends > now).map(|(id, _)| *id).collect()
        })
    }

    pub(crate) fn mints(&self) -> usize {
        self.with(|s| s.leases.len())
    }

    pub(crate) fn revoked_at(&self, id: u64) -> Option<Instant> {
        self.with(|s| s.leases[&id].revoked)
    }

    async fn pause(&self) {
        let delay = self.with(|s| s.delay);
        sleep(delay).await;
    }
}

pub(crate) fn unavailable() -> Error {
    Error::new(ErrorKind::Unavailable, "issue").with_code("sealed")
}

impl Source for Script {
    type Value = u64;
    type Grant = u64;

    fn name(&self) -> &'static str {
        "scripted"
    }

    async fn issue(&self) -> Result<Granted<u64>> {
        let issued_at = Instant::now();
        self.with(|s| {
            s.issues.push(issued_at);
            s.in_flight += 1;
            s.most_in_flight = s.most_in_flight.max(s.in_flight);
        });
        self.pause().await;
        self.with(|s| {
            s.in_flight -= 1;
            if let Some(error) = s.fail_issue.pop_front().or_else(|| s.always_fail_issue.clone()) {
                return Err(error);
            }
            let id = s.leases.len() as u64 + 1;
            let now = Instant::now();
            s.leases.insert(id, Lease { ends: now + s.ttl, max: now + s.max_ttl, revoked: None });
            let term = Term { issued_at, ttl: s.ttl, renewable: s.renewable };
            Ok(Granted { grant: id, term, label: format!("user-{id}") })
        })
    }

    async fn prepare(&self, grant: &u64, _previous: Option<&u64>, _within: Duration) -> Result<u64> {
        self.pause().await;
        sleep(self.with(|s| s.prepare_delay)).await;
        self.with(|s| {
            s.prepares += 1;
            s.fail_prepare.pop_front().map_or(Ok(*grant), Err)
        })
    }

    async fn renew(&self, grant: &u64) -> Result<Term> {
        let issued_at = Instant::now();
        self.pause().await;
        self.with(|s| {
            s.renewals += 1;
            if s.fail_renew > 0 {
                s.fail_renew -= 1;
                return Err(unavailable());
            }
            let ttl = s.ttl;
            let lease = s.leases.get_mut(grant).unwrap();
            if lease.ends <= Instant::now() || lease.revoked.is_some() {
                return Err(Error::new(ErrorKind::NotFound, "renew").with_code("lease_not_found"));
            }
            lease.ends = (Instant::now() + ttl).min(lease.max);
            Ok(Term { issued_at, ttl: lease.ends - issued_at, renewable: true })
        })
    }

    async fn idle(&self, _value: &u64) {}

    fn end(&self, value: &u64, why: &Error) {
        self.with(|s| s.ended.push((*value, why.clone())));
    }

    async fn revoke(&self, grant: &u64) -> Result<()> {
        self.with(|s| s.revoke_calls += 1);
        if self.with(|s| s.hang_revoke) {
            std::future::pending::<()>().await;
        }
        self.pause().await;
        self.with(|s| {
            if let Some(error) = s.fail_revoke.pop_front() {
                return Err(error);
            }
            s.leases.get_mut(grant).unwrap().revoked.get_or_insert_with(Instant::now);
            Ok(())
        })
    }

    fn backing(&self, _grant: &u64) -> Backing {
        *self.0.backing.borrow()
    }

    async fn backing_changed(&self, _grant: &u64, seen: Backing) {
        let mut backing = self.0.backing.subscribe();
        backing.wait_for(|now| *now != seen).await.ok();
    }
}
