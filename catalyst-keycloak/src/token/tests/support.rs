//! An issuer in memory.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::{Clock, Error, ErrorKind, Result};
use serde_json::{Map, Value, json};

use crate::Realm;
use crate::jose::{Algorithm, JwkSet, SigningKey};
use crate::token::{KeySource, PublishedKeys, TokenVerifier, TokenVerifierBuilder};

/// Keys are slow to make.
pub(super) static RSA: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::generate(Algorithm::Rs256).unwrap());
pub(super) static EC: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::generate(Algorithm::Es256).unwrap());

/// The realm of all tests.
pub(super) fn realm() -> Realm {
    Realm::new("acme".parse().unwrap(), "https://auth.example.test").unwrap()
}

/// Publishes what it is told to, counts, and fails when it is told to.
#[derive(Debug, Default)]
pub(super) struct Issuer {
    published: Mutex<Value>,
    fetches: AtomicU32,
    forced: AtomicU32,
    down: Mutex<bool>,
    delay: Mutex<Duration>,
    max_age: Mutex<Option<Duration>>,
}

impl Issuer {
    pub(super) fn of(keys: &[&SigningKey]) -> Arc<Self> {
        let issuer = Arc::new(Self::default());
        issuer.publish(keys);
        issuer
    }

    pub(super) fn publish(&self, keys: &[&SigningKey]) {
        let set = JwkSet { keys: keys.iter().map(|key| key.public_jwk()).collect() };
        self.publish_json(serde_json::to_value(set).unwrap());
    }

    pub(super) fn publish_json(&self, set: Value) {
        *self.published.lock().unwrap() = set;
    }

    pub(super) fn down(&self, down: bool) {
        *self.down.lock().unwrap() = down;
    }

    pub(super) fn delay(&self, delay: Duration) {
        *self.delay.lock().unwrap() = delay;
    }

    pub(super) fn max_age(&self, age: Duration) {
        *self.max_age.lock().unwrap() = Some(age);
    }

    pub(super) fn fetches(&self) -> u32 {
        self.fetches.load(Ordering::SeqCst)
    }

    pub(super) fn forced(&self) -> u32 {
        self.forced.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl KeySource for Issuer {
    async fn fetch(&self, past_caches: bool) -> Result<PublishedKeys> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        self.forced.fetch_add(u32::from(past_caches), Ordering::SeqCst);
        let delay = *self.delay.lock().unwrap();
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if *self.down.lock().unwrap() {
            return Err(Error::new(ErrorKind::Connect, "fetch"));
        }
        let mut keys = PublishedKeys::new(self.published.lock().unwrap().to_string());
        keys.max_age = *self.max_age.lock().unwrap();
        Ok(keys)
    }
}

/// The verifier of the service `orders` with the client `shop`.
pub(super) fn builder(issuer: &Arc<Issuer>) -> TokenVerifierBuilder {
    let keys: Arc<dyn KeySource> = Arc::<Issuer>::clone(issuer);
    TokenVerifier::builder(&realm(), "orders").client("shop".parse().unwrap()).keys(keys)
}

pub(super) fn verifier(issuer: &Arc<Issuer>) -> TokenVerifier {
    builder(issuer).build().unwrap()
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    Clock::system().now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// The claims of an access token of Keycloak 26.7, with `changes`: a value of null takes the claim away.
pub(super) fn access(changes: Value) -> Value {
    let now = now();
    let claims = json!({
        "exp": now + 900, "iat": now, "jti": "onrtac:9848f1ad", "iss": realm().issuer().as_str(),
        "aud": ["orders", "account"], "sub": "86751fc7-4e50-4334-ad9b-4e8b48e56861", "typ": "Bearer",
        "azp": "shop", "sid": "IYM7WGFTsqdysKEttzKxSxq9", "acr": "0",
        "allowed-origins": ["https://shop.example.test"],
        "realm_access": {"roles": ["default-roles-acme", "workload"]},
        "resource_access": {"account": {"roles": ["manage-account"]}, "orders": {"roles": ["reader"]}},
        "scope": "openid profile email", "email_verified": true, "name": "A L", "groups": ["/eng"],
        "preferred_username": "alice", "email": "alice@example.test", "organization": ["acme-corp"],
    });
    changed(claims, changes)
}

/// Those of an ID token.
pub(super) fn id(changes: Value) -> Value {
    let typ = json!({"typ": "ID", "aud": "shop", "nonce": "n1", "realm_access": null, "scope": null});
    changed(access(typ), changes)
}

/// Those of a logout token.
pub(super) fn logout(changes: Value) -> Value {
    let now = now();
    let claims = json!({
        "iat": now, "exp": now + 120, "jti": "f1f0", "iss": realm().issuer().as_str(), "aud": "shop",
        "sub": "86751fc7", "sid": "IYM7", "typ": "Logout",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    });
    changed(claims, changes)
}

pub(super) fn sign(key: &SigningKey, claims: &Value) -> String {
    key.sign("JWT", claims).unwrap().expose().to_owned()
}

fn changed(mut claims: Value, changes: Value) -> Value {
    let (Value::Object(all), Value::Object(changes)) = (&mut claims, changes) else { return claims };
    let changes: Map<String, Value> = changes;
    for (name, value) in changes {
        if value.is_null() {
            all.remove(&name);
        } else {
            all.insert(name, value);
        }
    }
    claims
}

/// A part of a token.
pub(super) fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

/// The code of the error.
pub(super) fn code<T: std::fmt::Debug>(result: Result<T>) -> &'static str {
    result.unwrap_err().code().unwrap_or("none")
}
