//! The client.

use std::sync::Arc;

use crate::api::Api;

/// The server's own settings; made by [`OpenBao::system`](crate::OpenBao::system). Cheap to clone.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "its calls come next")]
pub struct System {
    pub(super) api: Arc<Api>,
}

impl System {
    pub(crate) fn new(api: Arc<Api>) -> Self {
        Self { api }
    }
}
