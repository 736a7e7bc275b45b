//! A key: both public keys are registered while applications move from one private key to the other.

use std::sync::Arc;

use catalyst_sdk::keycloak::{ClientCredential, CredentialSource};
use catalyst_sdk::sso::RotatingCredential;
use tokio::time::sleep;

use super::{Rotated, Rotation, noticed};
use crate::stage::Broken;

impl Rotation<'_> {
    pub(super) async fn key(&self, credential: &RotatingCredential) -> Result<Rotated, Broken> {
        let ClientCredential::PrivateKeyJwt(old) = credential.credential()? else {
            return Err("the application has no key".into());
        };
        let (screen, updates) = (self.screen, credential.rotating().updates());
        let until = self.sso.rotate_key(self.application).await?;
        screen.happened("both public keys are registered, and the new private key is in OpenBao");
        noticed(updates, screen).await?;

        screen.step(&format!("the grace of {} s, and the end of the old key", self.options.grace.as_secs()));
        sleep(catalyst_core::Clock::system().until(until)).await;
        self.sso.ensure(self.application).await?; // the stored key, and no other
        let old_refused = self.is_refused(ClientCredential::PrivateKeyJwt(Arc::clone(&old))).await?;
        let word = if old_refused { "refused" } else { "STILL ACCEPTED" };
        screen.tell(&format!("an assertion that the old key signed is {word}"));
        Ok(Rotated { rotations: 1, old_refused: Some(old_refused), ..Rotated::default() })
    }
}
