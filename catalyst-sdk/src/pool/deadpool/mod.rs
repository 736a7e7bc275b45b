//! A rotating pool of deadpool-postgres.

mod client;
mod connector;
mod pool;

pub use client::PgClient;
pub use connector::{DeadpoolConnector, PoolLimits};
pub use pool::{RotatingDeadpool, RotatingDeadpoolBuilder};
