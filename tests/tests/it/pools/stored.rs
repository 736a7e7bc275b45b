//! Users that others make, and write down in OpenBao.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::Jitter;
use catalyst_openbao::{SecretData, SecretPath, SecretStore, WriteMode};
use catalyst_sdk::rotation::Policy;
use catalyst_sdk::sources::KvLogin;
use catalyst_sdk::sources::fields::{PASSWORD, USERNAME};
use catalyst_sdk::testing::contract::{Life, Stage, Subject};
use catalyst_sdk::{Result, Secret};

/// What a subject is opened with.
pub(crate) struct Store {
    pub(crate) login: KvLogin,
    pub(crate) policy: Policy,
}

/// A server whose users an operator makes.
#[async_trait]
pub(crate) trait Users: Send + Sync {
    type Subject: Subject;

    async fn make(&self, user: &str, password: &Secret);

    /// Ends a user and its sessions.
    async fn end(&self, user: &str);

    async fn restart(&self);

    async fn open(&self, store: Store) -> Result<Self::Subject>;
}

/// The operator: makes users at the server, and writes each down as the one to use.
pub(crate) struct StoredStage<U> {
    users: U,
    secrets: Arc<dyn SecretStore>,
    made: AtomicU64,
    long: Duration,
}

fn place() -> SecretPath {
    "databases/orders".parse().unwrap()
}

impl<U: Users> StoredStage<U> {
    pub(crate) fn new(users: U, secrets: Arc<dyn SecretStore>) -> Self {
        Self { users, secrets, made: AtomicU64::new(0), long: Duration::from_secs(3600) }
    }

    /// Where the driver does not tell a user that is gone from a server that is: only looking at the secret heals.
    pub(crate) fn healed_by_looking(mut self) -> Self {
        self.long = Duration::from_secs(1);
        self
    }

    fn user(number: u64) -> (String, Secret) {
        (format!("orders-{number}"), Secret::new(format!("password-{number}")))
    }

    async fn write(&self, user: &str, password: &Secret) {
        let data = SecretData::from_iter([(USERNAME, user), (PASSWORD, password.expose())]);
        self.secrets.write(&place(), &data, WriteMode::Overwrite).await.unwrap();
    }

    /// Makes the next user, writes it down, and leaves the one before alone.
    async fn replace(&self) {
        let (user, password) = Self::user(self.made.fetch_add(1, Ordering::SeqCst) + 1);
        self.users.make(&user, &password).await;
        self.write(&user, &password).await;
    }

    fn store(&self, poll: Duration) -> Store {
        let login = KvLogin::new(Arc::clone(&self.secrets), place()).poll(poll);
        let policy = Policy::default().jitter(Jitter::Fixed(0.0)).early_spacing(Duration::from_secs(1));
        Store { login, policy }
    }
}

#[async_trait]
impl<U: Users> Stage for StoredStage<U> {
    type Subject = U::Subject;
    const LEASES: bool = false;
    const POOLS: bool = false;

    /// A credential of an hour is looked at once in an hour: what happens to it sooner is not found by looking.
    async fn open(&self, _connections: usize, life: Life) -> Result<U::Subject> {
        self.replace().await;
        let poll = if life.ttl < Duration::from_secs(3600) { Duration::from_secs(1) } else { self.long };
        self.users.open(self.store(poll)).await
    }

    async fn open_refused(&self) -> Result<U::Subject> {
        self.replace().await;
        let (user, _) = Self::user(self.made.load(Ordering::SeqCst));
        self.write(&user, &Secret::new("not-the-password")).await;
        let mut store = self.store(Duration::from_secs(1));
        store.policy = store.policy.start_limit(Duration::from_secs(2));
        self.users.open(store).await
    }

    async fn turn_over(&self) {
        self.replace().await;
    }

    /// They belong to the operator.
    async fn credentials(&self) -> Vec<String> {
        Vec::new()
    }

    async fn end_credentials(&self) {
        let (user, _) = Self::user(self.made.load(Ordering::SeqCst));
        self.replace().await;
        self.users.end(&user).await;
    }

    async fn restart(&self) {
        self.users.restart().await;
    }
}
