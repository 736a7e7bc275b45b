//! The templates for MariaDB and Valkey on the real databases, and what the server's own way leaves behind.

use std::time::Duration;

use catalyst_core::Secret;
use catalyst_openbao::database_admin::{
    DatabaseConnection, MySqlFlavor, MySqlRole, MySqlTarget, Rule, ValkeyRole, ValkeyTarget,
};
use catalyst_openbao::{DynamicCredentials, Login, OpenBao};
use catalyst_tests::servers::{MariaDbServer, OpenBaoServer, ValkeyServer, mariadb, poll};
use serde_json::json;
use sqlx::{Connection, Executor, MySqlConnection};

use crate::live::workload::{builder, code, mount, role};

const SECOND: Duration = Duration::from_secs(1);

async fn openbao() -> (OpenBaoServer, OpenBao) {
    let server = OpenBaoServer::start_dev().await.unwrap();
    server.api().unwrap().write("sys/mounts/database", &json!({ "type": "database" })).await.unwrap();
    let bao = builder(&server).login(Login::token(server.root_token().clone())).build().unwrap();
    (server, bao)
}

async fn with_mariadb(bao: &OpenBao) -> MariaDbServer {
    let server = MariaDbServer::start().await.unwrap();
    let address = format!("127.0.0.1:{}", server.port());
    let target = MySqlTarget::new(&address, mariadb::MANAGER, server.manager_password().clone()).unwrap();
    let connection = DatabaseConnection::new(target.tls_ca(server.ca_pem())).allow_all_roles();
    let admin = bao.database_admin(mount("database"));
    admin.configure(&"db".parse().unwrap(), &connection).await.unwrap();
    server
}

async fn rows(session: &mut MySqlConnection) -> sqlx::Result<usize> {
    Ok(session.fetch_all("select * from orders").await?.len())
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn users_of_mariadb_end_in_full_and_what_they_made_stays() {
    let (_server, bao) = openbao().await;
    let maria = with_mariadb(&bao).await;
    let (admin, database) = (bao.database_admin(mount("database")), bao.database(mount("database")));
    let template = MySqlRole::on_database(MySqlFlavor::MariaDb, mariadb::DATABASE)
        .unwrap()
        .privileges(["SELECT", "INSERT", "CREATE"])
        .unwrap()
        .connection_limit(5);
    assert_eq!(admin.write_role(&role("app"), &template.role(&"db".parse().unwrap())).await.unwrap(), []);
    let lease = database.issue(&role("app")).await.unwrap();
    let (user, password) = (&lease.value.username, &lease.value.password);
    let mut session = maria.connect(user, password).await.unwrap();
    assert_eq!(rows(&mut session).await.unwrap(), 3);
    session.execute("create table made (kept int)").await.unwrap();
    assert!(session.execute("drop table orders").await.is_err(), "it has no other rights than those given");

    database.revoke(&lease.id).await.unwrap();
    assert!(session.ping().await.is_err() || rows(&mut session).await.is_err(), "the open session went on");
    assert!(!maria.has_user(user).await.unwrap());
    assert!(maria.connect(user, password).await.is_err());
    maria.execute("insert into app.made values (1)").await.unwrap();
    database.revoke(&lease.id).await.unwrap();

    // With its lease, too.
    let short = template.role(&"db".parse().unwrap()).default_ttl(2 * SECOND);
    admin.write_role(&role("short"), &short).await.unwrap();
    let lease = database.issue(&role("short")).await.unwrap();
    maria.connect(&lease.value.username, &lease.value.password).await.unwrap();
    poll::until("the user to end with its lease", 20 * SECOND, async || {
        Ok((!maria.has_user(&lease.value.username).await?).then_some(()))
    })
    .await
    .unwrap();
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn on_mariadb_no_user_stays_whose_rights_could_not_be_given() {
    let (_server, bao) = openbao().await;
    let maria = with_mariadb(&bao).await;
    let (admin, database) = (bao.database_admin(mount("database")), bao.database(mount("database")));
    let elsewhere = MySqlRole::on_database(MySqlFlavor::MariaDb, "elsewhere").unwrap();
    admin.write_role(&role("app"), &elsewhere.role(&"db".parse().unwrap())).await.unwrap();
    database.issue(&role("app")).await.unwrap_err();
    assert!(maria.made_users(&[]).await.unwrap().is_empty());
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn the_servers_own_way_to_drop_users_of_mariadb_fails() {
    let (_server, bao) = openbao().await;
    let maria = with_mariadb(&bao).await;
    let (admin, database) = (bao.database_admin(mount("database")), bao.database(mount("database")));
    let template = MySqlRole::on_database(MySqlFlavor::MariaDb, mariadb::DATABASE).unwrap();
    let defaults = template.role(&"db".parse().unwrap()).revocation_statements(Vec::<String>::new());
    assert_eq!(code(&admin.write_role(&role("app"), &defaults).await.unwrap_err()), "statements_refused");
    admin.write_role(&role("app"), &defaults.allow(Rule::ServerRevocation)).await.unwrap();
    let lease = database.issue(&role("app")).await.unwrap();
    let mut session = maria.connect(&lease.value.username, &lease.value.password).await.unwrap();
    assert_eq!(code(&database.revoke(&lease.id).await.unwrap_err()), "backend_refused");
    assert_eq!(rows(&mut session).await.unwrap(), 3, "the session and its rights are still there");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn users_of_valkey_touch_their_keys_only_and_end_in_full() {
    let (_server, bao) = openbao().await;
    let valkey = ValkeyServer::start().await.unwrap();
    let (admin, database) = (bao.database_admin(mount("database")), bao.database(mount("database")));
    let manager = Secret::new(ValkeyServer::PASSWORD);
    let target = ValkeyTarget::new("127.0.0.1", valkey.port(), ValkeyServer::MANAGER, manager);
    let (cache, connection) = ("cache".parse().unwrap(), DatabaseConnection::new(target).allow_all_roles());
    admin.configure(&cache, &connection).await.unwrap();
    let users = ValkeyRole::on_keys(["orders:*"]).unwrap().channel("orders:*").unwrap().role(&cache);
    assert_eq!(admin.write_role(&role("app"), &users).await.unwrap(), []);
    let lease = database.issue(&role("app")).await.unwrap();
    let (user, password) = (&lease.value.username, lease.value.password.expose());
    let address = format!("redis://{user}:{password}@127.0.0.1:{}/", valkey.port());
    let client = redis::Client::open(address).unwrap();
    let mut session = client.get_multiplexed_async_connection().await.unwrap();
    let mut ask = async |words: &[&str]| -> redis::RedisResult<redis::Value> {
        redis::cmd(words[0]).arg(&words[1..]).query_async(&mut session).await
    };
    for allowed in [
        &["SET", "orders:1", "tea"] as &[&str],
        &["GET", "orders:1"],
        &["PUBLISH", "orders:new", "1"],
        &["PING"],
        &["MULTI"],
        &["EXEC"],
    ] {
        assert!(ask(allowed).await.is_ok(), "{allowed:?}");
    }
    for forbidden in [
        &["SET", "others", "x"] as &[&str],
        &["PUBLISH", "others", "x"],
        &["KEYS", "*"],
        &["FLUSHALL"],
        &["ACL", "LIST"],
        &["CONFIG", "GET", "*"],
    ] {
        assert!(ask(forbidden).await.is_err(), "{forbidden:?}");
    }
    database.revoke(&lease.id).await.unwrap();
    assert!(ask(&["PING"]).await.is_err(), "the open connection went on");
    assert!(!valkey.accepts(user, &lease.value.password).await);
    assert_eq!(
        valkey.command(&["GET", "orders:1"]).await.unwrap().text(),
        Some("tea"),
        "what it wrote stays"
    );

    // Why the checks want patterns: without any rule a user may read everything.
    let defaults = users.creation_statements(Vec::<String>::new());
    let found = admin.write_role(&role("defaults"), &defaults).await.unwrap();
    assert_eq!(found.iter().map(|finding| finding.rule).collect::<Vec<_>>(), [Rule::AllKeys]);
    let lease = database.issue(&role("defaults")).await.unwrap();
    let address = format!(
        "redis://{}:{}@127.0.0.1:{}/",
        lease.value.username,
        lease.value.password.expose(),
        valkey.port()
    );
    let mut session = redis::Client::open(address).unwrap().get_multiplexed_async_connection().await.unwrap();
    let read: redis::RedisResult<String> = redis::cmd("GET").arg("orders:1").query_async(&mut session).await;
    assert_eq!(read.unwrap(), "tea");
}
