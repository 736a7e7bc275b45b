//! Plugins: those that are part of the server, and no others.

use serde_json::{Value, json};

use super::Answered;
use crate::mock::model::state::{State, full_path};
use crate::mock::model::{Refusal, engine};
use crate::mock::wire::{Asked, Content, Verb};

const BUILTIN: [(&str, &[&str]); 3] = [
    ("auth", &["approle", "cert", "jwt", "kubernetes", "oidc", "userpass"]),
    (
        "database",
        &[
            "cassandra-database-plugin",
            "influxdb-database-plugin",
            "mysql-aurora-database-plugin",
            "mysql-database-plugin",
            "mysql-legacy-database-plugin",
            "mysql-rds-database-plugin",
            "postgresql-database-plugin",
            "redis-database-plugin",
            "valkey-database-plugin",
        ],
    ),
    ("secret", &["kubernetes", "kv", "pki", "rabbitmq", "ssh", "totp", "transit"]),
];
const VERSION: &str = "v2.7.2+builtin.bao";

pub(super) fn answer(state: &mut State, asked: &Asked, rest: &str) -> Answered {
    let rest = rest.strip_prefix("plugins/")?;
    let admitted = state.admit(&asked.call, &asked.path, engine::capability(asked.verb));
    Some(admitted.and_then(|_token| match rest.split('/').collect::<Vec<_>>().as_slice() {
        ["catalog"] if asked.verb == Verb::Read => Ok(Content::data(catalogue())),
        ["catalog", kind] if asked.verb == Verb::List => {
            let names = names(kind).ok_or_else(Refusal::nothing_there)?;
            Ok(Content::data(json!({ "keys": names })))
        }
        ["catalog", kind, name] => one(asked, kind, name),
        ["reload", "backend"] if asked.verb == Verb::Write => reload(state, asked),
        _ => Err(Refusal::unsupported_operation()),
    }))
}

fn names(kind: &str) -> Option<&'static [&'static str]> {
    BUILTIN.iter().find(|(known, _)| *known == kind).map(|(_, names)| *names)
}

fn catalogue() -> Value {
    let mut all = json!({});
    let mut detailed = Vec::new();
    for (kind, names) in BUILTIN {
        all[kind] = json!(names);
        let about = |name: &&str| {
            json!({
                "builtin": true, "deprecation_status": "supported", "name": name, "type": kind, "version": VERSION,
            })
        };
        detailed.extend(names.iter().map(about));
    }
    all["detailed"] = Value::Array(detailed);
    all
}

fn one(asked: &Asked, kind: &str, name: &str) -> Result<Content, Refusal> {
    match asked.verb {
        Verb::Read if names(kind).is_some_and(|names| names.contains(&name)) => Ok(Content::data(json!({
            "args": null, "builtin": true, "command": "", "declarative": false, "deprecation_status": "supported",
            "name": name, "oci": false, "sha256": "", "version": VERSION,
        }))),
        Verb::Read => Err(Refusal::nothing_there()),
        Verb::Write => Err(Refusal::internal("could not set plugin, plugin directory is not configured")),
        Verb::Delete => Ok(Content::done()),
        _ => Err(Refusal::unsupported_operation()),
    }
}

fn reload(state: &mut State, asked: &Asked) -> Result<Content, Refusal> {
    let fields = asked.fields();
    for mount in super::fields::list(&fields, "mounts") {
        let path = mount.trim_matches('/');
        if !state.stored.mounts.contains_key(&full_path(&asked.call.namespace, path)) {
            let text = format!("cannot fetch mount entry on \"{path}/\"");
            return Err(Refusal::listed(400, &text));
        }
    }
    Ok(Content::data(json!({ "reload_id": state.random_uuid() })))
}
