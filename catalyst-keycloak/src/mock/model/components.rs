//! Components of a realm: the providers of its keys.

use serde_json::{Map, Value, json};

use super::keys::{Key, KeyProvider, PROVIDER_TYPE, provided};
use super::random;
use super::registration::POLICY_TYPE;
use super::roles::name_of;
use super::state::State;
use super::{Caller, Refusal};

const VIEW: [&str; 2] = ["view-realm", "manage-realm"];
const MANAGE: [&str; 1] = ["manage-realm"];

impl State {
    /// `GET …/components`, of this type if one is named.
    pub(crate) fn components(
        &self,
        by: &Caller,
        realm: &str,
        kind: Option<&str>,
    ) -> Result<Vec<Value>, Refusal> {
        let home = self.realm(realm)?;
        self.need(by, realm, &VIEW)?;
        if kind == Some(POLICY_TYPE) {
            return Ok(home.registration_policies.clone());
        }
        if kind.is_some_and(|kind| kind != PROVIDER_TYPE) {
            return Ok(Vec::new());
        }
        Ok(home.keys.iter().map(|provider| provider.show(&home.id)).collect())
    }

    pub(crate) fn component(&self, by: &Caller, realm: &str, id: &str) -> Result<Value, Refusal> {
        let home = self.realm(realm)?;
        self.need(by, realm, &VIEW)?;
        if let Some(policy) = home.registration_policies.iter().find(|policy| policy["id"] == id) {
            return Ok(policy.clone());
        }
        let found = home.keys.iter().find(|provider| provider.id == id);
        found.map(|provider| provider.show(&home.id)).ok_or_else(no_component)
    }

    /// Adds a provider, with a new key; gives its identifier.
    pub(crate) fn add_component(
        &mut self,
        by: &Caller,
        realm: &str,
        wanted: &Value,
    ) -> Result<String, Refusal> {
        self.realm(realm)?;
        self.need(by, realm, &MANAGE)?;
        let text = |name: &str| wanted.get(name).and_then(Value::as_str).unwrap_or_default();
        let config = wanted.get("config").cloned().unwrap_or_else(|| json!({}));
        let key = match text("providerId") {
            _ if text("providerType") != PROVIDER_TYPE => None,
            "rsa-enc-generated" => Some(Key::Encrypt { kid: self.uuid() }),
            "hmac-generated" => Some(Key::Hidden { algorithm: "HS512", kid: self.uuid() }),
            "aes-generated" => Some(Key::Hidden { algorithm: "AES", kid: self.uuid() }),
            provider => provided(provider, &config).map(|algorithm| Key::Sign(algorithm, self.next_key())),
        };
        let refusal = || Refusal::error(400, "Invalid provider type or no such provider");
        let key = key.ok_or_else(refusal)?;
        let component =
            json!({ "name": name_of(wanted), "providerId": text("providerId"), "config": config });
        let component = component.as_object().cloned().unwrap_or_default();
        let provider = KeyProvider { id: self.uuid(), component, key, serial: self.serial() };
        let id = provider.id.clone();
        self.realm_mut(realm)?.keys.push(provider);
        Ok(id)
    }

    /// Changes a provider's settings, or takes it away with its key.
    pub(crate) fn change_component(
        &mut self,
        by: &Caller,
        realm: &str,
        id: &str,
        wanted: Option<&Value>,
    ) -> Result<(), Refusal> {
        self.need(by, realm, &MANAGE)?;
        let home = self.realm_mut(realm)?;
        if let (Some(wanted), Some(policy)) =
            (wanted, home.registration_policies.iter_mut().find(|policy| policy["id"] == id))
        {
            policy["config"] = wanted["config"].clone();
            return Ok(());
        }
        let at = home.keys.iter().position(|provider| provider.id == id).ok_or_else(no_component)?;
        let Some(wanted) = wanted else {
            home.keys.remove(at);
            return Ok(());
        };
        for member in ["name", "config"] {
            if let Some(value) = wanted.get(member) {
                home.keys[at].component.insert(member.to_owned(), value.clone());
            }
        }
        Ok(())
    }

    /// `GET …/keys`: all keys, and which of them signs by which algorithm. Public keys and certificates are left out.
    pub(crate) fn keys(&self, by: &Caller, realm: &str) -> Result<Value, Refusal> {
        let home = self.realm(realm)?;
        self.need(by, realm, &VIEW)?;
        let broken = |_error| Refusal::error(500, "unknown_error");
        let (mut active, mut keys) = (Map::new(), Vec::new());
        for provider in home.keys_by_priority() {
            let kid = provider.kid().map_err(broken)?;
            if provider.active() && !active.contains_key(provider.algorithm()) {
                active.insert(provider.algorithm().to_owned(), kid.as_str().into());
            }
            let status = match (provider.enabled(), provider.active()) {
                (false, _) => "DISABLED",
                (_, false) => "PASSIVE",
                _ => "ACTIVE",
            };
            let (family, usage) = match (&provider.key, provider.algorithm()) {
                (Key::Sign(..), "ES256") => ("EC", "SIG"),
                (Key::Sign(..), "EdDSA") => ("OKP", "SIG"),
                (Key::Sign(..), _) => ("RSA", "SIG"),
                (Key::Encrypt { .. }, _) => ("RSA", "ENC"),
                (Key::Hidden { .. }, "AES") => ("OCT", "ENC"),
                (Key::Hidden { .. }, _) => ("OCT", "SIG"),
            };
            keys.push(json!({
                "providerId": provider.id, "providerPriority": provider.priority(), "kid": kid, "status": status,
                "type": family, "algorithm": provider.algorithm(), "use": usage,
            }));
        }
        Ok(json!({ "active": active, "keys": keys }))
    }

    /// `GET …/clients-initial-access`.
    pub(crate) fn initial_access(&self, by: &Caller, realm: &str) -> Result<Vec<Value>, Refusal> {
        let home = self.realm(realm)?;
        self.need(by, realm, &super::clients::VIEW)?;
        let without_token = home.initial_access.iter().cloned().map(|mut access| {
            if let Some(members) = access.as_object_mut() {
                members.remove("token");
            }
            access
        });
        Ok(without_token.collect())
    }

    /// Makes an initial access token (RFC 7591) for as many registrations as `count` says.
    pub(crate) fn create_initial_access(
        &mut self,
        by: &Caller,
        realm: &str,
        wanted: &Value,
    ) -> Result<Value, Refusal> {
        self.realm(realm)?;
        self.need(by, realm, &["manage-clients", "create-client"])?;
        let number = |name: &str, usual: i64| wanted.get(name).and_then(Value::as_i64).unwrap_or(usual);
        let (id, token) = (self.uuid(), random::text(&mut self.random, 120));
        let access = json!({
            "id": id, "token": token, "timestamp": self.now(), "expiration": number("expiration", 0),
            "count": number("count", 1), "remainingCount": number("count", 1),
        });
        self.realm_mut(realm)?.initial_access.push(access.clone());
        Ok(access)
    }

    pub(crate) fn delete_initial_access(
        &mut self,
        by: &Caller,
        realm: &str,
        id: &str,
    ) -> Result<(), Refusal> {
        self.need(by, realm, &super::clients::MANAGE)?;
        self.realm_mut(realm)?.initial_access.retain(|access| access["id"] != id);
        Ok(())
    }
}

fn no_component() -> Refusal {
    Refusal::error(404, "Could not find component")
}
