//! A key: both public keys are registered while applications move from one private key to the other.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalyst_core::Secret;
use catalyst_sdk::keycloak::jose::{JwkSet, SigningKey};
use catalyst_sdk::keycloak::{Authentication, ClientCredential, ClientRegistrar, CredentialSource};
use catalyst_sdk::openbao::{SecretData, WriteMode};
use catalyst_sdk::sso::RotatingCredential;
use tokio::time::sleep;

use super::{Rotated, Rotation, noticed};
use crate::application;
use crate::stage::Broken;

impl Rotation<'_> {
    pub(super) async fn key(&self, credential: &RotatingCredential) -> Result<Rotated, Broken> {
        let ClientCredential::PrivateKeyJwt(old) = credential.credential()? else {
            return Err("the application has no key".into());
        };
        let (screen, updates) = (self.screen, credential.rotating().updates());
        let stored = self.application.place().secret_path()?;

        let new = SigningKey::generate(old.algorithm())?;
        let both = JwkSet { keys: vec![old.public_jwk(), new.public_jwk()] };
        let spec = application::client(self.application)?.authentication(Authentication::PrivateKeyJwt(both));
        self.stage.clients()?.ensure(&spec).await?;
        screen.happened("both public keys are registered");

        let found = self.stage.store.read(&stored, None).await?;
        let data = replaced(found.data, &new);
        let mode = WriteMode::IfVersion(found.metadata.version);
        self.stage.store.write(&stored, &data, mode).await?;
        screen.happened("the new private key is in OpenBao");
        noticed(updates, screen).await?;

        screen.step(&format!("the grace of {} s, and the end of the old key", self.options.grace.as_secs()));
        sleep(self.options.grace).await;
        self.sso.ensure(self.application).await?; // the stored key, and no other
        let old_refused = self.is_refused(ClientCredential::PrivateKeyJwt(Arc::clone(&old))).await?;
        let word = if old_refused { "refused" } else { "STILL ACCEPTED" };
        screen.tell(&format!("an assertion that the old key signed is {word}"));
        Ok(Rotated { rotations: 1, old_refused: Some(old_refused), ..Rotated::default() })
    }
}

/// The key in place of the one that lies there, as PEM.
fn replaced(mut data: SecretData, key: &SigningKey) -> SecretData {
    let body = Secret::from(STANDARD.encode(key.to_pkcs8().expose()));
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", body.expose());
    data.insert("private_key", Secret::from(pem));
    data.insert("key_id", key.kid());
    data
}
