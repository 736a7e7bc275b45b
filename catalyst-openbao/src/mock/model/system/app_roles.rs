//! Secret identifiers of app roles.

use std::time::Duration;

use catalyst_core::Secret;
use serde_json::{Value, json};

use super::fields::number;
use super::settings::{Role, SecretIdRecord};
use crate::mock::model::Refusal;
use crate::mock::model::state::State;
use crate::mock::wire::{Asked, Content, Envelope, Verb};

/// A request below a role.
pub(super) fn answer(
    state: &mut State,
    asked: &Asked,
    full: &str,
    name: &str,
    below: &str,
) -> Result<Content, Refusal> {
    drop_ended(state, full, name);
    let (secret, accessor, created) = (state.random_uuid(), state.random_uuid(), state.clock.now());
    let method = state.stored.settings.methods.entry(full.to_owned()).or_default();
    let missing = || match asked.verb {
        Verb::Read => Refusal::nothing_there(),
        _ => Refusal::new(404, &[&format!("role \"{name}\" does not exist")]),
    };
    let role = method.roles.get_mut(name).ok_or_else(missing)?;
    let named = |field| asked.text(field).unwrap_or_default();
    match (asked.verb, below) {
        (Verb::Read, "role-id") => Ok(Content::data(json!({ "role_id": role.identifier }))),
        (Verb::Write, "role-id") => {
            role.identifier = named("role_id");
            Ok(Content::done())
        }
        (Verb::Write, "secret-id") => {
            let (ttl, uses) = limits(asked, role)?;
            let metadata = named("metadata");
            role.secrets.push(SecretIdRecord {
                secret: Secret::new(secret.as_str()),
                accessor: accessor.clone(),
                created,
                ttl,
                uses,
                metadata: serde_json::from_str(&metadata).unwrap_or_else(|_empty| json!({})),
                cidrs: asked.fields().remove("cidr_list").unwrap_or_else(|| json!([])),
            });
            Ok(Content::data(json!({
                "secret_id": secret, "secret_id_accessor": accessor, "secret_id_num_uses": uses, "secret_id_ttl": ttl,
            })))
        }
        (Verb::List, "secret-id") if role.secrets.is_empty() => Err(Refusal::nothing_there()),
        (Verb::List, "secret-id") => {
            let keys: Vec<String> = role.secrets.iter().map(|record| record.accessor.clone()).collect();
            Ok(Content::keys(&keys))
        }
        (Verb::Write, "secret-id/lookup") => {
            let found =
                role.secrets.iter().find(|record| record.secret.expose() == named("secret_id")).cloned();
            Ok(found.map_or_else(Content::done, |record| Content::data(shown(state, &record))))
        }
        (Verb::Write, "secret-id-accessor/lookup") => {
            let accessor = named("secret_id_accessor");
            let found = role.secrets.iter().find(|record| record.accessor == accessor).cloned();
            // The words stand in a member of another name, and the client does not see them.
            let record = found.ok_or_else(|| Refusal::new(404, &[]))?;
            Ok(Content::data(shown(state, &record)))
        }
        (Verb::Write, "secret-id/destroy") => {
            role.secrets.retain(|record| record.secret.expose() != named("secret_id"));
            Ok(Content::done())
        }
        (Verb::Write, "secret-id-accessor/destroy") => {
            let (accessor, before) = (named("secret_id_accessor"), role.secrets.len());
            role.secrets.retain(|record| record.accessor != accessor);
            if role.secrets.len() < before {
                return Ok(Content::done());
            }
            let text = format!("failed to find accessor entry for secret_id_accessor: \"{accessor}\"");
            Err(Refusal::internal(&text))
        }
        _ => Err(Refusal::unsupported_path()),
    }
}

pub(super) fn tidy() -> Content {
    let begun = "Tidy operation successfully started. Any information from the operation will be printed to OpenBao's \
                 server logs.";
    let envelope = Envelope { warnings: vec![begun.to_owned()], ..Envelope::default() };
    Content::Bare(202, envelope.to_json())
}

/// At most what the role allows, of which zero is any.
fn limits(asked: &Asked, role: &Role) -> Result<(u64, u64), Refusal> {
    let (most, uses) = (number(&role.fields, "secret_id_ttl"), number(&role.fields, "secret_id_num_uses"));
    let ttl = asked.span("ttl")?.map_or(0, |ttl| ttl.as_secs());
    let wanted = number(&asked.fields(), "num_uses");
    let within = |wanted: u64, most: u64| match (wanted, most) {
        (0, most) => most,
        (wanted, 0) => wanted,
        (wanted, most) => wanted.min(most),
    };
    if uses > 0 && wanted > uses {
        return Err(Refusal::bad_request("num_uses cannot be higher than the role's secret_id_num_uses"));
    }
    Ok((within(ttl, most), within(wanted, uses)))
}

fn shown(state: &State, record: &SecretIdRecord) -> Value {
    let created = state.clock.text(record.created);
    let end = record.created + Duration::from_secs(record.ttl);
    json!({
        "cidr_list": record.cidrs,
        "creation_time": created,
        "expiration_time": if record.ttl == 0 { "0001-01-01T00:00:00Z".to_owned() } else { state.clock.text(end) },
        "last_updated_time": created,
        "metadata": record.metadata,
        "secret_id_accessor": record.accessor,
        "secret_id_num_uses": record.uses,
        "secret_id_ttl": record.ttl,
        "token_bound_cidrs": [],
    })
}

fn drop_ended(state: &mut State, full: &str, name: &str) {
    let now = state.clock.now();
    let method = state.stored.settings.methods.get_mut(full);
    if let Some(role) = method.and_then(|method| method.roles.get_mut(name)) {
        role.secrets
            .retain(|record| record.ttl == 0 || record.created + Duration::from_secs(record.ttl) > now);
    }
}

impl State {
    /// Uses up one login of a secret identifier. False if there is no such one.
    pub(in crate::mock::model) fn use_secret_id(&mut self, full: &str, name: &str, secret: &str) -> bool {
        drop_ended(self, full, name);
        let method = self.stored.settings.methods.get_mut(full);
        let Some(role) = method.and_then(|method| method.roles.get_mut(name)) else { return false };
        let Some(at) = role.secrets.iter().position(|record| record.secret.expose() == secret) else {
            return false;
        };
        match role.secrets[at].uses {
            0 => {}
            1 => drop(role.secrets.remove(at)),
            _ => role.secrets[at].uses -= 1,
        }
        true
    }
}
