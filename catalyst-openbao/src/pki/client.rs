//! The client.

use std::sync::Arc;

use crate::Mount;
use crate::api::Api;

/// The PKI engine at one mount; made by [`OpenBao::pki`](crate::OpenBao::pki). Cheap to clone.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "its calls come next")]
pub struct Pki {
    pub(super) api: Arc<Api>,
    pub(super) mount: Mount,
}

impl Pki {
    pub(crate) fn new(api: Arc<Api>, mount: Mount) -> Self {
        Self { api, mount }
    }
}
