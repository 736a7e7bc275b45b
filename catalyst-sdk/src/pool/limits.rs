//! How large a pool is, for drivers whose own options cannot be kept and used again.

use std::time::Duration;

/// The limits of each generation's pool.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PoolLimits {
    /// The most connections.
    pub max_size: usize,
    /// How long a caller waits for one.
    pub wait: Duration,
    /// How long making one may take.
    pub connect: Duration,
}

impl Default for PoolLimits {
    /// Ten connections, 30 s to wait, 30 s to connect.
    fn default() -> Self {
        let limit = Duration::from_secs(30);
        Self { max_size: 10, wait: limit, connect: limit }
    }
}
