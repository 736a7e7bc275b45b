//! Databases through deadpool-postgres.

use catalyst_core::Result;
use tokio_postgres::Config;

use super::Catalyst;
use crate::pool::deadpool::{PoolLimits, RotatingDeadpool};

impl Catalyst {
    /// The database that the application calls `name`, as a pool of deadpool-postgres with a live user that rotates
    /// from here on. Asking again gives the same pool.
    ///
    /// # Errors
    /// What is missing or wrong in the configuration, OpenBao's refusal of the role, or the database's.
    ///
    /// # Cancel safety
    /// Safe: a user that was made is given back.
    pub async fn postgres_deadpool(&self, name: &str) -> Result<RotatingDeadpool> {
        let start = async {
            let target = self.target(name)?;
            let connect: Config = target.address.options()?;
            let mut limits = PoolLimits::default();
            if let Some(most) = target.address.max_connections.and_then(|most| usize::try_from(most).ok()) {
                limits.max_size = most;
            }
            let mut builder = RotatingDeadpool::builder(target.credentials, target.role, connect)
                .limits(limits)
                .policy(target.policy);
            if let Some(query) = target.address.warm_query {
                builder = builder.warm_query(query);
            }
            builder.start().await
        };
        self.0.pools.deadpool.get(name, Box::pin(start)).await
    }
}
