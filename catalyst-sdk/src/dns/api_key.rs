//! The key of the API, which others replace.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use catalyst_core::{Result, Secret};
use catalyst_dns::ApiKeySource;
use catalyst_openbao::{SecretPath, SecretStore};

use crate::rotation::{self, Policy, Rotating};
use crate::sources::KvSecret;

/// The key of PowerDNS' API as it lies in OpenBao, read again every minute, and at once when the server refuses it.
/// Cheap to clone. While OpenBao cannot be reached, the last one serves.
#[derive(Clone)]
pub struct RotatingApiKey(Rotating<Secret>);

impl RotatingApiKey {
    /// The value `name` of the secret at `path`; it has been read when this returns.
    ///
    /// # Errors
    /// Those of OpenBao; code `value_not_found` if the secret has no such value.
    ///
    /// # Cancel safety
    /// Safe; it reads.
    pub async fn start(store: Arc<dyn SecretStore>, path: SecretPath, name: &str) -> Result<Self> {
        rotation::start(KvSecret::new(store, path, name), Policy::default()).await.map(Self)
    }

    /// The rotation behind it: its events, its health, its end.
    pub fn rotating(&self) -> &Rotating<Secret> {
        &self.0
    }
}

#[async_trait]
impl ApiKeySource for RotatingApiKey {
    async fn api_key(&self) -> Result<Secret> {
        Ok(self.0.current().clone())
    }

    /// The call at hand fails unless a newer key is there already; the next ones find what OpenBao has now.
    fn refused(&self, key: &Secret) {
        if *self.0.current() == *key {
            self.0.report_refused(self.0.generation());
        }
    }
}

impl fmt::Debug for RotatingApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RotatingApiKey").field(&self.0).finish()
    }
}
