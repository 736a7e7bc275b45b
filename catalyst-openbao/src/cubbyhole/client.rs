//! The client.

use std::sync::Arc;

use crate::api::Api;

/// What the session's token keeps for itself; made by [`OpenBao::cubbyhole`](crate::OpenBao::cubbyhole). Cheap to clone.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "its calls come next")]
pub struct Cubbyhole {
    pub(super) api: Arc<Api>,
}

impl Cubbyhole {
    pub(crate) fn new(api: Arc<Api>) -> Self {
        Self { api }
    }
}
