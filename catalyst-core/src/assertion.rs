//! Signed statements of who we are, which logins present.

use std::fmt;

use async_trait::async_trait;

use crate::{Result, Secret};

/// Gives the signed assertions that a login presents, such as JWT-SVIDs.
///
/// Asked at each login, and given at most ten seconds.
#[async_trait]
pub trait AssertionSource: fmt::Debug + Send + Sync + 'static {
    /// An assertion for `audience` that is valid now and for some seconds more.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`](crate::ErrorKind::Identity) if there is no identity to assert.
    async fn assertion(&self, audience: &str) -> Result<Secret>;
}
