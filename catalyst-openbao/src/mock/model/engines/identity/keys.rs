//! The keys, the roles and the issuer of identity tokens.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::engine::Identities;
use super::store::{Record, put, text};
use crate::mock::model::Refusal;
use crate::mock::model::state::State;
use crate::mock::wire::{Asked, Content, Verb};
use crate::wire::Span;

const ALGORITHMS: [&str; 7] = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA"];
const DAY: u64 = 86_400;

#[derive(Clone)]
pub(super) struct Keys {
    pub(super) issuer: String,
    pub(super) named: BTreeMap<String, Key>,
    pub(super) roles: BTreeMap<String, Record>,
}

#[derive(Clone)]
pub(super) struct Key {
    pub(super) fields: Record,
    /// Identifier and seed of each, the one in use last.
    pub(super) versions: Vec<(String, [u8; 32])>,
}

impl Default for Keys {
    fn default() -> Self {
        let mut fields = fresh();
        fields.insert("allowed_client_ids".to_owned(), json!(["*"]));
        let key = Key { fields, versions: Vec::new() };
        Self {
            issuer: String::new(),
            named: BTreeMap::from([("default".to_owned(), key)]),
            roles: BTreeMap::new(),
        }
    }
}

fn fresh() -> Record {
    let fields = json!({
        "algorithm": "RS256", "allowed_client_ids": [], "rotation_period": DAY, "verification_ttl": DAY,
    });
    fields.as_object().cloned().unwrap_or_default()
}

impl Identities {
    pub(super) fn oidc(&mut self, state: &mut State, asked: &Asked, below: &str) -> Result<Content, Refusal> {
        match (asked.verb, below.split_once('/').unwrap_or((below, ""))) {
            (Verb::Read, ("config", "")) => Ok(Content::data(json!({ "issuer": self.keys.issuer }))),
            (Verb::Write, ("config", "")) => self.set_issuer(asked),
            (Verb::List, ("key", "")) => {
                Ok(Content::keys(&self.keys.named.keys().cloned().collect::<Vec<_>>()))
            }
            (_, ("key", name)) if !name.is_empty() => self.key(state, asked, name),
            (Verb::List, ("role", "")) if self.keys.roles.is_empty() => Err(Refusal::nothing_there()),
            (Verb::List, ("role", "")) => {
                Ok(Content::keys(&self.keys.roles.keys().cloned().collect::<Vec<_>>()))
            }
            (_, ("role", name)) if !name.is_empty() => self.role(state, asked, name),
            (Verb::Read, ("token", role)) => self.issue(state, asked, role),
            (Verb::Write, ("introspect", "")) => Ok(self.introspect(state, asked)),
            (Verb::Read, (".well-known", "keys")) => Ok(self.published()),
            (Verb::Read, (".well-known", "openid-configuration")) => Ok(self.discovery()),
            _ => Err(Refusal::unsupported_path()),
        }
    }

    fn set_issuer(&mut self, asked: &Asked) -> Result<Content, Refusal> {
        let issuer = asked.text("issuer").unwrap_or_default();
        let bare = issuer.parse::<url::Url>().is_ok_and(|url| {
            url.path() == "/" && url.query().is_none() && url.has_host() && !issuer.ends_with('/')
        });
        if !issuer.is_empty() && !bare {
            return Err(Refusal::bad_request(
                "invalid issuer, which must include only a scheme, host, and optional port (e.g. https://example.com:8200)",
            ));
        }
        self.keys.issuer = issuer;
        Ok(Content::done())
    }

    fn key(&mut self, state: &mut State, asked: &Asked, name: &str) -> Result<Content, Refusal> {
        if let (Verb::Write, Some(name)) = (asked.verb, name.strip_suffix("/rotate")) {
            let missing = || Refusal::bad_request(&format!("no named key found at \"{name}\""));
            let key = self.keys.named.get_mut(name).ok_or_else(missing)?;
            key.versions.push((state.random_nonce(), seed(state)));
            return Ok(Content::done());
        }
        match asked.verb {
            Verb::Read => {
                let key = self.keys.named.get(name).ok_or_else(Refusal::nothing_there)?;
                Ok(Content::data(Value::Object(key.fields.clone())))
            }
            Verb::Write => self.write_key(state, asked, name),
            Verb::Delete if name == "default" => {
                Err(Refusal::bad_request("deletion of key \"default\" not allowed"))
            }
            Verb::Delete => {
                let named = self.keys.roles.iter().filter(|(_, role)| text(role, "key") == name);
                let users: Vec<&str> = named.map(|(role, _)| role.as_str()).collect();
                if !users.is_empty() {
                    return Err(Refusal::bad_request(&format!(
                        "unable to delete key \"{name}\" because it is currently referenced by these roles: {}",
                        users.join(", ")
                    )));
                }
                self.keys.named.remove(name);
                Ok(Content::done())
            }
            _ => Err(Refusal::unsupported_operation()),
        }
    }

    fn write_key(&mut self, state: &mut State, asked: &Asked, name: &str) -> Result<Content, Refusal> {
        let mut fields = self.keys.named.get(name).map_or_else(fresh, |key| key.fields.clone());
        put(&mut fields, &asked.fields(), &["algorithm", "allowed_client_ids"]);
        for span in ["rotation_period", "verification_ttl"] {
            if let Some(given) = asked.span(span)? {
                fields.insert(span.to_owned(), given.as_secs().into());
            }
        }
        let algorithm = text(&fields, "algorithm");
        if !ALGORITHMS.contains(&algorithm) {
            return Err(Refusal::bad_request(&format!("unknown signing algorithm \"{algorithm}\"")));
        }
        let number = |name: &str| fields[name].as_u64().unwrap_or(0);
        if number("verification_ttl") > 10 * number("rotation_period") {
            return Err(Refusal::bad_request("verification_ttl cannot be longer than 10x rotation_period"));
        }
        let versions = match self.keys.named.get(name) {
            Some(key) => key.versions.clone(),
            None => vec![(state.random_nonce(), seed(state))],
        };
        self.keys.named.insert(name.to_owned(), Key { fields, versions });
        Ok(Content::done())
    }

    fn role(&mut self, state: &mut State, asked: &Asked, name: &str) -> Result<Content, Refusal> {
        match asked.verb {
            Verb::Read => {
                let role = self.keys.roles.get(name).ok_or_else(Refusal::nothing_there)?;
                Ok(Content::data(Value::Object(role.clone())))
            }
            Verb::Write => {
                let fresh = || {
                    let fields =
                        json!({ "client_id": state.random_text(26), "key": "", "template": "", "ttl": DAY });
                    fields.as_object().cloned().unwrap_or_default()
                };
                let mut role = self.keys.roles.get(name).cloned().unwrap_or_else(fresh);
                put(&mut role, &asked.fields(), &["key", "template", "client_id"]);
                if let Some(ttl) = asked.span("ttl")? {
                    role.insert("ttl".to_owned(), ttl.as_secs().into());
                }
                let key = text(&role, "key");
                if key.is_empty() {
                    return Err(Refusal::bad_request("the key parameter is required"));
                }
                let missing = || Refusal::bad_request(&format!("cannot find key \"{key}\""));
                let longest = &self.keys.named.get(key).ok_or_else(missing)?.fields["verification_ttl"];
                let span = |value: &Value| {
                    serde_json::from_value::<Span>(value.clone()).map(|span| span.0).unwrap_or_default()
                };
                if span(&role["ttl"]) > span(longest) {
                    return Err(Refusal::bad_request(
                        "a role's token ttl cannot be longer than the verification_ttl of the key it references",
                    ));
                }
                let template = text(&role, "template");
                if template.matches("{{").count() != template.matches("}}").count() {
                    return Err(Refusal::bad_request(
                        "error parsing template: unbalanced templating characters",
                    ));
                }
                self.keys.roles.insert(name.to_owned(), role);
                Ok(Content::done())
            }
            Verb::Delete => {
                self.keys.roles.remove(name);
                Ok(Content::done())
            }
            _ => Err(Refusal::unsupported_operation()),
        }
    }
}

fn seed(state: &mut State) -> [u8; 32] {
    std::array::from_fn(|_| state.random.u8(..))
}
