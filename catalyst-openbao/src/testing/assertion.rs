//! What a JWT login shows to the fake, which checks claims and no signatures.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use catalyst_core::{Clock, Result, Secret};
use serde_json::json;

use crate::AssertionSource;

/// A JSON web token about `subject` for `audience` that ends after `life`. Its signature is no signature.
pub fn unsigned_jwt(subject: &str, audience: &str, life: Duration) -> Secret {
    let now = Clock::system().now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let header = json!({ "alg": "ES256", "typ": "JWT" });
    let claims = json!({
        "sub": subject,
        "aud": [audience],
        "iat": now.as_secs(),
        "exp": (now + life).as_secs(),
    });
    let part = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
    Secret::from(format!("{}.{}.{}", part(header), part(claims), URL_SAFE_NO_PAD.encode("unsigned")))
}

/// Asserts one subject for whatever audience is asked for, with a new [`unsigned_jwt`] of five minutes each time.
#[derive(Clone, Debug)]
pub struct FixedAssertion(String);

impl FixedAssertion {
    /// Asserts `subject`, such as `spiffe://example.test/ns/shop/sa/orders`.
    pub fn new(subject: impl Into<String>) -> Self {
        Self(subject.into())
    }
}

#[async_trait]
impl AssertionSource for FixedAssertion {
    async fn assertion(&self, audience: &str) -> Result<Secret> {
        Ok(unsigned_jwt(&self.0, audience, Duration::from_secs(300)))
    }
}
