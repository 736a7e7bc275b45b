//! The client.

use std::sync::Arc;

use catalyst_core::Result;

use crate::api::Api;

/// The server's own settings; made by [`OpenBao::system`](crate::OpenBao::system). Cheap to clone.
///
/// ```
/// use catalyst_openbao::system::{Capability, MountSettings, PolicyDocument, PolicyRule};
/// use catalyst_openbao::{EngineType, OpenBao};
///
/// # async fn example(bao: &OpenBao) -> catalyst_openbao::Result<()> {
/// let system = bao.system();
/// let secrets = "secret".parse()?;
/// if system.mount(&secrets).await?.is_none() {
///     system.enable(&secrets, &EngineType::Kv, &MountSettings::new().option("version", "2")).await?;
/// }
/// let policy = PolicyDocument::new().rule(PolicyRule::new("secret/data/orders/*", [Capability::Read]));
/// system.write_policy(&"orders".parse()?, &policy).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct System {
    pub(super) api: Arc<Api>,
}

impl System {
    pub(crate) fn new(api: Arc<Api>) -> Self {
        Self { api }
    }
}

/// None if the refusal says that nothing is mounted there.
pub(super) fn unless_unmounted<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Err(error) if error.code() == Some("unknown_mount") => Ok(None),
        other => other.map(Some),
    }
}
