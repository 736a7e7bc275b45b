//! The key of the API, which lies in OpenBao and changes under the client.

use std::sync::Arc;

use catalyst_sdk::catalyst_dns::testing::FakePowerDns;
use catalyst_sdk::catalyst_dns::{DnsZones, PowerDns};
use catalyst_sdk::dns::RotatingApiKey;
use catalyst_sdk::openbao::mock::MockOpenBao;
use catalyst_sdk::openbao::{SecretData, SecretStore, WriteMode};
use catalyst_sdk::{ErrorKind, Secret};

use super::platform::zone;

async fn store_key(store: &dyn SecretStore, key: &str) {
    let mut data = SecretData::new();
    data.insert("api-key", key);
    store.write(&"sovereign/powerdns".parse().unwrap(), &data, WriteMode::Overwrite).await.unwrap();
}

/// Real time: the fake answers on a real socket.
#[tokio::test]
async fn a_new_key_is_in_use_as_soon_as_the_server_refuses_the_old_one() {
    let store: Arc<dyn SecretStore> = Arc::new(MockOpenBao::new().kv("secret".parse().unwrap()));
    let fake = FakePowerDns::start().await;
    fake.model().set_zone(&zone());
    fake.set_api_key(Secret::new("first-key"));
    store_key(&*store, "first-key").await;
    let path = "sovereign/powerdns".parse().unwrap();
    let key = RotatingApiKey::start(Arc::clone(&store), path, "api-key").await.unwrap();
    let builder = PowerDns::builder(&fake.address()).unwrap();
    let client = builder.api_key_source(Arc::new(key.clone())).build().unwrap();
    client.zone(&zone()).await.unwrap();

    let mut updates = key.rotating().updates();
    fake.set_api_key(Secret::new("second-key"));
    store_key(&*store, "second-key").await;
    let refused = client.zone(&zone()).await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Unauthenticated, Some("bad_api_key")));
    updates.changed().await;
    client.zone(&zone()).await.unwrap();
    assert_eq!(key.rotating().current().expose(), "second-key");
    assert!(!format!("{key:?} {client:?} {refused:?}").contains("-key\""), "{key:?}");
}
