//! Object stores.

use std::sync::Arc;

use catalyst_core::Result;

use super::Catalyst;
use crate::config::named;
use crate::rotation::Policy;
use crate::sources::KvAccessKeys;
use crate::storage::RotatingAccessKeys;

impl Catalyst {
    /// The keys of the object store that the application calls `name`, followed from here on: those in the secret
    /// `object_stores.NAME.secret_path`, or in the secret `name`. They are what the AWS SDK takes as
    /// `ProvideCredentials` (feature `s3`), and `object_store` as `CredentialProvider` (feature `object-store`). Asking
    /// again gives the same.
    ///
    /// # Errors
    /// What is missing or wrong in the configuration or the secret.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn access_keys(&self, name: &str) -> Result<RotatingAccessKeys> {
        let start = async {
            let store = named(&self.0.config.object_stores, name);
            let mount = store.secret_mount.as_deref().unwrap_or("secret").parse()?;
            let path = store.secret_path.as_deref().unwrap_or(name).parse()?;
            let mut source = KvAccessKeys::new(Arc::new(self.0.bao.kv(mount)), path);
            if let Some(poll) = store.poll {
                source = source.poll(poll);
            }
            RotatingAccessKeys::start(source, Policy::default()).await
        };
        self.0.pools.storage.get(name, Box::pin(start)).await
    }
}
