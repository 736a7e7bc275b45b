//! The client.

use std::sync::Arc;

use crate::api::Api;

/// Entities, aliases, groups and identity tokens; made by [`OpenBao::identity`](crate::OpenBao::identity). Cheap to clone.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "its calls come next")]
pub struct Identity {
    pub(super) api: Arc<Api>,
}

impl Identity {
    pub(crate) fn new(api: Arc<Api>) -> Self {
        Self { api }
    }
}
