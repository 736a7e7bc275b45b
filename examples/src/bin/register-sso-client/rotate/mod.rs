//! The credential is replaced while everybody uses it: one way for each kind.

use std::sync::Arc;
use std::time::Duration;

use catalyst_sdk::keycloak::ClientCredential;
use catalyst_sdk::rotation::Updates;
use catalyst_sdk::sso::{Sso, SsoApplication};
use tokio::time::{Instant, sleep, timeout};

use crate::application::{self, Running};
use crate::load::{Load, Tally};
use crate::options::{Credential, Options};
use crate::stage::{Broken, Stage};
use catalyst_examples::screen::{Screen, counted};

mod key;
mod secret;

/// The load runs for so long before anything changes, and after everything has.
const AROUND: Duration = Duration::from_secs(1);
/// How long an application may take to notice a new credential: it looks once a second.
const NOTICED: Duration = Duration::from_secs(20);

/// What a rotation has shown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Rotated {
    pub rotations: u32,
    /// From the first step to the refusal of the old credential.
    pub took: Duration,
    /// None where there is no old credential.
    pub old_refused: Option<bool>,
}

/// What a rotation needs.
pub(crate) struct Rotation<'a> {
    pub options: &'a Options,
    pub stage: &'a Stage,
    pub screen: &'a Screen,
    pub sso: &'a Sso,
    pub application: &'a SsoApplication,
    pub running: &'a Running,
    pub tally: &'a Arc<Tally>,
}

impl Rotation<'_> {
    /// Rotates under load.
    pub(crate) async fn run(&self) -> Result<Rotated, Broken> {
        let (screen, clients) = (self.screen, self.options.clients);
        screen.step(&format!(
            "{} fetch tokens all the time, and {}",
            counted(clients.into(), "client"),
            self.what()
        ));
        let door = application::door(self.running, self.stage)?;
        let load = Load::start(clients, &self.running.client, door, self.tally);
        sleep(AROUND).await;
        let began = Instant::now();
        let mut rotated = match (self.options.credential, &self.running.credential) {
            (Credential::Secret, Some(credential)) => self.secret(credential).await?,
            (Credential::PrivateKeyJwt, Some(credential)) => self.key(credential).await?,
            _ => self.nothing().await,
        };
        rotated.took = began.elapsed();
        sleep(AROUND).await;
        load.stop().await;
        let (tokens, logins) = (self.tally.tokens(), self.tally.logins());
        let failed = self.tally.failed();
        screen.tell(&format!(
            "{} and {}, {failed} failed; the slowest token took {} ms",
            counted(tokens, "token"),
            counted(logins, "login"),
            self.tally.slowest().as_millis()
        ));
        Ok(rotated)
    }

    fn what(&self) -> &'static str {
        match self.options.credential {
            Credential::Secret => "the secret rotates",
            Credential::PrivateKeyJwt => "the key rotates",
            Credential::Spiffe => "there is nothing to rotate",
        }
    }

    /// Without a stored credential the load alone is what there is to see.
    async fn nothing(&self) -> Rotated {
        self.screen
            .tell("nothing is stored: each request brings a JWT-SVID, which ends within minutes by itself");
        sleep(self.options.grace).await;
        Rotated::default()
    }

    /// Whether the realm refuses the client with `old`.
    async fn is_refused(&self, old: ClientCredential) -> Result<bool, Broken> {
        let asked = application::oidc(self.stage, self.application, old)?.client_credentials(&[]).await;
        match asked {
            Ok(_) => Ok(false),
            Err(error) if error.code() == Some("bad_credentials") => Ok(true),
            Err(error) => Err(error.into()),
        }
    }
}

/// Waits until the application has another credential than it had when `updates` was asked for.
async fn noticed(mut updates: Updates, screen: &Screen) -> Result<(), Broken> {
    match timeout(NOTICED, updates.changed()).await {
        Ok(Some(_)) => {
            screen.happened("the application has it, without a restart");
            Ok(())
        }
        _ => Err("the application did not notice the new credential".into()),
    }
}
