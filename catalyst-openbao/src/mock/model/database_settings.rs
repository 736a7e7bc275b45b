//! Connections and roles of the database engine, as requests write them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::database::{Database, MockRole, MockStaticRole};
use super::state::{State, full_path};
use super::{Model, Refusal, engine};
use crate::mock::wire::{Asked, Content, Verb};
use crate::wire::Span;

/// The plugins that are part of the server.
const PLUGINS: [&str; 9] = [
    "cassandra-database-plugin",
    "influxdb-database-plugin",
    "mysql-aurora-database-plugin",
    "mysql-database-plugin",
    "mysql-legacy-database-plugin",
    "mysql-rds-database-plugin",
    "postgresql-database-plugin",
    "redis-database-plugin",
    "valkey-database-plugin",
];
/// What a connection keeps beside the plugin's own settings.
const SHARED: [&str; 6] = [
    "plugin_name",
    "plugin_version",
    "allowed_roles",
    "verify_connection",
    "root_rotation_statements",
    "password_policy",
];
const STATEMENTS: [&str; 4] =
    ["creation_statements", "renew_statements", "revocation_statements", "rollback_statements"];

/// What was written by requests; roles that a test set by hand are not here.
#[derive(Clone, Default)]
pub(super) struct DatabaseSettings {
    connections: BTreeMap<String, Connection>,
    roles: BTreeMap<String, Map<String, Value>>,
    statics: BTreeMap<String, Map<String, Value>>,
}

#[derive(Clone, Default)]
struct Connection {
    shared: Map<String, Value>,
    details: Map<String, Value>,
}

impl DatabaseSettings {
    /// Refuses a role whose connection is not there, or does not list it. One that a test set by hand has none.
    pub(super) fn check(&self, role: &str) -> Result<(), Refusal> {
        let Some(fields) = self.roles.get(role) else { return Ok(()) };
        self.check_connection(text(fields, "db_name"), role)?;
        if fields["creation_statements"].as_array().is_some_and(Vec::is_empty) {
            return Err(Refusal::internal("empty creation statements"));
        }
        Ok(())
    }

    fn check_connection(&self, connection: &str, role: &str) -> Result<(), Refusal> {
        let found = self.connections.get(connection).ok_or_else(|| no_entry(connection))?;
        let allowed = found.shared["allowed_roles"].as_array();
        let listed =
            |pattern: &Value| pattern.as_str().is_some_and(|pattern| pattern == "*" || pattern == role);
        if allowed.is_some_and(|all| all.iter().any(listed)) {
            return Ok(());
        }
        Err(Refusal::internal(&format!("\"{role}\" is not an allowed role")))
    }
}

impl Model {
    /// A request to a database engine that is not about credentials.
    pub(crate) fn database_settings(
        &self,
        asked: &Asked,
        mount: &str,
        rest: &str,
    ) -> Result<Content, Refusal> {
        self.with(|state| state.database_settings(asked, mount, rest))
    }
}

impl State {
    fn database_settings(&mut self, asked: &Asked, mount: &str, rest: &str) -> Result<Content, Refusal> {
        self.admit(&asked.call, &asked.path, engine::capability(asked.verb))?;
        let full = full_path(&asked.call.namespace, mount);
        let (area, name) = rest.split_once('/').unwrap_or((rest, ""));
        let failure = self.backend_failure(&full, false);
        let database = self.database(&full, &asked.path)?;
        match (asked.verb, area, name) {
            (_, _, name) if name.contains('/') => Err(Refusal::unsupported_path()),
            (Verb::List, "config", "") => list(database.settings.connections.keys()),
            (Verb::List, "roles", "") => list(database.roles.keys()),
            (Verb::List, "static-roles", "") => list(database.statics.keys()),
            (_, _, "") => Err(Refusal::unsupported_path()),
            (Verb::Read, "config", name) => database.show_connection(name),
            (Verb::Write, "config", name) => database.write_connection(asked, name, failure.as_deref()),
            (Verb::Delete, "config", name) => {
                database.settings.connections.remove(name);
                Ok(Content::done())
            }
            (Verb::Write, "reset", name) => {
                database.settings.connections.get(name).map(|_| Content::done()).ok_or_else(|| no_entry(name))
            }
            (Verb::Write, "rotate-root", name) => self.rotate_root(&full, name, failure.as_deref()),
            (Verb::Read, "roles", name) => database.show_role(name),
            (Verb::Write, "roles", name) => database.write_role(asked, name),
            (Verb::Delete, "roles", name) => {
                database.settings.roles.remove(name);
                database.roles.remove(name);
                Ok(Content::done())
            }
            (Verb::Read, "static-roles", name) => self.show_static(&full, name),
            (Verb::Write, "static-roles", name) => self.write_static(asked, &full, name, failure.as_deref()),
            (Verb::Delete, "static-roles", name) => {
                database.settings.statics.remove(name);
                database.statics.remove(name);
                Ok(Content::done())
            }
            (Verb::Write, "rotate-role", name) => self.rotate_role(&full, name, failure.as_deref()),
            (_, "config" | "reset" | "rotate-root" | "roles" | "static-roles" | "rotate-role", _) => {
                Err(Refusal::unsupported_operation())
            }
            _ => Err(Refusal::unsupported_path()),
        }
    }

    fn rotate_root(&mut self, full: &str, name: &str, failure: Option<&str>) -> Result<Content, Refusal> {
        let password = self.random_password();
        let database = self.database(full, full)?;
        let connection = database.settings.connections.get_mut(name).ok_or_else(|| no_entry(name))?;
        for (field, what) in [("username", "no username"), ("password", "no password")] {
            if text(&connection.details, field).is_empty() {
                let text = format!("unable to rotate root credentials: {what} in configuration");
                return Err(Refusal::internal(&text));
            }
        }
        if let Some(failure) = failure {
            return Err(Refusal::internal(&format!(
                "failed to update user: 1 error occurred:\n\t* user does not appear to exist: {failure}\n\n"
            )));
        }
        connection.details.insert("password".to_owned(), password.expose().into());
        Ok(Content::done())
    }

    fn show_static(&mut self, full: &str, name: &str) -> Result<Content, Refusal> {
        let database = self.database(full, full)?;
        let user = database.statics.get(name).ok_or_else(Refusal::nothing_there)?.clone();
        let mut shown = database.settings.statics.get(name).cloned().unwrap_or_else(|| by_hand(&[]));
        shown.insert("username".to_owned(), user.username.into());
        shown.insert("rotation_period".to_owned(), user.period.as_secs().into());
        shown.insert("last_vault_rotation".to_owned(), self.clock.text(user.rotated).into());
        Ok(Content::data(Value::Object(shown)))
    }

    fn write_static(
        &mut self,
        asked: &Asked,
        full: &str,
        name: &str,
        failure: Option<&str>,
    ) -> Result<Content, Refusal> {
        let fields = asked.fields();
        let database = self.database(full, full)?;
        if database.roles.contains_key(name) {
            return Err(Refusal::bad_request("Role and Static Role names must be unique"));
        }
        let old = database.statics.get(name).map(|user| (user.username.clone(), user.period));
        let username = fields.get("username").and_then(Value::as_str).map(str::to_owned);
        let username = username.or_else(|| old.as_ref().map(|(username, _)| username.clone()));
        let username = username
            .ok_or_else(|| Refusal::bad_request("username is a required field to create a static account"))?;
        if old.as_ref().is_some_and(|(before, _)| *before != username) {
            return Err(Refusal::bad_request("cannot update static account username"));
        }
        let period = asked.span("rotation_period")?.or_else(|| old.as_ref().map(|(_, period)| *period));
        let period = period
            .ok_or_else(|| Refusal::bad_request("rotation_period is required to create static accounts"))?;
        if period < Duration::from_secs(5) {
            return Err(Refusal::bad_request("rotation_period must be 5 seconds or more"));
        }
        let mut kept = database.settings.statics.get(name).cloned().unwrap_or_else(|| by_hand(&[]));
        put(&mut kept, &fields, &["db_name", "rotation_statements"]);
        if text(&kept, "db_name").is_empty() {
            return Err(Refusal::bad_request("database name is required"));
        }
        database.settings.check_connection(text(&kept, "db_name"), name)?;
        if let Some(failure) = failure {
            return Err(Refusal::internal(&format!("error setting credentials: {failure}")));
        }
        database.settings.statics.insert(name.to_owned(), kept);
        match database.statics.get_mut(name) {
            Some(user) => user.period = period,
            None => self.add_static_role(full, name, &MockStaticRole::new(&username, period)),
        }
        Ok(Content::done())
    }

    fn rotate_role(&mut self, full: &str, name: &str, failure: Option<&str>) -> Result<Content, Refusal> {
        let database = self.database(full, full)?;
        if !database.statics.contains_key(name) {
            return Err(Refusal::bad_request("no static role found for role name"));
        }
        let refused = |why: &str| {
            Refusal::internal(&format!(
                "unable to finish rotating credentials; retries will continue in the background but it is also safe to \
                 retry manually: {why}"
            ))
        };
        if let Some(fields) = database.settings.statics.get(name) {
            let allowed = database.settings.check_connection(text(fields, "db_name"), name);
            allowed.map_err(|_refusal| refused(&format!("\"{name}\" is not an allowed role")))?;
        }
        if let Some(failure) = failure {
            return Err(refused(&format!("error setting credentials: {failure}")));
        }
        let now = self.clock.now();
        self.rotate_static(full, name, now);
        Ok(Content::done())
    }
}

impl Database {
    fn show_connection(&self, name: &str) -> Result<Content, Refusal> {
        let connection = self.settings.connections.get(name).ok_or_else(Refusal::nothing_there)?;
        let mut details = connection.details.clone();
        details.retain(|name, _| name != "password" && name != "private_key");
        let shared = |name: &str| connection.shared.get(name).cloned();
        Ok(Content::data(json!({
            "allowed_roles": shared("allowed_roles").unwrap_or_else(|| json!([])),
            "connection_details": details,
            "password_policy": shared("password_policy").unwrap_or_else(|| "".into()),
            "plugin_name": shared("plugin_name"),
            "plugin_version": shared("plugin_version").unwrap_or_else(|| "".into()),
            "root_credentials_rotate_statements": shared("root_rotation_statements").unwrap_or_else(|| json!([])),
        })))
    }

    /// What is not sent keeps its value.
    fn write_connection(
        &mut self,
        asked: &Asked,
        name: &str,
        failure: Option<&str>,
    ) -> Result<Content, Refusal> {
        let fields = asked.fields();
        let refuse = |why: &str| Refusal::bad_request(&format!("error creating database object: {why}"));
        let mut connection = self.settings.connections.get(name).cloned().unwrap_or_default();
        connection.shared.entry("allowed_roles").or_insert_with(|| json!([]));
        put(&mut connection.shared, &fields, &SHARED);
        let plugin = text(&connection.shared, "plugin_name").to_owned();
        if plugin.is_empty() {
            return Err(Refusal::bad_request("empty plugin name"));
        }
        if !PLUGINS.contains(&plugin.as_str()) {
            let missing = format!("plugin not found in the catalog: {plugin}");
            return Err(refuse(&format!(
                "invalid database version: 2 errors occurred:\n\t* {missing}\n\t* {missing}\n\n"
            )));
        }
        let own = fields.iter().filter(|(name, _)| !SHARED.contains(&name.as_str()));
        connection.details.extend(own.map(|(name, value)| (name.clone(), value.clone())));
        let needed = if plugin.starts_with("valkey") || plugin.starts_with("redis") {
            "host"
        } else {
            "connection_url"
        };
        if text(&connection.details, needed).is_empty() {
            return Err(refuse(&format!("{needed} cannot be empty")));
        }
        let verified = fields.get("verify_connection").is_none_or(|verify| verify != &Value::Bool(false));
        if let Some(failure) = failure.filter(|_| verified) {
            return Err(refuse(&format!("error verifying connection: {failure}")));
        }
        self.settings.connections.insert(name.to_owned(), connection);
        Ok(Content::done())
    }

    fn show_role(&self, name: &str) -> Result<Content, Refusal> {
        let role = self.roles.get(name).ok_or_else(Refusal::nothing_there)?;
        let shown = self.settings.roles.get(name).cloned().unwrap_or_else(|| {
            let mut shown = by_hand(&STATEMENTS);
            let (ttl, max_ttl) = role.terms();
            shown.insert("default_ttl".to_owned(), ttl.as_secs().into());
            shown.insert("max_ttl".to_owned(), max_ttl.as_secs().into());
            shown
        });
        Ok(Content::data(Value::Object(shown)))
    }

    fn write_role(&mut self, asked: &Asked, name: &str) -> Result<Content, Refusal> {
        let fields = asked.fields();
        if self.statics.contains_key(name) {
            return Err(Refusal::bad_request("Role and Static Role names must be unique"));
        }
        let fresh = || {
            let mut fresh = by_hand(&STATEMENTS);
            fresh.remove("rotation_statements");
            fresh.insert("db_name".to_owned(), "".into());
            fresh
        };
        let mut kept = self.settings.roles.get(name).cloned().unwrap_or_else(fresh);
        put(&mut kept, &fields, &["db_name", "credential_type"]);
        put(&mut kept, &fields, &STATEMENTS);
        if text(&kept, "db_name").is_empty() {
            return Err(Refusal::bad_request("database name is required"));
        }
        let credential = text(&kept, "credential_type");
        if !matches!(credential, "password" | "rsa_private_key" | "client_certificate") {
            return Err(Refusal::bad_request(&format!("invalid credential_type \"{credential}\"")));
        }
        for field in ["default_ttl", "max_ttl"] {
            let span = asked.span(field)?.map(|span| span.as_secs().into());
            let span: Value = span.or_else(|| kept.get(field).cloned()).unwrap_or_else(|| 0.into());
            kept.insert(field.to_owned(), span);
        }
        let span = |field: &str| {
            serde_json::from_value::<Span>(kept[field].clone()).map(|span| span.0).unwrap_or_default()
        };
        let role = MockRole::new(span("default_ttl")).max_ttl(span("max_ttl"));
        self.roles.insert(name.to_owned(), role);
        self.settings.roles.insert(name.to_owned(), kept);
        Ok(Content::done())
    }
}

/// What is said of a role that a test set by hand.
fn by_hand(statements: &[&str]) -> Map<String, Value> {
    let mut shown = Map::new();
    for name in statements {
        shown.insert((*name).to_owned(), json!([]));
    }
    shown.insert("credential_type".to_owned(), "password".into());
    shown.insert("db_name".to_owned(), "mock".into());
    if statements.is_empty() {
        shown.insert("rotation_statements".to_owned(), json!([]));
    }
    shown
}

/// Puts those of the fields in place that were sent. A list of statements or roles may be sent as one text.
fn put(kept: &mut Map<String, Value>, fields: &Map<String, Value>, names: &[&str]) {
    for name in names {
        let value = match fields.get(*name) {
            None => continue,
            Some(Value::String(text)) if name.ends_with("_statements") => json!([text]),
            Some(Value::String(text)) if name.ends_with("_roles") => {
                json!(text.split(',').map(str::trim).filter(|role| !role.is_empty()).collect::<Vec<_>>())
            }
            Some(value) => value.clone(),
        };
        kept.insert((*name).to_owned(), value);
    }
}

fn text<'v>(fields: &'v Map<String, Value>, name: &str) -> &'v str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn list<'n>(names: impl Iterator<Item = &'n String>) -> Result<Content, Refusal> {
    let names: Vec<String> = names.cloned().collect();
    if names.is_empty() { Err(Refusal::nothing_there()) } else { Ok(Content::keys(&names)) }
}

fn no_entry(connection: &str) -> Refusal {
    Refusal::internal(&format!("failed to find entry for connection with name: \"{connection}\""))
}
