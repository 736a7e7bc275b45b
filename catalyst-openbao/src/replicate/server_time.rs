//! What a server says of itself that a sweep needs: its clock, by which versions are deleted.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use catalyst_core::Result;
use catalyst_core::http::Method;
use serde::Deserialize;
use tokio::time::Instant;

use crate::OpenBao;
use crate::operation::Operation;
use crate::transport::Call;

#[derive(Deserialize)]
struct HealthWire {
    server_time_utc: u64,
}

/// A server's clock, as it was at some moment of ours. Our own wall clock is not asked: it may jump, and deletions hang
/// on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct ServerClock {
    time: SystemTime,
    taken: Instant,
}

impl ServerClock {
    /// Asks the server.
    pub(super) async fn read(bao: &OpenBao) -> Result<Self> {
        let call = Call::new(Operation::Health, Method::Get, &["sys/health"]);
        let response = bao.api.transport.raw(&call).await?;
        match serde_json::from_slice::<HealthWire>(response.body()) {
            Ok(wire) if response.status() == 200 || response.status() == 429 => {
                // The server cuts the part of the second off. What is deleted within a second counts as deleted.
                let time = UNIX_EPOCH + Duration::from_secs(wire.server_time_utc.saturating_add(1));
                Ok(Self { time, taken: Instant::now() })
            }
            _ => Err(bao.api.transport.refused(&call, &response)),
        }
    }

    /// The server's time now.
    pub(super) fn now(&self) -> SystemTime {
        self.time + self.taken.elapsed()
    }
}
