//! Connections and roles of the database engine on PostgreSQL, and what its own way to drop users leaves behind.

use std::time::Duration;

use catalyst_core::Secret;
use catalyst_openbao::database_admin::{
    DatabaseConnection, DatabaseRole, PostgresRole, PostgresTarget, Rule,
};
use catalyst_openbao::testing::contract::database_admin as contract;
use catalyst_openbao::{Database, DatabaseAdmin, DynamicCredentials, Login, OpenBao};
use catalyst_tests::servers::postgres::{APPLICATION, DATABASE, MANAGER, SUPERUSER};
use catalyst_tests::servers::{OpenBaoServer, PostgresServer, poll};
use serde_json::json;

use crate::live::workload::{builder, code, mount, role};

const SECOND: Duration = Duration::from_secs(1);

/// OpenBao with a connection `app` to a PostgreSQL.
struct Stage {
    bao: OpenBao,
    postgres: PostgresServer,
    _server: OpenBaoServer,
}

impl Stage {
    async fn start() -> Self {
        let (server, postgres) =
            tokio::try_join!(OpenBaoServer::start_dev(), PostgresServer::start()).unwrap();
        server.api().unwrap().write("sys/mounts/database", &json!({ "type": "database" })).await.unwrap();
        let bao = builder(&server).login(Login::token(server.root_token().clone())).build().unwrap();
        let stage = Self { bao, postgres, _server: server };
        stage.connect(MANAGER, stage.postgres.manager_password()).await;
        stage
    }

    fn target(&self, manager: &str, password: &Secret) -> PostgresTarget {
        let address = format!("postgresql://127.0.0.1:{}/{DATABASE}?sslmode=disable", self.postgres.port());
        PostgresTarget::new(&address, manager, password.clone()).unwrap()
    }

    async fn connect(&self, manager: &str, password: &Secret) {
        let connection = DatabaseConnection::new(self.target(manager, password)).allow_all_roles();
        self.admin().configure(&"app".parse().unwrap(), &connection).await.unwrap();
    }

    fn admin(&self) -> DatabaseAdmin {
        self.bao.database_admin(mount("database"))
    }

    fn database(&self) -> Database {
        self.bao.database(mount("database"))
    }

    /// Who owns a table, if it is there.
    async fn owner_of(&self, table: &str) -> Option<String> {
        let admin = self.postgres.connect(SUPERUSER, self.postgres.superuser_password()).await.unwrap();
        let sql = "select tableowner::text from pg_tables where tablename = $1";
        admin.query_opt(sql, &[&table]).await.unwrap().map(|row| row.get(0))
    }

    /// Makes a user that owns a table and has a session open, ends it, and sees that it is gone and the table is not.
    async fn a_user_ends_in_full(&self, users: &DatabaseRole, table: &str) {
        let name = role("template");
        assert_eq!(self.admin().write_role(&name, users).await.unwrap(), []);
        let lease = self.database().issue(&name).await.unwrap();
        let (user, password) = (&lease.value.username, &lease.value.password);
        let session = self.postgres.connect(user, password).await.unwrap();
        assert_eq!(session.query("select * from orders", &[]).await.unwrap().len(), 3);
        session
            .batch_execute(&format!("create table {table} (kept int); insert into {table} values (1)"))
            .await
            .unwrap();
        // A lock that is held must not keep the user from being dropped.
        session.batch_execute(&format!("begin; lock table {table}")).await.unwrap();

        self.database().revoke(&lease.id).await.unwrap();
        assert!(!self.postgres.has_role(user).await.unwrap());
        assert!(session.query("select 1", &[]).await.is_err(), "the open session went on");
        assert!(self.postgres.connect(user, password).await.is_err());
        assert_eq!(
            self.owner_of(table).await.as_deref(),
            Some(APPLICATION),
            "what it made is lost, or nobody's"
        );
        self.database().revoke(&lease.id).await.unwrap();
    }
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn keeps_the_contract() {
    let stage = Stage::start().await;
    stage.postgres.execute("CREATE ROLE fixed LOGIN").await.unwrap();
    let mount = mount("database");
    let setting = contract::AdminSetting {
        mount: &mount,
        target: stage.target(MANAGER, stage.postgres.manager_password()).into(),
        group: APPLICATION,
        static_user: "fixed",
    };
    contract::all(&stage.bao, &setting).await;
    let error = stage.postgres.connect(MANAGER, stage.postgres.manager_password()).await.unwrap_err();
    assert_eq!(error.code().unwrap().code(), "28P01", "the first password is no longer good");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn users_of_the_template_end_in_full_by_a_manager_that_is_no_superuser() {
    let stage = Stage::start().await;
    // Not even the right to end others' sessions.
    stage.postgres.execute(&format!("REVOKE pg_signal_backend FROM {MANAGER}")).await.unwrap();
    let app = "app".parse().unwrap();
    let plain = PostgresRole::member_of(APPLICATION).unwrap().role(&app);
    stage.a_user_ends_in_full(&plain, "made_plain").await;
    let acting =
        PostgresRole::member_of(APPLICATION).unwrap().acting_as_group().connection_limit(2).role(&app);
    stage.a_user_ends_in_full(&acting, "made_acting").await;
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn users_of_the_template_end_in_full_by_a_superuser() {
    let stage = Stage::start().await;
    stage.connect(SUPERUSER, stage.postgres.superuser_password()).await;
    let app = "app".parse().unwrap();
    let lean = PostgresRole::member_of(APPLICATION).unwrap().superuser_manager().role(&app);
    stage.a_user_ends_in_full(&lean, "made_lean").await;
    let usual = PostgresRole::member_of(APPLICATION).unwrap().role(&app);
    stage.a_user_ends_in_full(&usual, "made_usual").await;
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn users_of_the_template_are_prolonged_and_end_with_their_lease() {
    let stage = Stage::start().await;
    let users = PostgresRole::member_of(APPLICATION).unwrap().role(&"app".parse().unwrap());
    let users = users.default_ttl(2 * SECOND).max_ttl(60 * SECOND);
    stage.admin().write_role(&role("short"), &users).await.unwrap();
    let lease = stage.database().issue(&role("short")).await.unwrap();
    let user = &lease.value.username;
    let until = async || -> String {
        let admin = stage.postgres.connect(SUPERUSER, stage.postgres.superuser_password()).await.unwrap();
        let sql = "select rolvaliduntil::text from pg_roles where rolname = $1";
        admin.query_one(sql, &[user]).await.unwrap().get(0)
    };
    let before = until().await;
    stage.database().renew(&lease.id, Some(4 * SECOND)).await.unwrap();
    assert!(until().await > before, "the user's own end moves along");
    let session = stage.postgres.connect(user, &lease.value.password).await.unwrap();
    poll::until("the user to end with its lease", 20 * SECOND, async || {
        Ok((!stage.postgres.has_role(user).await?).then_some(()))
    })
    .await
    .unwrap();
    assert!(session.query("select 1", &[]).await.is_err(), "the open session went on");
}

/// Why the checks refuse a role without statements of its own for the end.
#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn the_servers_own_way_leaves_sessions_open_and_fails_on_what_is_owned() {
    let stage = Stage::start().await;
    let (admin, database) = (stage.admin(), stage.database());
    let template = PostgresRole::member_of(APPLICATION).unwrap().role(&"app".parse().unwrap());
    let defaults = template.revocation_statements(Vec::<String>::new());
    let refused = admin.write_role(&role("defaults"), &defaults).await.unwrap_err();
    assert_eq!(code(&refused), "statements_refused");
    admin.write_role(&role("defaults"), &defaults.allow(Rule::ServerRevocation)).await.unwrap();

    let lease = database.issue(&role("defaults")).await.unwrap();
    let session = stage.postgres.connect(&lease.value.username, &lease.value.password).await.unwrap();
    database.revoke(&lease.id).await.unwrap();
    assert!(session.query("select 1", &[]).await.is_ok(), "it ends sessions: the rule is superfluous");

    let lease = database.issue(&role("defaults")).await.unwrap();
    let (user, password) = (&lease.value.username, &lease.value.password);
    let session = stage.postgres.connect(user, password).await.unwrap();
    session.batch_execute("create table owned (a int)").await.unwrap();
    assert_eq!(code(&database.revoke(&lease.id).await.unwrap_err()), "backend_refused");
    assert!(stage.postgres.connect(user, password).await.is_ok(), "the user is still let in");
}

/// The checks know where the server cuts: it does so inside of quotes, and leaves alone what has the word `END` outside
/// of them.
#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn the_server_cuts_statements_where_the_checks_say() {
    let stage = Stage::start().await;
    let (admin, database) = (stage.admin(), stage.database());
    let template = PostgresRole::member_of(APPLICATION).unwrap().role(&"app".parse().unwrap());
    let comment = |text: &str| {
        let mut statements = template.creation_statements.clone();
        statements.push(format!("COMMENT ON ROLE \"{{{{name}}}}\" IS {text}"));
        template.clone().creation_statements(statements)
    };
    for (text, cut) in
        [("'one; two'", true), ("'one; two END'", true), ("'one; two' -- END", false), ("'one, two'", false)]
    {
        let users = comment(text);
        let written = admin.write_role(&role("cut"), &users).await;
        assert_eq!(written.is_err(), cut, "{text}");
        admin.write_role(&role("cut"), &users.allow(Rule::CutBySemicolon)).await.unwrap();
        assert_eq!(database.issue(&role("cut")).await.is_err(), cut, "{text}");
    }
}
