//! Tokens of service accounts. There is no Kubernetes behind: every account is there, and its tokens are good for
//! nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::leased;
use crate::EngineType;
use crate::mock::model::state::State;
use crate::mock::model::{EngineModel, MockRole, Refusal};
use crate::mock::wire::{Asked, Content, Verb};
use crate::wire::Span;

#[derive(Clone, Default)]
pub(in crate::mock::model) struct Kubernetes {
    config: Option<Map<String, Value>>,
    roles: BTreeMap<String, Map<String, Value>>,
}

const SOURCES: [&str; 3] = ["service_account_name", "kubernetes_role_name", "generated_role_rules"];

impl EngineModel for Kubernetes {
    fn engine_type(&self) -> EngineType {
        EngineType::Kubernetes
    }

    fn answer(&mut self, state: &mut State, asked: &Asked, rest: &str) -> Result<Content, Refusal> {
        let (area, name) = rest.split_once('/').unwrap_or((rest, ""));
        match (asked.verb, area, name) {
            (Verb::Write, "config", "") => self.configure(asked),
            (Verb::Read, "config", "") => {
                let mut config = self.config.clone().ok_or_else(Refusal::nothing_there)?;
                config.remove("service_account_jwt");
                Ok(Content::data(Value::Object(config)))
            }
            (Verb::List, "roles", "") if self.roles.is_empty() => Err(Refusal::nothing_there()),
            (Verb::List, "roles", "") => Ok(Content::keys(&self.roles.keys().cloned().collect::<Vec<_>>())),
            (_, "roles" | "creds", name) if name.is_empty() || name.contains('/') => {
                Err(Refusal::unsupported_path())
            }
            (Verb::Read, "roles", name) => {
                let role = self.roles.get(name).ok_or_else(Refusal::nothing_there)?;
                Ok(Content::data(Value::Object(role.clone())))
            }
            (Verb::Write, "roles", name) => self.write(asked, name),
            (Verb::Delete, "roles", name) => {
                self.roles.remove(name);
                Ok(Content::done())
            }
            (Verb::Write, "creds", name) => self.issue(state, asked, rest, name),
            (_, "roles" | "creds" | "config", _) => Err(Refusal::unsupported_operation()),
            _ => Err(Refusal::unsupported_path()),
        }
    }

    fn boxed_clone(&self) -> Box<dyn EngineModel> {
        Box::new(self.clone())
    }
}

impl Kubernetes {
    fn configure(&mut self, asked: &Asked) -> Result<Content, Refusal> {
        if asked.text("kubernetes_host").unwrap_or_default().is_empty() {
            return Err(Refusal::internal(
                "kubernetes_host was unset and could not be determined from environment variables",
            ));
        }
        self.config = Some(asked.fields());
        Ok(Content::done())
    }

    fn write(&mut self, asked: &Asked, name: &str) -> Result<Content, Refusal> {
        let defaults = json!({
            "allowed_kubernetes_namespace_selector": "", "allowed_kubernetes_namespaces": null,
            "extra_annotations": null, "extra_labels": null, "generated_role_rules": "", "kubernetes_role_name": "",
            "kubernetes_role_type": "Role", "name": name, "name_template": "", "service_account_name": "",
            "token_default_audiences": null, "token_default_ttl": 0, "token_max_ttl": 0,
        });
        let fresh = || defaults.as_object().cloned().unwrap_or_default();
        let mut role = self.roles.get(name).cloned().unwrap_or_else(fresh);
        let known: Vec<String> = role.keys().cloned().collect();
        for (field, value) in asked.fields().into_iter().filter(|(field, _)| known.contains(field)) {
            role.insert(field, value);
        }
        if texts(&role, "allowed_kubernetes_namespaces").is_empty() {
            return Err(Refusal::bad_request(
                "one (at least) of allowed_kubernetes_namespaces or allowed_kubernetes_namespace_selector must be set",
            ));
        }
        if SOURCES.iter().filter(|source| !text(&role, source).is_empty()).count() != 1 {
            return Err(Refusal::bad_request(
                "one (and only one) of service_account_name, kubernetes_role_name or generated_role_rules must be set",
            ));
        }
        if !text(&role, "generated_role_rules").is_empty()
            && serde_json::from_str::<Map<String, Value>>(text(&role, "generated_role_rules")).is_err()
        {
            return Err(Refusal::bad_request(
                "failed to parse 'generated_role_rules' as k8s.io/api/rbac/v1/Policy object",
            ));
        }
        let (ttl, max_ttl) = (span(&role, "token_default_ttl"), span(&role, "token_max_ttl"));
        if !max_ttl.is_zero() && ttl > max_ttl {
            return Err(Refusal::bad_request(&format!(
                "token_default_ttl {}s cannot be greater than token_max_ttl {}s",
                ttl.as_secs(),
                max_ttl.as_secs()
            )));
        }
        self.roles.insert(name.to_owned(), role);
        Ok(Content::done())
    }

    fn issue(&self, state: &mut State, asked: &Asked, rest: &str, name: &str) -> Result<Content, Refusal> {
        let missing = || Refusal::bad_request(&format!("role '{name}' does not exist"));
        let role = self.roles.get(name).ok_or_else(missing)?;
        let (namespace, allowed) = (
            asked.text("kubernetes_namespace").unwrap_or_default(),
            texts(role, "allowed_kubernetes_namespaces"),
        );
        let namespace = match (namespace.as_str(), allowed.as_slice()) {
            ("", [only]) if only != "*" => only.clone(),
            ("", _) => {
                return Err(Refusal::internal(
                    "error verifying namespace: 'kubernetes_namespace' is required unless the OpenBao role has a \
                     single namespace specified",
                ));
            }
            _ => namespace,
        };
        if !allowed.iter().any(|one| one == "*" || *one == namespace) {
            return Err(Refusal::bad_request(&format!(
                "kubernetes_namespace '{namespace}' is not present in role's allowed_kubernetes_namespaces or does not \
                 match role's label selector allowed_kubernetes_namespace_selector"
            )));
        }
        if self.config.is_none() {
            return Err(Refusal::internal(&format!(
                "failed to create a service account token for {namespace}/{}: dial tcp 127.0.0.1:443: connect: \
                 connection refused",
                text(role, "service_account_name")
            )));
        }
        let account = match text(role, "service_account_name") {
            "" => format!("v-token-{name}-{}", state.random_text(24).to_lowercase()),
            given => given.to_owned(),
        };
        let asked_for = asked.span("ttl")?.filter(|ttl| !ttl.is_zero());
        let ttl = asked_for.unwrap_or_else(|| span(role, "token_default_ttl"));
        let wanted = MockRole::new(ttl).max_ttl(span(role, "token_max_ttl")).renewable(false);
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = json!({ "sub": format!("system:serviceaccount:{namespace}:{account}"), "jti": state.random_nonce() });
        let token =
            format!("{}.{}.{}", part(&json!({ "alg": "none" })), part(&claims), state.random_text(43));
        let data = json!({
            "service_account_name": account, "service_account_namespace": namespace, "service_account_token": token,
        });
        leased(state, asked, rest, &wanted, &account, None, data)
    }
}

fn text<'v>(fields: &'v Map<String, Value>, name: &str) -> &'v str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn texts(fields: &Map<String, Value>, name: &str) -> Vec<String> {
    let all = fields.get(name).and_then(Value::as_array).into_iter().flatten();
    all.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn span(fields: &Map<String, Value>, name: &str) -> Duration {
    fields
        .get(name)
        .and_then(|value| serde_json::from_value::<Span>(value.clone()).ok())
        .map(|span| span.0)
        .unwrap_or_default()
}
