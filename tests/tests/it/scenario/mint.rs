//! Makes users of the fake Postgres for as long as their lease lasts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use catalyst_openbao::{
    Credentials, DynamicCredentials, Lease, LeaseId, LeaseTerm, RoleName, SessionKeeper, Standing,
};
use catalyst_sdk::{Error, ErrorKind, Result, Secret};
use catalyst_tests::postgres::{FakePostgres, OnDrop, Users};
use tokio::time::Instant;

/// A database and what makes its users.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) mint: Arc<Mint>,
    pub(crate) postgres: Arc<FakePostgres>,
}

#[derive(Debug)]
pub(crate) struct Mint {
    users: Users,
    session: SessionKeeper,
    ttl: Duration,
    max_ttl: Duration,
    made: AtomicU64,
    renewals: AtomicU64,
    leases: Mutex<Vec<(LeaseId, String, Instant)>>,
    postgres: Mutex<Option<Arc<FakePostgres>>>,
}

impl Shop {
    /// Users that live for `ttl` and can be renewed up to `max_ttl`; dropping one ends its sessions.
    pub(crate) async fn open(ttl: Duration, max_ttl: Duration) -> Self {
        Self::with(ttl, max_ttl, OnDrop::SessionsEnd).await
    }

    /// The same, with what a dropped user's sessions meet.
    pub(crate) async fn with(ttl: Duration, max_ttl: Duration, on_drop: OnDrop) -> Self {
        let users = Users::default();
        let builder = FakePostgres::builder(Arc::new(users.clone())).on_drop(on_drop);
        let postgres = Arc::new(builder.start().await.unwrap());
        let mint = Arc::new(Mint {
            users,
            session: SessionKeeper::new(None, Standing::Lasting),
            ttl,
            max_ttl,
            made: AtomicU64::new(0),
            renewals: AtomicU64::new(0),
            leases: Mutex::default(),
            postgres: Mutex::new(Some(Arc::clone(&postgres))),
        });
        Self { mint, postgres }
    }

    pub(crate) fn credentials(&self) -> Arc<dyn DynamicCredentials> {
        Arc::clone(&self.mint) as Arc<dyn DynamicCredentials>
    }
}

pub(crate) fn role() -> RoleName {
    "orders-rw".parse().unwrap()
}

impl Mint {
    pub(crate) fn made(&self) -> u64 {
        self.made.load(Ordering::SeqCst)
    }

    pub(crate) fn renewals(&self) -> u64 {
        self.renewals.load(Ordering::SeqCst)
    }

    /// The users that exist.
    pub(crate) fn alive(&self) -> Vec<String> {
        self.leases.lock().unwrap().iter().map(|(_, user, _)| user.clone()).collect()
    }

    /// Ends a user as if somebody had revoked it behind our back.
    pub(crate) fn drop_user(&self, user: &str) {
        self.leases.lock().unwrap().retain(|(_, other, _)| other != user);
        self.users.drop_user(user);
        if let Some(postgres) = &*self.postgres.lock().unwrap() {
            postgres.user_dropped(user);
        }
    }
}

#[async_trait]
impl DynamicCredentials for Mint {
    async fn issue(&self, role: &RoleName) -> Result<Lease<Credentials>> {
        let issued_at = Instant::now();
        let number = self.made.fetch_add(1, Ordering::SeqCst) + 1;
        let (user, password) = (format!("v-{role}-{number}"), Secret::new(format!("password-{number}")));
        self.users.create(&user, password.clone());
        let id: LeaseId = format!("database/creds/{role}/{number}").parse()?;
        self.leases.lock().unwrap().push((id.clone(), user.clone(), issued_at + self.max_ttl));
        let renewable = self.max_ttl > self.ttl;
        let (term, value) = (LeaseTerm::new(self.ttl, renewable), Credentials::new(user, password));
        Ok(Lease::new(id, term, issued_at, self.session.session(), value))
    }

    async fn renew(&self, lease: &LeaseId, _increment: Option<Duration>) -> Result<LeaseTerm> {
        self.renewals.fetch_add(1, Ordering::SeqCst);
        let leases = self.leases.lock().unwrap();
        let Some((_, _, end)) = leases.iter().find(|(id, _, _)| id == lease) else {
            return Err(Error::new(ErrorKind::NotFound, "renew lease").with_code("lease_not_found"));
        };
        Ok(LeaseTerm::new(self.ttl.min(end.saturating_duration_since(Instant::now())), true))
    }

    async fn revoke(&self, lease: &LeaseId) -> Result<()> {
        let user = self
            .leases
            .lock()
            .unwrap()
            .iter()
            .find(|(id, _, _)| id == lease)
            .map(|(_, user, _)| user.clone());
        if let Some(user) = user {
            self.drop_user(&user);
        }
        Ok(())
    }
}
