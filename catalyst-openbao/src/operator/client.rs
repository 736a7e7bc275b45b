//! The client.

use std::sync::Arc;

use crate::api::Api;

/// What operators do with a whole server; made by [`OpenBao::operator`](crate::OpenBao::operator). Cheap to clone.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "its calls come next")]
pub struct Operator {
    pub(super) api: Arc<Api>,
}

impl Operator {
    pub(crate) fn new(api: Arc<Api>) -> Self {
        Self { api }
    }
}
