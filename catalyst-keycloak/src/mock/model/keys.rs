//! The keys of a realm: providers with a priority, what is published, and what signs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use catalyst_core::Result;
use serde_json::{Map, Value, json};

use crate::jose::{Algorithm, SigningKey};

/// A provider of a realm's keys, as the component that it is, and the key that it has.
#[derive(Clone)]
pub(super) struct KeyProvider {
    pub(super) id: String,
    /// `name`, `providerId`, `config`: as it was given.
    pub(super) component: Map<String, Value>,
    pub(super) key: Key,
    /// The order in which they came: of two with one priority, the first one signs.
    pub(super) serial: u64,
}

/// What a provider has. RSA keys are made when they are first needed, for that takes a while.
#[derive(Clone)]
pub(super) enum Key {
    /// Signs; the number picks the key out of those that all models of a process share.
    Sign(Algorithm, usize),
    /// Published for encryption, first of all keys: who takes the first key of the set takes the wrong one.
    Encrypt { kid: String },
    /// Symmetric, never published.
    Hidden { algorithm: &'static str, kid: String },
}

impl KeyProvider {
    fn setting(&self, name: &str) -> Option<&str> {
        self.component.get("config")?.get(name)?.get(0)?.as_str()
    }

    pub(super) fn priority(&self) -> i64 {
        self.setting("priority").and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    pub(super) fn enabled(&self) -> bool {
        self.setting("enabled") != Some("false")
    }

    /// Whether it signs what is new; a passive one only verifies.
    pub(super) fn active(&self) -> bool {
        self.enabled() && self.setting("active") != Some("false")
    }

    pub(super) fn algorithm(&self) -> &'static str {
        match &self.key {
            Key::Sign(algorithm, _) => algorithm.as_str(),
            Key::Encrypt { .. } => "RSA-OAEP",
            Key::Hidden { algorithm, .. } => algorithm,
        }
    }

    /// Which key it signs with.
    pub(super) fn number(&self) -> Option<usize> {
        match &self.key {
            Key::Sign(_, number) => Some(*number),
            _ => None,
        }
    }

    /// # Errors
    /// If a key cannot be made.
    pub(super) fn kid(&self) -> Result<String> {
        match &self.key {
            Key::Sign(algorithm, number) => Ok(shared(*algorithm, *number)?.kid().to_owned()),
            Key::Encrypt { kid } | Key::Hidden { kid, .. } => Ok(kid.clone()),
        }
    }

    /// As it stands in the published set; none for what is never published.
    pub(super) fn published(&self) -> Result<Option<Value>> {
        let jwk = match &self.key {
            Key::Hidden { .. } => return Ok(None),
            Key::Sign(algorithm, number) => json!(shared(*algorithm, *number)?.public_jwk()),
            Key::Encrypt { kid } => {
                // Nothing is ever encrypted here, so every realm may show the same one.
                let mut jwk = json!(shared(Algorithm::Rs256, 0)?.public_jwk());
                jwk["kid"] = kid.as_str().into();
                jwk["use"] = "enc".into();
                jwk["alg"] = "RSA-OAEP".into();
                jwk
            }
        };
        Ok(Some(jwk))
    }

    /// As a component of the Admin REST API.
    pub(super) fn show(&self, realm_id: &str) -> Value {
        let mut shown = self.component.clone();
        shown.insert("id".to_owned(), self.id.as_str().into());
        shown.insert("providerType".to_owned(), PROVIDER_TYPE.into());
        shown.insert("parentId".to_owned(), realm_id.into());
        Value::Object(shown)
    }
}

pub(super) const PROVIDER_TYPE: &str = "org.keycloak.keys.KeyProvider";

/// The key of this number. Number 0 is for encryption; the models of one process share the others, in the order in
/// which each of them needs some, so the realms of one model never share a key.
pub(super) fn shared(algorithm: Algorithm, number: usize) -> Result<Arc<SigningKey>> {
    type Slot = Arc<OnceLock<Result<Arc<SigningKey>>>>;
    static KEYS: OnceLock<Mutex<BTreeMap<(Algorithm, usize), Slot>>> = OnceLock::new();
    let keys = KEYS.get_or_init(Mutex::default);
    let slot = {
        let mut keys = keys.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(keys.entry((algorithm, number)).or_default())
    };
    // Outside of the lock: who needs another key does not wait for this one.
    slot.get_or_init(|| SigningKey::generate(algorithm).map(Arc::new)).clone()
}

/// The algorithm that a provider of this kind signs with, if it is one that the server knows.
pub(super) fn provided(provider: &str, config: &Value) -> Option<Algorithm> {
    let named = config.get("algorithm").and_then(|values| values.get(0)).and_then(Value::as_str);
    match provider {
        "rsa-generated" | "rsa" => Some(named.and_then(Algorithm::from_name).unwrap_or(Algorithm::Rs256)),
        "ecdsa-generated" => Some(Algorithm::Es256),
        "eddsa-generated" => Some(Algorithm::EdDsa),
        _ => None,
    }
}
