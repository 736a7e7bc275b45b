//! The client.

use std::sync::Arc;

use crate::Mount;
use crate::api::Api;

/// The RabbitMQ engine at one mount; made by [`OpenBao::rabbitmq`](crate::OpenBao::rabbitmq). Cheap to clone.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "its calls come next")]
pub struct RabbitMq {
    pub(super) api: Arc<Api>,
    pub(super) mount: Mount,
}

impl RabbitMq {
    pub(crate) fn new(api: Arc<Api>, mount: Mount) -> Self {
        Self { api, mount }
    }
}
