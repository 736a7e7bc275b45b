//! An issuer of assertions that stand for clients, in process: what SPIRE and a Kubernetes cluster are elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use catalyst_core::testing::StubServer;
use catalyst_core::{AssertionSource, Clock, Result, Secret};
use catalyst_keycloak::jose::{Algorithm, JwkSet, SigningKey};
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// How long an assertion is valid.
const LIFE: Duration = Duration::from_secs(60);

/// Signs assertions, and publishes its key in the three ways in which Keycloak asks for it. Cheap to clone; ends with
/// the last clone.
#[derive(Clone, Debug)]
pub struct AssertionIssuer {
    server: Arc<StubServer>,
    key: Arc<SigningKey>,
}

impl AssertionIssuer {
    /// Starts one whose key is for `algorithm`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](catalyst_core::ErrorKind::Config) for an algorithm that nothing is signed with.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn start(algorithm: Algorithm) -> Result<Self> {
        let key = SigningKey::generate(algorithm)?;
        let server = MockServer::start().await;
        let issuer = server.uri();
        let keys = key.public_set();
        publish(&server, "/bundle", &bundle(&keys)).await;
        publish(&server, "/jwks", &json!(keys)).await;
        publish(&server, "/.well-known/openid-configuration", &discovery(&issuer)).await;
        Ok(Self { server: Arc::new(StubServer::new(server)), key: Arc::new(key) })
    }

    /// Its address, which is also the issuer that it names in assertions.
    pub fn address(&self) -> String {
        self.server.uri()
    }

    /// Where its SPIFFE bundle is.
    pub fn bundle(&self) -> String {
        format!("{}/bundle", self.address())
    }

    /// Where its keys are.
    pub fn jwks(&self) -> String {
        format!("{}/jwks", self.address())
    }

    /// The source of `subject`'s JWT-SVIDs: no issuer, no identifier, one audience (SPIFFE JWT-SVID section 3).
    pub fn svids(&self, subject: &str) -> IssuedWorkload {
        IssuedWorkload { issuer: self.clone(), subject: subject.to_owned(), names_itself: false }
    }

    /// The source of `subject`'s tokens as an OpenID Connect issuer gives them, each with an identifier of its own.
    pub fn tokens(&self, subject: &str) -> IssuedWorkload {
        IssuedWorkload { issuer: self.clone(), subject: subject.to_owned(), names_itself: true }
    }
}

/// A workload that an [`AssertionIssuer`] gives assertions to.
#[derive(Clone, Debug)]
pub struct IssuedWorkload {
    issuer: AssertionIssuer,
    subject: String,
    names_itself: bool,
}

#[async_trait]
impl AssertionSource for IssuedWorkload {
    async fn assertion(&self, audience: &str) -> Result<Secret> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let now = Clock::system().now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut claims =
            json!({ "sub": self.subject, "aud": [audience], "iat": now, "exp": now + LIFE.as_secs() });
        if self.names_itself {
            claims["iss"] = json!(self.issuer.address());
            claims["jti"] = json!(format!("{now}-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        }
        self.issuer.key.sign("JWT", &claims)
    }
}

/// Keys of a bundle say that they are for JWT-SVIDs, and name no algorithm.
fn bundle(keys: &JwkSet) -> Value {
    let mut keys = keys.clone();
    for key in &mut keys.keys {
        (key.usage, key.alg) = (Some("jwt-svid".to_owned()), None);
    }
    json!({ "keys": keys.keys, "spiffe_sequence": 1, "spiffe_refresh_hint": 10 })
}

fn discovery(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/jwks"),
        "authorization_endpoint": format!("{issuer}/auth"),
        "token_endpoint": format!("{issuer}/token"),
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
    })
}

async fn publish(server: &MockServer, at: &str, body: &Value) {
    Mock::given(method("GET"))
        .and(path(at))
        .respond_with(ResponseTemplate::new(200).set_body_json(body))
        .mount(server)
        .await;
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    #[tokio::test]
    async fn a_svid_is_for_one_audience_and_a_minute_and_names_no_issuer() {
        let issuer = AssertionIssuer::start(Algorithm::Es256).await.unwrap();
        let svid = issuer.svids("spiffe://a.test/b").assertion("https://realm.test").await.unwrap();
        let body = svid.expose().split('.').nth(1).unwrap();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap();
        assert_eq!(claims["aud"], json!(["https://realm.test"]));
        assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 60);
        assert!(claims.get("iss").is_none());
    }
}
