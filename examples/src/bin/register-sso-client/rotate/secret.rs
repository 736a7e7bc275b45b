//! A secret: Keycloak makes the new one, and keeps the old one valid beside it for a while.

use std::time::Duration;

use catalyst_core::Clock;
use catalyst_sdk::keycloak::CredentialSource;
use catalyst_sdk::keycloak::rotation::{NextStep, Phase, SecretRotation};
use catalyst_sdk::sso::RotatingCredential;
use tokio::time::{sleep, timeout};

use super::{Rotated, Rotation, noticed};
use crate::stage::Broken;

/// How long the last steps may take when the grace is over.
const LAST_STEPS: Duration = Duration::from_secs(60);

impl Rotation<'_> {
    /// What a keeper does by itself after 83 days, asked for now.
    pub(super) async fn secret(&self, credential: &RotatingCredential) -> Result<Rotated, Broken> {
        let rotation = self.sso.rotation(self.application)?;
        let (old, updates) = (credential.credential()?, credential.rotating().updates());

        let next = rotation.rotate_now().await?; // made, stored, verified; the grace has begun
        noticed(updates, self.screen).await?;
        self.screen
            .step(&format!("the grace of {} s, and the end of the old secret", self.options.grace.as_secs()));
        let limit = self.options.grace + LAST_STEPS;
        timeout(limit, finish(&rotation, next))
            .await
            .map_err(|_elapsed| "the rotation did not end in time")??;

        let old_refused = self.is_refused(old).await?;
        let word = if old_refused { "refused" } else { "STILL ACCEPTED" };
        self.screen.tell(&format!("a token request with the old secret is {word}"));
        Ok(Rotated { rotations: 1, old_refused: Some(old_refused), ..Rotated::default() })
    }
}

/// Comes back whenever the rotation says so, until it is over.
async fn finish(rotation: &SecretRotation, mut next: NextStep) -> Result<(), Broken> {
    loop {
        if rotation.status().await?.is_some_and(|status| status.phase == Phase::Idle) {
            return Ok(());
        }
        if let NextStep::At(when) = next {
            sleep(Clock::system().until(when)).await;
        }
        next = rotation.advance().await?;
    }
}
