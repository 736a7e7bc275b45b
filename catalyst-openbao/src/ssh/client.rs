//! The client.

use std::sync::Arc;

use crate::Mount;
use crate::api::Api;

/// The SSH engine at one mount; made by [`OpenBao::ssh`](crate::OpenBao::ssh). Cheap to clone.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "its calls come next")]
pub struct Ssh {
    pub(super) api: Arc<Api>,
    pub(super) mount: Mount,
}

impl Ssh {
    pub(crate) fn new(api: Arc<Api>, mount: Mount) -> Self {
        Self { api, mount }
    }
}
