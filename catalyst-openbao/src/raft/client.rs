//! The client.

use std::sync::Arc;

use crate::api::Api;

/// The Raft storage of a cluster; made by [`OpenBao::raft`](crate::OpenBao::raft). Cheap to clone.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "its calls come next")]
pub struct Raft {
    pub(super) api: Arc<Api>,
}

impl Raft {
    pub(crate) fn new(api: Arc<Api>) -> Self {
        Self { api }
    }
}
