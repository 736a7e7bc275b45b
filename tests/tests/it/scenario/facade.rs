//! Every driver behind the facade: one call each, and nothing else.

use std::time::Duration;

use catalyst_openbao::{SecretData, SecretStore, WriteMode};
use catalyst_sdk::config::{Config, DatabaseConfig, DatabaseLogin, ObjectStoreConfig};
use catalyst_sdk::rotation::EventKind;
use catalyst_sdk::sources::fields::{ACCESS_KEY, PASSWORD, SECRET_KEY, USERNAME};
use catalyst_sdk::testing::events;
use catalyst_sdk::{Catalyst, Error, ErrorKind, Secret};
use diesel_async::RunQueryDsl;
use object_store::CredentialProvider;

use super::clickhouse::House;
use super::stage::Stage;
use crate::pools::Users;

const SECOND: Duration = Duration::from_secs(1);

async fn connect(config: Config) -> Catalyst {
    Catalyst::builder(config).connect().await.unwrap()
}

async fn write(stage: &Stage, path: &str, data: &[(&str, &str)]) {
    let store = stage.bao.client().unwrap().kv("secret".parse().unwrap());
    let data: SecretData = data.iter().copied().collect();
    store.write(&path.parse().unwrap(), &data, WriteMode::Overwrite).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_pool_of_postgresql_is_made_once_rotates_and_leaves_nobody_behind() {
    let stage = Stage::open(3 * SECOND).await;
    let catalyst = stage.connect().await;
    let (bb8, diesel) = (
        catalyst.postgres_bb8("orders-rw").await.unwrap(),
        catalyst.postgres_diesel("orders-rw").await.unwrap(),
    );
    assert_eq!(stage.bao.model().live_users().len(), 2);
    // Asking again makes nobody.
    catalyst.postgres_bb8("orders-rw").await.unwrap();
    catalyst.postgres_diesel("orders-rw").await.unwrap();
    assert_eq!(stage.bao.model().live_users().len(), 2);
    let (mut of_bb8, mut of_diesel) = (bb8.events(), diesel.events());
    for _ in 0..2 {
        let client = bb8.get().await.unwrap();
        client.query_one("select count(*) from orders", &[]).await.unwrap();
        let mut connection = diesel.get().await.unwrap();
        diesel::sql_query("select count(*) from orders").execute(&mut **connection).await.unwrap();
        drop((client, connection));
        events(&mut of_bb8, 1, |event| matches!(event.kind, EventKind::Rotated)).await;
        events(&mut of_diesel, 1, |event| matches!(event.kind, EventKind::Rotated)).await;
    }
    catalyst.shutdown().await.unwrap();
    assert_eq!(stage.bao.model().live_users(), Vec::<String>::new());
    let closed = bb8.get().await.unwrap_err();
    assert_eq!(closed.kind(), ErrorKind::Closed, "{closed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clickhouse_follows_the_user_in_its_secret() {
    let (stage, house) = (Stage::open(3600 * SECOND).await, House::open().await);
    for user in ["metrics-1", "metrics-2"] {
        house.make(user, &Secret::new(format!("password-of-{user}"))).await;
    }
    write(&stage, "metrics", &[(USERNAME, "metrics-1"), (PASSWORD, "password-of-metrics-1")]).await;
    let mut config = stage.config();
    let mut metrics = DatabaseConfig::default();
    metrics.url = Some(format!("http://{}/?database=orders", house.address).into());
    metrics.poll = Some(SECOND / 5);
    config.databases.insert("metrics".to_owned(), metrics);
    let catalyst = connect(config).await;
    let metrics = catalyst.clickhouse("metrics").await.unwrap();
    let count = async || metrics.run(|client| async move { client.query("select 1").execute().await }).await;
    count().await.unwrap();
    let mut seen = metrics.events();
    write(&stage, "metrics", &[(USERNAME, "metrics-2"), (PASSWORD, "password-of-metrics-2")]).await;
    events(&mut seen, 1, |event| matches!(event.kind, EventKind::Rotated)).await;
    house.end("metrics-1").await;
    count().await.unwrap();
    catalyst.shutdown().await.unwrap();
    assert_eq!(count().await.unwrap_err().kind(), ErrorKind::Closed);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_of_an_object_store_follow_its_secret() {
    let stage = Stage::open(3600 * SECOND).await;
    write(&stage, "storage/invoices", &[(ACCESS_KEY, "AK1"), (SECRET_KEY, "canary-1")]).await;
    let mut config = stage.config();
    let mut invoices = ObjectStoreConfig::default();
    invoices.secret_path = Some("storage/invoices".to_owned());
    invoices.poll = Some(SECOND / 5);
    config.object_stores.insert("invoices".to_owned(), invoices);
    let catalyst = connect(config).await;
    let keys = catalyst.access_keys("invoices").await.unwrap();
    let given = keys.get_credential().await.unwrap();
    assert_eq!((given.key_id.as_str(), given.secret_key.as_str()), ("AK1", "canary-1"));
    let mut updates = keys.rotating().updates();
    write(&stage, "storage/invoices", &[(ACCESS_KEY, "AK2"), (SECRET_KEY, "canary-2")]).await;
    updates.changed().await.unwrap();
    // Whoever asks again follows the same secret.
    let again = catalyst.access_keys("invoices").await.unwrap();
    assert_eq!(again.get_credential().await.unwrap().key_id, "AK2");
    assert!(!format!("{keys:?}").contains("canary"));
    let missing = catalyst.access_keys("no-such-store").await.unwrap_err();
    assert_eq!(missing.code(), Some("secret_not_found"), "{missing}");
    catalyst.shutdown().await.unwrap();
}

/// What each call answers when it is asked for the database `name`.
async fn refusals(catalyst: &Catalyst, name: &str) -> Vec<(&'static str, Error)> {
    vec![
        ("sqlx", catalyst.postgres(name).await.unwrap_err()),
        ("deadpool", catalyst.postgres_deadpool(name).await.unwrap_err()),
        ("bb8", catalyst.postgres_bb8(name).await.unwrap_err()),
        ("diesel", catalyst.postgres_diesel(name).await.unwrap_err()),
        ("mysql", catalyst.mysql(name).await.unwrap_err()),
        ("valkey", catalyst.valkey(name).await.unwrap_err()),
        ("mongodb", catalyst.mongodb(name).await.unwrap_err()),
        ("clickhouse", catalyst.clickhouse(name).await.unwrap_err()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_cannot_be_read_or_is_missing_is_told_and_not_repeated() {
    let stage = Stage::open(3600 * SECOND).await;
    let mut config = stage.config();
    let mut bad = DatabaseConfig::default();
    bad.url = Some("no://some:canary@place:port".into());
    config.databases.insert("bad".to_owned(), bad);
    config.databases.insert("nowhere".to_owned(), DatabaseConfig::default());
    let catalyst = connect(config).await;
    for (driver, error) in refusals(&catalyst, "bad").await {
        assert_eq!(error.kind(), ErrorKind::Config, "{driver}: {error:?}");
        assert!(error.to_string().contains("expected like"), "{driver}: {error}");
        assert!(!format!("{error:?}").contains("canary"), "{driver}");
    }
    for (driver, error) in refusals(&catalyst, "nowhere").await {
        assert!(error.to_string().contains("databases.nowhere.url"), "{driver}: {error}");
    }
    assert_eq!(stage.bao.model().live_users(), Vec::<String>::new(), "a user was made for nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_by_identity_needs_an_identity_and_a_server_that_is_checked() {
    let stage = Stage::open(3600 * SECOND).await;
    let place = |url: &str| {
        let mut orders = DatabaseConfig::default();
        orders.url = Some(url.into());
        orders.login = Some(DatabaseLogin::Identity);
        orders
    };
    let mut config = stage.config();
    config.databases.insert("plain".to_owned(), place("postgres://orders@127.0.0.1:1/app?sslmode=disable"));
    let catalyst = connect(config.clone()).await;
    for error in [
        catalyst.postgres("plain").await.unwrap_err(),
        catalyst.postgres_deadpool("plain").await.unwrap_err(),
        catalyst.postgres_bb8("plain").await.unwrap_err(),
        catalyst.postgres_diesel("plain").await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
        assert!(error.to_string().contains("identity needs"), "{error}");
    }

    // Logged in by a token, we have none.
    config.identity.endpoint = None;
    config.openbao.token = Some(stage.bao.model().new_token(&catalyst_openbao::mock::TokenGrant::endless()));
    let nobody = connect(config).await;
    for error in [nobody.postgres("plain").await.unwrap_err(), nobody.mysql("plain").await.unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
        assert!(error.to_string().contains("set SPIFFE_ENDPOINT_SOCKET"), "{error}");
    }
}
