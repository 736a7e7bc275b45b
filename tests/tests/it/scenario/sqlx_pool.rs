//! What `RotatingPgPool` adds to the contract of pools: sqlx's traits, transactions, streams.

use std::error::Error as _;
use std::time::Duration;

use catalyst_sdk::ErrorKind;
use catalyst_sdk::pool::sqlx::RotatingPgPool;
use catalyst_sdk::rotation::EventKind;
use catalyst_sdk::testing::events;
use catalyst_tests::postgres::{FakePostgres, OnDrop};
use futures_util::TryStreamExt;
use sqlx::{Acquire, Executor, Postgres};

use super::mint::{Shop, role};
use crate::pools::{OpenAt, Place, SqlxPostgres};

const SECOND: Duration = Duration::from_secs(1);

async fn pool(shop: &Shop, connections: usize) -> RotatingPgPool {
    let place = Place::new(shop.credentials(), role(), shop.postgres.address().port());
    SqlxPostgres::open_at(place, connections).await.unwrap().0
}

async fn count(pool: &RotatingPgPool) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from orders").fetch_one(pool).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_carried_over_the_swap_and_commits() {
    let shop = Shop::open(2 * SECOND, 60 * SECOND).await;
    let pool = pool(&shop, 4).await;
    let mut seen = pool.events();
    let mut transaction = pool.begin().await.unwrap();
    let before: String =
        sqlx::query_scalar("select current_user").fetch_one(&mut *transaction).await.unwrap();
    events(&mut seen, 2, |event| matches!(event.kind, EventKind::Rotated)).await;
    let after: String = sqlx::query_scalar("select current_user").fetch_one(&mut *transaction).await.unwrap();
    let others: String = sqlx::query_scalar("select current_user").fetch_one(&pool).await.unwrap();
    assert_eq!(before, after);
    assert_ne!(before, others);
    assert!(shop.mint.alive().contains(&before), "its user was taken back");
    transaction.commit().await.unwrap();
    events(&mut seen, 1, |event| event.generation == 1 && matches!(event.kind, EventKind::Revoked)).await;
    assert!(!shop.mint.alive().contains(&before));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_outlives_the_maximum_ends_with_the_reason_and_is_counted() {
    let shop = Shop::open(2 * SECOND, 4 * SECOND).await;
    let pool = pool(&shop, 4).await;
    let mut seen = pool.events();
    let mut transaction = pool.begin().await.unwrap();
    let met = loop {
        if let Err(error) = sqlx::query("select pg_sleep(0.1)").execute(&mut *transaction).await {
            break error;
        }
    };
    let why =
        met.source().and_then(|source| source.downcast_ref::<catalyst_sdk::Error>()).expect("our error");
    assert_eq!(why.kind(), ErrorKind::Expired);
    assert!(why.to_string().contains("maximum TTL"), "{why}");
    assert!(shop.mint.renewals() >= 1, "it was not carried");
    assert!(transaction.commit().await.is_err(), "nothing can be committed then");
    events(&mut seen, 1, |event| matches!(event.kind, EventKind::Renewed { .. })).await;
    events(&mut seen, 1, |event| matches!(event.kind, EventKind::Ended { .. })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_dropped_behind_our_back_is_replaced_before_anybody_sees_a_refused_login() {
    let shop = Shop::open(3600 * SECOND, 3600 * SECOND).await;
    let pool = pool(&shop, 4).await;
    count(&pool).await.unwrap();
    shop.mint.drop_user(&shop.mint.alive()[0]);
    // The session is gone; sqlx notices that when it takes the connection, and logs in anew.
    count(&pool).await.unwrap();
    assert_eq!((pool.generation(), shop.mint.made()), (2, 2));
    assert!(shop.postgres.statistics().refusals() >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_keeps_its_generation_and_generic_code_takes_the_pool() {
    async fn generic<'a>(executor: impl Executor<'a, Database = Postgres>) -> i64 {
        sqlx::query_scalar("select count(*) from orders").fetch_one(executor).await.unwrap()
    }
    async fn acquired<'a>(pool: impl Acquire<'a, Database = Postgres>) -> i64 {
        let mut transaction = pool.begin().await.unwrap();
        generic(&mut *transaction).await
    }
    let shop = Shop::open(2 * SECOND, 2 * SECOND).await;
    let pool = pool(&shop, 4).await;
    assert_eq!((generic(&pool).await, acquired(&pool).await), (FakePostgres::ORDERS, FakePostgres::ORDERS));

    let mut rows = sqlx::query("select count(*) from orders").fetch(&pool);
    rows.try_next().await.unwrap().expect("a row");
    let mut seen = pool.events();
    events(&mut seen, 1, |event| matches!(event.kind, EventKind::Rotated)).await;
    assert_eq!(shop.mint.alive().len(), 2, "the stream's user was taken back");
    drop(rows);
    events(&mut seen, 1, |event| matches!(event.kind, EventKind::Revoked)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_missing_rights_on_sessions_that_live_on_causes_one_early_rotation() {
    // OpenBao's default revocation: the user is gone, its session stays, and tables say 42501.
    let shop = Shop::with(3600 * SECOND, 3600 * SECOND, OnDrop::default()).await;
    let pool = pool(&shop, 1).await;
    count(&pool).await.unwrap();
    shop.mint.drop_user(&shop.mint.alive()[0]);
    let mut refused = 0;
    while let Err(error) = count(&pool).await {
        assert_eq!(error.as_database_error().unwrap().code().as_deref(), Some("42501"), "{error}");
        refused += 1;
        assert!(refused < 10_000, "nobody replaces the user");
    }
    assert!(refused >= 5, "one missing right is the application's own affair");
    assert_eq!((pool.generation(), shop.mint.made()), (2, 2));
}
