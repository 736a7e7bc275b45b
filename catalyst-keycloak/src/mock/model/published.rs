//! What a realm publishes: its keys, and where everything is.

use serde_json::{Value, json};

use super::Refusal;
use super::keys::KeyProvider;
use super::realm::Realm;
use super::state::State;

impl Realm {
    /// The providers as they come in listings and are tried: the highest priority first.
    pub(super) fn keys_by_priority(&self) -> Vec<&KeyProvider> {
        let mut keys: Vec<_> = self.keys.iter().collect();
        keys.sort_by_key(|key| (-key.priority(), key.serial));
        keys
    }
}

impl State {
    /// `GET …/certs`: all keys that are enabled, passive ones too.
    pub(crate) fn jwks(&self, realm: &str) -> Result<Value, Refusal> {
        let home = self.public_realm(realm)?;
        let mut keys = Vec::new();
        for provider in home.keys_by_priority().into_iter().filter(|provider| provider.enabled()) {
            let key = provider.published().map_err(|_error| Refusal::error(500, "unknown_error"))?;
            keys.extend(key);
        }
        Ok(json!({ "keys": keys }))
    }

    /// `GET …/.well-known/openid-configuration`.
    pub(crate) fn discovery(&self, realm: &str) -> Result<Value, Refusal> {
        self.public_realm(realm)?;
        let text = include_str!("defaults/discovery.json").replace("{issuer}", &self.issuer(realm));
        serde_json::from_str(&text).map_err(|_malformed| Refusal::error(500, "unknown_error"))
    }
}
