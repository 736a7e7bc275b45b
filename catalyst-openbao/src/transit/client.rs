//! The client.

use std::sync::Arc;

use crate::Mount;
use crate::api::Api;

/// The transit engine at one mount; made by [`OpenBao::transit`](crate::OpenBao::transit). Cheap to clone.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "its calls come next")]
pub struct Transit {
    pub(super) api: Arc<Api>,
    pub(super) mount: Mount,
}

impl Transit {
    pub(crate) fn new(api: Arc<Api>, mount: Mount) -> Self {
        Self { api, mount }
    }
}
