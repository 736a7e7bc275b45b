//! `RotatingDeadpool` under load.

use std::time::Duration;

use catalyst_core::Jitter;
use catalyst_sdk::ErrorKind;
use catalyst_sdk::pool::deadpool::{PoolLimits, RotatingDeadpool};
use catalyst_sdk::rotation::{EventKind, Policy};
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use super::load::{Load, events};
use super::mint::{Shop, role};

const SECOND: Duration = Duration::from_secs(1);

async fn pool(shop: &Shop, max_size: usize) -> RotatingDeadpool {
    let mut connect = Config::new();
    connect.host("127.0.0.1").port(shop.postgres.address().port()).dbname("app").ssl_mode(SslMode::Disable);
    let mut limits = PoolLimits::default();
    limits.max_size = max_size;
    RotatingDeadpool::builder(shop.credentials(), role(), connect)
        .limits(limits)
        .policy(Policy::default().jitter(Jitter::Fixed(0.0)))
        .start()
        .await
        .unwrap()
}

async fn mixed(pool: &RotatingDeadpool, round: u64) -> catalyst_sdk::Result<()> {
    let client = pool.get().await?;
    let query = if round.is_multiple_of(20) { "select pg_sleep(0.3)" } else { "select count(*) from orders" };
    client.query_one(query, &[]).await.map(|_row| ()).map_err(|error| client.explain(error))
}

async fn no_query_fails(max_size: usize) {
    let shop = Shop::open(4 * SECOND, 4 * SECOND).await;
    let pool = pool(&shop, max_size).await;
    let mut seen = pool.events();
    let load = Load::start(16, {
        let pool = pool.clone();
        move |round| {
            let pool = pool.clone();
            async move { mixed(&pool, round).await }
        }
    });
    events(&mut seen, 3, |event| matches!(event.kind, EventKind::Revoked)).await;
    let (queries, failures) = load.stop().await;
    assert_eq!(failures.first(), None);
    assert!(queries > 100, "{queries} queries");
    pool.shutdown(5 * SECOND).await.unwrap();
    assert!(shop.mint.alive().is_empty());
    assert_eq!(pool.get().await.unwrap_err().kind(), ErrorKind::Closed);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_query_fails_while_the_user_rotates_under_load() {
    no_query_fails(20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_wait_for_a_client_of_a_full_pool_move_to_the_new_one() {
    no_query_fails(4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_outlives_the_maximum_is_told_the_reason() {
    let shop = Shop::open(2 * SECOND, 4 * SECOND).await;
    let pool = pool(&shop, 4).await;
    let client = pool.get().await.unwrap();
    let work = async {
        loop {
            if let Err(error) = client.query_one("select pg_sleep(0.1)", &[]).await {
                break client.explain(error);
            }
        }
    };
    let why = tokio::select! { why = client.ended() => why, why = work => why };
    assert_eq!(why.kind(), ErrorKind::Expired);
    assert!(shop.mint.renewals() >= 1, "it was not carried");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_dropped_behind_our_back_is_replaced_before_anybody_sees_a_refused_login() {
    let shop = Shop::open(3600 * SECOND, 3600 * SECOND).await;
    let pool = pool(&shop, 4).await;
    mixed(&pool, 1).await.unwrap();
    shop.mint.drop_user(&shop.mint.alive()[0]);
    let client = loop {
        let client = pool.get().await.unwrap();
        if client.query_one("select count(*) from orders", &[]).await.is_ok() {
            break client;
        }
    };
    assert_eq!((client.generation(), shop.mint.made()), (2, 2));
}
