//! Roles, as they are written, read and listed.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::engine::{Ssh, is_name};
use crate::mock::model::Refusal;
use crate::mock::wire::{Asked, Content, Verb};
use crate::ssh::Cidr;

const TEXTS: [&str; 6] = [
    "allowed_critical_options",
    "allowed_domains",
    "allowed_extensions",
    "allowed_users",
    "default_user",
    "key_id_format",
];
const FLAGS: [&str; 12] = [
    "allow_bare_domains",
    "allow_commas_in_identity_templates",
    "allow_empty_principals",
    "allow_host_certificates",
    "allow_subdomains",
    "allow_user_certificates",
    "allow_user_key_ids",
    "allow_wildcards_in_identity_templates",
    "allowed_domains_template",
    "allowed_users_template",
    "default_extensions_template",
    "default_user_template",
];

impl Ssh {
    pub(super) fn roles(&mut self, asked: &Asked, name: &str) -> Result<Content, Refusal> {
        match (asked.verb, name) {
            (Verb::List, "") if self.roles.is_empty() => Err(Refusal::nothing_there()),
            (Verb::List, "") => {
                let keys: Vec<&String> = self.roles.keys().collect();
                let about = |role: &Map<String, Value>| -> Map<String, Value> {
                    let shown = ["key_type", "issuer_ref"].into_iter();
                    shown.filter_map(|field| Some((field.to_owned(), role.get(field)?.clone()))).collect()
                };
                let info: Map<String, Value> =
                    self.roles.iter().map(|(name, role)| (name.clone(), about(role).into())).collect();
                Ok(Content::data(json!({ "key_info": info, "keys": keys })))
            }
            (_, name) if !is_name(name) => Err(Refusal::unsupported_path()),
            (Verb::Read, name) => {
                let role = self.roles.get(name).ok_or_else(Refusal::nothing_there)?;
                Ok(Content::data(Value::Object(role.clone())))
            }
            (Verb::Write, name) => {
                let role = written(asked)?;
                self.roles.insert(name.to_owned(), role);
                Ok(Content::done())
            }
            (Verb::Delete, name) => {
                if let Some(roles) = &mut self.zero_address {
                    roles.retain(|role| role != name);
                }
                self.roles.remove(name);
                Ok(Content::done())
            }
            _ => Err(Refusal::unsupported_operation()),
        }
    }
}

fn written(asked: &Asked) -> Result<Map<String, Value>, Refusal> {
    let text = |field: &str| asked.text(field).unwrap_or_default();
    for field in ["cidr_list", "exclude_cidr_list"] {
        for block in text(field).split(',').filter(|block| !block.is_empty()) {
            if block.parse::<Cidr>().is_err() {
                let entry = if field == "cidr_list" { "cidr_list" } else { "exclude_cidr_list entry" };
                let words = format!("failed to validate {entry}: invalid CIDR address: {block}");
                return Err(Refusal::internal(&words));
            }
        }
    }
    let role = match text("key_type").to_lowercase().as_str() {
        "" => return Err(Refusal::bad_request("missing key type")),
        "dynamic" => {
            return Err(Refusal::bad_request("dynamic key type roles are no longer supported"));
        }
        "otp" if text("default_user").is_empty() => return Err(Refusal::bad_request("missing default user")),
        "otp" => {
            let port = asked.fields().get("port").and_then(Value::as_u64).filter(|port| *port > 0);
            json!({
                "allowed_users": text("allowed_users"), "cidr_list": text("cidr_list"),
                "default_user": text("default_user"), "exclude_cidr_list": text("exclude_cidr_list"),
                "key_type": "otp", "port": port.unwrap_or(22),
            })
        }
        "ca" => return for_certificates(asked),
        _ => return Err(Refusal::bad_request("invalid key type")),
    };
    Ok(role.as_object().cloned().unwrap_or_default())
}

fn for_certificates(asked: &Asked) -> Result<Map<String, Value>, Refusal> {
    let fields = asked.fields();
    let algorithm = match asked.text("algorithm_signer").unwrap_or_default().as_str() {
        "" | "default" => "default".to_owned(),
        known @ ("ssh-rsa" | "rsa-sha2-256" | "rsa-sha2-512") => known.to_owned(),
        other => return Err(Refusal::internal(&format!("unknown algorithm signer \"{other}\""))),
    };
    let mut role = Map::new();
    for field in TEXTS {
        role.insert(field.to_owned(), asked.text(field).unwrap_or_default().into());
    }
    for field in FLAGS {
        role.insert(field.to_owned(), asked.flag(field).unwrap_or(false).into());
    }
    let flag = |field: &str| asked.flag(field).unwrap_or(false);
    if !flag("allow_user_certificates") && !flag("allow_host_certificates") {
        return Err(Refusal::bad_request(
            "Either 'allow_user_certificates' or 'allow_host_certificates' must be set to 'true'",
        ));
    }
    let (ttl, max_ttl) = (span(asked, "ttl")?, span(asked, "max_ttl")?);
    if ttl != 0 && max_ttl != 0 && ttl > max_ttl {
        return Err(Refusal::bad_request(
            "\"ttl\" value must be less than \"max_ttl\" when both are specified",
        ));
    }
    let backdated = asked.span("not_before_duration")?.unwrap_or(Duration::from_secs(30));
    let map = |field: &str| fields.get(field).and_then(Value::as_object).cloned().unwrap_or_default();
    let sizes: Map<String, Value> = map("allowed_user_key_lengths")
        .into_iter()
        .map(|(name, sizes)| (name, if sizes.is_array() { sizes } else { json!([sizes]) }))
        .collect();
    let issuer = asked.text("issuer_ref").filter(|name| !name.is_empty());
    let rest = json!({
        "algorithm_signer": algorithm, "allowed_user_key_lengths": sizes,
        "default_critical_options": map("default_critical_options"), "default_extensions": map("default_extensions"),
        "issuer_ref": issuer.as_deref().unwrap_or("default"), "key_type": "ca", "max_ttl": max_ttl,
        "not_before_duration": backdated.as_secs(), "ttl": ttl,
    });
    role.extend(rest.as_object().cloned().unwrap_or_default());
    Ok(role)
}

fn span(asked: &Asked, field: &str) -> Result<u64, Refusal> {
    Ok(asked.span(field)?.unwrap_or_default().as_secs())
}
