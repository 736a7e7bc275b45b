//! The administration of one realm.

use std::sync::Arc;

use catalyst_core::Clock;

use crate::admin::Api;
use crate::transport::AdminPath;
use crate::{Keycloak, RealmName};

/// One realm, as its administrator sees it. Cheap to clone.
///
/// Everything here plans first and then makes the fewest writes; a second run with the same declaration writes
/// nothing, and several processes may run at once. What a declaration does not speak of is kept. A refusal names the
/// role to grant; one is tried again once with a new token, for a token knows nothing of a realm that is younger.
///
/// ```no_run
/// # async fn example(keycloak: catalyst_keycloak::Keycloak) -> catalyst_keycloak::Result<()> {
/// use catalyst_keycloak::{RealmSpec, SecretRotationPolicy};
///
/// let acme = keycloak.realm("acme".parse()?);
/// acme.ensure(&RealmSpec::new().display_name("Acme Corp")).await?;
/// acme.ensure_secret_rotation(&SecretRotationPolicy::default()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RealmAdmin {
    pub(super) api: Arc<Api>,
    pub(super) name: RealmName,
    pub(super) clock: Clock,
}

impl Keycloak {
    /// The realm `name`, which need not exist yet.
    pub fn realm(&self, name: RealmName) -> RealmAdmin {
        RealmAdmin { api: Arc::clone(&self.api), name, clock: Clock::system() }
    }
}

impl RealmAdmin {
    /// Its name.
    pub fn name(&self) -> &RealmName {
        &self.name
    }

    /// Tells the time by `clock`; by the machine's if not set.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    pub(super) fn path(&self) -> AdminPath {
        AdminPath::realm(&self.name)
    }
}
