//! The contract that the mock and the fake keep, on the server that they imitate. Where this fails, they are wrong.

use std::time::Duration;

use async_trait::async_trait;
use catalyst_openbao::testing::contract::{self, Doorman, DynamicSetting};
use catalyst_openbao::{Credentials, Login, OpenBao};
use catalyst_tests::servers::setup::{self, DynamicRole};
use catalyst_tests::servers::{PostgresServer, Servers, ServersOptions};
use serde_json::json;

use super::workload::{Workload, builder, mount, path, role};

const TTL: Duration = Duration::from_secs(2);
const MAX_TTL: Duration = Duration::from_secs(5);
const DYNAMIC: &str = "contract";
const STATIC: &str = "contract-static";
const EVERYTHING: &str =
    r#"path "*" { capabilities = ["create", "read", "update", "patch", "delete", "list", "sudo"] }"#;

/// The database itself tells whom it lets in.
struct Door<'a>(&'a PostgresServer);

#[async_trait]
impl Doorman for Door<'_> {
    async fn lets_in(&self, credentials: &Credentials) -> bool {
        self.0.connect(&credentials.username, &credentials.password).await.is_ok()
    }
}

async fn start() -> Workload {
    let workload = Workload::start(ServersOptions::default()).await;
    let api = workload.servers.openbao.api().unwrap();
    let dynamic = DynamicRole { ttl: TTL, max_ttl: MAX_TTL, ends_sessions: true };
    setup::dynamic_role(&api, DYNAMIC, dynamic).await.unwrap();
    workload
}

/// A client that may do everything, and whose login makes tokens, as the root token does not.
async fn administrator(workload: &Workload) -> OpenBao {
    let api = workload.servers.openbao.api().unwrap();
    setup::policy(&api, "everything", EVERYTHING).await.unwrap();
    let (id, secret) = setup::app_role(&api, "admin", &["everything"], Duration::from_mins(5)).await.unwrap();
    builder(&workload.servers.openbao).login(Login::app_role(id, secret)).build().unwrap()
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn of_the_store() {
    let workload = start().await;
    contract::store::all(&workload.by_jwt().kv(mount("secret"))).await;
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn of_dynamic_credentials() {
    let workload = start().await;
    let (role, door) = (role(DYNAMIC), Door(&workload.servers.postgres));
    let setting = DynamicSetting { role: &role, ttl: TTL, max_ttl: MAX_TTL, database: &door };
    contract::dynamic::all(&workload.by_jwt().database(mount("database")), &setting).await;
    contract::dynamic::all(&workload.by_certificate().database(mount("database")), &setting).await;
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn of_static_credentials() {
    let workload = start().await;
    let (api, postgres) = (workload.servers.openbao.api().unwrap(), &workload.servers.postgres);
    setup::static_role(&api, postgres, STATIC, "contract_static", Duration::from_secs(5)).await.unwrap();
    let database = workload.by_jwt().database(mount("database"));
    contract::statics::all(&database, &role(STATIC), &Door(postgres)).await;
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn of_the_client() {
    let workload = start().await;
    let (name, door) = (role(DYNAMIC), Door(&workload.servers.postgres));
    let setting = DynamicSetting { role: &name, ttl: TTL, max_ttl: MAX_TTL, database: &door };
    let (bao, database) = (administrator(&workload).await, mount("database"));
    contract::client::all(&bao, &database, &setting).await;
    contract::client::a_prefix_of_leases_is_revoked_together(&bao, &database, &setting).await;
    contract::client::an_unknown_mount_is_told_from_an_unknown_secret(&bao).await;
    let api = workload.servers.openbao.api().unwrap();
    let revoke = || async {
        api.write("sys/leases/revoke-prefix/auth/approle", &json!({ "sync": true })).await.unwrap();
    };
    contract::client::a_lost_session_is_replaced(&bao, &database, &setting, revoke).await;
    contract::client::a_shutdown_takes_all_leases_along(&bao, &database, &setting).await;
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn of_policies() {
    let workload = start().await;
    let (name, door) = (role(DYNAMIC), Door(&workload.servers.postgres));
    let setting = DynamicSetting { role: &name, ttl: TTL, max_ttl: MAX_TTL, database: &door };
    let api = workload.servers.openbao.api().unwrap();
    setup::kv(&api, "private").await.unwrap();
    assert!(!setup::APPLICATION_POLICY.contains("private"), "{} may read it", Servers::POLICY);
    let (bao, database) = (workload.by_jwt(), mount("database"));
    let forbidden = (&mount("private"), &path("others"));
    contract::client::what_no_policy_allows_is_told_from_a_bad_token(&bao, &database, &setting, forbidden)
        .await;
}
