//! What `RotatingDeadpool` adds to the contract of pools.

use std::time::Duration;

use catalyst_sdk::ErrorKind;

use super::mint::{Shop, role};
use crate::pools::{Deadpool, OpenAt, Place};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_outlives_the_maximum_can_wait_for_its_end() {
    let shop = Shop::open(2 * SECOND, 4 * SECOND).await;
    let place = Place::new(shop.credentials(), role(), shop.postgres.address().port());
    let Deadpool(pool) = Deadpool::open_at(place, 4).await.unwrap();
    let client = pool.get().await.unwrap();
    let why = client.ended().await;
    assert_eq!(why.kind(), ErrorKind::Expired);
    assert!(shop.mint.renewals() >= 1, "it was not carried");
}
