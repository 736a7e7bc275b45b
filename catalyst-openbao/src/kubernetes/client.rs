//! The client.

use std::sync::Arc;

use crate::Mount;
use crate::api::Api;

/// The Kubernetes secrets engine at one mount; made by [`OpenBao::kubernetes`](crate::OpenBao::kubernetes). Cheap to clone.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "its calls come next")]
pub struct KubernetesSecrets {
    pub(super) api: Arc<Api>,
    pub(super) mount: Mount,
}

impl KubernetesSecrets {
    pub(crate) fn new(api: Arc<Api>, mount: Mount) -> Self {
        Self { api, mount }
    }
}
