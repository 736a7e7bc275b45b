//! The servers themselves do what the harness says of them.

use std::path::Path;
use std::time::Duration;

use catalyst_core::http::Method;
use catalyst_core::{ErrorKind, Secret};
use catalyst_tests::servers::setup::{self, DynamicRole};
use catalyst_tests::servers::{MariaDbServer, OpenBaoServer, PostgresServer, Servers, ServersOptions, poll};
use serde_json::{Value, json};

fn runs(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

fn user(credentials: &Value) -> (String, Secret) {
    let text = |name: &str| credentials[name].as_str().unwrap_or_default().to_owned();
    (text("username"), Secret::from(text("password")))
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn openbao_survives_kill_seal_and_freeze_with_its_data() {
    let mut openbao = OpenBaoServer::start().await.unwrap();
    let api = openbao.api().unwrap();
    setup::kv(&api, "secret").await.unwrap();
    api.write("secret/data/a", &json!({ "data": { "k": "canary-value" } })).await.unwrap();

    openbao.kill9().await.unwrap();
    assert_eq!(api.read("secret/data/a").await.unwrap_err().kind(), ErrorKind::Connect);
    openbao.start_sealed().await.unwrap();
    assert_eq!(api.send(Method::Get, "secret/data/a", None).await.unwrap().status(), 503);
    openbao.unseal().await.unwrap();
    assert_eq!(api.read("secret/data/a").await.unwrap()["data"]["k"], "canary-value");

    openbao.seal().await.unwrap();
    assert_eq!(api.send(Method::Get, "sys/health", None).await.unwrap().status(), 503);
    openbao.unseal().await.unwrap();

    openbao.freeze().await.unwrap();
    let answer = tokio::time::timeout(Duration::from_millis(500), api.read("secret/data/a")).await;
    assert!(answer.is_err(), "a frozen server answered");
    openbao.thaw().unwrap();
    assert_eq!(api.read("secret/data/a").await.unwrap()["data"]["k"], "canary-value");

    let audit = openbao.audit_log().unwrap();
    assert!(audit.contains("secret/data/a") && !audit.contains("canary-value"));
    let (pid, folder) = (openbao.pid(), openbao.folder().to_owned());
    drop(openbao);
    assert!(!runs(pid) && !folder.exists());
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn openbao_in_development_mode_is_ready_at_once() {
    let openbao = OpenBaoServer::start_dev().await.unwrap();
    let api = openbao.api().unwrap();
    setup::kv(&api, "secret").await.unwrap();
    api.write("secret/data/a", &json!({ "data": { "k": "v" } })).await.unwrap();
    assert!(openbao.audit_log().unwrap().contains("secret/data/a"));
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn postgres_survives_a_kill_and_ends_with_its_value() {
    let mut postgres = PostgresServer::start().await.unwrap();
    postgres.kill9().await.unwrap();
    postgres.restart().await.unwrap();
    let wrong = postgres.connect("postgres", &Secret::new("wrong")).await.unwrap_err();
    assert_eq!(wrong.code().unwrap().code(), "28P01");
    assert!(postgres.log().unwrap().contains("password authentication failed"));
    let (pid, folder) = (postgres.pid(), postgres.folder().to_owned());
    drop(postgres);
    assert!(!runs(pid) && !folder.exists());
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_made_user_works_and_its_revocation_ends_it_whatever_it_owns() {
    let servers = Servers::start(ServersOptions::default()).await.unwrap();
    let api = servers.openbao.api().unwrap();
    let answer = api.send(Method::Get, &format!("database/creds/{}", Servers::ROLE), None).await.unwrap();
    let answer: Value = answer.json().unwrap();
    assert_eq!(answer["lease_duration"], 3600);
    let (name, password) = user(&answer["data"]);

    let session = servers.postgres.connect(&name, &password).await.unwrap();
    session
        .batch_execute("create table left_behind(n int); insert into orders(item) values ('x')")
        .await
        .unwrap();
    assert_eq!(
        servers.postgres.made_users(&[Servers::STATIC_USER]).await.unwrap(),
        std::slice::from_ref(&name)
    );

    api.write("sys/leases/revoke", &json!({ "lease_id": answer["lease_id"] })).await.unwrap();
    assert!(!servers.postgres.has_role(&name).await.unwrap());
    assert!(session.query("select 1", &[]).await.is_err(), "the open session went on");
    let refused = servers.postgres.connect(&name, &password).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "28P01");
    servers.postgres.execute("select * from left_behind").await.unwrap();
    servers.stop().await.unwrap();
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_lease_that_runs_out_takes_its_user_along() {
    let servers = Servers::start(ServersOptions::default()).await.unwrap();
    let api = servers.openbao.api().unwrap();
    let second = Duration::from_secs(1);
    let role = DynamicRole { ttl: 2 * second, max_ttl: 2 * second, ends_sessions: true };
    setup::dynamic_role(&api, "short", role).await.unwrap();
    let (name, _) = user(&api.read("database/creds/short").await.unwrap());
    poll::until("the user to be dropped", 15 * second, async || {
        Ok((!servers.postgres.has_role(&name).await?).then_some(()))
    })
    .await
    .unwrap();
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn the_static_role_logs_in() {
    let servers = Servers::start(ServersOptions::default()).await.unwrap();
    let path = format!("database/static-creds/{}", Servers::STATIC_ROLE);
    let (name, password) = user(&servers.openbao.api().unwrap().read(&path).await.unwrap());
    assert_eq!(name, Servers::STATIC_USER);
    servers.postgres.connect(&name, &password).await.unwrap();
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn mariadb_survives_a_kill_and_ends_with_its_value() {
    let mut mariadb = MariaDbServer::start().await.unwrap();
    mariadb.kill9().await.unwrap();
    mariadb.restart().await.unwrap();
    let wrong = mariadb.connect("root", &Secret::new("wrong")).await.unwrap_err();
    assert!(wrong.to_string().contains("Access denied"), "{wrong}");
    mariadb.execute("select * from orders").await.unwrap();
    let (pid, folder) = (mariadb.pid(), mariadb.folder().to_owned());
    drop(mariadb);
    assert!(!runs(pid) && !folder.exists());
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_user_made_in_mariadb_works_and_its_revocation_ends_its_session() {
    let (openbao, mariadb) = tokio::try_join!(OpenBaoServer::start(), MariaDbServer::start()).unwrap();
    let api = openbao.api().unwrap();
    setup::mariadb_database(&api, &mariadb).await.unwrap();
    let role = DynamicRole {
        ttl: Duration::from_secs(3600),
        max_ttl: Duration::from_secs(3600),
        ends_sessions: true,
    };
    setup::mariadb_role(&api, "orders", role).await.unwrap();
    let answer = api.send(Method::Get, "database/creds/orders", None).await.unwrap();
    let answer: Value = answer.json().unwrap();
    let (name, password) = user(&answer["data"]);
    let mut session = mariadb.connect(&name, &password).await.unwrap();
    sqlx::query("insert into orders (item) values ('x')").execute(&mut session).await.unwrap();
    assert_eq!(mariadb.made_users(&[]).await.unwrap(), std::slice::from_ref(&name));

    api.write("sys/leases/revoke", &json!({ "lease_id": answer["lease_id"] })).await.unwrap();
    assert!(!mariadb.has_user(&name).await.unwrap());
    assert!(sqlx::query("select 1").execute(&mut session).await.is_err(), "the open session went on");
    let refused = mariadb.connect(&name, &password).await.unwrap_err();
    assert!(refused.to_string().contains("Access denied"), "{refused}");
}
