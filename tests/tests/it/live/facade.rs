//! The facade on the real databases, over TLS where they speak it: one call each, as an application has it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use catalyst_openbao::{SecretData, SecretStore, WriteMode};
use catalyst_sdk::config::{Config, DatabaseConfig, DatabaseLogin};
use catalyst_sdk::sources::fields::{ACCESS_KEY, PASSWORD, SECRET_KEY, USERNAME};
use catalyst_sdk::{Catalyst, ErrorKind};
use catalyst_spiffe::mock::MockIdentity;
use catalyst_tests::servers::postgres::{APPLICATION, DATABASE};
use catalyst_tests::servers::setup::DynamicRole;
use catalyst_tests::servers::{
    Api, CertificateName, FerretServer, IdentityUser, MariaDbServer, OpenBaoServer, PostgresServer,
    SeaweedServer, TlsFront, ValkeyServer, accept_identities, mariadb, poll, setup,
};
use mongodb::bson::{Document, doc};
use object_store::ObjectStoreExt;
use object_store::aws::AmazonS3Builder;

use super::workload::{mount, path};

const HOUR: Duration = Duration::from_secs(3600);
const ROLE: &str = "orders-rw";
const USER: &str = "orders_service";
const NAME: &str = "orders.shop.catalyst.test";

/// An OpenBao, and a workload with an identity.
struct Platform {
    openbao: OpenBaoServer,
    api: Api,
    identity: MockIdentity,
    folder: tempfile::TempDir,
}

impl Platform {
    async fn start() -> Self {
        let openbao = OpenBaoServer::start_dev().await.unwrap();
        let api = openbao.api().unwrap();
        let identity = MockIdentity::builder("spiffe://catalyst.test/ns/shop/sa/orders").unwrap();
        let identity = identity.dns_name(NAME).build().unwrap();
        Self { openbao, api, identity, folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let file = self.folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file
    }

    /// An application whose environment names one database.
    async fn connect(&self, name: &str, database: DatabaseConfig) -> Catalyst {
        let mut config = Config::default();
        config.openbao.address = Some(self.openbao.address().to_owned());
        config.openbao.token = Some(self.openbao.root_token().clone());
        config.databases.insert(name.to_owned(), database);
        Catalyst::builder(config).identity(Arc::new(self.identity.clone())).connect().await.unwrap()
    }

    async fn write(&self, at: &str, data: &[(&str, &str)]) {
        let catalyst = self.connect("none", DatabaseConfig::default()).await;
        let data: SecretData = data.iter().copied().collect();
        let store = catalyst.secrets(mount("secret"));
        store.write(&path(at), &data, WriteMode::Overwrite).await.unwrap();
    }
}

fn at(url: String) -> DatabaseConfig {
    let mut database = DatabaseConfig::default();
    database.url = Some(url.into());
    // What is refused is refused soon.
    database.start_limit = Some(Duration::from_secs(5));
    database
}

fn by_identity(url: String, ca_file: PathBuf) -> DatabaseConfig {
    let mut database = at(url);
    (database.login, database.ca_file) = (Some(DatabaseLogin::Identity), Some(ca_file));
    database
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn mariadb_over_tls_with_users_that_openbao_makes() {
    let (platform, mariadb) = (Platform::start().await, MariaDbServer::start().await.unwrap());
    setup::mariadb_database(&platform.api, &mariadb).await.unwrap();
    let role = DynamicRole { ttl: HOUR, max_ttl: HOUR, ends_sessions: true };
    setup::mariadb_role(&platform.api, ROLE, role).await.unwrap();
    let url = format!("mysql://127.0.0.1:{}/{}?ssl-mode=VERIFY_IDENTITY", mariadb.port(), mariadb::DATABASE);
    let mut database = at(url.clone());
    database.ca_file = Some(mariadb.ca_file());
    let catalyst = platform.connect(ROLE, database).await;
    let orders = catalyst.mysql(ROLE).await.unwrap();
    catalyst.mysql(ROLE).await.unwrap();
    let (_name, cipher): (String, String) =
        sqlx::query_as("show status like 'Ssl_cipher'").fetch_one(&orders).await.unwrap();
    assert!(!cipher.is_empty(), "it is not over TLS");
    assert_eq!(mariadb.made_users(&[]).await.unwrap().len(), 1);
    catalyst.shutdown().await.unwrap();
    assert_eq!(mariadb.made_users(&[]).await.unwrap(), [""; 0]);

    // Another authority is not enough.
    let mut database = at(url);
    database.ca_file = Some(platform.file("other.pem", &platform.identity.ca_pem()));
    let catalyst = platform.connect(ROLE, database).await;
    let refused = catalyst.mysql(ROLE).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Tls, "{refused:?}");
    catalyst.shutdown().await.unwrap();
    assert_eq!(mariadb.made_users(&[]).await.unwrap(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn mariadb_without_a_password_by_the_subject_of_the_svid() {
    let (platform, mariadb) = (Platform::start().await, MariaDbServer::start().await.unwrap());
    let url = format!("mysql://{USER}@127.0.0.1:{}/{}", mariadb.port(), mariadb::DATABASE);
    let authorities = platform.identity.ca_pem();
    let trusted = platform.file("server.pem", mariadb.ca_pem());
    for subject in [Some(format!("/C=US/O=SPIRE/CN={NAME}")), None] {
        mariadb.accept_identity(USER, &authorities, subject.as_deref()).await.unwrap();
        let catalyst = platform.connect(ROLE, by_identity(url.clone(), trusted.clone())).await;
        let orders = catalyst.mysql(ROLE).await.unwrap();
        let user: String = sqlx::query_scalar("select current_user()").fetch_one(&orders).await.unwrap();
        assert_eq!(user, format!("{USER}@%"));
        catalyst.shutdown().await.unwrap();
    }
    // A certificate that is good, and names somebody else.
    mariadb.accept_identity(USER, &authorities, Some("/C=US/O=SPIRE/CN=somebody.else")).await.unwrap();
    let catalyst = platform.connect(ROLE, by_identity(url, trusted)).await;
    let refused = catalyst.mysql(ROLE).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unauthenticated, "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn postgresql_without_a_password_by_the_whole_name_in_the_svid_in_every_pool() {
    let (platform, postgres) = (Platform::start().await, PostgresServer::start().await.unwrap());
    let subject = format!("CN={NAME},O=SPIRE,C=US");
    let who = IdentityUser { user: USER, name: CertificateName::Distinguished(&subject) };
    let ca_file = accept_identities(&postgres, &platform.identity.ca_pem(), who).await.unwrap();
    let url = format!("postgres://{USER}@127.0.0.1:{}/{DATABASE}?sslmode=verify-full", postgres.port());
    let catalyst = platform.connect(ROLE, by_identity(url.clone(), ca_file)).await;
    let orders = catalyst.postgres(ROLE).await.unwrap();
    let who_am_i = "select current_user::text";
    let user: String = sqlx::query_scalar(who_am_i).fetch_one(&orders).await.unwrap();
    assert_eq!(user, USER);
    let deadpool = catalyst.postgres_deadpool(ROLE).await.unwrap();
    let row = deadpool.get().await.unwrap().query_one(who_am_i, &[]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), USER);
    let bb8 = catalyst.postgres_bb8(ROLE).await.unwrap();
    let row = bb8.get().await.unwrap().query_one(who_am_i, &[]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), USER);
    let diesel = catalyst.postgres_diesel(ROLE).await.unwrap();
    let mut connection = diesel.get().await.unwrap();
    let query = diesel::sql_query("select count(*) from orders");
    diesel_async::RunQueryDsl::execute(query, &mut **connection).await.unwrap();
    drop(connection);
    catalyst.shutdown().await.unwrap();

    // The common name is the same, and the whole one is not.
    let subject = format!("CN={NAME},O=Others,C=US");
    let others = IdentityUser { user: USER, name: CertificateName::Distinguished(&subject) };
    accept_identities(&postgres, &platform.identity.ca_pem(), others).await.unwrap();
    let catalyst = platform.connect(ROLE, by_identity(url, postgres.folder().join("server-ca.pem"))).await;
    let refused = catalyst.postgres(ROLE).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unauthenticated, "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_postgresql_of_another_authority_is_refused_by_every_pool() {
    let (platform, postgres) = (Platform::start().await, PostgresServer::start().await.unwrap());
    let who = IdentityUser { user: USER, name: CertificateName::Common(NAME) };
    let authorities = platform.identity.ca_pem();
    accept_identities(&postgres, &authorities, who).await.unwrap();
    let url = format!("postgres://{USER}@127.0.0.1:{}/{DATABASE}?sslmode=verify-full", postgres.port());
    // That of the clients is not that of the server.
    let other = platform.file("other.pem", &authorities);
    let catalyst = platform.connect(ROLE, by_identity(url, other)).await;
    let (sqlx, deadpool, bb8, diesel) = tokio::join!(
        catalyst.postgres(ROLE),
        catalyst.postgres_deadpool(ROLE),
        catalyst.postgres_bb8(ROLE),
        catalyst.postgres_diesel(ROLE),
    );
    for refused in [sqlx.unwrap_err(), deadpool.unwrap_err(), bb8.unwrap_err(), diesel.unwrap_err()] {
        assert_eq!(refused.kind(), ErrorKind::Tls, "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn valkey_over_tls_with_users_that_openbao_makes() {
    let (platform, valkey) = (Platform::start().await, ValkeyServer::start().await.unwrap());
    let front = TlsFront::before(valkey.port()).await.unwrap();
    valkey.connect_openbao(&platform.api).await.unwrap();
    ValkeyServer::role(&platform.api, ROLE, HOUR, HOUR).await.unwrap();
    let url = format!("rediss://127.0.0.1:{}", front.port());
    let mut database = at(url.clone());
    database.ca_file = Some(platform.file("front.pem", front.ca_pem()));
    let catalyst = platform.connect(ROLE, database).await;
    let mut carts = catalyst.valkey(ROLE).await.unwrap();
    catalyst.valkey(ROLE).await.unwrap();
    let count: i64 = redis::cmd("INCR").arg("carts").query_async(&mut carts).await.unwrap();
    assert_eq!((count, valkey.made_users().await.unwrap().len()), (1, 1));
    catalyst.shutdown().await.unwrap();
    assert_eq!(valkey.made_users().await.unwrap(), [""; 0]);

    let mut database = at(url);
    database.ca_file = Some(platform.file("other.pem", &platform.identity.ca_pem()));
    let catalyst = platform.connect(ROLE, database).await;
    let refused = catalyst.valkey(ROLE).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Tls, "{refused:?}");
    catalyst.shutdown().await.unwrap();
    assert_eq!(valkey.made_users().await.unwrap(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn ferretdb_over_tls_with_the_user_in_its_secret() {
    let (platform, postgres) = (Platform::start().await, PostgresServer::start().await.unwrap());
    let make = format!(
        "GRANT CREATE ON DATABASE {DATABASE} TO {APPLICATION};
         CREATE ROLE orders_1 LOGIN PASSWORD 'canary-1' IN ROLE {APPLICATION}"
    );
    postgres.execute(&make).await.unwrap();
    let ferret = FerretServer::start(&postgres).await.unwrap();
    platform.write("orders", &[(USERNAME, "orders_1"), (PASSWORD, "canary-1")]).await;
    let front = TlsFront::before(ferret.port()).await.unwrap();
    let url = format!(
        "mongodb://user:password@127.0.0.1:{}/?authMechanism=PLAIN&authSource=$external&serverSelectionTimeoutMS=2000",
        front.port()
    );
    let mut database = at(url.clone());
    database.ca_file = Some(platform.file("front.pem", front.ca_pem()));
    let catalyst = platform.connect("orders", database).await;
    let orders = catalyst.mongodb("orders").await.unwrap();
    let found = orders
        .run(|client| async move {
            let orders = client.database("app").collection::<Document>("orders");
            orders.insert_one(doc! { "item": "tea" }).await?;
            orders.count_documents(doc! {}).await
        })
        .await;
    assert_eq!(found.unwrap(), 1);
    assert!(!format!("{orders:?}").contains("canary"));
    catalyst.shutdown().await.unwrap();

    let mut database = at(url);
    database.ca_file = Some(platform.file("other.pem", &platform.identity.ca_pem()));
    let catalyst = platform.connect("orders", database).await;
    let refused = catalyst.mongodb("orders").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Tls, "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn seaweedfs_with_the_keys_in_their_secret() {
    let (platform, seaweed) = (Platform::start().await, SeaweedServer::start().await.unwrap());
    let wait = Duration::from_secs(30);
    poll::until("make a bucket", wait, async || Ok(seaweed.make_bucket("invoices").await.ok()))
        .await
        .unwrap();
    let (access, secret) = seaweed.make_user("invoices", "invoices").await.unwrap();
    platform.write("invoices", &[(ACCESS_KEY, access.as_str()), (SECRET_KEY, secret.as_str())]).await;
    let catalyst = platform.connect("none", DatabaseConfig::default()).await;
    let keys = catalyst.access_keys("invoices").await.unwrap();
    let builder = AmazonS3Builder::new().with_endpoint(seaweed.address()).with_allow_http(true);
    let builder = builder.with_bucket_name("invoices").with_region("us-east-1");
    let store = builder.with_credentials(Arc::new(keys)).build().unwrap();
    let object = object_store::path::Path::from("first");
    // The first object makes the volumes.
    poll::until("write the first object", wait, async || {
        Ok(store.put(&object, "milk".into()).await.ok().map(drop))
    })
    .await
    .unwrap();
    let read = store.get(&object).await.unwrap().bytes().await.unwrap();
    assert_eq!(read.as_ref(), b"milk");
    catalyst.shutdown().await.unwrap();
}
