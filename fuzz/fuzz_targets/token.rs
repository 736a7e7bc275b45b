//! No token breaks the verifier, and none that was not signed is believed, whichever kind it is taken for.
#![no_main]

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use catalyst_core::Result;
use catalyst_keycloak::Realm;
use catalyst_keycloak::jose::{Algorithm, SigningKey};
use catalyst_keycloak::token::{KeySource, PublishedKeys, TokenVerifier};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};

/// A key whose private half nobody has.
#[derive(Debug)]
struct Fixed(PublishedKeys);

#[async_trait]
impl KeySource for Fixed {
    async fn fetch(&self, _forced: bool) -> Result<PublishedKeys> {
        Ok(self.0.clone())
    }
}

static STAGE: LazyLock<(Runtime, TokenVerifier)> = LazyLock::new(|| {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let jwk = key.public_jwk();
    let (x, y) = (jwk.x.unwrap(), jwk.y.unwrap());
    let json = format!(r#"{{"keys":[{{"kty":"EC","crv":"P-256","kid":"k","use":"sig","x":"{x}","y":"{y}"}}]}}"#);
    let realm = Realm::new("acme".parse().unwrap(), "https://auth.example.test").unwrap();
    let verifier = TokenVerifier::builder(&realm, "app")
        .client("app".parse().unwrap())
        .keys(Arc::new(Fixed(PublishedKeys::new(json))))
        .build()
        .unwrap();
    (Builder::new_current_thread().enable_time().build().unwrap(), verifier)
});

fuzz_target!(|token: &str| {
    let (runtime, verifier) = &*STAGE;
    runtime.block_on(async {
        assert!(verifier.verify_access(token).await.is_err());
        assert!(verifier.verify_id(token, None).await.is_err());
        assert!(verifier.verify_logout(token).await.is_err());
    });
});
