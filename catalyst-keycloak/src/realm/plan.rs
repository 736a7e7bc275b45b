//! From what is declared about a realm and what is there to the fewest writes. Pure: no I/O, no time.

use std::collections::BTreeSet;

use catalyst_core::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};

use super::RealmSpec;

/// What has to be written.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Plan {
    /// The fields to send; the server keeps what is not named. Empty if none differs.
    pub(super) fields: Map<String, Value>,
    /// Roles that are missing, with their descriptions.
    pub(super) roles: Vec<(String, String)>,
    /// What differs, in words.
    pub(super) changes: Vec<String>,
}

/// Whether the server showed the whole realm. To those who may only manage clients it shows the name and a few
/// switches, and to administrators whose token is older than the realm just the same.
pub(super) fn is_whole(realm: &Map<String, Value>) -> bool {
    realm.contains_key("accessTokenLifespan")
}

/// The document that creates the realm.
pub(super) fn create(spec: &RealmSpec, name: &str) -> Result<Value> {
    let mut document = fields(spec)?;
    let roles: Vec<_> =
        spec.roles.iter().map(|(name, text)| json!({ "name": name, "description": text })).collect();
    document.insert("realm".into(), json!(name));
    document.insert("enabled".into(), json!(true));
    document.insert("roles".into(), json!({ "realm": roles }));
    Ok(Value::Object(document))
}

/// What makes `current` agree with `spec`.
pub(super) fn converge(
    spec: &RealmSpec,
    current: &Map<String, Value>,
    roles: &BTreeSet<String>,
) -> Result<Plan> {
    let mut plan = Plan::default();
    for (name, wanted) in fields(spec)? {
        let found = current.get(&name).unwrap_or(&Value::Null);
        // What is off may be left out.
        if *found == wanted || (found.is_null() && wanted == json!(false)) {
            continue;
        }
        plan.changes.push(format!("{name}: {found} -> {wanted}"));
        plan.fields.insert(name, wanted);
    }
    for (name, text) in spec.roles.iter().filter(|(name, _)| !roles.contains(*name)) {
        plan.changes.push(format!("role {name:?} is missing"));
        plan.roles.push((name.clone(), text.clone()));
    }
    Ok(plan)
}

fn fields(spec: &RealmSpec) -> Result<Map<String, Value>> {
    let access = seconds("the life of access tokens", spec.access_token)?;
    let refresh = seconds("the life of refresh tokens", spec.refresh_token)?;
    if refresh < access {
        return Err(fault("refresh tokens live at least as long as access tokens"));
    }
    let mut fields = Map::new();
    let mut set = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    if let Some(name) = &spec.display_name {
        set("displayName", json!(name));
    }
    set("accessTokenLifespan", json!(access));
    set("ssoSessionIdleTimeout", json!(refresh));
    set("ssoSessionMaxLifespan", json!(refresh));
    set("offlineSessionIdleTimeout", json!(refresh));
    set("offlineSessionMaxLifespanEnabled", json!(true));
    set("offlineSessionMaxLifespan", json!(refresh));
    set("bruteForceProtected", json!(spec.brute_force_protection));
    set("sslRequired", json!(spec.tls.as_str()));
    set("registrationAllowed", json!(spec.self_registration));
    // Two accounts with one address, or a name that changes, make one person pass for another.
    set("duplicateEmailsAllowed", json!(false));
    set("editUsernameAllowed", json!(false));
    set("organizationsEnabled", json!(spec.organizations));
    if let Some(log) = &spec.events {
        set("eventsEnabled", json!(log.logins));
        set("adminEventsEnabled", json!(log.administration));
        set("adminEventsDetailsEnabled", json!(log.administration && log.details));
        if log.logins {
            // Zero stands for ever.
            set("eventsExpiration", json!(log.keep.map_or(0, |time| time.as_secs())));
        }
    }
    Ok(fields)
}

fn seconds(what: &str, life: std::time::Duration) -> Result<u64> {
    // The server keeps them in 32 bits.
    let whole = life.as_secs();
    if life.subsec_nanos() != 0 || !(1..=i32::MAX.unsigned_abs().into()).contains(&whole) {
        return Err(fault(&format!("{what} is in whole seconds, at least 1 and less than 68 years")));
    }
    Ok(whole)
}

fn fault(help: &str) -> Error {
    Error::new(ErrorKind::InvalidRequest, "ensure realm").with_help(help)
}
