//! Where the API key comes from.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use catalyst_core::{Result, Secret};

/// Gives the key of the API at each call, so that it may be replaced while the process lives.
///
/// A fixed key needs none of this: [`PowerDnsBuilder::api_key`](crate::PowerDnsBuilder::api_key).
///
/// ```
/// use async_trait::async_trait;
/// use catalyst_dns::{ApiKeySource, Result, Secret};
///
/// #[derive(Debug)]
/// struct FromFile(std::path::PathBuf);
///
/// #[async_trait]
/// impl ApiKeySource for FromFile {
///     async fn api_key(&self) -> Result<Secret> {
///         let text = std::fs::read_to_string(&self.0).map_err(|error| {
///             catalyst_dns::Error::new(catalyst_dns::ErrorKind::Config, "read API key").with_source(error)
///         })?;
///         Ok(Secret::new(text.trim()))
///     }
/// }
/// ```
#[async_trait]
pub trait ApiKeySource: fmt::Debug + Send + Sync + 'static {
    /// The key of now. Called before each request, so it is kept, not fetched, where that takes long.
    ///
    /// # Cancel safety
    /// The future may be dropped at any time.
    async fn api_key(&self) -> Result<Secret>;

    /// The server refused `key`: if a newer one can be had, the next [`api_key`](Self::api_key) gives it. The request is
    /// then sent once more, unless it is the same key again.
    #[allow(unused_variables, reason = "the name belongs to the documentation")]
    fn refused(&self, key: &Secret) {}
}

/// What the client was given.
#[derive(Clone)]
pub(super) enum Key {
    Fixed(Secret),
    Source(Arc<dyn ApiKeySource>),
}

impl Key {
    pub(super) async fn current(&self) -> Result<Secret> {
        match self {
            Self::Fixed(key) => Ok(key.clone()),
            Self::Source(source) => source.api_key().await,
        }
    }

    /// Another key than `refused`, if there is one.
    pub(super) async fn other_than(&self, refused: &Secret) -> Result<Option<Secret>> {
        let Self::Source(source) = self else { return Ok(None) };
        source.refused(refused);
        let key = source.api_key().await?;
        Ok(Some(key).filter(|key| key != refused))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(_) => f.write_str("a fixed key"),
            Self::Source(_) => f.write_str("a source of keys"),
        }
    }
}
