//! A rotating pool of deadpool-postgres.

mod driver;

pub use crate::pool::PoolLimits;
pub use driver::{Deadpool, PgClient, RotatingDeadpool, RotatingDeadpoolBuilder};
