//! The keys of the moment.

use std::fmt;
use std::time::Duration;

use catalyst_core::{Clock, Result};

use crate::rotation::{self, Policy, Rotating, Source};
use crate::sources::AccessKeys;

/// The keys of an object store, which rotate. Cheap to clone.
///
/// With the AWS SDK:
///
/// ```
/// # #[cfg(feature = "s3")]
/// # fn example(keys: catalyst_sdk::storage::RotatingAccessKeys) {
/// use aws_credential_types::provider::SharedCredentialsProvider;
///
/// let provider = SharedCredentialsProvider::new(keys); // for aws_sdk_s3::Config::builder().credentials_provider(…)
/// # let _ = provider;
/// # }
/// ```
///
/// With `object_store`:
///
/// ```
/// # #[cfg(feature = "object-store")]
/// # fn example(keys: catalyst_sdk::storage::RotatingAccessKeys) {
/// use std::sync::Arc;
/// use object_store::aws::AmazonS3Builder;
///
/// let builder = AmazonS3Builder::new().with_bucket_name("invoices").with_credentials(Arc::new(keys));
/// # let _ = builder;
/// # }
/// ```
#[derive(Clone)]
pub struct RotatingAccessKeys {
    keys: Rotating<AccessKeys>,
    #[cfg_attr(not(feature = "s3"), allow(dead_code, reason = "only the AWS SDK keeps keys"))]
    pub(super) clock: Clock,
}

impl RotatingAccessKeys {
    /// Follows the keys of `source`, best a [`KvAccessKeys`](crate::sources::KvAccessKeys).
    ///
    /// # Errors
    /// Those of [`rotation::start`]: OpenBao's, or what is missing in the secret.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn start(source: impl Source<Value = AccessKeys>, policy: Policy) -> Result<Self> {
        let keys = rotation::start(source, policy).await?;
        Ok(Self { keys, clock: Clock::system() })
    }

    /// The keys of this moment.
    pub fn current(&self) -> AccessKeys {
        self.keys.current().clone()
    }

    /// The rotation behind them: its events, its health.
    pub fn rotating(&self) -> &Rotating<AccessKeys> {
        &self.keys
    }

    /// Has OpenBao looked at now, because the store refused the keys.
    pub fn report_refused(&self) {
        self.keys.report_refused(self.keys.generation());
    }

    /// Stops following; the last keys serve on.
    ///
    /// # Errors
    /// `Timeout` if that took longer than `limit`.
    ///
    /// # Cancel safety
    /// The shutdown goes on.
    pub async fn shutdown(&self, limit: Duration) -> Result<()> {
        self.keys.shutdown(limit).await
    }
}

impl fmt::Debug for RotatingAccessKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RotatingAccessKeys").field(&self.keys).finish()
    }
}
