//! Quotas of rates.

use std::time::Duration;

use serde_json::{Value, json};

use super::Answered;
use super::fields::{list, number, object, text};
use super::settings::Quota;
use crate::mock::model::state::{State, full_path};
use crate::mock::model::{Refusal, engine};
use crate::mock::wire::{Asked, Content, Verb};

/// What no quota is for, unless said otherwise.
const EXEMPT: [&str; 7] = [
    "sys/generate-recovery-token/attempt",
    "sys/generate-recovery-token/update",
    "sys/generate-root/attempt",
    "sys/generate-root/update",
    "sys/health",
    "sys/seal-status",
    "sys/unseal",
];

pub(super) fn answer(state: &mut State, asked: &Asked, rest: &str) -> Answered {
    let rest = rest.strip_prefix("quotas/")?;
    let name = match rest.split_once('/') {
        Some(("rate-limit", name)) => name,
        None if rest == "rate-limit" => "",
        None if rest == "config" => "config",
        _ => return None,
    };
    let admitted = state.admit(&asked.call, &asked.path, engine::capability(asked.verb));
    Some(admitted.and_then(|_token| match (asked.verb, name) {
        (Verb::Read, "config") if rest == "config" => Ok(Content::data(config(state))),
        (Verb::Write, "config") if rest == "config" => {
            state.stored.settings.quota_config.extend(asked.fields());
            Ok(Content::done())
        }
        (Verb::List, "") => {
            let names: Vec<String> = state.stored.settings.quotas.keys().cloned().collect();
            if names.is_empty() { Err(Refusal::nothing_there()) } else { Ok(Content::keys(&names)) }
        }
        (Verb::Read, name) => {
            let quota = state.stored.settings.quotas.get(name).ok_or_else(Refusal::nothing_there)?;
            Ok(Content::data(Value::Object(quota.fields.clone())))
        }
        (Verb::Write, name) => write(state, asked, name),
        (Verb::Delete, name) => {
            state.stored.settings.quotas.remove(name);
            Ok(Content::done())
        }
        _ => Err(Refusal::unsupported_operation()),
    }))
}

fn config(state: &State) -> Value {
    let mut config = json!({
        "enable_rate_limit_audit_logging": false,
        "enable_rate_limit_response_headers": false,
        "rate_limit_exempt_paths": EXEMPT,
    });
    for (name, value) in &state.stored.settings.quota_config {
        config[name.as_str()] = value.clone();
    }
    config
}

fn write(state: &mut State, asked: &Asked, name: &str) -> Result<Content, Refusal> {
    let given = asked.fields();
    if given.get("rate").and_then(Value::as_f64).is_none_or(|rate| rate <= 0.0) {
        return Err(Refusal::bad_request("'rate' is invalid"));
    }
    let path = text(&given, "path").to_owned();
    let mount = full_path(&asked.call.namespace, path.trim_end_matches('/'));
    let known =
        mount.is_empty() || state.namespaces.contains_key(&mount) || state.stored.mounts.contains_key(&mount);
    if !known {
        return Err(Refusal::bad_request(&format!("invalid mount path \"{path}\"")));
    }
    let mut fields = object(json!({
        "block_interval": 0, "inheritable": false, "interval": 1, "name": name, "path": path, "rate": given["rate"],
        "role": "", "type": "rate-limit",
    }));
    super::fields::overwrite(&mut fields, &given)?;
    for span in ["interval", "block_interval"] {
        if let Some(value) = given.get(span) {
            fields.insert(span.to_owned(), super::fields::seconds(span, value.clone())?);
        }
    }
    let window = state.clock.now();
    state.stored.settings.quotas.insert(name.to_owned(), Quota { fields, window, used: 0.0 });
    Ok(Content::done())
}

impl State {
    /// Counts a request, and refuses it if a quota is used up. Windows begin with the first request in them, and all
    /// callers are one: the model sees no addresses.
    pub(in crate::mock::model) fn count_against_quotas(
        &mut self,
        namespace: &str,
        path: &str,
    ) -> Result<(), Refusal> {
        if self.stored.settings.quotas.is_empty() {
            return Ok(());
        }
        let settings = config(self);
        let exempt = object(settings);
        if list(&exempt, "rate_limit_exempt_paths").contains(&path) {
            return Ok(());
        }
        let (now, full) = (self.clock.now(), full_path(namespace, path));
        for quota in self.stored.settings.quotas.values_mut() {
            let prefix = text(&quota.fields, "path");
            if !full.starts_with(prefix) {
                continue;
            }
            let interval = Duration::from_secs(number(&quota.fields, "interval").max(1));
            if now.saturating_duration_since(quota.window) >= interval {
                (quota.window, quota.used) = (now, 0.0);
            }
            quota.used += 1.0;
            if quota.used > quota.fields["rate"].as_f64().unwrap_or(f64::MAX) {
                return Err(Refusal::rate_limited(&full, None));
            }
        }
        Ok(())
    }
}
