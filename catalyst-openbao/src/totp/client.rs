//! The client.

use std::sync::Arc;

use crate::Mount;
use crate::api::Api;

/// The TOTP engine at one mount; made by [`OpenBao::totp`](crate::OpenBao::totp). Cheap to clone.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "its calls come next")]
pub struct Totp {
    pub(super) api: Arc<Api>,
    pub(super) mount: Mount,
}

impl Totp {
    pub(crate) fn new(api: Arc<Api>, mount: Mount) -> Self {
        Self { api, mount }
    }
}
