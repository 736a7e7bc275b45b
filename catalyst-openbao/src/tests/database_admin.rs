//! Connections and roles of the database engine against recorded answers.

use std::error::Error as _;
use std::time::Duration;

use catalyst_core::ErrorKind;
use serde_json::json;
use wiremock::ResponseTemplate;

use super::support::{Stub, answer};
use crate::database_admin::{
    DatabaseConnection, DatabaseRole, Dialect, MySqlTarget, OtherTarget, PostgresRole, PostgresTarget,
    Refused, Rule, StaticRole, ValkeyTarget,
};
use crate::{DatabaseAdmin, DynamicCredentials, Secret};

fn admin(stub: &Stub) -> DatabaseAdmin {
    stub.client().database_admin("database".parse().unwrap())
}

fn canary() -> Secret {
    Secret::new("canary-password")
}

#[tokio::test]
async fn a_connection_is_written_as_its_plugin_wants_it_and_never_shown_with_its_password() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/database/config/pg", answer("dba-config-postgres")).await;
    stub.on("POST", "/v1/database/config/my", answer("dba-config-mysql")).await;
    stub.on("POST", "/v1/database/config/vk", answer("dba-config-valkey")).await;
    stub.on("POST", "/v1/database/config/other", ResponseTemplate::new(204)).await;
    let admin = admin(&stub);
    let postgres = PostgresTarget::new("postgresql://db/app", "m", canary())
        .unwrap()
        .max_open_connections(4)
        .max_connection_lifetime(Duration::from_secs(30));
    let connection = DatabaseConnection::new(postgres).allow_all_roles().password_policy("p");
    admin.configure(&"pg".parse().unwrap(), &connection).await.unwrap();
    let body = json!({
        "plugin_name": "postgresql-database-plugin", "allowed_roles": ["*"], "verify_connection": true,
        "password_policy": "p", "root_rotation_statements": [],
        "connection_url": "postgresql://{{username}}:{{password}}@db/app", "username": "m",
        "password": "canary-password", "password_authentication": "scram-sha-256", "max_open_connections": 4,
        "max_connection_lifetime": "30s",
    });
    assert_eq!(stub.last_body().await, body);
    assert!(!format!("{connection:?}").contains("canary"));

    let mysql =
        MySqlTarget::new("db:3306", "m", canary()).unwrap().tls_certificate_key(canary()).tls_ca("PEM");
    let connection = DatabaseConnection::new(mysql).unverified();
    admin.configure(&"my".parse().unwrap(), &connection).await.unwrap();
    let body = json!({
        "plugin_name": "mysql-database-plugin", "allowed_roles": [], "verify_connection": false,
        "root_rotation_statements": [], "connection_url": "{{username}}:{{password}}@tcp(db:3306)/",
        "username": "m", "password": "canary-password", "tls_ca": "PEM", "tls_certificate_key": "canary-password",
    });
    assert_eq!(stub.last_body().await, body);
    assert!(!format!("{connection:?}").contains("canary"));

    let valkey = ValkeyTarget::new("cache", 6379, "default", canary()).tls_ca("PEM").redis();
    let connection = DatabaseConnection::new(valkey);
    admin.configure(&"vk".parse().unwrap(), &connection).await.unwrap();
    let body = stub.last_body().await;
    assert_eq!(
        (&body["plugin_name"], &body["tls"], &body["port"]),
        (&json!("redis-database-plugin"), &json!(true), &json!(6379))
    );
    assert!(!format!("{connection:?}").contains("canary"));

    let other = OtherTarget::new("cassandra-database-plugin".parse().unwrap())
        .setting("hosts", "a")
        .secret_setting("password", canary());
    let connection = DatabaseConnection::new(other);
    admin.configure(&"other".parse().unwrap(), &connection).await.unwrap();
    assert_eq!(stub.last_body().await["password"], "canary-password");
    assert!(!format!("{connection:?}").contains("canary"));
}

#[tokio::test]
async fn a_connection_is_read_as_what_it_is_without_the_key_that_the_server_gives_back() {
    let stub = Stub::start().await;
    for (name, file) in [
        ("pg", "dba-config-postgres-read"),
        ("my", "dba-config-mysql-tls-read"),
        ("vk", "dba-config-valkey-tls-read"),
        ("app", "bs-db-config-read"),
        ("old", "db-04-config-read"),
        ("nope", "dba-config-missing-error"),
    ] {
        stub.on("GET", &format!("/v1/database/config/{name}"), answer(file)).await;
    }
    stub.on("LIST", "/v1/database/config", answer("dba-config-list")).await;
    let admin = admin(&stub);
    let read = async |name: &str| admin.connection(&name.parse().unwrap()).await.unwrap();
    let postgres = read("pg").await.unwrap();
    assert_eq!(postgres.dialect(), Some(Dialect::PostgreSql));
    assert_eq!(postgres.details.username_template.as_deref(), Some("v-{{random 20}}"));
    assert_eq!(postgres.details.password_authentication.as_deref(), Some("scram-sha-256"));
    assert_eq!(postgres.root_rotation_statements.len(), 1);
    assert!(postgres.allows(&"any".parse().unwrap()));
    let mysql = read("my").await.unwrap();
    assert_eq!(mysql.dialect(), Some(Dialect::MySql));
    assert!(!format!("{mysql:?}").contains("canary"), "{mysql:?}");
    let valkey = read("vk").await.unwrap();
    assert_eq!((valkey.dialect(), valkey.details.port), (Some(Dialect::Valkey), Some(1)));
    let target = PostgresTarget::new("postgresql://127.0.0.1:1/x", "u", canary()).unwrap();
    let app = read("app").await.unwrap();
    assert!(
        DatabaseConnection::new(target.clone()).allow_role(&"app".parse().unwrap()).is_met_by(&app),
        "{app:?}"
    );
    assert!(!DatabaseConnection::new(target).allow_all_roles().is_met_by(&app));
    assert!(!read("old").await.unwrap().allows(&"other".parse().unwrap()));
    assert!(read("nope").await.is_none());
    assert_eq!(admin.connections().await.unwrap(), ["my", "pg", "pginline", "pgpol", "vk"]);
}

#[tokio::test]
async fn what_is_refused_says_why() {
    use ErrorKind::{Conflict, InvalidRequest, NotFound, PermissionDenied, Unavailable};
    let target = || PostgresTarget::new("postgresql://db/app", "m", canary()).unwrap();
    for (file, kind, code) in [
        ("db-02-config-bad-password-error", InvalidRequest, "backend_refused"),
        ("dba-config-mysql-bad-password-error", InvalidRequest, "backend_refused"),
        ("dba-config-valkey-bad-password-error", InvalidRequest, "backend_refused"),
        ("db-02-config-unreachable-error", Unavailable, "backend_down"),
        ("dba-config-mysql-unreachable-error", Unavailable, "backend_down"),
        ("dba-config-valkey-unreachable-error", Unavailable, "backend_down"),
        ("db-02-config-no-such-plugin-error", NotFound, "unknown_plugin"),
        ("dba-config-no-url-error", InvalidRequest, "invalid_request"),
        ("dba-config-mysql-bad-tls-error", InvalidRequest, "invalid_request"),
    ] {
        let stub = Stub::start().await;
        stub.on("POST", "/v1/database/config/x", answer(file)).await;
        let error = admin(&stub)
            .configure(&"x".parse().unwrap(), &DatabaseConnection::new(target()))
            .await
            .unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{file}");
        assert!(!format!("{error:?}").contains("canary"));
    }
    for (file, kind, code) in [
        ("dba-static-unknown-database-error", NotFound, "unknown_connection"),
        ("dba-static-not-allowed-error", PermissionDenied, "role_not_allowed"),
        ("dba-static-name-taken-error", Conflict, "role_exists"),
        ("dba-static-other-user-error", InvalidRequest, "invalid_request"),
        ("db-30-static-role-too-short-error", InvalidRequest, "invalid_request"),
        ("db-30-static-role-nouser-error", Unavailable, "backend_refused"),
        ("dba-static-valkey-missing-user-error", Unavailable, "backend_refused"),
    ] {
        let stub = Stub::start().await;
        stub.on("POST", "/v1/database/static-roles/x", answer(file)).await;
        let role = StaticRole::new("pg".parse().unwrap(), "fixed", Duration::from_secs(60));
        let error = admin(&stub).write_static_role(&"x".parse().unwrap(), &role).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{file}");
    }
    for (file, kind, code) in [
        ("dba-rotate-root-missing-error", NotFound, "unknown_connection"),
        ("dba-rotate-root-inline-error", InvalidRequest, "root_not_managed"),
        ("db-63-rotate-root-db-down-error", Unavailable, "backend_down"),
    ] {
        let stub = Stub::start().await;
        stub.on("POST", "/v1/database/rotate-root/x", answer(file)).await;
        let error = admin(&stub).rotate_root(&"x".parse().unwrap()).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{file}");
        assert!(!error.outcome_unknown(), "{file}");
    }
    for (file, kind, code) in [
        ("dba-rotate-role-missing-error", NotFound, "unknown_role"),
        ("dba-rotate-static-not-allowed", PermissionDenied, "role_not_allowed"),
    ] {
        let stub = Stub::start().await;
        stub.on("POST", "/v1/database/rotate-role/x", answer(file)).await;
        let error = admin(&stub).rotate_role(&"x".parse().unwrap()).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{file}");
    }
    let stub = Stub::start().await;
    stub.on("GET", "/v1/database/creds/lost", answer("dba-creds-unknown-database-error")).await;
    let database = stub.client().database("database".parse().unwrap());
    let error = database.issue(&"lost".parse().unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (NotFound, Some("unknown_connection")));
}

#[tokio::test]
async fn a_root_password_is_rotated_once_and_a_lost_answer_leaves_two_possibilities() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/database/rotate-root/pg", ResponseTemplate::new(502)).await;
    let error = admin(&stub).rotate_root(&"pg".parse().unwrap()).await.unwrap_err();
    assert!(error.outcome_unknown() && error.help().unwrap().contains("do not count on the old one"));
    assert_eq!(stub.count("/v1/database/rotate-root/pg").await, 1);
}

#[tokio::test]
async fn a_role_comes_back_as_it_was_written() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/database/roles/plain", answer("dba-role-read")).await;
    stub.on("GET", "/v1/database/roles/app", answer("bs-db-role-read")).await;
    stub.on("GET", "/v1/database/roles/nope", answer("dba-role-missing-error")).await;
    stub.on("LIST", "/v1/database/roles", answer("db-08-role-list")).await;
    stub.on("GET", "/v1/database/static-roles/s", answer("dba-static-read")).await;
    stub.on("GET", "/v1/database/static-roles/nope", answer("dba-static-missing-error")).await;
    stub.on("LIST", "/v1/database/static-roles", answer("dba-static-list")).await;
    let admin = admin(&stub);
    let role = admin.role(&"plain".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((role.connection.as_str(), role.default_ttl), ("pg", Some(Duration::from_secs(10))));
    assert_eq!((role.renew_statements.len(), role.rollback_statements.len()), (1, 1));
    assert!(DatabaseRole { max_ttl: None, ..role.clone() }.is_met_by(&role));
    assert!(!role.clone().creation_statements(["x"]).is_met_by(&role));
    let app = admin.role(&"app".parse().unwrap()).await.unwrap().unwrap();
    assert!(app.lint(Dialect::PostgreSql).iter().any(|finding| finding.rule == Rule::PasswordMissing));
    assert!(admin.role(&"nope".parse().unwrap()).await.unwrap().is_none());
    assert_eq!(admin.roles().await.unwrap(), ["kill", "owner", "plain", "short"]);
    let fixed = admin.static_role(&"s".parse().unwrap()).await.unwrap().unwrap();
    assert!(fixed.last_rotation.is_some());
    assert!(StaticRole::new("pg".parse().unwrap(), "fixed", Duration::from_secs(60)).is_met_by(&fixed));
    assert!(admin.static_role(&"nope".parse().unwrap()).await.unwrap().is_none());
    assert_eq!(admin.static_roles().await.unwrap(), ["s", "s2"]);
}

#[tokio::test]
async fn statements_are_checked_before_anything_is_sent() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/database/config/pg", answer("dba-config-postgres-read")).await;
    stub.on("POST", "/v1/database/roles/app", ResponseTemplate::new(204)).await;
    let (admin, name) = (admin(&stub), "app".parse().unwrap());
    let bad =
        DatabaseRole::new("pg".parse().unwrap()).creation_statements(["CREATE ROLE x PASSWORD 'canary'"]);
    let error = admin.write_role(&name, &bad).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("statements_refused")));
    assert!(!format!("{error:?} {error}").contains("canary"), "{error:?}");
    let refused: &Refused = error.source().unwrap().downcast_ref().unwrap();
    assert!(refused.findings().iter().any(|finding| finding.rule == Rule::PasswordInClear));
    assert!(error.help().unwrap().contains("creation_statements"));
    assert_eq!(stub.asked().await, ["GET /v1/database/config/pg"], "nothing was written");

    // A template says its language itself.
    let good = PostgresRole::member_of("app_rw").unwrap().role(&"pg".parse().unwrap());
    assert_eq!(admin.write_role(&name, &good).await.unwrap(), []);
    assert_eq!(stub.asked().await, ["GET /v1/database/config/pg", "POST /v1/database/roles/app"]);
    let body = stub.last_body().await;
    let mut fields: Vec<&String> = body.as_object().unwrap().keys().collect();
    fields.sort();
    let expected = [
        "creation_statements",
        "db_name",
        "renew_statements",
        "revocation_statements",
        "rollback_statements",
    ];
    assert_eq!(fields, expected);
}
