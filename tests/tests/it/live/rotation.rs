//! The whole SDK on the real servers: rotation under load, and what happens to it when something dies.

use std::sync::Arc;
use std::time::Duration;

use catalyst_openbao::WriteMode;
use catalyst_openbao::{SecretData, SecretStore};
use catalyst_sdk::Catalyst;
use catalyst_sdk::config::{Config, DatabaseConfig, LoginMethod};
use catalyst_sdk::pool::sqlx::RotatingPgPool;
use catalyst_sdk::rotation::{EventKind, State};
use catalyst_tests::servers::{Servers, ServersOptions, postgres};

use super::workload::{Workload, mount, path};
use catalyst_sdk::testing::{Diary, Load, events};

const SECOND: Duration = Duration::from_secs(1);

/// Leases of six seconds, as the example has them.
async fn workload() -> Workload {
    Workload::start(ServersOptions::default().lease(6 * SECOND, 18 * SECOND)).await
}

async fn connect(workload: &Workload, method: LoginMethod, connections: u32) -> Catalyst {
    let mut config = Config::default();
    config.openbao.address = Some(workload.servers.openbao.address().to_owned());
    config.openbao.ca_file = Some(workload.servers.openbao.ca_file());
    config.openbao.login.method = Some(method);
    let mut orders = DatabaseConfig::default();
    let (port, name) = (workload.servers.postgres.port(), postgres::DATABASE);
    orders.url = Some(format!("postgres://127.0.0.1:{port}/{name}?sslmode=disable").into());
    orders.max_connections = Some(connections);
    config.databases.insert(Servers::ROLE.to_owned(), orders);
    Catalyst::builder(config).identity(Arc::new(workload.identity.clone())).connect().await.unwrap()
}

/// Queries without a pause, one in twenty of them long.
fn load(orders: &RotatingPgPool, tasks: u64) -> Load {
    let orders = orders.clone();
    Load::start(tasks, move |round| {
        let orders = orders.clone();
        async move {
            let long = round.is_multiple_of(20);
            let query = if long { "select pg_sleep(0.8)" } else { "select count(*) from orders" };
            sqlx::query(query).execute(&orders).await.map(drop)
        }
    })
}

async fn nobody_left(workload: &Workload) {
    let left = workload.servers.postgres.made_users(&[Servers::STATIC_USER]).await.unwrap();
    assert_eq!(left, Vec::<String>::new(), "users left behind");
}

async fn soak(connections: u32) {
    let workload = workload().await;
    let catalyst = connect(&workload, LoginMethod::Jwt, connections).await;
    let orders = catalyst.postgres(Servers::ROLE).await.unwrap();
    let clients = catalyst.postgres_deadpool(Servers::ROLE).await.unwrap();
    let (mut seen, diary, other_diary) =
        (orders.events(), Diary::of(orders.events()), Diary::of(clients.events()));
    let sqlx = load(&orders, 16);
    let deadpool = Load::start(16, move |_| {
        let clients = clients.clone();
        async move {
            let client = clients.get().await?;
            client
                .query_one("select count(*) from orders", &[])
                .await
                .map_err(|error| client.explain(error))?;
            Ok::<_, catalyst_sdk::Error>(())
        }
    });
    events(&mut seen, 5, |event| matches!(event.kind, EventKind::Revoked)).await;
    let ((queries, failed), (others, also_failed)) = (sqlx.stop().await, deadpool.stop().await);
    diary.assert_none_failed(&failed);
    other_diary.assert_none_failed(&also_failed);
    assert!(queries > 1000 && others > 1000, "{queries} and {others} queries");
    catalyst.shutdown().await.unwrap();
    nobody_left(&workload).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn no_query_fails_in_five_rotations_under_load() {
    soak(20).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn no_query_fails_when_the_pool_is_full() {
    soak(8).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn openbao_killed_in_the_middle_of_a_rotation_costs_no_query() {
    let mut workload = workload().await;
    let catalyst = connect(&workload, LoginMethod::Jwt, 8).await;
    let orders = catalyst.postgres(Servers::ROLE).await.unwrap();
    let mut seen = orders.events();
    let load = load(&orders, 8);
    // The next user is made and being put to use, the one before is not yet given back.
    events(&mut seen, 1, |event| matches!(event.kind, EventKind::Issued { .. })).await;
    workload.servers.openbao.kill9().await.unwrap();
    events(&mut seen, 1, |event| matches!(event.kind, EventKind::Failed { .. })).await;
    workload.servers.openbao.restart().await.unwrap();
    events(&mut seen, 2, |event| matches!(event.kind, EventKind::Revoked)).await;
    let (_, failed) = load.stop().await;
    assert_eq!(failed.first(), None);
    catalyst.shutdown().await.unwrap();
    nobody_left(&workload).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_seal_shorter_than_the_overlap_costs_no_query() {
    let mut workload = workload().await;
    let catalyst = connect(&workload, LoginMethod::Jwt, 8).await;
    let orders = catalyst.postgres(Servers::ROLE).await.unwrap();
    let mut seen = orders.events();
    let load = load(&orders, 8);
    events(&mut seen, 1, |event| matches!(event.kind, EventKind::Rotated)).await;
    workload.servers.openbao.seal().await.unwrap();
    let sealed = |error: &catalyst_sdk::Error| error.code() == Some("sealed");
    events(&mut seen, 1, |event| matches!(&event.kind, EventKind::Failed { error } if sealed(error))).await;
    workload.servers.openbao.unseal().await.unwrap();
    events(&mut seen, 2, |event| matches!(event.kind, EventKind::Rotated)).await;
    let (_, failed) = load.stop().await;
    assert_eq!(failed.first(), None);
    assert_eq!(orders.health().state, State::Fresh);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_user_revoked_behind_our_back_is_replaced_without_a_refused_login() {
    let workload = Workload::start(ServersOptions::default()).await;
    let catalyst = connect(&workload, LoginMethod::Jwt, 4).await;
    let orders = catalyst.postgres(Servers::ROLE).await.unwrap();
    let api = workload.servers.openbao.api().unwrap();
    let all = format!("sys/leases/revoke-prefix/database/creds/{}", Servers::ROLE);
    api.write(&all, &serde_json::json!({})).await.unwrap();
    // The role's revocation has ended the session too: the next query logs in, is refused, and waits.
    let n: i64 = sqlx::query_scalar("select count(*) from orders").fetch_one(&orders).await.unwrap();
    assert_eq!((n, orders.generation()), (3, 2));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_restart_of_postgres_is_survived_and_rotation_goes_on() {
    let mut workload = workload().await;
    let catalyst = connect(&workload, LoginMethod::Jwt, 4).await;
    let orders = catalyst.postgres(Servers::ROLE).await.unwrap();
    let mut seen = orders.events();
    workload.servers.postgres.restart().await.unwrap();
    let n: i64 = sqlx::query_scalar("select count(*) from orders").fetch_one(&orders).await.unwrap();
    assert_eq!(n, 3);
    events(&mut seen, 2, |event| matches!(event.kind, EventKind::Revoked)).await;
    catalyst.shutdown().await.unwrap();
    nobody_left(&workload).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn with_certificate_login_svid_rotations_log_in_anew_and_cost_no_query() {
    let workload = workload().await;
    let catalyst = connect(&workload, LoginMethod::Cert, 8).await;
    let orders = catalyst.postgres(Servers::ROLE).await.unwrap();
    let mut seen = orders.events();
    let load = load(&orders, 8);
    let before = catalyst.openbao().session().await.unwrap().id();
    for _ in 0..3 {
        workload.identity.rotate().unwrap();
        events(&mut seen, 1, |event| matches!(event.kind, EventKind::Revoked)).await;
    }
    let (_, failed) = load.stop().await;
    assert_eq!(failed.first(), None);
    assert_ne!(catalyst.openbao().session().await.unwrap().id(), before, "no new login after a rotation");
    catalyst.shutdown().await.unwrap();
    nobody_left(&workload).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn the_facade_reads_and_writes_secrets_as_the_workload() {
    let workload = Workload::start(ServersOptions::default()).await;
    let catalyst = connect(&workload, LoginMethod::Jwt, 4).await;
    let secrets = catalyst.secrets(mount("secret"));
    let data = SecretData::from_iter([("password", "s3cret")]);
    secrets.write(&path("app/db"), &data, WriteMode::CreateOnly).await.unwrap();
    let read = secrets.read(&path("app/db"), None).await.unwrap();
    assert_eq!(read.data.get("password").unwrap().expose(), "s3cret");
    catalyst.shutdown().await.unwrap();
}
