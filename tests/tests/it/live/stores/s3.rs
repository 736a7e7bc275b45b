//! S3 on SeaweedFS: two users of one application, whose keys take turns in a real OpenBao.

use std::sync::Arc;
use std::time::Duration;

use catalyst_openbao::{SecretData, SecretStore, WriteMode};
use catalyst_sdk::rotation::Policy;
use catalyst_sdk::sources::KvAccessKeys;
use catalyst_sdk::sources::fields::{ACCESS_KEY, SECRET_KEY};
use catalyst_sdk::storage::RotatingAccessKeys;
use catalyst_sdk::testing::Load;
use catalyst_tests::servers::{SeaweedServer, poll};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{ObjectStoreExt, RetryConfig};

use super::secrets::Secrets;
use crate::live::workload::path;

const BUCKET: &str = "invoices";

async fn write(store: &dyn SecretStore, keys: &(String, String)) {
    let data = SecretData::from_iter([(ACCESS_KEY, keys.0.as_str()), (SECRET_KEY, keys.1.as_str())]);
    store.write(&path("storage/invoices"), &data, WriteMode::Overwrite).await.unwrap();
}

/// A client that tries nothing twice: what is refused is seen.
fn client(seaweed: &SeaweedServer, keys: &RotatingAccessKeys) -> Arc<AmazonS3> {
    let retry = RetryConfig { max_retries: 0, ..RetryConfig::default() };
    let builder = AmazonS3Builder::new().with_endpoint(seaweed.address()).with_allow_http(true);
    let builder = builder.with_bucket_name(BUCKET).with_region("us-east-1").with_retry(retry);
    Arc::new(builder.with_credentials(Arc::new(keys.clone())).build().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn no_request_fails_while_the_keys_are_swapped_and_the_old_ones_are_taken_away_afterwards() {
    let (seaweed, secrets) = tokio::join!(SeaweedServer::start(), Secrets::start());
    let (seaweed, store) = (seaweed.unwrap(), secrets.store());
    poll::until("make a bucket", Duration::from_secs(30), async || {
        Ok(seaweed.make_bucket(BUCKET).await.ok())
    })
    .await
    .unwrap();
    let blue = seaweed.make_user("invoices-blue", BUCKET).await.unwrap();
    let green = seaweed.make_user("invoices-green", BUCKET).await.unwrap();
    write(&*store, &blue).await;

    let source =
        KvAccessKeys::new(Arc::clone(&store), path("storage/invoices")).poll(Duration::from_secs(3600));
    let nudge = source.nudge();
    let keys = RotatingAccessKeys::start(source, Policy::default()).await.unwrap();
    let s3 = client(&seaweed, &keys);
    // The first object makes the volumes.
    poll::until("write the first object", Duration::from_secs(30), async || {
        Ok(s3.put(&Path::from("first"), "1".into()).await.ok())
    })
    .await
    .unwrap();

    let load = Load::start(4, {
        let s3 = Arc::clone(&s3);
        move |round| {
            let s3 = Arc::clone(&s3);
            async move {
                let object = Path::from(format!("object-{}", round % 50));
                s3.put(&object, "x".into()).await?;
                s3.get(&object).await.map(drop)
            }
        }
    });
    let mut updates = keys.rotating().updates();
    // Both users exist while their keys take turns: requests that are under way with the old ones are served.
    for next in [&green, &blue, &green] {
        write(&*store, next).await;
        nudge.look_now();
        updates.changed().await.unwrap();
        assert_eq!(keys.current().access_key, next.0);
    }
    // Everybody has moved over when the requests that were under way are over; then the old keys may go.
    tokio::time::sleep(Duration::from_secs(1)).await;
    seaweed.delete_key("invoices-blue", &blue.0).await.unwrap();
    for _ in 0..20 {
        s3.put(&Path::from("after"), "1".into()).await.unwrap();
    }
    let (calls, failures) = load.stop().await;
    assert_eq!(failures.first(), None);
    assert!(calls > 50, "{calls} calls are no load");

    // Keys that are gone are refused, and healed by whoever wrote down others.
    write(&*store, &blue).await;
    nudge.look_now();
    updates.changed().await.unwrap();
    let refused = s3.get(&Path::from("first")).await.unwrap_err();
    assert!(matches!(refused, object_store::Error::PermissionDenied { .. }), "{refused:?}");
    write(&*store, &green).await;
    keys.report_refused();
    updates.changed().await.unwrap();
    s3.get(&Path::from("first")).await.unwrap();
    keys.shutdown(Duration::from_secs(5)).await.unwrap();
}
