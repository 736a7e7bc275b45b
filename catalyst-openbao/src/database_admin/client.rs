//! The client.

use std::sync::Arc;

use crate::Mount;
use crate::api::Api;

/// The settings of the database engine at one mount; made by [`OpenBao::database_admin`](crate::OpenBao::database_admin). Cheap to clone.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "its calls come next")]
pub struct DatabaseAdmin {
    pub(super) api: Arc<Api>,
    pub(super) mount: Mount,
}

impl DatabaseAdmin {
    pub(crate) fn new(api: Arc<Api>, mount: Mount) -> Self {
        Self { api, mount }
    }
}
