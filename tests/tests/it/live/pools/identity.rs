//! PostgreSQL without a password: the SVID is the login.

use std::marker::PhantomData;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use catalyst_sdk::rotation::{EventKind, State};
use catalyst_sdk::testing::contract::{self, Life, Stage, Subject};
use catalyst_sdk::testing::events;
use catalyst_sdk::{ErrorKind, Result};
use catalyst_spiffe::WorkloadIdentity;
use catalyst_spiffe::mock::MockIdentity;
use catalyst_tests::servers::{CertificateName, IdentityUser, PostgresServer, accept_identities};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::postgres::apart;
use crate::pools::{Bb8, Deadpool, Diesel, OpenAt, Place, SqlxPostgres, Workload};

const USER: &str = "orders_service";
const NAME: &str = "orders.shop.catalyst.test";

struct Certificates<S> {
    postgres: Arc<Mutex<PostgresServer>>,
    identity: MockIdentity,
    ca_file: PathBuf,
    subject: PhantomData<fn() -> S>,
}

impl<S> Certificates<S> {
    async fn start() -> Self {
        let identity = MockIdentity::builder("spiffe://catalyst.test/ns/shop/sa/orders").unwrap();
        let identity = identity.dns_name(NAME).build().unwrap();
        let postgres = PostgresServer::start().await.unwrap();
        let who = IdentityUser { user: USER, name: CertificateName::Common(NAME) };
        let ca_file = accept_identities(&postgres, &identity.ca_pem(), who).await.unwrap();
        Self { postgres: Arc::new(Mutex::new(postgres)), identity, ca_file, subject: PhantomData }
    }

    async fn place(&self, user: &'static str) -> Place {
        let identity: Arc<dyn WorkloadIdentity> = Arc::new(self.identity.clone());
        let workload = Workload { identity, user, ca_file: self.ca_file.clone() };
        Place::of_identity(workload, self.postgres.lock().await.port())
    }
}

#[async_trait]
impl<S: OpenAt> Stage for Certificates<S> {
    type Subject = S;

    /// An SVID cannot be extended, and nothing has to be given back.
    const LEASES: bool = false;

    async fn open(&self, connections: usize, _life: Life) -> Result<S> {
        S::open_at(self.place(USER).await, connections).await
    }

    /// Our certificate is good, and names nobody that may be this user.
    async fn open_refused(&self) -> Result<S> {
        let postgres = self.postgres.lock().await;
        let other = IdentityUser { user: USER, name: CertificateName::Common("somebody.else.catalyst.test") };
        accept_identities(&postgres, &self.identity.ca_pem(), other).await?;
        drop(postgres);
        let refused = S::open_at(self.place(USER).await.refusing(), 4).await;
        let postgres = self.postgres.lock().await;
        let us = IdentityUser { user: USER, name: CertificateName::Common(NAME) };
        accept_identities(&postgres, &self.identity.ca_pem(), us).await?;
        refused
    }

    async fn turn_over(&self) {
        self.identity.rotate().unwrap();
    }

    async fn credentials(&self) -> Vec<String> {
        Vec::new()
    }

    async fn end_credentials(&self) {
        self.identity.rotate().unwrap();
        let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{USER}'");
        self.postgres.lock().await.execute(&end).await.unwrap();
    }

    async fn restart(&self) {
        let postgres = Arc::clone(&self.postgres);
        apart(move || async move { postgres.lock().await.restart().await }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn sqlx_keeps_the_contract_of_pools() {
    contract::all(&Certificates::<SqlxPostgres>::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn deadpool_keeps_the_contract_of_pools() {
    contract::all(&Certificates::<Deadpool>::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn bb8_keeps_the_contract_of_pools() {
    contract::all(&Certificates::<Bb8>::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn diesel_keeps_the_contract_of_pools() {
    contract::all(&Certificates::<Diesel>::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_withdrawn_identity_opens_no_connection_any_more() {
    let stage = Certificates::<Deadpool>::start().await;
    let pool = stage.open(4, Life::seconds(0, 0)).await.unwrap();
    pool.call().await.unwrap();
    let mut seen = pool.events();
    stage.identity.withdraw();
    let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{USER}'");
    stage.postgres.lock().await.execute(&end).await.unwrap();
    events(&mut seen, 1, |event| matches!(event.kind, EventKind::Failed { .. })).await;
    let rotating = pool.0.rotating();
    let wait = async {
        while rotating.health().state != State::Expired && rotating.health_changed().await.is_usable() {}
    };
    timeout(Duration::from_secs(10), wait).await.expect("its end is told");
    // Its connections are gone, and a new one has nothing to show.
    let refused = timeout(Duration::from_secs(2), pool.call()).await;
    assert!(!matches!(refused, Ok(Ok(()))), "it logged in without an identity");

    stage.identity.restore().unwrap();
    events(&mut seen, 1, |event| matches!(event.kind, EventKind::Rotated)).await;
    pool.call().await.unwrap();
    pool.shutdown(Duration::from_secs(5)).await.unwrap();
    assert_eq!(pool.call().await.unwrap_err().kind(), ErrorKind::Closed);
}
