//! An issuer in memory, its tokens, and the bare verification of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use catalyst_keycloak::jose::{Algorithm, Jwk, SigningKey};
use catalyst_keycloak::token::{KeySource, PublishedKeys, TokenVerifier, TokenVerifierBuilder};
use catalyst_keycloak::{Realm, Result};
use serde_json::{Value, json};

/// Publishes one key and counts who asks.
#[derive(Debug)]
pub(crate) struct Issuer {
    pub(crate) key: SigningKey,
    fetches: AtomicU32,
}

impl Issuer {
    pub(crate) fn new(algorithm: Algorithm) -> Arc<Self> {
        Arc::new(Self { key: SigningKey::generate(algorithm).unwrap(), fetches: AtomicU32::new(0) })
    }

    pub(crate) fn fetches(&self) -> u32 {
        self.fetches.load(Ordering::SeqCst)
    }

    pub(crate) fn builder(self: &Arc<Self>) -> TokenVerifierBuilder {
        let keys: Arc<dyn KeySource> = Arc::<Self>::clone(self);
        TokenVerifier::builder(&realm(), "orders").keys(keys)
    }

    /// A verifier that has the key.
    pub(crate) fn warm(self: &Arc<Self>) -> TokenVerifier {
        let verifier = self.builder().build().unwrap();
        block_on(verifier.verify_access(&self.token())).unwrap();
        verifier
    }

    /// An access token as Keycloak 26.7 issues it to a user, of some 1,100 bytes with RSA.
    pub(crate) fn token(&self) -> String {
        self.key.sign("JWT", &claims()).unwrap().expose().to_owned()
    }
}

#[async_trait]
impl KeySource for Issuer {
    async fn fetch(&self, _past_caches: bool) -> Result<PublishedKeys> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        Ok(PublishedKeys::new(serde_json::to_vec(&self.key.public_set()).unwrap()))
    }
}

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn realm() -> Realm {
    Realm::new("acme".parse().unwrap(), "https://auth.example.test").unwrap()
}

/// Those of a token that Keycloak 26.7.3 issued, with other names.
fn claims() -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    json!({
        "exp": now + 900, "iat": now, "auth_time": now, "jti": "onrtac:9848f1ad-7ce5-7e45-767f-c8be57500a98",
        "iss": realm().issuer().as_str(), "aud": ["orders", "shop", "account"],
        "sub": "86751fc7-4e50-4334-ad9b-4e8b48e56861", "typ": "Bearer", "azp": "shop",
        "sid": "IYM7WGFTsqdysKEttzKxSxq9", "acr": "0", "allowed-origins": ["https://shop.example.test"],
        "realm_access": {"roles": ["default-roles-acme", "offline_access", "workload", "uma_authorization"]},
        "resource_access": {"account": {"roles": ["manage-account", "manage-account-links", "view-profile"]}},
        "scope": "openid profile email", "email_verified": true, "name": "A L", "groups": ["/eng"],
        "preferred_username": "alice", "given_name": "A", "family_name": "L",
        "email": "alice@example.test", "org": "acme",
    })
}

/// The key and the parts of one token, as bare `aws-lc-rs` wants them.
pub(crate) struct Bare {
    key: ParsedPublicKey,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl Bare {
    pub(crate) fn new(key: &SigningKey, token: &str) -> Self {
        let (message, signature) = token.rsplit_once('.').unwrap();
        Self { key: parsed(&key.public_jwk()), message: message.into(), signature: decode(signature) }
    }

    pub(crate) fn verify(&self) {
        self.key.verify_sig(&self.message, &self.signature).unwrap();
    }
}

fn parsed(jwk: &Jwk) -> ParsedPublicKey {
    let part = |member: &Option<String>| decode(member.as_deref().unwrap());
    let rsa = |parameters| {
        RsaPublicKeyComponents { n: part(&jwk.n), e: part(&jwk.e) }.to_parsed_public_key(parameters)
    };
    let parsed = match jwk.alg.as_deref().unwrap() {
        "RS256" => rsa(&RSA_PKCS1_2048_8192_SHA256),
        "PS256" => rsa(&RSA_PSS_2048_8192_SHA256),
        "ES256" => {
            let point = [vec![4], part(&jwk.x), part(&jwk.y)].concat();
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        }
        _ => ParsedPublicKey::new(&ED25519, part(&jwk.x)),
    };
    parsed.unwrap()
}

fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}
