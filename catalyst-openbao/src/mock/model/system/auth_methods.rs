//! The settings of login methods and their roles.

use catalyst_core::Secret;
use serde_json::{Map, Value, json};

use super::fields::{object, overwrite, token_defaults};
use super::settings::{Method, Role};
use super::{Answered, app_roles, token_store};
use crate::auth_method::AuthMethodType;
use crate::mock::model::logins::Shown;
use crate::mock::model::state::{Engine, State, full_path};
use crate::mock::model::{Refusal, engine};
use crate::mock::wire::{Asked, Content, Verb};

pub(super) fn answer(state: &mut State, asked: &Asked, rest: &str) -> Answered {
    if let Some(rest) = rest.strip_prefix("token/") {
        return token_store::answer(state, asked, rest);
    }
    let (mount, below) = locate(state, asked, rest)?;
    let full = full_path(&asked.call.namespace, &format!("auth/{mount}"));
    let kind = state.method_kind(&full)?;
    if let (AuthMethodType::Userpass, Verb::Write, Some(user)) =
        (&kind, asked.verb, below.strip_prefix("login/"))
    {
        let shown = Shown { password: asked.text("password").map(Secret::from), ..Shown::default() };
        let answer = state.log_in_as_user(&asked.call, mount, &user.to_lowercase(), &shown);
        return Some(answer.map(|auth| Content::auth(auth, None)));
    }
    let admitted = state.admit(&asked.call, &asked.path, engine::capability(asked.verb));
    Some(admitted.and_then(|_token| {
        let collection = collection(&kind);
        match below.split_once('/') {
            None if below == "config" => config(state, asked, &full, &kind),
            None if below == collection && asked.verb == Verb::List => list(state, &full),
            Some((first, name)) if first == collection => role(state, asked, &full, &kind, name),
            Some(("tidy", "secret-id")) => Ok(app_roles::tidy()),
            _ => Err(Refusal::unsupported_path()),
        }
    }))
}

/// The login method that a path below `auth/` lies in, and the rest of the path.
fn locate<'p>(state: &State, asked: &Asked, rest: &'p str) -> Option<(&'p str, &'p str)> {
    let mounted = |path: &str| {
        let full = full_path(&asked.call.namespace, &format!("auth/{path}"));
        matches!(state.stored.mounts.get(&full), Some(Engine::Login(_)))
    };
    let ends: Vec<usize> = rest.match_indices('/').map(|(at, _)| at).collect();
    let end = ends.into_iter().rev().find(|&at| mounted(&rest[..at]))?;
    Some((&rest[..end], &rest[end + 1..]))
}

impl State {
    /// Of what kind the login method at a full path is, as far as that is known.
    pub(in crate::mock::model) fn method_kind(&self, full: &str) -> Option<AuthMethodType> {
        if let Some(record) = self.stored.settings.mounts.get(full) {
            return record.kind.parse().ok();
        }
        match self.stored.mounts.get(full) {
            Some(Engine::Login(login)) => login.kind(),
            _ => None,
        }
    }

    /// A role that was written by a request.
    pub(super) fn written_roles(&self, full: &str) -> Option<&Method> {
        self.stored.settings.methods.get(full)
    }
}

fn collection(kind: &AuthMethodType) -> &'static str {
    match kind {
        AuthMethodType::Cert => "certs",
        AuthMethodType::Userpass => "users",
        _ => "role",
    }
}

fn config(state: &mut State, asked: &Asked, full: &str, kind: &AuthMethodType) -> Result<Content, Refusal> {
    let method = state.stored.settings.methods.entry(full.to_owned()).or_default();
    match asked.verb {
        Verb::Read => match &method.config {
            Some(config) => Ok(Content::data(Value::Object(config.clone()))),
            None if *kind == AuthMethodType::Cert => Ok(Content::data(config_defaults(kind).into())),
            None => Err(Refusal::nothing_there()),
        },
        Verb::Write => {
            let fields = asked.fields();
            check_config(kind, &fields)?;
            // A write puts everything in place.
            let mut config = config_defaults(kind);
            overwrite(&mut config, &fields)?;
            if *kind == AuthMethodType::Kubernetes {
                let set = fields
                    .get("token_reviewer_jwt")
                    .is_some_and(|jwt| jwt.as_str().is_some_and(|jwt| !jwt.is_empty()));
                config.insert("token_reviewer_jwt_set".to_owned(), set.into());
            }
            method.config = Some(config);
            Ok(Content::done())
        }
        _ => Err(Refusal::unsupported_operation()),
    }
}

fn check_config(kind: &AuthMethodType, fields: &Map<String, Value>) -> Result<(), Refusal> {
    let filled = |name: &str| match fields.get(name) {
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(all)) => !all.is_empty(),
        _ => false,
    };
    match kind {
        AuthMethodType::Kubernetes if !filled("kubernetes_host") => {
            Err(Refusal::bad_request("no host provided"))
        }
        AuthMethodType::Jwt | AuthMethodType::Oidc => {
            let sources = ["jwt_validation_pubkeys", "jwks_url", "oidc_discovery_url"];
            if sources.iter().filter(|name| filled(name)).count() == 1 {
                return Ok(());
            }
            Err(Refusal::bad_request(
                "exactly one of 'jwt_validation_pubkeys', 'jwks_url', 'jwks_pairs', 'oidc_discovery_url', or \
                 'provider_config' must be set",
            ))
        }
        _ => Ok(()),
    }
}

fn config_defaults(kind: &AuthMethodType) -> Map<String, Value> {
    object(match kind {
        AuthMethodType::Cert => {
            json!({ "disable_binding": false, "enable_identity_alias_metadata": false, "ocsp_cache_size": 0 })
        }
        AuthMethodType::Kubernetes => json!({
            "disable_iss_validation": true, "disable_local_ca_jwt": false, "issuer": "", "kubernetes_ca_cert": "",
            "kubernetes_host": "", "pem_keys": [], "token_reviewer_jwt_set": false,
        }),
        _ => json!({
            "bound_issuer": "", "default_role": "", "jwks_ca_pem": "", "jwks_url": "", "jwt_supported_algs": [],
            "jwt_validation_pubkeys": [], "namespace_in_state": true, "oidc_client_id": "",
            "oidc_discovery_ca_pem": "", "oidc_discovery_url": "", "oidc_response_mode": "", "oidc_response_types": [],
            "override_allowed_server_names": [], "provider_config": {}, "status": "valid",
        }),
    })
}

fn list(state: &State, full: &str) -> Result<Content, Refusal> {
    let names: Vec<String> =
        state.written_roles(full).into_iter().flat_map(|method| method.roles.keys().cloned()).collect();
    if names.is_empty() { Err(Refusal::nothing_there()) } else { Ok(Content::keys(&names)) }
}

fn role(
    state: &mut State,
    asked: &Asked,
    full: &str,
    kind: &AuthMethodType,
    rest: &str,
) -> Result<Content, Refusal> {
    let (name, below) = rest.split_once('/').unwrap_or((rest, ""));
    // The server keeps these in small letters.
    let name = &if *kind == AuthMethodType::Jwt { name.to_owned() } else { name.to_lowercase() };
    match (asked.verb, kind, below) {
        (_, AuthMethodType::AppRole, below) if !below.is_empty() => {
            app_roles::answer(state, asked, full, name, below)
        }
        (Verb::Write, AuthMethodType::Userpass, "password") => {
            let method = state.stored.settings.methods.entry(full.to_owned()).or_default();
            let user =
                method.roles.get_mut(name).ok_or_else(|| Refusal::internal("username does not exist"))?;
            user.password = asked.text("password").map(Secret::from);
            Ok(Content::done())
        }
        (_, _, below) if !below.is_empty() => Err(Refusal::unsupported_path()),
        (Verb::Read, ..) => {
            let found = state.written_roles(full).and_then(|method| method.roles.get(name));
            let found = found.ok_or_else(Refusal::nothing_there)?;
            Ok(Content::data(Value::Object(found.fields.clone())))
        }
        (Verb::Write, ..) => write(state, asked, full, kind, name),
        (Verb::Delete, ..) => {
            state.stored.settings.methods.entry(full.to_owned()).or_default().roles.remove(name);
            Ok(Content::done())
        }
        _ => Err(Refusal::unsupported_operation()),
    }
}

fn write(
    state: &mut State,
    asked: &Asked,
    full: &str,
    kind: &AuthMethodType,
    name: &str,
) -> Result<Content, Refusal> {
    let (fields, identifier) = (asked.fields(), state.random_uuid());
    let method = state.stored.settings.methods.entry(full.to_owned()).or_default();
    let fresh = || Role { fields: role_defaults(kind), identifier, ..Role::default() };
    let mut role = method.roles.get(name).cloned().unwrap_or_else(fresh);
    overwrite(&mut role.fields, &fields)?;
    match kind {
        AuthMethodType::Userpass => {
            let password = asked.text("password").filter(|password| !password.is_empty());
            match password {
                Some(password) => role.password = Some(Secret::from(password)),
                None if role.password.is_none() => {
                    return Err(Refusal::bad_request("must provide either password or password_hash"));
                }
                None => {}
            }
        }
        AuthMethodType::Cert
            if !role.fields["certificate"].as_str().is_some_and(|pem| pem.contains("-----BEGIN")) =>
        {
            return Err(Refusal::bad_request("failed to parse certificate"));
        }
        AuthMethodType::Jwt if binds_nothing(&role.fields) => {
            return Err(Refusal::bad_request(
                "must have at least one bound constraint when creating/updating a role",
            ));
        }
        _ => {}
    }
    method.roles.insert(name.to_owned(), role);
    Ok(Content::done())
}

fn binds_nothing(fields: &Map<String, Value>) -> bool {
    let empty = |name: &str| match &fields[name] {
        Value::Array(all) => all.is_empty(),
        Value::Object(all) => all.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => true,
    };
    ["bound_audiences", "bound_subject", "bound_claims", "token_bound_cidrs"].into_iter().all(empty)
}

fn role_defaults(kind: &AuthMethodType) -> Map<String, Value> {
    let own = match kind {
        AuthMethodType::AppRole => json!({
            "bind_secret_id": true, "local_secret_ids": false, "secret_id_bound_cidrs": [], "secret_id_num_uses": 0,
            "secret_id_ttl": 0,
        }),
        AuthMethodType::Cert => json!({
            "allowed_common_names": [], "allowed_dns_sans": [], "allowed_email_sans": [],
            "allowed_metadata_extensions": [], "allowed_names": null, "allowed_organizational_units": [],
            "allowed_uri_sans": [], "certificate": "", "display_name": "", "ocsp_ca_certificates": "",
            "ocsp_enabled": false, "ocsp_fail_open": false, "ocsp_query_all_servers": false,
            "ocsp_servers_override": null, "required_extensions": [],
        }),
        AuthMethodType::Kubernetes => json!({
            "alias_name_source": "serviceaccount_uid", "audience": "", "bound_service_account_names": [],
            "bound_service_account_namespace_selector": "", "bound_service_account_namespaces": [],
        }),
        AuthMethodType::Jwt | AuthMethodType::Oidc => json!({
            "allowed_redirect_uris": null, "bound_audiences": [], "bound_claims": {}, "bound_claims_type": "string",
            "bound_subject": "", "callback_mode": "client", "claim_mappings": {}, "clock_skew_leeway": 0,
            "expiration_leeway": 0, "groups_claim": "", "max_age": 0, "not_before_leeway": 0, "oauth2_metadata": null,
            "oidc_disable_confirmation": false, "oidc_scopes": null, "role_type": "jwt",
            "token_policies_template_claims": false, "user_claim": "", "user_claim_json_pointer": false,
            "verbose_oidc_logging": false,
        }),
        _ => json!({}),
    };
    let mut fields = object(own);
    fields.extend(token_defaults());
    fields
}
