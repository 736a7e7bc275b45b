//! The contract of pools, on the Postgres in process.

use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use catalyst_sdk::Result;
use catalyst_sdk::testing::contract::{self, Life, Stage};
use catalyst_tests::postgres::Shutdown;

use super::mint::{Shop, role};
use crate::pools::{Bb8, Deadpool, Diesel, OpenAt, Place, SqlxPostgres};

/// A shop for each pool that is opened, and the newest is the one that things happen to.
struct Shops<S> {
    open: Mutex<Vec<Shop>>,
    subject: PhantomData<S>,
}

impl<S> Default for Shops<S> {
    fn default() -> Self {
        Self { open: Mutex::default(), subject: PhantomData }
    }
}

impl<S> Shops<S> {
    async fn place(&self, life: Life) -> Place {
        let shop = Shop::open(life.ttl, life.max_ttl).await;
        let place = Place::new(shop.credentials(), role(), shop.postgres.address().port());
        self.open.lock().unwrap_or_else(PoisonError::into_inner).push(shop);
        place
    }

    fn all(&self) -> Vec<Shop> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn newest(&self) -> Shop {
        self.all().pop().unwrap()
    }
}

#[async_trait]
impl<S: OpenAt> Stage for Shops<S> {
    type Subject = S;

    async fn open(&self, connections: usize, life: Life) -> Result<S> {
        S::open_at(self.place(life).await, connections).await
    }

    async fn open_refused(&self) -> Result<S> {
        S::open_at(self.place(Life::seconds(3600, 3600)).await.refusing(), 4).await
    }

    async fn credentials(&self) -> Vec<String> {
        self.all().iter().flat_map(|shop| shop.mint.alive()).collect()
    }

    async fn end_credentials(&self) {
        let shop = self.newest();
        for user in shop.mint.alive() {
            shop.mint.drop_user(&user);
        }
    }

    async fn restart(&self) {
        self.newest().postgres.restart(Shutdown::Fast).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlx_keeps_the_contract_of_pools() {
    contract::all(&Shops::<SqlxPostgres>::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deadpool_keeps_the_contract_of_pools() {
    contract::all(&Shops::<Deadpool>::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bb8_keeps_the_contract_of_pools() {
    contract::all(&Shops::<Bb8>::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn diesel_keeps_the_contract_of_pools() {
    contract::all(&Shops::<Diesel>::default()).await;
}
