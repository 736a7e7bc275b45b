//! How OpenBao is configured for the tests, one function for each engine and method.
//!
//! Every function may be called again to change what it made.

use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result, Secret};
use serde_json::{Value, json};

use super::Api;
use super::mariadb::{self, MariaDbServer};
use super::postgres::{APPLICATION, DATABASE, MANAGER, PostgresServer};

/// The audience of JWT-SVIDs for OpenBao.
pub const AUDIENCE: &str = "openbao";

/// The policy of an application: its secrets, its database users, its own leases.
pub const APPLICATION_POLICY: &str = r#"
path "secret/data/*"            { capabilities = ["create", "read", "update", "patch", "delete"] }
path "secret/metadata/*"        { capabilities = ["create", "read", "update", "patch", "delete", "list"] }
path "secret/metadata"          { capabilities = ["list"] }
path "secret/delete/*"          { capabilities = ["update"] }
path "secret/undelete/*"        { capabilities = ["update"] }
path "secret/destroy/*"         { capabilities = ["update"] }
path "database/creds/*"         { capabilities = ["read"] }
path "database/static-creds/*"  { capabilities = ["read"] }
path "sys/leases/lookup"        { capabilities = ["update"] }
path "sys/leases/renew"         { capabilities = ["update"] }
path "sys/leases/revoke"        { capabilities = ["update"] }
"#;

/// Writes a policy.
///
/// # Errors
/// If OpenBao refuses.
///
/// # Cancel safety
/// It may or may not be there.
pub async fn policy(api: &Api, name: &str, text: &str) -> Result<()> {
    api.write(&format!("sys/policies/acl/{name}"), &json!({ "policy": text })).await.map(drop)
}

/// Mounts KV version 2 at `mount`, and waits until it takes writes: it upgrades itself for a moment first.
///
/// # Errors
/// If OpenBao refuses.
///
/// # Cancel safety
/// It may or may not be there.
pub async fn kv(api: &Api, mount: &str) -> Result<()> {
    mount_once(api, "mounts", mount, json!({ "type": "kv", "options": { "version": "2" } })).await?;
    let path = format!("{mount}/data/harness-probe");
    super::poll::until("wait for the KV engine", Duration::from_secs(20), async || {
        Ok(api.write(&path, &json!({ "data": {} })).await.ok())
    })
    .await?;
    api.delete(&format!("{mount}/metadata/harness-probe")).await
}

/// Mounts the database engine at `database` and connects it to `postgres` as [`MANAGER`].
///
/// # Errors
/// If OpenBao refuses, or cannot connect.
///
/// # Cancel safety
/// It may or may not be there.
pub async fn database(api: &Api, postgres: &PostgresServer) -> Result<()> {
    mount_once(api, "mounts", "database", json!({ "type": "database" })).await?;
    let url = format!(
        "postgresql://{{{{username}}}}:{{{{password}}}}@127.0.0.1:{}/{DATABASE}?sslmode=disable",
        postgres.port()
    );
    let config = json!({
        "plugin_name": "postgresql-database-plugin",
        "allowed_roles": "*",
        "connection_url": url,
        "username": MANAGER,
        "password": postgres.manager_password().expose(),
        // Only the SCRAM verifier then travels in CREATE ROLE, where a log of statements would show it.
        "password_authentication": "scram-sha-256",
    });
    api.write("database/config/app", &config).await.map(drop)
}

/// A role of the database engine.
#[derive(Clone, Copy, Debug)]
pub struct DynamicRole {
    /// How long a user lives without a renewal; whole seconds.
    pub ttl: Duration,
    /// How long it lives with renewals; whole seconds.
    pub max_ttl: Duration,
    /// Whether the user's end is [`REVOCATION`], or the plugin's default, which leaves open sessions alone and fails
    /// when the user owns anything.
    pub ends_sessions: bool,
}

/// Makes a user a member of [`APPLICATION`], with a password that ends with the lease.
pub const CREATION: &str = r#"CREATE ROLE "{{name}}" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}' IN ROLE app_rw;"#;

/// Ends a user in full: no new session, none left open, what it owns goes to [`APPLICATION`]. A user that is gone
/// already is no error, or OpenBao would try again for ever.
pub const REVOCATION: &str = r"DO $$
DECLARE leaving text := '{{name}}';
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = leaving) THEN RETURN; END IF;
  EXECUTE format('ALTER ROLE %I NOLOGIN', leaving);
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = leaving;
  EXECUTE format('GRANT %I TO CURRENT_USER', leaving);
  EXECUTE format('REASSIGN OWNED BY %I TO app_rw', leaving);
  EXECUTE format('DROP OWNED BY %I', leaving);
  EXECUTE format('DROP ROLE %I', leaving);
END $$";

/// Defines a role at `database/roles/{name}`; [`database`] comes first.
///
/// # Errors
/// If OpenBao refuses.
///
/// # Cancel safety
/// It may or may not be there.
pub async fn dynamic_role(api: &Api, name: &str, role: DynamicRole) -> Result<()> {
    let revocation = if role.ends_sessions { vec![REVOCATION] } else { Vec::new() };
    let body = json!({
        "db_name": "app",
        "creation_statements": [CREATION],
        "revocation_statements": revocation,
        "default_ttl": role.ttl.as_secs(),
        "max_ttl": role.max_ttl.as_secs(),
    });
    api.write(&format!("database/roles/{name}"), &body).await.map(drop)
}

/// Makes a user with all rights on the application's tables.
pub const MARIADB_CREATION: &str = "CREATE USER '{{name}}'@'%' IDENTIFIED BY '{{password}}';\
     GRANT ALL ON app.* TO '{{name}}'@'%';";

/// Ends a user in full: it can log in no more, and its open sessions end. A user that is gone already is no error, or
/// OpenBao would try again for ever.
pub const MARIADB_REVOCATION: &str = "ALTER USER IF EXISTS '{{name}}'@'%' ACCOUNT LOCK;\
     KILL CONNECTION USER '{{name}}'@'%'; DROP USER IF EXISTS '{{name}}'@'%';";

/// Mounts the database engine at `database` and connects it to `mariadb` as [`mariadb::MANAGER`], under the name
/// `mariadb`.
///
/// # Errors
/// If OpenBao refuses, or cannot connect.
///
/// # Cancel safety
/// It may or may not be there.
pub async fn mariadb_database(api: &Api, mariadb: &MariaDbServer) -> Result<()> {
    mount_once(api, "mounts", "database", json!({ "type": "database" })).await?;
    let config = json!({
        "plugin_name": "mysql-database-plugin",
        "allowed_roles": "*",
        "connection_url": format!("{{{{username}}}}:{{{{password}}}}@tcp(127.0.0.1:{})/", mariadb.port()),
        "username": mariadb::MANAGER,
        "password": mariadb.manager_password().expose(),
    });
    api.write("database/config/mariadb", &config).await.map(drop)
}

/// Defines a role of [`mariadb_database`] at `database/roles/{name}`.
///
/// # Errors
/// If OpenBao refuses.
///
/// # Cancel safety
/// It may or may not be there.
pub async fn mariadb_role(api: &Api, name: &str, role: DynamicRole) -> Result<()> {
    let revocation = if role.ends_sessions { vec![MARIADB_REVOCATION] } else { Vec::new() };
    let body = json!({
        "db_name": "mariadb",
        "creation_statements": [MARIADB_CREATION],
        "revocation_statements": revocation,
        "default_ttl": role.ttl.as_secs(),
        "max_ttl": role.max_ttl.as_secs(),
    });
    api.write(&format!("database/roles/{name}"), &body).await.map(drop)
}

/// Makes the PostgreSQL user `username`, and has OpenBao rotate its password every `period` (at least 5 s; OpenBao
/// looks every 5 s). Read at `database/static-creds/{name}`.
///
/// # Errors
/// If PostgreSQL or OpenBao refuses; the user may then be there.
///
/// # Cancel safety
/// It may or may not be there.
pub async fn static_role(
    api: &Api,
    postgres: &PostgresServer,
    name: &str,
    username: &str,
    period: Duration,
) -> Result<()> {
    if !postgres.has_role(username).await? {
        // From PostgreSQL 16 on, who may create roles may alter only those that it has ADMIN on.
        let make = format!(
            "CREATE ROLE \"{username}\" LOGIN PASSWORD 'replaced-at-once' IN ROLE {APPLICATION};
             GRANT \"{username}\" TO {MANAGER} WITH ADMIN OPTION;"
        );
        postgres.execute(&make).await?;
    }
    let body = json!({ "db_name": "app", "username": username, "rotation_period": period.as_secs() });
    api.write(&format!("database/static-roles/{name}"), &body).await.map(drop)
}

/// Who may log in by a method, and what the token may do.
#[derive(Clone, Copy, Debug)]
pub struct LoginRole<'a> {
    /// The role's name.
    pub name: &'a str,
    /// The SPIFFE ID that it admits.
    pub spiffe_id: &'a str,
    /// The policies of the token.
    pub policies: &'a [&'a str],
    /// How long the token lives without a renewal; whole seconds.
    pub token_ttl: Duration,
    /// How long it lives with renewals; whole seconds, zero for the server's own limit.
    pub token_max_ttl: Duration,
}

/// Enables login by JWT-SVID at `jwt`: signed by `public_key_pem`, for the audience [`AUDIENCE`].
///
/// # Errors
/// If OpenBao refuses.
///
/// # Cancel safety
/// It may or may not be there.
pub async fn jwt_login(api: &Api, public_key_pem: &str, role: LoginRole<'_>) -> Result<()> {
    mount_once(api, "auth", "jwt", json!({ "type": "jwt" })).await?;
    api.write("auth/jwt/config", &json!({ "jwt_validation_pubkeys": [public_key_pem] })).await?;
    let body = json!({
        "role_type": "jwt",
        "user_claim": "sub",
        "bound_audiences": [AUDIENCE],
        "bound_subject": role.spiffe_id,
        "token_policies": role.policies,
        "token_ttl": role.token_ttl.as_secs(),
        "token_max_ttl": role.token_max_ttl.as_secs(),
    });
    api.write(&format!("auth/jwt/role/{}", role.name), &body).await.map(drop)
}

/// Enables login by X.509-SVID at `cert`: issued by the authorities in `bundle_pem`. The SVID needs a common name.
///
/// # Errors
/// If OpenBao refuses.
///
/// # Cancel safety
/// It may or may not be there.
pub async fn certificate_login(api: &Api, bundle_pem: &str, role: LoginRole<'_>) -> Result<()> {
    mount_once(api, "auth", "cert", json!({ "type": "cert" })).await?;
    let body = json!({
        "certificate": bundle_pem,
        "allowed_uri_sans": [role.spiffe_id],
        "token_policies": role.policies,
        "token_ttl": role.token_ttl.as_secs(),
        "token_max_ttl": role.token_max_ttl.as_secs(),
    });
    api.write(&format!("auth/cert/certs/{}", role.name), &body).await.map(drop)
}

/// Enables login by AppRole at `approle`; returns the role ID and a secret ID.
///
/// # Errors
/// If OpenBao refuses.
///
/// # Cancel safety
/// It may or may not be there.
pub async fn app_role(
    api: &Api,
    name: &str,
    policies: &[&str],
    token_ttl: Duration,
) -> Result<(String, Secret)> {
    mount_once(api, "auth", "approle", json!({ "type": "approle" })).await?;
    let path = format!("auth/approle/role/{name}");
    let body = json!({ "token_policies": policies, "token_ttl": token_ttl.as_secs() });
    api.write(&path, &body).await?;
    let role_id = text(&api.read(&format!("{path}/role-id")).await?["role_id"])?;
    let secret_id = text(&api.write(&format!("{path}/secret-id"), &json!({})).await?["secret_id"])?;
    Ok((role_id, Secret::from(secret_id)))
}

/// A token with `policies` that lives for `ttl`.
///
/// # Errors
/// If OpenBao refuses.
///
/// # Cancel safety
/// A token may have been made.
pub async fn token(api: &Api, policies: &[&str], ttl: Duration) -> Result<Secret> {
    let body = json!({ "policies": policies, "ttl": format!("{}s", ttl.as_secs()) });
    text(&api.write("auth/token/create", &body).await?["auth"]["client_token"]).map(Secret::from)
}

/// `kind` is `mounts` for an engine and `auth` for a method.
pub(super) async fn mount_once(api: &Api, kind: &str, path: &str, body: Value) -> Result<()> {
    let mounted = api.read(&format!("sys/{kind}")).await?;
    if mounted.get(format!("{path}/")).is_some() {
        return Ok(());
    }
    api.write(&format!("sys/{kind}/{path}"), &body).await.map(drop)
}

fn text(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).ok_or_else(|| {
        Error::new(ErrorKind::Decode, "configure OpenBao")
            .with_help("the answer lacks a value that was promised")
    })
}
